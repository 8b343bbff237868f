"""What every format needs: examples with pictures, PNG, JSON lists of any length, and files that appear at once."""

import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
from PIL import Image

from nmn.errors import DataError
from synth_data.dataset import Dataset
from synth_data.example import Example
from synth_data.picture import Pixels, draw_block

Shards = Iterator[list[tuple[Example, Pixels]]]
STAGE = ".export.part"  # where files are written before they appear


def pictured(dataset: Dataset, report: Callable[[int], None]) -> Shards:
    """Yield each shard's examples with their pictures as they are stored, drawn where none are."""
    for shard in dataset.shards:
        examples = dataset.examples(shard)
        stored = dataset.config.images != "none"
        pictures = dataset.images(shard) if stored else draw_block(examples, dataset.config, shard)
        if len(pictures) != len(examples):
            raise DataError(f"{dataset.root}: shard {shard} has {len(pictures)} images for {len(examples)} examples")
        yield list(zip(examples, pictures, strict=True))
        report(len(examples))


def png_bytes(pixels: Pixels) -> bytes:
    """Return a picture as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG")
    return buffer.getvalue()


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """Give a folder to write to; what is in it moves to ``out`` when all went well; when not, it and a new ``out`` go.

    Raises DataError where ``out`` is not empty or cannot be written.
    """
    stage, made = out / STAGE, not out.exists()
    try:
        if out.exists() and (not out.is_dir() or any(entry.name[0] != "." for entry in out.iterdir())):
            raise DataError(f"{out}: not an empty directory; choose an empty or a new one")
        shutil.rmtree(stage, ignore_errors=True)  # of an export that was killed
        stage.mkdir(parents=True)
        yield stage
        for entry in sorted(stage.iterdir()):
            entry.rename(out / entry.name)
    except OSError as error:
        raise DataError(f"{error.filename or out}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        if made:
            with suppress(OSError):  # not empty: all went well
                out.rmdir()


@contextmanager
def json_lists(path: Path, *names: str, **head: Any) -> Iterator[Callable[[str, Any], None]]:
    """Write a JSON object whose lists are given an entry at a time, for more entries than memory holds.

    ::

        with json_lists(path, "images", "annotations", info={}) as add:
            add("images", {"id": 0})
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        spools = {name: stack.enter_context(TemporaryFile(dir=path.parent)) for name in names}

        def add(name: str, entry: Any) -> None:
            separator = b",\n" if spools[name].tell() else b""
            spools[name].write(separator + json.dumps(entry, separators=(",", ":")).encode())

        yield add
        with path.open("wb") as file:
            file.write(b"{")
            for name, value in head.items():
                file.write(f"{json.dumps(name)}:{json.dumps(value)},\n".encode())
            for place, (name, spool) in enumerate(spools.items()):
                file.write(f"{',' if place else ''}{json.dumps(name)}:[\n".encode())
                spool.seek(0)
                shutil.copyfileobj(spool, file)
                file.write(b"]")
            file.write(b"}\n")
