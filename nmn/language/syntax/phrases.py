"""What was said, before what it means: noun phrases, their determiners and modifiers, and lists of them."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from nmn.language.trees import SCENE
from nmn.layout import Layout
from nmn.lexicon import Lexicon

EACH = {"same_each": "same_as", "different_each": "different_from"}  # of several, of one with another
COMPARISONS = frozenset({*EACH, *EACH.values()})
FROM_SIDE = "from_side"  # the modifier "from the left", which says where is counted from
OF_EACH = ("every", "both")  # determiners
ALL_MEANT = ("the", "bare", *OF_EACH)  # of several
# modifiers that may have a list of operands
LISTED = frozenset({"related", "related_all", "related_any", "same_as", "different_from"})


class Determiner(NamedTuple):
    """What stands before a noun: ``name`` is one of those in ``determiners.py``; numbers are inclusive bounds.

    ``of``: how many there are taken to be, of "two of the three circles".
    """

    name: str
    low: int | None = None
    high: int | None = None
    of: int | None = None


EXACTLY_ONE = Determiner("numeral", 1, 1)


class Premodifier(NamedTuple):
    """What stands before a noun, by its kind.

    "set": a set; "each": several, each of one or another of them; "but": panels that are left out. "superlative" and
    "comparative": their name; "ordinal": its rank, as a numeral; "other".
    """

    kind: str
    layout: Layout = SCENE
    name: str = ""


@dataclass(frozen=True)
class Modifier:
    """What follows a noun, or a predicate, which is a modifier of its subject.

    ``joined`` is "and" or "or" where a conjunction joins it to the modifier before, else None. ``operands`` are noun
    phrases, joined among themselves by ``operand_joins`` (one fewer). ``relative``: it stands in a relative clause, and
    ``plural`` says whether its verb is, where that has a number.
    ``verbless``: it has no verb of its own, so that "or" joins it to what a "not" before it denies. ``comparing``: it
    is a relation that ends in "than". ``panel``: the panels of "in the left image".
    """

    kind: str
    name: str = ""
    operands: tuple["Phrase", ...] = ()
    operand_joins: tuple[str, ...] = ()
    negated: bool = False
    relative: bool = False
    plural: bool | None = None
    verbless: bool = False
    comparing: bool = False
    joined: str | None = None
    layout: Layout | None = None
    panel: "Phrase | None" = None


@dataclass(frozen=True)
class Phrase:
    """A noun phrase: determiner, what stands before the noun (left to right), the noun's set, what follows it.

    ``span``: its offsets in the question; ``sealed``: how many of its modifiers were read elsewhere ("it"), so that
    nothing attaches inside them. ``elided``: "the largest", its noun left out.
    """

    determiner: Determiner
    noun: Layout
    plural: bool = False
    premodifiers: tuple[Premodifier, ...] = ()
    modifiers: tuple[Modifier, ...] = ()
    span: tuple[int, int] = (0, 0)
    sealed: int = 0
    elided: bool = False

    @property
    def of_all(self) -> bool:
        """Whether what is said of "the circles", "circles" is said of every one."""
        return self.plural and self.determiner.name in ("the", "bare")

    def has(self, *kinds: str) -> bool:
        """Whether something of some kinds stands before the noun."""
        return any(one.kind in kinds for one in self.premodifiers)


def anything() -> Phrase:
    """Return the phrase for any thing at all, to hang a predicate on."""
    return Phrase(Determiner("bare"), SCENE)


class Joined(NamedTuple):
    """A phrase of a list and the conjunction before it ("and" for the first)."""

    conjunction: str
    phrase: Phrase


def with_nouns(one: Phrase, other: Phrase) -> tuple[Phrase, Phrase]:
    """Return two phrases, "the largest" of "the largest and the smallest circle" with the noun of the other."""
    if one.elided and is_extreme(other) and not (other.elided or one.modifiers):
        return _of_kind(one, other), other
    if other.elided and is_extreme(one) and not (one.elided or other.modifiers):
        return one, _of_kind(other, one)
    return one, other


def with_rest_of(one: Phrase, other: Phrase, lexicon: Lexicon) -> Phrase:
    """Return "a large" of "a large and a small red circle left of the star" with what stands after "small"."""
    if not one.elided or any(part.kind != "set" for part in one.premodifiers):
        return one
    owned = {_attribute(part, lexicon) for part in one.premodifiers}
    rest = [part for part in other.premodifiers[len(one.premodifiers) :] if _attribute(part, lexicon) not in owned]
    before = (*one.premodifiers, *rest)
    return replace(
        one, noun=other.noun, plural=other.plural, premodifiers=before, modifiers=other.modifiers, elided=False
    )


def _attribute(premodifier: Premodifier, lexicon: Lexicon) -> str | None:
    """Return the attribute of which an adjective names a value."""
    return lexicon.attribute_of.get(str(premodifier.layout.argument))


def is_extreme(phrase: Phrase) -> bool:
    """Whether a phrase has a superlative before its noun."""
    return phrase.has("superlative")


def is_other(phrase: Phrase) -> bool:
    """Whether a phrase means others than were mentioned: "another circle", "the other circles"."""
    return phrase.determiner.name == "another" or phrase.has("other")


def _of_kind(elided: Phrase, phrase: Phrase) -> Phrase:
    own = tuple(part for part in elided.premodifiers if part.kind != "set")
    kind = tuple(part for part in phrase.premodifiers if part.kind == "set")
    return replace(elided, noun=phrase.noun, premodifiers=(*own, *kind), elided=False)
