"""Captions of images by a trained captioner, with what it attended for each word."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from nmn.checkpoint import weights_file
from nmn.errors import CheckpointError, ConfigError
from nmn.models.baselines import Baseline, load_system
from nmn.models.build import Network
from nmn.models.captioner import Teller
from nmn.models.encoders import look
from nmn.models.protocol import Batch
from nmn.models.search import Said, beam, greedy, sampled
from nmn.vision.image import load_image
from nmn.vision.view import View, brought, view_of

if TYPE_CHECKING:
    from nmn.vision.image import ImageSource

WAYS = ("greedy", "beam", "sampled")
SAYS_NONE = "says no captions; train captioner or attention_captioner"


@dataclass(frozen=True)
class Caption:
    """A caption: its text, its log-probability, and for each word where a captioner with attention looked.

    ``attention`` are weights over the regions of ``view``; it is empty for a captioner without attention.
    """

    text: str
    log_probability: float
    attention: tuple[tuple[float, ...], ...]
    view: View

    def to_json(self) -> dict[str, Any]:
        """Return the caption as plain JSON data."""
        boxes = [[round(side, 2) for side in box] for box in self.view.boxes.tolist()]
        attended = {"regions": boxes, "attention": [list(word) for word in self.attention]} if self.attention else {}
        return {"caption": self.text, "log_probability": self.log_probability, **attended}


def say(baseline: Baseline, batch: Batch, way: str = "greedy", width: int = 3, seed: int = 0) -> list[Said]:
    """Return a caption of every image of a batch: greedy, by a beam of a width, or drawn with a seed.

    Raises ConfigError for another way, and for a system that says no captions.
    """
    model = baseline.model
    if not isinstance(model, Teller):
        raise ConfigError(f"{baseline.settings.model} {SAYS_NONE}")
    if way not in WAYS:
        raise ConfigError(f"a caption is said in one of the ways {', '.join(WAYS)}; got {way!r}")
    with torch.inference_mode():
        state = model.begin(batch)
        if way == "greedy":
            return greedy(model, state)
        if way == "sampled":
            return sampled(model, state, torch.Generator().manual_seed(seed))
        return [beam(model, tuple(part[row : row + 1] for part in state), width) for row in range(len(state[0]))]


class Captions:
    """A trained captioner: a file or the folder of a run. Raises CheckpointError."""

    def __init__(self, model: str | Path) -> None:
        loaded = load_system(weights_file(model))
        if isinstance(loaded, Network):
            raise CheckpointError(f"{model}: a module network {SAYS_NONE}")
        self.baseline = loaded

    def caption(self, image: "ImageSource", way: str = "greedy", width: int = 3, seed: int = 0) -> Caption:
        """Return a caption of an image (see ``load_image``), found in one of WAYS."""
        return self.captions([image], way, width, seed)[0]

    def captions(
        self, images: Sequence["ImageSource"], way: str = "greedy", width: int = 3, seed: int = 0
    ) -> list[Caption]:
        """Return a caption of each image."""
        return [self._caption(image, way, width, seed) for image in images]

    def _caption(self, source: "ImageSource", way: str, width: int, seed: int) -> Caption:
        picture, model = load_image(source), self.baseline.model
        fitted = brought(picture, self.baseline.settings.pixels, False)
        none = torch.zeros(0, dtype=torch.long)
        with torch.inference_mode():
            seen = model.prepare(fitted.pixels.unsqueeze(0))
            batch = Batch(none, seen, none.unsqueeze(1), none)
            (said,) = say(self.baseline, batch, way, width, seed)
            view = view_of(picture, fitted, seen, look(model.vision, batch).regions, 0)
        return Caption(self.baseline.words.decode(said.words), said.log_probability, said.attention, view)
