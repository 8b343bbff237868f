"""Regions that are objects: proposed, cut out, and described by their ink, their outline and their size apart.

A pixel of an object is a mixture of its ink and of the paper behind it, ``I = a F + (1 - a) B`` (Porter and Duff 1984).
So each proposed object's appearance is parted into the colour F, that of most of its pixels that are not paper, and the
coverage, ``1 - |I - F| / |B - F|``, which is a where the object is seen, knows nothing of colour and is low where
another object's ink is. Each goes through a path of its own, so that what is learned of a shape holds in every colour.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from nmn.regions import Panels, Regions
from nmn.vision.paper import repapered
from nmn.vision.proposals import FINE_PX, Proposals, Proposer, channels_last
from nmn.vision.turns import WAYS, turned

CROP = 24  # cells a side of a cut-out
FINER = 2  # samples a cell and axis
MARGIN = 1.25  # of a cut-out's side to the object's
SHIFTS = (0.3, 0.2, 0.12, 0.08, 0.08)  # widths, ever narrower, in which the ink is looked for


class CutOuts(NamedTuple):
    """Objects cut out of a batch of images: coverage, own and others' pixels in 0..255; colours in 0..1.

    ``colours``: red, green and blue of the ink, of the paper, and of the object's pixels on average.
    """

    coverage: UInt8[Tensor, "batch objects 3 crop crop"]
    colours: Float[Tensor, "batch objects 9"]


def cut_out(images: Float[Tensor, "batch 3 height width"], found: Proposals) -> CutOuts:
    """Cut every proposed object out of images in 0..1 and part it into ink and coverage."""
    pixels, owner = _sample(images, found)
    batch, count = found.mask.shape
    numbers = torch.arange(1, count + 1, device=images.device).view(1, count, 1, 1)
    own = (owner == numbers).to(images.dtype)
    other = ((owner != numbers) & (owner > 0)).to(images.dtype)
    paper = _mean(pixels, (owner == 0).to(images.dtype))
    apart = pixels - paper[..., None, None]
    distance = apart.square().sum(2).sqrt() * own
    ink = _ink(pixels, distance.square())
    contrast = (ink - paper).square().sum(-1).sqrt().clamp(min=0.05)[..., None, None]
    coverage = (1 - (pixels - ink[..., None, None]).square().sum(2).sqrt() / contrast).clamp(0, 1)
    maps = torch.stack([coverage, own, other], 2).flatten(0, 1)
    maps = functional.avg_pool2d(maps, FINER).view(batch, count, 3, CROP, CROP)
    return CutOuts((maps * 255).round().to(torch.uint8), torch.cat([ink, paper, _mean(pixels, own)], -1))


def _sample(images: Tensor, found: Proposals) -> tuple[Tensor, Tensor]:
    """Return pixels [batch objects 3 side side] of a square about each object, and their owners [... side side]."""
    height, width = images.shape[-2:]
    low, high = found.boxes[..., :2], found.boxes[..., 2:]
    centre, reach = (low + high) / 2, (high - low).amax(-1, keepdim=True) * MARGIN / 2 + 1
    side = CROP * FINER
    steps = (torch.arange(side, device=images.device) + 0.5) / side * 2 - 1
    x = centre[..., :1] + reach * steps
    y = centre[..., 1:] + reach * steps
    batch, count = found.mask.shape
    at = torch.stack(
        [
            (x / width * 2 - 1).unsqueeze(2).expand(batch, count, side, side),
            (y / height * 2 - 1).unsqueeze(3).expand(batch, count, side, side),
        ],
        -1,
    ).view(batch, count * side, side, 2)
    pixels = functional.grid_sample(images, at, "bilinear", "border", align_corners=False)
    rows, columns = found.owners.shape[1:]
    scale = at.new_tensor([width / (columns * FINE_PX), height / (rows * FINE_PX)])
    spots = ((at + 1) * scale - 1) if (rows * FINE_PX, columns * FINE_PX) != (height, width) else at
    owner = functional.grid_sample(
        found.owners.unsqueeze(1).to(images.dtype), spots, "nearest", "zeros", align_corners=False
    )
    return (
        pixels.view(batch, 3, count, side, side).transpose(1, 2),
        owner.view(batch, count, side, side),
    )


def _ink(pixels: Tensor, weight: Tensor) -> Float[Tensor, "batch objects 3"]:
    """Return the colour that most of the weight is near, by mean shift from the mean (Comaniciu and Meer 2002)."""
    ink = _mean(pixels, weight)
    for width in SHIFTS:
        off = (pixels - ink[..., None, None]).square().sum(2)
        ink = _mean(pixels, weight * torch.exp(-off / (2 * width**2)))
    return ink


def _mean(pixels: Tensor, weight: Tensor) -> Float[Tensor, "batch objects 3"]:
    total = weight.sum((2, 3)).clamp(min=1e-3).unsqueeze(-1)
    return torch.einsum("bnchw,bnhw->bnc", pixels, weight) / total


class ObjectEncoder(nn.Module):
    """Features of cut-out objects: of the coverage, of ink and paper, and of the box's sides, side by side."""

    def __init__(self, outline: int = 64, ink: int = 24, size: int = 16) -> None:
        super().__init__()
        self.channels = outline + ink + size
        self.coverage = nn.Sequential(
            *_stage(3, 32, 5, 2), *_stage(32, 48, 3, 1), *_stage(48, 64, 3, 2), *_stage(64, 64, 3, 1)
        )
        self.outline = nn.Sequential(nn.Linear(128, outline), nn.ReLU())
        self.ink = nn.Sequential(nn.Linear(9, 48), nn.ReLU(), nn.Linear(48, ink), nn.ReLU())
        self.size = nn.Sequential(nn.Linear(4 + outline, 64), nn.ReLU(), nn.Linear(64, size), nn.ReLU())

    def forward(self, coverage: Tensor, colours: Tensor, sides: Tensor) -> Float[Tensor, "objects channels"]:
        """Return the features of objects, one a row; ``sides`` are width and height in 64ths of the image."""
        maps = coverage.to(colours.dtype).div(255).contiguous(memory_format=torch.channels_last)
        deep = self.coverage(maps)
        pooled = torch.cat([deep.mean((2, 3)), deep.amax((2, 3))], -1)
        longest, shortest = sides.amax(-1, keepdim=True), sides.amin(-1, keepdim=True)
        lengths = torch.cat([longest / 8, shortest / 8, longest.clamp(min=1e-3).log(), longest / 8 - 1.5], -1)
        outline = self.outline(pooled)
        size = self.size(torch.cat([lengths, outline], -1))  # how long a side is depends on how a shape is turned
        return torch.cat([outline, self.ink(colours * 2 - 1), size], -1)


def _stage(inputs: int, outputs: int, side: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


class ObjectVision(nn.Module):
    """Images to objects: proposals, which are not trained with the modules, and features, which are.

    ``turn``: features are the mean of those of the cut-outs turned all eight ways, but in training, which turns them by
    chance.
    """

    def __init__(self, proposer: Proposer, encoder: ObjectEncoder, turn: bool = False) -> None:
        super().__init__()
        self.turn = turn
        self.proposer = channels_last(proposer.requires_grad_(False))
        self.encoder = encoder

    def train(self, mode: bool = True) -> "ObjectVision":
        """Set the mode of all but the proposals."""
        super().train(mode)
        self.proposer.eval()
        return self

    @torch.no_grad()
    def prepare(self, images: UInt8[Tensor, "batch 3 height width"]) -> dict[str, Tensor]:
        """Propose and cut out the objects of images, once."""
        scaled = repapered(images).to(next(self.parameters()).dtype) / 255
        padded = functional.pad(scaled, _padding(images), mode="replicate")
        found = self.proposer.propose(padded.contiguous(memory_format=torch.channels_last))
        cut = cut_out(scaled, found)
        size = scaled.new_tensor([images.shape[-1], images.shape[-2]]).expand(len(images), 2)
        return {
            "boxes": found.boxes, "mask": found.mask, "scores": found.scores, "owners": found.owners,
            "coverage": cut.coverage, "colours": cut.colours, "size": size,
        }  # fmt: skip

    def forward(self, seen: Mapping[str, Tensor]) -> Regions:
        """Return the proposed objects as regions with their features, zero where a region is padding."""
        mask, boxes, size = seen["mask"], seen["boxes"], seen["size"]
        unit = size.amax(-1) / 64
        sides = (boxes[..., 2:] - boxes[..., :2]) / unit[:, None, None]
        places = mask.flatten().nonzero().squeeze(1)
        coverage, *rest = (part.flatten(0, 1)[places] for part in (seen["coverage"], seen["colours"], sides))
        ways = WAYS if self.turn and not self.training else 1
        views = torch.cat([turned(coverage, way) for way in range(ways)])
        found = self.encoder(views, *(part.repeat(ways, 1) for part in rest)).unflatten(0, (ways, -1)).mean(0)
        features = found.new_zeros(mask.numel(), found.shape[1]).index_copy(0, places, found)
        whole = torch.cat([torch.zeros_like(size), size], -1).unsqueeze(1)
        one = torch.ones_like(mask[:, :1])
        return Regions(features.view(*mask.shape, -1), boxes, mask, Panels(whole, one, mask.unsqueeze(1)))


def _padding(images: Tensor) -> tuple[int, int, int, int]:
    """Return how much to add on the right and below for sides that are multiples of 4."""
    return 0, -images.shape[-1] % 4, 0, -images.shape[-2] % 4
