"""What an image of NLVR is (Suhr et al. 2017), measured on its files: sizes, colours, boxes, ``structured_rep``.

An image has 400 x 100 pixels and three boxes of 100 x 100; an object is a square, circle or triangle whose bounding
square has sides of 10, 20 or 30 px and lies at whole pixels.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmn.errors import SceneError
from nmn.scene import SceneGraph, SceneObject

NLVR_PX = (400, 100)  # width and height
NLVR_PANELS = ((0, 0, 100, 100), (150, 0, 250, 100), (300, 0, 400, 100))
NLVR_BOX, NLVR_GAP = 211, 128  # grey levels
NLVR_COLORS = {"yellow": (255, 255, 0), "black": (0, 0, 0), "blue": (0, 153, 255)}
NLVR_SIZES = {10: "small", 20: "medium", 30: "large"}
_NLVR_NAMES = {"yellow": "yellow", "black": "black", "#0099ff": "blue"}  # as its files name colours, in lower case


def has_nlvr_size(shape: Sequence[int]) -> bool:
    """Whether a shape [3 height width] is that of NLVR's pictures."""
    return tuple(shape[1:]) == NLVR_PX[::-1]


def nlvr_object(panel: int, shape: str, color: str, side_px: int, left_px: int, top_px: int) -> SceneObject:
    """Return an object of a box; ``left_px`` and ``top_px`` are within the box."""
    attributes = {"shape": shape, "color": color, "size": NLVR_SIZES[side_px]}
    left = NLVR_PANELS[panel][0] + left_px
    return SceneObject(attributes, (left, top_px, left + side_px, top_px + side_px), panel=panel)


def nlvr_boxes(images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the boxes of images of NLVR [batch 100 400 3 or more channels], three of each: [boxes 100 100 3].

    Raises SceneError for an image of another size.
    """
    batch = np.asarray(images)
    if batch.ndim != 4 or batch.shape[1:3] != NLVR_PX[::-1]:
        got = f"{batch.shape[2]} x {batch.shape[1]}" if batch.ndim == 4 else f"an array of shape {batch.shape}"
        raise SceneError(f"an image of NLVR has {NLVR_PX[0]} x {NLVR_PX[1]} pixels, got {got}")
    boxes = np.stack([batch[:, top:bottom, left:right, :3] for left, top, right, bottom in NLVR_PANELS], 1)
    return np.ascontiguousarray(boxes.reshape(-1, *boxes.shape[2:]))


def nlvr_image(objects: Sequence[SceneObject]) -> SceneGraph:
    """Return the scene of an image of NLVR that holds these objects."""
    return SceneGraph(tuple(objects), *NLVR_PX, world="nlvr", panels=NLVR_PANELS)


def nlvr_scene(structured_rep: Sequence[Sequence[Mapping[str, Any]]]) -> SceneGraph:
    """Build the scene of an NLVR example from its ``structured_rep``: three boxes, each a list of objects.

    Sizes 10, 20 and 30 are called small, medium and large. Raises SceneError naming the box and object at fault.
    """
    if len(structured_rep) != len(NLVR_PANELS):
        raise SceneError(f"structured_rep: an image of NLVR has three boxes, got {len(structured_rep)}")
    objects = []
    for panel, things in enumerate(structured_rep):
        for index, thing in enumerate(things):
            try:
                objects.append(_nlvr_object(panel, thing))
            except (KeyError, TypeError, AttributeError, SceneError) as error:
                reason = f"field {error} is missing" if isinstance(error, KeyError) else error
                raise SceneError(f"structured_rep[{panel}][{index}]: {reason}") from None
    return nlvr_image(objects)


def _nlvr_object(panel: int, thing: Mapping[str, Any]) -> SceneObject:
    shape, color, side = thing["type"].lower(), thing["color"].lower(), thing["size"]
    if color not in _NLVR_NAMES or side not in NLVR_SIZES:
        raise SceneError(f"NLVR has colors {', '.join(_NLVR_NAMES)} and sizes 10, 20, 30; got {color!r}, {side!r}")
    return nlvr_object(panel, shape, _NLVR_NAMES[color], side, thing["x_loc"], thing["y_loc"])


def nlvr_family(structured_rep: Any) -> str:
    """Return which of NLVR's two sorts of images an example has: towers of blocks, or things anywhere.

    >>> nlvr_family([[{"x_loc": 40, "y_loc": 79, "size": 20}], [], []])
    'towers'
    """
    things = [thing for box in structured_rep or () for thing in box]
    if not things:
        return "all"
    return "towers" if all(thing["size"] == 20 and thing["x_loc"] == 40 for thing in things) else "scattered"
