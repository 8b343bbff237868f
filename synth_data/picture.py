"""The picture of a generated example in the style that its configuration names."""

import numpy as np

from nmn.scene import SceneGraph
from synth_data import render as world
from synth_data.config import SynthConfig
from synth_data.render import Pixels
from synth_data.style import style_of


def picture(scene: SceneGraph, config: SynthConfig, rng: np.random.Generator) -> Pixels:
    """Draw a scene as its dataset does; uint8 [height width 3], red, green, blue."""
    return world.render(scene, config.pixels, style_of(config), rng)


def index_mask(scene: SceneGraph, config: SynthConfig) -> Pixels:
    """Return uint8 [height width]: 0 for the background, 1 + i where object i is seen."""
    return world.index_mask(scene, config.pixels)
