"""Question-guided softmax over the cells of a CNN (stacked attention networks, Yang et al. 2016, section 3.3)."""

import torch
from torch import nn

from nmn.models.encoders import PLACES, TextReader, answer_head, look
from nmn.models.protocol import Answerer, Batch, Prediction
from nmn.vision.cells import CellVision


class SoftAttention(Answerer):
    """``p = softmax(w . tanh(V c_i + Q u))``, ``u' = u + sum_i p_i c_i`` a hop; the first u is the question.

    "What color is the large shape left of the star?": the first hop may go to the star, the second to what is left of
    it.
    """

    def __init__(
        self, vision: CellVision, channels: int, reader: TextReader, hidden: int, answers: int, hops: int
    ) -> None:
        super().__init__(vision)
        self.reader = reader
        self.cells = nn.Sequential(nn.Linear(channels + PLACES, hidden), nn.ReLU())
        self.keys = nn.ModuleList([nn.Linear(hidden, hidden) for _ in range(hops)])
        self.queries = nn.ModuleList([nn.Linear(hidden, hidden, bias=False) for _ in range(hops)])
        self.scores = nn.ModuleList([nn.Linear(hidden, 1) for _ in range(hops)])
        self.head = answer_head(hidden, hidden, answers)

    def forward(self, batch: Batch) -> Prediction:
        """Return logits from what was attended, with the attention of each hop."""
        found = look(self.vision, batch)
        cells, state = self.cells(found.features), self.reader(batch.words)
        own, attended = batch.of_each(cells), []
        for key, query, score in zip(self.keys, self.queries, self.scores, strict=True):
            mixed = torch.tanh(batch.of_each(key(cells)) + query(state).unsqueeze(1))
            weights = score(mixed).squeeze(2).float().softmax(1)
            state = state + torch.bmm(weights.to(cells.dtype).unsqueeze(1), own).squeeze(1)
            attended.append(weights)
        return Prediction(self.head(state), torch.stack(attended, 1), found.regions)
