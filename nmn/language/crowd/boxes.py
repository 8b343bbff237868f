"""Actions of the rules about boxes and towers: which ones, how many of them, and what they share."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nmn.language.crowd.chart import Costed
from nmn.language.crowd.lists import MOST_THINGS, closed, np_element
from nmn.language.crowd.meanings import (
    NO,
    ONLY,
    PANELS,
    SCENE,
    SOME,
    Alike,
    Boxes,
    Np,
    Quant,
    Said,
    Things,
    action,
    both,
    bounded,
    compared,
    count,
    either,
    every,
    exists,
    join,
    negate,
    where,
)
from nmn.language.crowd.phrases import at_least_one_of
from nmn.layout import Layout

PANEL_COUNT = 3  # of NLVR's images


@action()
def panel(*_: Any) -> Boxes:
    """A box, a tower: one block is a tower too (labels 46-0)."""
    return Boxes(SOME)


@action(cost=2.0)
def panel_slip(_: Any) -> Boxes:
    """A slip: "a circle with four items"."""
    return Boxes(SOME)


@action()
def emptiest(*_: Any) -> Boxes:
    """The box with the least number of items."""
    return Boxes(SOME, extreme="fewer")


@action()
def fullest(*_: Any) -> Boxes:
    """The tower with the most blocks."""
    return Boxes(SOME, extreme="more")


@action()
def emptiest_of(_: Any, boxes: Boxes) -> Boxes:
    """The shortest tower."""
    return replace(boxes, extreme="fewer")


@action()
def fullest_of(_: Any, boxes: Boxes) -> Boxes:
    """The tallest tower."""
    return replace(boxes, extreme="more")


@action()
def colored_panels(colors: Things, boxes: Boxes) -> Boxes:
    """A black tower: all its blocks are black (labels 3-0, 11-0)."""
    kinds = colors.kinds or (colors.layout,)
    truths = *(exists(kind) for kind in kinds), every(SCENE, colors.layout)
    return replace(boxes, truths=(*truths, *boxes.truths))


@action()
def counted_panels(amount: int, *parts: Any) -> Boxes:
    """A four block tower."""
    boxes: Boxes = parts[-1]
    return replace(boxes, truths=(compared("equal", count(SCENE), amount), *boxes.truths))


@action(cost=1.5)
def counted_blocks(amount: int, *_: Any) -> Boxes:
    """A four block: the tower is left out."""
    return Boxes(SOME, (compared("equal", count(SCENE), amount),))


@action()
def panels_with(boxes: Boxes, said: Said) -> Boxes | None:
    """A box with such things in it."""
    truths = closed(said)
    return replace(boxes, truths=tuple(dict.fromkeys((*boxes.truths, *truths)))) if truths else None


@action(cost=0.1)
def panels_all(boxes: Boxes, _: Any, things: Things) -> Boxes | None:
    """A tower with all black blocks: it has no others."""
    said = np_element(Np(ONLY, things)) if things.plural and things.layout != SCENE else None
    return panels_with(boxes, said) if said else None


@action()
def panels_made_of(boxes: Boxes, said: Said) -> Boxes | Costed | None:
    """A tower of three blocks; what a box has is rather what more is said of: "with a black block on top of a ..."."""
    found = panels_with(boxes, said)
    return Costed(found, 0.5) if found and boxes.truths else found


@action()
def panels_without(boxes: Boxes, *parts: Any) -> Boxes | Costed | None:
    """A box without such things; "that does not have a circle but has a square" has the latter."""
    truths = closed(parts[-1])
    if not truths:
        return None
    found = replace(boxes, truths=(*boxes.truths, negate(join(truths, both))))
    return found if len(truths) == 1 else Costed(found, 0.6)


@action()
def panels_of(np: Np) -> Said | None:
    """A tower of three blocks."""
    return np_element(np)


@action(cost=0.3)
def panels_and(boxes: Boxes, said: Said) -> Boxes | Costed | None:
    """A two blocks tower and only one colour; a tower and the top is yellow."""
    found = panels_with(boxes, said)
    return found if boxes.truths or found is None else Costed(found, 0.5)


@action()
def panels_group(boxes: Boxes, *groups: tuple[Alike, ...]) -> Boxes | None:
    """Towers with the same height."""
    return None if boxes.alike else replace(boxes, alike=sum(groups, ()))


@action()
def panels_group_with(boxes: Boxes, groups: tuple[Alike, ...], said: Said) -> Boxes | None:
    """Towers with the same height and a yellow base."""
    found = panels_group(boxes, groups)
    return panels_with(found, said) if found else None


@action()
def same_height(*_: Any) -> tuple[Alike, ...]:
    """Of the same height: as many blocks."""
    return (Alike(SCENE),)


@action()
def different_height(*_: Any) -> tuple[Alike, ...]:
    """Of different height."""
    return (Alike(SCENE, same=False),)


@action()
def height(*_: Any) -> bool:
    """The height, the number of items."""
    return True


@action()
def same_place(*parts: Any) -> tuple[Alike, ...]:
    """With the same base, the same colour at the base."""
    return (Alike(_place_of(parts), "color"),)


@action()
def different_place(*parts: Any) -> tuple[Alike, ...]:
    """With different bases."""
    return (Alike(_place_of(parts), "color", same=False),)


def _place_of(parts: Sequence[Any]) -> Layout:
    return next(part for part in parts if isinstance(part, Layout))


@action()
def same_color(*_: Any) -> tuple[Alike, ...]:
    """Of the same colour, or colours."""
    return (Alike(SCENE, "color"),)


@action()
def groups(group: tuple[Alike, ...]) -> tuple[Alike, ...]:
    """Of the same height."""
    return group


@action()
def groups_and(first: tuple[Alike, ...], second: tuple[Alike, ...]) -> tuple[Alike, ...]:
    """Of the same height and with the same base."""
    return first + second


@action()
def quantified_boxes(quant: Quant, boxes: Boxes) -> Boxes | Costed:
    """Two boxes, each box; one box is hardly like another."""
    no_two = quant == NO or quant == Quant("count", None, 1)
    alone = boxes.alike and quant.name != "every" and not no_two and (quant.low is None or quant.low < 2)
    return Costed(replace(boxes, quant=quant), 1.0) if alone else replace(boxes, quant=quant)


@action(cost=0.3)
def some_boxes(boxes: Boxes) -> Boxes:
    """Boxes, or a slip: "there is box"."""
    return boxes


@action()
def part_of(quant: Quant) -> Quant:
    """One of the boxes: at least one."""
    return at_least_one_of(quant)


@action()
def part_of_number(quant: Quant, _: int) -> Quant:
    """Two of the three towers."""
    return part_of(quant)


def boxes_there(boxes: Boxes, more: tuple[Layout, ...] = ()) -> Layout:
    """Return that there are so many boxes of which the truths hold, and that they share what they are to share."""
    truths = tuple(dict.fromkeys((*boxes.truths, *more)))
    if boxes.extreme:
        return _extreme(boxes.extreme, truths)
    if boxes.alike and boxes.quant.name == "none":  # of which no two share it
        return negate(boxes_there(replace(boxes, quant=Quant("count", 2)), more))
    found, asked = where(truths), where(boxes.truths)
    quant = boxes.quant
    if boxes.alike and quant.name != "every" and quant.low is None and quant.high is None:
        quant = Quant("count", 2)
    differing = []
    for things, attribute, same in boxes.alike:
        held = things if found == PANELS else both(things, Layout("inside", None, (found,)))
        shared = Layout("as_many", None, (held,)) if attribute is None else Layout("alike", attribute, (held,))
        if not same:
            pairwise = quant.name == "every" or (quant.low == PANEL_COUNT and not truths)
            differing.append(negate(exists(shared) if pairwise else every(found, shared)))
        else:
            found = shared if found == PANELS else both(shared, found)
    if quant.name == "every" and boxes.alike and not truths:
        asked = PANELS
    if differing and found == PANELS and (quant.name == "every" or quant.low in (2, PANEL_COUNT)):
        return join(differing, both)  # "two towers with different heights": not all have the same
    return join([_so_many(quant, asked, found), *differing], both)


def _extreme(comparison: str, truths: tuple[Layout, ...]) -> Layout:
    """Return that truths hold of a box with so many things that no other has fewer, or more."""
    each = []
    for amount in range(1, MOST_THINGS + 1):
        such = exists(where((compared("equal", count(SCENE), amount), *truths)))
        each.append(both(such, negate(exists(where((compared(comparison, count(SCENE), amount),))))))
    return join(each, either)


def _so_many(quant: Quant, asked: Layout, found: Layout) -> Layout:
    """Return the truth by the quantity of boxes; ``asked`` are those that are spoken of."""
    if quant.name == "every":
        return every(asked if asked != found else PANELS, found)
    if quant.name == "not every":
        return negate(every(asked if asked != found else PANELS, found))
    if quant.name == "none":
        return negate(exists(found))
    if quant.name == "count":
        return bounded(count(found), quant)
    return exists(found)
