"""Datasets on disk: the same bytes however they are written, resumed where they stopped, refused where they clash."""

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nmn.atomic import write_atomically
from nmn.errors import ConfigError, DataError
from synth_data import write
from synth_data.config import SynthConfig, load_config
from synth_data.dataset import read_dataset
from synth_data.generate import generate
from synth_data.picture import picture
from synth_data.preview import sheet
from synth_data.write import write_dataset, write_shard

CONFIG = load_config("world", size=25, shard_size=10, families=["existence", "count"], masks=True)
PNG = load_config("world", size=5, shard_size=4, families=["existence"], images="png")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole dataset that no test changes."""
    root = tmp_path_factory.mktemp("written") / "data"
    write_dataset(CONFIG, root)
    return root


@pytest.fixture
def copied(written: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(written, tmp_path / "data"))


def contents(root: Path) -> dict[str, str]:
    """Return the checksum of every file by its name."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def remove_shard(root: Path, shard: int) -> None:
    for path in root.glob(f"{shard:05d}*"):
        path.unlink()


def test_a_dataset_is_a_manifest_and_four_files_a_shard(written: Path) -> None:
    shards = [f"{shard:05d}.{end}" for shard in range(3) for end in ("jsonl", "masks.npy", "npy", "sha256")]
    assert sorted(contents(written)) == sorted(["manifest.json", *shards])


def test_two_workers_write_the_same_bytes_as_one(written: Path, tmp_path: Path) -> None:
    write_dataset(CONFIG, tmp_path / "two", workers=2)
    assert contents(tmp_path / "two") == contents(written)


def test_a_dataset_is_read_back_as_it_was_generated(written: Path) -> None:
    assert list(read_dataset(written)) == list(generate(CONFIG))
    assert read_dataset(written).config == CONFIG


def test_images_are_read_back_as_they_are_drawn(written: Path) -> None:
    dataset = read_dataset(written)
    assert dataset.images(2).shape == (5, 64, 64, 3)
    for example, pixels in zip(dataset.examples(2), dataset.images(2), strict=True):
        assert (picture(example.scene, CONFIG, np.random.default_rng(0)) == pixels).all()


def test_masks_show_no_more_objects_than_there_are(written: Path) -> None:
    dataset = read_dataset(written)
    assert dataset.masks(0).shape == (10, 64, 64)
    for example, mask in zip(dataset.examples(0), dataset.masks(0), strict=True):
        assert set(np.unique(mask).tolist()) == set(range(len(example.scene.objects) + 1))


def test_images_may_be_single_files_or_none(tmp_path: Path) -> None:
    write_dataset(PNG, tmp_path / "png")
    assert [len(list((tmp_path / "png" / f"0000{shard}").glob("*.png"))) for shard in (0, 1)] == [4, 1]
    write_dataset(load_config("world", size=4, images="none", families=["count"]), tmp_path / "none")
    assert sorted(contents(tmp_path / "none")) == ["00000.jsonl", "00000.sha256", "manifest.json"]


@pytest.mark.parametrize("preset", ["world", "shapes"])
def test_single_files_hold_what_the_array_holds(tmp_path: Path, preset: str) -> None:
    for images in ("png", "npy"):
        write_dataset(load_config(preset, size=5, shard_size=4, images=images), tmp_path / images)
    png, npy = read_dataset(tmp_path / "png"), read_dataset(tmp_path / "npy")
    assert all((png.images(shard) == npy.images(shard)).all() for shard in (0, 1))
    for form in (png, npy):
        sheet(form, tmp_path / f"{form.config.images}-sheet.png")
    assert (tmp_path / "png-sheet.png").read_bytes() == (tmp_path / "npy-sheet.png").read_bytes()


def test_images_are_red_green_blue_where_the_files_are_blue_first(tmp_path: Path) -> None:
    write_dataset(load_config("shapes", size=20), tmp_path)
    dataset, files = read_dataset(tmp_path), np.load(tmp_path / "00000.npy")
    channels, seen = ("red", "green", "blue"), set()
    for example, pixels, stored in zip(dataset.examples(0), dataset.images(0), files, strict=True):
        assert (stored == pixels[..., ::-1]).all()
        for thing in example.scene.objects:
            left, top, right, bottom = thing.box
            if color := thing.attributes.get("color"):
                assert channels[pixels[int(top + bottom) // 2, int(left + right) // 2].argmax()] == color
                seen.add(color)
    assert seen == set(channels)


# ---- resuming -------------------------------------------------------------------------------------------------------


def test_a_missing_shard_is_written_again_and_no_other(copied: Path, written: Path) -> None:
    remove_shard(copied, 1)
    kept = (copied / "00000.npy").stat().st_mtime_ns
    write_dataset(CONFIG, copied)
    assert contents(copied) == contents(written)
    assert (copied / "00000.npy").stat().st_mtime_ns == kept


def test_an_interrupted_run_goes_on_where_it_stopped(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "data"

    def interrupted(config: SynthConfig, directory: str, shard: int) -> int:
        if shard == 1:
            raise KeyboardInterrupt
        return write_shard(config, directory, shard)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(write, "write_shard", interrupted)
        write_dataset(CONFIG, root)
    assert not json.loads((root / "manifest.json").read_text())["complete"]
    assert sorted(path.name for path in root.glob("*.sha256")) == ["00000.sha256"]
    write_dataset(CONFIG, root)
    assert contents(root) == contents(written)


def test_a_shard_without_its_checksums_is_not_finished(copied: Path, written: Path) -> None:
    (copied / "00002.sha256").unlink()
    (copied / "00002.jsonl").write_text("half a li")
    write_dataset(CONFIG, copied)
    assert contents(copied) == contents(written)


def test_a_shard_that_was_cut_short_since_is_written_again(copied: Path, written: Path) -> None:
    path = copied / "00001.jsonl"
    path.write_bytes(path.read_bytes()[:-100])
    write_dataset(read_dataset(copied).config, copied)
    assert contents(copied) == contents(written)


def test_what_a_killed_run_left_half_written_is_swept_away_and_nothing_newer(written: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    old, new = root / ".00000.npy.123.part", root / ".00001.npy.456.part"
    for part, age in ((old, -60), (new, 60)):
        part.write_bytes(b"half")
        os.utime(part, (time.time() + age,) * 2)
    write_dataset(CONFIG, root)
    assert contents(root) == {**contents(written), new.name: hashlib.sha256(b"half").hexdigest()}


def test_workers_go_when_the_process_that_started_them_is_killed() -> None:
    """What a worker writes to ends only when the worker does."""
    program = (
        "import os, signal; from synth_data.workers import worker_pool\n"
        "if __name__ == '__main__':\n"
        "    print(worker_pool(1).submit(os.getpid).result(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as killed:
        worker = int(killed.stdout.readline() if killed.stdout else b"")
        assert killed.wait() == -signal.SIGKILL
        try:
            assert killed.communicate(timeout=10)[0] == b""
        except subprocess.TimeoutExpired:
            os.kill(worker, signal.SIGKILL)
            raise


def test_an_interruption_is_the_parents_alone_from_the_first_moment() -> None:
    """Ctrl-C reaches every process of a terminal, these even before they have begun."""
    program = (
        "import os, signal; from synth_data.workers import worker_pool\n"
        "if __name__ == '__main__':\n"
        "    signal.signal(signal.SIGINT, lambda *_: None)\n"
        "    pool = worker_pool(2)\n"
        "    told = [pool.submit(int, one) for one in '12']\n"
        "    os.killpg(0, signal.SIGINT)\n"
        "    print(sum(one.result() for one in told), flush=True)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, start_new_session=True, timeout=120, check=False)
    assert (done.stdout, done.stderr) == ("3\n", "")


def test_every_example_is_reported_once_also_those_that_were_there(copied: Path) -> None:
    remove_shard(copied, 0)
    reported: list[int] = []
    write_dataset(CONFIG, copied, report=reported.append)
    assert sorted(reported) == [5, 10, 10]


def test_a_full_disk_says_so_and_leaves_what_can_be_gone_on_from(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest and the four files of the first shard fit, the second file of the next does not."""
    root, left = tmp_path / "data", iter(range(6))

    def fills_up(path: Path, content: bytes) -> None:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write_atomically(path, content)

    with monkeypatch.context() as patched, pytest.raises(DataError, match=r"00001\..*No space left .* goes on from"):
        patched.setattr(write, "write_atomically", fills_up)
        write_dataset(CONFIG, root)
    assert sorted(path.name for path in root.glob("*.sha256")) == ["00000.sha256"]
    write_dataset(CONFIG, root)
    assert contents(root) == contents(written)


def test_settings_that_turn_out_impossible_leave_the_directory_to_others(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no room for 3 objects"):
        write_dataset(replace(CONFIG, size_px=(60.0, 60.0, 60.0)), tmp_path)
    assert not list(tmp_path.iterdir())


# ---- refusals -------------------------------------------------------------------------------------------------------


def test_the_directory_of_another_config_is_refused_by_what_differs(copied: Path) -> None:
    other = load_config("world", size=25, shard_size=10, families=["existence", "count"], masks=True, seed=3)
    before = contents(copied)
    with pytest.raises(DataError, match=r"holds a dataset of another configuration \(seed=0, not 3\); choose another"):
        write_dataset(other, copied)
    assert contents(copied) == before


def test_a_directory_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(DataError, match="not empty, and no dataset of ours; choose an empty or a new directory"):
        write_dataset(CONFIG, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thesis.tex"]


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_file_in_the_way_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"file.*: cannot be written: (File exists|Not a directory)"):
        write_dataset(CONFIG, tmp_path / place)


def test_a_directory_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    write_dataset(CONFIG, tmp_path / "data")
    remove_shard(tmp_path / "data", 0)
    (tmp_path / "data" / "00000.jsonl").mkdir()
    with pytest.raises(DataError, match=r"cannot be written: Is a directory"):
        write_dataset(CONFIG, tmp_path / "data")


def test_an_unknown_engine_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="engine: expected one of local, ray; got 'spark'"):
        write_dataset(CONFIG, tmp_path / "data", engine="spark")
    assert not (tmp_path / "data").exists()


def test_ray_writes_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray, of the extra ray, is not installed")
    program = str(Path(sys.executable).with_name("synth-data"))
    for name, engine in (("ray", "ray"), ("local", "local")):
        command = [
            program,
            "generate",
            "--size",
            "20",
            "--out",
            str(tmp_path / name),
            "--workers",
            "2",
            "shard_size=10",
        ]
        subprocess.run([*command, "--engine", engine], check=True, capture_output=True)
    files = sorted(path.name for path in (tmp_path / "ray").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "local").iterdir())
    assert all((tmp_path / "ray" / name).read_bytes() == (tmp_path / "local" / name).read_bytes() for name in files)
