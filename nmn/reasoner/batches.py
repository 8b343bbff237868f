"""Images brought to the size that a network looks at, in batches of one size; which questions are about each."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from nmn.errors import ConfigError
from nmn.layout import Layout

if TYPE_CHECKING:
    from nmn.vision.fit import Fitted as FittedImage
    from nmn.vision.image import ImageSource

ASKED_AT_ONCE = 256  # questions


class Fitted(NamedTuple):
    """Images of one size: which questions are about them, and about which one each; the distinct ones."""

    asked: list[int]
    rows: list[int]
    images: "list[Brought]"

    @property
    def pixels(self) -> torch.Tensor:
        """The distinct images as one batch."""
        return torch.stack([image.fitted.pixels for image in self.images])


class Brought(NamedTuple):
    """An image as it came, and as it is looked at."""

    picture: torch.Tensor
    fitted: "FittedImage"


def by_size(images: Sequence["ImageSource"], pixels: int, square: bool) -> Iterator[Fitted]:
    """Yield images brought to a longer side of so many pixels, those of one size together, at most ASKED_AT_ONCE
    questions; an image that is given again is read once.
    """
    from nmn.vision.image import load_image
    from nmn.vision.view import brought

    images = list(images)  # held, so that no two have one identity: an array makes its rows anew, each time
    # a tensor's answers keep a copy: its own memory may hold another picture soon, as a camera's does
    given = {id(image): image.clone() if isinstance(image, torch.Tensor) else image for image in images}
    pictures = {key: load_image(image) for key, image in given.items()}
    all_brought = {key: Brought(picture, brought(picture, pixels, square)) for key, picture in pictures.items()}
    sizes: dict[tuple[int, ...], list[int]] = {}
    for at, image in enumerate(images):
        sizes.setdefault(tuple(all_brought[id(image)].fitted.pixels.shape), []).append(at)
    for same in sizes.values():
        of_image: dict[int, list[int]] = {}
        for at in same:
            of_image.setdefault(id(images[at]), []).append(at)
        together = [at for places in of_image.values() for at in places]  # so that an image is mostly in one batch
        for start in range(0, len(together), ASKED_AT_ONCE):
            asked = together[start : start + ASKED_AT_ONCE]
            keys = [id(images[at]) for at in asked]
            rows = {key: row for row, key in enumerate(dict.fromkeys(keys))}
            yield Fitted(asked, [rows[key] for key in keys], [all_brought[key] for key in rows])


def check_paired(images: Sequence["ImageSource"], questions: Sequence[str] | Sequence[Layout]) -> None:
    """Raise ConfigError unless every question has its image; a text, a path or an iterator is no list."""
    for name, given in (("images", images), ("questions", questions)):
        if isinstance(given, str | bytes | Path) or not hasattr(given, "__len__"):
            raise ConfigError(f"{name}: expected a list, one for each, got {type(given).__name__}")
    if len(images) != len(questions):
        raise ConfigError(f"as many images as questions are needed, got {len(images)} and {len(questions)}")
