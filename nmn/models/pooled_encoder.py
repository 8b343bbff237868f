"""The dual encoder of images of one shape: over a classifier's backbone, and what a classifier takes of its grid."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmn.checkpoint import load_into, nothing_drawn
from nmn.config import build_settings
from nmn.errors import CheckpointError, ConfigError
from nmn.models.classifier import ClassifierSettings, backbone_of
from nmn.models.dual_encoder import DualEncoder
from nmn.models.encoders import PLACES, Cells, TextReader
from nmn.models.tokens import Words
from nmn.vision.cells import CellVision

EMBED, HIDDEN = 64, 128
TOLD = {entry.name for entry in fields(ClassifierSettings)} - {"weights", "frozen"}


class PooledImage(nn.Module):
    """An image as one vector: the mean and the maximum of each channel of its grid, as in a classifier, and a layer."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        width = 2 * (channels + PLACES)
        self.layer = nn.Sequential(nn.BatchNorm1d(width, affine=False), nn.Linear(width, hidden), nn.ReLU())

    def forward(self, cells: Cells) -> Float[Tensor, "images hidden"]:
        """Return the vector of each image."""
        vector: Tensor = self.layer(torch.cat([cells.features.mean(1), cells.features.amax(1)], 1))
        return vector


def build_encoder(settings: ClassifierSettings, words: Words) -> DualEncoder:
    """Return a dual encoder over the backbone that the settings name, with fresh weights."""
    backbone = backbone_of(settings)
    image, reader = PooledImage(backbone.channels, HIDDEN), TextReader(len(words), EMBED, HIDDEN)
    encoder = DualEncoder(CellVision(backbone), image, reader, words, HIDDEN)
    laid_out: DualEncoder = encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return laid_out


def encoder_of(
    path: str | Path, state: Mapping[str, Tensor], about: Mapping[str, Any]
) -> tuple[DualEncoder, ClassifierSettings]:
    """Return the encoder that a run's file holds, and what it was built from; raise CheckpointError where none is."""
    try:
        words = Words(tuple(map(str, about["words"])))
        given = {name: about["settings"][name] for name in TOLD}
        settings = build_settings(ClassifierSettings, given)
        with nothing_drawn():
            encoder = build_encoder(settings, words)
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: no dual encoder: its metadata lacks {error}") from None
    except ConfigError as error:
        raise CheckpointError(f"{path}: {error}") from None
    load_into(encoder, state, path)
    return encoder.eval(), settings
