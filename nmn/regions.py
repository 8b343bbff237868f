"""What attention ranges over: the regions of a batch of images, and the panels that they lie in."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import pad


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
    def presence(self) -> Float[Tensor, "batch regions"]:
        """The truth that each region is one, rather than padding."""
        return self.mask.to(self.features.dtype)

    @cached_property
    def views(self) -> Float[Tensor, "batch views regions"]:
        """1.0 for each region of each view of an image: the whole of it, then each of its panels alone."""
        return torch.cat([self.mask.unsqueeze(1), self.panels.members], 1).to(self.features.dtype)

    @cached_property
    def seen(self) -> Float[Tensor, "batch views regions"]:
        """The truth that each region is one, of each view that it is in, else 0."""
        return self.views * self.presence.unsqueeze(1)

    @cached_property
    def seen_panels(self) -> Float[Tensor, "batch views panels"]:
        """1.0 for each panel of each view of an image: all of them, then each alone."""
        mask = self.panels.mask.to(self.features.dtype)
        return torch.cat([mask.unsqueeze(1), torch.diag_embed(mask)], 1)


def joined(parts: Sequence[Regions]) -> Regions:
    """Return the regions of several batches as one, padded to the same number; images are one panel each."""
    most = max(part.features.shape[1] for part in parts)

    def whole(tensors: Sequence[Tensor], axis: int) -> Tensor:
        """Join tensors, whose regions lie along an axis counted from the last."""
        return torch.cat([pad(one, (0, 0) * axis + (0, most - one.shape[-1 - axis])) for one in tensors])

    panels = Panels(
        torch.cat([part.panels.boxes for part in parts]),
        torch.cat([part.panels.mask for part in parts]),
        whole([part.panels.members for part in parts], 0),
    )
    return Regions(
        whole([part.features for part in parts], 1), whole([part.boxes for part in parts], 1),
        whole([part.mask for part in parts], 0), panels,
    )  # fmt: skip


def taken(some: Regions, rows: Int[Tensor, " rows"]) -> Regions:
    """Return the regions of some images, which may be repeated."""
    panels = Panels(some.panels.boxes[rows], some.panels.mask[rows], some.panels.members[rows])
    return Regions(some.features[rows], some.boxes[rows], some.mask[rows], panels)


def side_by_side(parts: Regions, panels: int, gap_px: int = 0) -> Regions:
    """Return the regions of pictures whose panels are images: every ``panels`` images are one picture, from the left.

    Each image is one panel so far. Panels lie as far apart as the widest of the picture is wide, and ``gap_px`` more.
    """
    batch = len(parts.boxes) // panels
    boxes, frames = (
        part.view(batch, panels, -1, 4) for part in (parts.boxes.contiguous(), parts.panels.boxes.contiguous())
    )
    step = frames[..., 2].amax((1, 2)) + gap_px
    moves = torch.arange(panels, device=boxes.device).to(boxes.dtype) * step.unsqueeze(1)
    moves = moves.view(batch, panels, 1, 1) * boxes.new_tensor([1, 0, 1, 0])
    mask = parts.mask.reshape(batch, panels, -1)
    members = torch.eye(panels, dtype=torch.bool, device=boxes.device)[None, :, :, None] & mask.unsqueeze(1)
    return Regions(
        parts.features.reshape(batch, -1, parts.features.shape[-1]),
        (boxes + moves).flatten(1, 2),
        mask.flatten(1),
        Panels(
            (frames + moves).flatten(1, 2), parts.panels.mask.reshape(batch, panels), members.flatten(2)
        ),
    )  # fmt: skip
