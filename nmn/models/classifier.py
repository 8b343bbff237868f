"""Classification of whole images: any backbone, what its grid holds on average and at most, and a linear layer.

After transfer learning in general (Yosinski et al. 2014): a backbone is trained from scratch, or with weights that were
learned elsewhere it stays as it is below a linear layer, or goes on learning with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nmn.checkpoint import NETWORK, load_into, nothing_drawn, read_checkpoint, save_checkpoint
from nmn.config import build_settings, settings_json
from nmn.errors import CheckpointError, ConfigError
from nmn.vision.backbone import Backbone, build_backbone

BACKBONE = "model.backbone."  # of the names of a run's weights
OURS = "small"


@dataclass(frozen=True)
class ClassifierSettings:
    """What a classifier is built from, beside its classes; ``pixels``: of the side of the images that it is shown.

    ``weights``: what ``build_backbone`` takes, or the folder of another classifier's run, whose backbone is taken.
    ``widths`` and ``strides`` are those of the small backbone.
    """

    backbone: str = OURS
    layer: str = ""
    weights: str = ""
    frozen: bool = False
    widths: tuple[int, ...] = (16, 32, 64, 64)
    strides: tuple[int, ...] = (2, 2, 2, 1)
    pixels: int = 64


class ShapeClassifier(nn.Module):
    """Images in 0..1 to logits of classes; ``features`` and ``head`` are its two halves."""

    def __init__(self, backbone: Backbone, classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        width = 2 * backbone.channels
        self.head = nn.Sequential(nn.BatchNorm1d(width, affine=False), nn.Linear(width, classes))

    def features(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch features"]:
        """Return the mean and the maximum of each channel of the backbone's grid."""
        grid = self.backbone(images.contiguous(memory_format=torch.channels_last))
        return torch.cat([grid.mean((2, 3)), grid.amax((2, 3))], 1)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch classes"]:
        """Return the logits of images in 0..1."""
        logits: Tensor = self.head(self.features(images))
        return logits


@dataclass(frozen=True)
class Classifier:
    """A built classifier with the names of its classes; ``card`` says how it was trained and what it scores."""

    model: ShapeClassifier
    settings: ClassifierSettings
    classes: tuple[str, ...]
    card: Mapping[str, Any] = field(default_factory=dict)

    def chances(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch classes"]:
        """Return the chance of each class for images in 0..1."""
        with torch.inference_mode():
            logits: Tensor = self.model.eval()(images)
        return logits.softmax(1)


def build_classifier(settings: ClassifierSettings, classes: tuple[str, ...]) -> Classifier:
    """Build a classifier whose linear layer is fresh; raise ConfigError or CheckpointError for weights that do not fit.

    Weights are laid out as images are [batch height width channels], which is faster.
    """
    model = ShapeClassifier(backbone_of(settings), len(classes))
    laid_out: ShapeClassifier = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Classifier(laid_out, settings, classes)


def backbone_of(settings: ClassifierSettings) -> Backbone:
    """Return the backbone that the settings name, with its weights."""
    run = Path(settings.weights) if settings.weights and Path(settings.weights).is_dir() else None
    sizes = {"widths": settings.widths, "strides": settings.strides} if settings.backbone == OURS else {}
    weights = "" if run else settings.weights
    backbone = build_backbone(settings.backbone, layer=settings.layer, weights=weights, frozen=settings.frozen, **sizes)
    if run:
        _load_backbone(backbone, run)
    return backbone


def _load_backbone(backbone: Backbone, run: Path) -> None:
    path = run / NETWORK
    state, _ = read_checkpoint(path)
    own = {name.removeprefix(BACKBONE): part for name, part in state.items() if name.startswith(BACKBONE)}
    if not own:
        raise CheckpointError(f"{path}: not of a classifier, so there is no backbone to take; train one: nmn classify")
    load_into(backbone, own, path)


def save_classifier(path: str | Path, classifier: Classifier, card: Mapping[str, Any]) -> None:
    """Write a classifier and its card as one file, whole or not at all."""
    about = {
        "classifier": settings_json(classifier.settings), "classes": list(classifier.classes), "card": dict(card),
    }  # fmt: skip
    state = {f"model.{name}": part for name, part in classifier.model.state_dict().items()}
    save_checkpoint(path, state, about)


def load_classifier(path: str | Path) -> Classifier:
    """Build the classifier that a file, or the folder of a run, holds; raise CheckpointError where there is none."""
    path = Path(path)
    if not path.exists():
        raise CheckpointError(f"{path}: no such file or folder; nmn classify train makes a classifier")
    path = path / NETWORK if path.is_dir() else path
    state, about = read_checkpoint(path)
    try:
        settings = build_settings(ClassifierSettings, about["classifier"])
        classes = tuple(map(str, about["classes"]))
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: no classifier: its metadata lacks {error}; train one: nmn classify") from None
    except ConfigError as error:
        raise CheckpointError(f"{path}: {error}") from None
    with nothing_drawn():
        built = build_classifier(replace(settings, weights=""), classes)  # weights that were there need not be any more
    load_into(built.model, {name.removeprefix("model."): part for name, part in state.items()}, path)
    built.model.eval()
    return replace(built, settings=settings, card=about.get("card", {}))
