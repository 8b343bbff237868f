"""How fast a network reasons over features that are there: batches of different layouts, forward and with gradients.

14 x 14 cells of 64 channels, layouts of generated questions of CLEVR's kinds and length (7 to 20 calls, median 10), the
projection of features on words and planning included. Anchors, on two cores and CLEVR's programs: tbd-nets 85 questions
a second forward and 31 with gradients, NSCL 589 and 211. Beside these random layouts over all modules, among them such
as no question of CLEVR has, the dearest of which looks at triples of cells. Where there is a GPU everything runs on it,
and the time is set against the least that its memory and its arithmetic allow.
"""

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import Plan, plan
from nmn.bench.figure import Figure
from nmn.bench.samples import random_question_layout
from nmn.bench.timing import WINDOWS, median_seconds, paired_seconds
from nmn.layout import Kind, Layout
from nmn.lexicon import Lexicon, load_lexicon
from nmn.modules.neural import NeuralModules, vocabulary_of
from nmn.reasoner import load
from nmn.vision.grid import grid_regions
from synth_data.config import load_config
from synth_data.generate import generate
from synth_data.picture import picture
from synth_data.scenes import draw_scenes

THREADS = 2
CELLS, CHANNELS, PIXELS = 14, 64, 224
BATCHES, BATCH = (1, 16, 64, 256, 1_024), 64  # the last for identical layouts, which a large batch comes closer to
ASKED = 256  # questions that are run in turn one at a time and in batches
SAMPLE = 16  # layouts that are run identically, or more where batches are small
CALLS = range(7, 21)
PRESET, MADE = "clevr2d", 4_000
FLOAT_BYTES = 4
SQUARE = 8_192  # side of what is copied and multiplied to measure a GPU
SIDE_PX, OBJECTS = 128, (6, 16)  # of the images that are asked about; world's scenes have 3 to 8, 16 is all it proposes
QUESTION = "Is there a small red circle left of a blue square?"


@dataclass(frozen=True)
class Bench:
    """What is run: modules, the features of as many images as layouts, and where."""

    modules: NeuralModules
    features: Tensor
    layouts: tuple[Layout, ...]
    device: torch.device

    def run(self, layouts: Sequence[Layout], first: int = 0, gradients: bool = False) -> Run:
        """Plan and run layouts on as many images, from the first on; with gradients, of all answers' squares."""
        features = self.features[first : first + len(layouts)]
        with torch.set_grad_enabled(gradients):
            regions = self.modules(grid_regions(features, PIXELS, PIXELS))
            finished = execute(plan(layouts), self.modules.library, regions)
            if gradients:
                self.modules.zero_grad()
                _loss(finished).backward()  # type: ignore[no-untyped-call]
        self.wait()
        return finished

    def in_batches(self, layouts: Sequence[Layout], size: int, gradients: bool = False) -> None:
        """Run layouts in batches of a size, each layout on the image of its place."""
        for start in range(0, len(layouts), size):
            self.run(layouts[start : start + size], start, gradients)

    def wait(self) -> None:
        """Wait until a GPU has done what it was given."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def _loss(finished: Run) -> Tensor:
    kinds = (Kind.TRUTH, Kind.NUMBER, Kind.ATTRIBUTE)
    return torch.stack([finished.values[kind].square().sum() for kind in kinds]).sum()


def bench_network(seed: int = 0) -> list[Figure]:
    """Return the figures of modules with random weights and of the network that ships; torch runs on THREADS."""
    threads = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        bench, mixed = _bench(*_questions(seed), seed), _bench(*_random_layouts(seed), seed)
        utilised = _utilisation(bench) if bench.device.type == "cuda" else []
        return [*_batches(bench), *utilised, *_of_all_modules(mixed), *_asking(seed)]
    finally:
        torch.set_num_threads(threads)


def _questions(seed: int) -> tuple[tuple[Layout, ...], Lexicon]:
    config = load_config(PRESET, size=MADE, seed=seed, images="none")
    long = (example.layout for example in generate(config) if len(example.layout.calls) in CALLS)
    return tuple(islice(long, max(BATCHES))), config.words


def _random_layouts(seed: int) -> tuple[tuple[Layout, ...], Lexicon]:
    rng, lexicon = random.Random(seed), load_lexicon("world")
    return tuple(random_question_layout(rng, lexicon) for _ in range(BATCH)), lexicon


def _bench(layouts: tuple[Layout, ...], lexicon: Lexicon, seed: int) -> Bench:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(seed)
    modules = NeuralModules(vocabulary_of(layouts, lexicon), CHANNELS, (CELLS, CELLS)).to(device)
    return Bench(modules, torch.randn(len(layouts), CHANNELS, CELLS, CELLS, device=device), layouts, device)


def _batches(bench: Bench) -> list[Figure]:
    return [
        figure
        for gradients, target, name in ((False, 5_000, "forward"), (True, 1_500, "forward and backward"))
        for size in BATCHES
        for figure in _batches_of(bench, size, gradients, target, name)
    ]


def _batches_of(bench: Bench, size: int, gradients: bool, target: float, name: str) -> list[Figure]:
    """Time batches of a size, against their questions (the first ASKED) one at a time and batches of identical layouts.

    Batches of one are timed so too: what their ratios differ from 1 is what such a measurement is out by.
    """
    layouts = bench.layouts[: max(size, BATCH if size == 1 else ASKED)]
    singles, repeated = layouts[:ASKED], layouts[:: min(size, len(layouts) // SAMPLE)]
    together, alone, same = paired_seconds(
        lambda: bench.in_batches(layouts, size, gradients),
        lambda: bench.in_batches(singles, 1, gradients),
        lambda: [bench.run([layout] * size, 0, gradients) for layout in repeated],
    )
    calls, same_calls = plan(layouts).calls, sum(plan([layout] * size).calls for layout in repeated)
    speed = len(layouts) / statistics.median(together)
    faster = _median_ratio(alone, together) * len(layouts) / len(singles)
    share = _median_ratio(same, together) * calls / same_calls
    usual = size == BATCH
    return [
        Figure(f"{name}, batches of {size:,}", speed, "questions/s", at_least=target if usual else None),
        Figure("... times the speed of one at a time", faster, "x", at_least=10 if usual else None),
        Figure("... speed of a call against identical layouts", share, "x", at_least=0.8),
    ]


def _median_ratio(over: Sequence[float], under: Sequence[float]) -> float:
    return statistics.median(one / other for one, other in zip(over, under, strict=True))


def _of_all_modules(bench: Bench) -> list[Figure]:
    """Return how fast random layouts over all modules run."""
    figures = []
    for gradients, name in ((False, "forward"), (True, "forward and backward")):
        seconds = median_seconds(lambda gradients=gradients: bench.run(bench.layouts[:BATCH], 0, gradients))  # type: ignore[misc]
        figures.append(
            Figure(f"random layouts over all modules, {name}, {BATCH} together", BATCH / seconds, "questions/s")
        )
    return figures


def floor(planned: Plan, modules: NeuralModules, images: int) -> tuple[float, float]:
    """Return the bytes and the floating-point operations that a run cannot do without.

    Bytes: features and words read once, each value written once and read by each call that uses it. Operations: the
    projection of features on words, and a row of a matrix product for each call over pairs.
    """
    cells, words = CELLS**2, len(modules.vocabulary.values)
    read = sum((step.stop - step.start) * step.operand_kinds.count(Kind.ATTENTION) for step in planned.steps)
    values = (read + planned.sizes[Kind.ATTENTION]) * cells
    over_pairs = ("relate", "relate_every", "relate_count", "superlative", "ordinal")
    pairs = sum(step.stop - step.start for step in planned.steps if step.module in over_pairs)
    moved = images * cells * (CHANNELS + words) + values
    return FLOAT_BYTES * moved, 2.0 * images * cells * CHANNELS * words + 2.0 * pairs * cells**2


def _utilisation(bench: Bench) -> list[Figure]:
    """Set the time of a batch against the least that memory and arithmetic allow, both measured here, for a GPU."""
    large = torch.randn(SQUARE, SQUARE, device=bench.device)
    copied, multiplied = _finished_seconds(bench, large.clone), _finished_seconds(bench, lambda: large @ large)
    moved, operations = floor(plan(bench.layouts), bench.modules, len(bench.layouts))
    seconds = median_seconds(lambda: bench.run(bench.layouts))
    by_bytes = moved * copied / (2 * SQUARE**2 * FLOAT_BYTES)
    by_operations = operations * multiplied / (2 * SQUARE**3)
    together = f"{len(bench.layouts):,} together, of their time"
    return [
        Figure(f"{together} what its bytes need", 100 * by_bytes / seconds, "%"),
        Figure(f"{together} what its operations need", 100 * by_operations / seconds, "%"),
    ]


def _finished_seconds(bench: Bench, work: Callable[[], object]) -> float:
    def finished() -> None:
        work()
        bench.wait()

    return median_seconds(finished)


def _asking(seed: int) -> list[Figure]:
    """Time a question about an image with the network that ships, on the CPU: a usual scene, and as much as it sees."""
    reasoner = load(device="cpu")
    images = [_picture(objects, seed) for objects in OBJECTS]
    answers = [reasoner.ask(image, QUESTION) for image in images]
    times = paired_seconds(*[partial(reasoner.ask, image, QUESTION) for image in images], windows=5 * WINDOWS)
    figures = []
    for answer, seconds in zip(answers, times, strict=True):
        seen = 0 if answer.view is None else len(answer.view.boxes)
        name = f"nmn.load().ask of an image of {SIDE_PX} x {SIDE_PX} with {seen} objects, warm"
        figures.append(Figure(name, 1e3 * statistics.median(seconds), "ms", at_most=30))
    return figures


def _picture(objects: int, seed: int) -> NDArray[np.uint8]:
    """Draw a generated scene with so many objects, of the kind that the network has learned."""
    config = load_config("world", min_objects=objects, max_objects=objects, pixels=SIDE_PX)
    rng = np.random.default_rng(seed)
    return picture(draw_scenes(config, 1, rng)[0], config, rng)
