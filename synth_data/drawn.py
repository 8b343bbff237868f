"""A batch of drawn scenes: as arrays, as the exact library reads them, and as scene graphs."""

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


def image_size(config: SynthConfig) -> tuple[int, int]:
    """Return width and height of an image, all panels together, in pixels of the scene."""
    return config.panels * config.width + (config.panels - 1) * config.panel_gap, config.height


def scene_graph(drawn: Drawn, row: int, codes: Codes) -> SceneGraph:
    """Return one drawn scene as a scene graph."""
    count = int(drawn.mask[row].sum())
    values, boxes = drawn.codes[row].T.tolist(), drawn.boxes[row].tolist()
    degrees, panel = drawn.degrees[row].tolist(), drawn.panel[row].tolist()
    objects = tuple(
        [
            SceneObject(
                codes.attributes_of(tuple(values[place])), tuple(boxes[place]), float(degrees[place]), panel[place]
            )
            for place in range(count)
        ]
    )
    relations: dict[str, list[list[int]]] = {}
    if drawn.in_front is not None:
        front = drawn.in_front[row, :count, :count]
        relations = {"in_front_of": _listed(front), "behind": _listed(front.T)}
    width, height = image_size(codes.config)
    panels = tuple(panel_boxes(codes.config)) if codes.config.panels > 1 else ()
    return SceneGraph(objects, float(width), float(height), codes.lexicon.name, relations, panels)


def _listed(pairs: NDArray[np.bool_]) -> list[list[int]]:
    """Return, for each object, those that stand in the relation to it."""
    if not pairs.any():
        return [[] for _ in pairs]
    return [np.flatnonzero(row).tolist() for row in pairs.T]
