"""The question without the image: what language bias gives (Goyal et al. 2017, section 3)."""

from nmn.models.encoders import TextReader, answer_head
from nmn.models.protocol import Answerer, Batch, Prediction
from nmn.vision.cells import CellVision


class QuestionOnly(Answerer):
    """``logits = MLP(q)``, q the last state of an LSTM over the question."""

    def __init__(self, vision: CellVision, reader: TextReader, hidden: int, answers: int) -> None:
        super().__init__(vision)
        self.reader, self.head = reader, answer_head(hidden, hidden, answers)

    def forward(self, batch: Batch) -> Prediction:
        """Return logits from the words alone."""
        return Prediction(self.head(self.reader(batch.words)))
