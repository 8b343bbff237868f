"""Actions of the rules about lists of what a box or the image has, of which a part may speak of an earlier one."""

from dataclasses import replace
from typing import Any

from nmn.language.crowd.chart import Costed
from nmn.language.crowd.items import color_of
from nmn.language.crowd.meanings import (
    BARE,
    IT,
    NO,
    ONLY,
    OTHERS,
    OWN,
    SCENE,
    Np,
    Quant,
    Said,
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
    speaks_of,
    with_meant,
)
from nmn.language.crowd.phrases import alternating_colors, existence
from nmn.language.crowd.places import all_places
from nmn.layout import Layout

MOST_THINGS = 8  # in a box, as NLVR's README says
SPREAD = 0.3  # "no circles and squares", "only circles and squares": rather of both than of the first


@action()
def np_element(np: Np) -> Said | None:
    """With two black blocks."""
    return said_there(np, alone=True)


def said_there(np: Np, alone: bool) -> Said | None:
    truths = existence(np, alone)
    if truths is None:
        return None
    about = join(np.options, either) if np.options else np.things.layout
    return Said(truths, about)


@action()
def color_count_element(values: ValueCount) -> Said:
    """With all 3 colours."""
    return Said((values.of(SCENE),), SCENE)


@action()
def more_things(_: Any, first: Things, second: Things) -> Said:
    """More circles than squares."""
    return Said((compared("more", count(first.layout), count(second.layout)),))


@action()
def np_or(first: Np, second: Np) -> Said | None:
    """A blue circle or a yellow square; "no circles or squares": neither."""
    return np_nor(first, second) or either_of(first, second)


@action()
def np_nor(first: Np, second: Np) -> Said | None:
    """No circles and squares: neither."""
    if first.quant != NO or second.quant not in (NO, BARE):
        return None
    truths = [existence(replace(np, quant=NO), alone=True) for np in (first, second)]
    return Said((*truths[0], *truths[1])) if truths[0] and truths[1] else None


@action()
def either_of(first: Np, second: Np) -> Said | None:
    """Without circles and squares: without either."""
    truths = [existence(np, alone=True) for np in (first, second)]
    return Said((either(*(join(found, both) for found in truths if found)),)) if all(truths) else None


@action()
def neither_things(first: Things, second: Things) -> Said:
    """Neither circles nor squares."""
    return Said((negate(exists(either(first.layout, second.layout))),))


@action()
def alternating(*_: Any) -> Said:
    """Alternating colours."""
    return Said((alternating_colors(SCENE),), SCENE)


@action()
def same_color_at(*parts: Any) -> Said | None:
    """The same colour at the top and at the base."""
    places: tuple[Layout, ...] = parts[-1]
    return places_same_color(places) if len(places) > 1 else None


@action()
def has_only(_: Any, things: Things) -> Said | None:
    """Only has circles."""
    return np_element(Np(ONLY, things))


def _some_number(np: Things, amounts: range) -> Said:
    return Said((join([compared("equal", count(np.layout), amount) for amount in amounts], either),), np.layout)


@action()
def even_number(*parts: Any) -> Said:
    """An even number of items."""
    return _some_number(parts[-1], range(2, MOST_THINGS + 1, 2))


@action()
def odd_number(*parts: Any) -> Said:
    """An odd number of items."""
    return _some_number(parts[-1], range(1, MOST_THINGS + 1, 2))


@action()
def only_colors(_: Any, colors: Things, *__: Any) -> Said:
    """Only black and yellow."""
    kinds = colors.kinds or (colors.layout,)
    return Said((*(exists(kind) for kind in kinds), every(SCENE, colors.layout)), colors.layout)


@action(cost=0.8)
def only_colors_bare(_: Any, colors: Things) -> Said:
    """Only black and yellow, without a word for what."""
    return only_colors(_, colors)


@action()
def color_is(*parts: Any) -> Said:
    """And the colour is yellow: of everything in the box."""
    return only_colors(None, parts[-1])


@action(cost=0.5)
def only_colors_said(colors: Things, *_: Any) -> Said:
    """Black and yellow colour."""
    return only_colors(None, colors)


@action()
def one_color(*_: Any) -> Said:
    """Of the same colour."""
    return Said((compared("equal", Layout("distinct", "color", (SCENE,)), 1),), SCENE)


@action()
def colored_place(*parts: Any) -> Said:
    """A yellow top."""
    color, place = [part for part in parts if isinstance(part, Layout) or part.terminal == "COLOR"][-2:]
    return Said((exists(both(find(color.name), place)),), place)


@action()
def colored_places(first: Any, one: Layout, second: Any, other: Layout) -> Said:
    """A black base and yellow top."""
    return Said((exists(both(find(first.name), one)), exists(both(find(second.name), other))))


@action()
def place_has_color(*parts: Any) -> Said:
    """The base is blue; the base and the top are blue."""
    places = next(part for part in parts if isinstance(part, tuple) and isinstance(part[0], Layout))
    return Said(all_places(places, parts[-1].layout), join(places, either))


@action()
def places_differ(*parts: Any) -> Said:
    """The base and the top are not of the same colour."""
    return Said(tuple(negate(truth) for truth in places_same_color(*parts).truths))


@action()
def places_same_color(*parts: Any) -> Said:
    """The base and the top are of the same colour."""
    places = next(part for part in parts if isinstance(part, tuple) and isinstance(part[0], Layout))
    return Said((compared("equal", distinct("color", join(places, either)), 1),), join(places, either))


@action()
def numbers_and(first: int, second: int) -> tuple[int, ...]:
    """Three and four."""
    return (first, second)


@action()
def numbers_more(numbers: tuple[int, ...], number: int) -> tuple[int, ...]:
    """One, two and three."""
    return (*numbers, number)


@action()
def boxes_of_each(numbers: tuple[int, ...], *_: Any) -> Said:
    """Towers which have three and four blocks each: one so many, another so many."""
    return Said((join([compared("equal", count(SCENE), amount) for amount in numbers], either),))


@action()
def no_other_color(*_: Any) -> Said:
    """And no other colour."""
    return Said((negate(exists(OTHERS)),))


@action()
def other_colors(quant: Quant, *_: Any) -> Said:
    """And only one other colour."""
    return Said((bounded(distinct("color", OTHERS), quant),))


@action()
def has(said: Said) -> Said | None:
    """Return a list of one part; "it" speaks of everything in the box where nothing came before."""
    return said


@action()
def has_and(first: Said, second: Said) -> Said | Costed | None:
    """Put one more part into a list; its "it" is what the list spoke of last."""
    truths, about, apart = second.truths, second.about, second.apart
    for pronoun in (IT, OTHERS, OWN):
        if any(speaks_of(truth, pronoun) for truth in truths):
            if first.about is None or speaks_of(first.about, IT) or (pronoun == OWN and not color_of(first.about)):
                return None
            others = negate(first.apart or first.about)
            meant = {IT: first.about, OTHERS: others}.get(pronoun) or find(color_of(first.about))
            truths = tuple(with_meant(truth, pronoun, meant) for truth in truths)
            about = about and with_meant(about, pronoun, meant)
            apart = apart and with_meant(apart, pronoun, meant)
    joined = tuple(dict.fromkeys((*first.truths, *truths)))
    said = Said(joined, about or first.about, apart if about else first.apart)
    if len(joined) == len(first.truths):
        return Costed(said, 1.0)
    spread = (is_denied(first.truths[-1]) or _is_only(first.truths[-1])) and truths[0].module == "exists"
    return Costed(said, SPREAD) if spread else said


def is_denied(truth: Layout) -> bool:
    """Whether a truth says that there is no such thing."""
    return truth.module == "not" and truth.operands[0].module == "exists"


def _is_only(truth: Layout) -> bool:
    return truth.label == "quantify[every]" and truth.operands[0] == SCENE


def closed(said: Said) -> tuple[Layout, ...] | None:
    """Return the truths of a list whose "it" is everything in the box, if nothing else."""
    if any(speaks_of(truth, OTHERS) for truth in said.truths):
        return None
    return tuple(with_meant(truth, IT, SCENE) for truth in said.truths)
