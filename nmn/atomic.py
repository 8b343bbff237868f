"""Files that appear whole or not at all, whatever is killed or full meanwhile."""

import io
import os
import secrets
from pathlib import Path
from typing import Any


def write_atomically(path: Path, content: bytes | bytearray | memoryview, durable: bool = True) -> None:
    """Write a file beside its place, then move it there; what was there stays until then, and where writing fails.

    ``durable`` waits until the disk has it, so that a loss of power keeps either the old file or the new one. Raises
    OSError.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    if durable:
        _sync_folder(path.parent)


def write_file(path: Path, content: bytes | memoryview | str, refused: type[Exception], folder: bool = False) -> None:
    """Write a file whole or not at all, with its ``folder`` if so asked; raise ``refused`` where that cannot be."""
    try:
        if folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise refused(f"{path}: cannot be written: {error.strerror or error}") from None


def check_place(path: Path | None, refused: type[Exception]) -> None:
    """Raise ``refused`` where a file could not be written, so that it is told before long work and not after it."""
    if path is None:
        return
    if path.exists() and not path.is_file():
        raise refused(f"{path}: cannot be written: it is {'a folder' if path.is_dir() else 'no file'}")
    if not path.parent.is_dir():
        raise refused(f"{path}: cannot be written: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise refused(f"{path}: cannot be written: nothing may be written into {path.parent}")


def write_figure(path: Path, figure: Any, dpi: int, refused: type[Exception]) -> None:
    """Write a figure of matplotlib, as ``write_file`` does, in the format that the name's ending says."""
    content = io.BytesIO()
    try:
        figure.savefig(content, format=path.suffix.removeprefix(".") or "png", dpi=dpi)
    except ValueError as error:
        raise refused(f"{path}: cannot be written: {error}") from None
    write_file(path, content.getbuffer(), refused)


def _sync_folder(folder: Path) -> None:
    """Wait until the disk has the new name, on systems that can open a folder."""
    if hasattr(os, "O_DIRECTORY"):
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
