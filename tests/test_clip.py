"""Real CLIP weights through transformers: a small random model, saved in a directory as real ones are."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from nmn.cli import app
from nmn.errors import CheckpointError
from nmn.models.baselines import save_baseline
from nmn.models.clip import DENIAL, load_clip
from nmn.models.image_text import load_image_text, zero_shot
from tests.systems import save_small_clip, small

pytest.importorskip("transformers", reason="the extra vl is not installed")
IMAGES = torch.randint(0, 256, (3, 3, 20, 30), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as transformers saves CLIP, with random weights and a vocabulary of letters."""
    folder = tmp_path_factory.mktemp("clip")
    save_small_clip(folder)
    return folder


def test_clip_has_vectors_of_length_1_for_images_and_texts(saved: Path) -> None:
    clip = load_image_text(saved)
    images, texts = clip.embed_images(IMAGES), clip.embed_texts(["a red circle", "a square"])
    assert images.shape == (3, 8) and texts.shape == (2, 8)
    assert torch.allclose(images.norm(dim=1), torch.ones(3), atol=1e-5)
    assert torch.allclose(texts.norm(dim=1), torch.ones(2), atol=1e-5)
    assert clip.scale == pytest.approx(1 / 0.07, rel=0.01)
    denied = clip.embed_texts(["a red circle"], denied=True)
    assert torch.allclose(denied, clip.embed_texts([f"{DENIAL}a red circle"]))


def test_labels_are_a_classifier_without_training(saved: Path) -> None:
    clip, labels = load_clip(saved), ["a circle", "a square", "a star"]
    chances = zero_shot(clip, IMAGES, labels)
    assert chances.shape == (3, 3) and torch.allclose(chances.sum(1), torch.ones(3))
    odds = chances[:, 0].log() - chances[:, 2].log()
    images, texts = clip.embed_images(IMAGES), clip.embed_texts(labels)
    assert torch.allclose(odds, clip.scale * (images @ (texts[0] - texts[2])), atol=1e-4)


def classified(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["classify", "image", *map(str, arguments)])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result.stdout if code == 0 else result.stderr


def test_an_image_is_classified_by_label_texts(saved: Path, tmp_path: Path) -> None:
    picture, labels = tmp_path / "picture.png", ["--label", "a circle", "--label", "a square"]
    Image.fromarray(IMAGES[0].permute(1, 2, 0).numpy()).save(picture)
    found = json.loads(classified(picture, "--weights", saved, *labels, "--json"))["classes"]
    chances = zero_shot(load_clip(saved), IMAGES[:1], ["a circle", "a square"])[0]
    assert [one["chance"] for one in found] == pytest.approx(chances.sort(descending=True).values.tolist(), abs=1e-4)
    save_baseline(tmp_path / "network.safetensors", small("dual_encoder"), {})
    lines = classified(picture, "--weights", tmp_path, "--label", "is it red", "--label", "is it blue").splitlines()
    assert sorted(line.rsplit(" ", 2)[0] for line in lines) == ["is it blue", "is it red"]
    text = classified(picture, "--weights", tmp_path, "--label", "is it red", "--label", "is it zebra", code=2)
    assert 'unknown word "zebra"' in text


@pytest.mark.parametrize(
    "given", [(), ("--model", "a", "--weights", "b"), ("--weights", "b"), ("--weights", "b", "--label", "a circle"),
              ("--model", "a", "--label", "a circle", "--label", "a star")]
)  # fmt: skip
def test_it_is_one_classifier_or_the_other(given: tuple[str, ...]) -> None:
    assert "give --model RUN, or --weights with two or more --label TEXT" in classified("a.png", *given, code=2)


def test_what_is_no_pair_of_encoders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no CLIP that transformers can load"):
        load_clip(tmp_path)
    save_baseline(tmp_path / "network.safetensors", small("film"), {})
    with pytest.raises(CheckpointError, match="holds a network of the kind film"):
        load_image_text(tmp_path)
    save_baseline(tmp_path / "network.safetensors", small("dual_encoder"), {})
    assert load_image_text(tmp_path).embed_texts(["is it red"]).shape == (1, 29)
