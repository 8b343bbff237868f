"""Pictures of several panels: cut, looked at one by one, and reasoned over together."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from nmn.errors import ArgumentError, ConfigError, ImageError
from nmn.evaluation.nlvr_judges import by_network
from nmn.layout import parse_layout
from nmn.lexicon import load_lexicon
from nmn.models.build import Network, NetworkSettings, build_network, load_network, save_network
from nmn.modules.library import check_words
from nmn.modules.neural import NeuralModules, Vocabulary, vocabulary_from_json, vocabulary_of
from nmn.reasoner import Reasoner
from nmn.regions import joined, side_by_side, taken
from nmn.vision.nlvr_format import nlvr_image, nlvr_object
from nmn.vision.panels import cut
from nmn.visualisation.explanation import explain
from nmn.visualisation.heat import heat_map
from synth_data.house_styles import render_nlvr
from tests.networks import CHANNELS, COLUMNS, ROWS, VOCABULARY, assert_equal, modules, one_of, regions, root_values, run

PANELS, CELLS = 3, ROWS * COLUMNS
NLVR_VOCABULARY = Vocabulary(
    {"color": ("yellow", "black", "blue"), "shape": ("square",)}, ("touching",), (), sides=True
)


def nlvr_network() -> Network:
    """Return a network with random weights over the cells of NLVR's boxes."""
    torch.manual_seed(0)
    settings = NetworkSettings(
        regions="cells", lexicon="nlvr", pixels=100, patch_px=20, channels=CHANNELS, panels=3, gap_px=50, empty=True
    )
    network = build_network(settings, NLVR_VOCABULARY)
    network.model.eval()
    return network


def boxes(*left_px: int) -> NDArray[np.uint8]:
    """Return an image of NLVR with a black square in each box, so far from the left."""
    return render_nlvr(
        nlvr_image([nlvr_object(panel, "square", "black", 20, at, 30) for panel, at in enumerate(left_px)])
    )


def on_grids(made: NeuralModules, panels: int) -> NeuralModules:
    """Return modules over a grid in each of several panels, with the parameters of modules over one."""
    torch.manual_seed(1)
    more = NeuralModules(made.vocabulary, CHANNELS, (ROWS, COLUMNS), panels=panels)
    more.load_state_dict(made.state_dict(), strict=False)
    return more


def test_a_picture_is_cut_into_its_panels() -> None:
    pictures = torch.arange(2 * 3 * 5 * 19, dtype=torch.uint8).view(2, 3, 5, 19)
    found = cut(pictures, panels=3, gap_px=2)
    assert found.shape == (2, 3, 3, 5, 5)
    assert torch.equal(found[:, 1], pictures[..., 7:12]) and torch.equal(found[:, 2], pictures[..., 14:])
    with pytest.raises(ImageError, match="3 panels with 2 px between them do not divide 18 x 5 pixels evenly"):
        cut(pictures[..., :18], panels=3, gap_px=2)


def test_images_side_by_side_are_panels_that_keep_their_regions() -> None:
    some = taken(joined([one_of(regions(7, grid=True), place) for place in range(6)]), torch.arange(6))
    together = side_by_side(some, PANELS, gap_px=6)
    assert together.features.shape == (2, PANELS * CELLS, CHANNELS)
    assert together.panels.boxes[1].tolist() == [[70.0 * at, 0, 70.0 * at + 64, 64] for at in range(PANELS)]
    assert torch.equal(together.features[1, CELLS : 2 * CELLS], some.features[4])
    moved = some.boxes[4] + torch.tensor([70.0, 0, 70, 0])
    assert torch.equal(together.boxes[1, CELLS : 2 * CELLS], moved)
    assert together.panels.members.sum(-1).tolist() == [[CELLS] * PANELS] * 2
    assert together.panels.members.long().argmax(1)[0].tolist() == [0] * CELLS + [1] * CELLS + [2] * CELLS


def test_batches_with_different_numbers_of_regions_are_padded() -> None:
    some = regions(5, grid=False)
    found = joined([one_of(some, 1), one_of(some, 3)])
    assert found.mask.sum(1).tolist() == [2, 4] and found.features.shape[1] == 4
    assert not found.panels.members[0, :, 2:].any() and torch.equal(found.boxes[1], some.boxes[3, :4])


@pytest.mark.parametrize(
    "text",
    [
        "relate[left_of](find[red])", "relate_every[above](find[red])", "relate_count[near](find[red], number[2])",
        "between(find[red], find[square])", "not(at_side[left])", "and(near_side[wall], find[red])",
        "superlative[leftmost](find[red])",
    ],
)  # fmt: skip
def test_what_is_asked_of_a_panel_is_what_is_asked_of_its_image_alone(text: str) -> None:
    made, some = modules(grid=True), regions(2 * PANELS, grid=True)
    values = sorted({value for listed in VOCABULARY.attributes.values() for value in listed})
    layout = parse_layout(text.replace("red", values[0]).replace("square", values[-1]))
    assert layout.argument != "leftmost" or "leftmost" in VOCABULARY.superlatives
    alone = run(made, [layout] * 2 * PANELS, range(2 * PANELS), some)
    counted = parse_layout(f"exists({layout})")
    asked = parse_layout(f"exists(and(panel[{VOCABULARY.superlatives[0]}], where({counted})))")
    finished = run(on_grids(made, PANELS), [asked] * 2, range(2), side_by_side(some, PANELS))
    place = [call.module for call in asked.calls].index("where")
    found = [finished.values[asked.calls[place].kind][finished.plan.rows(image)[place][0]] for image in range(2)]
    wanted = [1 - (1 - value).prod() for value in root_values(alone)]
    assert torch.allclose(torch.cat(found), torch.stack(wanted), atol=1e-5)


def test_empty_cells_are_no_things() -> None:
    """``scene``, ``not`` and find hold of a cell as far as there is something in it."""
    torch.manual_seed(0)
    made = NeuralModules(VOCABULARY, CHANNELS, (ROWS, COLUMNS), empty=True)
    some = regions(1, grid=True)
    things = made(some).things
    assert things.min() > 0 and things.max() < 1
    value = VOCABULARY.values[0]
    asked = [parse_layout(text) for text in ("scene", f"find[{value}]", f"not(find[{value}])")]
    scene, found, others = root_values(run(made, asked, [0, 0, 0], some))
    assert_equal([scene, found + others], [things[0], things[0]])


def test_neither_is_a_chance_where_cells_may_be_empty() -> None:
    """Either of two values can be likelier than that there is something at all; a chance below 0 is none."""
    made = NeuralModules(VOCABULARY, CHANNELS, (ROWS, COLUMNS), empty=True)
    torch.nn.init.constant_(made.biases, 3.0)
    one, other = VOCABULARY.values[:2]
    neither = parse_layout(f"not(or(find[{one}], find[{other}]))")
    (chances,) = root_values(run(made, [neither], [0], regions(1, grid=True)))
    assert not (chances < 0).any() and not (chances > 1).any()


def test_numbers_that_cells_are_not_counted_to_are_refused() -> None:
    library = nlvr_network().model.reasoning.library
    check_words(parse_layout("compare[equal](count(scene), number[16])"), library)
    with pytest.raises(ArgumentError, match="number 17: cells are counted up to 16 only"):
        check_words(parse_layout("compare[equal](count(scene), number[17])"), library)


def test_a_network_judges_each_box_alone_and_the_order_of_boxes_changes_nothing() -> None:
    judge = by_network(nlvr_network())
    texts = ["There is a box with a black square touching the left wall", "There are 2 black squares"]
    orders = [(0, 30, 60), (60, 0, 30), (30, 60, 0)]
    images = np.stack([boxes(*order) for order in orders])
    for text in texts:
        truths = {verdict.truth for verdict in judge(images, [text] * 3)}
        assert len(truths) == 1


def test_a_statement_that_asks_for_what_was_not_learned_is_called_true_and_named() -> None:
    judge = by_network(nlvr_network())
    texts = ["There is a circle", "There is a black square closely touching the wall", "There is a black square"]
    first, second, third = judge(np.stack([boxes(0, 30, 60)] * 3), texts)
    assert (first.truth, first.how) == (True, 'not learned: unknown value "circle"')
    assert (second.truth, second.how.split(":")[1]) == (True, " near_side[wall]")
    assert third.how == ""


def test_a_network_of_other_pictures_does_not_judge_nlvr() -> None:
    settings = NetworkSettings(regions="cells", lexicon="nlvr", pixels=100, patch_px=20, channels=CHANNELS)
    with pytest.raises(ConfigError, match="pictures of 1 panels with the lexicon nlvr; NLVR's have 3"):
        by_network(build_network(settings, NLVR_VOCABULARY))


def test_a_network_over_panels_is_the_same_after_it_was_saved(tmp_path: Path) -> None:
    network, path = nlvr_network(), tmp_path / "network.safetensors"
    save_network(path, network, {})
    images = np.stack([boxes(0, 30, 60)] * 2)
    texts = ["There is a black square", "There is a box with only black squares"]
    assert load_network(path).settings == network.settings
    assert by_network(load_network(path))(images, texts) == by_network(network)(images, texts)


def test_modules_that_no_question_used_are_refused_by_name() -> None:
    used = [parse_layout("exists(and(find[black], at_side[wall]))")]
    vocabulary = vocabulary_of(used, load_lexicon("nlvr"))
    assert (vocabulary.sides, vocabulary.near_sides) == (True, False)
    assert vocabulary_from_json(vocabulary.to_json()) == vocabulary
    made = NeuralModules(vocabulary, CHANNELS)
    check_words(used[0], made.library)
    with pytest.raises(ArgumentError, match=r"near_side\[wall\]: nothing that the network was trained on uses"):
        check_words(parse_layout("exists(near_side[wall])"), made.library)


def test_a_picture_is_asked_whole_by_a_network_over_its_panels(tmp_path: Path) -> None:
    reasoner = Reasoner(nlvr_network(), "cpu")
    Image.fromarray(boxes(0, 30, 60)).resize((800, 200)).save(tmp_path / "large.png")
    answer = reasoner.ask(tmp_path / "large.png", "a box contains a black square")
    assert answer.view is not None and len(answer.view.boxes) == 3 * 25
    assert answer.view.boxes[-1].tolist() == [760, 160, 800, 200]
    assert answer.view.panels is not None
    assert answer.view.panels.tolist() == [[0, 0, 200, 200], [300, 0, 500, 200], [600, 0, 800, 200]]
    where = next(call for call in explain(answer, cells=True).calls if call.module == "where")
    assert heat_map(explain(answer, cells=True).view_of(where), where.raw).shape == (200, 800, 3)
    with pytest.raises(ImageError, match="a picture of 3 square panels side by side was"):
        reasoner.ask(np.zeros((100, 100, 3), np.uint8), "a box contains a black square")


def test_where_a_panel_lies_is_its_own_pictures_matter() -> None:
    some = regions(4, grid=True)
    wide = some.panels.boxes.clone()
    wide[2:, 0, 2] = 200  # the images of the second picture
    one = side_by_side(taken(some, torch.arange(2)), 2)
    both = side_by_side(replace(some, panels=replace(some.panels, boxes=wide)), 2)
    assert torch.equal(one.boxes[0], both.boxes[0]) and both.panels.boxes[1, 1].tolist() == [200, 0, 400, 64]
