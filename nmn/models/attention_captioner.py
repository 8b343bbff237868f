"""Captions with attention over the cells, anew for each word (show, attend and tell, Xu et al. 2015, section 3.1)."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmn.models.captioner import Teller
from nmn.models.encoders import PLACES, WholeImage, look
from nmn.models.protocol import Batch
from nmn.models.search import State, Step
from nmn.models.tokens import PAD
from nmn.vision.cells import CellVision


class AttentionCaptioner(Teller):
    """``a_t = softmax(w . tanh(V c_i + H h_{t-1}))``, ``h_t = LSTM([x_t; sum_i a_ti c_i], h_{t-1})``.

    The first h is of the image as a whole. "a red circle is above a square": a_t moves from the one to the other.
    """

    def __init__(
        self, vision: CellVision, channels: int, image: WholeImage, words: int, embed: int, hidden: int
    ) -> None:
        super().__init__(vision)
        self.image, self.embedding = image, nn.Embedding(words, embed, padding_idx=PAD)
        self.cells = nn.Sequential(nn.Linear(channels + PLACES, hidden), nn.ReLU())
        self.keys, self.query = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden, bias=False)
        self.score, self.first = nn.Linear(hidden, 1), nn.Linear(hidden, 2 * hidden)
        self.lstm = nn.LSTMCell(embed + hidden, hidden)
        self.next = nn.Linear(2 * hidden, words)

    def begin(self, batch: Batch) -> State:
        """Return each image's cells, their keys, and the memory that it starts with."""
        found = look(self.vision, batch)
        cells = self.cells(found.features)
        memory, kept = torch.tanh(self.first(self.image(found))).chunk(2, 1)
        return cells, self.keys(cells), memory, kept

    def step(self, state: State, words: Int[Tensor, " sentences"]) -> Step:
        """Look, then read one word of each sentence."""
        cells, keys, memory, kept = state
        mixed = torch.tanh(keys + self.query(memory).unsqueeze(1))
        weights = self.score(mixed).squeeze(2).float().softmax(1)
        seen = torch.bmm(weights.to(cells.dtype).unsqueeze(1), cells).squeeze(1)
        memory, kept = self.lstm(torch.cat([self.embedding(words), seen], 1), (memory, kept))
        likely = self.next(torch.cat([memory, seen], 1)).float().log_softmax(1)
        return Step(likely, (cells, keys, memory, kept), weights)

    def told(self, batch: Batch) -> Float[Tensor, "examples tokens words"]:
        """Return the log-probabilities of each next word of given texts."""
        state: State = tuple(batch.of_each(part) for part in self.begin(batch))
        likely = []
        for place in range(batch.words.shape[1] - 1):
            step = self.step(state, batch.words[:, place])
            state = step.state
            likely.append(step.words)
        return torch.stack(likely, 1)
