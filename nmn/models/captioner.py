"""Captions word by word from the image as one vector (show and tell, Vinyals et al. 2015; Karpathy and Fei-Fei 2015).

A caption that is read after DENY is one that is false of the image, so the same model weighs a statement against its
contradiction: ``log p(text | image, START) - log p(text | image, DENY)``.
"""

from abc import abstractmethod

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from nmn.models.encoders import WholeImage, look
from nmn.models.protocol import Batch, Losses, System
from nmn.models.search import State, Step
from nmn.models.tokens import PAD
from nmn.vision.cells import CellVision


class Teller(System):
    """A system that says captions: what it knows of an image is a state, which each word changes."""

    @abstractmethod
    def begin(self, batch: Batch) -> State:
        """Return the state of every image of a batch, nothing said yet."""

    @abstractmethod
    def step(self, state: State, words: Int[Tensor, " sentences"]) -> Step:
        """Read a word of each sentence, and return the log-probabilities of the next."""

    @abstractmethod
    def told(self, batch: Batch) -> Float[Tensor, "examples tokens words"]:
        """Return the log-probabilities of each next word of given texts, all but the last read."""

    def forward(self, batch: Batch) -> Float[Tensor, " examples"]:
        """Return the log-probability of each text about its image."""
        return -self._each(batch)[0].sum(1)

    def fits(self, batch: Batch) -> Float[Tensor, " examples"]:
        """Return the log-probability of each text about its image."""
        return self(batch)  # type: ignore[no-any-return]

    def losses(self, batch: Batch) -> Losses:
        """Return the mean negative log-likelihood of each text's words, and the share of words foreseen."""
        each, foreseen, lengths = self._each(batch)
        return Losses(each.sum(1) / lengths, foreseen.sum(1) / lengths)

    def _each(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        likely, wanted = self.told(batch).float(), batch.words[:, 1:]
        said = wanted != PAD
        losses = nn.functional.nll_loss(likely.transpose(1, 2), wanted, reduction="none") * said
        return losses, (likely.argmax(2) == wanted) & said, said.sum(1)


class Captioner(Teller):
    """``h_t = tanh(W_xh x_t + W_hh h_{t-1} + W_ih v)``, v the image; or an LSTM over the same two."""

    def __init__(self, vision: CellVision, image: WholeImage, words: int, embed: int, hidden: int, lstm: bool) -> None:
        super().__init__(vision)
        self.image, self.embedding = image, nn.Embedding(words, embed, padding_idx=PAD)
        kind = nn.LSTM if lstm else nn.RNN
        self.rnn = kind(embed + hidden, hidden, batch_first=True)
        self.next = nn.Linear(hidden, words)

    def begin(self, batch: Batch) -> State:
        """Return each image's vector and a memory of nothing."""
        images = self.image(look(self.vision, batch))
        memory = torch.zeros_like(images)
        return (images, memory, memory) if isinstance(self.rnn, nn.LSTM) else (images, memory)

    def step(self, state: State, words: Int[Tensor, " sentences"]) -> Step:
        """Read one word of each sentence."""
        images, *memory = state
        read = torch.cat([self.embedding(words), images], 1).unsqueeze(1)
        held = tuple(part.unsqueeze(0).contiguous() for part in memory)
        found, after = self.rnn(read, held if len(held) > 1 else held[0])
        kept = after if isinstance(after, tuple) else (after,)
        return Step(self.next(found[:, 0]).log_softmax(1), (images, *(part[0] for part in kept)), None)

    def told(self, batch: Batch) -> Float[Tensor, "examples tokens words"]:
        """Return the log-probabilities of each next word of given texts."""
        read = self.embedding(batch.words[:, :-1])
        images = batch.of_each(self.image(look(self.vision, batch)))
        found, _ = self.rnn(torch.cat([read, images.unsqueeze(1).expand(-1, read.shape[1], -1)], 2))
        likely: Tensor = self.next(found).float().log_softmax(2)
        return likely
