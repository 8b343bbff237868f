"""Lexicons as TOML files, found by name or path, or whole as text.

A file may extend another (``extends = "world"``, or a path): its tables are laid over the other's, key by key; a key
set to ``false`` removes the entry.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from nmn.config import read_toml
from nmn.errors import LexiconError, did_you_mean
from nmn.lexicon.build import build
from nmn.lexicon.entries import Lexicon
from nmn.resources import GRAMMARS

MAX_EXTENSIONS = 50


def load_lexicon(source: str | Path) -> Lexicon:
    """Load a lexicon by name (``"world"``), from a TOML file, or from what ``whole_text`` returned.

    Raises LexiconError naming the file and the key.
    """
    text = str(source)
    if text.startswith("{") and not _is_path(text):
        return _load_text(text)
    path = _find(text, Path())
    return _load_file(path, _written(path))


def whole_text(source: str | Path) -> str:
    """Return a lexicon's name, of a TOML file its tables with those that it extends: whoever keeps it needs no file."""
    text = str(source)
    return json.dumps(_read_extended(_find(text, Path()), ())) if _is_path(text) else text


def _is_path(source: str) -> bool:
    return source.endswith(".toml")


def _written(path: Path | None) -> tuple[int, ...]:
    """Return when a file and those that it extends were written; of a cycle, which is refused when read, its start."""
    times: list[int] = []
    while path is not None and len(times) <= MAX_EXTENSIONS:
        times.append(path.stat().st_mtime_ns)
        path = _extended(path, times[-1])
    return tuple(times)


@lru_cache(maxsize=32)
def _extended(path: Path, mtime_ns: int) -> Path | None:
    source = read_toml(path, LexiconError).get("extends")
    return None if source is None else _find(str(source), path.parent)


@lru_cache(maxsize=32)
def _load_file(path: Path, written_ns: tuple[int, ...]) -> Lexicon:
    data = _read_extended(path, ())
    try:
        return build(data)
    except LexiconError as error:
        raise LexiconError(f"{path}: {error}") from None


@lru_cache(maxsize=32)
def _load_text(text: str) -> Lexicon:
    try:
        tables = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LexiconError(f"a lexicon as text is not JSON: {error}") from None
    try:
        return build(tables)
    except LexiconError as error:
        raise LexiconError(f"a lexicon as text: {error}") from None


def _find(source: str, beside: Path) -> Path:
    """Return the file that ``source`` names: a path ending in .toml, else one of ours."""
    path = beside / source if _is_path(source) else GRAMMARS / "lexicon" / f"{source}.toml"
    if not _is_file(path):
        known = sorted(file.stem for file in (GRAMMARS / "lexicon").glob("*.toml"))
        raise LexiconError(
            f"no lexicon {source!r}; there are {', '.join(known)}, or give the path of a .toml file"
            + did_you_mean(source, known)
        )
    return path.resolve()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have: too long, or with a zero byte
        return False


def _read_extended(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    if path in seen:
        raise LexiconError("lexicons extend each other in a cycle: " + " -> ".join(str(file) for file in (*seen, path)))
    if len(seen) > MAX_EXTENSIONS:
        raise LexiconError(f"{path}: more than {MAX_EXTENSIONS} lexicons extend each other")
    data = read_toml(path, LexiconError)
    if "extends" not in data:
        return data
    try:
        extended = _find(str(data.pop("extends")), path.parent)
    except LexiconError as error:
        raise LexiconError(f"{path}: extends: {error}") from None
    base = _read_extended(extended, (*seen, path))
    return _overlay(base, data)


def _overlay(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        if value is False:
            merged.pop(key, None)
        elif isinstance(value, dict) and key != "meaning":
            below = merged.get(key)
            merged[key] = _overlay(below if isinstance(below, dict) else {}, value)
        else:
            merged[key] = value
    return merged
