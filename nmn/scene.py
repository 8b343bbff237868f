"""What is in an image: objects with attributes and boxes, and the JSON form of it.

Coordinates are pixels from the top left corner of the image, x to the right and y downwards. Which values, relations
and measures mean what in a scene is said by the lexicon that ``SceneGraph.world`` names.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from types import MappingProxyType
from typing import Any

from nmn.errors import SceneError, did_you_mean
from nmn.notebook import html_of

MAX_OBJECTS = 256
WORLD_NAME = re.compile(r"[\w-]+")  # a name only: a scene from elsewhere must not name a file
MAX_PX = 1e9  # so that areas and their differences stay finite
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class SceneObject:
    """One object: its attributes, such as ``{"shape": "circle", "color": "red"}``, and its box.

    ``box`` is (left, top, right, bottom) in pixels, within MAX_PX, with left <= right and top <= bottom; it bounds the
    object as it is drawn. ``rotation`` is in degrees, clockwise. ``panel`` is a position in the scene's ``panels``.
    """

    attributes: Mapping[str, str]
    box: Box
    rotation: float = 0.0
    panel: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.attributes, Mapping):
            raise SceneError(f"attributes map names to values, such as shape to circle; got {self.attributes!r}")
        for name, value in self.attributes.items():
            if not (isinstance(name, str) and isinstance(value, str) and name and value):
                raise SceneError(f"attributes map names to values, both non-empty text; got {dict(self.attributes)!r}")
        object.__setattr__(self, "attributes", MappingProxyType(dict(self.attributes)))
        if len(self.box) != 4 or not all(map(_is_finite, self.box)):
            raise SceneError(f"box is four finite numbers [left, top, right, bottom], got {list(self.box)!r}")
        if self.box[0] > self.box[2] or self.box[1] > self.box[3]:
            raise SceneError(f"box is [left, top, right, bottom] with left <= right and top <= bottom, got {self.box}")
        object.__setattr__(self, "box", tuple([float(side) for side in self.box]))
        if not _is_finite(self.rotation):
            raise SceneError(f"rotation is a finite number of degrees, got {self.rotation!r}")
        object.__setattr__(self, "rotation", _plain(self.rotation))
        if type(self.panel) is not int or self.panel < 0:
            raise SceneError(f"panel is the number of one of the scene's panels, from 0; got {self.panel!r}")

    @classmethod
    def of_known(cls, attributes: MappingProxyType[str, str], box: Box, rotation: float, panel: int) -> "SceneObject":
        """Return an object of values that are valid for sure, as a generator's are, without checking them."""
        thing, note = object.__new__(cls), object.__setattr__
        note(thing, "attributes", attributes)
        note(thing, "box", box)
        note(thing, "rotation", rotation)
        note(thing, "panel", panel)
        return thing

    def __hash__(self) -> int:
        return hash((frozenset(self.attributes.items()), self.box, self.rotation, self.panel))

    def __reduce__(self) -> tuple[Any, ...]:
        return SceneObject, (dict(self.attributes), self.box, self.rotation, self.panel)

    def __str__(self) -> str:
        return " ".join(self.attributes.values()) or "without attributes"

    def to_json(self) -> dict[str, Any]:
        """Return the object as plain JSON data, fields left out where they have their default."""
        data: dict[str, Any] = {"attributes": dict(self.attributes), "box": list(self.box)}
        if self.rotation:
            data["rotation"] = self.rotation
        if self.panel:
            data["panel"] = self.panel
        return data


@dataclass(frozen=True, slots=True)
class SceneGraph:
    """The objects of one image of ``width`` x ``height`` pixels, those behind before those in front of them.

    ``relations`` holds relations that the scene itself gives, as CLEVR's files do: for each name, entry i lists the
    objects that stand in the relation to object i (``relations["left"][i]`` are those left of i). ``panels`` are the
    boxes of the parts of an image that is made of several (NLVR's three boxes); none: the image is one panel.
    """

    objects: tuple[SceneObject, ...]
    width: float
    height: float
    world: str = "world"
    relations: Mapping[str, Sequence[Sequence[int]]] = field(default_factory=dict)
    panels: tuple[Box, ...] = ()

    def __post_init__(self) -> None:
        if len(self.objects) > MAX_OBJECTS:
            raise SceneError(f"a scene holds at most {MAX_OBJECTS} objects, this one has {len(self.objects)}")
        for side in ("width", "height"):
            if not _is_finite(getattr(self, side)) or getattr(self, side) <= 0:
                raise SceneError(f"{side} is a positive number of pixels, got {getattr(self, side)!r}")
            object.__setattr__(self, side, _plain(getattr(self, side)))
        if not WORLD_NAME.fullmatch(self.world):
            raise SceneError(f"world is the name of a lexicon, letters, digits, _ and -; got {self.world!r}")
        object.__setattr__(self, "objects", tuple(self.objects))
        frozen = {name: _check_relation(name, rows, len(self.objects)) for name, rows in self.relations.items()}
        object.__setattr__(self, "relations", MappingProxyType(frozen))
        object.__setattr__(self, "panels", tuple(_check_panel(box) for box in self.panels))
        for index, thing in enumerate(self.objects):
            if thing.panel >= max(1, len(self.panels)):
                raise SceneError(
                    f"objects[{index}].panel: there is no panel {thing.panel}, {len(self.panels)} are given"
                )

    def __hash__(self) -> int:
        return hash((self.objects, self.width, self.height, self.world, frozenset(self.relations), self.panels))

    def __reduce__(self) -> tuple[Any, ...]:
        return SceneGraph, (self.objects, self.width, self.height, self.world, dict(self.relations), self.panels)

    @property
    def filled(self) -> tuple[SceneObject, ...]:
        """Its objects without the empty cells, which have no attributes."""
        return tuple(thing for thing in self.objects if thing.attributes)

    def _repr_html_(self) -> str:
        return html_of(self)

    def to_json(self) -> dict[str, Any]:
        """Return the scene as plain JSON data; ``scene_from_json`` reads it back."""
        data: dict[str, Any] = {
            "world": self.world,
            "width": self.width,
            "height": self.height,
            "objects": [thing.to_json() for thing in self.objects],
        }
        if self.relations:
            data["relations"] = {name: [list(row) for row in rows] for name, rows in self.relations.items()}
        if self.panels:
            data["panels"] = [list(box) for box in self.panels]
        return data


def scene_from_json(data: Any) -> SceneGraph:
    """Build a scene from JSON data; raise SceneError naming the place, such as ``objects[3].box``."""
    _check_fields(
        "scene",
        data,
        {"objects": list, "width": (int, float), "height": (int, float)},
        {"world": str, "relations": dict, "panels": list},
    )
    if len(data["objects"]) > MAX_OBJECTS:
        raise SceneError(f"scene.objects: at most {MAX_OBJECTS} objects, got {len(data['objects'])}")
    objects = tuple(_object_from_json(f"objects[{index}]", item) for index, item in enumerate(data["objects"]))
    optional = data.get("world", "world"), data.get("relations", {}), tuple(data.get("panels", ()))
    return SceneGraph(objects, data["width"], data["height"], *optional)


def read_scene(path: str | Path) -> SceneGraph:
    """Read a scene's JSON file; raise SceneError that names the file and what is wrong in it."""
    if not isinstance(path, str | Path):
        raise SceneError(f"expected the path of a scene's JSON, got {type(path).__name__}; scene_from_json takes data")
    try:
        return scene_from_json(json.loads(Path(path).read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise SceneError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SceneError(f"{path}: not UTF-8 text, so not a scene's JSON") from error
    except SceneError as error:
        raise SceneError(f"{path}: {error}") from error
    except (ValueError, RecursionError) as error:  # JSON's own error, or an integer of too many digits
        raise SceneError(f"{path}: not JSON: {error}") from error


def _object_from_json(place: str, data: Any) -> SceneObject:
    _check_fields(place, data, {"attributes": dict, "box": list}, {"rotation": (int, float), "panel": int})
    try:
        return SceneObject(data["attributes"], tuple(data["box"]), data.get("rotation", 0.0), data.get("panel", 0))
    except SceneError as error:
        raise SceneError(f"{place}: {error}") from None


def _check_fields(place: str, data: Any, required: Mapping[str, Any], optional: Mapping[str, Any]) -> None:
    if not isinstance(data, dict):
        raise SceneError(f"{place}: expected an object with {', '.join(required)}, got {type(data).__name__}")
    for name in required:
        if name not in data:
            raise SceneError(f'{place}: field "{name}" is missing')
    known = {**required, **optional}
    for name, value in data.items():
        if name not in known:
            raise SceneError(f'{place}: unknown field "{name}"{did_you_mean(name, known)}')
        if not isinstance(value, known[name]) or isinstance(value, bool):
            wanted = known[name] if isinstance(known[name], tuple) else (known[name],)
            names = {dict: "object", list: "array", str: "text", int: "number", float: "number"}
            raise SceneError(f"{place}.{name}: expected {names[wanted[0]]}, got {type(value).__name__}")


def _check_relation(name: str, rows: Any, count: int) -> tuple[tuple[int, ...], ...]:
    valid = (
        isinstance(rows, (list, tuple))
        and len(rows) == count
        and all(
            isinstance(row, (list, tuple)) and all(type(index) is int and 0 <= index < count for index in row)
            for row in rows
        )
    )
    if not valid:
        raise SceneError(f"relations.{name}: expected {count} arrays of object numbers from 0 to {count - 1}")
    return tuple(tuple(row) for row in rows)


def _check_panel(box: Any) -> Box:
    if not isinstance(box, (list, tuple)) or len(box) != 4 or not all(_is_finite(side) for side in box):
        raise SceneError(f"panels: a panel is [left, top, right, bottom] in pixels, got {box!r}")
    left, top, right, bottom = (float(side) for side in box)
    if left >= right or top >= bottom:
        raise SceneError(f"panels: a panel has left < right and top < bottom, got {list(box)!r}")
    return left, top, right, bottom


def _plain(value: Any) -> float:
    """Return a number without numpy's type, which JSON does not know."""
    return value if type(value) in (int, float) else float(value)


def _is_finite(value: Any) -> bool:
    return type(value) is not bool and isinstance(value, Real) and -MAX_PX < value < MAX_PX  # type: ignore[operator]
