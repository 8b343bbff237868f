"""What can be done with any pair of encoders of images and texts, a dual encoder of ours or real CLIP weights.

Label texts become a classifier that was never trained (zero-shot, Radford et al. 2021, section 3.1).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from nmn.checkpoint import NETWORK, read_checkpoint
from nmn.errors import ArgumentError, CheckpointError, did_you_mean
from nmn.models.baselines import baseline_of
from nmn.models.clip import load_clip
from nmn.models.dual_encoder import DualEncoder
from nmn.models.pooled_encoder import encoder_of
from nmn.vision.view import brought


class ImageText(Protocol):
    """Images and texts as vectors of length 1 in one space."""

    @property
    def scale(self) -> float:
        """What cosines are multiplied with: the inverse of the temperature."""

    def image_features(self, images: UInt8[Tensor, "images 3 height width"]) -> Float[Tensor, "images hidden"]:
        """Return what is made of images of any one size before they are projected into the space."""

    def embed_images(self, images: UInt8[Tensor, "images 3 height width"]) -> Float[Tensor, "images embed"]:
        """Return the vectors of images of any one size."""

    def embed_texts(self, texts: Sequence[str], denied: bool = False) -> Float[Tensor, "texts embed"]:
        """Return the vectors of texts; of their contradictions, where they are denied."""


class Trained:
    """A dual encoder of ours: images are brought to its size, and a word that it never read is refused by name."""

    def __init__(self, encoder: DualEncoder, pixels: int) -> None:
        self.encoder, self.pixels, self.scale = encoder, pixels, encoder.scale

    def image_features(self, images: UInt8[Tensor, "images 3 height width"]) -> Float[Tensor, "images hidden"]:
        """Return what is made of images of any one size before they are projected into the space."""
        return self.encoder.image_features(self._brought(images))

    def embed_images(self, images: UInt8[Tensor, "images 3 height width"]) -> Float[Tensor, "images embed"]:
        """Return the vectors of images of any one size."""
        return self.encoder.embed_images(self._brought(images))

    def _brought(self, images: Tensor) -> UInt8[Tensor, "images 3 side side"]:
        return torch.stack([brought(image, self.pixels, False).pixels for image in images])

    def embed_texts(self, texts: Sequence[str], denied: bool = False) -> Float[Tensor, "texts embed"]:
        """Return the vectors of texts; of their contradictions, where they are denied."""
        words = self.encoder.words
        for unknown in (word for text in texts for word in words.unknown(text)):
            raise ArgumentError(f'unknown word "{unknown[:40]}"{did_you_mean(unknown, words.words)}')
        return self.encoder.embed_texts(texts, denied)


def load_image_text(source: str | Path) -> ImageText:
    """Load a pair of encoders: a dual encoder's file or run, or real CLIP weights (see ``load_clip``)."""
    path = Path(source)
    file = path / NETWORK if path.is_dir() else path
    if not file.is_file():
        return load_clip(source)
    state, about = read_checkpoint(file)
    if "network" not in about and "words" in about:
        encoder, settings = encoder_of(file, state, about)
        return Trained(encoder, settings.pixels)
    baseline = baseline_of(file, state, about)
    if not isinstance(baseline.model, DualEncoder):
        kind = baseline.settings.model
        raise CheckpointError(
            f"{source}: holds a network of the kind {kind}, which has no texts and images in one space"
        )
    return Trained(baseline.model, baseline.settings.pixels)


def zero_shot(
    encoders: ImageText, images: UInt8[Tensor, "images 3 height width"], labels: Sequence[str]
) -> Float[Tensor, "images labels"]:
    """Return the chance of each label text for each image."""
    with torch.inference_mode():
        cosines = encoders.embed_images(images) @ encoders.embed_texts(labels).T
    return (encoders.scale * cosines).softmax(1)
