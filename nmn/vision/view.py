"""What regions cover of an image, so that attention can be shown on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Integer, UInt8
from torch import Tensor
from torch.nn.functional import interpolate

from nmn.regions import Regions
from nmn.vision.fit import Fitted, fit
from nmn.vision.proposals import FINE_PX

# The mean height of an image's peaks, below which its things are strange. Of the proposals that ship 400 images of our
# world (preset varied) have 0.77 or more, noise, blobs, waves and text 0.56 or less (2026-12-01).
FAMILIAR = 0.65


@dataclass(frozen=True, eq=False)
class View:
    """An image with its regions: ``boxes`` in its pixels, ``owners`` [height width], 0 for none, 1 + i for region i.

    ``owners`` is None where regions cover their boxes. ``panels`` are the boxes of the panels that the image is made
    of, None where it is one. ``full``: there are as many regions as can be proposed, so that there may be more things.
    ``strange``: what was proposed hardly looks like the things that proposals were learned of.
    ``taken_for``: what a network takes each region for, such as "blue circle small"; empty where nobody said.
    """

    pixels: UInt8[Tensor, "3 height width"]
    boxes: Float[Tensor, "regions 4"]
    owners: Integer[Tensor, "height width"] | None
    panels: Float[Tensor, "panels 4"] | None = None
    full: bool = False
    strange: bool = False
    taken_for: tuple[str, ...] = ()

    @property
    def places(self) -> list[list[float]]:
        """The boxes to a hundredth of a pixel, as they are written down; attention is shown on just these."""
        return [[round(side, 2) for side in box] for box in self.boxes.tolist()]

    @property
    def owner_rows(self) -> list[list[int]] | None:
        """``owners`` as plain numbers, equal rows once: how many rows, then an owner and how many pixels it goes on,
        an owner and its pixels, ...; None where regions cover their boxes.

        >>> owners = torch.tensor([[0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0]])
        >>> View(torch.zeros(3, 3, 4, dtype=torch.uint8), torch.zeros(1, 4), owners).owner_rows
        [[2, 0, 4], [1, 0, 1, 1, 2, 0, 1]]
        """
        if self.owners is None:
            return None
        rows, counts = torch.unique_consecutive(self.owners, return_counts=True, dim=0)
        runs = (torch.stack(torch.unique_consecutive(row, return_counts=True), 1) for row in rows)
        return [[count, *run.flatten().tolist()] for count, run in zip(counts.tolist(), runs, strict=True)]

    def heat(self, attention: Sequence[float]) -> Float[Tensor, "height width"]:
        """Return attention over regions, 0 to 1, as a map over the image.

        Owners say whose attention a pixel shows, 0 where it is nobody's. Without owners every region covers its box, to
        the nearest pixels (from a half to the even one), and of several the one that is attended most shows.
        """
        weights = torch.tensor([0.0, *attention])
        height, width = self.pixels.shape[1:]
        if self.owners is not None:
            known = self.owners.int().clamp(max=len(weights) - 1)
            return weights.index_select(0, known.flatten()).view(height, width)
        heat = torch.zeros(height, width)
        for weight, box in zip(weights[1:], self.places, strict=True):
            left, top, right, bottom = (max(0, round(side)) for side in box)
            heat[top:bottom, left:right].clamp_(min=float(weight))
        return heat


def brought(image: UInt8[Tensor, "3 height width"], pixels: int, square: bool) -> Fitted:
    """Bring an image to a longer side of so many pixels, its proportions kept; a square one has a border."""
    if square:
        return fit(image, pixels, pixels)
    height, width = image.shape[1:]
    scale = pixels / max(height, width)
    return fit(image, max(1, round(height * scale)), max(1, round(width * scale)), "stretch")


def view_of(
    image: UInt8[Tensor, "3 height width"],
    fitted: Fitted,
    seen: Mapping[str, Tensor],
    regions: Regions,
    row: int,
    most: int | None = None,
) -> View:
    """Return the view of one image, number ``row`` of ``regions``, from what was found on its fitted form.

    ``most``: how many regions can be proposed, None where there are always as many.
    """
    count = int(regions.mask[row].sum())
    boxes = fitted.on_original(regions.boxes[row, :count].detach().cpu())
    owners = seen.get("owners")
    if owners is not None:
        rows, columns = fitted.pixels.shape[1:]
        fine = owners[row].repeat_interleave(FINE_PX, 0).repeat_interleave(FINE_PX, 1)[:rows, :columns]
        spread = interpolate(fine[None, None].float().cpu(), image.shape[1:], mode="nearest")[0, 0]
        owners = spread.to(torch.uint8)
    frames = regions.panels.boxes[row][regions.panels.mask[row]].detach().cpu()
    panels = fitted.on_original(frames) if len(frames) > 1 else None
    strange = "scores" in seen and float(seen["scores"][row][seen["mask"][row]].mean()) < FAMILIAR
    return View(image, boxes, owners, panels, count == most, strange)
