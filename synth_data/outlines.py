"""The outlines of the shapes: unit polygons, turned and fitted into an object's box.

A template's longest side is 1. An object's outline is its template, turned by ``rotation``, whose bounding box is then
stretched to the object's ``box``: so every box can be drawn, and a box drawn by the generator is not distorted.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nmn.errors import SceneError, did_you_mean
from nmn.scene import SceneObject

Polygon = NDArray[np.float64]  # [vertices 2]
VERTICES = 96  # of a circle
SMALL_PX, COARSE = 100, 3  # below this size every third vertex of a curve is enough
STAR_INNER = 0.42  # inner radius of a star, over its outer radius
RING_INNER = 0.56


def _circle(start: float = 0.0, stop: float = 2 * np.pi, vertices: int = VERTICES) -> Polygon:
    turns = np.linspace(start, stop, vertices, endpoint=stop - start < 2 * np.pi)
    return np.stack([np.cos(turns), np.sin(turns)], 1) / 2


def _regular(corners: int) -> Polygon:
    turns = np.arange(corners) * 2 * np.pi / corners - np.pi / 2
    return np.stack([np.cos(turns), np.sin(turns)], 1)


def _star() -> Polygon:
    star = _regular(10)
    star[1::2] *= STAR_INNER
    return star


def _heart() -> Polygon:
    turns = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    x = 16 * np.sin(turns) ** 3
    y = 13 * np.cos(turns) - 5 * np.cos(2 * turns) - 2 * np.cos(3 * turns) - np.cos(4 * turns)
    return np.stack([x, -y], 1)


def _box(width: float, height: float) -> Polygon:
    return np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2


def _unit(polygon: Polygon) -> Polygon:
    """Centre a polygon's bounding box and make its longest side 1."""
    low, high = polygon.min(0), polygon.max(0)
    return np.asarray((polygon - (low + high) / 2) / (high - low).max())


CROSS = np.array(
    [[-1, -3], [1, -3], [1, -1], [3, -1], [3, 1], [1, 1], [1, 3], [-1, 3], [-1, 1], [-3, 1], [-3, -1], [-1, -1]], float
)
# an outer polygon, and the holes in it
TEMPLATES: dict[str, tuple[Polygon, ...]] = {
    "square": (_box(1, 1),),
    "rectangle": (_box(1, 0.55),),
    "circle": (_circle(),),
    "ellipse": (_circle() * [1, 0.58],),
    "semicircle": (_unit(_circle(np.pi, 2 * np.pi)),),
    "triangle": (np.array([[0, -0.5], [0.5, 0.5], [-0.5, 0.5]]),),
    "pentagon": (_unit(_regular(5)),),
    "hexagon": (_unit(_regular(6)),),
    "cross": (_unit(CROSS),),
    "star": (_unit(_star()),),
    "heart": (_unit(_heart()),),
    "ring": (_circle(), _circle() * RING_INNER),
}


@lru_cache(maxsize=20_000)
def turned(shape: str, degrees: float) -> tuple[tuple[Polygon, ...], tuple[float, float]]:
    """Return a template turned clockwise, its bounding box stretched to the unit square, and the box's true size."""
    if shape not in TEMPLATES:
        raise SceneError(f'no shape "{shape}" can be drawn{did_you_mean(shape, TEMPLATES)}')
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    polygons = [polygon @ np.array([[cosine, sine], [-sine, cosine]]) for polygon in TEMPLATES[shape]]
    low, high = polygons[0].min(0), polygons[0].max(0)
    fitted = tuple((polygon - low) / (high - low) for polygon in polygons)
    return fitted, (float(high[0] - low[0]), float(high[1] - low[1]))


def extent(shape: str, degrees: float) -> tuple[float, float]:
    """Return width and height of a template turned clockwise.

    >>> extent("rectangle", 90.0)[1]
    1.0
    """
    width, height = turned(shape, degrees)[1]
    return round(width, 9), round(height, 9)


def outline(thing: SceneObject, scale: float = 1.0) -> list[Polygon]:
    """Return an object's outer polygon and its holes, in pixels of an image ``scale`` times the scene's size."""
    left, top, right, bottom = thing.box
    fitted, _ = turned(thing.attributes.get("shape", "square"), thing.rotation % 360)
    size, corner = np.array([right - left, bottom - top]) * scale, np.array([left, top]) * scale
    step = COARSE if max(right - left, bottom - top) * scale < SMALL_PX else 1
    return [(polygon[::step] if len(polygon) == VERTICES else polygon) * size + corner for polygon in fitted]
