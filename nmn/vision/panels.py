"""Pictures of several panels side by side: cut into them, and each panel looked at alone."""

from typing import Protocol

import torch
from jaxtyping import UInt8
from torch import Tensor

from nmn.errors import ImageError


class Prepares(Protocol):
    """What vision works out once per image: tensors whose first axis are images."""

    def prepare(self, images: UInt8[Tensor, "batch 3 height width"]) -> dict[str, Tensor]:
        """Return it for a batch of images."""


def cut(pictures: UInt8[Tensor, "batch 3 height width"], panels: int, gap_px: int) -> Tensor:
    """Return pictures as their panels [batch panels 3 height width], which are as wide as each other.

    Raises ImageError where the pictures do not divide into so many.

    >>> cut(torch.zeros(5, 3, 100, 400, dtype=torch.uint8), panels=3, gap_px=50).shape
    torch.Size([5, 3, 3, 100, 100])
    """
    height, whole = pictures.shape[-2:]
    width, rest = divmod(whole - (panels - 1) * gap_px, panels)
    if width < 1 or rest:
        raise ImageError(
            f"{panels} panels with {gap_px} px between them do not divide {whole} x {height} pixels evenly"
        )
    starts = range(0, whole, width + gap_px)
    return torch.stack([pictures[..., start : start + width] for start in starts], 1)


def prepare(vision: Prepares, images: UInt8[Tensor, "batch *panels 3 height width"]) -> dict[str, Tensor]:
    """Return what vision works out once per image, of pictures with panels by picture and panel."""
    if images.ndim == 4:
        return vision.prepare(images)
    found = vision.prepare(images.flatten(0, 1))
    return {name: part.view(*images.shape[:2], *part.shape[1:]) for name, part in found.items()}
