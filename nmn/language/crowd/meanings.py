"""What the phrases of a statement mean while it is read: quantities, things, boxes, and parts of lists.

Layouts are built as soon as a phrase is complete; these are what does not fit in a layout yet. All are hashable, so
that derivations of one meaning are found to be the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from nmn.layout import Layout
from nmn.lexicon import load_lexicon

SCENE = Layout("scene")
PANELS = Layout("panels")
IT = Layout("find", "it")  # stands for the things mentioned before, until the list that mentions them is read
VALUES = {name: tuple(attribute.values) for name, attribute in load_lexicon("nlvr").attributes.items()}
ACTIONS: dict[str, Callable[..., Any]] = {}
COSTS: dict[str, float] = {}
Function = TypeVar("Function", bound=Callable[..., Any])


def action(cost: float = 0.0) -> Callable[[Function], Function]:
    """Register a function as the action of the rule that has its name; ``cost`` is what the rule adds to a reading."""

    def register(function: Function) -> Function:
        name = function.__name__.rstrip("_")
        ACTIONS[name] = function
        COSTS[name] = cost
        return function

    return register


class Quant(NamedTuple):
    """How many: ``name`` is some, bare, count, none, every, the, only; bounds are inclusive, None is open.

    ``said``: whether "exactly" or "only" stood there.
    """

    name: str
    low: int | None = None
    high: int | None = None
    said: bool = False


OWN = Layout("find", "own")  # stands for the things of one's own colour, until those are known
OTHERS = Layout("find", "others")  # stands for what was not mentioned before
BOTH = Quant("every", 2, 2)
SOME, BARE, NO, EVERY, THE, ONLY = (Quant(name) for name in ("some", "bare", "none", "every", "the", "only"))


class ValueCount(NamedTuple):
    """How many values of an attribute: "2 different colours"."""

    attribute: str
    quant: Quant

    def of(self, things: Layout) -> Layout:
        """Return that so many occur in a set."""
        return bounded(distinct(self.attribute, things), self.quant)


@dataclass(frozen=True, slots=True)
class Things:
    """A set of things; ``kinds`` are the parts of "black and blue items", each of which has to be there."""

    layout: Layout
    kinds: tuple[Layout, ...] = ()
    elliptic: bool = False
    plural: bool = False


@dataclass(frozen=True, slots=True)
class Np:
    """Things with their quantity, and what holds besides of the things in a box.

    ``besides``: truths about the same box ("3 items of 2 different colours"); ``all_are``: what every one of them is
    ("only one item which is yellow").
    """

    quant: Quant
    things: Things
    besides: tuple[Layout, ...] = ()
    all_are: Layout | None = None
    options: tuple[Layout, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """Truths, joined by "and"; ``about`` is the set that a later "it" or "one of which" speaks of.

    ``apart`` is the set that a later "the others" does not mean, by default the same.
    """

    truths: tuple[Layout, ...]
    about: Layout | None = None
    apart: Layout | None = None


class Alike(NamedTuple):
    """What boxes have in common: as many of some things, or things of the same values of an attribute; or not."""

    things: Layout
    attribute: str | None = None
    same: bool = True


@dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes of which all ``truths`` hold; ``alike``: what several of them share, or do not share.

    ``extreme``: those that hold "more" or "fewer" things than any other.
    """

    quant: Quant
    truths: tuple[Layout, ...] = ()
    alike: tuple["Alike", ...] = ()
    extreme: str | None = None


def both(first: Layout, second: Layout) -> Layout:
    """Return the conjunction of two sets or truths, leaving ``scene`` out."""
    if first == SCENE:
        return second
    if second in (SCENE, first):
        return first
    return Layout("and", None, (first, second))


def either(first: Layout, second: Layout) -> Layout:
    """Return the union of two sets or the disjunction of two truths."""
    return first if first == second else Layout("or", None, (first, second))


def join(layouts: Sequence[Layout], by: Callable[[Layout, Layout], Layout]) -> Layout:
    """Return the layouts joined from the left."""
    joined = layouts[0]
    for layout in layouts[1:]:
        joined = by(joined, layout)
    return joined


def negate(layout: Layout) -> Layout:
    """Return the complement; twice negated is not negated."""
    return layout.operands[0] if layout.module == "not" else Layout("not", None, (layout,))


def exists(layout: Layout) -> Layout:
    """Return that a set holds something."""
    return Layout("exists", None, (layout,))


def every(things: Layout, predicate: Layout) -> Layout:
    """Return that all of a set are in another."""
    return Layout("quantify", "every", (things, predicate))


def number(value: int) -> Layout:
    """Return a numeral."""
    return Layout("number", str(value))


def count(layout: Layout) -> Layout:
    """Return how many a set holds."""
    return Layout("count", None, (layout,))


def distinct(attribute: str, layout: Layout) -> Layout:
    """Return how many values of an attribute occur in a set."""
    return Layout("distinct", attribute, (layout,))


def compared(comparison: str, first: Layout, second: Layout | int) -> Layout:
    """Return that one number is equal to, more than, ... another."""
    return Layout("compare", comparison, (first, number(second) if isinstance(second, int) else second))


def bounded(amount: Layout, quant: Quant) -> Layout:
    """Return that a number lies within the bounds of a quantity."""
    low, high = quant.low, quant.high
    if low == high and low is not None:
        return compared("equal", amount, low)
    if high is None:
        return compared("at_least", amount, low or 0)
    if low is None:
        return compared("at_most", amount, high)
    return Layout("within", None, (amount, number(low), number(high)))


def find(value: str) -> Layout:
    """Return the things with a value."""
    return Layout("find", value)


def where(truths: Sequence[Layout]) -> Layout:
    """Return the boxes of which all truths hold, asked of each box alone."""
    return Layout("where", None, (join(truths, both),)) if truths else PANELS


@lru_cache(maxsize=65_536)
def with_meant(layout: Layout, pronoun: Layout, meant: Layout) -> Layout:
    """Return a layout with what a pronoun, such as IT, means put in its place."""
    if layout == pronoun:
        return meant
    if not layout.operands:
        return layout
    operands = tuple(with_meant(operand, pronoun, meant) for operand in layout.operands)
    return layout if operands == layout.operands else Layout(layout.module, layout.argument, operands)


@lru_cache(maxsize=65_536)
def speaks_of(layout: Layout, pronoun: Layout) -> bool:
    """Whether a layout waits for what a pronoun means."""
    return layout == pronoun or any(speaks_of(operand, pronoun) for operand in layout.operands)
