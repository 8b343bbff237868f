"""Actions of the rules about noun phrases with their quantity, and what it means that such a thing is there."""

from dataclasses import replace
from typing import Any

from nmn.language.crowd.chart import Costed
from nmn.language.crowd.items import colors_and, contradicts, other_core
from nmn.language.crowd.meanings import (
    BARE,
    BOTH,
    IT,
    NO,
    ONLY,
    SCENE,
    SOME,
    VALUES,
    Np,
    Quant,
    Things,
    ValueCount,
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

MOST_STACKED = 8


@action()
def np(quant: Quant, things: Things) -> Np | Costed:
    """A black block, exactly two items; "both black and yellow items": some of each."""
    if things.kinds and quant == BOTH:
        quant = BARE
    return Costed(Np(quant, things), 0.4) if things.elliptic and quant.name == "the" else Np(quant, things)


def at_least_one_of(quant: Quant) -> Quant:
    """Return the quantity of "one of the circles": at least one."""
    return SOME if quant == Quant("count", 1, 1) else quant


@action()
def np_of_number(quant: Quant, _: int, things: Things) -> Np:
    """Two of the three circles; one of them: at least one."""
    return Np(at_least_one_of(quant), things)


@action(cost=0.1)
def bare_np(things: Things) -> Np | Costed:
    """Black items; a slip: "black item"."""
    return Np(BARE, things) if things.plural else Costed(Np(BARE, things), 0.7)


@action()
def only_np(_: Any, things: Things) -> Np:
    """Only black items: there are some, and nothing else is in the box (labels 6-0)."""
    return Np(ONLY, things)


@action()
def only_nps(_: Any, first: Things, second: Things) -> Np | None:
    """Only circles and squares: nothing else, and some of each."""
    if not (first.plural and second.plural):
        return None
    return Np(ONLY, Things(either(first.layout, second.layout), (first.layout, second.layout)))


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
    return np_or_more(np, _)


@action(cost=0.1)
def np_or_more(np: Np, _: Any) -> Np | None:
    """Two items or more."""
    return replace(np, quant=np.quant._replace(high=None)) if np.quant.low == np.quant.high is not None else None


@action(cost=0.1)
def np_in_it(np: Np) -> Np | None:
    """Two items in it; "all items in a box" are those of one box, not all."""
    return None if np.quant.name == "every" else np


@action(cost=0.1)
def np_same(np: Np) -> Np:
    """Two items each, in total."""
    return np


@action()
def np_color_count(np: Np, values: ValueCount) -> Np:
    """3 items of 2 different colours."""
    return besides(np, values.of(np.things.layout))


def alternating_colors(layout: Layout) -> Layout:
    """Return that nothing of a set is directly on another thing of its colour."""
    same = [exists(both(one, Layout("relate", "on", (one,)))) for one in of_values(layout, "color")]
    return negate(join(same, either))


@action()
def np_alternating(np: Np, _: Any) -> Np:
    """Black and blue blocks alternately."""
    return besides(np, alternating_colors(np.things.layout))


@action()
def np_other(quant: Quant, things: Things) -> Np:
    """The other two items."""
    return Np(quant, other_core(things))


@action()
def np_adjacent(quant: Quant, _: Any, things: Things) -> Np | None:
    """Two adjacent black blocks."""
    return np_touching_each_other(Np(quant, things))


def besides(np: Np, *truths: Layout) -> Np:
    """Return a noun phrase of which more is true in its box."""
    return replace(np, besides=(*np.besides, *truths))


@action()
def np_two_colors(np: Np, first: Any, second: Any, *_: Any) -> Np:
    """3 items of black and blue colour: both are there, and no other."""
    return besides(np, *nothing_but(colors_and(first, second)))


@action()
def np_only_colors(np: Np, colors: Things, *_: Any) -> Np:
    """3 items of only black and yellow colour."""
    return besides(np, *nothing_but(colors))


@action()
def np_only_colors_after(np: Np, colors: Things, *_: Any) -> Np:
    """Items of black and blue colour only."""
    return besides(np, *nothing_but(colors))


@action()
def np_only_colors_with(np: Np, _: Any, colors: Things, *__: Any) -> Np:
    """3 items with only yellow and blue colour."""
    return besides(np, *nothing_but(colors))


def nothing_but(things: Things) -> tuple[Layout, ...]:
    """Return the truths of "only black and yellow": nothing else, and each of them (labels 6-0, 11-1)."""
    kinds = things.kinds or (things.layout,)
    return (*(exists(kind) for kind in kinds), every(SCENE, things.layout))


def of_values(layout: Layout, attributes: str) -> tuple[Layout, ...]:
    """Return the things of a set that have each value of an attribute, or each pair of values of two."""
    sets = [layout]
    for attribute in attributes.split():
        sets = [both(find(value), one) for one in sets for value in VALUES[attribute]]
    return tuple(sets)


def one_value(layout: Layout, attributes: str) -> Layout:
    """Return that all of a set have the same value of each of some attributes."""
    return join([compared("at_most", distinct(attribute, layout), 1) for attribute in attributes.split()], both)


@action()
def np_of_each(np: Np, attribute: str) -> Np | None:
    """One item of each colour."""
    if np.options or np.besides or np.quant.name not in ("some", "bare", "count"):
        return None
    each = [existence(Np(np.quant, Things(one)), alone=True) for one in of_values(np.things.layout, attribute)]
    return Np(BARE, np.things, tuple(truth for truths in each for truth in truths or ()))


@action()
def np_at_both(np: Np, place: Layout, other: Layout) -> Np:
    """A black block at both the top and the base."""
    return besides(np, *(exists(both(np.things.layout, where)) for where in (place, other)))


def touching_each_other(layout: Layout) -> Layout:
    """Return the things of a set that touch another one of it."""
    return both(layout, Layout("relate", "touching", (layout,)))


@action()
def np_touching_each_other(np: Np) -> Np | None:
    """Two black items touching each other; a black and a yellow one: each other."""
    if np.quant.name in ("none", "every") or np.all_are:
        return None
    if len(np.things.kinds) == 2:
        first, second = np.things.kinds
        return Np(SOME, Things(both(first, Layout("relate", "touching", (second,)))), np.besides)
    options = tuple(touching_each_other(option) for option in np.options)
    return replace(np, things=Things(touching_each_other(np.things.layout)), options=options)


@action()
def np_not_touching_each_other(np: Np) -> Np | None:
    """Two black items that do not touch each other."""
    if np.options or np.all_are:
        return None
    return replace(np, besides=(*np.besides, negate(exists(touching_each_other(np.things.layout)))))


@action()
def np_modified(np: Np, modifier: Layout) -> Np | None:
    """Two circles of the same size not touching the edge."""
    if not np.options:
        return None
    options = tuple(both(option, modifier) for option in np.options)
    return replace(np, things=replace(np.things, layout=both(np.things.layout, modifier)), options=options)


@action()
def np_stacked(np: Np, attribute: str = "") -> Np | None:
    """Two black blocks stacked together: a run of exactly two, labels 1-0, 2-0; of the same colour: of some colour."""
    quant = np.quant
    if quant.name != "count" or (quant.low or 1) > MOST_STACKED or np.besides or np.all_are:
        return None
    options = np.options or (of_values(np.things.layout, attribute) if attribute else (np.things.layout,))
    return Np(SOME, Things(join([_run(option, quant) for option in options], either)))


def _run(layout: Layout, quant: Quant) -> Layout:
    """Return the top of each run of so many of a set, one directly on the other."""
    run = both(layout, negate(Layout("relate", "on", (layout,))))  # where a run begins
    for _ in range((quant.low or 1) - 1):
        run = both(layout, Layout("relate", "on", (run,)))
    return run if quant.high is None else both(run, negate(Layout("relate", "under", (layout,))))


@action()
def np_that_is(quant: Quant, things: Things, predicate: Layout) -> Np | None:
    """Only one item which is yellow: the box has one item, and it is yellow (labels 4-0)."""
    if not (quant.name == "count" and quant.said):
        return None
    return Np(quant, things, all_are=predicate)


def existence(np: Np, alone: bool) -> tuple[Layout, ...] | None:
    """Return the truths of "there is" such a thing; ``alone``: asked of one box."""
    quant, things = np.quant, np.things
    if quant.name == "only":
        return (*nothing_but(things), *np.besides)
    if quant.name == "not every" or (quant.name == "every" and quant.low is None):
        return None
    if np.all_are is not None:
        if alone:
            return (bounded(count(things.layout), quant), every(things.layout, np.all_are), *np.besides)
        return (bounded(count(both(things.layout, np.all_are)), quant), *np.besides)
    kinds = () if quant.name == "none" else tuple(exists(kind) for kind in things.kinds)
    options = np.options or (things.layout,)
    join_by = both if quant.name == "none" or (quant.name == "count" and quant.low is None) else either
    return (join([_there(quant, layout) for layout in options], join_by), *kinds, *np.besides)


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
    if quant.name == "not every":
        return negate(every(layout, predicate))
    held = both(layout, predicate)
    if quant.name == "none":
        return negate(exists(held))
    if contradicts(layout, predicate):
        return None
    if quant.name == "count":
        return bounded(count(held), quant)
    return exists(held)
