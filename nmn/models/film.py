"""FiLM (Perez et al. 2018): the question scales and shifts the channels of residual blocks over the cells.

A strong general model without modules, so that the module network is not compared with weak ones only.
"""

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmn.models.encoders import PLACES, TextReader, answer_head, look
from nmn.models.protocol import Answerer, Batch, Prediction
from nmn.vision.cells import CellVision


class FilmBlock(nn.Module):
    """``x' = relu(W x)``, ``x'' = x' + relu((1 + gamma) norm(conv(x')) + beta)`` (figure 3 of the paper)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(channels + PLACES, channels, 1)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels, affine=False)

    def forward(
        self,
        grid: Float[Tensor, "examples channels rows columns"],
        places: Float[Tensor, "examples 2 rows columns"],
        gamma: Float[Tensor, "examples channels"],
        beta: Float[Tensor, "examples channels"],
    ) -> Float[Tensor, "examples channels rows columns"]:
        """Return the block's grid."""
        mixed = torch.relu(self.mix(torch.cat([grid, places], 1)))
        changed = (1 + gamma)[..., None, None] * self.norm(self.conv(mixed)) + beta[..., None, None]
        return mixed + torch.relu(changed)


class Film(Answerer):
    """Blocks whose gammas and betas are linear in the question; the greatest of each channel over the cells answers.

    The cells and the last layer before that are normalised too, as in the authors' code.
    """

    def __init__(
        self, vision: CellVision, channels: int, reader: TextReader, hidden: int, answers: int, blocks: int
    ) -> None:
        super().__init__(vision)
        self.reader, self.stem = reader, nn.BatchNorm2d(channels)
        self.blocks = nn.ModuleList([FilmBlock(channels) for _ in range(blocks)])
        self.film = nn.Linear(hidden, 2 * channels * blocks)
        self.last = nn.Sequential(
            nn.Conv2d(channels + PLACES, 2 * hidden, 1, bias=False), nn.BatchNorm2d(2 * hidden), nn.ReLU()
        )
        self.head = answer_head(2 * hidden, hidden, answers)

    def forward(self, batch: Batch) -> Prediction:
        """Return logits from the grid as the question changed it."""
        whole = batch.of_each(look(self.vision, batch).grid).contiguous(memory_format=torch.channels_last)
        grid, places = self.stem(whole[:, :-PLACES]), whole[:, -PLACES:]
        changes = self.film(self.reader(batch.words)).unflatten(1, (len(self.blocks), 2, -1))
        for number, block in enumerate(self.blocks):
            gamma, beta = changes[:, number].unbind(1)
            grid = cast(FilmBlock, block)(grid, places, gamma, beta)
        pooled = self.last(torch.cat([grid, places], 1)).amax((2, 3))
        return Prediction(self.head(pooled))
