"""Actions of the rules about things: nouns, what stands before and behind them, and what is said of them."""

from dataclasses import replace
from typing import Any

from nmn.language.crowd.chart import Costed
from nmn.language.crowd.meanings import (
    IT,
    OTHERS,
    OWN,
    SCENE,
    VALUES,
    Np,
    Things,
    action,
    both,
    either,
    find,
    join,
    negate,
    number,
    speaks_of,
    with_meant,
)
from nmn.layout import Layout


@action()
def noun(sense: Any) -> Things:
    """A block, a circle, "one"."""
    shape = sense.name.removesuffix("+")
    return Things(find(shape) if sense.terminal == "SHAPE" else SCENE, plural=sense.name.endswith("+"))


@action()
def shape_thing(shape: Any, *_: Any) -> Things:
    """A square block."""
    return Things(find(shape.name.removesuffix("+")))


@action(cost=0.2)
def thing_shape(*parts: Any) -> Things:
    """A slip: "an item square"."""
    return Things(find(parts[-1].name.removesuffix("+")))


@action()
def adjective(sense: Any, things: Things) -> Things | None:
    """A black block; no second colour fits."""
    if any(contradicts(find(sense.name), layout) for layout in (things.layout, *things.kinds)):
        return None
    return _refined(things, find(sense.name))


def _refined(things: Things, layout: Layout) -> Things:
    kinds = tuple(both(layout, kind) for kind in things.kinds)
    return replace(things, layout=both(layout, things.layout), kinds=kinds)


@action()
def two_colors(first: Any, second: Any, things: Things) -> Things:
    """Black and blue items: of either colour, and both colours are there (labels 6-0, 11-1)."""
    return replace(kinds_of([find(first.name), find(second.name)], things.layout), plural=things.plural)


@action()
def three_colors(*parts: Any) -> Things:
    """Black, blue and yellow items."""
    *colors, things = parts
    return kinds_of([find(color.name) for color in colors], things.layout)


def kinds_of(layouts: list[Layout], noun: Layout) -> Things:
    kinds = tuple(both(layout, noun) for layout in dict.fromkeys(layouts))
    return Things(join(kinds, either), kinds if len(kinds) > 1 else ())


@action()
def either_color(first: Any, second: Any, things: Things) -> Things:
    """A black or yellow triangle."""
    return Things(both(either(find(first.name), find(second.name)), things.layout))


@action()
def two_shapes(color: Any, first: Any, second: Any) -> Things:
    """A yellow circle and square: both are yellow."""
    return kinds_of([both(find(color.name), find(shape.name.removesuffix("+"))) for shape in (first, second)], SCENE)


@action(cost=0.8)
def elliptic(color: Any) -> Things:
    """One black: the noun is left out."""
    return Things(find(color.name), elliptic=True)


@action()
def other_core(things: Things) -> Things:
    """Four other items: not those mentioned before."""
    return _refined(things, OTHERS)


@action(cost=0.3)
def another_core(things: Things) -> Things:
    """The other black item: which it differs from is not counted."""
    return things


@action()
def place_core(place: Layout, things: Things) -> Things:
    """The top block."""
    return _refined(things, place)


@action()
def not_color(_: Any, color: Any, things: Things) -> Things:
    """A non-black item."""
    return _refined(things, negate(find(color.name)))


@action()
def different_colored(_: Any, things: Things) -> Things:
    """A different coloured block: of another colour than what it is compared with."""
    return _refined(things, negate(OWN))


@action()
def different_color(*_: Any) -> Layout:
    """A block of different colour."""
    return negate(OWN)


@action()
def other_color(*_: Any) -> Layout:
    """Items of another colour."""
    return OTHERS


@action()
def modified(things: Things, modifier: Layout) -> Things | Costed | None:
    """Things with something behind the noun; behind a relation it rather belongs to the noun inside that."""
    if contradicts(things.layout, modifier):
        return None
    if modifier.module == "relate" and speaks_of(modifier, OWN) and not speaks_of(things.layout, OWN):
        return _of_another_color(things, modifier)
    if modifier.module == "relate" and speaks_of(things.layout, OWN) and (color := color_of(modifier.operands[0])):
        things = replace(things, layout=with_meant(things.layout, OWN, find(color)))
    kinds = tuple(both(kind, modifier) for kind in things.kinds)
    found = replace(things, layout=both(things.layout, modifier), kinds=kinds)
    return Costed(found, 0.05) if _ends_in_relation(things.layout) else found


def contradicts(one: Layout, other: Layout) -> bool:
    """Whether two sets have nothing in common, since one is of another colour, size or shape than the other."""
    if other.module == "and":
        return any(contradicts(one, operand) for operand in other.operands)
    if one.module == "and":
        return any(contradicts(operand, other) for operand in one.operands)
    both_found = one.module == other.module == "find" and one != other
    return both_found and any(one.argument in known and other.argument in known for known in VALUES.values())


def _ends_in_relation(layout: Layout) -> bool:
    return (layout.operands[-1] if layout.module == "and" else layout).module.startswith("relate")


def _of_another_color(things: Things, modifier: Layout) -> Things:
    """Return things that are related to something of another colour than their own."""
    color = color_of(things.layout)
    if color:
        return Things(both(things.layout, with_meant(modifier, OWN, find(color))))
    own = [find(color) for color in VALUES["color"]]
    return Things(join([join([one, things.layout, with_meant(modifier, OWN, one)], both) for one in own], either))


def color_of(layout: Layout) -> str:
    """Return the colour that a set has for sure, or an empty name."""
    if layout.module == "and":
        return color_of(layout.operands[0]) or color_of(layout.operands[1])
    return layout.argument or "" if layout.module == "find" and layout.argument in VALUES["color"] else ""


@action()
def touching_np(other: Np) -> Layout | None:
    """Touching another thing: at most 1 px apart (labels 49-0)."""
    return _related("touching", other)


@action()
def near_np(other: Np) -> Layout | None:
    """Near another thing."""
    return _related("near", other)


@action()
def related(relation: Any, other: Np) -> Layout | None:
    """Over, on, below another thing: directly (labels 7-0 for "over", 2-1 for "above")."""
    return _related(relation.name, other)


@action()
def related_it(relation: Any, _: Any) -> Layout:
    """On top of it."""
    return Layout("relate", relation.name, (IT,))


def _related(relation: str, other: Np) -> Layout | None:
    quant, layout = other.quant, other.things.layout
    if other.besides or other.all_are or other.options or (other.things.elliptic and layout == SCENE):
        return None
    if quant.name == "none":
        return negate(Layout("relate", relation, (layout,)))
    if quant.name == "every" and quant.low is None:
        return Layout("relate_every", relation, (layout,))
    if quant.name == "count" and quant.low and quant.low > 1:
        return Layout("relate_count", relation, (layout, number(quant.low)))
    return Layout("relate", relation, (layout,))


@action()
def between(others: Np) -> Layout | None:
    """Between two items; "of the same colour": for some colour, of that colour."""
    if others.besides or others.all_are:
        return None
    layouts = others.options or (others.things.layout,)
    return join([Layout("between", None, (layout, layout)) for layout in layouts], either)


@action()
def between_two(first: Np, second: Np) -> Layout:
    """Between a black and a blue block."""
    return Layout("between", None, (first.things.layout, second.things.layout))


@action(cost=0.5)
def colored_bare(sense: Any) -> Layout:
    """Of blue."""
    return find(sense.name)


@action(cost=0.1)
def pred_neither(first: Layout, second: Layout) -> Layout:
    """Is neither at the top nor at the base."""
    return negate(either(first, second))


@action()
def colored(sense: Any, *_: Any) -> Layout:
    """Of blue colour, of medium size."""
    return find(sense.name)


@action()
def one_of_colors(color: Any) -> Things:
    """Black."""
    return Things(find(color.name))


@action()
def colors_and(first: Any, second: Any) -> Things:
    """Black and blue."""
    return kinds_of([find(first.name), find(second.name)], SCENE)


@action()
def colors_and3(*colors: Any) -> Things:
    """Black, blue and yellow."""
    return kinds_of([find(color.name) for color in colors], SCENE)


@action()
def colors_or(first: Any, second: Any) -> Things:
    """Black or blue."""
    return Things(either(find(first.name), find(second.name)))


@action()
def pred_colors(colors: Things) -> Layout:
    """Is black."""
    return colors.layout


@action()
def pred_layout(layout: Layout) -> Layout:
    """Is touching the wall, is at the top."""
    return layout


@action()
def pred_same(*parts: Any) -> Layout:
    """Are both black, are all black."""
    layout: Layout = parts[-1]
    return layout


@action(cost=0.1)
def pred_items(*parts: Any) -> Layout | Costed:
    """Is a circle, are circles, are two circles; "is a block" says nothing."""
    layout: Layout = parts[-1].layout
    return Costed(layout, 1.0) if layout == SCENE else layout


@action(cost=0.2)
def pred_and(first: Layout, second: Layout) -> Layout:
    """Are black and touching the wall; are triangle and circle: of one attribute, either."""
    if first.module == second.module == "find" and _attribute(first) == _attribute(second):
        return either(first, second)
    return both(first, second)


@action(cost=0.1)
def pred_or(first: Layout, second: Layout) -> Layout:
    """Is black or blue."""
    return either(first, second)


def _attribute(layout: Layout) -> str | None:
    return next((name for name, values in VALUES.items() if layout.argument in values), None)
