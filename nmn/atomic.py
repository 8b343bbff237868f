"""Files that appear whole or not at all, whatever is killed or full meanwhile."""

import os
import secrets
from pathlib import Path


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


def _sync_folder(folder: Path) -> None:
    """Wait until the disk has the new name, on systems that can open a folder."""
    if hasattr(os, "O_DIRECTORY"):
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
