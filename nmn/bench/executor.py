"""How fast layouts are planned and executed exactly, on one thread.

The anchor is ns-vqa's symbolic executor, which runs 146,000 CLEVR programs a second one at a time.
"""

import random
import statistics
from collections.abc import Sequence

import torch

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.bench.figure import Figure
from nmn.bench.samples import random_question_layout, random_scene
from nmn.bench.timing import WINDOWS, median_seconds, paired_seconds
from nmn.layout import Layout
from nmn.lexicon import Lexicon, load_lexicon
from nmn.modules.exact import encode, exact_library
from nmn.modules.library import Library
from nmn.regions import Regions
from nmn.scene import SceneGraph

SCENES = 4_096
FEW = 16
SAMPLE = 64
SINGLE = 256


def bench_executor(seed: int = 0) -> list[Figure]:
    """Return the figures of the executor; torch runs on one thread meanwhile."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            return _measure(random.Random(seed))
    finally:
        torch.set_num_threads(threads)


def _measure(rng: random.Random) -> list[Figure]:
    lexicon = load_lexicon("world")
    library = exact_library(lexicon)
    scenes = [random_scene(rng, lexicon, rng.randint(3, 10)) for _ in range(SCENES)]
    layouts = _distinct(rng, lexicon, SCENES)
    regions = encode(scenes, lexicon)
    return [
        *_encoding(scenes, lexicon),
        *_few(layouts[:FEW], library, regions),
        *_many(layouts, scenes[:SINGLE], lexicon, library, regions),
        *_planning(layouts),
    ]


def _distinct(rng: random.Random, lexicon: Lexicon, count: int) -> list[Layout]:
    layouts: dict[Layout, None] = {}
    while len(layouts) < count:
        layouts[random_question_layout(rng, lexicon)] = None
    return list(layouts)


def _encoding(scenes: Sequence[SceneGraph], lexicon: Lexicon) -> list[Figure]:
    seconds = median_seconds(lambda: encode(scenes, lexicon))
    return [Figure("encoding of scenes with 3 to 10 objects", len(scenes) / seconds, "scenes/s")]


def _few(layouts: Sequence[Layout], library: Library, regions: Regions) -> list[Figure]:
    """Time every one of a few layouts on every scene, planned once."""
    plans = [plan([layout] * SCENES) for layout in layouts]
    seconds = median_seconds(lambda: [execute(prepared, library, regions) for prepared in plans])
    calls = statistics.median(len(layout.calls) for layout in layouts)
    name = f"{len(layouts)} layouts of about {calls:g} calls on {SCENES:,} scenes each"
    return [Figure(name, len(layouts) * SCENES / seconds, "executions/s", at_least=150_000)]


def _many(
    layouts: Sequence[Layout], scenes: Sequence[SceneGraph], lexicon: Lexicon, library: Library, regions: Regions
) -> list[Figure]:
    """Time as many different layouts as scenes in one batch, against one at a time and against identical ones."""
    mixed = plan(layouts)
    singles = [(plan([layout]), encode([scene], lexicon)) for layout, scene in zip(layouts, scenes, strict=False)]
    identical = [plan([layout] * SCENES) for layout in layouts[:: SCENES // SAMPLE]]
    together, alone, same = paired_seconds(
        lambda: execute(mixed, library, regions),
        lambda: [execute(prepared, library, one) for prepared, one in singles],
        lambda: [execute(prepared, library, regions) for prepared in identical],
        windows=2 * WINDOWS + 1,
    )
    per_call = [seconds / mixed.calls for seconds in together]
    same_per_call = [seconds / sum(prepared.calls for prepared in identical) for seconds in same]
    alone_each = [seconds / len(singles) for seconds in alone]
    faster = [one / (batch / SCENES) for one, batch in zip(alone_each, together, strict=True)]
    dearer = [mixed_call / same_call for mixed_call, same_call in zip(per_call, same_per_call, strict=True)]
    speed = SCENES / statistics.median(together)
    return [
        Figure(f"{SCENES:,} different layouts on as many scenes, one batch", speed, "executions/s"),
        Figure("... times the speed of one at a time", statistics.median(faster), "x", at_least=20),
        Figure("... cost of a call against identical layouts", statistics.median(dearer), "x", at_most=2.5),
        Figure("... time a call", statistics.median(per_call) * 1e6, "us"),
    ]


def _planning(layouts: Sequence[Layout]) -> list[Figure]:
    seconds = median_seconds(lambda: plan(layouts))
    calls = sum(len(layout.calls) for layout in layouts)
    return [Figure("planning of different layouts, a call", seconds / calls * 1e6, "us", at_most=2)]
