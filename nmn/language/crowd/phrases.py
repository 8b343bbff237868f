"""Actions of the rules about noun phrases with their quantity, and what it means that such a thing is there."""

from dataclasses import replace
from typing import Any

from nmn.language.crowd.chart import Costed
from nmn.language.crowd.items import colors_and
from nmn.language.crowd.meanings import (
    BARE,
    IT,
    NO,
    ONLY,
    SCENE,
    SOME,
    VALUES,
    Np,
    Quant,
    Things,
    action,
    both,
    bounded,
    compared,
    count,
    distinct,
    either,
    every,
    exists,
    find,
    join,
    negate,
)
from nmn.layout import Layout


@action()
def np(quant: Quant, things: Things) -> Np | Costed:
    """A black block, exactly two items."""
    return Costed(Np(quant, things), 0.4) if things.elliptic and quant.name == "the" else Np(quant, things)


@action(cost=0.1)
def bare_np(things: Things) -> Np | Costed:
    """Black items; a slip: "black item"."""
    return Np(BARE, things) if things.plural else Costed(Np(BARE, things), 0.6)


@action()
def only_np(_: Any, things: Things) -> Np:
    """Only black items: there are some, and nothing else is in the box (labels 6-0)."""
    return Np(ONLY, things)


@action(cost=0.2)
def only_np_after(things: Things, _: Any) -> Np:
    """Black items only."""
    return Np(ONLY, things)


@action(cost=0.2)
def only_after(np: Np, _: Any) -> Np | None:
    """Two black items only."""
    return replace(np, quant=np.quant._replace(said=True)) if np.quant.name == "count" else None


@action(cost=1.0)
def elliptic_np(quant: Quant) -> Np:
    """Two: of what was mentioned."""
    return Np(quant, Things(SCENE, elliptic=True))


@action()
def none_np(_: Any, things: Things) -> Np:
    """None of the black items."""
    return Np(NO, things)


@action(cost=0.1)
def np_at_most(np: Np, _: Any) -> Np | None:
    """3 items at most."""
    return replace(np, quant=np.quant._replace(low=None)) if np.quant.low == np.quant.high is not None else None


@action(cost=0.1)
def np_at_least(np: Np, _: Any) -> Np | None:
    """3 items at least."""
    return np_or_more(np, _)  # type: ignore[no-any-return]


@action(cost=0.1)
def np_or_more(np: Np, _: Any) -> Np | None:
    """Two items or more."""
    return replace(np, quant=np.quant._replace(high=None)) if np.quant.low == np.quant.high is not None else None


@action(cost=0.1)
def np_same(np: Np) -> Np:
    """One item in it, two items each."""
    return np


@action()
def np_color_count(quant: Quant, things: Things, colors: Quant) -> Np:
    """3 items of 2 different colours."""
    return Np(quant, things, (bounded(distinct("color", things.layout), colors),))


@action()
def items_color_count(things: Things, colors: Quant) -> Np:
    """Items of only one colour."""
    return np_color_count(BARE, things, colors)  # type: ignore[no-any-return]


@action()
def np_two_colors(quant: Quant, things: Things, first: Any, second: Any, *_: Any) -> Np:
    """3 items of black and blue colour: both are there, and no other."""
    return Np(quant, things, _only(colors_and(first, second)))


@action()
def items_two_colors(things: Things, first: Any, second: Any, *_: Any) -> Np:
    """Items of black and blue colour."""
    return np_two_colors(BARE, things, first, second)  # type: ignore[no-any-return]


@action()
def np_only_colors(quant: Quant, things: Things, colors: Things, *_: Any) -> Np:
    """3 items of only black and yellow colour."""
    return Np(quant, things, _only(colors))


@action()
def items_only_colors(things: Things, colors: Things, *_: Any) -> Np:
    """Items of only black and yellow colour."""
    return Np(BARE, things, _only(colors))


@action()
def np_only_colors_with(quant: Quant, things: Things, _: Any, colors: Things, *__: Any) -> Np:
    """3 items with only yellow and blue colour."""
    return Np(quant, things, _only(colors))


def _only(things: Things) -> tuple[Layout, ...]:
    """Return the truths of "only black and yellow": nothing else, and each of them (labels 6-0, 11-1)."""
    kinds = things.kinds or (things.layout,)
    return (*(exists(kind) for kind in kinds), every(SCENE, things.layout))


def of_values(layout: Layout, attribute: str) -> tuple[Layout, ...]:
    """Return the things of a set that have each value of an attribute."""
    return tuple(both(find(value), layout) for value in VALUES[attribute])


@action()
def attribute_(sense: Any) -> str:
    """The name of an attribute."""
    return {"COLOR_WORD": "color", "SHAPE_WORD": "shape", "SIZE_WORD": "size"}[sense.terminal]


@action()
def np_same_value(quant: Quant, things: Things, _: Any, attribute: str) -> Np:
    """3 blocks of the same colour: for some colour, that many of it."""
    return Np(quant, things, options=of_values(things.layout, attribute))


@action()
def items_same_value(things: Things, _: Any, attribute: str) -> Np:
    """Blocks of the same colour: all of them."""
    return Np(BARE, things, (compared("equal", distinct(attribute, things.layout), 1),))


@action()
def np_same_value_before(quant: Quant, _: Any, attribute: str, things: Things) -> Np:
    """Three the same colour blocks."""
    return np_same_value(quant, things, _, attribute)  # type: ignore[no-any-return]


@action()
def np_different_value(quant: Quant, things: Things, _: Any, attribute: str) -> Np:
    """Two items of different colour: no two of a colour; of more than there are colours: not all of one."""
    values, layout = distinct(attribute, things.layout), things.layout
    if quant.name == "count" and quant.low and quant.low > len(VALUES[attribute]):
        return Np(quant, things, (compared("at_least", values, 2),))
    return Np(quant, things, (compared("equal", values, count(layout)),))


@action()
def items_different_value(things: Things, _: Any, attribute: str) -> Np:
    """Items of different colours: of more than one."""
    return Np(BARE, things, (compared("at_least", distinct(attribute, things.layout), 2),))


@action()
def np_same_value_mixed(quant: Quant, _: Any, things: Things, attribute: str) -> Np:
    """A slip: "three the same blocks colour"."""
    return np_same_value(quant, things, _, attribute)  # type: ignore[no-any-return]


@action()
def np_touching_each_other(quant: Quant, things: Things) -> Np:
    """Two black items touching each other; a black and a yellow one: each other."""
    if len(things.kinds) == 2:
        first, second = things.kinds
        return Np(SOME, Things(both(first, Layout("relate", "touching", (second,)))))
    return Np(quant, Things(both(things.layout, Layout("relate", "touching", (things.layout,)))))


@action()
def np_not_touching_each_other(quant: Quant, things: Things) -> Np:
    """Two black items that do not touch each other."""
    apart = negate(exists(both(things.layout, Layout("relate", "touching", (things.layout,)))))
    return Np(quant, things, (apart,))


@action()
def np_stacked(quant: Quant, things: Things) -> Np | None:
    """Two black blocks stacked together: a run of exactly two, labels 1-0, 2-0."""
    low, high = quant.low or 1, quant.high
    if quant.name != "count" or low > 8:
        return None
    run = both(things.layout, negate(Layout("relate", "on", (things.layout,))))  # where a run begins
    for _ in range(low - 1):
        run = both(things.layout, Layout("relate", "on", (run,)))
    if high is not None:
        run = both(run, negate(Layout("relate", "under", (things.layout,))))
    return Np(Quant("some"), Things(run))


@action()
def np_that_is(quant: Quant, things: Things, predicate: Layout) -> Np | None:
    """Only one item which is yellow: the box has one item, and it is yellow (labels 4-0)."""
    if not (quant.name == "count" and quant.said):
        return None
    return Np(quant, things, all_are=predicate)


# ---- how many colours -----------------------------------------------------------------------------------------------


@action()
def colors_exactly(amount: int, *_: Any) -> Quant:
    """2 different colours."""
    return Quant("count", amount, amount)


@action()
def colors_exactly_said(_: Any, amount: int, *__: Any) -> Quant:
    """Only 2 colours."""
    return Quant("count", amount, amount)


@action()
def colors_all(*_: Any) -> Quant:
    """All 3 colours."""
    return Quant("count", len(VALUES["color"]))


@action()
def colors_not_all(*_: Any) -> Quant:
    """Not all 3 colours."""
    return Quant("count", None, len(VALUES["color"]) - 1)


@action()
def colors_at_least(_: Any, amount: int, *__: Any) -> Quant:
    """At least 2 colours."""
    return Quant("count", amount, None)


@action()
def colors_at_most(_: Any, amount: int, *__: Any) -> Quant:
    """At most 2 colours."""
    return Quant("count", None, amount)


@action()
def colors_at_most_after(amount: int, *_: Any) -> Quant:
    """2 colours at most."""
    return Quant("count", None, amount)


@action()
def colors_one(*_: Any) -> Quant:
    """A single colour."""
    return Quant("count", 1, 1)


# ---- that it is there -----------------------------------------------------------------------------------------------


def existence(np: Np, alone: bool) -> tuple[Layout, ...] | None:
    """Return the truths of "there is" such a thing; ``alone``: asked of one box."""
    quant, things = np.quant, np.things
    if quant.name == "only":
        return (*_only(things), *np.besides)
    if quant.name == "every" and quant.low is None:
        return None
    if np.all_are is not None:
        if alone:
            return (bounded(count(things.layout), quant), every(things.layout, np.all_are), *np.besides)
        return (bounded(count(both(things.layout, np.all_are)), quant), *np.besides)
    kinds = tuple(exists(kind) for kind in things.kinds)
    options = np.options or (things.layout,)
    return (join([_there(quant, layout) for layout in options], either), *kinds, *np.besides)


def _there(quant: Quant, layout: Layout) -> Layout:
    if quant.name == "none":
        return negate(exists(layout))
    if quant.low is not None or quant.high is not None:
        return bounded(count(layout), quant)
    return exists(layout)


def claimed(np: Np, predicate: Layout) -> Layout | None:
    """Return that a predicate holds of a subject, by the subject's quantity."""
    quant, layout = np.quant, np.things.layout
    if np.besides or np.options or np.all_are:
        return None
    if quant.name == "only":
        return both(exists(both(layout, predicate)), every(predicate, layout))
    if quant.name in ("every", "bare") or (quant.name == "the" and quant.low and IT not in (layout,)):
        return every(layout, predicate)
    held = both(layout, predicate)
    if quant.name == "none":
        return negate(exists(held))
    if quant.name == "count":
        return bounded(count(held), quant)
    return exists(held)
