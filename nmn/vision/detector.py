"""Objects with names: proposals whose attributes are told too, for worlds whose perception is trained on gold scenes.

The trunk and the maps are those of ``proposals.py``; at each peak a further map gives the logits of every value of
every attribute, a softmax for each attribute.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from nmn.vision.proposals import COARSE_PX, THRESHOLD, Maps, Proposer, Targets, absolute, peaks, proposal_loss

PRECISE = 4.0  # how much more boxes count than in proposals: a pixel decides whether two things touch


class Named(NamedTuple):
    """Named objects of a batch of images: boxes in pixels, and the place of each attribute's value."""

    boxes: Float[Tensor, "batch objects 4"]
    mask: Bool[Tensor, "batch objects"]
    values: Int[Tensor, "batch objects attributes"]


class Detector(nn.Module):
    """Proposals with names; ``attributes``: the values of each."""

    def __init__(self, attributes: Mapping[str, tuple[str, ...]], channels: int = 32, most: int = 12) -> None:
        super().__init__()
        self.attributes = {name: tuple(values) for name, values in attributes.items()}
        self.proposer = Proposer(channels, most)
        total = sum(map(len, self.attributes.values()))
        self.names = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, total, 1)
        )

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> tuple[Maps, Float[Tensor, "batch values r c"]]:
        """Return the maps of images in 0..1, whose sides are multiples of 4 pixels, and the logits of values."""
        early, deep = self.proposer.features(images)
        return self.proposer.maps(early, deep), self.names(deep)

    @torch.no_grad()
    def detect(self, images: Float[Tensor, "batch 3 height width"]) -> Named:
        """Return the objects of images in 0..1, the surest first, padded to the most that there may be."""
        deep = self.proposer.features(images)[1]
        coarse = self.proposer.coarse(deep)
        scores, places = peaks(coarse[:, 0], self.proposer.most)
        boxes = around(absolute(coarse[:, 1:], COARSE_PX)).flatten(1, 2)
        logits = self.names(deep).flatten(2).transpose(1, 2)
        chosen, named = (
            maps.gather(1, places.unsqueeze(-1).expand(-1, -1, maps.shape[-1])) for maps in (boxes, logits)
        )
        parts = named.split([len(values) for values in self.attributes.values()], -1)
        return Named(chosen, scores > THRESHOLD, torch.stack([part.argmax(-1) for part in parts], -1))


def around(boxes: Float[Tensor, "batch r c 4"]) -> Float[Tensor, "batch r c 4"]:
    """Return the median of each cell's box and its four neighbours', which all are trained on the nearest object."""
    padded = functional.pad(boxes.permute(0, 3, 1, 2), (1, 1, 1, 1), mode="replicate")
    middle = padded[..., 1:-1, 1:-1]
    beside = (padded[..., :-2, 1:-1], padded[..., 2:, 1:-1], padded[..., 1:-1, :-2], padded[..., 1:-1, 2:])
    return torch.stack([middle, *beside]).median(0).values.permute(0, 2, 3, 1)


def naming_loss(
    maps: Maps, logits: Float[Tensor, "batch values r c"], wanted: Targets, values: Int[Tensor, "batch r c attributes"],
    sizes: tuple[int, ...],
) -> Tensor:  # fmt: skip
    """Return the loss of proposals plus the cross-entropy of every attribute near the middle of objects."""
    near = wanted.near
    parts = torch.split(logits.permute(0, 2, 3, 1)[near], list(sizes), -1)
    named = [
        functional.cross_entropy(part, values[near][:, place], reduction="sum") for place, part in enumerate(parts)
    ]
    return proposal_loss(maps, wanted, PRECISE) + torch.stack(named).sum() / near.sum().clamp(min=1)
