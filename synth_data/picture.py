"""The picture of a generated example, in the style that its configuration names."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nmn.scene import SceneGraph
from synth_data.config import SynthConfig
from synth_data.example import Example
from synth_data.house_styles import render_nlvr, render_shapes
from synth_data.render import masks, render

Pixels = NDArray[np.uint8]


def picture(scene: SceneGraph, config: SynthConfig, rng: np.random.Generator) -> Pixels:
    """Draw a scene as its dataset does: uint8 [height width 3]; red, green, blue, but for the style "shapes"."""
    if config.style == "shapes":
        return render_shapes(scene, rng)
    if config.style == "nlvr":
        return render_nlvr(scene)
    styles = config.drawings
    style = styles[int(rng.integers(len(styles)))] if len(styles) > 1 else styles[0]
    return render(scene, config.pixels, style, rng if style.random else None)


def index_mask(scene: SceneGraph, config: SynthConfig) -> Pixels:
    """Return uint8 [height width]: 0 for the background, 1 + i where object i is seen."""
    seen = masks(scene, config.pixels)
    return np.asarray((seen * np.arange(1, len(seen) + 1, dtype=np.uint8)[:, None, None]).max(0, initial=0))


def draw_block(examples: Sequence[Example], config: SynthConfig, block: int) -> Pixels:
    """Return a block's pictures [examples height width 3], the same whether they are written, streamed or exported."""
    rng = np.random.default_rng([config.seed, block, 1])
    return np.stack([picture(example.scene, config, rng) for example in examples])
