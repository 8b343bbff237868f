"""What an encoder knows of classes: zero-shot and by a linear layer over its features."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor
from typer.testing import CliRunner

from nmn.cli import app
from nmn.errors import ConfigError
from nmn.evaluation.probe import first_of_each, fitted, probe
from nmn.models.image_text import load_image_text
from nmn.training.captioned import train_encoder
from nmn.training.classify import Labelled
from tests.systems import save_small_clip
from tests.test_classify import TINY, settings

THREE = 'synth=["textures=solid", "colors=red,green,blue"]'


class Colours:
    """Stands in for encoders: an image's features are its least grey pixel; texts are of chance."""

    scale = 1.0

    def image_features(self, images: Tensor) -> Tensor:
        pixels = images.float().flatten(2)
        grey = (pixels.amax(1) - pixels.amin(1)).argmax(1)
        return pixels.gather(2, grey.view(-1, 1, 1).expand(-1, 3, 1)).squeeze(2)

    def embed_images(self, images: Tensor) -> Tensor:
        return torch.nn.functional.normalize(self.image_features(images), dim=1)

    def embed_texts(self, texts: Sequence[str], denied: bool = False) -> Tensor:
        return torch.eye(3)[: len(texts)]


def test_features_that_hold_the_class_are_read_by_a_linear_layer_from_few_images() -> None:
    told = settings("classes=color", THREE, "held_back=40")
    found = probe(Colours(), told, shots=(1, 4), seeds=2)
    assert found.classes == 3
    assert min(found.shots[4].values) == 100 and len(found.shots[1].values) == 2
    assert found.zero_shot.mean > 90  # the texts here are the three channels
    assert probe(Colours(), told, shots=(1, 4), seeds=2) == found
    assert found.lines()[0] == ["learned from", "right, %"] and len(found.lines()) == 4


def test_features_that_hold_nothing_are_worth_a_guess() -> None:
    told = settings("classes=color", THREE, "held_back=60")
    blind = Colours()
    blind.image_features = lambda images: torch.ones(len(images), 2)  # type: ignore[method-assign]
    blind.embed_images = lambda images: torch.ones(len(images), 3)  # type: ignore[method-assign]
    found = probe(blind, told, shots=(2,), seeds=1)
    assert found.shots[2].mean < 60 and found.zero_shot.mean < 60


def test_the_penalty_is_the_one_that_serves_images_of_choice_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a huge penalty the bias alone is left, which says the commoner class: right of all images of choice here,
    though not of those that are learned from.
    """
    learned = Labelled(torch.tensor([[-1.0], [-0.9], [0.8], [0.9], [1.0]]), torch.tensor([0, 0, 1, 1, 1]))
    turned = Labelled(-learned.images[2:], learned.targets[2:])
    monkeypatch.setattr("nmn.evaluation.probe.PENALTIES", (1e6, 1e-6))
    shares = [share(fitted(learned, choice, 2), learned) for choice in (learned, turned)]
    assert shares == pytest.approx([1, 0.6])


def share(layer: torch.nn.Linear, data: Labelled) -> float:
    return float((layer(data.images).argmax(1) == data.targets).float().mean())


def test_a_class_with_too_few_images_is_refused() -> None:
    with pytest.raises(ConfigError, match="images: of some class there are 1, fewer than the 2 to learn from"):
        first_of_each(torch.tensor([0, 0, 1]), 2, 2)


def probed(folder: Path) -> tuple[object, ...]:
    """Probe an encoder on the command line, from one image of each of three colours; return what there is of it."""
    given = ["classes=color", THREE, *TINY, "--shots", "1", "--seeds", "1", "--json"]
    result = CliRunner().invoke(app, ["classify", "probe", str(folder), *given])
    assert result.exit_code == 0, result.output + repr(result.exception)
    told = json.loads(result.stdout)
    return told["classes"], len(told["zero_shot"]), list(told["shots"])


def test_an_encoder_of_ours_is_probed(tmp_path: Path) -> None:
    train_encoder(settings("images=60", "steps=6"), tmp_path)
    features = load_image_text(tmp_path).image_features(torch.zeros(2, 3, 9, 9, dtype=torch.uint8))
    assert features.shape == (2, 128)
    assert probed(tmp_path) == (3, 1, ["1"])


def test_clip_is_probed(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="the extra vl is not installed")
    save_small_clip(tmp_path)
    assert probed(tmp_path) == (3, 1, ["1"])


def test_features_count_alike_however_large_they_are() -> None:
    told, large = settings("classes=color", THREE), Colours()
    large.image_features = lambda images: 1e4 * Colours().image_features(images)  # type: ignore[method-assign]
    assert probe(large, told, shots=(2,), seeds=1).shots == probe(Colours(), told, shots=(2,), seeds=1).shots
