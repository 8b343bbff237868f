"""What datasets in JSON have in common: one object with arrays of entries, and images named by them.

Every function raises DataError naming the file and, where there is one, the entry at fault.
"""

import json
from pathlib import Path, PurePath
from typing import Any, TypeVar

from nmn.errors import DataError

Value = TypeVar("Value")
NAMES = {str: "text", int: "a whole number", list: "an array", dict: "an object"}


def read_json(path: Path) -> Any:
    """Return what a JSON file holds."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))  # editors begin a file with a mark of its encoding
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON: {error}") from None


def array(path: Path, data: Any, key: str) -> list[Any]:
    """Return the array ``key`` of what a file holds."""
    entries = data.get(key) if isinstance(data, dict) else None
    if not isinstance(entries, list):
        raise DataError(f'{path}: expected an object with an array "{key}"')
    return entries


def field(place: str, entry: Any, key: str, kind: type[Value]) -> Value:
    """Return a field of an entry, which is of a kind; ``place`` is the file and the entry, for messages."""
    if not isinstance(entry, dict) or key not in entry:
        raise DataError(f'{place}: field "{key}" is missing')
    value = entry[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DataError(f"{place}: {key}: expected {NAMES[kind]}, got {value!r:.60}")
    return value


class ImageFolder:
    """A folder of images, which looks for each but once."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._found: dict[str, Path] = {}

    def path(self, place: str, *names: str) -> Path:
        """Return the first of the named files, relative to the folder, that is there."""
        if names[0] not in self._found:
            for name in names:
                pure = PurePath(name)
                if pure.is_absolute() or ".." in pure.parts or "\0" in name:
                    raise DataError(f"{place}: image {name!r:.80} lies outside of {self.folder}")
            paths = [self.folder / name for name in names]
            found = next((path for path in paths if path.is_file()), None)
            if found is None:
                raise DataError(f"{place}: there is no image {' or '.join(str(path) for path in paths)}")
            self._found[names[0]] = found
        return self._found[names[0]]
