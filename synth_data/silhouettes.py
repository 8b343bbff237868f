"""Where the silhouettes of objects fall in subpixels: of many pictures at once, in a few operations on arrays."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmn.scene import Box
from synth_data.outlines import Contour, Outline

FAR = 1e6  # (sub)pixels: nothing beyond is seen, and Pillow's integers stay small
Corners = NDArray[np.float32]
Window = tuple[int, int, int, int]


class Seen(NamedTuple):
    """The whole pixels that an object's box touches, and the corners of its contours in subpixels of the picture.

    Corners are whole numbers, moved inwards so that Pillow draws the subpixels whose centres are inside.
    """

    window: Window
    corners: list[Corners]


def silhouettes(
    pictures: Sequence[Sequence[tuple[Outline, Box]]],
    sizes: Sequence[tuple[int, int]],
    fine: int,
    finest: bool = False,
) -> list[list[Seen | None]]:
    """Return what is seen of each outline in its box, None where that lies outside its picture or has no area.

    ``fine``: subpixels a pixel. ``finest``: with all their corners, however small they are.
    """
    flat = [item for picture in pictures for item in picture]
    if not flat:
        return [[] for _ in pictures]
    boxes = np.array([box for _, box in flat])
    ends = np.repeat(np.array(sizes), [len(picture) for picture in pictures], axis=0)
    windows = np.concatenate([np.maximum(np.floor(boxes[:, :2]), 0), np.minimum(np.ceil(boxes[:, 2:]), ends)], 1)
    spans = (boxes[:, 2:] - boxes[:, :2]) * fine
    lengths = spans.max(1).tolist()
    contours = [
        found.contours[-1] if finest else found.at(length) for (found, _), length in zip(flat, lengths, strict=True)
    ]
    corners = iter(_corners(contours, boxes[:, :2] * fine, spans, fine))
    seen = [
        Seen((left, top, right, bottom), own) if left < right and top < bottom else None
        for (left, top, right, bottom), own in zip(windows.astype(np.int64).tolist(), corners, strict=True)
    ]
    rest = iter(seen)
    return [[next(rest) for _ in picture] for picture in pictures]


def _corners(
    contours: Sequence[tuple[Contour, ...]], offsets: NDArray[np.float64], spans: NDArray[np.float64], fine: int
) -> list[list[Corners]]:
    """Return the corners of each contour [corners + 1, x and y], where they are drawn."""
    owners = np.repeat(np.arange(len(contours)), [len(own) for own in contours])
    flat = [contour for own in contours for contour in own]
    sizes = [len(contour.points) for contour in flat]
    rows = np.repeat(owners, sizes)
    points = np.concatenate([contour.points for contour in flat])
    points *= spans.astype(np.float32)[rows]
    points += offsets.astype(np.float32)[rows]
    huge = spans.max(1) > FAR * fine
    if huge.any():
        np.clip(points, -FAR, FAR, out=points, where=huge[rows, None])
    points += np.concatenate([contour.inward for contour in flat])
    np.floor(points, out=points)  # Pillow would round up below zero
    ends = np.cumsum(sizes).tolist()
    parts = iter([points[end - size : end] for end, size in zip(ends, sizes, strict=True)])
    return [[next(parts) for _ in own] for own in contours]


def corners_in(contour: Contour, box: Box, origin: tuple[int, int], fine: int) -> Corners:
    """Return the corners of a contour [corners + 1, x and y] in subpixels from the origin, a pixel's corner."""
    left, top, right, bottom = box
    scale = np.array(((right - left) * fine, (bottom - top) * fine), np.float32)
    offset = np.array(((left - origin[0]) * fine, (top - origin[1]) * fine), np.float32)
    corners: Corners = contour.points * scale + offset
    return np.clip(corners, -FAR, FAR) if right - left > FAR or bottom - top > FAR else corners
