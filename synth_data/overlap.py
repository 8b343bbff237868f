"""Which objects hide which others, and how much of them: for scenes in which objects may lie over each other.

Outlines are compared by sample points: those of the one behind that lie inside the one in front. In front is the object
that is drawn later.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from synth_data.codes import Codes
from synth_data.outlines import outline

GRID = 12  # sample points a side
TURN = 10  # degrees between the silhouettes that are kept
CLEAR = (0.12, 0.45)  # less of an object hidden is too little to see, more too much to know it


@lru_cache(maxsize=8)
def _silhouettes(shapes: tuple[str, ...]) -> NDArray[np.bool_]:
    """Return [shape, turn, GRID, GRID]: which points of the bounding box lie inside each turned shape."""
    inside = np.zeros((len(shapes), 360 // TURN, GRID, GRID), bool)
    for place, shape in enumerate(shapes):
        for turn in range(360 // TURN):
            image = Image.new("L", (8 * GRID, 8 * GRID))
            polygon = outline(shape, float(turn * TURN)).contours[-1][0].points
            ImageDraw.Draw(image).polygon((polygon * 8 * GRID).ravel().tolist(), fill=255)
            inside[place, turn] = np.asarray(image.reduce(8)) > 127
    return inside


def hidden(
    known: Codes,
    codes: NDArray[np.int64],
    boxes: NDArray[np.float64],
    degrees: NDArray[np.int64],
    mask: NDArray[np.bool_],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return [scene object other], whether an object visibly hides part of another, and [scene], whether all is clear.

    Clear: of every object either nothing is hidden, or a part within CLEAR.
    """
    shapes = tuple(known.lexicon.attributes["shape"].values)
    first = known.of[shapes[0]]
    inside = _silhouettes(shapes)
    kind, turn = np.where(mask, codes[..., known.place("shape")] - first, 0), (degrees // TURN) % (360 // TURN)
    scenes, count = mask.shape
    points = (np.stack(np.meshgrid(np.arange(GRID), np.arange(GRID)), -1).reshape(-1, 2) + 0.5) / GRID
    own = inside[kind, turn].reshape(scenes, count, -1)
    low, size = boxes[..., :2], np.maximum(boxes[..., 2:] - boxes[..., :2], 1e-6)
    front = np.zeros((scenes, count, count), bool)
    covered = np.zeros((scenes, count, len(points)), bool)
    unclear = np.zeros(scenes, bool)
    for later in range(count):
        for earlier in range(later):
            places = low[:, earlier, None] + points * size[:, earlier, None]
            cells = np.floor((places - low[:, later, None]) / size[:, later, None] * GRID).astype(int)
            within = ((cells >= 0) & (cells < GRID)).all(-1)
            column, row = np.clip(cells, 0, GRID - 1).transpose(2, 0, 1)
            over = inside[kind[:, later, None], turn[:, later, None], row, column] & within & own[:, earlier]
            over &= (mask[:, later] & mask[:, earlier])[:, None]
            share = over.sum(-1) / np.maximum(own[:, earlier].sum(-1), 1)
            front[:, later, earlier] = share >= CLEAR[0]
            unclear |= (share > 0) & (share < CLEAR[0])
            covered[:, earlier] |= over
    hidden_share = covered.sum(-1) / np.maximum(own.sum(-1), 1)
    return front, ~unclear & (hidden_share <= CLEAR[1]).all(-1)
