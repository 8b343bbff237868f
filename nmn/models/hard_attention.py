"""One sampled cell (the stochastic hard attention of Xu et al. 2015, section 4.1), learned by REINFORCE.

What the answer's likelihood asks of the choice of a cell has no gradient through the choice; it is estimated as
``(R - b) grad log p(cell)`` (Williams 1992) with the reward R, the log-likelihood of the answer from the cell that was
drawn, and a baseline b that is learned from the question and the image as a whole and takes the estimate's variance
down, not its mean.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmn.models.encoders import PLACES, TextReader, WholeImage, answer_head, look
from nmn.models.protocol import Answerer, Batch, Losses, Prediction, answer_losses
from nmn.vision.cells import CellVision

ENTROPY = 0.01  # weight of the policy's entropy, so that it does not settle before it has looked around


def reinforce(
    log_policy: Float[Tensor, "examples choices"],
    drawn: Int[Tensor, " examples"],
    rewards: Float[Tensor, " examples"],
    baselines: Float[Tensor, " examples"],
) -> Float[Tensor, " examples"]:
    """Return losses whose mean gradient, over draws from the policy, is that of minus the expected reward."""
    chosen = log_policy.gather(1, drawn.unsqueeze(1)).squeeze(1)
    return -(rewards - baselines).detach() * chosen


class HardAttention(Answerer):
    """``cell ~ softmax(w . tanh(V c_i + Q q))``, ``logits = MLP([c_cell; q])``; asked, the likeliest cell is taken."""

    def __init__(
        self, vision: CellVision, channels: int, image: WholeImage, reader: TextReader, hidden: int, answers: int
    ) -> None:
        super().__init__(vision)
        self.reader, self.image = reader, image
        self.cells = nn.Sequential(nn.Linear(channels + PLACES, hidden), nn.ReLU())
        self.keys, self.query = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden, bias=False)
        self.score = nn.Linear(hidden, 1)
        self.head = answer_head(2 * hidden, hidden, answers)
        self.baseline = answer_head(2 * hidden, hidden, 1)

    def forward(self, batch: Batch) -> Prediction:
        """Return logits from the likeliest cell, with the policy as attention."""
        found = look(self.vision, batch)
        cells, question = self.cells(found.features), self.reader(batch.words)
        log_policy = self._log_policy(cells, question, batch)
        logits = self._logits(cells, question, batch, log_policy.argmax(1))
        return Prediction(logits, log_policy.exp().unsqueeze(1), found.regions)

    def losses(self, batch: Batch) -> Losses:
        """Return losses of a cell drawn for each example: of its answer, of the choice and of the baseline."""
        found = look(self.vision, batch)
        cells, question = self.cells(found.features), self.reader(batch.words)
        log_policy = self._log_policy(cells, question, batch)
        drawn = torch.multinomial(log_policy.detach().exp(), 1).squeeze(1)
        answered = answer_losses(self._logits(cells, question, batch, drawn), batch.targets)
        whole = torch.cat([batch.of_each(self.image(found)), question.detach()], 1)
        baselines, rewards = self.baseline(whole).float().squeeze(1), -answered.loss.detach()
        choice = reinforce(log_policy, drawn, rewards, baselines)
        entropy = -(log_policy.exp() * log_policy).sum(1)
        off = (baselines - rewards).square()
        return Losses(answered.loss + choice + off - ENTROPY * entropy, answered.right)

    def _log_policy(self, cells: Tensor, question: Tensor, batch: Batch) -> Tensor:
        mixed = torch.tanh(batch.of_each(self.keys(cells)) + self.query(question).unsqueeze(1))
        scores: Tensor = self.score(mixed).squeeze(2).float()
        return scores.log_softmax(1)

    def _logits(self, cells: Tensor, question: Tensor, batch: Batch, chosen: Tensor) -> Tensor:
        seen = cells[batch.images, chosen]
        logits: Tensor = self.head(torch.cat([seen, question], 1))
        return logits
