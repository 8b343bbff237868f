"""Readers of images with questions: VQA v2, COCO's captions, CLEVR's images; small files in their formats."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from nmn.cli import app
from nmn.data.clevr import read_clevr_images
from nmn.data.coco import read_coco_captions
from nmn.data.example import ImageExample
from nmn.data.vqa import majority_answer, plain_answer, read_vqa
from nmn.errors import DataError
from nmn.vision.image import load_image
from tests.test_clevr import SCENE

IMAGES = ("COCO_val2014_000000000009.jpg", "000000000009.jpg", "ball.png", "val/CLEVR_val_000007.png")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of images."""
    for name in IMAGES:
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (5, 3)).save(path)
    return tmp_path


def write(folder: Path, name: str, data: Any) -> Path:
    path = folder / name
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


QUESTION = {"question_id": 9001, "image_id": 9, "question": "What color is the ball?"}
ANNOTATION = {
    "question_id": 9001,
    "image_id": 9,
    "question_type": "what color is the",
    "answer_type": "other",
    "multiple_choice_answer": "red",
    "answers": [{"answer": text, "answer_confidence": "yes", "answer_id": 1} for text in ("pink", "red", "red")],
}
CAPTIONS = {
    "images": [{"id": 9, "file_name": "ball.png", "height": 3, "width": 5}],
    "annotations": [{"id": 1, "image_id": 9, "caption": " A ball. "}, {"id": 2, "image_id": 9, "caption": "Red."}],
}


def vqa(folder: Path, questions: Any, annotations: Any = None, **settings: Any) -> list[ImageExample]:
    path = write(folder, "questions.json", questions)
    if annotations is not None:
        settings["annotations"] = write(folder, "annotations.json", annotations)
    return read_vqa(path, folder / "images", **settings)


def test_vqa_questions_come_with_their_image_and_the_answer_of_most(folder: Path) -> None:
    questions = {"data_type": "mscoco", "data_subtype": "val2014", "questions": [QUESTION]}
    (example,) = vqa(folder, questions, {"annotations": [ANNOTATION]})
    image = folder / "images" / IMAGES[0]
    assert example == ImageExample("What color is the ball?", image, "red", "other")
    assert load_image(example.image).shape == (3, 3, 5)


def test_vqa_questions_without_annotations_have_no_answer(folder: Path) -> None:
    (example,) = vqa(folder, {"questions": [{"image_id": 9, "question": "Is it red?"}]})
    assert (Path(str(example.image)).name, example.answer, example.family) == ("000000000009.jpg", None, "all")


def test_answers_are_written_as_vqa_takes_them(folder: Path) -> None:
    first, second = {**QUESTION, "question": "Is there a circle?"}, {**QUESTION, "question_id": 7, "question": "Why?"}
    path = write(folder, "questions.json", {"questions": [first, second]})
    out = folder / "answers.json"
    arguments = ["evaluate", "vqa", "--questions", str(path), "--images", str(folder / "images")]
    result = CliRunner().invoke(app, [*arguments, "--predictions", str(out)])
    assert result.exit_code == 0 and "2 answers written to" in result.output, result.output
    assert json.loads(out.read_text(encoding="utf-8")) == [
        {"question_id": QUESTION["question_id"], "answer": "no"}, {"question_id": 7, "answer": ""}
    ]  # fmt: skip
    write(folder, "questions.json", {"questions": [{"image_id": 9, "question": "Is there a circle?"}]})
    result = CliRunner().invoke(app, [*arguments, "--predictions", str(out)])
    assert result.exit_code == 2 and "question_id" in result.stderr
    result = CliRunner().invoke(app, [*arguments, "--predictions", str(folder / "gone" / "answers.json")])
    assert result.exit_code == 2 and f"there is no folder {folder / 'gone'}" in result.stderr
    assert "--predictions writes them" in CliRunner().invoke(app, arguments).output


def test_images_of_ones_own_are_found_by_a_pattern(folder: Path) -> None:
    Image.new("RGB", (5, 3)).save(folder / "images" / "9.png")
    path = write(folder, "questions.json", {"questions": [{"question_id": 1, "image_id": 9, "question": "Is it red?"}]})
    arguments = ["evaluate", "vqa", "--questions", str(path), "--images", str(folder / "images")]
    assert CliRunner().invoke(app, [*arguments, "--pattern", "{image_id}.png"]).exit_code == 0
    missing = CliRunner().invoke(app, [*arguments, "--pattern", "{image_id}.gif"])
    assert missing.exit_code == 2 and "9.gif" in missing.stderr


def test_a_question_without_a_type_is_of_the_common_family(folder: Path) -> None:
    (example,) = vqa(folder, {"questions": [QUESTION]}, {"annotations": [{**ANNOTATION, "answer_type": None}]})
    assert (example.answer, example.family) == ("red", "all")


def test_a_pattern_names_images_of_ones_own(folder: Path) -> None:
    (folder / "images" / "own-9.png").touch()
    (example,) = vqa(folder, {"questions": [QUESTION]}, pattern="own-{image_id}.png")
    assert Path(str(example.image)).name == "own-9.png"


@pytest.mark.parametrize(
    ("answers", "chosen", "answer"),
    [
        (["a", "b", "b"], "a", "b"),
        (["a", "b"], "b", "b"),
        (["a", "b"], "c", "a"),
        (["Two", "3", "three", "2", "two"], None, "2"),
        (["Red", "pink"], " red", "red"),
        (["a", "b", "b", "a"], None, "a"),
        ([], "c", "c"),
        ([], None, None),
    ],
)
def test_the_answer_is_that_of_most_people(answers: list[str], chosen: str | None, answer: str | None) -> None:
    entry: dict[str, Any] = {"answers": [{"answer": text} for text in answers]}
    assert majority_answer(entry | ({"multiple_choice_answer": chosen} if chosen else {})) == answer


@given(st.lists(st.sampled_from("abc"), min_size=1))
def test_no_answer_is_given_more_often_than_the_majoritys(answers: list[str]) -> None:
    found = majority_answer({"answers": [{"answer": text} for text in answers]})
    assert found is not None
    assert answers.count(found) == max(map(answers.count, answers))


@pytest.mark.parametrize(
    ("questions", "annotations", "settings", "reason"),
    [
        ("{", None, {}, r"questions.json: not JSON"),
        ("[" * 100_000, None, {}, r"questions.json: not JSON"),
        ([], None, {}, r'questions.json: expected an object with an array "questions"'),
        ({"questions": ["?"]}, None, {}, r'questions.json: questions\[0\]: field "question" is missing'),
        ({"questions": [QUESTION, {"question": 7}]}, None, {}, r"questions\[1\]: question: expected text, got 7"),
        ({"questions": [QUESTION | {"image_id": "9"}]}, None, {}, r"image_id: expected a whole number, got '9'"),
        (
            {"questions": [QUESTION | {"image_id": 8}]},
            None,
            {},
            r"questions\[0\]: there is no image .*000000000008.jpg",
        ),
        (
            {"questions": [QUESTION]},
            {"annotations": []},
            {},
            r"question_id 9001 has no annotation in .*annotations.json",
        ),
        ({"questions": [QUESTION]}, {"annotations": [{}]}, {}, r'annotations\[0\]: field "question_id" is missing'),
        (
            {"questions": [QUESTION]},
            {"annotations": [ANNOTATION | {"answers": ["red"]}]},
            {},
            r'annotations\[0\]: answers: expected an array of objects with an "answer"',
        ),
        ({"questions": [QUESTION]}, None, {"pattern": "{id}.jpg"}, r"pattern '\{id\}.jpg': expected a name such as"),
        ({"questions": [QUESTION]}, None, {"pattern": "../{image_id}.jpg"}, r"image '../9.jpg' lies outside of"),
    ],
)
def test_wrong_vqa_files_are_refused_with_the_entry(
    folder: Path, questions: Any, annotations: Any, settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(DataError, match=reason):
        vqa(folder, questions, annotations, **settings)


def test_a_missing_file_of_annotations_is_named(folder: Path) -> None:
    path = write(folder, "questions.json", {"questions": [QUESTION]})
    with pytest.raises(DataError, match=r"none.json: cannot be read: No such file"):
        read_vqa(path, folder / "images", folder / "none.json")


def test_captions_are_statements_true_of_their_image(folder: Path) -> None:
    examples = read_coco_captions(write(folder, "captions.json", CAPTIONS), folder / "images")
    image = folder / "images" / "ball.png"
    assert examples == [ImageExample(text, image, "true", "caption") for text in ("A ball.", "Red.")]


def changed(change: Callable[[Any], None]) -> Any:
    data = json.loads(json.dumps(CAPTIONS))
    change(data)
    return data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (changed(lambda data: data.pop("images")), r'captions.json: expected an object with an array "images"'),
        (changed(lambda data: data.pop("annotations")), r'array "annotations"'),
        (changed(lambda data: data["images"][0].pop("file_name")), r'images\[0\]: field "file_name" is missing'),
        (changed(lambda data: data["images"][0].update(id=8)), r"annotations\[0\]: image_id 9 is none of the images"),
        (
            changed(lambda data: data["images"].append({"id": 9, "file_name": "blue.png"})),
            r"images\[1\]: id 9 is that of ball.png already",
        ),
        (changed(lambda data: data["annotations"][1].pop("caption")), r'annotations\[1\]: field "caption" is missing'),
        (changed(lambda data: data["images"][0].update(file_name="no.jpg")), r"there is no image .*no.jpg"),
        (changed(lambda data: data["images"][0].update(file_name="/etc/hosts")), r"'/etc/hosts' lies outside of"),
    ],
)
def test_wrong_captions_are_refused_with_the_entry(folder: Path, data: Any, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        read_coco_captions(write(folder, "captions.json", data), folder / "images")


CLEVR = {"split": "val", "image_index": 7, "image_filename": "CLEVR_val_000007.png", "question": "Any cubes?"}


@pytest.mark.parametrize("images", ["images", "images/val"])
def test_clevrs_questions_come_with_their_images_and_scenes(folder: Path, images: str) -> None:
    questions = write(folder, "questions.json", {"questions": [CLEVR | {"answer": "yes"}, CLEVR]})
    scenes = write(folder, "scenes.json", {"scenes": [SCENE]})
    with_scene, without = read_clevr_images(questions, folder / images, scenes)
    assert with_scene.image == folder / "images" / "val" / "CLEVR_val_000007.png"
    assert (with_scene.answer, without.answer) == ("yes", None)
    assert with_scene.scene is not None
    assert len(with_scene.scene.objects) == 4
    assert [example.scene for example in read_clevr_images(questions, folder / images)] == [None, None]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"image_index": 8}, r"questions\[0\]: image_index 8 is in no scene"),
        ({"image_filename": "none.png"}, r"there is no image .*none.png or .*val/none.png"),
        ({"image_filename": None}, r"image_filename: expected text, got None"),
        ({"split": "../val"}, r"lies outside of"),
    ],
)
def test_wrong_clevr_files_are_refused_with_the_entry(folder: Path, entry: dict[str, Any], reason: str) -> None:
    questions = write(folder, "questions.json", {"questions": [CLEVR | entry]})
    scenes = write(folder, "scenes.json", {"scenes": [SCENE]})
    with pytest.raises(DataError, match=reason):
        read_clevr_images(questions, folder / "images", scenes)


def test_answers_are_compared_as_vqa_compares_them() -> None:
    assert [plain_answer(answer) for answer in (" Yellow", "TWO", "12")] == ["yellow", "2", "12"]
