"""What attention ranges over: the regions of a batch of images, and the panels that they lie in."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True)
class Panels:
    """Panels of a batch of images, padded to the same number; an image that is not made of several is one panel.

    ``boxes`` are (left, top, right, bottom) in pixels of the image; ``mask`` is False where a panel is padding;
    ``members`` says which regions lie in which panel.
    """

    boxes: Float[Tensor, "batch panels 4"]
    mask: Bool[Tensor, "batch panels"]
    members: Bool[Tensor, "batch panels regions"]

    @property
    def count(self) -> int:
        """Number of panels of the image with most."""
        return self.mask.shape[1]


@dataclass(frozen=True)
class Regions:
    """Regions of a batch of images, padded to the same number.

    ``boxes`` are (left, top, right, bottom) in pixels of the image; ``mask`` is False where a region is padding, and
    attention is 0 there.
    """

    features: Float[Tensor, "batch regions channels"]
    boxes: Float[Tensor, "batch regions 4"]
    mask: Bool[Tensor, "batch regions"]
    panels: Panels

    @cached_property
    def seen(self) -> Float[Tensor, "batch views regions"]:
        """1.0 for each region of each view of an image: the whole of it, then each of its panels alone."""
        return torch.cat([self.mask.unsqueeze(1), self.panels.members], 1).to(self.features.dtype)

    @cached_property
    def seen_panels(self) -> Float[Tensor, "batch views panels"]:
        """1.0 for each panel of each view of an image: all of them, then each alone."""
        mask = self.panels.mask.to(self.features.dtype)
        return torch.cat([mask.unsqueeze(1), torch.diag_embed(mask)], 1)
