"""Real CLIP weights through transformers: a small random model, saved in a directory as real ones are."""

from pathlib import Path

import pytest
import torch

from nmn.errors import CheckpointError
from nmn.models.baselines import save_baseline
from nmn.models.clip import DENIAL, load_clip, load_image_text
from nmn.models.dual_encoder import zero_shot
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
    chances = zero_shot(load_clip(saved), IMAGES, ["a circle", "a square", "a star"])
    assert chances.shape == (3, 3) and torch.allclose(chances.sum(1), torch.ones(3))


def test_what_is_no_pair_of_encoders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no CLIP that transformers can load"):
        load_clip(tmp_path)
    save_baseline(tmp_path / "network.safetensors", small("film"), {})
    with pytest.raises(CheckpointError, match="holds a Film"):
        load_image_text(tmp_path)
    save_baseline(tmp_path / "network.safetensors", small("dual_encoder"), {})
    assert load_image_text(tmp_path).embed_texts(["is it red"]).shape == (1, 29)
