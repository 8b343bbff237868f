"""The picture of a generated example, in the style that its configuration names."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nmn.scene import SceneGraph
from synth_data.config import SynthConfig
from synth_data.example import Example
from synth_data.house_styles import render_nlvr, render_shapes
from synth_data.render import masks, render_each
from synth_data.style import Style

Pixels = NDArray[np.uint8]


def picture(scene: SceneGraph, config: SynthConfig, rng: np.random.Generator) -> Pixels:
    """Draw a scene as its configuration says: uint8 [height width 3], red, green, blue."""
    return next(pictures([scene], config, rng))


def pictures(scenes: Sequence[SceneGraph], config: SynthConfig, rng: np.random.Generator) -> Iterator[Pixels]:
    """Yield the pictures of scenes, each as ``picture`` draws it in its turn."""
    if config.style == "shapes":
        return (render_shapes(scene, rng) for scene in scenes)
    if config.style == "nlvr":
        return map(render_nlvr, scenes)
    styles = config.drawings

    def choose() -> tuple[Style, np.random.Generator | None]:
        style = styles[int(rng.integers(len(styles)))] if len(styles) > 1 else styles[0]
        return style, rng if style.random else None

    return render_each(scenes, config.pixels, styles, choose)


def as_stored(pictures: Pixels, config: SynthConfig) -> Pixels:
    """Turn pictures [... 3] to a dataset's array, or back: of the style "shapes" blue first, as SHAPES' files."""
    return pictures[..., ::-1] if config.style == "shapes" else pictures


def index_mask(scene: SceneGraph, config: SynthConfig) -> Pixels:
    """Return uint8 [height width]: 0 for the background, 1 + i where object i is seen."""
    seen = masks(scene, config.pixels)
    return np.asarray((seen * np.arange(1, len(seen) + 1, dtype=np.uint8)[:, None, None]).max(0, initial=0))


def draw_block(examples: Sequence[Example], config: SynthConfig, block: int) -> Pixels:
    """Return a block's pictures [examples height width 3], the same whether they are written, streamed or exported."""
    rng = np.random.default_rng([config.seed, block, 1])
    return np.stack(list(pictures([example.scene for example in examples], config, rng)))
