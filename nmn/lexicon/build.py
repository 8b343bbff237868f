"""A lexicon from the tables of its file, each of which is checked and named where it is at fault."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from nmn.errors import LexiconError, did_you_mean
from nmn.layout.signature import SIDES
from nmn.lexicon.entries import (
    MEASURES,
    Attribute,
    Gap,
    Given,
    Lexicon,
    Meaning,
    Offset,
    On,
    Order,
    Relation,
    Superlative,
)

KEYS = {
    *("name", "nouns", "attributes", "relations", "superlatives", "plurals", "unit_px"),
    *("panels", "sides", "side_gap", "corner_gap", "near_side_gap"),
}
NAME = re.compile(r"[\w-]+")  # what a layout takes as an argument


def build(data: dict[str, Any]) -> Lexicon:
    """Return the lexicon that tables amount to; raise LexiconError naming the key at fault."""
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
