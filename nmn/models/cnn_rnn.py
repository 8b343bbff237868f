"""CNN and RNN joined at the end (Zhou et al. 2015; Antol et al. 2015, section 4.2): the simple baseline."""

import torch
from torch import nn

from nmn.models.encoders import TextReader, WholeImage, answer_head, look
from nmn.models.protocol import Answerer, Batch, Prediction
from nmn.vision.cells import CellVision


class CnnRnn(Answerer):
    """``logits = W [i; q] + b``, i the image and q the question as one vector each.

    This adds what speaks for an answer in the image to what speaks for it in the question and cannot relate the two;
    ``deep`` puts a hidden layer between, which can.
    """

    def __init__(
        self, vision: CellVision, image: WholeImage, reader: TextReader, hidden: int, answers: int, deep: bool
    ) -> None:
        super().__init__(vision)
        self.image, self.reader = image, reader
        self.head = answer_head(2 * hidden, hidden, answers) if deep else nn.Linear(2 * hidden, answers)

    def forward(self, batch: Batch) -> Prediction:
        """Return logits from the two vectors."""
        images = batch.of_each(self.image(look(self.vision, batch)))
        return Prediction(self.head(torch.cat([images, self.reader(batch.words)], 1)))
