"""How fast labelled examples are made, on one core and on two, beside what peers reach.

A complete example is a scene, its image at 64 x 64, a text, its layout, its answer and the trace of every call. Peers,
on one core: ShapeWorld 149 a second for two shapes and one relation, 17 to 27 for 3 to 10 shapes (with its sentence
realisation left out); CLEVR's generator 14 questions a second.
"""

import json
import statistics
import time

import numpy as np
import torch

from nmn.bench.figure import Figure
from nmn.bench.timing import paired_seconds
from synth_data.config import SynthConfig, load_config
from synth_data.example import Example
from synth_data.generate import generate_block
from synth_data.picture import index_mask, pictures
from synth_data.workers import worker_pool

SIZE, WINDOWS, PROCESSES, BLOCKS = 1000, 3, 2, 8
PLAIN = {"textures": ("solid",), "shades": ("normal",), "size": SIZE * 100, "shard_size": SIZE, "pixels": 64}
SETTINGS: dict[str, tuple[SynthConfig, float]] = {
    "two shapes, one relation": (
        load_config("world", **PLAIN, min_objects=2, max_objects=2, max_hops=1, families=("existence_related",)), 3_000,
    ),
    "3 to 10 shapes, chains of two relations": (
        load_config(
            "world", **PLAIN, max_objects=10, min_hops=2, max_hops=2,
            families=("existence_related", "count_related", "query_related"),
        ),
        2_000,
    ),
}  # fmt: skip


def bench_generate() -> list[Figure]:
    """Return the figures of the generator."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [figure for name, (config, target) in SETTINGS.items() for figure in _figures(name, config, target)]
    finally:
        torch.set_num_threads(threads)


def _figures(name: str, config: SynthConfig, target: float) -> list[Figure]:
    examples = generate_block(config, 0)
    works = (
        lambda: complete_block(config, 1),
        lambda: generate_block(config, 1),
        lambda: draw(examples, config),
        lambda: [index_mask(example.scene, config) for example in examples],
        lambda: [json.dumps(example.to_json()) for example in examples],
    )
    whole, texts, images, masks, written = (
        SIZE / statistics.median(seconds) for seconds in paired_seconds(*works, windows=WINDOWS)
    )
    return [
        Figure(f"{name}: complete examples, one core", whole, "examples/s", at_least=target),
        Figure(f"{name}: complete examples, {PROCESSES} cores", _in_processes(config), "examples/s"),
        Figure(f"{name}: scenes, texts, labels and traces only", texts, "examples/s"),
        Figure(f"{name}: images only", images, "images/s"),
        Figure(f"{name}: masks, on top", masks, "images/s"),
        Figure(f"{name}: writing as JSON, on top", written, "examples/s"),
    ]


def complete_block(config: SynthConfig, block: int) -> int:
    """Make one block of examples with their images; return their number."""
    examples = generate_block(config, block)
    draw(examples, config)
    return len(examples)


def draw(examples: list[Example], config: SynthConfig) -> None:
    """Draw the images of examples."""
    for _ in pictures([example.scene for example in examples], config, np.random.default_rng(0)):
        pass


def _in_processes(config: SynthConfig) -> float:
    """Return examples a second over several processes, their start not counted."""
    with worker_pool(PROCESSES) as pool:
        list(pool.map(complete_block, [config] * PROCESSES, range(PROCESSES)))
        start = time.perf_counter()
        made = sum(pool.map(complete_block, [config] * BLOCKS, range(BLOCKS)))
        return made / (time.perf_counter() - start)
