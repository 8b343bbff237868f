"""The most frequent answer, whatever is asked and shown: what the answers' distribution alone gives."""

import torch
from torch import nn

from nmn.models.protocol import Answerer, Batch, Prediction
from nmn.vision.cells import CellVision


class Majority(Answerer):
    """``logits = b``."""

    def __init__(self, vision: CellVision, answers: int) -> None:
        super().__init__(vision)
        self.bias = nn.Parameter(torch.zeros(answers))

    def forward(self, batch: Batch) -> Prediction:
        """Return the same logits for every example."""
        return Prediction(self.bias.expand(len(batch.words), -1))
