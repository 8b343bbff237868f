"""Checkpoints: what comes back, and what is said of files that are damaged, foreign, or of another model."""

import json
import pickle
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save, save_file
from torch import Tensor, nn

from nmn.atomic import check_place, write_atomically
from nmn.checkpoint import (
    FORMAT_VERSION,
    check_vocabulary,
    load_into,
    read_checkpoint,
    read_safetensors,
    save_checkpoint,
    state_digest,
)
from nmn.errors import CheckpointError, ConfigError

META = {"config": {"embed": 7}, "vocabularies": {"answers": ["rot", "grün"]}, "card": {"seed": 3}}


def model() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A checkpoint of the model above."""
    save_checkpoint(tmp_path / "runs" / "a.safetensors", model().state_dict(), META)
    return tmp_path / "runs" / "a.safetensors"


def test_weights_and_meta_come_back_bit_for_bit(tmp_path: Path) -> None:
    state = model().state_dict() | {"half": torch.rand(2, 3).bfloat16(), "none": torch.zeros(0), "one": torch.tensor(7)}
    save_checkpoint(tmp_path / "a.safetensors", state, META)
    found, meta = read_checkpoint(tmp_path / "a.safetensors")
    assert meta == META
    assert found.keys() == state.keys()
    for name, tensor in state.items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name], tensor)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.safetensors"]


def test_weights_that_share_memory_or_are_transposed_come_back(tmp_path: Path) -> None:
    weight = torch.arange(6.0).view(2, 3)
    save_checkpoint(tmp_path / "a", {"one": weight, "two": weight.t(), "three": weight}, {})
    state, _ = read_checkpoint(tmp_path / "a")
    assert torch.equal(state["one"], weight)
    assert torch.equal(state["two"], weight.t())
    assert torch.equal(state["three"], weight)


def test_a_model_loads_what_another_saved(path: Path) -> None:
    state, _ = read_checkpoint(path)
    other = model()
    load_into(other, state, path)
    assert state_digest(other.state_dict()) == state_digest(state)


@given(st.floats(0, 1, exclude_max=True))
def test_a_checkpoint_cut_anywhere_is_refused(share: float) -> None:
    content = save(model().state_dict(), {"nmn": json.dumps({"version": 1})})
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.safetensors"
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(CheckpointError, match=r"cut short|empty|not a safetensors"):
            read_checkpoint(path)


def test_a_file_cut_short_says_how_much_is_there(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-10])
    with pytest.raises(CheckpointError, match=rf"{len(content) - 10} bytes of {len(content)}; copy or download"):
        read_checkpoint(path)


def test_a_changed_bit_is_noticed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 16
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged: the weights are not those that were written"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty, 0 bytes"),
        (b"hello", "not a safetensors file"),
        (b"\xff" * 40, "not a safetensors file"),
        (b"\x09\0\0\0\0\0\0\0{no json}", "cut short"),
        (b"\x02\0\0\0\0\0\0\0{}tail", "damaged"),
        (b'\x0f\0\0\0\0\0\0\0{"weight": 7   }', "cut short"),
        (b'\x18\0\0\0\0\0\0\0{"a":{"data_offsets":5}}', "damaged: its header"),
        (b'\x20\0\0\0\0\0\0\0{"a":{"data_offsets":{"x":1}}}  ', "damaged: its header"),
        (b"version https://git-lfs", "not a safetensors file"),
    ],
)
def test_what_is_no_safetensors_file_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(CheckpointError, match=f"a: {reason}"):
        read_checkpoint(tmp_path / "a")


class Trap:
    """What runs code when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("way", ["pickle", "torch", "torch, old"])
def test_a_pickle_is_refused_and_not_opened(tmp_path: Path, way: str) -> None:
    path, mark = tmp_path / "a.safetensors", tmp_path / "ran"
    if way == "pickle":
        path.write_bytes(pickle.dumps(Trap(mark)))
    else:
        torch.save(Trap(mark), path, _use_new_zipfile_serialization=way == "torch")
    with pytest.raises(CheckpointError, match=r"a pickle .* can run code and so is not opened; save the weights with"):
        read_checkpoint(path)
    assert not mark.exists()


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="none: cannot be read: No such file"):
        read_checkpoint(tmp_path / "none")
    with pytest.raises(CheckpointError, match="cannot be read: Is a directory"):
        read_checkpoint(tmp_path)


def test_other_weights_are_no_checkpoint_but_can_be_read(tmp_path: Path) -> None:
    save_file({"weight": torch.ones(2)}, tmp_path / "a", {"format": "pt"})
    with pytest.raises(CheckpointError, match='without the metadata "nmn", so no checkpoint'):
        read_checkpoint(tmp_path / "a")
    state, metadata = read_safetensors(tmp_path / "a")
    assert state["weight"].tolist() == [1, 1]
    assert metadata == {"format": "pt"}


@pytest.mark.parametrize(
    ("version", "cure"), [(FORMAT_VERSION + 1, "update nmn"), (0, "train it again"), ("x", "train")]
)
def test_another_version_says_what_to_do(tmp_path: Path, version: object, cure: str) -> None:
    save_file({"weight": torch.ones(2)}, tmp_path / "a", {"nmn": json.dumps({"version": version})})
    with pytest.raises(CheckpointError, match=f"format {version!r}; this nmn reads format {FORMAT_VERSION}: {cure}"):
        read_checkpoint(tmp_path / "a")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"0.weight": None, "0.bias": None}, 'lacks weights of this Sequential: "0.weight" and 1 more'),
        ({"2.weight": torch.ones(2)}, 'has weights that this Sequential has not: "2.weight"; is it'),
        ({"0.weight": torch.ones(5, 4)}, r'"0.weight" has shape \[5, 4\], this Sequential wants \[5, 3\]'),
    ],
)
def test_weights_of_another_model_are_refused_by_the_first_and_change_nothing(
    change: dict[str, Tensor | None], reason: str
) -> None:
    module = model()
    before = state_digest(module.state_dict())
    changed = {name: torch.zeros_like(tensor) for name, tensor in module.state_dict().items()} | change
    state = {name: tensor for name, tensor in changed.items() if tensor is not None}
    with pytest.raises(CheckpointError, match=f"a.safetensors: {reason}"):
        load_into(module, state, "a.safetensors")
    assert state_digest(module.state_dict()) == before


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (["red"], "lacks green, blue"),
        (["red", "green", "blue", "mauve"], "has also mauve"),
        (["red", "green", "azure"], "lacks blue; has also azure"),
        (["green", "red", "blue"], "another order or number from place 0 on"),
        (["red", "green", "blue", "blue"], "another order or number from place 3 on"),
        (["red", "green", "blue", *"abcdefg"], "has also a, b, c, d, e and 2 more"),
    ],
)
def test_another_vocabulary_names_the_words_that_differ(found: list[str], reason: str) -> None:
    with pytest.raises(CheckpointError, match=f"a: its answers are not those expected: .*{reason}; give the lexicon"):
        check_vocabulary("a", "answers", found, ["red", "green", "blue"])


def test_the_same_vocabulary_passes() -> None:
    check_vocabulary("a", "answers", ("red", "blue"), ["red", "blue"])


@pytest.mark.parametrize("meta", [{"path": Path("a")}, {"loss": float("nan")}, {"set": {1}}])
def test_meta_that_is_no_json_is_refused(tmp_path: Path, meta: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError, match="expected tensors and JSON data"):
        save_checkpoint(tmp_path / "a", {}, meta)
    assert not list(tmp_path.iterdir())


def test_a_state_that_is_no_tensor_is_refused(tmp_path: Path) -> None:
    state: dict[str, Any] = {"weight": [1.0]}
    with pytest.raises(CheckpointError, match="expected tensors"):
        save_checkpoint(tmp_path / "a", state, {})


def test_a_full_disk_keeps_the_old_checkpoint(path: Path) -> None:
    """A limit on the size of files stands for the full disk: both fail the write half way."""
    before = path.read_bytes()
    code = (
        "import resource, torch; from nmn.checkpoint import save_checkpoint\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"save_checkpoint({str(path)!r}, {{'a': torch.zeros(10_000)}}, {{}})"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "CheckpointError" in result.stderr
    assert "cannot be written: File too large; the file that was there is as it was" in result.stderr
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_place_that_cannot_be_written_is_refused(path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"b: cannot be written: (Not a directory|File exists)$"):
        save_checkpoint(path / "b", {}, {})


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        write_atomically(tmp_path / "a", b"content")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


def test_a_digest_tells_names_types_shapes_and_bits_apart_but_not_orders() -> None:
    state = {"a": torch.zeros(2, 3), "b": torch.tensor(1)}
    others: list[dict[str, Tensor]] = [
        {"a": torch.zeros(2, 3), "c": torch.tensor(1)},
        {"a": torch.zeros(3, 2), "b": torch.tensor(1)},
        {"a": torch.zeros(2, 3).int(), "b": torch.tensor(1)},
        {"a": -torch.zeros(2, 3), "b": torch.tensor(1)},
    ]
    assert state_digest(dict(reversed(state.items()))) == state_digest(state)
    assert len({state_digest(other) for other in [state, *others]}) == 5


def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    check_place(tmp_path / "new.txt", ConfigError)
    check_place(None, ConfigError)
    reasons = {tmp_path: "a folder", Path("/dev/null"): "no file"}
    for path, reason in {**reasons, tmp_path / "a" / "b": "there is no folder"}.items():
        with pytest.raises(ConfigError, match=f"^{path}: cannot be written: (it is )?{reason}"):
            check_place(path, ConfigError)
