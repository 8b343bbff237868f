"""Text files line by line, or one clear error."""

from pathlib import Path

from nmn.errors import DataError


def text_lines(path: Path) -> list[str]:
    """Return the lines of a file without their ends; raise DataError naming the file where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: cannot be read: no UTF-8 text, by its byte {error.start}") from None
    return text.removesuffix("\n").split("\n") if text else []
