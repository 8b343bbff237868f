"""Training of classifiers of generated shapes: one shape an image, in three regimes.

From scratch; frozen, where only a linear layer learns, over features that are worked out once; and fine-tuned, where
weights that were learned elsewhere go on learning. The loop, its checkpoints and its log are those of every run.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int, UInt8
from torch import Tensor, nn

from nmn.checkpoint import NETWORK
from nmn.config import build_settings, parse_overrides, read_settings
from nmn.errors import ConfigError
from nmn.models.classifier import (
    Classifier,
    ClassifierSettings,
    ShapeClassifier,
    build_classifier,
    save_classifier,
)
from nmn.scene import SceneGraph
from nmn.training.loop import fit_batches, places_of, spent
from nmn.training.run import (
    HELD_BACK_SEED,
    OF_THE_RUN,
    Outcome,
    Watcher,
    card,
    claim,
    finished,
    is_first,
    silent,
    use_threads,
)
from nmn.training.settings import LoopSettings
from synth_data.config import SynthConfig, load_config
from synth_data.picture import picture
from synth_data.scenes import draw_scenes

# regimes and the learning rates that they have where none is given
REGIMES = {"scratch": 3e-3, "linear": 1e-2, "finetune": 5e-3}
ATTRIBUTES = ("color", "shape", "size", "texture")  # that a class may be of, in the order in which they are said
SEEN_AT_ONCE = 128  # images
ONE_OBJECT = "a class is of one object an image"
ELSEWHERE = {**OF_THE_RUN, "pixels": "give pixels=", "min_objects": ONE_OBJECT, "max_objects": ONE_OBJECT}


@dataclass(frozen=True)
class ClassifySettings(LoopSettings):
    """A run is a function of these. ``classes``: attributes, such as shape, or color and shape together.

    ``synth`` are settings of the generator, ``key=value`` each, on top of ``preset`` and of one object an image.
    """

    name: str = "classifier"
    regime: str = "scratch"
    # data
    preset: str = "world"
    synth: tuple[str, ...] = ("textures=solid", "width=32", "height=32")
    classes: tuple[str, ...] = ("shape",)
    images: int = 8_000
    held_back: int = 2_000  # images of another seed, for a last look; nothing is chosen by it
    pixels: int = 64
    # network: see ClassifierSettings
    backbone: str = "small"
    layer: str = ""
    weights: str = ""
    widths: tuple[int, ...] = (16, 32, 64, 64)
    strides: tuple[int, ...] = (2, 2, 2, 1)
    # training
    steps: int = 800
    rate: float = 0.0  # 0: the regime's
    warm_up: int = 30
    cosine: bool = True
    weight_decay: float = 0.05
    clip: float = 5.0
    bf16: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_ranges(("images", 2, 10**8), ("batch", 2, 65536), ("held_back", 1, 10**6), ("pixels", 30, 512))
        if self.regime not in REGIMES:
            raise ConfigError(f"regime: expected one of {', '.join(REGIMES)}; got {self.regime!r}")
        object.__setattr__(self, "rate", self.rate or REGIMES[self.regime])
        if not self.classes or not set(self.classes) <= set(ATTRIBUTES) or len(set(self.classes)) < len(self.classes):
            raise ConfigError(f"classes: expected some of {', '.join(ATTRIBUTES)}; got {', '.join(self.classes)!r}")
        if (self.regime == "scratch") == bool(self.weights):
            lacking = "give weights=, such as package, a file, or the folder of another run"
            cure = "it has no weights; for those, give regime=linear or regime=finetune" if self.weights else lacking
            raise ConfigError(f"regime {self.regime}: {cure}")


class Labelled(NamedTuple):
    """Images as bytes, or features of theirs, with the numbers of their classes."""

    images: Tensor
    targets: Int[Tensor, " images"]

    def at(self, places: Int[Tensor, " some"] | list[int]) -> "Labelled":
        """Return the images at some places."""
        return Labelled(self.images[places], self.targets[places])

    def to(self, device: torch.device) -> "Labelled":
        """Return both on a device."""
        return Labelled(self.images.to(device, non_blocking=True), self.targets.to(device, non_blocking=True))


class Judged(nn.Module):
    """A classifier, or its linear layer alone over features, with its loss."""

    def __init__(self, model: ShapeClassifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: Labelled) -> tuple[Tensor, Tensor]:
        """Return the mean cross-entropy of a batch and the share of right classes."""
        is_images = batch.images.dtype == torch.uint8
        logits = self.model(batch.images.float() / 255) if is_images else self.model.head(batch.images)
        loss = nn.functional.cross_entropy(logits.float(), batch.targets)
        return loss, (logits.argmax(1) == batch.targets).float().mean()


def load_classify_settings(source: str | Path | None, overrides: Sequence[str] = ()) -> ClassifySettings:
    """Return the settings of a TOML file, if one is given, with changes, ``key=value`` each."""
    given = read_settings(source, ClassifySettings) if source is not None else {}
    return build_settings(ClassifySettings, given, parse_overrides(overrides))


def one_object(settings: ClassifySettings) -> SynthConfig:
    """Return the generator's configuration for a run: one object an image."""
    changes = parse_overrides(settings.synth, ELSEWHERE)
    config = load_config(settings.preset, **changes, pixels=settings.pixels, min_objects=1, max_objects=1, size=1)
    if config.panels > 1 or config.style != "world":
        raise ConfigError(f'preset: "{settings.preset}" has panels or a size of its own; give one that is drawn freely')
    return config


def class_names(config: SynthConfig, attributes: Sequence[str]) -> tuple[str, ...]:
    """Return the classes that a configuration has, such as "red circle", in the order of its lexicon.

    >>> class_names(load_config("world", shapes="circle,star", colors="red"), ("color", "shape"))
    ('red circle', 'red star')
    """
    names: list[str] = [""]
    for attribute in sorted(attributes, key=ATTRIBUTES.index):
        names = [f"{name} {value}".strip() for name in names for value in config.values(attribute)]
    return tuple(names)


def labels_of(scenes: Sequence[SceneGraph], attributes: Sequence[str], classes: Sequence[str]) -> Tensor:
    """Return the class of each scene of one object [scenes]."""
    places = {name: place for place, name in enumerate(classes)}
    ordered = sorted(attributes, key=ATTRIBUTES.index)
    named = (" ".join(scene.objects[0].attributes[name] for name in ordered) for scene in scenes)
    return torch.tensor([places[name] for name in named])


def drawn_images(
    scenes: Sequence[SceneGraph], config: SynthConfig, rng: np.random.Generator
) -> UInt8[Tensor, "scenes 3 height width"]:
    """Return the pictures of scenes as their configuration draws them."""
    pictures = np.stack([picture(scene, config, rng) for scene in scenes])
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))


def labelled_images(settings: ClassifySettings, count: int, seed: int) -> Labelled:
    """Return images of one object with their classes; a function of the settings and the seed."""
    config, rng = one_object(settings), np.random.default_rng([seed, 9])
    scenes = draw_scenes(config, count, rng)
    names = class_names(config, settings.classes)
    return Labelled(drawn_images(scenes, config, rng), labels_of(scenes, settings.classes, names))


def train_classifier(settings: ClassifySettings, folder: Path, watch: Watcher = silent) -> Outcome:
    """Train a classifier and write it to ``folder``; an interrupted run goes on, a finished one is told again.

    Raises ConfigError where the folder holds a run of other settings.
    """
    start = time.monotonic()
    use_threads(settings)
    claim(settings, folder)
    if (done := finished(folder)) is not None:
        return done
    start -= spent(folder)
    classifier = fresh_classifier(settings)
    data = labelled_images(settings, settings.images, settings.seed)
    if settings.regime == "linear":
        features = features_of(classifier.model, data.images, lambda done: watch("features", done, settings.images))
        data = Labelled(features, data.targets)

    def batch(step: int, rank: int, processes: int) -> Labelled:
        places = places_of(len(data.targets), settings, step, rank, processes)
        return data.at(places)

    fit_batches(
        classifier.model, Judged(classifier.model), batch, settings, folder,
        lambda now: watch("training", now.step, now.steps, f"loss {now.loss:.4f}, {100 * now.accuracy:.2f} % right"),
    )  # fmt: skip
    held = labelled_images(settings, settings.held_back, settings.seed + HELD_BACK_SEED)
    outcome = Outcome(share_right(classifier.chances, held), time.monotonic() - start)
    if is_first():
        save_classifier(folder / NETWORK, classifier, card(settings, outcome))
    return outcome


def fresh_classifier(settings: ClassifySettings) -> Classifier:
    """Return the classifier that a run starts with; a function of the settings."""
    names = class_names(one_object(settings), settings.classes)
    if len(names) < 2:
        raise ConfigError(f"classes: there is one alone, {names[0]}; give {', '.join(settings.classes)} more values")
    torch.manual_seed(settings.seed)
    return build_classifier(network_settings(settings), names)


def network_settings(settings: ClassifySettings) -> ClassifierSettings:
    """Return what the network of a run is built from."""
    shared = {entry.name: getattr(settings, entry.name) for entry in fields(ClassifierSettings) if entry.name in TOLD}
    return ClassifierSettings(**shared, frozen=settings.regime == "linear")


TOLD = {entry.name for entry in fields(ClassifySettings)}


def features_of(
    model: ShapeClassifier,
    images: UInt8[Tensor, "images 3 height width"],
    watch: Callable[[int], None] = lambda done: None,
) -> Tensor:
    """Return the features of images, without gradients [images features]; ``watch`` is told how many are done."""
    found, done = [], 0
    model.eval()
    for part in torch.split(images, SEEN_AT_ONCE):
        with torch.inference_mode():
            found.append(model.features(part.float() / 255))
        done += len(part)
        watch(done)
    return torch.cat(found).clone()


def share_right(chances: Callable[[Tensor], Tensor], data: Labelled) -> float:
    """Return the share of images whose most probable class is theirs; ``chances`` takes images in 0..1."""
    right = 0
    for images, targets in zip(
        torch.split(data.images, SEEN_AT_ONCE), torch.split(data.targets, SEEN_AT_ONCE), strict=True
    ):
        right += int((chances(images.float() / 255).argmax(1) == targets).sum())
    return right / len(data.targets)
