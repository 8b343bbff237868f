"""The command line: what it prints, and how it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import nmn
from nmn.cli import app
from nmn.resources import SCENES
from synth_data.cli import app as synth_app

DEMO = str(SCENES / "demo.json")
runner = CliRunner()


def output(*arguments: str, code: int = 0) -> str:
    result = runner.invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def test_parse_prints_the_layout_and_its_tree() -> None:
    lines = output("parse", "how many red circles are there").splitlines()
    assert lines == [
        "count(and(find[red], find[circle]))",
        "count number",
        "└── and attention",
        "    ├── find[red] attention",
        "    └── find[circle] attention",
    ]


def test_the_version_is_told() -> None:
    assert runner.invoke(app, ["--version"]).output == f"nmn {nmn.__version__}\n"


def test_parse_says_when_there_is_more_than_one_reading() -> None:
    text = output("parse", "is there a circle left of a square above a star")
    assert text.splitlines()[-1] == "ambiguous: 2 readings; --all shows them, this is the preferred one"


def test_parse_all_prints_every_reading() -> None:
    text = output("parse", "--all", "is there a circle left of a square above a star")
    assert sum(line.startswith("exists(") for line in text.splitlines()) == 2


def test_parse_says_what_it_read_where_it_repaired() -> None:
    assert output("parse", "is there a purpel circle").startswith("read as: is there a purple circle\n")


def test_parse_without_repair_refuses_with_the_caret_and_exit_code_2() -> None:
    text = output("parse", "--no-repair", "is there a purpel circle", code=2)
    assert 'unknown word "purpel"; did you mean "purple"?\n  is there a purpel circle\n             ^^^^^^' in text
    assert "try: is there a purple circle" in text


def test_parse_json_dot_and_mermaid() -> None:
    data = json.loads(output("parse", "--json", "is there a red circle"))
    assert data["readings"][0]["layout"] == "exists(and(find[red], find[circle]))"
    assert (data["ambiguous"], data["cut"]) == (False, False)
    assert output("parse", "--dot", "is there a red circle").startswith("digraph layout {")
    assert output("parse", "--mermaid", "is there a red circle").startswith("flowchart BT")


def test_ask_prints_the_answer_and_the_trace() -> None:
    text = output("ask", DEMO, "What color is the large shape left of the star?")
    assert text.startswith("answer: blue\ndescribe[color] = blue\n")
    assert "find[star] = 2: star yellow small solid" in text


def test_ask_says_what_a_question_got_wrong() -> None:
    text = output("ask", DEMO, "what color is the circle")
    assert "answer: red, blue\ncareful: unique presupposes exactly one in its set, there are 2" in text


def test_ask_says_what_else_the_question_can_mean() -> None:
    asked = ("ask", DEMO, "how many shapes that are not circles left of the star are there")
    lines = output(*asked).splitlines()
    assert lines[:2] == [
        "answer: 1",
        "careful: read otherwise, the answer is 4: count(not(and(find[circle], relate[left_of](unique(find[star])))))",
    ]
    assert [one["text"] for one in json.loads(output(*asked, "--json"))["otherwise"]] == ["4"]
    same = json.loads(output("ask", DEMO, "is there a pink circle left of a square above a star", "--json"))
    assert (same["text"], same["otherwise"]) == ("no", [])


def test_ask_names_the_objects_that_an_answer_points_at() -> None:
    assert output("ask", DEMO, "which circle is closest to the square").splitlines()[0] == (
        "answer: object 4 (circle blue small solid)"
    )
    assert json.loads(output("ask", DEMO, "find the star", "--json"))["things"] == ["star yellow small solid"]


def test_ask_says_none_where_nothing_is_picked() -> None:
    assert output("ask", DEMO, "is there a purple star").splitlines()[:2] == ["answer: no", "exists = no"]
    assert "and = none" in output("ask", DEMO, "is there a purple star")


def test_ask_json_has_answer_reading_and_trace() -> None:
    data = json.loads(output("ask", DEMO, "how many circels are there", "--json"))
    assert (data["answer"], data["reading"]["text"]) == (2, "how many circles are there")
    assert [call["module"] for call in data["trace"]] == ["find", "count"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ask", "gone.json", "is there a circle"), "gone.json: cannot be read: No such file"),
        (("ask", DEMO, "is there a"), "the question stops where a noun is due"),
        (("ask", DEMO, "is there a circle", "--lexicon", "wrld"), "no lexicon 'wrld'"),
        (("parse", "is there a circle", "--grammar", "wrld"), "no grammar 'wrld'"),
        (("ask", DEMO, "is there a circle", "--model", "runs/a"), "--model is for images"),
        (
            ("ask", "gone.png", "is there a circle", "--model", "gone"),
            "gone: no such file or folder, and no weights that ship",
        ),
        (
            ("ask", "gone.png", "is there a circle", "--model", "wrld"),
            'those are nlvr, nlvr_cells, world; did you mean "world"?',
        ),
        (("ask", "a.png", "is there a circle", "--lexicon", "world"), "--lexicon is for scenes"),
        (("bench", "speed"), "no benchmark 'speed'; there are language, executor"),
        (("evaluate", "shapes", "--data", "gone"), "val.query_str.txt: cannot be read: No such file or directory\n"),
    ],
)
def test_bad_input_exits_with_2_and_one_message(arguments: tuple[str, ...], message: str) -> None:
    text = output(*arguments, code=2)
    assert text.startswith("error: ") and message in text and "Traceback" not in text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to write to here")
def test_a_full_disk_is_one_message() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "nmn", "ask", DEMO, "Is there a star?"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2 and done.stderr == "error: [Errno 28] No space left on device\n"


def test_evaluate_shapes_reports_what_it_answered(shapes_folder: Path) -> None:
    data = json.loads(output("evaluate", "shapes", "--data", str(shapes_folder), "--split", "train.tiny", "--json"))
    assert data["total"] == {
        "family": "total", "examples": 64, "recorded": 64, "right": 64, "unread": 0, "accuracy": 1.0,
    }  # fmt: skip


def test_synth_data_evaluates_by_the_reference() -> None:
    result = runner.invoke(synth_app, ["evaluate", DEMO, "count(find[circle])"])
    assert (result.exit_code, result.stdout) == (0, "2\n")


def test_synth_data_refuses_a_malformed_layout() -> None:
    result = runner.invoke(synth_app, ["evaluate", DEMO, "count(find[circle]"])
    assert result.exit_code == 2 and 'expected ")" here' in result.stderr
