"""What a lexicon holds: attributes, relations and superlatives, their words and what they mean. Torch-free."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

MEASURES = ("x", "y", "width", "height", "area")
BETWEEN_DEGREES = 150.0


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
