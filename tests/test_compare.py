"""The comparison: resumed at the very run, a failing system reported, tables worked out by hand, and how it refuses."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

import nmn.compare.run as comparing
from nmn.checkpoint import NETWORK
from nmn.cli import app
from nmn.cli.compare import TABLES, Bars
from nmn.compare.courses import COURSES, HELD, STANDARD, Course
from nmn.compare.files import PLAN, RESULT, RESULTS, loop_seconds
from nmn.compare.jobs import systems_of
from nmn.compare.plots import write_plots
from nmn.compare.settings import SIZES, size_settings
from nmn.compare.tables import curve, figure, gap, markdown, runs_of
from nmn.config import settings_json
from nmn.errors import ConfigError, TrainingError
from nmn.evaluation.spread import Spread
from nmn.resources import CONFIGS
from nmn.training.data import Generated
from nmn.training.loop import LOG, rate_at
from nmn.training.run import Outcome, load_settings
from nmn.training.settings import TrainSettings
from synth_data.config import SynthConfig, load_config
from synth_data.splits import SPLITS, leaks, split_settings
from tests.worlds import examples, settings

runner = CliRunner()
SEE = comparing.Comparison._see
TINY = (
    "images=4", "each=2", "steps=2", "pretraining_steps=2", "batch=2", "tuning_steps=1", "held_back=4", "questions=16",
    "cell_scenes=4", "cell_steps=1", "timed=2", "threads=1", "courses=world",
)  # fmt: skip


def compare(*arguments: object, code: int = 0) -> str:
    result = runner.invoke(app, ["compare", *map(str, arguments)])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result.stdout if code == 0 else result.stderr


class Fakes:
    """Stands in for training and asking: notes each run, and does what it is told to in some of them."""

    def __init__(self) -> None:
        self.trained: list[str] = []
        self.told: list[TrainSettings] = []
        self.seen: list[str] = []
        self.stop = ""
        self.fail = ""
        self.error: Exception = TrainingError("the loss is nan")

    def train(self, told: TrainSettings, folder: Path, *rest: object) -> Outcome:
        self.told.append(told)
        if folder.parts[-3] == "tuning":
            return Outcome(told.rate, 1.0)
        run = "/".join(folder.parts[-2:])
        if run == self.stop:
            raise KeyboardInterrupt
        if run.startswith(self.fail) and self.fail:
            raise self.error
        self.trained.append(run)
        folder.mkdir(parents=True)
        (folder / NETWORK).write_bytes(b"")
        return Outcome(None, 1.0)

    def see(self, course: str) -> None:
        self.seen.append(course)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fakes]:
    made = Fakes()
    result = {"tests": {STANDARD: {"count": [1, 2]}}, "seconds": 1.0, "parameters": 7, "date": "2026-11-25",
              "statements": [1, 2], "a_second": 3.0}  # fmt: skip
    monkeypatch.setattr(comparing, "train", made.train)
    monkeypatch.setattr(comparing.Comparison, "_examined", lambda *given: result)
    monkeypatch.setattr(comparing.Comparison, "_see", lambda comparison, system, course: made.see(course))
    yield made


def test_an_interrupted_comparison_goes_on_at_the_run_where_it_stopped(fakes: Fakes, tmp_path: Path) -> None:
    given = ("majority", "film", *TINY, "seeds=3", "--out", tmp_path)
    fakes.stop = "film/world-4-1"
    text = compare(*given, code=130)
    assert fakes.trained == ["majority/world-4-0", "film/world-4-0", "majority/world-4-1"]
    assert f"the same command goes on from what is saved in {tmp_path}" in text
    fakes.stop, fakes.trained = "", []
    compare(*given)
    assert fakes.trained == ["film/world-4-1", "majority/world-4-2", "film/world-4-2"]


def test_an_interrupted_comparison_whose_folder_was_moved_begins_its_run_again(tmp_path: Path) -> None:
    tiny, run = ("image_only", *TINY), "runs/image_only/world-4-0"
    compare(*tiny, "--out", tmp_path / "one")
    for left in (RESULTS, f"{run}/{RESULT}", f"{run}/{NETWORK}"):
        (tmp_path / "one" / left).unlink()
    (tmp_path / "one").rename(tmp_path / "two")
    compare(*tiny, "--out", tmp_path / "two")
    told = json.loads((tmp_path / "two" / run / "config.json").read_text())
    assert told["weights"] == str(tmp_path / "two" / comparing.BACKBONE)


def test_more_seeds_and_systems_are_added_to_what_is_there(fakes: Fakes, tmp_path: Path) -> None:
    compare("majority", *TINY, "--out", tmp_path)
    compare("majority", "film", *TINY, "seeds=2", "--out", tmp_path)
    assert fakes.trained == ["majority/world-4-0", "film/world-4-0", "majority/world-4-1", "film/world-4-1"]


def test_a_comparison_goes_on_from_its_results_alone(fakes: Fakes, tmp_path: Path) -> None:
    compare("majority", "film", *TINY, "--out", tmp_path / "here")
    (tmp_path / "there").mkdir()
    copied = tmp_path / "there" / RESULTS
    results = json.loads((tmp_path / "here" / RESULTS).read_text())
    del results["systems"]["film"]["schedule"], results["settings"]["looks"]  # of before there were these
    copied.write_text(json.dumps(results))
    fakes.trained, fakes.seen = [], []
    compare("majority", "film", *TINY, "--out", tmp_path / "there")
    assert fakes.trained == [] and fakes.seen == []  # nothing is left to do, nor to see with
    compare("majority", "film", *TINY, "seeds=2", "--out", tmp_path / "there")
    assert fakes.trained == ["majority/world-4-1", "film/world-4-1"]
    assert len(json.loads(copied.read_text())["runs"]) == 4
    assert "holds a comparison with another steps" in compare("film", *TINY, "steps=3", "--out", copied.parent, code=2)


def test_rates_that_print_alike_are_tuned_apart_and_used_whole(fakes: Fakes, tmp_path: Path) -> None:
    compare("film", *TINY, "rates=[0.00123456789, 0.00123456788]", "--out", tmp_path)
    assert [one.rate for one in fakes.told[:2]] == [0.00123456789, 0.00123456788]
    assert fakes.told[2].rate == 0.00123456789  # what the tuning of these says is right is their rate
    tuned = json.loads((tmp_path / "tuning" / "film.json").read_text())
    assert list(tuned["held_back"]) == ["0.00123456789", "0.00123456788"]


def test_a_system_of_other_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text('name = "other"\ndata = "shapes"\nregions = "cells"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"other.toml: systems are compared on data=.generated., got 'shapes'"):
        systems_of([path])


def test_a_system_is_tuned_by_the_beginning_of_its_run(fakes: Fakes, tmp_path: Path) -> None:
    compare("film", *TINY, "steps=40", "tuning_steps=7", "rates=[0.5]", "--out", tmp_path)
    tuned, ran = fakes.told
    assert (tuned.steps, ran.steps, ran.warm_up) == (7, 40, 2)
    falling = [rate_at(step, ran) for step in range(7)]
    assert [rate_at(step, tuned) for step in range(7)] == falling != sorted(falling)


def test_the_eyes_of_a_course_saw_nothing_that_it_holds_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained: dict[str, SynthConfig] = {}

    def noted(
        config: SynthConfig, scenes: int, sizes: object, loop: object, run: Path, path: Path, watch: object
    ) -> None:
        trained[path.name] = config
        path.write_bytes(b"")

    monkeypatch.setattr(comparing, "train_cells", noted)
    film = {"film": load_settings(CONFIGS / "compare" / "film.toml")}
    comparison = comparing.Comparison(film, size_settings("small"), tmp_path, Bars())
    for course in ("world", "held", "world"):
        comparison._see("film", course)
        eyes = Path(comparison._told(film["film"], course, 0).weights).name
        assert (trained[eyes].max_objects, bool(trained[eyes].held_out)) == (
            (6, True) if course == "held" else (8, False)
        )
    assert len(trained) == 2


def test_other_results_are_refused(tmp_path: Path) -> None:
    run = {"system": "film", "course": "world", "images": 4, "seed": 0}
    good: dict[str, Any] = {"settings": {}, "systems": {"film": {}}, "tuning": {"film": {}}, "runs": [run]}
    wrongs: list[dict[str, Any]] = [
        {"runs": [{}]},
        {"tuning": {"film": [1]}},
        {"tuning": {"../../film": {}}},
        {"runs": [{**run, "system": "../.."}]},
        {"runs": [{**run, "course": "../world"}]},
        {"systems": {"..": {}}, "tuning": {}, "runs": []},
    ]
    for wrong in wrongs:
        (tmp_path / RESULTS).write_text(json.dumps(good | wrong))
        assert f"{RESULTS}: not the results of a comparison" in compare("film", *TINY, "--out", tmp_path, code=2)
        assert [path.name for path in tmp_path.iterdir()] == [RESULTS]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TrainingError("the loss is nan"), "the loss is nan\n"),
        (TypeError("no number"), "TypeError: no number (run.py, line "),
        (MemoryError(), "MemoryError (run.py, line "),
    ],
)
def test_a_failing_system_is_reported_and_the_others_finish(
    fakes: Fakes, tmp_path: Path, error: Exception, said: str
) -> None:
    fakes.fail, fakes.error = "majority", error
    given = ("majority", "film", *TINY, "seeds=2", "--out", tmp_path)
    compare(*given, code=1)
    assert fakes.trained == ["film/world-4-0", "film/world-4-1"]
    assert f"- majority: majority/world-4-0: {said}" in (tmp_path / TABLES).read_text()
    fakes.fail = ""
    compare(*given)  # and is tried again
    assert fakes.trained[2:] == ["majority/world-4-0", "majority/world-4-1"]
    assert "Failed" not in (tmp_path / TABLES).read_text()


def test_where_a_backbone_fails_those_that_need_it_fail_and_it_is_tried_once(
    fakes: Fakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def diverging(
        config: object, scenes: int, sizes: object, loop: object, run: Path, path: Path, watch: object
    ) -> None:
        tried.append(run.name)
        if run.name == "backbone-held":
            raise TrainingError("the loss is nan")

    monkeypatch.setattr(comparing.Comparison, "_see", SEE)
    monkeypatch.setattr(comparing, "train_cells", diverging)
    given = ("film", "modules_objects", "cnn_rnn", *TINY[:-1], "courses=world,held", "--out", tmp_path)
    compare(*given, code=1)
    worlds = [f"{name}/world-4-0" for name in ("film", "modules_objects", "cnn_rnn")]
    assert fakes.trained == [*worlds, "modules_objects/held-4-0"]
    assert tried.count("backbone-held") == 1
    told = (tmp_path / TABLES).read_text()
    assert all(f"- {name}: {name}/held-4-0: the loss is nan" in told for name in ("film", "cnn_rnn"))


def test_all_systems_that_ship_are_compared_where_none_is_named(fakes: Fakes, tmp_path: Path) -> None:
    compare(*TINY, "--out", tmp_path)
    shipped = sorted(path.stem for path in (CONFIGS / "compare").glob("*.toml"))
    assert sorted(json.loads((tmp_path / PLAN).read_text())["systems"]) == shipped


def test_a_comparison_that_is_there_goes_on_with_its_own_systems_where_none_is_named(
    fakes: Fakes, tmp_path: Path
) -> None:
    compare("majority", *TINY, "--out", tmp_path)
    compare(*TINY, "seeds=2", "--out", tmp_path)
    assert fakes.trained == ["majority/world-4-0", "majority/world-4-1"]


def test_nlvr_is_for_systems_that_answer_over_cells_and_left_out_without_its_files(
    fakes: Fakes, tmp_path: Path
) -> None:
    given = ("film", "captioner", "modules_objects", *TINY[:-1], "courses=world,nlvr", "--out", tmp_path)
    compare(*given)
    assert fakes.trained == ["film/world-4-0", "captioner/world-4-0", "modules_objects/world-4-0"]
    assert "Left out: no run was given its files" in (tmp_path / TABLES).read_text()
    (tmp_path / "nlvr" / "dev").mkdir(parents=True)
    files = f"nlvr={tmp_path / 'nlvr'}"
    compare(*given, files)
    assert fakes.trained[3:] == ["film/nlvr-4-0"]
    compare("film", *TINY[:-1], "courses=nlvr", files, "--out", tmp_path / "alone")
    assert "default world" not in (tmp_path / "alone" / TABLES).read_text()


def test_a_folder_that_is_none_of_nlvr_is_refused_before_anything_is_trained(fakes: Fakes, tmp_path: Path) -> None:
    told = compare("film", *TINY[:-1], "courses=world,nlvr", "nlvr=nowhere", "--out", tmp_path, code=2)
    assert "nlvr: there is no folder nowhere/dev" in told
    assert not fakes.seen and not fakes.told


def test_systems_that_learn_from_captions_alone_are_trained_where_something_is_asked_of_them(
    fakes: Fakes, tmp_path: Path
) -> None:
    compare("captioner", "film", "images=8", *TINY[1:-1], "courses=world,held", "curve=4", "--out", tmp_path)
    assert fakes.trained == ["captioner/world-8-0", "film/world-8-0", "film/held-8-0", "film/world-4-0"]


def test_few_images_are_seen_so_many_times_at_most() -> None:
    systems = systems_of([CONFIGS / "compare" / "coattention.toml"])
    size = size_settings("small", ["steps=1000", "pretraining_steps=500", "batch=16", "passes=10"])
    made = comparing.Comparison(systems, size, Path("runs"), None)  # type: ignore[arg-type]
    few = made._told(systems["coattention"], "world", 0, 40)
    assert (few.steps, few.pretraining_steps, few.warm_up) == (30, 30, 1)  # three batches of 16 hold 40 images
    assert made._told(systems["coattention"], "world", 0).steps == 320  # 500 images


def test_written_statements_come_after_the_generated_ones_with_images_of_their_own(tmp_path: Path) -> None:
    boxes = [[{"x_loc": 20, "y_loc": 30, "size": 20, "type": "circle", "color": "Yellow"}], [], []]
    folder = tmp_path / "train1000"
    entries = [("1-0", "There is a yellow circle", "true"), ("2-1", "There is a blakc circle.", "false")]
    (folder / "images").mkdir(parents=True)
    lines = []
    for identifier, sentence, label in entries:
        lines.append(json.dumps({
            "identifier": identifier, "sentence": sentence, "label": label, "structured_rep": boxes,
        }))  # fmt: skip
        Image.new("RGB", (400, 100)).save(folder / "images" / f"train-{identifier}-0.png")
    (folder / "train.json").write_text("\n".join(lines))
    config = load_config("nlvr", size=4, shard_size=4)
    examples, images = Generated(config, whole=True, crowd=str(tmp_path))[1]
    assert [(one.number, one.text, one.answer) for one in examples] == [
        (4, "There is a yellow circle", True), (5, "There is a blakc circle.", False),
    ]  # fmt: skip
    assert images.shape == (2, 3, 100, 400) and "find[black]" in str(examples[1].layout)
    assert Generated(config, crowd=str(tmp_path))[1][1].shape == (2, 3, 3, 100, 100)


def test_a_rate_that_diverges_is_none_to_take(fakes: Fakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def diverging(told: TrainSettings, folder: Path, *rest: object) -> Outcome:
        if told.rate > 0.002:
            raise TrainingError("the loss is nan")
        return fakes.train(told, folder, *rest)

    monkeypatch.setattr(comparing, "train", diverging)
    compare("film", *TINY, "rates=0.001,0.01", "--out", tmp_path / "one")
    told = json.loads((tmp_path / "one" / "tuning" / "film.json").read_text())
    assert told == {"held_back": {"0.001": 0.001, "0.01": 0.0}, "rate": 0.001}
    assert "the loss is nan" in compare("film", *TINY, "rates=0.01", "--out", tmp_path / "two", code=1)


def test_what_was_asked_for_before_stays_in_the_tables(fakes: Fakes, tmp_path: Path) -> None:
    compare("majority", *TINY[:-1], "courses=world,held", "seeds=2", "curve=4", "images=8", "--out", tmp_path)
    compare("majority", "film", *TINY[:-1], "courses=world", "images=8", "--out", tmp_path)
    told = json.loads((tmp_path / RESULTS).read_text())["settings"]
    assert (told["seeds"], told["courses"], told["curve"]) == (2, ["world", "held"], [4])


def test_captions_are_not_read_where_they_would_show_what_is_held_out() -> None:
    systems = systems_of([CONFIGS / "compare" / "coattention.toml"])
    made = comparing.Comparison(systems, size_settings("small"), Path("runs"), None)  # type: ignore[arg-type]
    told = [made._told(systems["coattention"], course, 0).pretraining_steps for course in ("world", "held", "nlvr")]
    assert told == [125, 0, 0]


def test_the_rate_that_gets_most_right_is_taken(fakes: Fakes, tmp_path: Path) -> None:
    compare("film", *TINY, "rates=0.001,0.01,0.003", "--out", tmp_path)  # the fake is as right as its rate is high
    assert json.loads((tmp_path / "tuning" / "film.json").read_text())["rate"] == 0.01


def test_systems_are_trained_and_asked_for_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Course("", {STANDARD: COURSES["world"].tests[STANDARD]}, synth=("pixels=64", "captions=1"))
    monkeypatch.setitem(comparing.COURSES, "world", small)  # type: ignore[attr-defined]
    data = json.loads(compare("question_only", "modules_cells", "captioner", *TINY, "--out", tmp_path, "--json"))
    assert not data["failed"]
    ones = {run["system"]: run for run in data["runs"]}
    assert sorted(ones) == ["captioner", "modules_cells", "question_only"]
    for name in ("question_only", "modules_cells"):
        tallies = ones[name]["tests"][STANDARD].values()
        assert sum(of for _, of in tallies) == 16 and all(right <= of for right, of in tallies)
        assert ones[name]["best"]["step"] in (1, 2)
        assert ones[name]["a_second"] > 0 and ones[name]["parameters"] > 0
    assert ones["captioner"]["tests"] == {} and ones["captioner"]["judged"]["of"] > 0
    assert 0 <= ones["captioner"]["captions"]["true"] <= 1
    said = compare("--show", tmp_path)
    assert "| modules_cells | " in said and "### Judges of statements" in said


def test_equal_seeds_and_steps_are_given_to_every_system(tmp_path: Path) -> None:
    systems = systems_of(sorted((CONFIGS / "compare").glob("*.toml")))
    size = size_settings("small")
    made = comparing.Comparison(systems, size, tmp_path, None)  # type: ignore[arg-type]
    told = [made._told(one, "world", 3) for one in systems.values()]
    shared = ("seed", "steps", "batch", "images", "each", "warm_up", "cosine", "synth", "weight_decay", "clip")
    assert len(told) == 16
    for name in shared:
        assert len({getattr(one, name) for one in told}) == 1, name
    assert {(one.weights, one.frozen) for one in told if one.regions == "cells"} == {
        (str(tmp_path / comparing.BACKBONE), True)
    }


def made_up(seeds: int = 2) -> dict[str, Any]:
    """Return results whose figures can be worked out by hand."""

    def run(system: str, course: str, seed: int, right: int, images: int = 100) -> dict[str, Any]:
        tests = {name: {"count": [right, 10], "query": [10, 10]} for name in COURSES[course].tests}
        if course == "held":
            tests["cogent"] = {"count": [0, 10], "query": [10, 10]}
            tests["closure"] = {"count_same": [1, 20], "query_same": [10, 20]}
        return {
            "system": system, "course": course, "images": images, "seed": seed, "tests": tests, "parameters": 1234,
            "seconds": 10.0 + 4 * seed, "a_second": 100.0, "statements": [3, 4], "date": "2026-11-25",
        }  # fmt: skip

    runs = [run("film", course, seed, 2 + 4 * seed) for seed in range(seeds) for course in COURSES]
    runs += [run("film", "world", 0, 1, images=10)]
    settings = {"images": 100, "each": 8, "steps": 5, "batch": 2, "seeds": seeds, "questions": 20, "curve": [10, 50],
                "rates": [0.003], "tuning_steps": 3, "held_back": 9}  # fmt: skip
    tuning = {"film": {"held_back": {"0.003": 0.5}, "rate": 0.003}}
    return {"settings": settings, "systems": {"film": {}}, "tuning": tuning, "runs": runs, "failed": {}}


def test_figures_are_what_they_are_by_hand() -> None:
    results = made_up()
    world, held = (runs_of(results, "film", course) for course in ("world", "held"))
    assert figure(world, STANDARD).values == (60.0, 80.0)  # (2 + 10) / 20 and (6 + 10) / 20
    assert str(figure(world, STANDARD)) == "70.0 ± 14.1"  # 10 * sqrt(2)
    assert gap(held, "held", "cogent").values == (-10.0, -30.0)
    # beside are as many of count (2 and 6 of 10) and of query (all of 10): 11 of 40 against 24 and 32 of 40
    assert gap(held, "held", "closure").values == (-32.5, -52.5)
    assert curve(results, "film") == [(80, 55.0), (800, 60.0)]
    assert Spread(()).deviation == 0.0


def test_the_tables_show_mean_and_spread_and_what_it_cost() -> None:
    text = markdown(made_up())
    assert "| film | 70.0 ± 14.1 | - | 75.0 ± 0.0 | - | 1,234 | 12 | 100 |" in text
    assert "| count | 40.0 ± 28.3 |" in text and "| query | 100.0 ± 0.0 |" in text
    assert "| film | 55.0 | 60.0 |" in text and "### Judges" not in text
    assert "| film | 60.0 |" in markdown(made_up(seeds=1))


def test_splits_alone_are_shown_and_nlvr_from_the_best_down() -> None:
    results = made_up()
    results["systems"] = {name: {} for name in ("unasked", "worse", "film", "also")}
    for name, right in (("worse", 0), ("also", 9)):
        runs = [run for run in results["runs"] if run["course"] == "nlvr"]
        results["runs"] += [{**run, "system": name, "tests": {"dev": {"count": [right, 10]}}} for run in runs]
    told = markdown(results).partition("### NLVR")[2].partition("###")[0]
    assert [line.split(" | ")[0] for line in told.splitlines() if line.startswith("| ")][1:] == [
        "| also", "| film", "| worse"
    ]  # fmt: skip
    results["runs"] = [run for run in results["runs"] if run["course"] == "held"]
    assert "| cogent - seen |" in markdown(results)


def test_the_margin_over_question_only_is_of_the_same_seeds() -> None:
    results = made_up()
    results["systems"]["question_only"] = {}
    for seed, right in ((0, 1), (1, 3), (2, 9)):  # of 10, and 10 of 10; film has 2 and 6 with seeds 0 and 1
        tests = {name: {"count": [right, 10], "query": [10, 10]} for name in COURSES["world"].tests}
        results["runs"].append({**results["runs"][0], "system": "question_only", "seed": seed, "tests": tests})
    assert "| film | 70.0 ± 14.1 | 10.0 ± 7.1 |" in markdown(results)  # 60 - 55 and 80 - 65


def test_plots_are_drawn_of_what_is_there(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    assert [path.name for path in write_plots(made_up(), tmp_path)] == [
        "families.png", "splits.png", "styles.png", "curves.png",
    ]  # fmt: skip


def test_the_seconds_of_a_run_are_its_median_step_times_their_number(tmp_path: Path) -> None:
    times = [0.0, 0.0, 2.0, 2.0, 900.0, 900.0, 902.0, 902.0]  # a second a step, but for an interruption
    (tmp_path / LOG).write_text("".join(json.dumps({"time": time}) + "\n" for time in times))
    assert loop_seconds(tmp_path) == 8.0


def test_joined_splits_hold_out_what_each_does_and_reach_no_other_side() -> None:
    told = split_settings(HELD)
    assert told["held_out"] and told["held_out_relations"] and told["max_objects"] == 6 and told["max_hops"] == 2
    made = examples(settings(**{**told, "size": 100, "shard_size": 100}))
    assert not any(leaks(example, HELD) for example in made)
    other = examples(settings(**{**SPLITS["objects"].test, "size": 20, "shard_size": 20}))
    assert all(leaks(example, HELD) for example in other)
    with pytest.raises(ConfigError, match='only train sides can be joined, got "cogent:test"'):
        split_settings("cogent:test,sqoop:train")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("film", "--out", "runs", "--size", "smal"), 'no size "smal"; there are full, small; did you mean "small"?'),
        (("film", "film", "--out", "runs"), "there is a system film already"),
        (("flim", "--out", "runs"), 'did you mean "film"?'),
        (("film", "sedes=2", "--out", "runs"), 'unknown setting "sedes"; did you mean "seeds"?'),
        (("film", "courses=wrld", "--out", "runs"), 'no course "wrld"'),
        (("film", "rates=0", "--out", "runs"), "rates: expected one or more above 0"),
        (("film",), "give --out DIR to compare systems, or --show DIR"),
        (("film", "--show", "runs"), "leave out the systems"),
        (("--show", "nowhere"), "no results of a comparison here"),
    ],
)
def test_bad_input_is_named(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in compare(*arguments, code=2)
    assert not (tmp_path / "runs").exists()


def test_the_folder_of_another_comparison_is_refused(fakes: Fakes, tmp_path: Path) -> None:
    compare("film", *TINY, "--out", tmp_path / "one")
    message = compare("film", *TINY, "steps=9", "--out", tmp_path / "one", code=2)
    assert "holds a comparison with another steps; give another --out" in message
    other = tmp_path / "film.toml"
    other.write_text((CONFIGS / "compare" / "film.toml").read_text().replace("bf16 = true", "bf16 = false"))
    assert "holds another film" in compare(other, *TINY, "--out", tmp_path / "one", code=2)
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "notes.txt").write_text("")
    assert "holds something else than a comparison" in compare("film", *TINY, "--out", tmp_path / "two", code=2)
    assert "holds something else than a comparison" in compare("film", *TINY, "--out", other, code=2)
    (tmp_path / "one" / PLAN).write_text("[]")
    assert "not a file of a comparison" in compare("film", *TINY, "--out", tmp_path / "one", code=2)
    (tmp_path / "one" / RESULTS).write_text("{}")
    message = f'{tmp_path / "one" / RESULTS}: not the results of a comparison: it lacks "settings"'
    assert message in compare("--show", tmp_path / "one", code=2)


@pytest.mark.parametrize("path", sorted(SIZES.glob("*.toml")), ids=lambda path: path.stem)
def test_a_size_that_ships_is_read_as_it_is_written(path: Path) -> None:
    size, written = settings_json(size_settings(path.stem)), tomllib.loads(path.read_text(encoding="utf-8"))
    assert written and {name: size[name] for name in written} == written
    given = settings_json(size_settings(path.stem, ["seeds=9", "rates=[0.5]"]))
    assert given == {**size, "seeds": 9, "rates": [0.5]}
