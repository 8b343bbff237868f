"""The cells of a feature grid as regions, the simplest thing that attention can range over."""

import torch
from jaxtyping import Float
from torch import Tensor

from nmn.regions import Panels, Regions


def grid_regions(features: Float[Tensor, "batch channels rows columns"], width: int, height: int) -> Regions:
    """Return the cells, row by row, of images of ``width`` x ``height`` pixels, each image one panel.

    Cells divide the image evenly. Features are a view of those given; boxes and masks of the images of a batch share
    memory.

    >>> grid_regions(torch.zeros(2, 5, 1, 2), width=30, height=20).boxes[0].tolist()
    [[0.0, 0.0, 15.0, 20.0], [15.0, 0.0, 30.0, 20.0]]
    """
    batch, _, rows, columns = features.shape
    device = features.device
    x = torch.arange(columns + 1, device=device) * (width / columns)
    y = torch.arange(rows + 1, device=device) * (height / rows)
    top, left = torch.meshgrid(y[:-1], x[:-1], indexing="ij")
    bottom, right = torch.meshgrid(y[1:], x[1:], indexing="ij")
    boxes = torch.stack([left, top, right, bottom], -1).view(1, rows * columns, 4)
    mask = torch.ones(1, rows * columns, dtype=torch.bool, device=device)
    whole = torch.tensor([[[0.0, 0, width, height]]], device=device)
    panels = Panels(whole.expand(batch, 1, 4), mask[:, :1].expand(batch, 1), mask[:, None].expand(batch, 1, -1))
    return Regions(features.flatten(2).transpose(1, 2), boxes.expand(batch, -1, 4), mask.expand(batch, -1), panels)
