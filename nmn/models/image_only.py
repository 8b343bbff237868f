"""The image without the question: what the images' bias gives."""

from nmn.models.encoders import WholeImage, answer_head, look
from nmn.models.protocol import Answerer, Batch, Prediction
from nmn.vision.cells import CellVision


class ImageOnly(Answerer):
    """``logits = MLP(i)``, i one vector for the whole image."""

    def __init__(self, vision: CellVision, image: WholeImage, hidden: int, answers: int) -> None:
        super().__init__(vision)
        self.image, self.head = image, answer_head(hidden, hidden, answers)

    def forward(self, batch: Batch) -> Prediction:
        """Return logits from the images alone."""
        logits = self.head(self.image(look(self.vision, batch)))
        return Prediction(batch.of_each(logits))
