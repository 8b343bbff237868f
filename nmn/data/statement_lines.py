"""Statements in files of a JSON object a line, as NLVR and NLVR2 have them: sentence, identifier, and maybe a label."""

import json
from pathlib import Path
from typing import Any

from nmn.data.text_file import text_lines
from nmn.errors import DataError

LABELS = {"true": True, "false": False, True: True, False: False, None: None}


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return the examples of a file, one JSON object a line; raise DataError naming the line at fault."""
    entries: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(text_lines(path), 1):
        if not line.strip():
            continue
        entry = _entry(f"{path}, line {number}", line)
        earlier = seen.setdefault(entry["identifier"], number)
        if earlier != number:
            raise DataError(f"{path}, line {number}: identifier {entry['identifier']} stands in line {earlier} already")
        entries.append(entry)
    if not entries:
        raise DataError(f"{path}: no example in it")
    return entries


def truth_of(entry: dict[str, Any]) -> bool | None:
    """Return the label of an example, None where it has none."""
    label = entry.get("label")
    return LABELS[label.lower() if isinstance(label, str) else label]


def _entry(place: str, line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place}: not JSON: {error}") from None
    if not isinstance(entry, dict):
        raise DataError(f"{place}: expected an object, got {type(entry).__name__}")
    for name in ("sentence", "identifier"):
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            raise DataError(f'{place}: field "{name}" is missing, or no text')
    label = entry.get("label")
    if not isinstance(label, str | bool | None) or (label.lower() if isinstance(label, str) else label) not in LABELS:
        raise DataError(f'{place}: label is "true" or "false", got {label!r}')
    return entry
