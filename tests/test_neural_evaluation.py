"""Evaluation of a network: from pixels alone, in batches, with predictions in the order of the questions."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from nmn.cli import app
from nmn.data.example import ImageExample
from nmn.data.shapes import read_pictures
from nmn.errors import DataError
from nmn.evaluation import neural
from nmn.evaluation.faithfulness import Faithfulness
from nmn.evaluation.report import Record, truth_lines
from nmn.lexicon import load_lexicon
from nmn.reasoner import Reasoner, load

runner = CliRunner()


@pytest.fixture(scope="module")
def reasoner(shapes_run: Path) -> Reasoner:
    loaded = load(shapes_run, "cpu")
    assert isinstance(loaded, Reasoner)
    return loaded


def evaluate(*arguments: object, code: int = 0) -> str:
    result = runner.invoke(app, ["evaluate", "shapes", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def test_a_network_learns_shapes_and_is_faithful(reasoner: Reasoner, made_shapes: Path) -> None:
    examples = read_pictures(made_shapes, "val", scenes=True)
    score = Faithfulness([example.scene for example in examples if example.scene], load_lexicon("shapes"))
    report = neural.evaluate_neural(reasoner, examples, score)
    total = report.rows()[-1]
    assert total.examples == total.recorded == len(examples) and (total.accuracy or 0) > 0.9
    assert (score.total.f1 or 0) > 0.9
    shares = score.shares(report.records)
    assert (shares["right_and_every_call_right"] or 0) <= min(total.accuracy or 0, shares["every_call_right"] or 0)


def test_the_size_of_batches_changes_no_prediction(
    reasoner: Reasoner, made_shapes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = read_pictures(made_shapes, "val")[:50]
    whole = neural.evaluate_neural(reasoner, examples)
    monkeypatch.setattr(neural, "BATCH", 7)
    assert neural.evaluate_neural(reasoner, examples) == whole


def test_pictures_are_red_green_blue_and_without_scenes_unless_asked(made_shapes: Path) -> None:
    stored = np.load(made_shapes / "val.input.npy")
    example = read_pictures(made_shapes, "val")[0]
    assert np.array_equal(np.asarray(example.image), stored[0][..., ::-1]) and example.scene is None


def test_images_of_several_sizes_and_words_not_learned(reasoner: Reasoner, made_shapes: Path) -> None:
    first, second = read_pictures(made_shapes, "val")[:2]
    larger = ImageExample(second.question, np.asarray(second.image).repeat(3, 0).repeat(3, 1), second.answer, "large")
    wide = ImageExample(first.question, np.zeros((30, 60, 3), np.uint8)[:, :30], "false", "dark")
    unread = [
        ImageExample(text, first.image, "true", "unread")
        for text in ("is a zebra red", "is a circle above right of a square and")
    ]
    told: list[int] = []
    report = neural.evaluate_neural(reasoner, [larger, unread[0], wide, unread[1], first], told=told.append)
    assert told[0] == 2 and sum(told) == 5
    apart = [neural.evaluate_neural(reasoner, [one]).records[0] for one in (larger, wide, first)]
    assert [report.records[place] for place in (0, 2, 4)] == apart
    assert all(report.records[place].predicted is None and report.records[place].error for place in (1, 3))


def test_predictions_are_the_same_where_answers_are_absent(shapes_run: Path, made_shapes: Path, tmp_path: Path) -> None:
    for name in ("query_str.txt", "input.npy"):
        shutil.copy(made_shapes / f"val.{name}", tmp_path / f"test.{name}")
    options = ("--model", shapes_run, "--predictions")
    evaluate("--data", made_shapes, "--split", "val", *options, tmp_path / "with.txt")
    text = evaluate("--data", tmp_path, "--split", "test", *options, tmp_path / "without.txt")
    lines = (tmp_path / "without.txt").read_bytes()
    assert lines == (tmp_path / "with.txt").read_bytes() and set(lines.split()) == {b"true", b"false"}
    assert "no answers are recorded for test" in text and "%" not in text
    assert lines.count(b"\n") == len((tmp_path / "test.query_str.txt").read_text().splitlines())


def test_exact_predictions_need_no_answers_either(made_shapes: Path, tmp_path: Path) -> None:
    evaluate("--data", made_shapes, "--split", "val", "--predictions", tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_bytes() == (made_shapes / "val.output").read_bytes()


def test_json_has_accuracy_by_split_and_faithfulness(shapes_run: Path, made_shapes: Path) -> None:
    text = evaluate("--data", made_shapes, "--split", "val", "--model", shapes_run, "--faithful", "--json")
    data = json.loads(text)
    assert data["families"][0]["family"] == "val" and data["total"]["accuracy"] > 0.9
    assert data["faithfulness"]["calls"]["find[red]"]["f1"] > 0.9
    assert 0 < data["faithfulness"]["right_and_every_call_right"] <= 1


def test_the_table_of_calls_is_printed(shapes_run: Path, made_shapes: Path) -> None:
    text = evaluate("--data", made_shapes, "--split", "val", "--model", shapes_run, "--faithful")
    assert "find[red]" in text and "right and every call right: " in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--predictions", "out.txt"), "give one --split"),
        (("--split", "val", "--faithful"), "give --model"),
        (("--split", "val", "--model", "gone"), "gone: no such file or folder"),
        (("--split", "val", "--predictions", "gone/out.txt"), "gone/out.txt: cannot be written"),
        (("--split", "nope"), "nope.query_str.txt: cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: tuple[str, ...], message: str, made_shapes: Path) -> None:
    text = evaluate("--data", made_shapes, *arguments, code=2)
    assert text.startswith("error: ") and message in text


def test_a_question_without_a_prediction_is_no_guess() -> None:
    records = [Record("is it", "test", None, "yes", None), Record("how", "test", None, None, "cannot be read\n  how")]
    with pytest.raises(DataError, match=r"question 2, 'how', has no prediction of true or false: cannot be read$"):
        truth_lines(records)
    assert truth_lines([records[0], Record("", "test", None, "no", None)]) == "true\nfalse\n"


def test_faithfulness_of_other_regions_than_the_scenes_objects_is_refused(
    reasoner: Reasoner, made_shapes: Path
) -> None:
    (example,) = read_pictures(made_shapes, "val", scenes=True)[:1]
    assert example.scene
    few = type(example.scene)(example.scene.objects[:4], 30, 30, "shapes")
    with pytest.raises(DataError, match="9 regions for the scenes' 4 objects"):
        neural.evaluate_neural(reasoner, [example], Faithfulness([few], load_lexicon("shapes")))


def test_shapes_own_files_are_learned_from_answers_alone(shapes_folder: Path, tmp_path: Path) -> None:
    """The README's claim, with the configuration that ships: all of val, every call right, and test without answers."""
    data, network = ["--data", str(shapes_folder)], ["--model", str(tmp_path / "run")]
    trained = runner.invoke(app, ["train", "shapes", f"folder={shapes_folder}", "--out", str(tmp_path / "run")])
    assert trained.exit_code == 0, trained.output
    found = json.loads(evaluate(*data, "--split", "val", *network, "--faithful", "--json"))
    assert found["total"]["accuracy"] == found["faithfulness"]["every_call_right"] == 1
    unanswered = tmp_path / "shapes"
    shutil.copytree(shapes_folder, unanswered, ignore=shutil.ignore_patterns("*.output", "train*"))
    out = tmp_path / "out.txt"
    evaluate("--data", unanswered, "--split", "val", *network, "--predictions", out)
    assert out.read_bytes() == (shapes_folder / "val.output").read_bytes()
