"""What is asked of images, whatever answers: a network on a device, one question at a time or many."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nmn.answer import Answer
from nmn.reasoner.placing import device_of, keep_features

if TYPE_CHECKING:
    from nmn.models.baselines import Baseline
    from nmn.models.build import Network
    from nmn.vision.image import ImageSource


class AsksImages(ABC):
    """A trained network that answers questions about images.

    ``device``: "auto" (a GPU where there is one), "cpu", "cuda", ... ``cache``: a folder where the features that a
    frozen backbone makes of images are kept.
    """

    network: "Network | Baseline"

    def __init__(self, network: "Network | Baseline", device: str = "auto", cache: str | Path | None = None) -> None:
        self.network, self.device = network, device_of(device)
        network.model.to(self.device).eval()
        if cache is not None:
            keep_features(network.model, cache)

    def ask(self, image: "ImageSource", question: str, *, grammar: str | None = None, repair: bool = False) -> Answer:
        """Answer a question about an image: a path, bytes, a Pillow image, an array or a tensor (see ``load_image``).

        Raises QuestionError, ImageError, and ArgumentError for a word that the network has not learned.
        """
        return self.ask_many([image], [question], grammar=grammar, repair=repair)[0]

    @abstractmethod
    def ask_many(
        self,
        images: Sequence["ImageSource"],
        questions: Sequence[str],
        *,
        grammar: str | None = None,
        repair: bool = False,
    ) -> list[Answer]:
        """Answer ``questions[i]`` about ``images[i]``."""
