"""CLEVR's own files (Johnson et al. 2017): scenes.json, questions.json and images.

An object's box is the point at its pixel coordinates, since the files give no extent; what is left of, right of,
behind and in front of what stands in the scene file and is taken from there.
"""

from pathlib import Path
from typing import Any, NamedTuple

from nmn.data.example import Example, ImageExample
from nmn.data.json_file import ImageFolder, array, field, read_json
from nmn.errors import DataError, SceneError
from nmn.scene import SceneGraph, SceneObject

ATTRIBUTES = ("size", "color", "material", "shape")
WIDTH_PX, HEIGHT_PX = 480, 320
# the last function of a question's gold program names its family in reports; files without programs have one family
UNKNOWN_FAMILY = "all"


class ClevrFiles(NamedTuple):
    """Where a split lies in CLEVR's folder as it is unpacked."""

    questions: Path
    scenes: Path
    images: Path


def clevr_files(folder: Path, split: str) -> ClevrFiles:
    """Return where a split of CLEVR's folder lies, ``questions/CLEVR_val_questions.json`` and so on."""
    questions, scenes = (folder / name / f"CLEVR_{split}_{name}.json" for name in ("questions", "scenes"))
    return ClevrFiles(questions, scenes, folder / "images" / split)


def read_clevr(scenes: str | Path, questions: str | Path) -> list[Example]:
    """Read questions with their scenes; of a question only ``image_index``, ``question`` and ``answer`` are needed.

    The family is ``question_family_index`` or the last function of ``program`` where the file has them. Raises
    DataError naming the file and the entry at fault.
    """
    path, by_index = Path(questions), _scenes(Path(scenes))
    examples = []
    for place, entry in _questions(path):
        text, index = field(place, entry, "question", str), field(place, entry, "image_index", int)
        if index not in by_index:
            raise DataError(f"{place}: image_index {index} is in no scene of {scenes}")
        examples.append(Example(text, by_index[index], _answer_text(entry.get("answer")), _family(entry)))
    return examples


def read_clevr_images(
    questions: str | Path, images: str | Path, scenes: str | Path | None = None
) -> list[ImageExample]:
    """Read questions with their images and, where ``scenes`` is given, what these show.

    ``images`` is the folder of a split's images or the one above it; of a question ``image_filename`` is needed, and
    ``split`` for the folder above. Raises DataError as ``read_clevr`` does, and for an image that is not there.
    """
    path, folder = Path(questions), ImageFolder(images)
    by_index = _scenes(Path(scenes)) if scenes is not None else {}
    examples = []
    for place, entry in _questions(path):
        text, name = field(place, entry, "question", str), field(place, entry, "image_filename", str)
        image = folder.path(place, name, f"{entry.get('split', '')}/{name}".lstrip("/"))
        index = field(place, entry, "image_index", int) if scenes is not None else None
        if index is not None and index not in by_index:
            raise DataError(f"{place}: image_index {index} is in no scene of {scenes}")
        scene = None if index is None else by_index[index]
        examples.append(ImageExample(text, image, _answer_text(entry.get("answer")), _family(entry), scene))
    return examples


def _questions(path: Path) -> list[tuple[str, Any]]:
    """Return the entries of a file of questions, each with its place, for messages."""
    entries = array(path, read_json(path), "questions")
    if not entries:
        raise DataError(f"{path}: no question in it")
    return [(f"{path}: questions[{number}]", entry) for number, entry in enumerate(entries)]


def _scenes(path: Path) -> dict[int, SceneGraph]:
    scenes = {}
    for number, entry in enumerate(array(path, read_json(path), "scenes")):
        index = entry.get("image_index", number) if isinstance(entry, dict) else number
        try:
            if index in scenes:
                raise SceneError(f"image_index {index} is that of a scene before it, too")
            scenes[index] = scene_from_clevr(entry)
        except (KeyError, TypeError, SceneError) as error:
            reason = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
            raise DataError(f"{path}: scenes[{number}]: {reason}") from None
    return scenes


def scene_from_clevr(entry: dict[str, Any]) -> SceneGraph:
    """Return a scene from an entry of CLEVR's scene file."""
    objects, relations = [], entry["relationships"]
    if not isinstance(relations, dict):
        raise SceneError(f"relationships: expected an object, got {relations!r:.60}")
    for thing in entry["objects"]:
        if not isinstance(thing, dict):
            raise SceneError(f"objects: expected objects with attributes, got {thing!r:.60}")
        point = thing.get("pixel_coords", (0, 0))[:2]
        if len(point) != 2:
            raise SceneError(f"pixel_coords: expected at least two numbers, got {point!r:.60}")
        objects.append(SceneObject({name: thing[name] for name in ATTRIBUTES}, (*point, *point)))
    return SceneGraph(tuple(objects), WIDTH_PX, HEIGHT_PX, "clevr", relations)


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
