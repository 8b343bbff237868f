"""The twelve shapes as polygons: unit templates, turned, and fitted into an object's box.

A template is centred on the origin, x to the right and y downwards, and the longest side of its box is 1. To draw an
object, its template is turned clockwise by ``rotation`` and the box of the result is mapped onto the object's box. So
an object whose box has the proportions of ``extent`` is drawn undistorted, and any other box is filled all the same.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmn.errors import SceneError, did_you_mean

Floats = NDArray[np.float64]
ARC = 256  # corners of a full turn of a curve: 0.1 px off the true circle at 512 px
STEPS = ((128, 8), (384, 4))  # a curve at most so many (sub)pixels long keeps every 8th, every 4th corner
SMOOTH = math.cos(math.radians(20))  # a corner that turns less than this belongs to a curve
HOLE = 0.5  # a ring's inner radius, of its outer one
ARM = 0.36  # the width of a cross's arm
NOTCH = 0.45  # a star's inner radius, of its outer one


def _regular(corners: int) -> Floats:
    """Return a regular polygon with a corner at the top, clockwise."""
    turn = np.arange(corners) * (2 * math.pi / corners)
    return np.stack([np.sin(turn), -np.cos(turn)], -1)


def _semicircle() -> Floats:
    turn = np.linspace(-math.pi / 2, math.pi / 2, ARC // 2 + 1)
    return np.stack([np.sin(turn), -np.cos(turn)], -1)


def _cross() -> Floats:
    arm = np.array([(-ARM, -1), (ARM, -1), (ARM, -ARM)])
    turns = [np.array([[0, 1], [-1, 0]]), np.eye(2), np.array([[0, -1], [1, 0]])]
    quarter = [arm, arm @ turns[0], -arm, arm @ turns[2]]
    return np.concatenate(quarter)


def _star() -> Floats:
    return np.asarray(_regular(10) * np.tile([1, NOTCH], 5)[:, None])


def _heart() -> Floats:
    turn = np.arange(ARC) * (2 * math.pi / ARC)
    x = 16 * np.sin(turn) ** 3
    y = 13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn)
    return np.stack([x, -y], -1)


_SQUARE = np.array([(-1.0, -1), (1, -1), (1, 1), (-1, 1)])
_CIRCLE = _regular(ARC)
_DRAWN: dict[str, tuple[Floats, ...]] = {
    "square": (_SQUARE,),
    "rectangle": (_SQUARE * (1, 0.5),),
    "circle": (_CIRCLE,),
    "ellipse": (_CIRCLE * (1, 0.55),),
    "semicircle": (_semicircle(),),
    "triangle": (_regular(3),),
    "pentagon": (_regular(5),),
    "hexagon": (_regular(6),),
    "cross": (_cross(),),
    "star": (_star(),),
    "heart": (_heart(),),
    "ring": (_CIRCLE, _regular(ARC // 2) * HOLE),
}
SHAPES = tuple(_DRAWN)


def _unit(contours: tuple[Floats, ...]) -> tuple[Floats, ...]:
    low, high = contours[0].min(0), contours[0].max(0)
    return tuple((contour - (low + high) / 2) / (high - low).max() for contour in contours)


TEMPLATES = {shape: _unit(contours) for shape, contours in _DRAWN.items()}  # outer contour first, then a hole


class Contour(NamedTuple):
    """A closed polygon in a box of 1 x 1, clockwise, with what drawing on a grid of pixels needs to know of it.

    ``points`` [corners + 1, x and y] ends where it begins. ``inward`` says, in pixels, how far each corner moves so
    that Pillow, which draws every pixel that an edge touches, draws those whose centre is inside. ``reflex`` are the
    corners that turn to the left.
    """

    points: NDArray[np.float32]
    inward: NDArray[np.float32]
    reflex: tuple[int, ...]


class Outline(NamedTuple):
    """A turned template: its size, its box's middle seen from the template's origin, contours at three finenesses."""

    width: float
    height: float
    middle: tuple[float, float]
    contours: tuple[tuple[Contour, ...], ...]

    def at(self, length: float) -> tuple[Contour, ...]:
        """Return the contours, the outer one first, with corners enough for a longest side of ``length`` pixels."""
        for level, (longest, _) in enumerate(STEPS):
            if length <= longest:
                return self.contours[level]
        return self.contours[-1]

    def strokes(self, length: float) -> tuple[Contour, ...]:
        """Return the contours to draw wide lines along: their edges must not be much shorter than a line is wide."""
        return self.contours[0 if length <= STEPS[0][0] else 1]


@lru_cache(maxsize=len(SHAPES) * 360)
def outline(shape: str, rotation: float) -> Outline:
    """Return a shape turned clockwise by ``rotation`` degrees; raise SceneError for a shape that is not known."""
    if shape not in TEMPLATES:
        raise SceneError(f'no shape "{shape}"{did_you_mean(shape, SHAPES)}; shapes are {", ".join(SHAPES)}')
    turned = [_turned(contour, rotation) for contour in TEMPLATES[shape]]
    low, size = turned[0].min(0), np.ptp(turned[0], 0)
    boxed = [(contour - low) / size for contour in turned]
    levels = [[contour[:: _step(contour, step)] for contour in boxed] for _, step in STEPS] + [boxed]
    contours = tuple(tuple(_contour(points) for points in level) for level in levels)
    middle = low + size / 2
    return Outline(float(size[0]), float(size[1]), (float(middle[0]), float(middle[1])), contours)


def extent(shape: str, rotation: float = 0.0) -> tuple[float, float]:
    """Return the width and height of a turned template, the longest side of the unturned one being 1.

    >>> extent("rectangle", 90)
    (0.5, 1.0)
    """
    found = outline(shape, rotation)
    return round(found.width, 9), round(found.height, 9)


def _turned(points: Floats, degrees: float) -> Floats:
    turn = math.radians(degrees % 360)
    cos, sin = round(math.cos(turn), 15), round(math.sin(turn), 15)
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]))


def _step(points: Floats, step: int) -> int:
    return step if len(points) > ARC // 4 else 1


def _contour(points: Floats) -> Contour:
    """Find the corners' directions: an edge that goes down has the inside on its left, one to the right below it."""
    after = np.roll(points, -1, 0) - points
    after /= np.linalg.norm(after, axis=-1, keepdims=True)
    before = np.roll(after, 1, 0)
    inward = np.stack([-after[:, 1], after[:, 0]], -1), np.stack([-before[:, 1], before[:, 0]], -1)
    is_curve = (after * before).sum(-1) > SMOOTH
    mean = (inward[0] + inward[1]) / 2
    x = np.where(is_curve, mean[:, 0], np.sign(np.sign(inward[0][:, 0].round(6)) + np.sign(inward[1][:, 0].round(6))))
    flat = [np.where(abs(side[:, 0]) < 1e-6, np.sign(side[:, 1]), 0) for side in inward]
    y = np.where(is_curve, mean[:, 1], np.sign(flat[0] + flat[1]))
    reflex = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0] < -1e-9
    corners = np.arange(len(points) + 1) % len(points)
    inward_px = np.stack([x, y], -1) / 2
    reflex_at = tuple(np.flatnonzero(reflex & ~is_curve).tolist())
    return Contour(points[corners].astype(np.float32), inward_px[corners].astype(np.float32), reflex_at)
