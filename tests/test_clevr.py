"""CLEVR: its files read, its relations taken from the scene, answers that a person can check."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nmn.cli import app
from nmn.data.clevr import read_clevr
from nmn.errors import DataError
from nmn.evaluation.exact import evaluate_exact
from nmn.resources import SCENES


def thing(size: str, color: str, material: str, shape: str) -> dict[str, Any]:
    return {"size": size, "color": color, "material": material, "shape": shape, "pixel_coords": [100, 100, 9.5]}


# left to right: 0 large red metal cube, 1 small red rubber sphere, 2 large blue rubber sphere, 3 small gray metal
# cylinder; 1 and 3 in front
SCENE: dict[str, Any] = {
    "image_index": 7,
    "objects": [
        thing("large", "red", "metal", "cube"),
        thing("small", "red", "rubber", "sphere"),
        thing("large", "blue", "rubber", "sphere"),
        thing("small", "gray", "metal", "cylinder"),
    ],
    "relationships": {
        "left": [[], [0], [0, 1], [0, 1, 2]],
        "right": [[1, 2, 3], [2, 3], [3], []],
        "front": [[1, 3], [], [1, 3], []],
        "behind": [[], [0, 2], [], [0, 2]],
    },
}
QUESTIONS = [
    ("How many small things are there?", "2"),
    ("How many things are to the right of the red metal block?", "3"),
    ("What color is the sphere that is left of the big blue ball?", "red"),
    ("What is the size of the matte thing that is in front of the cube?", "small"),
    ("Is there anything else that is the same material as the tiny ball?", "yes"),
    ("How many other things are there of the same size as the blue object?", "1"),
    ("There is a tiny sphere; what number of other things are the same color as it?", "1"),
    ("There is a ball in front of the big ball; is it the same color as the cube?", "yes"),
    ("Do the cube and the gray thing have the same size?", "no"),
    ("Is the material of the cube the same as the cylinder?", "yes"),
    ("Are there fewer cubes than balls?", "yes"),
    ("Is the number of metal things equal to the number of rubber things?", "yes"),
    ("Are there more big things than cylinders right of the blue ball?", "yes"),
    ("What number of things are both right of the cube and left of the gray cylinder?", "2"),
    ("How many things are either cubes or small shiny cylinders?", "2"),
    ("What shape is the tiny metal thing?", "cylinder"),
    ("What is the big red thing made of?", "metal"),
    ("Is there a purple thing behind the tiny ball?", "no"),
]


def write(folder: Path, scenes: Any, questions: Any) -> tuple[Path, Path]:
    paths = folder / "scenes.json", folder / "questions.json"
    paths[0].write_text(json.dumps({"scenes": scenes}), encoding="utf-8")
    paths[1].write_text(json.dumps({"questions": questions}), encoding="utf-8")
    return paths


def question(text: str, answer: Any, **more: Any) -> dict[str, Any]:
    return {"image_index": 7, "question": text, "answer": answer, **more}


@pytest.mark.parametrize(("text", "answer"), QUESTIONS)
def test_answers_that_a_person_can_check(tmp_path: Path, text: str, answer: str) -> None:
    examples = read_clevr(*write(tmp_path, [SCENE], [question(text, answer)]))
    (record,) = evaluate_exact(examples, "clevr").records
    assert record.predicted == answer


def test_the_report_counts_by_family_and_lists_what_could_not_be_read(tmp_path: Path) -> None:
    entries = [
        question("How many cubes are there?", 1, program=[{"type": "scene"}, {"type": "count"}]),
        question("Is there a sphere?", False, program=[{"type": "exist"}]),
        question("Is there a zeppelin?", "no", program=[{"type": "exist"}]),
    ]
    report = evaluate_exact(read_clevr(*write(tmp_path, [SCENE], entries)), "clevr")
    assert [(row.family, row.examples, row.right, row.unread) for row in report.rows()] == [
        ("count", 1, 1, 0), ("exist", 2, 0, 1), ("total", 3, 1, 1),
    ]  # fmt: skip
    assert list(report.unread) == ["Is there a zeppelin?"]
    assert [record["question"] for record in report.to_json()["wrong"]] == ["Is there a sphere?"]


@pytest.mark.parametrize(
    ("scenes", "questions", "message"),
    [
        ([{**SCENE, "objects": [{"size": "large"}]}], [], r"scenes\[0\]: field 'color' is missing"),
        ([{"objects": []}], [], r"scenes\[0\]: field 'relationships' is missing"),
        ([{**SCENE, "relationships": None}], [], r"scenes\[0\]: relationships: expected an object, got None"),
        ([{**SCENE, "objects": ["cube"]}], [], r"scenes\[0\]: objects: expected objects with attributes, got 'cube'"),
        ([{**SCENE, "objects": [{"pixel_coords": [1]}]}], [], r"scenes\[0\]: pixel_coords: expected at least two"),
        ([SCENE], [], r"questions\.json: no question in it"),
        ([SCENE], [{"image_index": 7}], r'questions\[0\]: field "question" is missing'),
        ([SCENE], [{"image_index": 8, "question": "?"}], "image_index 8 is in no scene"),
        ([SCENE, SCENE], [{"image_index": 7, "question": "?"}], r"scenes\[1\]: image_index 7 is that of a scene"),
        ([SCENE], {}, 'expected an object with an array "questions"'),
    ],
)
def test_wrong_files_are_refused_with_the_entry(tmp_path: Path, scenes: Any, questions: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_clevr(*write(tmp_path, scenes, questions))


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "scenes.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"scenes\.json: not JSON"):
        read_clevr(path, path)


def test_scenes_of_other_values_are_named_with_what_answers_instead(tmp_path: Path) -> None:
    """As those are that are drawn: solid, not rubber or metal."""
    drawn = {**SCENE, "objects": [{**thing, "material": "solid"} for thing in SCENE["objects"]]}
    scenes, questions = write(tmp_path, [drawn], [question("How many small things are there?", "2")])
    told = CliRunner().invoke(app, ["evaluate", "clevr", "--scenes", str(scenes), "--questions", str(questions)])
    assert (
        told.exit_code == 2
        and f'{scenes}: scene 0, objects[0].attributes.material: unknown value "solid"' in told.stderr
    )
    assert "--images lets a network that knows them answer" in told.stderr


def test_predictions_need_no_answers_and_say_what_is_not_read(tmp_path: Path) -> None:
    asked = ["How many small things are there?", "Is there a zeppelin?"]
    scenes, questions = write(tmp_path, [SCENE], [{"question": text, "image_index": 7} for text in asked])
    out = tmp_path / "out.jsonl"
    command = ["evaluate", "clevr", "--scenes", str(scenes), "--questions", str(questions), "--predictions", str(out)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0 and "2 predictions written to" in result.output
    first, second = (json.loads(line) for line in out.read_text(encoding="utf-8").splitlines())
    assert first == {"number": 0, "question": asked[0], "predicted": "2"}
    assert second["number"] == 1 and second["predicted"] is None and "zeppelin" in second["error"]


def unpacked(folder: Path) -> Path:
    """Write a folder as CLEVR's is unpacked, whose splits ask the same question, right in train alone."""
    for split, answer in (("val", "3"), ("train", "2")):
        entry = question("How many small things are there?", answer, image_filename=f"CLEVR_{split}_000000.png")
        for name, entries in (("questions", [entry]), ("scenes", [SCENE])):
            (folder / name).mkdir(exist_ok=True)
            text = json.dumps({name: entries})
            (folder / name / f"CLEVR_{split}_{name}.json").write_text(text, encoding="utf-8")
    (folder / "images" / "val").mkdir(parents=True)
    shutil.copy(SCENES / "demo.png", folder / "images" / "val" / "CLEVR_val_000000.png")
    return folder


def evaluated(*arguments: object, code: int = 0) -> str:
    """Return what ``nmn evaluate clevr`` prints, or says on stderr."""
    result = CliRunner().invoke(app, ["evaluate", "clevr", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.stderr if code else result.stdout


def test_clevrs_folder_is_answered_exactly_by_split(tmp_path: Path) -> None:
    data = unpacked(tmp_path)
    assert json.loads(evaluated("--data", data, "--json"))["wrong"][0]["predicted"] == "2"
    assert json.loads(evaluated("--data", data, "--split", "train", "--json"))["total"]["right"] == 1


def test_with_a_model_clevrs_folder_is_answered_from_its_images(tmp_path: Path) -> None:
    data = unpacked(tmp_path)
    shutil.rmtree(data / "scenes")
    (wrong,) = json.loads(evaluated("--data", data, "--model", "world", "--json"))["wrong"]
    assert wrong["predicted"] == "4"


@pytest.mark.parametrize(
    ("gone", "options", "path"),
    [
        ("scenes", [], "scenes/CLEVR_val_scenes.json"),
        ("questions", [], "questions/CLEVR_val_questions.json"),
        ("questions", ["--model", "world"], "questions/CLEVR_val_questions.json"),
        ("images", ["--model", "world"], "images/val/CLEVR_val_000000.png"),
        ("images", ["--split", "test"], "scenes/CLEVR_test_scenes.json"),
    ],
)
def test_what_clevrs_folder_lacks_is_named(tmp_path: Path, gone: str, options: list[str], path: str) -> None:
    data = unpacked(tmp_path)
    shutil.rmtree(data / gone)
    assert str(data / path) in evaluated("--data", data, *options, code=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", ".", "--questions", "q.json"], "--data has the questions, scenes and images in it"),
        (["--data", ".", "--images", "images"], "--data has the questions, scenes and images in it"),
        (["--data", ".", "--cache", "kept"], "a network takes --images, or --data with --model"),
        (
            ["--questions", "q.json", "--scenes", "s.json", "--split", "val"],
            "give --data (and --split), or --questions",
        ),
        (["--questions", "q.json"], "give --data (and --split), or --questions"),
        (["--scenes", "s.json"], "give --data (and --split), or --questions"),
        ([], "give --data (and --split), or --questions"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: list[str], message: str) -> None:
    assert message in evaluated(*options, code=2)
