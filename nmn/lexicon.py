"""The words of a domain and what they mean: one TOML file, the one table that says what a relation is.

The language reads the words, the exact modules and the reference evaluator read the meanings. A file may extend
another (``extends = "world"``, or a path): its tables are laid over the other's, key by key; a key set to ``false``
removes the entry. Torch-free.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from nmn.errors import LexiconError, did_you_mean
from nmn.layout.signature import SIDES
from nmn.resources import GRAMMARS

MEASURES = ("x", "y", "width", "height", "area")
BETWEEN_DEGREES = 150.0
MAX_EXTENSIONS = 50
KEYS = {
    *("name", "nouns", "attributes", "relations", "superlatives", "plurals", "unit_px"),
    *("panels", "sides", "side_gap", "corner_gap", "near_side_gap"),
}
NAME = re.compile(r"[\w-]+")  # what a layout takes as an argument


@dataclass(frozen=True, slots=True)
class Order:
    """``sign * (measure of one - measure of the other)`` exceeds ``margin``, in units.

    ``by`` is one of MEASURES (x and y of the centre; width, height and area of the box) or an attribute, whose values
    then count in the order in which the lexicon lists them.
    """

    by: str
    sign: int
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class Offset:
    """The centre of one lies ``(dx, dy)`` units from the other's, within half a unit in x and in y."""

    dx: float
    dy: float


@dataclass(frozen=True, slots=True)
class Gap:
    """The larger of the horizontal and vertical distance between two boxes is at most ``at_most`` units."""

    at_most: float


@dataclass(frozen=True, slots=True)
class On:
    """One lies directly on the other: above or below it with its edge within ``at_most`` units of the other's.

    Their boxes overlap horizontally; ``sign`` 1: the bottom of one is at the other's top, -1: its top at the bottom.
    """

    at_most: float
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Given:
    """The scene itself lists the pairs, under this name in ``SceneGraph.relations``."""

    name: str


Meaning = Order | Offset | Gap | On | Given


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute, its names in text, its values and their words.

    ``noun``: its values are nouns ("a circle"), with ``adjectives`` for some of them ("circular"); else adjectives.
    """

    words: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]
    noun: bool = False
    adjectives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation between two objects: prepositions or comparatives, verbs, and its meaning."""

    meaning: Meaning
    words: tuple[str, ...]
    verbs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Superlative:
    """An order of the members of a set; ``places`` are the words of "the second from the left"."""

    order: Order
    words: tuple[str, ...]
    places: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Lexicon:
    """A domain: attributes, relations and superlatives by name; ``nouns`` name any object at all.

    ``unit_px`` is the unit of lengths in pixels; None: the image's longer side. ``panels`` are nouns for the parts of
    an image that is made of several; ``sides`` the words for each of SIDES that has some, and ``side_gap`` how close to
    a side of its panel, in units, touches it, ``corner_gap`` how close to two that meet touches their corner, and
    ``near_side_gap`` how close is near (both by default as ``side_gap``).
    """

    name: str
    nouns: tuple[str, ...]
    attributes: Mapping[str, Attribute]
    relations: Mapping[str, Relation]
    superlatives: Mapping[str, Superlative]
    plurals: Mapping[str, str]
    unit_px: float | None = None
    panels: tuple[str, ...] = ()
    sides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    side_gap: float = 0.0
    corner_gap: float = 0.0
    near_side_gap: float = 0.0

    @cached_property
    def attribute_of(self) -> Mapping[str, str]:
        """The attribute that each value belongs to, in the order of the file."""
        return {value: name for name, attribute in self.attributes.items() for value in attribute.values}

    def converse(self, relation: str) -> str | None:
        """Return the relation of the second to the first, "right_of" of "left_of"; None where there is none."""
        turned = _converse(self.relations[relation].meaning)
        return next((name for name, other in self.relations.items() if other.meaning == turned), None)


def _converse(meaning: Meaning) -> Meaning | None:
    if isinstance(meaning, Gap):
        return meaning
    if isinstance(meaning, Order):
        return replace(meaning, sign=-meaning.sign)
    if isinstance(meaning, On):
        return replace(meaning, sign=-meaning.sign)
    return Offset(-meaning.dx, -meaning.dy) if isinstance(meaning, Offset) else None


def load_lexicon(source: str | Path) -> Lexicon:
    """Load a lexicon by name (``"world"``) or from a TOML file; raise LexiconError naming the file and the key."""
    path = _find(str(source), Path())
    return _load_file(path, _written(path))


def whole_name(source: str | Path) -> str:
    """Return a lexicon's name, of a TOML file its whole path: whoever keeps it finds it from any folder."""
    return str(Path(source).resolve()) if str(source).endswith(".toml") else str(source)


def _written(path: Path | None) -> tuple[int, ...]:
    """Return when a file and those that it extends were written; of a cycle, which is refused when read, its start."""
    times: list[int] = []
    while path is not None and len(times) <= MAX_EXTENSIONS:
        times.append(path.stat().st_mtime_ns)
        path = _extended(path, times[-1])
    return tuple(times)


@lru_cache(maxsize=32)
def _extended(path: Path, mtime_ns: int) -> Path | None:
    source = _read(path).get("extends")
    return None if source is None else _find(str(source), path.parent)


@lru_cache(maxsize=32)
def _load_file(path: Path, written_ns: tuple[int, ...]) -> Lexicon:
    data = _read_extended(path, ())
    try:
        return _build(data)
    except LexiconError as error:
        raise LexiconError(f"{path}: {error}") from None


def _find(source: str, beside: Path) -> Path:
    """Return the file that ``source`` names: a path ending in .toml, else one of ours."""
    path = beside / source if source.endswith(".toml") else GRAMMARS / "lexicon" / f"{source}.toml"
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
    data = _read(path)
    if "extends" not in data:
        return data
    try:
        extended = _find(str(data.pop("extends")), path.parent)
    except LexiconError as error:
        raise LexiconError(f"{path}: extends: {error}") from None
    base = _read_extended(extended, (*seen, path))
    return _overlay(base, data)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:  # ValueError: of UTF-8, of TOML, of too long an integer
        raise LexiconError(f"{path}: not a readable TOML file: {error}") from None


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


def _build(data: dict[str, Any]) -> Lexicon:
    _check_keys("", data, KEYS)
    for table in ("attributes", "relations", "superlatives"):
        _check_names(table, _table(data, table))
    attributes = {name: _attribute(name, entry) for name, entry in _table(data, "attributes").items()}
    side_gap = _number("side_gap", data.get("side_gap", 0.0))
    lexicon = Lexicon(
        name=_text("name", data.get("name")),
        nouns=_words("nouns", data.get("nouns", [])),
        attributes=attributes,
        relations={name: _relation(name, entry, attributes) for name, entry in _table(data, "relations").items()},
        superlatives={
            name: _superlative(name, entry, attributes) for name, entry in _table(data, "superlatives").items()
        },
        plurals={single: _text(f"plurals.{single}", many) for single, many in _table(data, "plurals").items()},
        unit_px=_unit(data["unit_px"]) if "unit_px" in data else None,
        panels=_words("panels", data.get("panels", [])),
        sides={side: _words(f"sides.{side}", words) for side, words in _table(data, "sides").items()},
        side_gap=side_gap,
        corner_gap=_number("corner_gap", data.get("corner_gap", side_gap)),
        near_side_gap=_number("near_side_gap", data.get("near_side_gap", side_gap)),
    )
    _check_keys("sides", lexicon.sides, set(SIDES))
    _check_distinct_values(lexicon)
    return lexicon


def _attribute(name: str, entry: Any) -> Attribute:
    place = f"attributes.{name}"
    _check_keys(place, entry, {"words", "values", "noun", "adjectives"})
    values, adjectives = (
        {value: _words(f"{place}.{key}.{value}", words) for value, words in _table(entry, key).items()}
        for key in ("values", "adjectives")
    )
    _check_names(f"{place}.values", values)
    if not values:
        raise LexiconError(f"{place}.values: at least one value is needed")
    if stray := adjectives.keys() - values.keys():
        raise LexiconError(f"{place}.adjectives: {min(stray)} is no value of {name}")
    noun = entry.get("noun", False)
    if not isinstance(noun, bool):
        raise LexiconError(f"{place}.noun: expected true or false, got {noun!r}")
    return Attribute(_words(f"{place}.words", entry.get("words", [])), values, noun, adjectives)


def _relation(name: str, entry: Any, attributes: Mapping[str, Attribute]) -> Relation:
    place = f"relations.{name}"
    _check_keys(place, entry, {"words", "verbs", "meaning"})
    meaning = _meaning(f"{place}.meaning", entry.get("meaning"), attributes)
    words, verbs = (_words(f"{place}.{key}", entry.get(key, [])) for key in ("words", "verbs"))
    return Relation(meaning, words, verbs)


def _meaning(place: str, entry: Any, attributes: Mapping[str, Attribute]) -> Meaning:
    if isinstance(entry, dict):
        if "by" in entry:
            _check_keys(place, entry, {"by", "sign", "margin"})
            return _order(place, entry, attributes)
        if entry.keys() == {"offset"} and isinstance(entry["offset"], list) and len(entry["offset"]) == 2:
            dx, dy = (_number(f"{place}.offset", step) for step in entry["offset"])
            return Offset(dx, dy)
        if entry.keys() == {"gap"}:
            return Gap(_number(f"{place}.gap", entry["gap"]))
        if "on" in entry:
            _check_keys(place, entry, {"on", "sign"})
            return On(_number(f"{place}.on", entry["on"]), _sign(place, entry.get("sign", 1)))
        if entry.keys() == {"given"}:
            return Given(_text(f"{place}.given", entry["given"]))
    raise LexiconError(
        f'{place}: expected one of {{ by = "x", sign = -1, margin = 0.02 }}, {{ offset = [0, -1] }}, '
        f'{{ gap = 0.1 }}, {{ on = 0.02 }} or {{ given = "name in the scene" }}, got {entry!r}'
    )


def _superlative(name: str, entry: Any, attributes: Mapping[str, Attribute]) -> Superlative:
    place = f"superlatives.{name}"
    _check_keys(place, entry, {"words", "places", "by", "sign"})
    words, places = (_words(f"{place}.{key}", entry.get(key, [])) for key in ("words", "places"))
    return Superlative(_order(place, entry, attributes), words, places)


def _order(place: str, entry: Mapping[str, Any], attributes: Mapping[str, Attribute]) -> Order:
    known = (*MEASURES, *attributes)
    by, sign = entry.get("by"), entry.get("sign")
    if by not in known:
        raise LexiconError(f"{place}.by: expected one of {', '.join(known)}; got {by!r}")
    return Order(by, _sign(place, sign), _number(f"{place}.margin", entry.get("margin", 0.0)))


def _sign(place: str, sign: Any) -> int:
    if sign not in (-1, 1) or isinstance(sign, bool):
        raise LexiconError(f"{place}.sign: expected 1 (more) or -1 (less), got {sign!r}")
    return int(sign)


def _check_distinct_values(lexicon: Lexicon) -> None:
    """Refuse a value that stands under two attributes, since ``find[value]`` would not say which."""
    owner: dict[str, str] = {}
    for name, attribute in lexicon.attributes.items():
        for value in attribute.values:
            if owner.setdefault(value, name) != name:
                raise LexiconError(f'value "{value}" stands under both attributes {owner[value]} and {name}')


def _check_keys(place: str, entry: Any, known: set[str]) -> None:
    if not isinstance(entry, dict):
        raise LexiconError(f"{place}: expected a table, got {entry!r}")
    for key in entry:
        if key not in known:
            raise LexiconError(f"{place + '.' if place else ''}{key}: unknown key{did_you_mean(key, known)}")


def _check_names(place: str, names: Iterable[str]) -> None:
    """Refuse a name that no layout could take as an argument; the words for it may be any text."""
    for name in names:
        if not NAME.fullmatch(name):
            raise LexiconError(f"{place}.{name}: a name is one word of letters, digits, _ and -, such as light_blue")


def _table(entry: Mapping[str, Any], key: str) -> dict[str, Any]:
    table = entry.get(key, {})
    if not isinstance(table, dict):
        raise LexiconError(f"{key}: expected a table, got {table!r}")
    return table


def _words(place: str, words: Any) -> tuple[str, ...]:
    if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
        raise LexiconError(f"{place}: expected a list of words, got {words!r}")
    return tuple(" ".join(word.lower().split()) for word in words)


def _text(place: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise LexiconError(f"{place}: expected text, got {value!r}")
    return value


def _number(place: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e9:
        raise LexiconError(f"{place}: expected a number, got {value!r}")
    return float(value)


def _unit(value: Any) -> float:
    unit = _number("unit_px", value)
    if unit <= 0:
        raise LexiconError(f"unit_px: expected a number above 0, got {value!r}")
    return unit
