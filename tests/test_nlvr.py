"""NLVR: files, images as connected components, predictions from sentence and pixels alone, and the official figures."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from nmn.cli import app
from nmn.data.nlvr import read_nlvr, read_pixels
from nmn.errors import DataError, QuestionError, SceneError
from nmn.evaluation.nlvr import evaluate_nlvr, predict, statements
from nmn.evaluation.nlvr_judges import by_scenes, run_layouts
from nmn.evaluation.nlvr_metrics import Outcome, consistency, figure, report
from nmn.language import read
from nmn.language.crowd.read import read_statement
from nmn.reasoner import ask_scene
from nmn.scene import SceneGraph, SceneObject
from nmn.vision.components import read_components
from nmn.vision.nlvr_format import NLVR_COLORS, NLVR_SIZES, nlvr_image, nlvr_object, nlvr_scene
from synth_data.config import load_config
from synth_data.generate import generate
from synth_data.house_styles import render_nlvr

TOWERS = [["yellow", "black"], ["blue"], ["black", "black", "yellow"]]
ORDERS = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]


def tower_boxes(towers: Sequence[Sequence[str]]) -> list[list[dict[str, Any]]]:
    """Return towers of blocks, their colours from the base upwards, as structured_rep writes them."""
    names = {"yellow": "Yellow", "black": "Black", "blue": "#0099ff"}
    return [
        [
            {"x_loc": 40, "y_loc": 80 - 21 * place, "size": 20, "type": "square", "color": names[color]}
            for place, color in enumerate(tower)
        ]
        for tower in towers
    ]


def write_split(root: Path, entries: list[dict[str, Any]], split: str = "dev", orders: int = 6) -> Path:
    """Write a split in the official layout, all its images of TOWERS."""
    folder = root / split
    (folder / "images" / "3").mkdir(parents=True)
    for entry in entries:
        for order in range(orders):
            boxes = tower_boxes([TOWERS[box] for box in ORDERS[order]])
            path = folder / "images" / "3" / f"{split}-{entry['identifier']}-{order}.png"
            Image.fromarray(render_nlvr(nlvr_scene(boxes))).convert("RGBA").save(path)
    lines = [json.dumps(entry) for entry in entries]
    (folder / f"{split}.json").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def entry(identifier: str, sentence: str, label: str = "true", **more: Any) -> dict[str, Any]:
    data = {"sentence": sentence, "label": label, "identifier": identifier, "directory": "3", "evals": {"r0": label}}
    return {**data, "structured_rep": tower_boxes(TOWERS), **more}


ENTRIES = [
    entry("7-0", "There is a tower with a yellow block at the base"),
    entry("7-1", "There is a tower with a yellow block at the base", "false"),  # a wrong label
    entry("8-0", "There are exactly three black blocks"),
    entry("9-2", "ll towers have a blue block", "false"),
]


# ---- images


things = st.builds(
    nlvr_object,
    st.integers(0, 2),
    st.sampled_from(["square", "circle", "triangle"]),
    st.sampled_from(sorted(NLVR_COLORS)),
    st.sampled_from(sorted(NLVR_SIZES)),
    st.integers(0, 70),
    st.integers(0, 70),
)


def apart(objects: Sequence[SceneObject]) -> list[SceneObject]:
    """Return the objects that keep at least 1 px from those before them, as NLVR's do."""
    kept: list[SceneObject] = []
    for thing in objects:
        left, top, right, bottom = thing.box
        if all(
            left > other.box[2] or other.box[0] > right or top > other.box[3] or other.box[1] > bottom for other in kept
        ):
            kept.append(thing)
    return kept


@given(st.lists(st.lists(things, max_size=6), min_size=1, max_size=3))
def test_components_read_back_what_was_drawn(drawn: list[list[SceneObject]]) -> None:
    scenes = [nlvr_image(apart(objects)) for objects in drawn]
    found = read_components([render_nlvr(scene) for scene in scenes])
    for scene, seen in zip(scenes, found, strict=True):
        assert {described(thing) for thing in seen.objects} == {described(thing) for thing in scene.objects}


def described(thing: SceneObject) -> tuple[object, ...]:
    return thing.panel, thing.box, tuple(sorted(thing.attributes.items()))


def test_an_image_of_another_size_or_with_a_strange_thing_is_refused() -> None:
    with pytest.raises(SceneError, match="400 x 100 pixels"):
        read_components(np.zeros((1, 90, 400, 3), np.uint8))
    image = render_nlvr(nlvr_image([]))
    image[10:17, 20:40] = 0
    with pytest.raises(SceneError, match="image 0, box 0: something of 20 x 7 px"):
        read_components([image])


# ---- files


def test_a_split_is_read_with_its_six_orders(tmp_path: Path) -> None:
    split = read_nlvr(write_split(tmp_path, ENTRIES), "dev")
    assert [example.label for example in split.examples] == [True, False, True, False]
    assert [image.name for image in split.examples[0].images] == [f"dev-7-0-{order}.png" for order in range(6)]
    assert split.missing == ()


def test_a_split_with_one_order_and_a_json_of_another_name_has_one_image_an_example(tmp_path: Path) -> None:
    write_split(tmp_path, ENTRIES, "few", orders=1)
    (tmp_path / "few" / "few.json").rename(tmp_path / "few" / "train.json")
    split = read_nlvr(tmp_path, "few")
    assert [len(example.images) for example in split.examples] == [1, 1, 1, 1]
    assert split.examples[0].images[0].name == "few-7-0-0.png"


BAD = [
    ("{", "line 1: not JSON"),
    ("[]", "line 1: expected an object, got list"),
    ('{"sentence": "a"}', 'line 1: field "identifier" is missing'),
    ('{"sentence": " ", "identifier": "1-0"}', 'line 1: field "sentence" is missing, or no text'),
    ('{"sentence": "a", "identifier": "1-0", "label": "maybe"}', "line 1: label is"),
    ('{"sentence": "a", "identifier": "1-0", "label": ["true"]}', "line 1: label is"),
    ('{"sentence": "a", "identifier": "1-0", "label": 1}', "line 1: label is"),
    ('{"sentence": "a", "identifier": "1-0"}\n\n{"sentence": "b", "identifier": "1-0"}', "line 3: .* line 1 already"),
    ("", "no example in it"),
    ('{"sentence": "a", "identifier": "1-0"}', "no image of this split"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "dev.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_nlvr(tmp_path, "dev")


def test_a_folder_that_is_not_there_or_holds_several_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such folder"):
        read_nlvr(tmp_path, "dev")
    (tmp_path / "dev").mkdir()
    with pytest.raises(DataError, match=r"expected dev.json, or one JSON file, found 0"):
        read_nlvr(tmp_path, "dev")


def test_pixels_of_another_size_or_of_no_image_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "dev-1-0-0.png"
    Image.new("RGB", (300, 100)).save(path)
    with pytest.raises(DataError, match="400 x 100 pixels, this one 300 x 100"):
        read_pixels(path)
    path.write_bytes(b"no image")
    with pytest.raises(DataError, match="not an image that can be read"):
        read_pixels(path)


@pytest.mark.parametrize(("text", "layout"), [
    (
        "the image contains at most one blue triangle.",
        "compare[at_most](count(and(find[blue], find[triangle])), number[1])",
    ),
    ("This image has two black circles.", "compare[equal](count(and(find[black], find[circle])), number[2])"),
    ("the picture has a square.", "exists(find[square])"),
    ("the image contains three boxes", "compare[equal](count(panels), number[3])"),
    ("the image has no box with a circle", "not(exists(where(exists(find[circle]))))"),
    ("the image has a box with exactly one circle", "exists(where(compare[equal](count(find[circle]), number[1])))"),
    (
        "this picture has exactly 2 boxes with a triangle",
        "compare[equal](count(where(exists(find[triangle]))), number[2])",
    ),
    (
        "the image has two circles in each box",
        "quantify[every](panels, where(compare[equal](count(find[circle]), number[2])))",
    ),
])  # fmt: skip
def test_what_the_image_contains_is_read_without_repair(text: str, layout: str) -> None:
    reading = read(text, "nlvr")
    assert (str(reading.layout), reading.repairs) == (layout, ())


def test_what_the_image_contains_is_not_said_of_every_box() -> None:
    with pytest.raises(QuestionError):
        read("the image contains all black circles", "nlvr")


def test_generated_statements_are_read_as_true_or_false_as_they_are() -> None:
    for example in generate(load_config("nlvr", size=80, seed=5, images="none")):
        assert ask_scene(example.scene, example.text).value is example.answer, example.text


# ---- predictions


def test_predictions_need_nothing_but_sentence_and_pixels(tmp_path: Path) -> None:
    """Labels, evals, structured_rep and directory stripped, identifiers renamed: the same truths, byte by byte."""
    full = write_split(tmp_path / "full", ENTRIES)
    bare = [
        {"sentence": example["sentence"], "identifier": f"{100 - place}-3"} for place, example in enumerate(ENTRIES)
    ]
    stripped = write_split(tmp_path / "stripped", bare)
    truths = [
        [prediction.truth for prediction in predict(statements(read_nlvr(root, "dev")), by_scenes(read_components))]
        for root in (full, stripped)
    ]
    assert truths[0] == truths[1] == [True] * 6 + [True] * 6 + [True] * 6 + [False] * 6


def test_a_statement_carries_no_label_and_no_identifier(tmp_path: Path) -> None:
    asked = statements(read_nlvr(write_split(tmp_path, ENTRIES), "dev"))
    assert {field for statement in asked for field in statement.__slots__} == {"name", "sentence", "path"}


def test_asking_an_image_of_another_size_names_its_file(tmp_path: Path) -> None:
    Image.new("RGB", (300, 100)).save(tmp_path / "odd.png")
    result = CliRunner().invoke(app, ["ask", str(tmp_path / "odd.png"), "There is a box", "--grammar", "nlvr"])
    assert result.exit_code == 2 and f"{tmp_path / 'odd.png'}: an image of NLVR has 400 x 100" in result.stderr


def test_missing_and_misshapen_images_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    write_split(tmp_path, ENTRIES)
    images = tmp_path / "dev" / "images" / "3"
    (images / "dev-7-0-3.png").unlink()
    Image.new("RGB", (10, 10)).save(images / "dev-8-0-1.png")
    odd = render_nlvr(nlvr_scene(tower_boxes(TOWERS)))
    odd[0:5, 0:9] = 0
    Image.fromarray(odd).save(images / "dev-9-2-0.png")
    result = CliRunner().invoke(
        app, ["evaluate", "nlvr", "--data", str(tmp_path), "--classical", "--predictions", str(tmp_path / "out.csv")]
    )
    assert result.exit_code == 1
    for problem in ("dev-7-0-3.png: the image is missing", "this one 10 x 10", "dev-9-2-0.png: no objects"):
        assert problem in result.stderr.replace("\n", "")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert len(lines) == 21 and lines[:2] == ["dev-7-0-0.png,true", "dev-7-0-1.png,true"]


def test_the_command_prints_figures_as_json(tmp_path: Path) -> None:
    write_split(tmp_path, ENTRIES)
    result = CliRunner().invoke(app, ["evaluate", "nlvr", "--data", str(tmp_path), "--json"])
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert data["accuracy by image"] == {"right": 18, "total": 24, "share": 0.75}
    assert data["consistency by image"] == {"right": 2, "total": 3, "share": pytest.approx(2 / 3)}
    assert data["causes"] == {"grammar, no reading is right": 6} and data["problems"] == []


def test_a_wrong_answer_from_wrong_sight_is_perceptions_fault(tmp_path: Path) -> None:
    write_split(tmp_path, [entry("1-0", "There is a blue tower")], orders=1)

    def blind(images: NDArray[np.uint8]) -> list[SceneGraph]:
        return [nlvr_image([]) for _ in images]

    found = evaluate_nlvr(tmp_path, "dev", by_scenes(blind))
    assert [cause for cause, _, _ in found.failures] == ["perception"]


# ---- figures, worked out by hand


def outcome(identifier: str, order: int, right: bool | None) -> Outcome:
    predicted = None if right is None else right
    return Outcome(identifier, order, "a", read_statement("There is a circle"), predicted, True)


def test_consistency_asks_for_everything_of_a_sentence() -> None:
    """Sentence 1: all right. 2: right in the first order only. 3: an image is missing."""
    outcomes = [
        *(outcome("1-0", order, True) for order in range(2)),
        *(outcome("1-3", order, True) for order in range(2)),
        *(outcome("2-0", order, order == 0) for order in range(2)),
        outcome("3-0", 0, True),
        outcome("3-0", 1, None),
    ]
    assert figure(it.right for it in outcomes) == (6, 7)
    assert consistency(outcomes) == (1, 3)
    figures = report("dev", outcomes, {}, [("x.png", True)] * 8, []).figures
    assert figures["accuracy by scene"] == (4, 4) and figures["consistency by scene"] == (3, 3)


# ---- on the real files


@pytest.fixture(scope="module")
def nlvr_data() -> Path:
    folder = Path(os.environ.get("NMN_DATA", "")) / "nlvr"
    if not (folder / "dev" / "dev.json").exists():
        pytest.skip("NLVR's files are not here: set NMN_DATA to the folder that holds nlvr/dev/")
    return folder


def test_components_see_every_tenth_development_image_exactly(nlvr_data: Path) -> None:
    examples = read_nlvr(nlvr_data, "dev").examples[::10]
    seen = read_components([read_pixels(example.images[0].path or Path()) for example in examples])
    for example, scene in zip(examples, seen, strict=True):
        real = nlvr_scene(example.structured_rep)
        assert {described(thing) for thing in scene.objects} == {described(thing) for thing in real.objects}


def test_readings_are_right_of_98_percent_of_the_development_scenes(nlvr_data: Path) -> None:
    examples = read_nlvr(nlvr_data, "dev").examples
    layouts = [read_statement(example.sentence).layout for example in examples]
    truths = run_layouts(layouts, [nlvr_scene(example.structured_rep) for example in examples])
    right = sum(truth == example.label for truth, example in zip(truths, examples, strict=True))
    assert right / len(examples) >= 0.98
