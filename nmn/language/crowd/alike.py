"""Actions of the rules about things of the same, or of different, colour, shape or size."""

from dataclasses import replace
from typing import Any

from nmn.language.crowd.chart import Costed
from nmn.language.crowd.meanings import (
    OWN,
    SCENE,
    SOME,
    VALUES,
    Np,
    Quant,
    Things,
    action,
    both,
    compared,
    count,
    distinct,
)
from nmn.language.crowd.phrases import besides, of_values, one_value
from nmn.layout import Layout


@action()
def same_attribute(_: Any, attribute: str) -> str:
    """Of the same colour."""
    return attribute


@action()
def same_attributes(_: Any, attribute: str, other: str) -> str:
    """Of the same shape and colour."""
    return f"{attribute} {other}"


@action()
def np_identical(quant: Quant, _: Any, things: Things) -> Np | Costed | None:
    """Two identical items."""
    return np_same_value(Np(quant, things), "shape color")


@action()
def np_same_value(np: Np, attribute: str) -> Np | Costed | None:
    """3 blocks of the same colour: for some colour, that many of it; blocks of the same colour: all of them.

    One block is hardly of the same colour; "a" block is of that of what it is related to, or was mentioned before.
    """
    if np.options:
        return None
    if np.quant == SOME:
        return _of_its_value(np, attribute)
    if np.quant.name == "bare":
        return besides(np, one_value(np.things.layout, attribute))
    found = replace(np, options=of_values(np.things.layout, attribute))
    return found if np.quant.low and np.quant.low > 1 else Costed(found, 1.0)


def _of_its_value(np: Np, attribute: str) -> Np | None:
    """Return a black block on a block of the same colour; a square of the same colour as what was mentioned."""
    related = _relation_of(np.things.layout)
    if related is None:
        return replace(np, things=Things(both(OWN, np.things.layout))) if attribute == "color" else None
    own, relation, other = related
    pairs = zip(of_values(own, attribute), of_values(other, attribute), strict=True)
    options = tuple(both(one, Layout("relate", relation, (like,))) for one, like in pairs)
    return replace(np, options=options)


def _relation_of(layout: Layout) -> tuple[Layout, str, Layout] | None:
    """Return the things, the relation and what it reaches of "blocks on a block"; None for what is no such set."""
    own, last = layout.operands if layout.module == "and" else (SCENE, layout)
    if last.module != "relate" or last.argument is None:
        return None
    return own, last.argument, last.operands[0]


@action()
def np_same_value_before(quant: Quant, _: Any, attribute: str, things: Things) -> Np | Costed | None:
    """Three the same colour blocks."""
    return np_same_value(Np(quant, things), attribute)


@action()
def np_same_value_mixed(quant: Quant, _: Any, things: Things, attribute: str) -> Np | Costed | None:
    """A slip: "three the same blocks colour"."""
    return np_same_value(Np(quant, things), attribute)


@action()
def np_different_value(np: Np, _: Any, attribute: str) -> Np:
    """Two items of different colour: no two of a colour; of many: not all of one."""
    values, layout = distinct(attribute, np.things.layout), np.things.layout
    if np.quant.low is None or np.quant.low > len(VALUES[attribute]):
        return besides(np, compared("at_least", values, 2))
    return besides(np, compared("equal", values, count(layout)))
