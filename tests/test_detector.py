"""Detectors: what they say of maps made by hand, NLVR's boxes read once each, files that hold none."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from nmn.checkpoint import save_checkpoint
from nmn.errors import CheckpointError, SceneError
from nmn.reasoner import nlvr_reader
from nmn.scene import SceneGraph
from nmn.training.naming import Naming, gold_panels
from nmn.vision.components import read_components
from nmn.vision.detector import Detector, Named, around, naming_loss
from nmn.vision.nlvr_format import nlvr_image, nlvr_object
from nmn.vision.nlvr_reader import NlvrReader, load_detector, save_detector, steadied
from nmn.vision.proposals import Maps, proposal_loss, targets
from synth_data.config import load_config
from synth_data.house_styles import render_nlvr

ATTRIBUTES = {"shape": ("square", "circle"), "color": ("yellow", "black", "blue"), "size": ("small", "medium", "large")}


class Told(Detector):
    """A detector that says the same of every box, whichever way it is turned, and counts the boxes."""

    def __init__(self, boxes: list[list[float]], values: list[list[int]]) -> None:
        super().__init__(ATTRIBUTES, channels=4)
        self.told, self.seen = (torch.tensor(boxes), torch.tensor(values)), 0

    def detect(self, images: Tensor) -> Named:
        self.seen += len(images)
        boxes, values = (part.expand(len(images), *part.shape) for part in self.told)
        return Named(boxes, torch.ones(boxes.shape[:2], dtype=torch.bool), values)


def image(*objects: tuple[int, str, str, int, int, int]) -> SceneGraph:
    return nlvr_image([nlvr_object(*one) for one in objects])


def test_objects_lie_at_the_nearest_whole_pixels_in_their_box() -> None:
    told = Told([[39.6, 60.3, 60.2, 79.9], [89.8, -0.4, 100.3, 9.7]], [[0, 1, 1], [1, 2, 0]])
    found = NlvrReader(told)(render_nlvr(image())[None])[0]
    expected = [(panel, *thing) for panel in range(3) for thing in (
        ("square", "black", 20, 40, 60), ("circle", "blue", 10, 90, 0),
    )]  # fmt: skip
    assert found == image(*expected)


def test_equal_boxes_are_read_once() -> None:
    told = Told([[40.0, 60, 60, 80]], [[0, 1, 1]])
    reader = NlvrReader(told)
    one = render_nlvr(image((0, "square", "black", 20, 40, 80)))
    other = render_nlvr(image((2, "square", "black", 20, 40, 80)))
    reader(np.stack([one, other]))
    reader(one[None])
    assert told.seen == 2 * 2  # the box with a block, and the empty one; each is looked at in a mirror too


def test_a_box_and_its_mirror_image_are_averaged() -> None:
    values, mask = torch.zeros(1, 2, 3, dtype=torch.long), torch.tensor([[True, True]])
    found = Named(torch.tensor([[[10.0, 20, 20, 30], [60, 60, 80, 80]]]), mask, values)
    mirror = Named(torch.tensor([[[20.0, 60, 40, 82], [79.0, 20, 89, 30]]]), mask, values)
    boxes = steadied(found, mirror).boxes[0].tolist()
    assert boxes == [[10.5, 20, 20.5, 30], [60, 60, 80, 81]]


def test_an_image_of_another_size_is_refused() -> None:
    with pytest.raises(SceneError, match="an image of NLVR has 400 x 100 pixels"):
        NlvrReader(Told([[0.0, 0, 10, 10]], [[0, 0, 0]]))(np.zeros((1, 100, 300, 3), np.uint8))


def test_a_detector_comes_back_from_its_file(tmp_path: Path) -> None:
    made = Detector(ATTRIBUTES, channels=4).eval()
    save_detector(tmp_path / "a.safetensors", made, {"date": "today"})
    loaded = load_detector(tmp_path / "a.safetensors")
    images = torch.rand(2, 3, 100, 100)
    assert loaded.attributes == ATTRIBUTES
    assert all(torch.equal(one, other) for one, other in zip(made.detect(images), loaded.detect(images), strict=True))


def test_another_checkpoint_is_no_detector(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "a.safetensors", {"x": torch.zeros(1)}, {})
    with pytest.raises(CheckpointError, match="no detector"):
        load_detector(tmp_path / "a.safetensors")


def test_around_takes_the_median_of_a_cell_and_its_neighbours() -> None:
    boxes = torch.zeros(1, 3, 3, 4)
    boxes[0, 1, 1], boxes[0, 0, 1], boxes[0, 1, 0] = 9.0, 1.0, 2.0
    assert around(boxes)[0, 1, 1].tolist() == [1.0] * 4  # of 0, 0, 1, 2, 9


def test_the_loss_is_least_where_names_are_right() -> None:
    boxes, mask = torch.tensor([[[4.0, 4, 12, 12]]]), torch.tensor([[True]])
    owner = torch.zeros(1, 8, 8, dtype=torch.uint8)
    owner[0, 2:6, 2:6] = 1
    wanted = targets(boxes, mask, owner)
    maps = Maps(torch.zeros(1, 4, 4), torch.zeros(1, 4, 4, 4), torch.zeros(1, 8, 8), torch.zeros(1, 4, 8, 8))
    values = torch.tensor([1, 0]).expand(1, 4, 4, 2)
    right, wrong = torch.full((1, 5, 4, 4), -5.0), torch.full((1, 5, 4, 4), -5.0)
    right[:, 1], right[:, 2] = 5.0, 5.0
    wrong[:, 0], wrong[:, 2] = 5.0, 5.0
    losses = [float(naming_loss(maps, logits, wanted, values, (2, 3))) for logits in (right, wrong)]
    assert losses[1] - losses[0] == pytest.approx(10, abs=0.01)


def test_boxes_count_four_times_as_much_as_in_proposals() -> None:
    boxes, mask = torch.tensor([[[4.0, 4, 12, 12]]]), torch.tensor([[True]])
    wanted = targets(boxes, mask, torch.zeros(1, 8, 8, dtype=torch.uint8))
    values, logits = torch.zeros(1, 4, 4, 2, dtype=torch.long), torch.zeros(1, 5, 4, 4)
    maps = Maps(torch.zeros(1, 4, 4), torch.zeros(1, 4, 4, 4), torch.zeros(1, 8, 8), torch.zeros(1, 4, 8, 8))
    other = maps._replace(boxes=maps.boxes + 3.0)
    grown = float(proposal_loss(other, wanted) - proposal_loss(maps, wanted))
    named = [naming_loss(one, logits, wanted, values, (2, 3)) for one in (maps, other)]
    assert abs(grown) > 0.1 and float(named[1] - named[0]) == pytest.approx(4 * grown, rel=1e-4)


@pytest.mark.parametrize("read", [read_components, nlvr_reader()])
@pytest.mark.parametrize("shape", [(0,), (100, 400), (1, 50, 50, 3)])
def test_what_is_no_image_of_nlvr_is_refused(read: Callable[[np.ndarray], object], shape: tuple[int, ...]) -> None:
    with pytest.raises(SceneError, match="an image of NLVR has 400 x 100 pixels, got"):
        read(np.zeros(shape, np.uint8))


def test_boxes_without_objects_teach_that_there_are_none() -> None:
    gold = gold_panels(load_config("nlvr"), {"shape": ("circle", "square")}, 2, np.random.default_rng(0))
    none = gold._replace(mask=torch.zeros_like(gold.mask), owners=torch.zeros_like(gold.owners))
    loss, right = Naming(Detector({"shape": ("circle", "square")}, 8))(none)
    assert torch.isfinite(loss) and right == 0
