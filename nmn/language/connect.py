"""Layouts put together as English joins what they stand for: "and", "or" and "but", "not", adjectives before a noun."""

from collections.abc import Iterable, Sequence
from functools import reduce

from nmn.language.trees import PANELS, SCENE
from nmn.layout import Layout

WHOLE = (SCENE, PANELS)  # everything there is


def conj(first: Layout, second: Layout) -> Layout:
    """Return the set of what is in both, leaving ``scene`` and ``panels`` out."""
    if first in WHOLE:
        return second
    return first if second in WHOLE else Layout("and", None, (first, second))


def negate(layout: Layout) -> Layout:
    """Return the complement; twice negated is not negated."""
    return layout.operands[0] if layout.module == "not" else Layout("not", None, (layout,))


def fold(joins: Sequence[str], layouts: Sequence[Layout]) -> Layout:
    """Join layouts, by "and" before "or" and "or" before "but"; ``joins[i]`` stands before ``layouts[i]``."""
    parts = [[layouts[0]]]  # what "but" joins: each of what "or" joins
    for join, layout in zip(joins[1:], layouts[1:], strict=True):
        if join == "but":
            parts.append([layout])
        elif join == "or":
            parts[-1].append(layout)
        else:
            parts[-1][-1] = conj(parts[-1][-1], layout)
    return all_of([any_of(part) for part in parts])


def either(one: Layout, other: Layout) -> Layout:
    """Return what is in one or the other."""
    return Layout("or", None, (one, other))


def any_of(layouts: Sequence[Layout]) -> Layout:
    """Return what is in any of several."""
    return reduce(either, layouts)


def all_of(layouts: Iterable[Layout]) -> Layout:
    """Return what is in all of several."""
    return reduce(conj, layouts)


def exists(things: Layout) -> Layout:
    """Return that a set has a member."""
    return Layout("exists", None, (things,))


def unique(things: Layout) -> Layout:
    """Return a set that is taken to have one member."""
    return Layout("unique", None, (things,))


def count_of(things: Layout) -> Layout:
    """Return how many members a set has."""
    return Layout("count", None, (things,))


def number(value: int) -> Layout:
    """Return the numeral."""
    return Layout("number", str(value))


def of_one(either: Layout) -> Layout:
    """Return "red and blue" of one thing, which would be both, from "either" of several."""
    if either.module != "or":
        return either
    return Layout("and", None, (of_one(either.operands[0]), either.operands[1]))


def with_noun(adjectives: Layout, noun: Layout) -> Layout:
    """Put the noun behind the innermost adjective: ``and(find[small], and(find[red], find[circle]))``."""
    if adjectives.module == "and" and adjectives.operands[0].kind == adjectives.kind:
        return Layout("and", None, (adjectives.operands[0], with_noun(adjectives.operands[1], noun)))
    return conj(adjectives, noun)


def includes(wide: Layout, narrow: Layout) -> bool:
    """Whether a set has all members of another, as far as one sees from their layouts."""
    if wide in (SCENE, narrow):
        return True
    return narrow.module == "and" and any(includes(wide, part) for part in narrow.operands)
