"""Objects proposed from an image: where their centres, boxes and visible pixels are, whatever they look like.

Centres are peaks of a heat map and boxes are regressed at them (CenterNet, Zhou et al. 2019, section 3). Each pixel
that shows an object votes for the box that it belongs to, and goes to the proposed object whose box is most like its
vote (after Panoptic-DeepLab, Cheng et al. 2020, section 3.2), so that objects that touch or overlap come apart.

Supervision: boxes and masks of generated scenes, no attribute and no answer.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional

from nmn.vision.turns import MIRRORED, distances_back, turned, turned_back

COARSE_PX, FINE_PX = 4, 2  # a cell of the heat map, of the votes
UNIT_PX = 16.0  # boxes are regressed in this unit
THRESHOLD = 0.3  # of a peak
# ways to turn an image that keep its width and height; the mirror comes second
UPRIGHT = (0, MIRRORED)
AT_ONCE = 16  # views that a processor looks at; of 128 at once each takes 1.8 times as long


class Maps(NamedTuple):
    """What is predicted: logits of centres and boxes around them on coarse cells, logits of objects and votes on fine.

    Boxes and votes are distances from the cell's centre to the left, top, right and bottom, in UNIT_PX.
    """

    centres: Float[Tensor, "batch rows columns"]
    boxes: Float[Tensor, "batch 4 rows columns"]
    shown: Float[Tensor, "batch fine_rows fine_columns"]
    votes: Float[Tensor, "batch 4 fine_rows fine_columns"]


class Proposals(NamedTuple):
    """Objects of a batch of images, the surest first: boxes in pixels, and the fine cells that show each.

    ``owners``: 0 for the background, 1 + i where object i is seen.
    """

    boxes: Float[Tensor, "batch objects 4"]
    mask: Bool[Tensor, "batch objects"]
    scores: Float[Tensor, "batch objects"]
    owners: Tensor


class Proposer(nn.Module):
    """The network: two strides down, residual blocks that look ever wider, and a finer map for the votes."""

    def __init__(self, channels: int, most: int = 16) -> None:
        super().__init__()
        self.channels, self.most = channels, most
        half = channels // 2
        self.stem = nn.Sequential(_conv(3, half, 5, stride=2), _conv(half, half, 3))
        self.down = _conv(half, channels, 3, stride=2)
        self.blocks = nn.Sequential(*[_Residual(channels, dilation) for dilation in (1, 2, 4, 1)])
        self.coarse = nn.Sequential(_conv(channels, channels, 3), nn.Conv2d(channels, 5, 1))
        self.up = _conv(channels + half, half, 1)
        self.fine = nn.Sequential(_conv(half, half, 3), nn.Conv2d(half, 5, 1))
        for head in (self.coarse[-1], self.fine[-1]):
            assert isinstance(head, nn.Conv2d) and head.bias is not None
            nn.init.constant_(head.bias[:1], -3.0)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Maps:
        """Return the maps of images in 0..1, whose sides are multiples of 4 pixels."""
        return self.maps(*self.features(images))

    def features(self, images: Float[Tensor, "batch 3 height width"]) -> tuple[Tensor, Tensor]:
        """Return the features of fine cells and of coarse cells."""
        early = self.stem(images - 0.5)
        return early, self.blocks(self.down(early))

    def maps(self, early: Tensor, deep: Tensor) -> Maps:
        """Return the maps that features of fine and coarse cells give."""
        coarse = self.coarse(deep)
        wide = functional.interpolate(deep, scale_factor=2.0, mode="nearest")
        fine = self.fine(self.up(torch.cat([wide, early], 1)))
        return Maps(coarse[:, 0], coarse[:, 1:], fine[:, 0], fine[:, 1:])

    @torch.no_grad()
    def propose(self, images: Float[Tensor, "batch 3 height width"]) -> Proposals:
        """Return the objects of images in 0..1, padded to the largest number of them (at least one).

        Boxes and pixels are the mean of what is seen of each image in all of UPRIGHT, whose errors differ; centres that
        of the image and its mirror image alone, since one that lies between two cells is in another when turned.
        """
        views = torch.cat([turned(images, way) for way in UPRIGHT]).contiguous(memory_format=torch.channels_last)
        each = zip(*(part.chunk(len(UPRIGHT)) for part in self._by_parts(views)), strict=True)
        seen = [maps_back(Maps(*part), way) for part, way in zip(each, UPRIGHT, strict=True)]
        _, boxes, shown, votes = (torch.stack(maps).mean(0) for maps in zip(*seen, strict=True))
        return decode(Maps((seen[0].centres + seen[1].centres) / 2, boxes, shown, votes), self.most)

    def _by_parts(self, views: Float[Tensor, "views 3 height width"]) -> Maps:
        """Return the maps of views; a processor looks at a few at once, which stay in its cache."""
        parts = [self(part) for part in torch.split(views, AT_ONCE if views.device.type == "cpu" else len(views))]
        return Maps(*(torch.cat(maps) for maps in zip(*parts, strict=True)))


def maps_back(maps: Maps, way: int) -> Maps:
    """Return maps of turned images as those of the images."""
    centres, boxes, shown, votes = maps
    return Maps(
        turned_back(centres, way), distances_back(boxes, way), turned_back(shown, way), distances_back(votes, way)
    )


def channels_last(net: Proposer) -> Proposer:
    """Return a network with its weights laid out as images [batch height width channels]: three times as fast."""
    moved: Proposer = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


class _Residual(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            _conv(channels, channels, 3, dilation=dilation),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        return functional.relu(features + self.net(features))


def _conv(inputs: int, outputs: int, side: int, stride: int = 1, dilation: int = 1) -> nn.Module:
    padding = dilation * (side // 2)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride, padding, dilation, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def cell_centres(rows: int, columns: int, side_px: int, device: torch.device) -> Float[Tensor, "rows columns 2"]:
    """Return x and y of each cell's centre in pixels."""
    y, x = torch.meshgrid(torch.arange(rows, device=device), torch.arange(columns, device=device), indexing="ij")
    return (torch.stack([x, y], -1) + 0.5) * side_px


def absolute(distances: Float[Tensor, "batch 4 rows columns"], side_px: int) -> Float[Tensor, "batch rows columns 4"]:
    """Return the boxes in pixels that distances from each cell's centre amount to."""
    rows, columns = distances.shape[-2:]
    at = cell_centres(rows, columns, side_px, distances.device)
    spread = distances.permute(0, 2, 3, 1) * UNIT_PX
    return torch.cat([at - spread[..., :2], at + spread[..., 2:]], -1)


def peaks(
    centres: Float[Tensor, "batch rows columns"], most: int
) -> tuple[Float[Tensor, "batch peaks"], Int[Tensor, "batch peaks"]]:
    """Return the highest cells that no neighbour exceeds, of logits: their chances and their places, row by row.

    Of equal neighbours the first alone: the middle of what is symmetric lies as much in one cell as in the next.
    """
    heat = torch.sigmoid(centres)
    _, top = functional.max_pool2d(heat.unsqueeze(1), 3, 1, 1, return_indices=True)
    own = torch.arange(heat[0].numel(), device=heat.device).view_as(heat[0])
    highest = heat * (top.squeeze(1) == own)
    scores, places = highest.flatten(1).topk(min(most, highest[0].numel()), 1)
    return scores, places


def decode(maps: Maps, most: int) -> Proposals:
    """Return the peaks of the heat map with their boxes, and the owners of fine cells; who owns none is no object.

    Of more than ``most`` objects those of the highest peaks; what the others own has no owner then.
    """
    scores, places = peaks(maps.centres, 2 * most)
    several = max(1, int((scores > THRESHOLD).sum(1).max()))
    scores, places = scores[:, :several], places[:, :several]
    boxes = absolute(maps.boxes, COARSE_PX).flatten(1, 2)
    boxes = boxes.gather(1, places.unsqueeze(-1).expand(-1, -1, 4))
    owner = owners(maps, boxes, scores > THRESHOLD)
    owns = torch.zeros(len(boxes), 1 + several, dtype=torch.bool, device=boxes.device)
    owns.scatter_(1, owner.flatten(1).long(), True)
    mask, order = ((scores > THRESHOLD) & owns[:, 1:]).sort(descending=True, stable=True)
    count = min(most, max(1, int(mask.sum(1).max())))
    order, mask = order[:, :count], mask[:, :count]
    boxes = boxes.gather(1, order.unsqueeze(-1).expand(-1, -1, 4)) * mask.unsqueeze(-1)
    renumbered = places.new_zeros(places.shape).scatter(1, order, torch.arange(1, count + 1).to(order).expand_as(order))
    owner = functional.pad(renumbered, (1, 0)).gather(1, owner.flatten(1).long()).view_as(owner)
    return Proposals(boxes, mask, scores.gather(1, order) * mask, owner.to(torch.uint8))


def owners(maps: Maps, boxes: Float[Tensor, "batch objects 4"], mask: Bool[Tensor, "batch objects"]) -> Tensor:
    """Return for each fine cell the object whose box is most like its vote, uint8 [batch rows columns]; 0 for none."""
    votes = absolute(maps.votes, FINE_PX)
    apart = torch.cdist(votes.flatten(1, 2), boxes, p=1)
    nearest = apart.masked_fill(~mask.unsqueeze(1), torch.inf).argmin(-1) + 1
    shown = (maps.shown.flatten(1) > 0) & mask.any(1, keepdim=True)
    return (nearest * shown).to(torch.uint8).view(maps.shown.shape)


class Targets(NamedTuple):
    """What maps should be: heat in 0..1, boxes in pixels where ``near`` is true, the owner of each fine cell."""

    heat: Float[Tensor, "batch rows columns"]
    boxes: Float[Tensor, "batch rows columns 4"]
    near: Bool[Tensor, "batch rows columns"]
    votes: Float[Tensor, "batch fine_rows fine_columns 4"]
    shown: Bool[Tensor, "batch fine_rows fine_columns"]


def targets(boxes: Float[Tensor, "batch objects 4"], mask: Bool[Tensor, "batch objects"], owner: Tensor) -> Targets:
    """Return the maps that gold boxes in pixels and owners of fine cells, uint8 [batch rows columns], ask for.

    The heat of an object is a Gaussian of 0.75 cells about its centre, 1 in the cell that holds it.
    """
    rows, columns = (side * FINE_PX // COARSE_PX for side in owner.shape[1:])
    at = cell_centres(rows, columns, COARSE_PX, boxes.device).view(-1, 2)
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    snapped = (centre / COARSE_PX).floor() * COARSE_PX + COARSE_PX / 2
    apart = (at.unsqueeze(0).unsqueeze(2) - snapped.unsqueeze(1)).square().sum(-1) / COARSE_PX**2
    apart = apart.masked_fill(~mask.unsqueeze(1), torch.inf)
    least, nearest = apart.min(-1)
    shape = (len(boxes), rows, columns)
    around = boxes.gather(1, nearest.unsqueeze(-1).expand(-1, -1, 4)).view(*shape, 4)
    own = boxes.gather(1, (owner.long() - 1).clamp(min=0).flatten(1).unsqueeze(-1).expand(-1, -1, 4))
    heat = torch.exp(-least / (2 * 0.75**2)).view(shape)
    return Targets(heat, around, (least < 1.5).view(shape), own.view(*owner.shape, 4), owner > 0)


def proposal_loss(maps: Maps, wanted: Targets, precise: float = 1.0) -> Tensor:
    """Return the sum of CornerNet's focal loss of centres, cross-entropy of objects and L1 of boxes and votes.

    ``precise``: how much boxes count.
    """
    chance = torch.sigmoid(maps.centres)
    log, log_not = functional.logsigmoid(maps.centres), functional.logsigmoid(-maps.centres)
    peak = wanted.heat > 0.999
    focal = torch.where(peak, (1 - chance) ** 2 * log, (1 - wanted.heat) ** 4 * chance**2 * log_not)
    centres = -focal.sum() / peak.sum().clamp(min=1)
    shown = functional.binary_cross_entropy_with_logits(maps.shown, wanted.shown.to(maps.shown))
    boxes = (absolute(maps.boxes, COARSE_PX) - wanted.boxes).abs().sum(-1) / UNIT_PX
    votes = (absolute(maps.votes, FINE_PX) - wanted.votes).abs().sum(-1) / UNIT_PX
    near, cells = wanted.near.to(boxes), wanted.shown.to(votes)
    return (
        centres
        + 2 * shown
        + precise * (boxes * near).sum() / near.sum().clamp(min=1)
        + 0.5 * (votes * cells).sum() / cells.sum().clamp(min=1)
    )
