"""nmn diff: which calls correspond, and what is said to be different."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

import nmn
from nmn.cli import app
from nmn.errors import ConfigError
from nmn.layout import Layout, call_label, parse_layout
from nmn.reasoner import ask_scene
from nmn.resources import SCENES
from nmn.scene import SceneGraph, SceneObject, read_scene
from nmn.visualisation.comparison import Comparison, compare, corresponding

DEMO = read_scene(SCENES / "demo.json")
COLOR = "What color is the large shape left of the star?"
runner = CliRunner()


def parts(text: str) -> list[Layout]:
    made: list[Layout] = []
    for call in parse_layout(text).calls:
        made.append(Layout(call.module, call.argument, tuple(made[operand] for operand in call.operands)))
    return made


def partners(one: str, other: str) -> dict[str, str]:
    first, second = parts(one), parts(other)
    return {first[ours].label: second[theirs].label for ours, theirs in corresponding(first, second).items()}


def questions(first: str, second: str) -> Comparison:
    return compare(nmn.explain(ask_scene(DEMO, first)), nmn.explain(ask_scene(DEMO, second)))


def changes(comparison: Comparison) -> dict[str, str]:
    found = {}
    for pair in comparison.changes:
        call = comparison.first.calls[pair.first or 0] if pair.second is None else comparison.second.calls[pair.second]
        found[call_label(call.module, call.argument)] = pair.note
    return found


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("exists(find[red])", "exists(find[red])", {"find[red]": "find[red]", "exists": "exists"}),
        ("exists(find[red])", "count(find[blue])", {"exists": "count", "find[red]": "find[blue]"}),
        ("exists(and(find[red], find[circle]))", "exists(find[circle])",
         {"exists": "exists", "find[circle]": "find[circle]"}),
        ("exists(relate[above](find[red]))", "exists(relate[below](find[red]))",
         {"exists": "exists", "relate[above]": "relate[below]", "find[red]": "find[red]"}),
    ],
)  # fmt: skip
def test_calls_correspond_by_what_they_are_then_by_their_place(one: str, other: str, wanted: dict[str, str]) -> None:
    assert partners(one, other) == wanted


def test_two_questions_differ_in_arguments_and_in_what_follows_from_them() -> None:
    found = changes(questions(COLOR, "What color is the small shape left of the star?"))
    assert found["find[small]"] == "was find[large]" and found["and"] == "gained 0, 4; lost 1"
    assert "find[star]" not in found and "relate[left_of]" not in found
    assert found["describe[color]"] == "was blue"


def test_calls_of_one_question_alone_are_new_or_gone() -> None:
    longer, shorter = "how many blue circles are there", "how many circles are there"
    found = questions(longer, shorter)
    assert changes(found) == {"count": "was 1", "find[blue]": "gone", "and": "gone"}
    assert changes(questions(shorter, longer)) == {"count": "was 2", "find[blue]": "new", "and": "new"}
    assert [call.change for call in found.first.calls] == ["gone", None, "gone", "becomes 2"]


def test_an_image_stored_at_another_size_has_the_same_regions() -> None:
    reasoner, picture = nmn.load(device="cpu"), Image.open(SCENES / "demo.png")
    answers = [reasoner.ask(picture.resize(size), "What color is the star?") for size in ((256, 256), (700, 700))]
    assert changes(compare(nmn.explain(answers[0]), nmn.explain(answers[1]))) == {}


def test_objects_that_are_points_are_the_same_in_two_questions_about_one_scene() -> None:
    cubes = tuple(SceneObject({"shape": "cube"}, (x, 90.0, x, 90.0)) for x in (70.0, 310.0))
    scene = SceneGraph(cubes, 480, 320, "clevr")
    answers = [nmn.run(layout, scene) for layout in ("count(find[cube])", "exists(find[cube])")]
    assert changes(compare(nmn.explain(answers[0]), nmn.explain(answers[1]))) == {"exists": "was count"}


def test_one_question_about_two_images_differs_in_values() -> None:
    """The square is gone, so that what was object 2 is object 1."""
    other = replace(DEMO, objects=(DEMO.objects[0], *DEMO.objects[2:]))
    found = compare(nmn.explain(ask_scene(DEMO, COLOR)), nmn.explain(ask_scene(other, COLOR)))
    assert changes(found)["find[large]"] == "lost square blue large solid" and "find[star]" not in changes(found)
    assert changes(found)["describe[color]"] == "was blue"


def test_equal_questions_differ_in_nothing(tmp_path: Path) -> None:
    assert questions(COLOR, COLOR).changes == ()
    out = tmp_path / "same.html"
    result = runner.invoke(app, ["diff", str(SCENES / "demo.json"), COLOR, "--question", COLOR, "--out", str(out)])
    assert "nothing is different" in result.stdout
    assert "every call and every value is the same" in out.read_text(encoding="utf-8")


def test_every_format_is_written(tmp_path: Path) -> None:
    paths = [tmp_path / f"a{suffix}" for suffix in (".html", ".png", ".json")]
    outs = [part for path in paths for part in ("--out", str(path))]
    other = "What shape is the large object left of the star?"
    result = runner.invoke(app, ["diff", str(SCENES / "demo.json"), COLOR, "--question", other, *outs])
    assert result.exit_code == 0 and "describe[shape]: was describe[color]" in result.stdout, result.output
    page = paths[0].read_text(encoding="utf-8")
    assert 'href="#second-call-6">describe[shape]</a>: was describe[color]' in page and 'id="first-call-6"' in page
    with Image.open(paths[1]) as picture:
        assert picture.size[0] > 2000
    data = json.loads(paths[2].read_text(encoding="utf-8"))
    assert data["pairs"][-1] == {"first": 6, "second": 6, "change": "argument", "note": "was describe[color]"}
    assert data["first"]["calls"][6]["change"] == "becomes describe[shape]"


def test_something_to_compare_with_and_a_known_format_are_asked_for(tmp_path: Path) -> None:
    result = runner.invoke(app, ["diff", str(SCENES / "demo.json"), COLOR])
    assert result.exit_code == 2 and "--question OTHER or --image OTHER" in result.stderr
    result = runner.invoke(app, ["diff", "gone.json", COLOR, "--question", COLOR, "--out", "a.svg"])
    assert result.exit_code == 2 and "ends in one of .html, .png, .json" in result.stderr


def test_answers_without_calls_are_not_compared() -> None:
    explained = nmn.explain(ask_scene(DEMO, COLOR))
    with pytest.raises(ConfigError, match="without modules"):
        compare(replace(explained, layout=None), explained)
