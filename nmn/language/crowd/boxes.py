"""Actions of the rules about boxes, about lists of what is in them, and about whole sentences."""

from dataclasses import replace
from typing import Any

from nmn.language.crowd.chart import Costed
from nmn.language.crowd.meanings import (
    EVERY,
    IT,
    NO,
    PANELS,
    SCENE,
    SOME,
    VALUES,
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
    find,
    join,
    negate,
    number,
    speaks_of_it,
    where,
    with_it,
)
from nmn.language.crowd.phrases import claimed, existence
from nmn.layout import Layout

MOST_THINGS = 8  # in a box, as NLVR's README says

# ---- elements of lists ----------------------------------------------------------------------------------------------


@action()
def np_element(np: Np) -> Said | None:
    """With two black blocks."""
    return _there(np, alone=True)


def _there(np: Np, alone: bool) -> Said | None:
    truths = existence(np, alone)
    if truths is None:
        return None
    about = join(np.options, either) if np.options else np.things.layout
    return Said(truths, about)


@action()
def color_count_element(truth: Layout) -> Said:
    """With all 3 colours."""
    return Said((truth,), SCENE)


@action()
def only_colors(_: Any, colors: Things, *__: Any) -> Said:
    """Only black and yellow."""
    kinds = colors.kinds or (colors.layout,)
    return Said((*(exists(kind) for kind in kinds), every(SCENE, colors.layout)), colors.layout)


@action()
def color_is(*parts: Any) -> Said:
    """And the colour is yellow: of everything in the box."""
    return only_colors(None, parts[-1])  # type: ignore[no-any-return]


@action(cost=0.5)
def only_colors_said(colors: Things, *_: Any) -> Said:
    """Black and yellow colour."""
    return only_colors(None, colors)  # type: ignore[no-any-return]


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
    """The base is blue."""
    place = next(part for part in parts if isinstance(part, Layout))
    return Said((exists(both(place, parts[-1].layout)),), place)


# ---- parts of what was mentioned ------------------------------------------------------------------------------------


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
def part_there(np: Np) -> Said | None:
    """Of which two are yellow blocks."""
    return part_is(np, SCENE)  # type: ignore[no-any-return]


@action()
def all_are(predicate: Layout) -> Said:
    """Which are all black."""
    return Said((every(IT, predicate),))


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
def claim(np: Np, predicate: Layout) -> Said | None:
    """And the black one is on top."""
    if np.quant.name == "the" and np.quant.low:
        np = replace(np, quant=Quant("count", np.quant.low, np.quant.high))
    held = claimed(np, predicate)
    return Said((held,), np.things.layout) if held else None


@action()
def has(said: Said) -> Said | None:
    """Return a list of one part; "it" speaks of everything in the box where nothing came before."""
    return said


@action()
def has_and(first: Said, second: Said) -> Said | Costed | None:
    """Put one more part into a list; its "it" is what the list spoke of last."""
    truths = second.truths
    if any(speaks_of_it(truth) for truth in truths):
        if first.about is None or speaks_of_it(first.about):
            return None
        truths = tuple(with_it(truth, first.about) for truth in truths)
        about = second.about and with_it(second.about, first.about)
    else:
        about = second.about
    joined = tuple(dict.fromkeys((*first.truths, *truths)))
    said = Said(joined, about or first.about)
    return said if len(joined) > len(first.truths) else Costed(said, 1.0)


# ---- boxes ----------------------------------------------------------------------------------------------------------


@action()
def panel(*_: Any) -> Boxes:
    """A box, a tower: one block is a tower too (labels 46-0)."""
    return Boxes(SOME)


@action()
def colored_panels(colors: Things, boxes: Boxes) -> Boxes:
    """A black tower: all its blocks are black (labels 3-0, 11-0)."""
    kinds = colors.kinds or (colors.layout,)
    truths = *(exists(kind) for kind in kinds), every(SCENE, colors.layout)
    return replace(boxes, truths=(*truths, *boxes.truths))


@action()
def counted_panels(amount: int, *parts: Any) -> Boxes:
    """A four block tower."""
    boxes = parts[-1]
    return replace(boxes, truths=(compared("equal", count(SCENE), amount), *boxes.truths))


@action(cost=1.5)
def counted_blocks(amount: int, *_: Any) -> Boxes:
    """A four block: the tower is left out."""
    return Boxes(SOME, (compared("equal", count(SCENE), amount),))


@action()
def panels_with(boxes: Boxes, said: Said) -> Boxes | None:
    """A box with such things in it."""
    truths = _closed(said)
    return replace(boxes, truths=tuple(dict.fromkeys((*boxes.truths, *truths)))) if truths else None


def _closed(said: Said) -> tuple[Layout, ...] | None:
    """Return the truths of a list whose "it" is everything in the box, if nothing else."""
    return tuple(with_it(truth, SCENE) for truth in said.truths)


@action()
def panels_without(boxes: Boxes, *parts: Any) -> Boxes | None:
    """A box without such things."""
    truths = _closed(parts[-1])
    return replace(boxes, truths=(*boxes.truths, negate(join(truths, both)))) if truths else None


@action(cost=0.3)
def panels_and(boxes: Boxes, said: Said) -> Boxes | None:
    """A two blocks tower and only one colour."""
    return panels_with(boxes, said) if boxes.truths else None  # type: ignore[no-any-return]


@action()
def panels_group(boxes: Boxes, group: Boxes) -> Boxes | None:
    """Towers with the same height."""
    return None if boxes.options else replace(boxes, options=group.options, same=group.same)


def _heights(same: bool) -> Boxes:
    heights = tuple(compared("equal", count(SCENE), height) for height in range(1, MOST_THINGS + 1))
    return Boxes(SOME, options=heights, same=same)


@action()
def same_height(*_: Any) -> Boxes:
    """Of the same height: for some height, they have it."""
    return _heights(True)


@action()
def different_height(*_: Any) -> Boxes:
    """Of different height."""
    return _heights(False)


@action()
def height(*_: Any) -> bool:
    """The height, the number of items."""
    return True


def _places(place: Layout, same: bool) -> Boxes:
    return Boxes(SOME, options=tuple(exists(both(find(color), place)) for color in VALUES["color"]), same=same)


@action()
def same_place(_: Any, place: Layout, *__: Any) -> Boxes:
    """With the same base: of one colour."""
    return _places(place, True)


@action()
def same_place_color(_: Any, __: Any, place: Layout) -> Boxes:
    """With the same colour at the base."""
    return _places(place, True)


@action()
def different_place(_: Any, place: Layout, *__: Any) -> Boxes:
    """With different bases."""
    return _places(place, False)


@action()
def same_color(*_: Any) -> Boxes:
    """Of the same colour: each of one colour, and all of that one."""
    options = tuple(both(exists(find(color)), every(SCENE, find(color))) for color in VALUES["color"])
    return Boxes(SOME, options=options)


@action()
def quantified_boxes(quant: Quant, boxes: Boxes) -> Boxes:
    """Two boxes, each box."""
    return replace(boxes, quant=quant)


@action(cost=0.3)
def some_boxes(boxes: Boxes) -> Boxes:
    """Boxes, or a slip: "there is box"."""
    return boxes


@action()
def part_of(quant: Quant) -> Quant:
    """One of the boxes: at least one."""
    return SOME if quant == Quant("count", 1, 1) else quant


@action()
def part_of_number(quant: Quant, _: int) -> Quant:
    """Two of the three towers."""
    return part_of(quant)  # type: ignore[no-any-return]


def boxes_there(boxes: Boxes, more: tuple[Layout, ...] = ()) -> Layout:
    """Return that there are so many boxes of which the truths hold."""
    truths = tuple(dict.fromkeys((*boxes.truths, *more)))
    quant = boxes.quant
    if boxes.options and boxes.same:
        if quant.low is None and quant.name != "every":
            quant = Quant("count", 2)
        return join([_so_many(quant, boxes.truths, (option, *truths)) for option in boxes.options], either)
    if boxes.options:
        return _all_different(boxes, truths)
    return _so_many(quant, boxes.truths, truths)


def _so_many(quant: Quant, asked: tuple[Layout, ...], truths: tuple[Layout, ...]) -> Layout:
    """Return the truth by the quantity of boxes; ``asked`` are the truths that say which boxes are meant."""
    found = where(truths)
    if quant.name == "every":
        of = where(tuple(truth for truth in asked if truth in truths)) if truths != asked else PANELS
        return Layout("quantify", "every", (of, found))
    if quant.name == "none":
        return negate(exists(found))
    if quant.name == "count":
        return bounded(count(found), quant)
    return exists(found)


def _all_different(boxes: Boxes, truths: tuple[Layout, ...]) -> Layout:
    """Return that as many boxes hold the truths, and that they differ: as many options as boxes occur among them."""
    least = boxes.quant.low or 2
    occurring = [exists(where((option, *truths))) for option in boxes.options]
    return _at_least(occurring, min(least, len(occurring)))


def _at_least(truths: list[Layout], amount: int) -> Layout:
    """Return that at least so many of some truths hold."""
    if amount == 1:
        return join(truths, either)
    alternatives = [
        both(truth, _at_least(truths[place + 1 :], amount - 1))
        for place, truth in enumerate(truths[: len(truths) - amount + 1])
    ]
    return join(alternatives, either)


# ---- clauses --------------------------------------------------------------------------------------------------------


@action()
def there_boxes(boxes: Boxes) -> Layout | Costed | None:
    """There is a box with ..."""
    if not boxes.truths and not boxes.options:
        return Costed(boxes_there(boxes), 1.0)
    return boxes_there(boxes)


@action()
def there_are_no_boxes(boxes: Boxes) -> Layout:
    """There is not a box with ..."""
    return negate(boxes_there(boxes))


@action()
def there_are_no_things(said: Said) -> Layout:
    """There is not a black block."""
    return negate(things_are(said))


@action()
def boxes_have(boxes: Boxes, *parts: Any) -> Layout | None:
    """One box has ...; the tower with 4 blocks has: some such tower (labels 1-0, 2-1)."""
    truths = _closed(parts[-1])
    return boxes_there(boxes, truths) if truths else None


@action()
def boxes_lack(boxes: Boxes, *parts: Any) -> Layout | None:
    """One box does not have ..."""
    truths = _closed(parts[-1])
    return boxes_there(boxes, (negate(join(truths, both)),)) if truths else None


@action()
def boxes_are(boxes: Boxes, colors: Things) -> Layout:
    """One of the towers is blue: all of it."""
    truths = every(SCENE, colors.layout), *(exists(kind) for kind in colors.kinds or (colors.layout,))
    return boxes_there(boxes, truths)


@action()
def place_is(place: Layout, boxes: Boxes, colors: Things) -> Layout:
    """The base of a tower is yellow; of the towers: of each."""
    if colors.kinds:
        return join([boxes_there(boxes, (exists(both(place, kind)),)) for kind in colors.kinds], both)
    return boxes_there(boxes, (exists(both(place, colors.layout)),))


@action()
def place_count(amount: int, color: Any, *_: Any) -> tuple[int, Layout]:
    """Two blue."""
    return amount, find(color.name)


@action()
def place_counts(*parts: Any) -> Any:
    """The bases of the towers are two blue and one yellow."""
    if len(parts) < 3:
        return parts
    place, _, counts = parts[-3:]
    truths = [compared("equal", count(where((exists(both(place, color)),))), amount) for amount, color in counts]
    return join(truths, both)


@action()
def place_counts_and(counts: Any, more: Any) -> Any:
    """One more of them."""
    return (*counts, more)


# ---- what is in the image -------------------------------------------------------------------------------------------


@action()
def thing(np: Np) -> Said | None:
    """A black block, somewhere."""
    return _there(np, alone=False)


@action()
def things_and(said: Said, np: Np) -> Said | Costed | None:
    """And a blue one."""
    more = _there(np, alone=False)
    return has_and(said, more) if more else None  # type: ignore[no-any-return]


@action()
def things_and_claim(said: Said, claim: Said) -> Said | Costed | None:
    """And it is at the top."""
    return has_and(said, claim)  # type: ignore[no-any-return]


@action()
def thing_claim(claim: Said) -> Said:
    """It is at the top."""
    return claim


@action()
def where_in(boxes: Boxes) -> Boxes:
    """In each box."""
    return boxes


@action()
def where_of(boxes: Boxes) -> Boxes | None:
    """As the base of at least two towers."""
    return boxes if boxes.quant.name in ("count", "every") else None


@action()
def of_boxes(boxes: Boxes) -> Layout | None:
    """As the base of a tower with two blocks: what is in such a tower, counted over the image."""
    if boxes.quant.name != "some" or boxes.options:
        return None
    return Layout("inside", None, (where(boxes.truths),)) if boxes.truths else SCENE


@action()
def things_in(said: Said, boxes: Boxes) -> Layout | None:
    """One yellow item in each box."""
    truths = _closed(said)
    return boxes_there(boxes, truths) if truths else None


@action()
def in_boxes(boxes: Boxes, truth: Layout) -> Layout | None:
    """In each box there is ..."""
    if "where" in str(truth):
        return None
    return boxes_there(boxes, (truth,))


@action()
def things_are(said: Said) -> Layout:
    """There is a black block and a blue block."""
    return join([with_it(truth, SCENE) for truth in said.truths], both)


@action(cost=1.0)
def bare_things(said: Any) -> Any:
    """A sentence that lost its "there is"."""
    return said


@action(cost=1.0)
def bare_boxes(boxes: Boxes) -> Boxes:
    """A sentence that lost its "there is"."""
    return boxes


@action()
def np_is(np: Np, predicate: Layout) -> Layout | None:
    """Black circles are touching the edge; the black item is on top."""
    return claimed(np, predicate)


@action(cost=0.2)
def both_(first: Layout, second: Layout) -> Layout:
    """Two sentences joined."""
    return both(first, second)


__all__ = ["IT", "NO", "number"]
