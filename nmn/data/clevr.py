"""CLEVR's own files (Johnson et al. 2017): scenes.json and questions.json.

An object's box is the point at its pixel coordinates, since the files give no extent; what is left of, right of,
behind and in front of what stands in the scene file and is taken from there.
"""

import json
from pathlib import Path
from typing import Any

from nmn.data.example import Example
from nmn.errors import DataError, SceneError
from nmn.scene import SceneGraph, SceneObject

ATTRIBUTES = ("size", "color", "material", "shape")
WIDTH_PX, HEIGHT_PX = 480, 320
# the last function of a question's gold program names its family in reports; files without programs have one family
UNKNOWN_FAMILY = "all"


def read_clevr(scenes: str | Path, questions: str | Path) -> list[Example]:
    """Read questions with their scenes; of a question only ``image_index``, ``question`` and ``answer`` are needed.

    The family is ``question_family_index`` or the last function of ``program`` where the file has them. Raises
    DataError naming the file and the entry at fault.
    """
    by_index = _scenes(Path(scenes))
    examples = []
    for number, entry in enumerate(_entries(Path(questions), "questions")):
        place = f"{questions}: questions[{number}]"
        text, index, answer = (_field(place, entry, key) for key in ("question", "image_index", "answer"))
        if index not in by_index:
            raise DataError(f"{place}: image_index {index} is in no scene of {scenes}")
        examples.append(Example(str(text), by_index[index], _answer_text(answer), _family(entry)))
    return examples


def _scenes(path: Path) -> dict[int, SceneGraph]:
    scenes = {}
    for number, entry in enumerate(_entries(path, "scenes")):
        index = entry.get("image_index", number) if isinstance(entry, dict) else number
        try:
            scenes[index] = scene_from_clevr(entry)
        except (KeyError, TypeError, IndexError, SceneError) as error:
            reason = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
            raise DataError(f"{path}: scenes[{number}]: {reason}") from None
    return scenes


def scene_from_clevr(entry: dict[str, Any]) -> SceneGraph:
    """Return a scene from an entry of CLEVR's scene file."""
    objects = []
    for thing in entry["objects"]:
        x, y = thing.get("pixel_coords", (0, 0))[:2]
        objects.append(SceneObject({name: thing[name] for name in ATTRIBUTES}, (x, y, x, y)))
    return SceneGraph(tuple(objects), WIDTH_PX, HEIGHT_PX, "clevr", entry["relationships"])


def _entries(path: Path, key: str) -> list[Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: not JSON: {error}") from None
    entries = data.get(key) if isinstance(data, dict) else None
    if not isinstance(entries, list):
        raise DataError(f'{path}: expected an object with an array "{key}"')
    return entries


def _field(place: str, entry: Any, key: str) -> Any:
    if not isinstance(entry, dict) or key not in entry:
        if key == "answer":
            return None
        raise DataError(f'{place}: field "{key}" is missing')
    return entry[key]


def _answer_text(answer: Any) -> str | None:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return None if answer is None else str(answer)


def _family(entry: dict[str, Any]) -> str:
    program = entry.get("program")
    if isinstance(program, list) and program and isinstance(program[-1], dict):
        return str(program[-1].get("type") or program[-1].get("function") or UNKNOWN_FAMILY)
    index = entry.get("question_family_index")
    return UNKNOWN_FAMILY if index is None else f"family {index}"
