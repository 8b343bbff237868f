"""Pictures exactly as two published datasets draw them: SHAPES (Andreas et al. 2016) and NLVR (Suhr et al. 2017).

Both styles were measured on the datasets' own images; the tests redraw those and compare. They are apart from
``synth_data.render`` because nothing of it can be chosen: sizes, colours and even the way edges are smoothed are given.

SHAPES anti-aliases by exact area. NLVR's images were drawn by a browser: coverage comes in sixteenths, the tables
below are read off its images, and a pixel is 211 (1 - c) + colour c, rounded.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from nmn.errors import SceneError, did_you_mean
from nmn.scene import Box, SceneGraph, SceneObject
from nmn.vision.nlvr_format import NLVR_BOX, NLVR_COLORS, NLVR_GAP, NLVR_PANELS, NLVR_PX, NLVR_SIZES

Floats = NDArray[np.float64]
Images = NDArray[np.uint8]

SHAPES_PX = 30
SHAPES_CHANNELS = ("blue", "green", "red")
SHAPES_NOISE = 0.2  # each channel of each object: full or nothing, plus U(-0.2, 0.2), clipped
LINES = 32  # of each pixel, on which coverage is measured; exact along each line

# sixteenths of the upper left quadrant's pixels in each row, those that are not 16 (behind them) or 0 (before them)
_CIRCLES = {
    10: ("4 12 15", "8", "4", "12", "15"),
    20: ("5 8 12 15", "3 13", "8", "8", "3", "13", "5", "8", "12", "15"),
    30: (
        *("5 9 12 13 16", "1 8 15", "6 15", "9", "10", "9", "6", "1 15", "8", "15"),
        *("5", "9", "12", "14", "16"),
    ),
}
_FIRST = {10: (2, 1, 0, 0, 0), 20: (6, 4, 3, 2, 1, 1, 0, 0, 0, 0), 30: (10, 7, 6, 5, 4, 3, 2, 1, 1, 1, 0, 0, 0, 0, 0)}


def render_shapes(scene: SceneGraph, rng: Generator) -> Images:
    """Draw a scene of the world "shapes" as SHAPES does [30, 30, 3], red, green, blue; its files have blue first.

    ``rng`` draws the noise of each object's colour. Objects without attributes are empty cells. Raises SceneError for
    another size, shape or colour.
    """
    noise = rng.uniform(-SHAPES_NOISE, SHAPES_NOISE, (len(scene.objects), 3))
    full = [_value("color", thing, SHAPES_CHANNELS) for thing in scene.objects]
    own = np.array([[channel == color for channel in SHAPES_CHANNELS] for color in full]).reshape(-1, 3)
    return np.ascontiguousarray(paint_shapes(scene, 255 * np.clip(own + noise, 0, 1))[..., ::-1])


def paint_shapes(scene: SceneGraph, colors: Floats) -> Images:
    """Draw a scene as SHAPES does [30, 30, 3] in the given colours [objects, blue green red], 0 to 255."""
    if (scene.width, scene.height) != (SHAPES_PX, SHAPES_PX):
        raise SceneError(f"an image of SHAPES has 30 x 30 pixels, this scene {scene.width:g} x {scene.height:g}")
    image = np.zeros((SHAPES_PX, SHAPES_PX, 3))
    for thing, color in zip(scene.objects, colors, strict=True):
        if shape := _value("shape", thing, ("square", "circle", "triangle")):
            left, top = (max(0, math.floor(side)) for side in thing.box[:2])
            right, bottom = (min(SHAPES_PX, math.ceil(side)) for side in thing.box[2:])
            coverage = _coverage(shape, thing.box, np.arange(left, right), np.arange(top, bottom))
            image[top:bottom, left:right] += (color - image[top:bottom, left:right]) * coverage[:, :, None]
    return np.rint(image).astype(np.uint8)


def _coverage(shape: str, box: Box, columns: NDArray[np.int64], rows: NDArray[np.int64]) -> Floats:
    """Return the share that a shape covers of each pixel: the mean, over its lines, of the stretch inside."""
    left, top, right, bottom = box
    y = rows[:, None] + (np.arange(LINES) + 0.5) / LINES
    along = np.clip((y - top) / (bottom - top), 0, 1)
    widths = {"square": np.ones_like(along), "circle": 2 * np.sqrt(along * (1 - along)), "triangle": along}
    reach = widths[shape][:, :, None] * ((right - left) / 2)
    middle = (left + right) / 2
    stretch = np.minimum(columns + 1, middle + reach) - np.maximum(columns, middle - reach)
    height = np.minimum(y + 0.5 / LINES, bottom) - np.maximum(y - 0.5 / LINES, top)
    return np.asarray((np.clip(stretch, 0, None) * np.clip(height, 0, None)[:, :, None]).sum(1))


def render_nlvr(scene: SceneGraph) -> Images:
    """Draw a scene of the world "nlvr" as NLVR does [100, 400, 3]; its files have an alpha channel of 255 besides.

    Raises SceneError for an object that NLVR cannot have: another shape, colour or size, or beyond its panel.
    """
    if scene.panels != NLVR_PANELS or (scene.width, scene.height) != NLVR_PX:
        raise SceneError(f"an image of NLVR has 400 x 100 pixels and the panels {NLVR_PANELS}, got {scene.panels}")
    image = np.full((NLVR_PX[1], NLVR_PX[0], 3), NLVR_GAP, np.uint8)
    for left, top, right, bottom in NLVR_PANELS:
        image[top:bottom, left:right] = NLVR_BOX
    for index, thing in enumerate(scene.objects):
        left, top, size = _nlvr_place(index, thing)
        shape = _value("shape", thing, ("square", "circle", "triangle"))
        stamp = _stamp(shape, size)[:, :, None] / 16
        color = np.array(NLVR_COLORS[_value("color", thing, NLVR_COLORS)])
        window = image[top : top + size, left : left + size]
        window[:] = np.rint(window * (1 - stamp) + color * stamp)
    return image


def _nlvr_place(index: int, thing: SceneObject) -> tuple[int, int, int]:
    """Return an object's left, top and size; raise SceneError where they are not NLVR's."""
    left, top, right, bottom = (round(side) for side in thing.box)
    panel = NLVR_PANELS[thing.panel]
    is_whole = (left, top, right, bottom) == thing.box and right - left == bottom - top in NLVR_SIZES
    is_inside = panel[0] <= left and right <= panel[2] and panel[1] <= top and bottom <= panel[3]
    if not (is_whole and is_inside):
        raise SceneError(f"objects[{index}].box: a square of 10, 20 or 30 px inside its panel, got {thing.box}")
    return left, top, right - left


@lru_cache(maxsize=16)
def _stamp(shape: str, size: int) -> NDArray[np.int64]:
    """Return the sixteenths of each pixel that a shape covers [size, size]."""
    stamp = np.full((size, size), 16 if shape == "square" else 0)
    half = size // 2
    if shape == "triangle":
        for row in range(size):
            reach = row // 2
            stamp[row, half - 1 - reach : half + 1 + reach] = 16
            stamp[row, [half - 1 - reach, half + reach]] = 12 if row % 2 else 4
    if shape == "circle":
        for row, (first, sixteenths) in enumerate(zip(_FIRST[size], _CIRCLES[size], strict=True)):
            rim = [int(number) for number in sixteenths.split()]
            stamp[row, :half] = ([0] * first + rim + [16] * half)[:half]
        stamp[:half, half:] = stamp[:half, :half][:, ::-1]
        stamp[half:] = stamp[:half][::-1]
    return stamp


def _value(attribute: str, thing: SceneObject, known: Sequence[str] | Mapping[str, object]) -> str:
    """Return an object's value of an attribute, empty for an object without attributes."""
    value = thing.attributes.get(attribute, "")
    if value not in known and thing.attributes:
        raise SceneError(f'no {attribute} "{value}" in this dataset{did_you_mean(value, known)}: {", ".join(known)}')
    return value
