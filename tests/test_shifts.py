"""Shifts of distribution: the same scenes drawn otherwise, what is counted, and the table over seeds."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from typer.testing import CliRunner

from nmn.cli import app
from nmn.errors import ConfigError
from nmn.evaluation.shift_samples import sample_strips
from nmn.evaluation.shift_table import SYSTEMS, VARIED, Row, ShiftTable, compare_shifts
from nmn.evaluation.shifts import COLUMNS, SHIFTS, STANDARD, accuracies, shifted
from nmn.training.classify import class_names, one_object
from synth_data.render_torch import render_batch
from tests.test_classify import TINY, settings

CONFIG = one_object(settings())


@pytest.mark.parametrize("shift", [shift for shift in SHIFTS if shift != STANDARD])
def test_a_shift_draws_the_same_scenes_otherwise(shift: str) -> None:
    (scenes, plain), (again, other) = (shifted(CONFIG, ("shape",), name, 12, 0) for name in (STANDARD, shift))
    assert scenes == again and torch.equal(plain.targets, other.targets)
    assert plain.images.shape == other.images.shape and other.images.dtype == torch.uint8
    differs = (plain.images != other.images).flatten(1).any(1)
    assert bool(differs.all()) or (shift == "textured" and int(differs.sum()) >= 5)  # one in four stays solid


def test_an_outline_is_open_inside_and_sand_is_light() -> None:
    _, plain = shifted(CONFIG, ("shape",), STANDARD, 12, 0)
    _, outline = shifted(CONFIG, ("shape",), "outline", 12, 0)
    paper = plain.images[0, :, 0, 0].view(3, 1, 1)
    shown = [(data.images != paper).any(1).float().mean() for data in (plain, outline)]
    assert float(shown[1]) < 0.8 * float(shown[0])
    _, redrawn = shifted(CONFIG, ("shape",), "redrawn", 12, 0)
    assert redrawn.images[0, :, 0, 0].tolist() == [200, 190, 160]


class Brightest:
    """Says class 0 where the image is bright, else class 1."""

    def __call__(self, images: Tensor) -> Tensor:
        bright = images.mean((1, 2, 3)) - 0.5
        return torch.stack([bright, -bright, *[torch.full_like(bright, -9)] * 10], 1)


def test_accuracies_count_each_shift_and_attack() -> None:
    found = accuracies(Brightest(), CONFIG, ("shape",), 30, 0)
    assert list(found) == list(COLUMNS)
    first = int((shifted(CONFIG, ("shape",), STANDARD, 30, 0)[1].targets == 1).sum())
    assert found[STANDARD] == first / 30  # slate is dark, so all are said to be of class 1
    assert found["noisy"] == found["outline"] == first / 30
    zero = int((shifted(CONFIG, ("shape",), STANDARD, 30, 0)[1].targets == 0).sum())
    assert found["redrawn"] == zero / 30  # and sand is light


def test_attacks_find_what_misleads() -> None:
    """A model that looks at the mean alone, just right on every picture, is wrong once all pixels move."""

    def sure(images: Tensor) -> Tensor:
        drawn = shifted(CONFIG, ("shape",), STANDARD, 30, 0)[1]
        mean = (drawn.images / 255).mean((1, 2, 3))
        other = torch.nn.functional.one_hot((drawn.targets + 1) % 12, 12)
        right = torch.nn.functional.one_hot(drawn.targets, 12)
        over = (images.mean((1, 2, 3)) - mean)[:, None]
        return (0.01 - over) * right + (over - 0.01) * other

    found = accuracies(sure, CONFIG, ("shape",), 30, 0)
    assert found[STANDARD] == 1 and found["FGSM"] == 0 and found["PGD"] == 0
    assert accuracies(sure, CONFIG, ("shape",), 30, 0, epsilon=0.005)["FGSM"] == 1


def row(system: str, seed: int, share: float) -> Row:
    return Row(system, seed, dict.fromkeys(COLUMNS, share), 1.0)


def test_the_table_has_means_and_spreads() -> None:
    table = ShiftTable((row("a", 0, 0.5), row("b", 0, 1.0), row("a", 1, 0.7)), {})
    cell = table.cell("a", "PGD")
    assert cell.mean == pytest.approx(60) and cell.deviation == pytest.approx(math.sqrt(200))
    assert table.lines()[1][:2] == ["a", "60.0 ± 14.1"] and table.lines()[2][:2] == ["b", "100.0"]
    assert table.markdown().splitlines()[0] == "| system | " + " | ".join(COLUMNS) + " |"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shifts")
    compare_shifts(settings(), folder, seeds=1, count=20)
    return folder


def test_a_comparison_is_written_and_not_run_again(compared: Path) -> None:
    data = json.loads((compared / "results.json").read_text(encoding="utf-8"))
    assert [one["system"] for one in data["rows"]] == list(SYSTEMS) and data["classes"] == 12
    assert "CNN, plain pictures" in (compared / "table.md").read_text(encoding="utf-8")
    parts: list[str] = []
    again = compare_shifts(
        settings(), compared, seeds=1, count=20, watch=lambda part, done, of, note="": parts.append(part)
    )
    assert set(parts) == {"systems"}
    assert [dict(one.accuracies) for one in again.rows] == [one["accuracies"] for one in data["rows"]]


def test_what_is_compared_differs_in_its_pictures_and_captions_take_three_times_the_steps(compared: Path) -> None:
    told = {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in compared.glob("*/config.json")}
    steps = {name: one["steps"] for name, one in told.items()}
    assert steps == {
        "cnn-plain-pictures-0": 4, "cnn-varied-pictures-0": 4,
        "contrastive-zero-shot-plain-pictures-0": 12, "contrastive-zero-shot-varied-pictures-0": 12,
    }  # fmt: skip
    assert {name for name, one in told.items() if set(VARIED) <= set(one["synth"])} == {
        name for name in told if "varied" in name
    }
    assert not any(set(VARIED) & set(one["synth"]) for name, one in told.items() if "plain" in name)


def test_redrawn_pictures_are_of_half_the_size() -> None:
    scenes, redrawn = shifted(CONFIG, ("shape",), "redrawn", 3, 0)
    style = replace(CONFIG, backgrounds=(), background="sand", scale=0.5).drawings[0]
    wanted = render_batch(scenes, CONFIG.pixels, style, rng=np.random.default_rng([0, 11, 1]))
    assert torch.equal(redrawn.images, wanted)
    whole = render_batch(scenes, CONFIG.pixels, replace(style, scale=1.0), rng=np.random.default_rng([0, 11, 1]))
    assert not torch.equal(wanted, whole)


def test_other_numbers_are_judged_again_but_not_trained_again(compared: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in compared.rglob("network.safetensors")}
    table = compare_shifts(settings(), compared, seeds=1, count=10)
    assert table.about["images"] == 10
    assert all((10 * share) == int(10 * share) for one in table.rows for share in one.accuracies.values())
    assert before == {path: path.stat().st_mtime_ns for path in compared.rglob("network.safetensors")}


def test_the_command_prints_the_table(compared: Path) -> None:
    arguments = ["classify", "shifts", "--out", str(compared), *TINY, "--seeds", "1", "--count", "20", "--samples"]
    text = CliRunner().invoke(app, arguments).stdout
    assert "CNN, varied pictures" in text and "written: " in text
    data = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert set(data["rows"][0]["accuracies"]) == set(COLUMNS)
    assert len(list(compared.glob("*-0.png"))) == len(SYSTEMS)


def test_samples_say_what_the_system_says_of_each_drawing() -> None:
    dark, light = sample_strips(Brightest(), CONFIG, ("shape",), 2, 0, 0.01)
    names = class_names(CONFIG, ("shape",))
    assert [tile.label for tile in dark.tiles[:2]] == [f"standard: {names[1]}", f"redrawn: {names[0]}"]
    assert dark.title in names and len(light.tiles) == len(COLUMNS)


def test_textures_that_some_shifts_do_not_show_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="texture cannot be asked"):
        compare_shifts(settings("classes=texture"), tmp_path)


def test_a_comparison_from_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="systems are compared from scratch"):
        compare_shifts(settings("regime=linear", "weights=package"), tmp_path)
