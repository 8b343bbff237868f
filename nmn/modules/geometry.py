"""What a lexicon's meanings make of boxes: measures, and matrices over pairs of objects, in float64.

Matrices are [batch, region, other]. No torch: ``exact.py`` turns the results into tensors.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmn.lexicon import Gap, Given, Lexicon, Offset, On, Order
from nmn.scene import Box, SceneGraph

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class PanelBoxes(NamedTuple):
    """Panels of a batch of scenes: boxes [batch, panels, 4], mask [batch, panels], members [batch, panels, regions]."""

    boxes: Array
    mask: Mask
    members: Mask


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


def at_sides(boxes: Array, panels: PanelBoxes, gaps: Array) -> Mask:
    """Return [batch, sides, region], in the order of SIDES: a box comes within its scene's gap of that side."""
    around = np.einsum("bpr,bpc->brc", panels.members, panels.boxes)
    outwards = np.array([1, 1, -1, -1])  # from the left and top edge, to the right and bottom edge
    near: Mask = np.less_equal((boxes - around) * outwards, gaps[:, None, None])
    left, top, right, bottom = np.moveaxis(near, -1, 0)
    beside, over = left | right, top | bottom
    sides: Mask = np.stack([beside | over, left, right, top, bottom, beside & over], 1)
    real: Mask = np.any(panels.members, axis=1, keepdims=True)
    return sides & real


def measure(boxes: Array, codes: NDArray[np.int64], lexicon: Lexicon) -> dict[str, Array]:
    """Return each measure of every object in pixels (areas in square pixels, attributes as ranks, NaN for none)."""
    left, top, right, bottom = np.moveaxis(boxes, -1, 0)
    width, height = right - left, bottom - top
    measures = {"x": (left + right) / 2, "y": (top + bottom) / 2, "width": width, "height": height}
    measures["area"] = width * height
    for place, name in enumerate(lexicon.attributes):
        measures.setdefault(name, np.where(codes[:, place] < 0, np.nan, codes[:, place]))
    return measures


def ordered(order: Order, measures: dict[str, Array], units: Array) -> Mask:
    """Return [batch, region, other]: the region exceeds the other, in the order's sense, by more than its margin."""
    measure = measures[order.by]
    scale = {"area": units**2, "x": units, "y": units, "width": units, "height": units}.get(
        order.by, np.ones_like(units)
    )
    difference = (measure[:, :, None] - measure[:, None, :]) * order.sign
    return np.asarray(difference > (order.margin * scale)[:, None, None])


def relate(
    scenes: Sequence[SceneGraph],
    lexicon: Lexicon,
    boxes: Array,
    measures: dict[str, Array],
    units: Array,
    pairs: Mask,
) -> tuple[list[Mask], tuple[tuple[int, str], ...]]:
    """Return the matrix of each relation, among the pairs, and where a scene does not give one that it must give."""
    matrices: list[Mask] = []
    missing: list[tuple[int, str]] = []
    for name, relation in lexicon.relations.items():
        meaning = relation.meaning
        if isinstance(meaning, Order):
            holds = ordered(meaning, measures, units)
        elif isinstance(meaning, Offset):
            holds = _offset(meaning, measures, units)
        elif isinstance(meaning, Gap):
            holds = _gap(boxes) <= (meaning.at_most * units)[:, None, None]
        elif isinstance(meaning, On):
            holds = _on(meaning, boxes, units)
        else:
            holds = _given(meaning, scenes, pairs.shape)
            missing += [(index, name) for index, scene in enumerate(scenes) if meaning.name not in scene.relations]
        matrices.append(holds & pairs)
    return matrices, tuple(missing)


def _offset(meaning: Offset, measures: dict[str, Array], units: Array) -> Mask:
    unit = units[:, None, None]
    off = [
        np.abs(measures[axis][:, :, None] - measures[axis][:, None, :] - step * unit) <= unit / 2
        for axis, step in (("x", meaning.dx), ("y", meaning.dy))
    ]
    return np.asarray(off[0] & off[1])


def _gap(boxes: Array) -> Array:
    """Return [batch, region, other]: the larger of horizontal and vertical distance between two boxes, at least 0."""
    low, high = boxes[..., :2], boxes[..., 2:]
    apart = np.maximum(low[:, :, None] - high[:, None, :], low[:, None, :] - high[:, :, None])
    return np.asarray(np.maximum(apart.max(-1), 0))


def _on(meaning: On, boxes: Array, units: Array) -> Mask:
    one, other = boxes[:, :, None], boxes[:, None, :]
    apart = one[..., 3] - other[..., 1] if meaning.sign > 0 else one[..., 1] - other[..., 3]
    overlap = np.minimum(one[..., 2], other[..., 2]) > np.maximum(one[..., 0], other[..., 0])
    return np.asarray(overlap & (np.abs(apart) <= (meaning.at_most * units)[:, None, None]))


def _given(meaning: Given, scenes: Sequence[SceneGraph], shape: tuple[int, ...]) -> Mask:
    holds = np.zeros(shape, bool)
    for index, scene in enumerate(scenes):
        for other, things in enumerate(scene.relations.get(meaning.name, ())):
            holds[index, list(things), other] = True
    return holds
