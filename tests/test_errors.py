"""nmn errors: the first wrong call, what was taken for what, and the worst examples."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.cli import app
from nmn.errors import ConfigError, DataError
from nmn.evaluation.errors import Errors, confused, find_errors
from nmn.evaluation.errors_page import write_errors
from nmn.evaluation.faithfulness import agreement
from nmn.evaluation.known import known_of, read_known
from nmn.language import read
from nmn.layout import parse_layout
from nmn.lexicon import load_lexicon
from nmn.models.build import NetworkSettings, build_network
from nmn.modules.exact import encode, exact_library
from nmn.modules.neural import vocabulary_of
from nmn.reasoner import Reasoner, load, run
from nmn.scene import SceneGraph, SceneObject
from synth_data.config import load_config
from synth_data.dataset import read_dataset
from synth_data.write import write_dataset
from tests.test_nlvr import ENTRIES, write_split

WORLD = load_lexicon("world")
COLORS = ("red", "orange", "blue")
runner = CliRunner()


def scene(*colors: str) -> SceneGraph:
    things = [
        SceneObject({"shape": "circle", "color": color}, (9 * at, 0, 9 * at + 5, 5)) for at, color in enumerate(colors)
    ]
    return SceneGraph(tuple(things), 64, 64)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "tiny"
    write_dataset(load_config("varied", size=16, seed=3, families=["count", "query"]), folder)
    return folder


@pytest.fixture(scope="module")
def found(dataset: Path) -> Errors:
    """Of a network that has learned nothing."""
    made = read_dataset(dataset)
    network = build_network(NetworkSettings(), vocabulary_of([one.layout for one in made], WORLD))
    return find_errors(Reasoner(network, "cpu"), {"tiny": known_of(made, "tiny")}, worst=2)


def test_the_first_wrong_call_has_right_operands() -> None:
    """Seen with blue for red: find[red] is wrong, and so is all that follows from it, but not find[circle]."""
    layout = parse_layout("exists(and(find[circle], find[red]))")
    planned = plan([layout])
    seen, true = (
        execute(planned, exact_library(WORLD), encode([scene(*colors)], WORLD)) for colors in (["blue"], ["red"])
    )
    labels = [call.argument or call.module for call in layout.calls]
    assert [labels[at] for at in agreement(seen, true).wrong[0]] == ["red", "and", "exists"]


def test_sets_are_confused_by_the_attribute_that_was_asked() -> None:
    ours, theirs = (run("find[red]", scene(*colors)).trace.root for colors in (("blue", "red"), ("red", "orange")))
    known = scene("red", "orange")
    assert confused(ours, theirs, None, known, WORLD) == [("orange", "red"), ("red", "left out")]
    assert confused(ours, theirs, [-1, -1], known, WORLD) == [("no object", "red"), ("red", "left out")]
    ours, theirs = (
        run("relate[left_of](find[blue])", scene(*colors)).trace.root for colors in (("red",), ("red", "blue"))
    )
    assert confused(ours, theirs, None, scene("red", "blue"), WORLD) == [("circle red", "left out")]


def test_values_are_confused_with_each_other() -> None:
    ours, theirs = (run("count(scene)", scene(*COLORS[:count])).trace.root for count in (2, 3))
    assert confused(ours, theirs, None, scene(*COLORS), WORLD) == [("3", "2")]


def test_every_example_is_counted_in_its_family(found: Errors) -> None:
    assert [(row.split, row.examples) for row in found.rows] == [("tiny", 8), ("tiny", 8)]
    assert {row.family for row in found.rows} == {"count", "query"}
    assert all(sum(row.first.values()) == row.unfaithful for row in found.rows)
    assert sum(row.unfaithful for row in found.rows) > 0 and found.confusions


def test_the_worst_are_wrong_and_explained_beside_what_is_so(found: Errors) -> None:
    assert len(found.worst) == 2
    for worst in found.worst:
        assert worst.explanation.answer != worst.recorded and worst.explanation.exact
        assert worst.explanation.exact.text == worst.recorded
        wrong = [call.label for call in worst.explanation.calls if call.exact and not call.exact.agrees]
        assert wrong[0] == worst.first


def test_a_page_and_data_are_written(found: Errors, tmp_path: Path) -> None:
    write_errors(tmp_path / "a.html", found, "runs/none")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "Where runs/none goes wrong" in page and 'id="worst1-node-0"' in page and "left out" in page
    write_errors(tmp_path / "a.json", found, "runs/none")
    data = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert data["rows"][0]["split"] == "tiny" and len(data["worst"]) == 2
    with pytest.raises(ConfigError, match=r"ends in one of \.html, \.json"):
        write_errors(tmp_path / "a.png", found, "runs/none")


def test_the_command_reports_on_the_weights_that_ship(dataset: Path, tmp_path: Path) -> None:
    result = runner.invoke(app, ["errors", "world", "--data", str(dataset), "--out", str(tmp_path / "e.html")])
    assert result.exit_code == 0 and "tiny" in result.stdout and "written:" in result.stdout, result.output
    result = runner.invoke(app, ["errors", "world", "--data", str(dataset), "--data", str(dataset)])
    assert result.exit_code == 2 and "another is 'tiny' too" in result.stderr


def test_the_command_shows_what_was_taken_for_what_most_often(
    dataset: Path, found: Errors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nmn.evaluation.errors.find_errors", lambda *told: found)
    shown = runner.invoke(app, ["errors", "world", "--data", str(dataset)]).stdout
    label, pairs = max(found.confusions.items(), key=lambda one: max(one[1].values()))
    thing, taken = max(pairs, key=lambda pair: pairs[pair])
    assert "taken for" in shown and label in shown and thing in shown and taken in shown
    more = sum(map(len, found.confusions.values())) - 10
    assert more > 0 and f"and {more:,} more" in shown


def test_questions_without_words_for_an_answer_are_refused(tmp_path: Path) -> None:
    write_dataset(load_config("varied", size=2, seed=3, families=["refer"]), tmp_path / "refer")
    made = read_dataset(tmp_path / "refer")
    network = build_network(NetworkSettings(), vocabulary_of([one.layout for one in made], WORLD))
    with pytest.raises(DataError, match="refer: no question has an answer in words"):
        find_errors(Reasoner(network, "cpu"), {"refer": known_of(made, "refer")})


def test_shapes_is_read_too_split_by_split(made_shapes: Path) -> None:
    ((name, known),) = read_known(made_shapes).items()
    assert name == f"{made_shapes.name} val"
    few = known._replace(examples=known.examples[:20])
    words = vocabulary_of([read(one.question, "shapes").layout for one in few.examples], few.lexicon)
    sizes = NetworkSettings(regions="cells", grammar="shapes", lexicon="shapes", pixels=30, channels=16)
    (row,) = find_errors(Reasoner(build_network(sizes, words), "cpu"), {name: few}, worst=1).rows
    assert (row.split, row.family, row.examples, row.unread) == (name, "val", 20, 0)
    assert row.unfaithful == sum(row.first.values()) >= row.wrong > 0


def test_nlvr_is_read_as_people_wrote_it_and_judged_by_a_network_of_its_pictures(tmp_path: Path) -> None:
    folder = write_split(tmp_path, ENTRIES) / "dev"
    known = read_known(folder)
    assert list(known) == list(read_known(tmp_path)) == ["nlvr dev"]
    found = find_errors(load("nlvr_cells", "cpu"), known, worst=1)
    write_errors(tmp_path / "errors.html", found, "nlvr_cells")
    (row,) = found.rows
    assert (row.split, row.family, row.examples, row.unread) == ("nlvr dev", "towers", len(ENTRIES), 0)
    assert row.wrong >= 1  # a label is wrong
    with pytest.raises(ConfigError, match="nlvr dev: its scenes have 3 panels, the network sees 1"):
        find_errors(load("world", "cpu"), known)


def test_splits_of_one_name_are_refused_whatever_their_folders_are_called(tmp_path: Path) -> None:
    folders = [write_split(tmp_path / name, ENTRIES, orders=1) for name in ("one", "other")]
    result = runner.invoke(app, ["errors", "nlvr_cells", *(f"--data={folder}" for folder in folders)])
    assert result.exit_code == 2 and "another is 'nlvr dev' too" in result.stderr


def test_data_whose_scenes_are_not_known_is_refused_with_what_can_be_read(tmp_path: Path) -> None:
    result = runner.invoke(app, ["errors", "world", "--data", str(tmp_path)])
    assert result.exit_code == 2 and "or the files of SHAPES or of NLVR" in result.output
    assert "nmn evaluate" in result.output
