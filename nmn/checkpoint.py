"""Weights on disk: safetensors with a JSON block that says how they came to be, written whole or not at all.

A checkpoint is a safetensors file, which holds numbers only and cannot run code; under the key "nmn" its metadata has
JSON: the version of this format, digests of the weights and of the rest, and what the writer wants to know again (the
resolved config, the vocabularies, the fields of a model card). Pickles are refused and never opened.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from nmn.atomic import write_atomically
from nmn.errors import CheckpointError, did_you_mean, listed
from nmn.resources import WEIGHTS

# in the folder of a run: what it goes on from after an interruption, the best so far, what was trained before the rest,
# and at the end the network; its folders are of what was trained before the rest, each with a state of its own
STATE, BEST, NETWORK = "state.safetensors", "best.safetensors", "network.safetensors"
PROPOSALS, PRETRAINED = "proposals.safetensors", "pretrained.safetensors"
PROPOSING, PRETRAINING = "proposals", "pretraining"
DEFAULT_WEIGHTS = "world"  # of those that ship
FORMAT_VERSION = 1
KEY = "nmn"
_BUILDING = Lock()  # torch has one generator for all threads
LENGTH_BYTES = 8  # a safetensors file starts with the length of its JSON header


def save_checkpoint(path: str | Path, state: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
    """Write weights and JSON data as one file; a file that is there stays until the new one is whole on the disk.

    ``meta`` is plain JSON data (tuples come back as lists). Weights that share memory are written once each. Raises
    CheckpointError where ``meta`` is no JSON, ``state`` holds what is no tensor, or the file cannot be written.
    """
    path = Path(path)
    try:
        tensors = _apart(state)
        block = {"version": FORMAT_VERSION, "digest": state_digest(tensors), "meta": dict(meta)}
        text = json.dumps({**block, "meta_digest": _meta_digest(block["meta"])}, allow_nan=False)
    except (TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path}: expected tensors and JSON data: {error}") from None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, save(tensors, {KEY: text}))
    except OSError as error:
        kept = "; the file that was there is as it was" if path.is_file() else ""
        raise CheckpointError(f"{path}: cannot be written: {error.strerror or error}{kept}") from None


def read_checkpoint(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the weights, on the CPU, and the JSON data that ``save_checkpoint`` wrote.

    Raises CheckpointError naming the file and what is wrong: missing, cut short, damaged, a pickle, not a checkpoint of
    this package, of another version of the format.
    """
    path = Path(path)
    state, metadata = read_safetensors(path)
    block = _json(metadata.get(KEY))
    if not isinstance(block, dict) or "version" not in block:
        raise CheckpointError(
            f'{path}: weights without the metadata "{KEY}", so no checkpoint that nmn wrote; weights of a backbone'
            " alone go where its settings say weights="
        )
    if block["version"] != FORMAT_VERSION:
        raise _other_version(path, block["version"])
    meta = block.get("meta")
    if block.get("digest") != state_digest(state) or not isinstance(meta, dict):
        raise CheckpointError(f"{path}: damaged: the weights are not those that were written; copy or train it again")
    if block.get("meta_digest", known := _meta_digest(meta)) != known:  # files of before 2026-12 have none
        raise CheckpointError(
            f"{path}: its settings or words are not those that were written, and so not what its weights mean; copy or"
            " train it again"
        )
    return state, meta


def read_safetensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors, on the CPU, and the metadata of any safetensors file; raise CheckpointError as above."""
    path = Path(path)
    header, _ = read_header(path)
    try:
        state = load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{path}: damaged: {error}; copy or download it again") from None
    return state, dict(header.get("__metadata__") or {})


def load_into(module: nn.Module, state: Mapping[str, Tensor], path: str | Path) -> None:
    """Copy weights into a module in place; ``path`` is where they came from, for messages.

    Raises CheckpointError naming the first weight that is missing, superfluous or of another shape, before any is
    changed.
    """
    own = module.state_dict()
    name = type(module).__name__
    for reason, keys in (
        (f"lacks weights of this {name}", [key for key in own if key not in state]),
        (f"has weights that this {name} has not", [key for key in state if key not in own]),
    ):
        if keys:
            more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
            raise CheckpointError(f'{path}: {reason}: "{keys[0]}"{more}; is it of the same settings?')
    for key, tensor in own.items():
        if tensor.shape != state[key].shape:
            raise CheckpointError(
                f'{path}: "{key}" has shape {list(state[key].shape)}, this {name} wants {list(tensor.shape)}; is it of'
                " the same settings?"
            )
    module.load_state_dict(state)


def check_vocabulary(path: str | Path, name: str, found: Sequence[str], expected: Sequence[str]) -> None:
    """Raise CheckpointError naming the words that differ, where a vocabulary of a checkpoint is not the one expected.

    >>> check_vocabulary("a.safetensors", "answers", ["red"], ["red", "blue"])
    Traceback (most recent call last):
    nmn.errors.CheckpointError: a.safetensors: its answers are not those expected: lacks blue; give the \
lexicon and the settings that it was trained with
    """
    if list(found) == list(expected):
        return
    lacking = [word for word in expected if word not in set(found)]
    beyond = [word for word in found if word not in set(expected)]
    parts = [f"{verb} {listed(words)}" for verb, words in (("lacks", lacking), ("has also", beyond)) if words]
    if not parts:
        pairs = zip(found, expected, strict=False)
        place = next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(found), len(expected)))
        parts = [f"the same words, in another order or number from place {place} on"]
    cure = "give the lexicon and the settings that it was trained with"
    raise CheckpointError(f"{path}: its {name} are not those expected: {'; '.join(parts)}; {cure}")


def state_digest(state: Mapping[str, Tensor]) -> str:
    """Return 32 hexadecimal digits that change with any name, type, shape or bit of the weights; order is no matter."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:32]


def _meta_digest(meta: Any) -> str:
    """Return 32 hexadecimal digits that change with anything in JSON data but the order of its keys."""
    as_read = json.loads(json.dumps(meta))
    return hashlib.sha256(json.dumps(as_read, sort_keys=True).encode()).hexdigest()[:32]


def _apart(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors on the CPU, contiguous, no two in the same memory, as safetensors wants them."""
    tensors: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in state.items():
        own = tensor.detach().cpu().contiguous()
        memory = own.untyped_storage().data_ptr()
        tensors[name] = own.clone() if memory in seen else own
        seen.add(memory)
    return tensors


def read_header(path: Path) -> tuple[dict[str, Any], int]:
    """Return a safetensors file's JSON header, and the offset in bytes of its data.

    Raises CheckpointError where it is none or the file is cut short.
    """
    try:
        with path.open("rb") as file:
            start = file.read(LENGTH_BYTES + 1)
            size = path.stat().st_size
            length = int.from_bytes(start[:LENGTH_BYTES], "little")
            whole = length < size and start[LENGTH_BYTES:] == b"{"
            content = start[LENGTH_BYTES:] + file.read(length - 1) if whole else b""
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from None
    header = _json(content)
    if not isinstance(header, dict) or not all(isinstance(entry, dict) for entry in header.values()):
        raise CheckpointError(f"{path}: {_what_it_is(start, size)}")
    offsets = [entry.get("data_offsets") for name, entry in header.items() if name != "__metadata__"]
    if not all(isinstance(pair, list) and len(pair) == 2 and all(type(n) is int for n in pair) for pair in offsets):
        raise CheckpointError(f"{path}: damaged: its header does not say where its weights are")
    begin = LENGTH_BYTES + length
    wanted = begin + max([0, *(end for _, end in offsets)])
    if size < wanted:
        raise CheckpointError(f"{path}: cut short: {size:,} bytes of {wanted:,}; copy or download it again")
    return header, begin


def _what_it_is(start: bytes, size: int) -> str:
    if not size:
        return "empty, 0 bytes; copy or download it again"
    if start[LENGTH_BYTES:] == b"{":
        return f"cut short after {size:,} bytes; copy or download it again"
    if start.startswith((b"PK\x03\x04", b"\x80")):
        return (
            "a pickle (torch.save), which can run code and so is not opened; save the weights with"
            " safetensors.torch.save_file"
        )
    return "not a safetensors file; give a checkpoint that nmn wrote, or weights as safetensors"


def _json(text: str | bytes | None) -> Any:
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return None


def _other_version(path: Path, version: object) -> CheckpointError:
    newer = isinstance(version, int) and version > FORMAT_VERSION
    cure = "update nmn" if newer else "train it again"
    return CheckpointError(f"{path}: format {version!r}; this nmn reads format {FORMAT_VERSION}: {cure}")


def shipped(name: str) -> Path:
    """Return the file of weights that ship, whatever lies in the current folder."""
    return WEIGHTS / f"{name}.safetensors"


@contextmanager
def nothing_drawn() -> Iterator[None]:
    """Leave torch's generator as it was, while a network is built whose weights a file then replaces."""
    with _BUILDING, torch.random.fork_rng(devices=[]):
        yield


def weights_file(path: str | Path | None) -> Path:
    """Return the file that a path, a run's folder or the name of weights that ship means; None means "world"'s.

    A name means the weights that ship unless a file, or a folder with a run, is called so. Raises CheckpointError for
    what is none of these, and for a folder without a finished run.
    """
    if path is None:
        return shipped(DEFAULT_WEIGHTS)
    if not isinstance(path, str | Path):
        raise CheckpointError(f"expected a path, or the name of weights that ship, got {path!r}")
    if path == "":
        raise CheckpointError("an empty path; give a run's folder, its file, or the name of weights that ship")
    given, file = Path(path), Path(path) / NETWORK
    begun = (given / "config.json").exists()
    named = given.name == str(path) and shipped(given.name).is_file()
    if named and not (given.is_file() or file.exists() or begun):
        return shipped(given.name)
    if given.is_dir() and not file.exists():
        state = "its run is not finished; the command that began it goes on with it" if begun else "it holds no run"
        raise CheckpointError(f"{given}: no {NETWORK} there: {state}")
    if not given.exists():
        known = sorted(one.stem for one in WEIGHTS.glob("*.safetensors"))
        listed = ", ".join(known) + did_you_mean(str(path), known)
        raise CheckpointError(f"{path}: no such file or folder, and no weights that ship; those are {listed}")
    return file if given.is_dir() else given
