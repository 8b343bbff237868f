"""What a lexicon's meanings make of boxes: measures, and matrices over pairs of objects, in float64.

Matrices are [batch, region, other], 0.0 or 1.0. With ``unsure_px`` above 0 truth has three values (ShapeWorld's
agreement, Kuhnle and Copestake 2017, section 3): a pair that lies within so many pixels of a margin gets 0.5. No torch:
``exact.py`` turns the results into tensors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmn.lexicon import Gap, Given, Lexicon, Meaning, Offset, On, Order
from nmn.scene import Box, SceneGraph

Array = NDArray[np.floating[Any]]  # float64; float32 where truth has three values, which is faster
Mask = NDArray[np.bool_]
ROUNDING = 1e-6  # pixels, or square ones: 10.3 - 0.1 and 30.9 - 20.7 are equal sides


class PanelBoxes(NamedTuple):
    """Panels of a batch of scenes: boxes [batch, panels, 4], mask [batch, panels], members [batch, panels, regions]."""

    boxes: Array
    mask: Mask
    members: Mask


@dataclass(frozen=True, slots=True)
class SceneArrays:
    """A batch of scenes as arrays, padded to the same number of objects: what a generator draws, and encoding reads.

    ``codes`` [batch attributes objects]: the position of each attribute's value among all values, -1 for none;
    ``boxes`` [batch objects 4] in pixels; ``mask`` [batch objects]; ``longest`` [batch]: the longer side of each image;
    ``given``: [batch object other] for each of the relations that scenes give; ``missing``: which scene does not give
    which.
    """

    codes: NDArray[np.int64]
    boxes: Array
    mask: Mask
    panels: PanelBoxes
    longest: Array
    given: Mapping[str, Mask]
    missing: tuple[tuple[int, str], ...] = ()


def filled(boxes: Sequence[Box], mask: Mask) -> Array:
    """Return the boxes of a batch, one after another, at the places that the mask says, and zeros elsewhere."""
    array = np.zeros((*mask.shape, 4))
    array[mask] = np.array(boxes).reshape(-1, 4)
    return array


def encode_panels(scenes: Sequence[SceneGraph], regions: Mask) -> PanelBoxes:
    """Return the panels of scenes; a scene without panels is one, as large as its image."""
    boxes = [scene.panels or ((0.0, 0.0, scene.width, scene.height),) for scene in scenes]
    count = max([1, *(len(panels) for panels in boxes)])
    mask = np.arange(count) < np.array([len(panels) for panels in boxes], np.int64)[:, None]
    panel = np.zeros(regions.shape, np.int64)
    if count > 1:
        panel[regions] = [thing.panel for scene in scenes for thing in scene.objects]
    members = (panel[:, None] == np.arange(count)[:, None]) & regions[:, None]
    return PanelBoxes(filled([box for panels in boxes for box in panels], mask), mask, members)


def together(members: Mask) -> Mask:
    """Return whether two objects lie in one panel."""
    if members.shape[1] == 1:
        return np.ones((1, 1, 1), bool)
    return np.asarray((members[:, :, :, None] & members[:, :, None, :]).any(1))


def at_sides(arrays: SceneArrays, gaps: Array, corner_gaps: Array, unsure_px: float = 0.0) -> Array:
    """Return [batch, sides, region], in the order of SIDES: a box comes within its scene's gap of that side.

    ``corner_gaps``: how close it comes to both walls of a corner.
    """
    panels = arrays.panels
    around = np.einsum("bpr,bpc->brc", panels.members, panels.boxes)
    outwards = np.array([1, 1, -1, -1])  # from the left and top edge, to the right and bottom edge
    away = (arrays.boxes - around) * outwards
    near, in_corner = (within(away, most[:, None, None], unsure_px) for most in (gaps, corner_gaps))
    left, top, right, bottom = np.moveaxis(near, -1, 0)
    corner = np.minimum(
        np.maximum(in_corner[..., 0], in_corner[..., 2]), np.maximum(in_corner[..., 1], in_corner[..., 3])
    )
    sides = np.stack([near.max(-1), left, right, top, bottom, corner], 1)
    return np.asarray(sides * np.any(panels.members, axis=1, keepdims=True))


def within(distance: Array, most: Array, unsure_px: float) -> Array:
    """Return whether a distance is at most so much: sure up to the margin where that means contact, else before it."""
    if not unsure_px:
        return np.asarray(distance <= most + ROUNDING, np.float64)
    sure = distance <= np.where(most > 2 * unsure_px, most - unsure_px, most)
    return np.asarray((sure.astype(np.float64) + (distance <= most + unsure_px)) / 2)


def measure(boxes: Array, codes: NDArray[np.int64], lexicon: Lexicon) -> dict[str, Array]:
    """Return each measure of every object in pixels (areas in square pixels, attributes as ranks, NaN for none)."""
    left, top, right, bottom = np.moveaxis(boxes, -1, 0)
    width, height = right - left, bottom - top
    measures = {"x": (left + right) / 2, "y": (top + bottom) / 2, "width": width, "height": height}
    measures["area"] = width * height
    for place, name in enumerate(lexicon.attributes):
        measures.setdefault(name, np.where(codes[:, place] < 0, np.nan, codes[:, place]))
    return measures


def ordered(order: Order, measures: dict[str, Array], units: Array, unsure_px: float = 0.0) -> Array:
    """Return [batch, region, other]: the region exceeds the other, in the order's sense, by more than its margin.

    Less than ``unsure_px`` from the margin is unsure (an area: as much as its sides change it; an attribute's rank:
    never).
    """
    measure = measures[order.by]
    power = {"area": 2, "x": 1, "y": 1, "width": 1, "height": 1}.get(order.by, 0)
    difference = (measure[:, :, None] - measure[:, None, :]) * order.sign
    beyond = difference - (order.margin * units**power)[:, None, None]
    if not unsure_px or not power:
        return np.asarray(beyond > ROUNDING, np.float64)
    tolerance: float | Array = unsure_px
    if order.by == "area":
        sides = np.sqrt(measure)
        tolerance = unsure_px * (sides[:, :, None] + sides[:, None, :])
    sure = (beyond > tolerance).astype(measure.dtype)
    sure += beyond >= -tolerance
    sure /= 2
    return sure


def related(
    meaning: Meaning, arrays: SceneArrays, measures: dict[str, Array], units: Array, unsure_px: float = 0.0
) -> Array:
    """Return [batch, region, other]: the region stands in the relation to the other, whatever their panels."""
    if isinstance(meaning, Order):
        return ordered(meaning, measures, units, unsure_px)
    if isinstance(meaning, Offset):
        return _offset(meaning, measures, units)
    if isinstance(meaning, Given):
        return arrays.given[meaning.name].astype(np.float64)
    most = (meaning.at_most * units)[:, None, None]
    if isinstance(meaning, Gap):
        return within(_gap(arrays.boxes), most, unsure_px)
    return within(_apart(meaning, arrays.boxes), most, unsure_px)


def _offset(meaning: Offset, measures: dict[str, Array], units: Array) -> Array:
    unit = units[:, None, None]
    off = [
        np.abs(measures[axis][:, :, None] - measures[axis][:, None, :] - step * unit) <= unit / 2
        for axis, step in (("x", meaning.dx), ("y", meaning.dy))
    ]
    return np.asarray(off[0] & off[1], np.float64)


def _gap(boxes: Array) -> Array:
    """Return [batch, region, other]: the larger of horizontal and vertical distance between two boxes, at least 0."""
    low, high = boxes[..., :2], boxes[..., 2:]
    apart = np.maximum(low[:, :, None] - high[:, None, :], low[:, None, :] - high[:, :, None])
    return np.asarray(np.maximum(apart.max(-1), 0))


def _apart(meaning: On, boxes: Array) -> Array:
    """Return how far one box's bottom is from the other's top, infinite where neither lies over the other."""
    one, other = boxes[:, :, None], boxes[:, None, :]
    apart = one[..., 3] - other[..., 1] if meaning.sign > 0 else one[..., 1] - other[..., 3]
    overlap = np.minimum(one[..., 2], other[..., 2]) > np.maximum(one[..., 0], other[..., 0])
    return np.where(overlap, np.abs(apart), np.inf)


def given_pairs(name: str, scenes: Sequence[SceneGraph], objects: int) -> Mask:
    """Return [batch, region, other] of a relation that scenes list themselves."""
    holds = np.zeros((len(scenes), objects, objects), bool)
    for index, scene in enumerate(scenes):
        for other, things in enumerate(scene.relations.get(name, ())):
            if things:
                holds[index, list(things), other] = True
    return holds
