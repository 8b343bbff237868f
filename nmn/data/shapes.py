"""SHAPES (Andreas et al. 2016), in the files of Hu et al. 2017: 30x30 images of 3x3 cells, decoded to scenes.

A cell of 10x10 px holds nothing or one shape at its centre: a square, circle or triangle of half-width r px (small
2.25 to 2.75, big 3.375 to 4.125) in red, green or blue, on black, anti-aliased by exact area. Channels are stored blue,
green, red. The colour is the brightest channel; shape and r are those whose coverage fits the channel best.

What a question relates are cells, not shapes: "above right of a square" passes through a cell that may be empty. So a
scene has nine objects, in reading order, and an empty cell is one without attributes.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmn.data.example import Example, ImageExample
from nmn.data.text_file import text_lines
from nmn.errors import DataError
from nmn.scene import SceneGraph, SceneObject

SPLITS = ("val", "train.small", "train.tiny")
ANSWERS = ("true", "false")
COLORS = ("blue", "green", "red")  # in the order of the stored channels
SHAPES = ("square", "circle", "triangle")
CELL_PX, CELLS, SIDE_PX = 10, 3, 30
RADII_PX = tuple(np.round(np.concatenate([np.arange(2.25, 2.76, 0.05), np.arange(3.375, 4.13, 0.05)]), 3).tolist())
SUBSAMPLES = 16
MAX_ERROR = 0.01  # mean squared error of the fit: at most 0.0005 in the real files, 0.19 and more in noise
FILLED = 100  # a filled cell's own channel is 204 or more at full coverage, other channels stay below 52
Floats = NDArray[np.float64]


def read_shapes(folder: str | Path, split: str) -> list[Example]:
    """Read a split's questions, images and, where recorded, answers; the family is the split's name.

    Raises DataError naming the file that is missing, truncated or does not fit the others.
    """
    questions, images, answers = _read_split(Path(folder), split)
    triples = zip(questions, _decoded(Path(folder), split, images), answers, strict=True)
    return [Example(question, scene, answer, split) for question, scene, answer in triples]


def read_pictures(folder: str | Path, split: str, scenes: bool = False) -> list[ImageExample]:
    """Read a split as ``read_shapes`` does, but with the images as they are, red, green, blue.

    Their scenes are decoded only where ``scenes`` asks for them.
    """
    questions, images, answers = _read_split(Path(folder), split)
    decoded = _decoded(Path(folder), split, images) if scenes else [None] * len(images)
    rows = zip(questions, images[..., ::-1], answers, decoded, strict=True)
    return [ImageExample(question, image, answer, split, scene) for question, image, answer, scene in rows]


def _read_split(folder: Path, split: str) -> tuple[list[str], NDArray[np.uint8], list[str | None]]:
    """Return a split's questions, images and answers, None for each where they are not recorded."""
    (questions, recorded), images = read_questions(folder, split), read_images(folder, split)
    _check_count(folder / f"{split}.input.npy", len(images), questions)
    return questions, images, [*recorded] if recorded is not None else [None] * len(questions)


def _check_count(path: Path, entries: int, questions: list[str]) -> None:
    if entries != len(questions):
        raise DataError(f"{path}: {entries} entries for {len(questions)} questions")


def _decoded(folder: Path, split: str, images: NDArray[np.uint8]) -> list[SceneGraph]:
    try:
        return decode_images(images)
    except DataError as error:
        raise DataError(f"{folder / split}.input.npy: {error}") from None


def read_questions(folder: str | Path, split: str) -> tuple[list[str], list[str] | None]:
    """Return a split's questions and, where they are recorded, their answers, "true" or "false"."""
    questions, recorded = text_lines(Path(folder) / f"{split}.query_str.txt"), Path(folder) / f"{split}.output"
    if not recorded.exists():
        return questions, None
    answers = _answers(recorded)
    _check_count(recorded, len(answers), questions)
    return questions, answers


def read_images(folder: str | Path, split: str) -> NDArray[np.uint8]:
    """Return a split's images [images, 30, 30, 3], blue, green, red as they are stored."""
    return _images(Path(folder) / f"{split}.input.npy")


def decode_images(images: NDArray[np.uint8]) -> list[SceneGraph]:
    """Return the scene of each image [images, 30, 30, 3]: nine cells in reading order, sizes told by the boxes.

    Raises DataError where a filled cell holds none of the shapes.
    """
    count = len(images)
    cells = images.reshape(count, CELLS, CELL_PX, CELLS, CELL_PX, 3).swapaxes(2, 3)
    cells = cells.reshape(count * CELLS**2, CELL_PX**2, 3)
    brightest = cells.max(1).argmax(-1)
    own = np.take_along_axis(cells, brightest[:, None, None], -1)[..., 0].astype(np.float64)
    filled = own.max(-1) > FILLED
    kinds, masks = coverage_masks()
    fits = np.full(len(cells), -1)
    fits[filled], errors = _best_fit(own[filled] / own[filled].max(-1, keepdims=True), masks)
    if misfits := np.flatnonzero(filled)[errors > MAX_ERROR].tolist():
        image, cell = divmod(misfits[0], CELLS**2)
        raise DataError(
            f"image {image}, cell {cell}: no square, circle or triangle fits, so this is no image of SHAPES"
        )
    per_image = (found.reshape(count, CELLS**2).tolist() for found in (brightest, fits))
    return [_scene(color, fit, kinds) for color, fit in zip(*per_image, strict=True)]


@lru_cache(maxsize=1)
def coverage_masks() -> tuple[tuple[tuple[str, float], ...], Floats]:
    """Return every (shape, half-width) and the share of each pixel of a cell that it covers [kinds, pixels]."""
    at = (np.arange(CELL_PX * SUBSAMPLES) + 0.5) / SUBSAMPLES - CELL_PX / 2
    dx, dy = np.meshgrid(at, at)
    kinds = tuple((shape, radius) for shape in SHAPES for radius in RADII_PX)
    masks = [_inside(shape, radius, dx, dy) for shape, radius in kinds]
    shape = (len(kinds), CELL_PX, SUBSAMPLES, CELL_PX, SUBSAMPLES)
    return kinds, np.array(masks).reshape(shape).mean((2, 4)).reshape(len(kinds), -1)


def _inside(shape: str, radius: float, dx: Floats, dy: Floats) -> NDArray[np.bool_]:
    if shape == "square":
        return np.asarray((abs(dx) <= radius) & (abs(dy) <= radius))
    if shape == "circle":
        return np.asarray(dx**2 + dy**2 <= radius**2)
    return np.asarray((abs(dy) <= radius) & (abs(dx) <= (dy + radius) / 2))


def _best_fit(coverage: Floats, masks: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Return, for each cell, the mask at the least squared distance, and the mean squared error that it leaves."""
    distances = (masks**2).sum(-1) - 2 * coverage @ masks.T
    errors = (distances.min(-1, initial=np.inf) + (coverage**2).sum(-1)) / CELL_PX**2
    return np.asarray(distances.argmin(-1)), errors


def _scene(colors: list[int], fits: list[int], kinds: tuple[tuple[str, float], ...]) -> SceneGraph:
    objects = []
    for cell, (color, fit) in enumerate(zip(colors, fits, strict=True)):
        shape, radius = kinds[fit] if fit >= 0 else ("", CELL_PX / 2)
        row, column = divmod(cell, CELLS)
        x, y = (CELL_PX * (place + 0.5) for place in (column, row))
        box = (x - radius, y - radius, x + radius, y + radius)
        objects.append(SceneObject({"color": COLORS[color], "shape": shape} if shape else {}, box))
    return SceneGraph(tuple(objects), SIDE_PX, SIDE_PX, "shapes")


def _answers(path: Path) -> list[str]:
    answers = text_lines(path)
    for number, answer in enumerate(answers, 1):
        if answer not in ANSWERS:
            raise DataError(f"{path}: line {number}: expected true or false, got {answer!r}")
    return answers


def _images(path: Path) -> NDArray[np.uint8]:
    try:
        images = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError) as error:  # a damaged header may ask for any amount of memory
        raise DataError(f"{path}: not a whole .npy file: {error}") from None
    if not isinstance(images, np.ndarray):
        raise DataError(f"{path}: expected one array, got an .npz archive")
    if images.dtype != np.uint8 or images.shape[1:] != (SIDE_PX, SIDE_PX, 3):
        raise DataError(f"{path}: expected uint8 images [N, 30, 30, 3], got {images.dtype} {list(images.shape)}")
    return images
