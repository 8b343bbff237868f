"""Examples, a block at a time: texts with scenes, captions and labels.

A block is a function of (config, its number) alone, so that any worker may make it.
"""

import gc
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.layout import Kind, Layout
from nmn.lexicon import Lexicon
from synth_data.captions import captions
from synth_data.config import SynthConfig
from synth_data.drawn import gathered, scene_graphs
from synth_data.example import Answer, Example
from synth_data.label import traces
from synth_data.maker import Maker


def generate(config: SynthConfig) -> Iterator[Example]:
    """Yield the examples of a configuration, in order; memory does not grow with their number.

    >>> from synth_data import generate, load_config
    >>> [example.answer for example in generate(load_config("world", size=2, families=["existence"], seed=1))]
    [True, False]
    """
    for block in range(blocks(config)):
        yield from generate_block(config, block)


def blocks(config: SynthConfig) -> int:
    """Return how many blocks, of ``shard_size`` examples each but the last, a configuration has."""
    return -(-config.size // config.shard_size)


def shard_size(config: SynthConfig, shard: int) -> int:
    """Return the number of examples of a block, which is a shard on disk."""
    return min(config.shard_size, config.size - shard * config.shard_size)


def generate_block(config: SynthConfig, block: int) -> list[Example]:
    """Return the examples of one block."""
    with _no_collection():
        return _block(config, block, shard_size(config, block))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep Python's cyclic garbage collector from going through a block's many small objects again and again.

    At the end they count as old at once, as they would after it had gone through them.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _block(config: SynthConfig, block: int, size: int) -> list[Example]:
    maker = _maker(config)
    chosen = maker.choose(size, np.random.default_rng([config.seed, block]), random.Random(f"{config.seed} {block}"))
    drawn = gathered([item.found for item in chosen])
    scenes = scene_graphs(drawn, maker.codes)
    spoken = captions(scenes, config, random.Random(f"{config.seed} {block} captions"))
    regions = maker.search.regions(drawn, 0.0)
    layouts = [item.text.layout for item in chosen]
    run = execute(plan(layouts, panels=regions.panels.count), maker.search.library, regions)
    start = block * config.shard_size
    return [
        Example(
            start + place, item.text.family, item.text.text, item.text.layout,
            answer_of(item.text.layout, trace[-1], maker.codes.lexicon), scene, tuple(trace), item.way,
            start // 4 + item.group if item.group >= 0 else -1, said,
        )
        for place, (item, scene, trace, said) in enumerate(zip(chosen, scenes, traces(run), spoken, strict=True))
    ]  # fmt: skip


@lru_cache(maxsize=4)
def _maker(config: SynthConfig) -> Maker:
    return Maker(config)


def answer_of(layout: Layout, value: object, lexicon: Lexicon) -> Answer:
    """Return the answer that the value of the root amounts to."""
    if layout.kind is Kind.ATTRIBUTE:
        assert isinstance(value, list) and len(value) == 1 and layout.argument is not None, value
        return tuple(lexicon.attributes[layout.argument].values)[value[0]]
    if layout.kind is Kind.ATTENTION:
        assert isinstance(value, list)
        return tuple(value)
    assert isinstance(value, (bool, int))
    return value
