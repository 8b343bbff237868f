"""Training of a dual encoder on images of one shape and their captions, and classes asked of it by label texts.

Its images are those that a classifier of the same settings is trained on, its backbone and what is taken from the grid
are the classifier's; only what is learned from differs: captions instead of classes.
"""

import random
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmn.checkpoint import NETWORK, read_checkpoint, save_checkpoint
from nmn.config import settings_json
from nmn.errors import ConfigError
from nmn.models.dual_encoder import DualEncoder
from nmn.models.pooled_encoder import build_encoder, encoder_of
from nmn.models.protocol import Batch
from nmn.models.tokens import words_of
from nmn.training.classify import (
    ClassifySettings,
    class_names,
    drawn_images,
    labelled_images,
    network_settings,
    one_object,
    share_right,
)
from nmn.training.loop import spent
from nmn.training.run import HELD_BACK_SEED, Outcome, Watcher, card, claim, finished, is_first, silent, use_threads
from nmn.training.systems import losses_of, train_on
from synth_data.captions import captions
from synth_data.scenes import draw_scenes

CAPTIONED_AT_ONCE = 500  # scenes
LABEL = "there is exactly one {}."  # a class as a caption says it


class LabelTexts(nn.Module):
    """A dual encoder as a classifier that was never trained: the texts of the classes against an image."""

    texts: Tensor

    def __init__(self, encoder: DualEncoder, classes: tuple[str, ...]) -> None:
        super().__init__()
        self.encoder = encoder.eval()
        with torch.no_grad():
            self.register_buffer("texts", encoder.embed_texts([LABEL.format(name) for name in classes]))

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch classes"]:
        """Return the logits of each class for images in 0..1; gradients go through."""
        none = torch.zeros(0, dtype=torch.long)
        vectors = self.encoder.image_vectors(Batch(none, {"images": 255 * images}, none.unsqueeze(1), none))
        return self.encoder.scale * vectors @ self.texts.T


def captioned_images(settings: ClassifySettings, count: int, seed: int) -> tuple[Tensor, list[str], list[int]]:
    """Return the images of ``labelled_images`` [images 3 height width], captions, and the image of each caption.

    A few images have none: a caption has to be false of the image that was drawn after its own.
    """
    config, rng = one_object(settings), np.random.default_rng([seed, 9])
    scenes = draw_scenes(config, count, rng)
    images, saying = drawn_images(scenes, config, rng), replace(config, captions=1)
    texts: list[str] = []
    places: list[int] = []
    for start in range(0, count, CAPTIONED_AT_ONCE):
        part = scenes[start : start + CAPTIONED_AT_ONCE]
        for place, said in enumerate(captions(part, saying, random.Random(f"{seed} {start}")), start):
            texts += said
            places += [place] * len(said)
    return images, texts, places


def train_encoder(settings: ClassifySettings, folder: Path, watch: Watcher = silent) -> Outcome:
    """Train a dual encoder and write it to ``folder``, as ``train_classifier`` does; its accuracy is zero-shot."""
    start = time.monotonic()
    use_threads(settings)
    claim(settings, folder)
    if (done := finished(folder)) is not None:
        return done
    start -= spent(folder)
    images, texts, places = captioned_images(settings, settings.images, settings.seed)
    if len(texts) < 2:
        raise ConfigError(f"images: {settings.images} have {len(texts)} captions, too few to compare; give more")
    words = words_of(texts)
    torch.manual_seed(settings.seed)
    encoder = build_encoder(network_settings(settings), words)
    targets = torch.zeros(len(texts), dtype=torch.long)  # captions have no answer
    batch = Batch(torch.tensor(places), {"images": images}, words.encode_all(texts), targets)
    train_on(
        encoder, losses_of, batch, settings, folder,
        lambda now: watch("training", now.step, now.steps, f"loss {now.loss:.4f}, {100 * now.accuracy:.2f} % paired"),
    )  # fmt: skip
    score = label_texts(settings, encoder)
    held = labelled_images(settings, settings.held_back, settings.seed + HELD_BACK_SEED)
    with torch.inference_mode():
        outcome = Outcome(share_right(score, held), time.monotonic() - start)
    if is_first():
        about = {"settings": settings_json(settings), "words": list(words.words), "card": card(settings, outcome)}
        save_checkpoint(folder / NETWORK, encoder.state_dict(), about)
    return outcome


def label_texts(settings: ClassifySettings, encoder: DualEncoder) -> LabelTexts:
    """Return the classifier that the label texts of the settings' classes make of an encoder."""
    return LabelTexts(encoder, class_names(one_object(settings), settings.classes))


def load_encoder(folder: Path) -> DualEncoder:
    """Return the encoder of a finished run; raise CheckpointError where there is none."""
    path = folder / NETWORK
    return encoder_of(path, *read_checkpoint(path))[0]
