"""Reports of exact evaluation: what counts as right, what as unread, and what a batch may not change."""

import json

import pytest

from nmn.data.example import Example
from nmn.evaluation import exact
from nmn.language import read
from nmn.scene import SceneGraph, SceneObject


def scene(*colors: str) -> SceneGraph:
    """A row of circles of the given colours."""
    boxes = [(10.0 * place, 4.0, 10.0 * place + 8, 12.0) for place in range(len(colors))]
    things = [SceneObject({"shape": "circle", "color": color}, box) for color, box in zip(colors, boxes, strict=True)]
    return SceneGraph(tuple(things), 64, 64)


def example(question: str, answer: str | None, *colors: str, family: str = "one") -> Example:
    return Example(question, scene(*colors), answer, family)


MIXED = [
    example("is there a red circle", "yes", "red"),
    example("how many circles are there", "3", "red", "blue", "green", family="two"),
    example("is there a red circle", "no", "blue"),
    example("what color is the circle", "green", "green", family="two"),
    example("is there a zeppelin", "no", "red"),
    example("is there a red circle", None, "red", family="three"),
    example("is there a red circle", "no", "red"),
]


def test_predictions_stand_in_the_order_of_the_examples() -> None:
    records = exact.evaluate_exact(MIXED, "world").records
    assert [record.predicted for record in records] == ["yes", "3", "no", "green", None, "yes", "yes"]


@pytest.mark.parametrize(
    ("answer", "right"), [("yes", True), ("true", True), ("no", False), ("false", False), (None, False)]
)
def test_true_and_yes_are_the_same_answer(answer: str | None, right: bool) -> None:
    (record,) = exact.evaluate_exact([example("is there a red circle", answer, "red")], "world").records
    assert record.right is right


def test_rows_count_unread_as_wrong_and_leave_out_what_has_no_answer() -> None:
    rows = exact.evaluate_exact(MIXED, "world").rows()
    assert [tuple(row) for row in rows] == [
        ("one", 4, 4, 2, 1),
        ("two", 2, 2, 2, 0),
        ("three", 1, 0, 0, 0),
        ("total", 7, 6, 4, 1),
    ]
    assert [row.accuracy_text for row in rows] == ["50.00 %", "100.00 %", "-", "66.67 %"]


def test_json_lists_wrong_answers_apart_from_unread_questions() -> None:
    data = json.loads(json.dumps(exact.evaluate_exact(MIXED, "world").to_json()))
    assert [(record["question"], record["predicted"]) for record in data["wrong"]] == [("is there a red circle", "yes")]
    assert list(data["unread"]) == ["is there a zeppelin"]
    assert "zeppelin" in data["unread"]["is there a zeppelin"]


def test_each_distinct_question_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    questions: list[str] = []

    def counted(question: str, *arguments: object, **options: object) -> object:
        questions.append(question)
        return read(question)

    monkeypatch.setattr(exact, "read", counted)
    exact.evaluate_exact(MIXED[:4], "world")
    assert questions == ["is there a red circle", "how many circles are there", "what color is the circle"]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_size_of_batches_changes_no_answer(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = exact.evaluate_exact(MIXED, "world")
    monkeypatch.setattr(exact, "BATCH", size)
    assert exact.evaluate_exact(MIXED, "world") == whole


def test_questions_about_one_scene_share_it_without_mixing_answers() -> None:
    shared = scene("red", "red", "blue")
    asked = [("how many red circles are there", "2"), ("how many blue circles are there", "1")]
    report = exact.evaluate_exact([Example(question, shared, answer, "one") for question, answer in asked], "world")
    assert [record.predicted for record in report.records] == ["2", "1"]


def test_nothing_to_evaluate_is_an_empty_report() -> None:
    (total,) = exact.evaluate_exact([], "world").rows()
    assert tuple(total) == ("total", 0, 0, 0, 0) and total.accuracy is None
