"""Actions of the rules about what is said of things that a list mentioned: parts of them, "it", "the black one"."""

from dataclasses import replace
from typing import Any

from nmn.language.crowd.lists import np_element
from nmn.language.crowd.meanings import (
    EVERY,
    IT,
    SCENE,
    SOME,
    Np,
    Quant,
    Said,
    Things,
    action,
    both,
    compared,
    count,
    distinct,
    every,
    exists,
    negate,
)
from nmn.language.crowd.phrases import (
    claimed,
    existence,
    np_touching_each_other,
    of_values,
    one_value,
    touching_each_other,
)
from nmn.layout import Layout


@action()
def part(np: Np) -> Np:
    """One item."""
    return np


@action()
def part_quantity(quant: Quant) -> Np:
    """One."""
    return Np(quant, Things(SCENE))


@action()
def part_is(np: Np, predicate: Layout) -> Said | None:
    """Of which one is a circle: at least one is (labels 1-0)."""
    if np.quant == Quant("count", 1, 1):
        np = replace(np, quant=SOME)
    held = claimed(replace(np, things=Things(both(IT, np.things.layout))), predicate)
    return Said((held,)) if held else None


@action()
def part_is_items(np: Np, things: Things) -> Said | None:
    """Two of them squares."""
    return part_is(np, things.layout)


@action()
def part_there(np: Np) -> Said | None:
    """Of which two are yellow blocks."""
    return part_is(np, SCENE)


@action(cost=0.2)
def all_are(predicate: Layout) -> Said:
    """Which are all black."""
    return Said((every(IT, predicate),))


@action(cost=0.2)
def all_same(attribute: str) -> Said:
    """Which are all of the same shape."""
    return Said((one_value(IT, attribute),))


@action()
def part_same(np: Np, attribute: str) -> Said | None:
    """Of which two have the same shape."""
    things = both(IT, np.things.layout)
    truths = existence(replace(np, things=Things(things), options=of_values(things, attribute)), alone=True)
    return Said(truths) if truths else None


@action()
def color_of_is(*parts: Any) -> Said:
    """And the colour of the items is yellow and black."""
    np, colors = parts[-2:]
    kinds = tuple(exists(both(np.things.layout, kind)) for kind in colors.kinds or (colors.layout,))
    return Said((every(np.things.layout, colors.layout), *kinds), np.things.layout)


@action()
def subject_np(np: Np) -> Np:
    """The black one."""
    return np


@action()
def subject_part(quant: Quant) -> Np:
    """The two, of those mentioned."""
    return Np(quant if quant.name == "count" else SOME, Things(IT))


@action()
def subject_it(_: Any) -> Np:
    """It, they: all of those mentioned."""
    return Np(EVERY, Things(IT))


@action()
def subject_all() -> Np:
    """Each, both."""
    return Np(EVERY, Things(IT))


@action()
def claim_same(np: Np, attribute: str) -> Said | None:
    """All the blocks are of the same colour."""
    if np.quant.name == "count":
        truths = existence(Np(np.quant, np.things, options=of_values(np.things.layout, attribute)), alone=True)
        return Said(truths, np.things.layout) if truths else None
    if np.quant.name == "none":  # as many values as things
        if " " in attribute:
            return None
        values = distinct(attribute, np.things.layout)
        return Said((compared("equal", values, count(np.things.layout)),), np.things.layout)
    return Said((one_value(np.things.layout, attribute),), np.things.layout)


@action()
def claim_same_color(np: Np, _: Any) -> Said | None:
    """The two are the same."""
    return claim_same(np, "color")


@action()
def claim_differ(np: Np, *_: Any) -> Said | None:
    """They are not of the same colour."""
    return Said((compared("at_least", distinct("color", np.things.layout), 2),), np.things.layout)


@action()
def claim_touching(np: Np) -> Said | None:
    """A black and a yellow square are touching each other."""
    found = np_touching_each_other(np)
    return np_element(found) if found else None


@action()
def claim_apart(np: Np) -> Said | None:
    """They are not touching each other."""
    return Said((negate(exists(touching_each_other(np.things.layout))),), np.things.layout)


@action(cost=0.1)
def claim_counted(_: Np, first: Np, second: Np) -> Said | None:
    """The three items are two blue triangles and one blue square: so many of each are there."""
    truths = [existence(np, alone=True) for np in (first, second)]
    return Said((*truths[0], *truths[1])) if truths[0] and truths[1] else None


@action(cost=0.1)
def all_are_counted(first: Np, second: Np) -> Said | None:
    """Which are three yellow and one black."""
    return claim_counted(first, first, second)


@action(cost=0.1)
def claim_bare(np: Np, predicate: Layout) -> Said | None:
    """And two touching the wall."""
    return claim(np, predicate)


@action()
def claim(np: Np, predicate: Layout) -> Said | None:
    """And the black one is on top."""
    if np.quant.name == "the" and np.quant.low:
        np = replace(np, quant=Quant("count", np.quant.low, np.quant.high))
    held = claimed(np, predicate)
    if not held:
        return None
    return Said((held,), np.things.layout, both(IT, predicate) if np.things.layout == IT else None)
