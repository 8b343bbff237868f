"""Actions of the rules about things: quantities, noun phrases, modifiers, places and walls.

The readings are those that NLVR's labels prove; each is cited as "labels 7-0" (development examples that side with it,
and with its alternative, where the answer differs; see docs/nlvr.md).
"""

from dataclasses import replace
from typing import Any

from nmn.language.crowd.chart import Costed
from nmn.language.crowd.meanings import (
    EVERY,
    IT,
    NO,
    OTHERS,
    OWN,
    SCENE,
    SOME,
    THE,
    VALUES,
    Np,
    Quant,
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

MULTIPLE, MANY = 3, 4  # at least; train labels 1-0 and 1-0 against 2

# ---- quantities: labels 41-0 for "exactly", 35-0 for "at least", 14-0 for "only N"


@action()
def number_(sense: Any) -> int:
    """A numeral."""
    return 1 if sense.terminal == "ONE" else int(sense.name)


@action()
def exactly(amount: int) -> Quant:
    """A bare number means exactly that many: "N towers" 3-0, "1 tower" 6-0, inner "with N blocks" 13-0."""
    return Quant("count", amount, amount)


@action()
def exactly_said(_: Any, amount: int) -> Quant:
    """Exactly or only N."""
    return Quant("count", amount, amount, True)


@action()
def exactly_one(*_: Any) -> Quant:
    """A single one."""
    return Quant("count", 1, 1, True)


@action()
def at_least(_: Any, amount: int) -> Quant:
    """At least N."""
    return Quant("count", amount, None)


@action()
def at_least_one(*_: Any) -> Quant:
    """At least a."""
    return Quant("count", 1, None)


@action()
def at_most(_: Any, amount: int) -> Quant:
    """At most N."""
    return Quant("count", None, amount)


@action()
def more_than(_: Any, amount: int) -> Quant:
    """More than N."""
    return Quant("count", amount + 1, None)


@action()
def fewer_than(_: Any, amount: int) -> Quant:
    """Fewer than N."""
    return Quant("count", None, max(0, amount - 1))


@action()
def number_or_more(amount: int, _: Any) -> Quant:
    """N or more."""
    return Quant("count", amount, None)


@action()
def multiple(_: Any) -> Quant:
    """Multiple, several."""
    return Quant("count", MULTIPLE, None)


@action()
def many(_: Any) -> Quant:
    """Many, a lot of."""
    return Quant("count", MANY, None)


@action(cost=0.3)
def a_exactly(_: Any, __: Any, amount: int) -> Quant:
    """A slip: "a exactly two"."""
    return Quant("count", amount, amount, True)


@action(cost=0.3)
def a_number(_: Any, amount: int) -> Quant:
    """A slip: "a two squares"."""
    return Quant("count", amount, amount)


@action()
def some(_: Any) -> Quant:
    """A, an, any: at least one, labels 7-0."""
    return SOME


@action()
def none(*_: Any) -> Quant:
    """No, none of the."""
    return NO


@action()
def not_quantity(_: Any, quant: Quant) -> Quant | None:
    """Not at least two: fewer."""
    if quant.high is None and quant.low:
        return Quant("count", None, quant.low - 1)
    return None


@action()
def every_(_: Any) -> Quant:
    """Each, every, all."""
    return EVERY


@action()
def the() -> Quant:
    """The."""
    return THE


@action()
def both_of(_: Any) -> Quant:
    """Both."""
    return Quant("every", 2, 2)


@action()
def the_number(amount: int) -> Quant:
    """The two squares."""
    return Quant("the", amount, amount)


@action()
def every_number(_: Any, amount: int) -> Quant:
    """All three."""
    return Quant("every", amount, amount)


# ---- nouns and what stands before them


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
    return replace(_kinds([find(first.name), find(second.name)], things.layout), plural=things.plural)


@action()
def three_colors(*parts: Any) -> Things:
    """Black, blue and yellow items."""
    *colors, things = parts
    return _kinds([find(color.name) for color in colors], things.layout)


def _kinds(layouts: list[Layout], noun: Layout) -> Things:
    kinds = tuple(both(layout, noun) for layout in dict.fromkeys(layouts))
    return Things(join(kinds, either), kinds if len(kinds) > 1 else ())


@action()
def either_color(first: Any, second: Any, things: Things) -> Things:
    """A black or yellow triangle."""
    return Things(both(either(find(first.name), find(second.name)), things.layout))


@action()
def two_shapes(color: Any, first: Any, second: Any) -> Things:
    """A yellow circle and square: both are yellow."""
    return _kinds([both(find(color.name), find(shape.name.removesuffix("+"))) for shape in (first, second)], SCENE)


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
    """Things with something behind the noun, which is dearer behind a relation: it rather belongs to the noun inside."""
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


# ---- places in a tower, and walls

ORDINALS = ("first", "second", "third", "fourth")

LOWER, HIGHER = (Layout("relate", name, (SCENE,)) for name in ("lower", "higher"))
TOP, BASE = negate(LOWER), negate(HIGHER)


@action()
def top(_: Any) -> Layout:
    """The top: what nothing in its box is higher than; a single block is top and base, labels 11-0."""
    return TOP


@action()
def base(_: Any) -> Layout:
    """The base: what nothing in its box is lower than."""
    return BASE


@action()
def middle(_: Any) -> Layout:
    """In the middle: neither top nor base, labels 2-0."""
    return both(LOWER, HIGHER)


@action()
def nth(sense: Any, *_: Any) -> Layout:
    """The second block, counted from the base."""
    return rank("higher", sense.name)


@action()
def nth_from_top(sense: Any, *_: Any) -> Layout:
    """The second block from the top."""
    return rank("lower", sense.name)


def rank(relation: str, ordinal: str) -> Layout:
    """Return what has a rank in its box, counted from what nothing is "higher" or "lower" than the other way."""
    place = ORDINALS.index(ordinal)
    if place == 0:
        return BASE if relation == "higher" else TOP
    above, more = (Layout("relate_count", relation, (SCENE, number(least))) for least in (place, place + 1))
    return both(above, negate(more))


@action()
def place_np(place: Layout, *_: Any) -> Layout:
    """The top of the tower."""
    return place


@action()
def at_place(place: Layout) -> Layout:
    """At the top, as the base."""
    return place


@action(cost=1.2)
def at_place_bare(place: Layout) -> Layout:
    """A slip: "a black block the top"."""
    return place


def _side(name: str) -> Any:
    def of_side(*_: Any) -> Layout:
        return Layout("at_side", name)

    of_side.__name__ = {"top": "ceiling"}.get(name, name)
    return action()(of_side)


for _name in ("wall", "left", "right", "top", "bottom", "corner"):
    _side(_name)


def _corner(name: str, *sides: str) -> None:
    def of_corner(*_: Any) -> Layout:
        return join([Layout("at_side", "corner"), *(Layout("near_side", side) for side in sides)], both)

    of_corner.__name__ = name
    action()(of_corner)


for _name in ("left", "right", "bottom", "top"):
    _corner(f"{_name}_corner", _name)
for _name in ("bottom_right", "bottom_left", "top_right", "top_left"):
    _corner(_name, *_name.split("_"))


@action()
def side(wall: Layout) -> Layout:
    """A wall, the edge of the box."""
    return wall


@action()
def panel_side(_: Any, wall: Layout) -> Layout:
    """A box corner."""
    return wall


@action()
def touching(wall: Layout) -> Layout:
    """Touching a wall: 0 px from it (labels 9-1 against 2 px); a corner: 1 px from both walls (2-0)."""
    return wall


@action()
def nearly_touching(wall: Layout) -> Layout:
    """Closely, nearly touching a wall: within 4 px (49 of 49 labels for 1 to 5 px; of the train ones most for 4)."""
    if wall.module == "and":
        return join([nearly_touching(operand) for operand in wall.operands], both)
    return Layout("near_side", wall.argument)


@action()
def in_corner(*_: Any) -> Layout:
    """In the corner."""
    return Layout("at_side", "corner")


@action()
def touching_with(wall: Layout, _: Layout) -> Layout:
    """Touching the wall with its side."""
    return wall


@action(cost=0.3)
def place_item(place: Layout) -> Things:
    """The base."""
    return Things(place)


@action()
def places_np(place: Layout, other: Layout) -> Layout:
    """The base and second blocks."""
    return either(place, other)


@action()
def not_(layout: Layout) -> Layout:
    """Not touching the wall."""
    return negate(layout)


# ---- relations


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
    if other.besides or other.all_are or other.options or other.things.elliptic:
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


@action()
def colored(sense: Any, *_: Any) -> Layout:
    """Of blue colour, of medium size."""
    return find(sense.name)


# ---- predicates


@action()
def one_of_colors(color: Any) -> Things:
    """Black."""
    return Things(find(color.name))


@action()
def colors_and(first: Any, second: Any) -> Things:
    """Black and blue."""
    return _kinds([find(first.name), find(second.name)], SCENE)


@action()
def colors_and3(*colors: Any) -> Things:
    """Black, blue and yellow."""
    return _kinds([find(color.name) for color in colors], SCENE)


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
