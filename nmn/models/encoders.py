"""What the compared systems share, so that none sees or reads better than another: cells with places, texts, heads."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmn.models.protocol import Batch
from nmn.regions import Regions
from nmn.vision.cells import CellVision

PLACES = 2  # channels of a cell that say where it is
POOLED = 4  # rows and columns of the grid that stands for a whole image


class Cells(NamedTuple):
    """The cells of images, each with its place, -1 to 1 across the image and down."""

    features: Float[Tensor, "images cells channels"]
    regions: Regions

    @property
    def grid(self) -> Float[Tensor, "images channels rows columns"]:
        """The cells as a grid."""
        boxes = self.regions.boxes[0]
        columns = int((boxes[:, 1] == boxes[0, 1]).sum())
        images, cells, channels = self.features.shape
        return self.features.transpose(1, 2).reshape(images, channels, cells // columns, columns)


def look(vision: CellVision, batch: Batch) -> Cells:
    """Return the cells of a batch's images."""
    regions = vision(batch.seen)
    whole = regions.panels.boxes[:, :1, 2:]
    places = (regions.boxes[..., :2] + regions.boxes[..., 2:]) / whole - 1
    return Cells(torch.cat([regions.features, places.to(regions.features)], -1), regions)


class WholeImage(nn.Module):
    """An image as one vector: its grid, averaged to POOLED x POOLED, through a layer with ReLU."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Linear((channels + PLACES) * POOLED**2, hidden), nn.ReLU())

    def forward(self, cells: Cells) -> Float[Tensor, "images hidden"]:
        """Return the vector of each image."""
        pooled = nn.functional.adaptive_avg_pool2d(cells.grid, POOLED)
        vector: Tensor = self.layer(pooled.flatten(1))
        return vector


class TextReader(nn.Module):
    """A text as the last state of an LSTM over its words."""

    def __init__(self, words: int, embed: int, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, embed, padding_idx=0)
        self.lstm = nn.LSTM(embed, hidden, batch_first=True)

    def forward(self, words: Int[Tensor, "texts tokens"]) -> Float[Tensor, "texts hidden"]:
        """Return the vector of each text."""
        states, _ = self.lstm(self.embedding(words))  # what it makes of padding comes after the last word's
        last: Tensor = states[torch.arange(len(words), device=words.device), (words > 0).sum(1) - 1]
        return last


def answer_head(inputs: int, hidden: int, answers: int) -> nn.Sequential:
    """Return a classifier with one hidden layer."""
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, answers))
