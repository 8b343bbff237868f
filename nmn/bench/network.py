"""How fast a network reasons over features that are there: batches of different layouts, forward and with gradients.

14 x 14 cells of 64 channels, layouts of generated questions of CLEVR's kinds and length (7 to 20 calls, median 10), the
projection of features on words and planning included. Anchors, on two cores and CLEVR's programs: tbd-nets 85 questions
a second forward and 31 with gradients, NSCL 589 and 211. Beside these random layouts over all modules, among them such
as no question of CLEVR has, the dearest of which looks at triples of cells. Where there is a GPU everything runs on it,
and the time is set against the least that its memory and its arithmetic allow.
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import Plan, plan
from nmn.bench.figure import Figure
from nmn.bench.samples import random_question_layout
from nmn.bench.timing import WINDOWS, median_seconds, paired_seconds
from nmn.layout import Kind, Layout
from nmn.lexicon import Lexicon, load_lexicon
from nmn.models.build import NetworkSettings, build_network
from nmn.modules.neural import NeuralModules, vocabulary_of
from nmn.reasoner import Reasoner
from nmn.vision.grid import grid_regions
from synth_data.config import load_config
from synth_data.generate import generate

CELLS, CHANNELS, PIXELS = 14, 64, 224
BATCHES, BATCH, LARGE = (1, 16, 64, 256), 64, 1_024
SAMPLE = 16  # layouts that are run identically
CALLS = range(7, 21)
PRESET, MADE = "clevr2d", 4_000
FLOAT_BYTES = 4
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
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return finished


def _loss(finished: Run) -> Tensor:
    kinds = (Kind.TRUTH, Kind.NUMBER, Kind.ATTRIBUTE)
    return torch.stack([finished.values[kind].square().sum() for kind in kinds]).sum()


def bench_network(seed: int = 0) -> list[Figure]:
    """Return the figures of a network with random weights; torch runs on two threads meanwhile."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        bench, mixed = _bench(*_questions(seed), seed), _bench(*_random_layouts(seed), seed)
        return [
            *_batches(bench), *_against(bench), *_utilisation(bench), *_of_all_modules(mixed),
            *_asking(bench.device, seed),
        ]  # fmt: skip
    finally:
        torch.set_num_threads(threads)


def _questions(seed: int) -> tuple[tuple[Layout, ...], Lexicon]:
    config = load_config(PRESET, size=MADE, seed=seed, images="none")
    long = (example.layout for example in generate(config) if len(example.layout.calls) in CALLS)
    return tuple(islice(long, LARGE)), config.words


def _random_layouts(seed: int) -> tuple[tuple[Layout, ...], Lexicon]:
    rng, lexicon = random.Random(seed), load_lexicon("world")
    return tuple(random_question_layout(rng, lexicon) for _ in range(max(BATCHES))), lexicon


def _bench(layouts: tuple[Layout, ...], lexicon: Lexicon, seed: int) -> Bench:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(seed)
    modules = NeuralModules(vocabulary_of(layouts, lexicon), CHANNELS, (CELLS, CELLS)).to(device)
    return Bench(modules, torch.randn(len(layouts), CHANNELS, CELLS, CELLS, device=device), layouts, device)


def _batches(bench: Bench) -> list[Figure]:
    figures = []
    for gradients, target, name in ((False, 5_000, "forward"), (True, 1_500, "forward and backward")):
        for size in BATCHES:
            starts = range(0, max(BATCHES) if size > 1 else BATCH, size)

            def work(starts: range = starts, size: int = size, gradients: bool = gradients) -> None:
                for start in starts:
                    bench.run(bench.layouts[start : start + size], start, gradients)

            speed = len(starts) * size / median_seconds(work)
            bound = target if size == BATCH else None
            figures.append(Figure(f"{name}, batches of {size}", speed, "questions/s", at_least=bound))
    return figures


def _of_all_modules(bench: Bench) -> list[Figure]:
    """Return how fast random layouts over all modules run."""
    figures = []
    for gradients, name in ((False, "forward"), (True, "forward and backward")):
        seconds = median_seconds(lambda gradients=gradients: bench.run(bench.layouts[:BATCH], 0, gradients))  # type: ignore[misc]
        figures.append(
            Figure(f"random layouts over all modules, {name}, {BATCH} together", BATCH / seconds, "questions/s")
        )
    return figures


def _against(bench: Bench) -> list[Figure]:
    """Compare a batch with its questions one at a time, and a small and a large one with calls of identical layouts."""
    figures = []
    for gradients, name in ((False, "forward"), (True, "forward and backward")):
        together, alone = paired_seconds(
            lambda gradients=gradients: bench.run(bench.layouts[:BATCH], 0, gradients),  # type: ignore[misc]
            lambda gradients=gradients: [  # type: ignore[misc]
                bench.run([layout], image, gradients) for image, layout in enumerate(bench.layouts[:BATCH])
            ],
        )
        faster = statistics.median(one / batch for one, batch in zip(alone, together, strict=True))
        figures.append(Figure(f"{name}, {BATCH} together, times one at a time", faster, "x", at_least=10))
        for size in (BATCH, LARGE):
            share = _share_of_identical(bench, size, gradients)
            figures.append(
                Figure(f"... speed of a call against identical layouts, {size:,} together", share, "x", at_least=0.8)
            )
    return figures


def _share_of_identical(bench: Bench, size: int, gradients: bool) -> float:
    """Return how fast a call of a batch of different layouts is, as a part of its speed among identical ones."""
    layouts = bench.layouts[:size]
    chosen = layouts[:: size // SAMPLE]
    calls = plan(layouts).calls
    same_calls = sum(plan([layout] * size).calls for layout in chosen)
    mixed, same = paired_seconds(
        lambda: bench.run(layouts, 0, gradients),
        lambda: [bench.run([layout] * size, 0, gradients) for layout in chosen],
    )
    return statistics.median((part / same_calls) / (batch / calls) for part, batch in zip(same, mixed, strict=True))


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
    """Set the time of a batch on a GPU against the least that its memory and arithmetic allow, both measured here."""
    if bench.device.type != "cuda":
        return []
    large = torch.randn(8192, 8192, device=bench.device)
    copied = _cuda_seconds(large.clone)
    multiplied = _cuda_seconds(lambda: large @ large)
    moved, operations = floor(plan(bench.layouts), bench.modules, len(bench.layouts))
    seconds = median_seconds(lambda: bench.run(bench.layouts))
    by_bytes = moved * copied / (2 * large.numel() * FLOAT_BYTES)
    by_operations = operations * multiplied / (2 * 8192**3)
    return [
        Figure(f"{len(bench.layouts)} together, of the time that its bytes need", 100 * by_bytes / seconds, "%"),
        Figure(
            f"{len(bench.layouts)} together, of the time that its operations need", 100 * by_operations / seconds, "%"
        ),
    ]


def _cuda_seconds(work: Callable[[], object]) -> float:
    def finished() -> None:
        work()
        torch.cuda.synchronize()

    return median_seconds(finished)


def _asking(device: torch.device, seed: int) -> list[Figure]:
    """Time a question about an image with an object network of the usual sizes, with as many objects as it proposes."""
    lexicon = load_lexicon("world")
    rng = random.Random(seed)
    layouts = [random_question_layout(rng, lexicon) for _ in range(200)]
    torch.manual_seed(seed)
    network = build_network(NetworkSettings(), vocabulary_of(layouts, lexicon))
    for head in ("coarse", "fine"):  # objects everywhere
        torch.nn.init.constant_(network.model.get_parameter(f"vision.proposer.{head}.1.bias"), 1.0)
    reasoner = Reasoner(network, str(device))
    image = torch.randint(0, 256, (3, 128, 128), dtype=torch.uint8)
    seconds = []
    for _ in range(5 * WINDOWS):
        start = time.perf_counter()
        answer = reasoner.ask(image, QUESTION)
        seconds.append(time.perf_counter() - start)
    objects = 0 if answer.view is None else len(answer.view.boxes)
    name = f"a question about an image of 128 x 128 with {objects} objects, warm"
    return [Figure(name, 1e3 * statistics.median(seconds[WINDOWS:]), "ms", at_most=30)]
