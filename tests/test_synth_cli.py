"""The generator's command line: what it writes and prints, and with which code it leaves."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

import nmn
from synth_data.cli import app
from synth_data.dataset import read_dataset
from tests.test_dataset import edit, faults

runner = CliRunner()
SMALL = ("families=existence,count", "shard_size=10")


def run(*arguments: object, code: int = 0) -> Result:
    result = runner.invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result


def test_the_version_is_told() -> None:
    assert run("--version").output == f"synth-data {nmn.__version__}\n"


def refused(*arguments: object) -> str:
    """Return the one line that a command refuses with."""
    text = run(*arguments, code=2).stderr
    assert text.startswith("error: ") and "Traceback" not in text
    return text


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset that the command wrote."""
    root = tmp_path_factory.mktemp("cli") / "data"
    result = run("generate", "--out", root, "--size", 20, "--seed", 3, "--workers", 1, *SMALL)
    assert result.stdout == f"20 examples in {root}\n"
    return root


def test_generate_writes_what_its_options_and_settings_say(written: Path) -> None:
    config = read_dataset(written).config
    assert (config.size, config.seed, config.shard_size, config.families) == (20, 3, 10, ("existence", "count"))
    assert len(list(read_dataset(written))) == 20


def test_generate_again_finds_nothing_to_do(written: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in written.glob("0*")}
    run("generate", "--out", written, "--size", 20, "--seed", 3, "--workers", 1, *SMALL)
    assert {path: path.stat().st_mtime_ns for path in written.glob("0*")} == before


def test_export_says_how_many_examples_it_wrote(written: Path, tmp_path: Path) -> None:
    yes_or_no = sum(isinstance(example.answer, bool) for example in read_dataset(written))
    assert 0 < yes_or_no < 20
    result = run("export", written, "--out", tmp_path / "nlvr", "--format", "nlvr")
    assert result.stdout == f"{yes_or_no} examples in {tmp_path / 'nlvr'}\n"


def test_generate_json_says_what_was_written(tmp_path: Path) -> None:
    result = run("generate", "--out", tmp_path / "d", "--size", 4, "--workers", 1, "--json", *SMALL)
    assert json.loads(result.stdout) == {
        "directory": str(tmp_path / "d"), "examples": 4, "preset": "world", "seed": 0,
    }  # fmt: skip


def test_generate_takes_a_split(tmp_path: Path) -> None:
    run("generate", "--out", tmp_path / "d", "--size", 4, "--workers", 1, "--split", "objects:test", *SMALL)
    assert read_dataset(tmp_path / "d").config.min_objects == 7


def test_settings_go_over_the_split_and_options_over_settings(tmp_path: Path) -> None:
    changes = ("size=9", "min_objects=8")
    run("generate", "--out", tmp_path / "d", "--size", 4, "--workers", 1, "--split", "objects:test", *SMALL, *changes)
    config = read_dataset(tmp_path / "d").config
    assert (config.size, config.min_objects, config.max_objects) == (4, 8, 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--preset", "wrld"), 'no preset "wrld"; there are '),
        (("--preset", "wrld"), 'did you mean "world"?'),
        (("--split", "cogentt:test"), 'did you mean "cogent"?'),
        (("--split", "cogent"), "has the sides cogent:train and cogent:test"),
        (("sise=3",), 'unknown setting "sise"; did you mean "size"?'),
        (("size",), "expected key=value, got 'size'"),
        (("size=many",), "size: expected a whole number, got 'many'"),
        (("families=existense",), 'unknown family "existense"; did you mean "existence"?'),
        (("colors=purpel",), 'did you mean "purple"?'),
        (("--engine", "spark"), "engine: expected one of local, ray; got 'spark'"),
        (("min_objects=9", "max_objects=4"), "min_objects 9 is above max_objects 4"),
        (("size=4", "size_px=[60,60,60]", "min_objects=8"), "no room for 8 objects"),
        (("--preset", "gone.toml"), "gone.toml: not a readable TOML file"),
    ],
)
def test_generate_refuses_bad_input_in_one_message(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    assert message in refused("generate", "--out", tmp_path / "d", "--workers", 1, *arguments)


def test_generate_refuses_the_directory_of_another_dataset(written: Path) -> None:
    text = refused("generate", "--out", written, "--size", 20, "--seed", 4, "--workers", 1, *SMALL)
    assert "holds a dataset of another configuration (seed=3, not 4)" in text


def test_an_option_out_of_range_is_bad_input(tmp_path: Path) -> None:
    assert "Invalid value for '--workers'" in run("generate", "--out", tmp_path, "--workers", -1, code=2).stderr


def test_preview_writes_a_picture_of_as_many_tiles_as_asked(written: Path, tmp_path: Path) -> None:
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    assert run("preview", written, "--out", small, "--rows", 1, "--columns", 2).stdout == f"{small}\n"
    run("preview", written, "--out", large, "--rows", 2, "--columns", 4)
    with Image.open(small) as one, Image.open(large) as other:
        assert other.width - 14 == 2 * (one.width - 14)
        assert abs(other.height - 2 * one.height + 14) < 60  # rows are as high as their longest text


@pytest.mark.parametrize("name", ["sheet.xyz", "gone/sheet.png"])
def test_preview_refuses_a_picture_that_it_cannot_write(written: Path, tmp_path: Path, name: str) -> None:
    assert f"{name}: cannot be written" in refused("preview", written, "--out", tmp_path / name)


def test_preview_of_a_dataset_without_images_is_refused(tmp_path: Path) -> None:
    run("generate", "--out", tmp_path / "d", "--size", 4, "--workers", 1, "images=none", *SMALL)
    assert "holds no images" in refused("preview", tmp_path / "d", "--out", tmp_path / "sheet.png")


def test_stats_prints_tables_and_json(written: Path) -> None:
    text = run("stats", written).stdout
    assert "\N{HORIZONTAL ELLIPSIS}" not in text  # nothing is cut, however many colours there are
    assert "20 examples" in text and "existence" in text and "objects a scene:" in text
    data = json.loads(run("stats", written, "--json").stdout)
    assert data["examples"] == 20
    assert {row["family"]: row["examples"] for row in data["families"]} == {"count": 10, "existence": 10}


def test_verify_finds_nothing_in_a_dataset_as_it_was_written(written: Path) -> None:
    assert run("verify", written, "--workers", 1).stdout == "20 examples, 0 faults\n"
    assert json.loads(run("verify", written, "--workers", 1, "--json").stdout) == {"examples": 20, "faults": []}


def test_verify_leaves_with_1_where_there_are_faults_and_names_them(written: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(written, tmp_path / "data"))
    edit(root / "00001.jsonl", 2, answer="nonsense")
    assert len(faults(root)) == 1
    text = run("verify", root, "--workers", 1, code=1).stdout
    assert text.startswith("example 12: ") and text.endswith("20 examples, 1 faults\n")
    found = json.loads(run("verify", root, "--workers", 1, "--json", code=1).stdout)["faults"]
    assert [fault["number"] for fault in found] == [12] and "labelled 'nonsense'" in found[0]["what"]


def test_verify_leaves_with_2_where_a_file_is_damaged(written: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(written, tmp_path / "data"))
    (root / "00000.npy").write_bytes(b"damaged")
    assert "00000.npy: corrupted or missing" in refused("verify", root, "--workers", 1)


@pytest.mark.parametrize("command", ["preview", "stats", "verify"])
def test_a_directory_without_a_dataset_is_refused(command: str, tmp_path: Path) -> None:
    assert "no dataset here: manifest.json is missing" in refused(command, tmp_path)


def test_an_interrupt_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("synth_data.write.write_dataset", interrupt)
    text = run("generate", "--out", tmp_path / "d", code=130).stderr
    assert text == "interrupted; the same command goes on from the shards that are finished\n"
