"""``nmn train``: from a configuration's name to a network, once more after an interruption, and how it refuses."""

import json
import shutil
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nmn.checkpoint import STATE
from nmn.cli import app
from nmn.cli.printing import stopped
from nmn.cli.train import Bars
from nmn.config import config_file
from nmn.errors import ConfigError
from nmn.reasoner import load
from nmn.resources import CONFIGS
from nmn.training.loop import spent
from nmn.training.run import load_settings

runner = CliRunner()
QUICK = ("steps=6", "save_every=2", "threads=1", "part=0.1")


def train(*arguments: object, code: int = 0) -> str:
    result = runner.invoke(app, ["train", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def test_a_run_ends_with_a_network_and_a_summary(made_shapes: Path, tmp_path: Path) -> None:
    text = train("shapes", f"folder={made_shapes}", *QUICK, "--out", tmp_path / "run")
    assert text.startswith("trained shapes in ") and "training: loss " in text
    assert f"--model {tmp_path / 'run'}" in text
    assert load(tmp_path / "run", "cpu").network.card["settings"]["steps"] == 6


def test_json_is_the_only_output(made_shapes: Path, tmp_path: Path) -> None:
    data = json.loads(train("shapes", f"folder={made_shapes}", *QUICK, "--out", tmp_path, "--json"))
    assert data["bytes"] == (tmp_path / "network.safetensors").stat().st_size
    assert data["name"] == "shapes" and "% right" in data["parts"]["training"]


def test_a_finished_run_is_told_of_again_and_nothing_is_prepared(made_shapes: Path, tmp_path: Path) -> None:
    data = shutil.copytree(made_shapes, tmp_path / "data")
    given = ("shapes", f"folder={data}", *QUICK, "--out", tmp_path / "run", "--json")
    first = json.loads(train(*given))
    shutil.rmtree(data)  # what it learned from
    assert json.loads(train(*given)) == {**first, "parts": {}, "seconds": round(first["seconds"], 1)}


def test_other_runs_in_its_folder_are_no_part_of_a_run(made_shapes: Path, tmp_path: Path) -> None:
    given = ("shapes", f"folder={made_shapes}", *QUICK, "--json", "--out")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / STATE).write_bytes(b"damaged")
    assert json.loads(train(*given, tmp_path))["name"] == "shapes"
    assert spent(tmp_path) > 0


def test_an_interruption_before_the_first_save_says_so(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").touch()
    told = "stopped at training 3 of 6; the same command begins again: nothing is saved yet (save_every=)"
    assert str(stopped(" at training 3 of 6", tmp_path)) == told


@pytest.mark.parametrize(("terminated", "code"), [(False, 130), (True, 143)])
def test_an_interrupted_run_says_how_to_go_on_and_goes_on(
    terminated: bool, code: int, made_shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, halved = tmp_path / "whole", tmp_path / "halved"
    arguments = ("shapes", f"folder={made_shapes}", *QUICK, "--out")
    train(*arguments, whole)
    noted = Bars.__call__

    def interrupted(self: Bars, part: str, done: int, of: int, note: str = "") -> None:
        noted(self, part, done, of, note)
        if done == 4 and terminated:
            signal.raise_signal(signal.SIGTERM)
        if done == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Bars, "__call__", interrupted)
        text = train(*arguments, halved, code=code)
    assert f"stopped at training 4 of 6; the same command goes on from what is saved in {halved}" in text
    assert not (halved / "network.safetensors").exists()
    train(*arguments, halved)
    states = [load(folder, "cpu").network.model.state_dict() for folder in (whole, halved)]
    assert all(bool((states[0][name] == states[1][name]).all()) for name in states[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("shpes",), "shpes: no such file, and no configuration that ships; those are "),
        (("shpes",), 'did you mean "shapes"?'),
        (("../configs/shapes",), "no such file"),
        (("shapes",), "folder: give the folder of SHAPES' files"),
        (("shapes", "stepz=3"), 'unknown setting "stepz"; did you mean "steps"?'),
        (("shapes", "steps=many"), "steps: expected a whole number"),
        (("shapes", "steps"), "expected key=value"),
        (("shapes", "folder=gone"), "train.large.query_str.txt: cannot be read"),
    ],
)
def test_what_cannot_be_trained_is_said(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    text = train(*arguments, "--out", tmp_path / "run", code=2)
    assert text.startswith("error: ") and message in text


def test_a_run_that_could_not_begin_does_not_hold_its_folder(made_shapes: Path, tmp_path: Path) -> None:
    wrong = train("shapes", "folder=gone", *QUICK, "--out", tmp_path, code=2)
    assert "cannot be read: No such file" in wrong
    assert train("shapes", f"folder={made_shapes}", *QUICK, "--out", tmp_path).startswith("trained shapes")


def test_many_changed_settings_are_not_all_listed(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "log.jsonl").write_text("", encoding="utf-8")
    text = train("shapes", "--out", tmp_path, "folder=gone", code=2)
    assert " more); give another --out" in text and len(text) < 300
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    assert "config.json: not the settings of a run" in train("shapes", "--out", tmp_path, "folder=gone", code=2)


def test_a_folder_of_another_run_is_refused(made_shapes: Path, tmp_path: Path) -> None:
    arguments = ("shapes", f"folder={made_shapes}", *QUICK, "--out", tmp_path)
    train(*arguments)
    assert "holds a run of other settings (seed)" in train(*arguments, "seed=1", code=2)


def test_a_run_without_a_folder_gets_one_of_its_settings_name(
    made_shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ("shapes", f"folder={made_shapes}", *QUICK)
    assert "--model runs/shapes" in train(*given) and (tmp_path / "runs" / "shapes" / "network.safetensors").is_file()
    refused = train(*given, "seed=1", code=2)
    assert refused.startswith("error: runs/shapes: holds a run of other settings (seed); give another --out")
    train(*given, "name=mine", "seed=1")
    assert (tmp_path / "runs" / "mine" / "network.safetensors").is_file()


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_configuration_that_ships_can_be_read_by_its_name(path: Path) -> None:
    assert load_settings(config_file(path.stem)).name == path.stem


def test_a_file_goes_before_a_name_and_a_folder_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shapes").mkdir()
    assert config_file("shapes") == CONFIGS / "shapes.toml"
    (tmp_path / "world").write_text("steps = 3", encoding="utf-8")
    assert config_file("world") == Path("world")
    with pytest.raises(ConfigError, match=r"those are attention_captioner, .*, shapes, .*, world"):
        config_file("worlds")
