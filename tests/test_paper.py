"""Plain papers that no network was trained on are exchanged; all other pictures stay as they are."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from nmn.reasoner import load
from nmn.scene import SceneGraph
from nmn.vision.paper import PAPERS, repapered
from synth_data import style
from synth_data.config import load_config
from synth_data.picture import picture, pictures
from synth_data.scenes import draw_scenes


def drawing(paper: tuple[int, int, int]) -> Tensor:
    """A red square and a blue one on a paper."""
    image = torch.tensor(paper, dtype=torch.uint8).view(3, 1, 1).expand(3, 96, 96).clone()
    image[:, 20:50, 10:40] = torch.tensor((220, 20, 30), dtype=torch.uint8).view(3, 1, 1)
    image[:, 40:70, 60:85] = torch.tensor((30, 60, 230), dtype=torch.uint8).view(3, 1, 1)
    return image


def drawn(scenes: Sequence[SceneGraph], paper: str, sigma: float) -> Tensor:
    """The pictures of scenes on a paper, with noise."""
    config = load_config("varied", backgrounds=[paper], noise_sigma=sigma)
    pixels = np.stack(list(pictures(scenes, config, np.random.default_rng(1))))
    return torch.from_numpy(pixels).permute(0, 3, 1, 2)


def test_the_known_papers_are_those_of_the_generator() -> None:
    named = load_config("varied").backgrounds
    assert set(PAPERS) == {style.PAPERS[name] for name in named if name in style.PAPERS}
    assert PAPERS[0] == style.SLATE


def test_pictures_of_training_stay_bit_for_bit() -> None:
    config, rng = load_config("varied"), np.random.default_rng(3)
    drawn = np.stack([picture(scene, config, rng) for scene in draw_scenes(config, 60, rng)])
    images = torch.from_numpy(drawn).permute(0, 3, 1, 2)
    assert repapered(images) is images


def test_a_strange_paper_is_exchanged_and_inks_stay() -> None:
    white, slate = drawing((255, 255, 255)), drawing(PAPERS[0])
    found = repapered(torch.stack([white, slate]))
    assert torch.equal(found[0], slate) and torch.equal(found[1], slate)


@pytest.mark.parametrize(("sigma", "most"), [(0.0, 0.3), (8.0, 6.0)])
def test_soft_edges_and_noise_are_exchanged_with_the_paper(sigma: float, most: float) -> None:
    inks = ["red", "green", "blue", "orange", "purple", "pink", "brown", "cyan", "magenta", "gray"]
    scenes = list(draw_scenes(load_config("varied", colors=inks), 20, np.random.default_rng(5)))
    pale, slate = (drawn(scenes, paper, sigma) for paper in ("white", "slate"))
    found = repapered(pale).float() - drawn(scenes, "slate", 0.0).float()
    assert float(found.abs().mean()) < most  # 2.8 and 53 by the distance from paper alone
    assert repapered(slate) is slate


@pytest.mark.parametrize("paper", [(255, 255, 255), (0, 0, 0), (128, 128, 128), (250, 240, 200), (59, 61, 87)])
def test_the_shipped_weights_read_a_drawing_on_any_plain_paper(paper: tuple[int, int, int]) -> None:
    image = drawing(paper)
    questions = ["how many squares are there?", "what color is the leftmost thing?", "is there a circle?"]
    answers = load(device="cpu").ask_many([image] * 3, questions)
    assert [str(answer) for answer in answers] == ["2", "red", "no"]


def test_nothing_is_found_on_a_blank_picture() -> None:
    blank = torch.full((3, 96, 96), 255, dtype=torch.uint8)
    assert str(load(device="cpu").ask(blank, "how many things are there?")) == "0"
