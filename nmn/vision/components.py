"""A classical reader of NLVR's images: connected components. An independent check on learned perception, numpy only.

Whatever differs from a box's grey is part of an object, and objects keep at least 1 px apart, so each 8-connected
component is one object. Its bounding box is its place and size; a filled corner pixel makes it a square, else it is a
triangle where less than 0.65 of the box is filled (a triangle fills a half, a disc 0.79), else a circle; the colour is
that of the middle pixel. Components are found on runs of pixels, a batch of images at a time.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nmn.errors import SceneError
from nmn.scene import SceneGraph
from nmn.vision.nlvr_format import NLVR_BOX, NLVR_COLORS, NLVR_PANELS, NLVR_SIZES, nlvr_boxes, nlvr_image, nlvr_object

Images = NDArray[np.uint8]
Ints = NDArray[np.int64]
TRIANGLE_BELOW = 0.65  # of its box is filled


def read_components(images: Sequence[Images] | Images) -> list[SceneGraph]:
    """Return the scenes of images of NLVR [batch 100 400 3 or more channels]; objects from the left, then from the top.

    Raises SceneError for an image of another size, or with something that no object of NLVR is.
    """
    pixels = nlvr_boxes(images)
    filled = (pixels != NLVR_BOX).any(-1)
    found: list[list[tuple[int, str, str, int, int, int]]] = [[] for _ in range(len(pixels) // len(NLVR_PANELS))]
    for box, left, top, right, bottom in _components(filled):
        image, panel = divmod(box, len(NLVR_PANELS))
        seen = filled[box, top:bottom, left:right]
        side = right - left
        if side != bottom - top or side not in NLVR_SIZES:
            raise SceneError(
                f"image {image}, box {panel}: something of {side} x {bottom - top} px is no object of NLVR"
            )
        found[image].append(
            (panel, _shape(seen), _color(pixels[box, top + side // 2, left + side // 2]), side, left, top)
        )
    return [nlvr_image([nlvr_object(*thing) for thing in sorted(things)]) for things in found]


def _shape(seen: NDArray[np.bool_]) -> str:
    if seen[0, 0]:
        return "square"
    return "triangle" if seen.mean() < TRIANGLE_BELOW else "circle"


def _color(pixel: Images) -> str:
    distances = {name: np.abs(pixel.astype(int) - color).sum() for name, color in NLVR_COLORS.items()}
    return min(distances, key=lambda name: distances[name])


def _components(filled: NDArray[np.bool_]) -> list[list[int]]:
    """Return [box, left, top, right, bottom] of each 8-connected component of masks [boxes height width]."""
    boxes, height, width = filled.shape
    edges = np.diff(np.pad(filled, ((0, 0), (0, 0), (1, 1))).astype(np.int8), axis=2).reshape(boxes * height, width + 1)
    row, first = np.nonzero(edges == 1)
    last = np.nonzero(edges == -1)[1]  # behind the run
    upper, lower = _touching_runs(row, first, last, height, width)
    label = _joined(len(row), upper, lower)
    roots, place = np.unique(label, return_inverse=True)
    found = np.empty((len(roots), 5), np.int64)
    found[:, 0] = row[roots] // height
    for column, (extreme, values) in enumerate(
        ((np.minimum, first), (np.minimum, row % height), (np.maximum, last), (np.maximum, row % height + 1)), 1
    ):
        found[:, column] = values[roots]
        extreme.at(found[:, column], place, values)
    return found.tolist()


def _touching_runs(row: Ints, first: Ints, last: Ints, height: int, width: int) -> tuple[Ints, Ints]:
    """Return the pairs of runs, by number, that touch from one row to the next, corners included."""
    stride = width + 2
    below = row + 1
    start = np.searchsorted(row * stride + last, below * stride + first)  # the first run below that ends at or behind
    stop = np.searchsorted(row * stride + first, below * stride + last, side="right")  # ... that starts behind
    stop[below % height == 0] = 0  # the next row is another box's
    counts = np.maximum(stop - start, 0)
    upper = np.repeat(np.arange(len(row)), counts)
    lower = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(start, counts)
    return upper, lower


def _joined(count: int, one: Ints, other: Ints) -> Ints:
    """Return the least number of each run's component, by passing the lesser label on until nothing changes."""
    label = np.arange(count)
    while True:
        least = np.minimum(label[one], label[other])
        before = label.copy()
        np.minimum.at(label, one, least)
        np.minimum.at(label, other, least)
        label = label[label]
        if (label == before).all():
            return label
