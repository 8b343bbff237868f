"""Pairs of images with statements about both, as NLVR2 has them (Suhr et al. 2019).

::

    SPLIT.json or data/SPLIT.json          an example a line: sentence, identifier SPLIT-SET-PAIR-SENTENCE, maybe label
    SPLIT-SET-PAIR-img0.png, ...-img1.png  the left and the right image, anywhere below the folder, of any format

What a prediction may rest on is the sentence and the pixels of the two images; the identifier is for the names of
predictions and for consistency.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nmn.data.statement_lines import read_lines, truth_of
from nmn.errors import DataError

IDENTIFIER = re.compile(r"(?P<pair>.+-[^-]+-[^-]+)-[^-]+")
ENDINGS = (".json", ".jsonl")
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True, slots=True)
class PairExample:
    """A statement and its two images, the left one first, None where one is missing; ``missing`` are their names."""

    sentence: str
    images: tuple[Path | None, Path | None]
    missing: tuple[str, ...]
    identifier: str
    label: bool | None = None


def read_pairs(data: str | Path, split: str) -> tuple[PairExample, ...]:
    """Read a split; images that are missing are recorded as such.

    Raises DataError for a split without its file or without any image, for a line that is no example and for an
    identifier that is none of NLVR2's or occurs twice.
    """
    path = _examples_file(Path(data), split)
    entries = read_lines(path)
    names = [_pair_name(path, entry) for entry in entries]
    wanted = {f"{name}-img{side}" for name in names for side in (0, 1)}
    files = _images(Path(data), wanted)
    if not files:
        raise DataError(f"{data}: no image of this split; expected files such as {names[0]}-img0.png")
    return tuple(_example(entry, name, files) for entry, name in zip(entries, names, strict=True))


def _examples_file(data: Path, split: str) -> Path:
    if not data.is_dir():
        raise DataError(f"{data}: there is no such folder; --data names the one that holds a split's file and images")
    places = [folder / f"{split}{ending}" for folder in (data, data / "data", data / split) for ending in ENDINGS]
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        raise DataError(f"{data}: expected {split}.json in it, or in its folder data or {split}")
    return found


def _pair_name(path: Path, entry: Mapping[str, Any]) -> str:
    match = IDENTIFIER.fullmatch(entry["identifier"])
    if not match:
        raise DataError(f"{path}: identifier {entry['identifier']!r}: expected split-set-pair-sentence")
    return match["pair"]


def _images(data: Path, wanted: set[str]) -> dict[str, Path]:
    """Return the file of each image that is there, by its name without ending."""
    files: dict[str, Path] = {}
    for place, _, names in os.walk(data, followlinks=True):
        for name in names:
            stem, ending = os.path.splitext(name)
            if stem in wanted and ending.lower() in IMAGE_ENDINGS:
                files[stem] = min(files.get(stem, Path(place, name)), Path(place, name))
    return files


def _example(entry: Mapping[str, Any], name: str, files: Mapping[str, Path]) -> PairExample:
    stems = [f"{name}-img{side}" for side in (0, 1)]
    missing = tuple(f"{stem}.png" for stem in stems if stem not in files)
    images = files.get(stems[0]), files.get(stems[1])
    return PairExample(entry["sentence"], images, missing, entry["identifier"], truth_of(dict(entry)))
