"""A batch of drawn scenes: as arrays, as the exact library reads them, and as scene graphs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmn.modules.geometry import PanelBoxes, SceneArrays
from nmn.scene import Box, SceneGraph, SceneObject
from synth_data.codes import Codes, Floats, Integers
from synth_data.config import SynthConfig


@dataclass(frozen=True)
class Drawn:
    """A batch of scenes: codes [scenes attributes objects], boxes [scenes objects 4], degrees and panel of objects."""

    codes: Integers
    boxes: Floats
    mask: NDArray[np.bool_]
    degrees: Integers
    panel: Integers
    in_front: NDArray[np.bool_] | None  # [scene object other]


def arrays_of(drawn: Drawn, config: SynthConfig) -> SceneArrays:
    """Return drawn scenes as the exact library reads them."""
    scenes = len(drawn.mask)
    given = {}
    if drawn.in_front is not None:
        given = {"in_front_of": drawn.in_front, "behind": drawn.in_front.swapaxes(1, 2)}
    boxes = np.array(panel_boxes(config))
    members = (drawn.panel[:, None] == np.arange(len(boxes))[:, None]) & drawn.mask[:, None]
    panels = PanelBoxes(np.tile(boxes, (scenes, 1, 1)), np.ones((scenes, len(boxes)), bool), members)
    longest = np.full(scenes, float(max(image_size(config))))
    return SceneArrays(drawn.codes, drawn.boxes, drawn.mask, panels, longest, given)


def panel_boxes(config: SynthConfig) -> list[Box]:
    """Return the boxes of an image's panels, side by side with gaps between them."""
    step = config.width + config.panel_gap
    return [
        (float(place * step), 0.0, float(place * step + config.width), float(config.height))
        for place in range(config.panels)
    ]


def panel_gap_px(config: SynthConfig) -> int:
    """Return how many pixels of a picture lie between two panels."""
    return round(config.panel_gap * config.pixels / max(image_size(config)))


def image_size(config: SynthConfig) -> tuple[int, int]:
    """Return width and height of an image, all panels together, in pixels of the scene."""
    return config.panels * config.width + (config.panels - 1) * config.panel_gap, config.height


def scene_graph(drawn: Drawn, row: int, codes: Codes) -> SceneGraph:
    """Return one drawn scene as a scene graph."""
    return scene_graphs(taken(drawn, [row]), codes)[0]


def scene_graphs(drawn: Drawn, codes: Codes) -> list[SceneGraph]:
    """Return drawn scenes as scene graphs."""
    width, height = image_size(codes.config)
    panels = tuple(panel_boxes(codes.config)) if codes.config.panels > 1 else ()
    values, degrees = map(tuple, drawn.codes.swapaxes(1, 2).tolist()), drawn.degrees.astype(float).tolist()
    columns = drawn.mask.sum(1).tolist(), values, drawn.boxes.tolist(), degrees, drawn.panel.tolist()
    graphs = []
    for row, (count, *things) in enumerate(zip(*columns, strict=True)):
        objects = [
            SceneObject.of_known(codes.attributes_of(tuple(known)), tuple(box), turned, panel)
            for _, known, box, turned, panel in zip(range(count), *things, strict=False)
        ]
        relations: dict[str, list[list[int]]] = {}
        if drawn.in_front is not None:
            front = drawn.in_front[row, :count, :count]
            relations = {"in_front_of": _listed(front), "behind": _listed(front.T)}
        graphs.append(SceneGraph(tuple(objects), float(width), float(height), codes.lexicon.name, relations, panels))
    return graphs


def taken(drawn: Drawn, rows: Sequence[int] | Integers) -> Drawn:
    """Return some of the scenes of a batch, as a batch of their own."""
    front = None if drawn.in_front is None else drawn.in_front[rows]
    return Drawn(drawn.codes[rows], drawn.boxes[rows], drawn.mask[rows], drawn.degrees[rows], drawn.panel[rows], front)


def joined(parts: Sequence[Drawn]) -> Drawn:
    """Return batches of scenes as one."""
    scenes, width = sum(len(part.mask) for part in parts), max(part.mask.shape[1] for part in parts)
    first = parts[0]
    whole = Drawn(
        np.full((scenes, first.codes.shape[1], width), -1), np.zeros((scenes, width, 4)),
        np.zeros((scenes, width), bool), np.zeros((scenes, width), np.int64), np.zeros((scenes, width), np.int64),
        None if first.in_front is None else np.zeros((scenes, width, width), bool),
    )  # fmt: skip
    start = 0
    for part in parts:
        count, things = part.mask.shape
        rows = slice(start, start + count)
        whole.codes[rows, :, :things], whole.boxes[rows, :things] = part.codes, part.boxes
        whole.mask[rows, :things], whole.degrees[rows, :things] = part.mask, part.degrees
        whole.panel[rows, :things] = part.panel
        if whole.in_front is not None and part.in_front is not None:
            whole.in_front[rows, :things, :things] = part.in_front
        start += count
    return whole


def gathered(found: Sequence[tuple[Drawn, int]]) -> Drawn:
    """Return scenes that are rows of some batches as one batch."""
    batches = {id(drawn): drawn for drawn, _ in found}
    places: dict[int, list[int]] = {key: [] for key in batches}
    for place, (drawn, _) in enumerate(found):
        places[id(drawn)].append(place)
    parts = [taken(batches[key], [found[place][1] for place in own]) for key, own in places.items()]
    return taken(joined(parts), np.argsort([place for own in places.values() for place in own]))


def _listed(pairs: NDArray[np.bool_]) -> list[list[int]]:
    """Return, for each object, those that stand in the relation to it."""
    if not pairs.any():
        return [[] for _ in pairs]
    return [np.flatnonzero(row).tolist() for row in pairs.T]
