"""A dual encoder over images of one shape: the classifier's images, true captions, and classes by label texts."""

from pathlib import Path

import pytest
import torch

from nmn.checkpoint import NETWORK
from nmn.errors import CheckpointError, ConfigError
from nmn.evaluation.attacks import fgsm
from nmn.models.pooled_encoder import build_encoder
from nmn.models.tokens import words_of
from nmn.training.captioned import (
    LABEL,
    captioned_images,
    label_texts,
    load_encoder,
    train_encoder,
)
from nmn.training.classify import class_names, labelled_images, network_settings, one_object, train_classifier
from tests.test_classify import settings

SMALL = settings("images=60", "steps=6")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny finished run."""
    folder = tmp_path_factory.mktemp("captioned")
    train_encoder(SMALL, folder)
    return folder


def test_its_images_are_the_classifiers() -> None:
    images, texts, places = captioned_images(SMALL, 60, 4)
    assert torch.equal(images, labelled_images(SMALL, 60, 4).images)
    assert len(texts) == len(places) > 40 and max(places) < 60


def test_a_caption_names_no_shape_but_its_images() -> None:
    names = class_names(one_object(SMALL), ("shape",))
    _, texts, places = captioned_images(SMALL, 60, 4)
    targets = labelled_images(SMALL, 60, 4).targets
    said = [(place, word) for text, place in zip(texts, places, strict=True) for word in text.rstrip(".").split()]
    named = [(place, word) for place, word in said if word in names]
    assert len(named) > 30
    assert all(names[int(targets[place])] == word for place, word in named)


def test_logits_are_scaled_cosines_of_label_texts(run: Path) -> None:
    encoder, images = load_encoder(run), labelled_images(SMALL, 5, 1).images
    with torch.inference_mode():
        logits = label_texts(SMALL, encoder)(images / 255)
        texts = encoder.embed_texts([LABEL.format(name) for name in class_names(one_object(SMALL), ("shape",))])
        assert torch.allclose(logits, encoder.scale * encoder.embed_images(images) @ texts.T, atol=1e-4)
    assert float(logits.abs().max()) <= encoder.scale + 1e-3


def test_gradients_go_through_to_the_image(run: Path) -> None:
    score, data = label_texts(SMALL, load_encoder(run)), labelled_images(SMALL, 5, 1)
    images = data.images / 255
    moved = fgsm(score, images, data.targets, 0.01)
    assert bool((moved != images).flatten(1).any(1).all())


def test_a_run_is_a_function_of_its_settings_and_is_not_run_again(run: Path, tmp_path: Path) -> None:
    parts: list[str] = []
    outcome = train_encoder(SMALL, run, lambda part, done, of, note="": parts.append(part))
    assert not parts and outcome == train_encoder(SMALL, run)
    assert train_encoder(SMALL, tmp_path).accuracy == outcome.accuracy
    one, other = (load_encoder(folder).state_dict() for folder in (run, tmp_path))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_it_learns_to_pair_images_with_their_captions(tmp_path: Path) -> None:
    colours = settings("classes=color", "steps=120", "images=60", "held_back=60", "rate=1e-2", "batch=30")
    outcome = train_encoder(colours, tmp_path)
    assert outcome.accuracy is not None and outcome.accuracy > 0.4  # of 13 colours, zero-shot


def test_other_runs_are_no_encoder(tmp_path: Path) -> None:
    train_classifier(settings(), tmp_path)
    with pytest.raises(CheckpointError, match="no dual encoder: its metadata lacks 'words'"):
        load_encoder(tmp_path)
    assert (tmp_path / NETWORK).exists()


def test_too_few_captions_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nmn.training.captioned.captions", lambda scenes, *_: [()] * len(scenes))
    with pytest.raises(ConfigError, match="images: 60 have 0 captions, too few to compare"):
        train_encoder(SMALL, tmp_path)


def test_a_named_stack_can_be_its_backbone() -> None:
    encoder = build_encoder(network_settings(settings("backbone=resnet18")), words_of(["a red star"] * 2))
    assert encoder.embed_images(torch.zeros(2, 3, 64, 64, dtype=torch.uint8)).shape == (2, 128)
