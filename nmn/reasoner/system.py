"""Ask questions of images with a system without modules."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from nmn.answer import Answer, attended_answer
from nmn.errors import ArgumentError, ConfigError, did_you_mean
from nmn.reasoner.asking import AsksImages
from nmn.reasoner.batches import by_size, check_paired
from nmn.reasoner.named import named

if TYPE_CHECKING:
    from nmn.models.baselines import Baseline
    from nmn.models.protocol import Prediction
    from nmn.vision.image import ImageSource
    from nmn.vision.view import View


class Guessed(NamedTuple):
    """A batch that a system answered: for each of its examples, the number of the question, and its image's view."""

    prediction: "Prediction"
    asked: list[int]
    views: "list[View]"


class SystemReasoner(AsksImages):
    """A trained system without modules that answers questions about images; what it attended is its trace.

    It reads words, not grammar: any question of words that it has learned gets one of the answers that it knows.
    """

    network: "Baseline"

    def __init__(self, network: "Baseline", device: str = "auto", cache: str | Path | None = None) -> None:
        if not network.answers:
            raise ConfigError(f"{network.settings.model}: learns from captions and answers no questions")
        super().__init__(network, device, cache)

    def ask_many(
        self,
        images: Sequence["ImageSource"],
        questions: Sequence[str],
        *,
        grammar: str | None = None,
        repair: bool = False,
    ) -> list[Answer]:
        """Answer ``questions[i]`` about ``images[i]``; words are not repaired, and there is no grammar to choose."""
        if grammar not in (None, self.network.settings.grammar):
            raise ConfigError(f"{self.network.settings.model}: was trained on {self.network.settings.grammar}")
        check_paired(images, questions)
        known = self.network.words.words
        for question in questions:
            if unknown := self.network.words.unknown(question):
                raise ArgumentError(f'unknown word "{unknown[0]}"{did_you_mean(unknown[0], known)}')
        answered: dict[int, Answer] = {}
        for guessed in self.guesses(images, questions):
            for row, (at, view) in enumerate(zip(guessed.asked, guessed.views, strict=True)):
                answered[at] = attended_answer(guessed.prediction, row, self.network.answers, view, questions[at])
        return [answered[at] for at in range(len(images))]

    def texts(self, images: Sequence["ImageSource"], questions: Sequence[str]) -> list[str]:
        """Return the answers in words alone; words that were not learned are read as unknown ones."""
        said: dict[int, str] = {}
        for guessed in self.guesses(images, questions):
            best = guessed.prediction.logits.argmax(1).tolist()
            said.update((at, self.network.answers[number]) for at, number in zip(guessed.asked, best, strict=True))
        return [said[at] for at in range(len(images))]

    def guesses(self, images: Sequence["ImageSource"], questions: Sequence[str]) -> Iterator[Guessed]:
        """Answer ``questions[i]`` about ``images[i]``, in batches of one size of image; equal images are read once."""
        from nmn.models.protocol import Answerer, Batch
        from nmn.vision.view import View

        check_paired(images, questions)
        images = list(images)
        model, words = self.network.model, self.network.words
        assert isinstance(model, Answerer)
        for fitted in by_size(images, self.network.settings.pixels, square=False):
            asked = words.encode_all([questions[at] for at in fitted.asked]).to(self.device)
            with torch.inference_mode(), named(images[fitted.asked[0]]):
                seen = model.prepare(fitted.pixels.to(self.device))
                none = torch.full((len(asked),), -1, device=self.device)
                prediction = model(Batch(torch.tensor(fitted.rows), seen, asked, none))
            regions, views = prediction.regions, []
            for row, image in enumerate(fitted.images):
                boxes = torch.zeros(0, 4) if regions is None else regions.boxes[row].cpu()
                views.append(View(image.picture, image.fitted.on_original(boxes), None))
            yield Guessed(prediction, fitted.asked, [views[row] for row in fitted.rows])
