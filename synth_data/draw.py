"""The pictures of a block of examples: the one place that says which random numbers they are drawn with."""

from collections.abc import Sequence

import numpy as np

from synth_data.config import SynthConfig
from synth_data.example import Example
from synth_data.picture import Pixels, picture


def draw_block(examples: Sequence[Example], config: SynthConfig, block: int) -> Pixels:
    """Return a block's pictures [examples height width 3], the same whether they are written, streamed or exported."""
    rng = np.random.default_rng([config.seed, block, 1])
    return np.stack([picture(example.scene, config, rng) for example in examples])
