"""NLVR in its official layout (Suhr et al. 2017): statements, each of six pictures of the same three boxes.

::

    SPLIT/SPLIT.json                       one example a line: sentence, identifier, and maybe label, directory, ...
    SPLIT/images/DIR/NAME-N-K-P.png        identifier N-K, boxes in the order P (0 to 5)

Images are found by their file names, since ``directory`` is missing from hidden files. What an example's prediction may
rest on is its sentence and the pixels of its images alone: the identifier's last digit gives most labels away, so it is
kept apart, for the names of predictions and for the metric.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmn.data.statement_lines import read_lines, truth_of
from nmn.errors import DataError
from nmn.vision.nlvr_format import NLVR_PX

NAME = re.compile(r"(?P<split>.+?)-(?P<identifier>[^-]+-[^-]+)-(?P<order>[0-5])\.png")
ORDERS = range(6)


@dataclass(frozen=True, slots=True)
class NlvrImage:
    """One picture of an example: its file, None where it is missing, and the name that predictions give it."""

    name: str
    path: Path | None


@dataclass(frozen=True, slots=True)
class NlvrExample:
    """A statement, its pictures, and what only evaluation may see: identifier, label, ``structured_rep``."""

    sentence: str
    images: tuple[NlvrImage, ...]
    identifier: str
    label: bool | None = None
    structured_rep: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NlvrSplit:
    """The examples of a split."""

    name: str
    examples: tuple[NlvrExample, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of images that are not there."""
        return tuple(image.name for example in self.examples for image in example.images if image.path is None)


def read_nlvr(data: str | Path, split: str) -> NlvrSplit:
    """Read a split; an image that is missing is recorded as such (``NlvrSplit.missing``).

    A split whose files hold the order 0 alone has one image an example, else it has six. Raises DataError for a split
    without its file or without any image, for a line that is no example and for an identifier that occurs twice.
    """
    folder = Path(data) / split
    path = _examples_file(folder, split)
    entries = read_lines(path)
    files = _image_files(folder, path.stem)
    if not files:
        raise DataError(f"{folder / 'images'}: no image of this split; expected files such as {path.stem}-12-0-3.png")
    orders = ORDERS if any(order for _, order in files) else range(1)
    prefix = next(iter(files.values())).name.split("-")[0] if path.stem != split else path.stem
    return NlvrSplit(split, tuple(_example(entry, files, orders, prefix) for entry in entries))


def read_pixels(path: Path) -> NDArray[np.uint8]:
    """Return an image's pixels [100 400 3]; raise DataError where it cannot be read or has another size."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            if image.size != NLVR_PX:
                raise DataError(
                    f"{path}: an image of NLVR has 400 x 100 pixels, this one {image.width} x {image.height}"
                )
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: not an image that can be read: {error}") from None


def _examples_file(folder: Path, split: str) -> Path:
    """Return SPLIT.json, or the only JSON file of the folder."""
    if (folder / f"{split}.json").is_file():
        return folder / f"{split}.json"
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder; --data names the one that holds the folders of splits")
    files = sorted(folder.glob("*.json"))
    if len(files) != 1:
        raise DataError(f"{folder}: expected {split}.json, or one JSON file, found {len(files)}")
    return files[0]


def _image_files(folder: Path, stem: str) -> dict[tuple[str, int], Path]:
    """Return the image of each identifier and order; of several with one name the split's own, then the first path."""
    files: dict[tuple[str, int], Path] = {}
    found = [Path(place) / name for place, _, names in os.walk(folder, followlinks=True) for name in names]
    for path in sorted(found, key=lambda path: (not path.name.startswith(f"{stem}-"), path)):
        match = NAME.fullmatch(path.name)
        if match:
            files.setdefault((match["identifier"], int(match["order"])), path)
    return files


def _example(entry: dict[str, Any], files: dict[tuple[str, int], Path], orders: range, prefix: str) -> NlvrExample:
    name = entry["identifier"]
    paths = {order: files.get((name, order)) for order in orders}
    images = tuple(
        NlvrImage(path.name if path else f"{prefix}-{name}-{order}.png", path) for order, path in paths.items()
    )
    return NlvrExample(entry["sentence"], images, name, truth_of(entry), entry.get("structured_rep"))
