"""Actions of the rules about boxes, about lists of what is in them, and about whole sentences."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nmn.language.crowd.chart import Costed
from nmn.language.crowd.items import ORDINALS, color_of, rank
from nmn.language.crowd.meanings import (
    EVERY,
    IT,
    OTHERS,
    OWN,
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
    distinct,
    either,
    every,
    exists,
    find,
    join,
    negate,
    speaks_of,
    where,
    with_meant,
)
from nmn.language.crowd.phrases import (
    claimed,
    existence,
    np_touching_each_other,
    of_values,
    touching_each_other,
)
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
def color_count_element(quant: Quant) -> Said:
    """With all 3 colours."""
    return Said((bounded(distinct("color", SCENE), quant),), SCENE)


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
    return only_colors(_, colors)  # type: ignore[no-any-return]


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
    """The base is blue; the base and the top are blue."""
    places = next(part for part in parts if isinstance(part, tuple) and isinstance(part[0], Layout))
    return Said(_all_places(places, parts[-1].layout), join(places, either))


@action()
def places_differ(*parts: Any) -> Said:
    """The base and the top are not of the same colour."""
    return Said(tuple(negate(truth) for truth in places_same_color(*parts).truths))


@action()
def places_same_color(*parts: Any) -> Said:
    """The base and the top are of the same colour."""
    places = next(part for part in parts if isinstance(part, tuple) and isinstance(part[0], Layout))
    return Said((compared("equal", distinct("color", join(places, either)), 1),), join(places, either))


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


@action(cost=0.2)
def all_are(predicate: Layout) -> Said:
    """Which are all black."""
    return Said((every(IT, predicate),))


@action(cost=0.2)
def all_same(attribute: str) -> Said:
    """Which are all of the same shape."""
    return Said((compared("at_most", distinct(attribute, IT), 1),))


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
    return Said((compared("at_most", distinct(attribute, np.things.layout), 1),), np.things.layout)


@action()
def claim_same_color(np: Np, _: Any) -> Said | None:
    """The two are the same."""
    return claim_same(np, "color")  # type: ignore[no-any-return]


@action()
def claim_differ(np: Np, *_: Any) -> Said | None:
    """They are not of the same colour."""
    return Said((compared("at_least", distinct("color", np.things.layout), 2),), np.things.layout)


@action()
def claim_touching(np: Np) -> Said | None:
    """A black and a yellow square are touching each other."""
    found = np_touching_each_other(np)
    return np_element(found) if found else None  # type: ignore[no-any-return]


@action()
def claim_apart(np: Np) -> Said | None:
    """They are not touching each other."""
    return Said((negate(exists(touching_each_other(np.things.layout))),), np.things.layout)


@action()
def claim(np: Np, predicate: Layout) -> Said | None:
    """And the black one is on top."""
    if np.quant.name == "the" and np.quant.low:
        np = replace(np, quant=Quant("count", np.quant.low, np.quant.high))
    held = claimed(np, predicate)
    if not held:
        return None
    return Said((held,), both(IT, predicate) if np.things.layout == IT else np.things.layout)


@action()
def has(said: Said) -> Said | None:
    """Return a list of one part; "it" speaks of everything in the box where nothing came before."""
    return said


@action()
def has_and(first: Said, second: Said) -> Said | Costed | None:
    """Put one more part into a list; its "it" is what the list spoke of last."""
    truths = second.truths
    about = second.about
    for pronoun in (IT, OTHERS, OWN):
        if any(speaks_of(truth, pronoun) for truth in truths):
            if first.about is None or speaks_of(first.about, IT) or (pronoun == OWN and not color_of(first.about)):
                return None
            meant = {IT: first.about, OTHERS: negate(first.about)}.get(pronoun) or find(color_of(first.about))
            truths = tuple(with_meant(truth, pronoun, meant) for truth in truths)
            about = about and with_meant(about, pronoun, meant)
    joined = tuple(dict.fromkeys((*first.truths, *truths)))
    said = Said(joined, about or first.about)
    return said if len(joined) > len(first.truths) else Costed(said, 1.0)


# ---- boxes ----------------------------------------------------------------------------------------------------------


@action()
def panel(*_: Any) -> Boxes:
    """A box, a tower: one block is a tower too (labels 46-0)."""
    return Boxes(SOME)


@action(cost=2.0)
def panel_slip(_: Any) -> Boxes:
    """A slip: "a circle with four items"."""
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
    if any(speaks_of(truth, OTHERS) for truth in said.truths):
        return None
    return tuple(with_meant(truth, IT, SCENE) for truth in said.truths)


@action()
def panels_without(boxes: Boxes, *parts: Any) -> Boxes | None:
    """A box without such things."""
    truths = _closed(parts[-1])
    return replace(boxes, truths=(*boxes.truths, negate(join(truths, both)))) if truths else None


@action()
def panels_of(np: Np) -> Said | None:
    """A tower of three blocks."""
    return np_element(np)  # type: ignore[no-any-return]


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
    return panels_with(found, said) if found else None  # type: ignore[no-any-return]


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
    alone = boxes.alike and quant.name != "every" and (quant.low is None or quant.low < 2)
    return Costed(replace(boxes, quant=quant), 1.0) if alone else replace(boxes, quant=quant)


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
    """Return that there are so many boxes of which the truths hold, and that they share what they are to share."""
    truths = tuple(dict.fromkeys((*boxes.truths, *more)))
    found, asked = where(truths), where(boxes.truths)
    quant = boxes.quant
    if boxes.alike and quant.name != "every" and quant.low is None:
        quant = Quant("count", 2)
    differing = []
    for things, attribute, same in boxes.alike:
        held = both(things, Layout("inside", None, (found,))) if truths else things
        shared = Layout("as_many", None, (held,)) if attribute is None else Layout("alike", attribute, (held,))
        if not same:
            differing.append(negate(exists(shared) if quant.name == "every" else every(found, shared)))
        else:
            found = both(shared, found) if truths else shared
    if quant.name == "every" and boxes.alike and not truths:
        asked = PANELS
    return join([_so_many(quant, asked, found), *differing], both)


def _so_many(quant: Quant, asked: Layout, found: Layout) -> Layout:
    """Return the truth by the quantity of boxes; ``asked`` are those that are spoken of."""
    if quant.name == "every":
        return every(asked if asked != found else PANELS, found)
    if quant.name == "none":
        return negate(exists(found))
    if quant.name == "count":
        return bounded(count(found), quant)
    return exists(found)


@action()
def said_whole(truth: Layout) -> Layout | None:
    """A statement, in which every pronoun has found its meaning."""
    return None if any(speaks_of(truth, pronoun) for pronoun in (IT, OTHERS, OWN)) else truth


# ---- clauses --------------------------------------------------------------------------------------------------------


@action()
def there_boxes(boxes: Boxes) -> Layout | Costed | None:
    """There is a box with ..."""
    if not boxes.truths and not boxes.alike:
        return Costed(boxes_there(boxes), 1.0)
    return boxes_there(boxes)


@action()
def there_are_no_boxes(boxes: Boxes) -> Layout:
    """There is not a box with ..."""
    return negate(boxes_there(boxes))


@action()
def there_are_no_things(said: Said) -> Layout | None:
    """There is not a black block."""
    truth = things_are(said)
    return negate(truth) if truth else None


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
def boxes_are_of(*parts: Any) -> Layout:
    """The colour of a two blocks tower is yellow and black."""
    return boxes_are(*parts[-2:])  # type: ignore[no-any-return]


@action()
def boxes_are(boxes: Boxes, colors: Things) -> Layout:
    """One of the towers is blue: all of it."""
    truths = every(SCENE, colors.layout), *(exists(kind) for kind in colors.kinds or (colors.layout,))
    return boxes_there(boxes, truths)


@action()
def place_is(places: tuple[Layout, ...], boxes: Boxes, colors: Things) -> Layout:
    """The base of a tower is yellow; "the two towers": of each."""
    if boxes.quant.name == "the" and boxes.quant.low:
        boxes = replace(boxes, quant=EVERY)
    if colors.kinds:
        return join([boxes_there(boxes, _all_places(places, kind)) for kind in colors.kinds], both)
    return boxes_there(boxes, _all_places(places, colors.layout))


def _all_places(places: tuple[Layout, ...], color: Layout) -> tuple[Layout, ...]:
    return tuple(exists(both(place, color)) for place in places)


@action()
def places(place: Layout) -> tuple[Layout, ...]:
    """The top."""
    return (place,)


@action()
def places_and(places: tuple[Layout, ...], place: Layout) -> tuple[Layout, ...]:
    """The top and the base."""
    return (*places, place)


@action()
def places_same(places: tuple[Layout, ...], boxes: Boxes, *_: Any) -> Layout:
    """The top and the base of a tower are of the same colour."""
    if len(places) > 1:
        of_each = tuple(exists(place) for place in places)
        return boxes_there(boxes, (*of_each, compared("equal", distinct("color", join(places, either)), 1)))
    return boxes_there(replace(boxes, quant=EVERY, alike=(Alike(places[0], "color"),)))


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
def first_of() -> bool:
    """Colours from the base of."""
    return True


@action()
def color_list(color: Any) -> tuple[Layout, ...]:
    """Yellow, yellow and black."""
    return (find(color.name),)


@action()
def color_list_and(colors: tuple[Layout, ...], color: Any) -> tuple[Layout, ...]:
    """One more colour."""
    return (*colors, find(color.name))


@action()
def first_are(_: Any, amount: int, __: Any, boxes: Boxes, colors: tuple[Layout, ...]) -> Layout | None:
    """The first three colours of a tower from the base are yellow, yellow and black."""
    if len(colors) not in (1, amount) or amount > len(ORDINALS):
        return None
    each = colors * amount if len(colors) == 1 else colors
    truths = [exists(both(rank("higher", name), color)) for name, color in zip(ORDINALS, each, strict=False)]
    return boxes_there(boxes, tuple(truths))


@action()
def place_count(amount: int, color: Any, *_: Any) -> tuple[int, Layout]:
    """Two blue."""
    return amount, find(color.name)


@action()
def place_counts(*parts: Any) -> Any:
    """The bases of the towers are two blue and one yellow."""
    if len(parts) < 3:
        return parts
    places, _, counts = parts[-3:]
    truths = [compared("equal", count(where(_all_places(places, color))), amount) for amount, color in counts]
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


@action(cost=0.2)
def things_with(said: Said, np: Np) -> Said | Costed | None:
    """A yellow item with a black one on it."""
    more = _there(np, alone=False)
    return has_and(said, more) if more and speaks_of(np.things.layout, IT) else None  # type: ignore[no-any-return]


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
    if boxes.quant.name != "some" or boxes.alike:
        return None
    return Layout("inside", None, (where(boxes.truths),)) if boxes.truths else SCENE


@action()
def things_in(said: Said, boxes: Boxes) -> Layout | None:
    """One yellow item in each box."""
    truths = _closed(said)
    return boxes_there(boxes, truths) if truths else None


@action()
def things_in_of_which(said: Said, boxes: Boxes, more: Said) -> Layout | None:
    """There are two objects in a box of which one is a triangle."""
    joined = has_and(said, more)
    return things_in(joined, boxes) if isinstance(joined, Said) else None


@action()
def of_the_boxes(*parts: Any) -> Layout | None:
    """Of the three towers one has a black base."""
    truths = _closed(parts[-1])
    return boxes_there(Boxes(part_of(parts[-2])), truths) if truths else None


@action()
def in_boxes(boxes: Boxes, truth: Layout) -> Layout | None:
    """In each box there is ..."""
    if "where" in str(truth):
        return None
    return boxes_there(boxes, (truth,))


@action()
def things_are(said: Said) -> Layout | None:
    """There is a black block and a blue block."""
    truths = _closed(said)
    return join(truths, both) if truths else None


@action(cost=1.0)
def bare_things(said: Any) -> Any:
    """A sentence that lost its "there is"."""
    return said


@action(cost=1.0)
def bare_boxes(boxes: Boxes) -> Boxes:
    """A sentence that lost its "there is"."""
    return boxes


@action()
def colors_are(quant: Quant, predicate: Layout) -> Layout:
    """All 3 colours are touching the wall."""
    return bounded(distinct("color", predicate), quant)


@action()
def in_same_box(np: Np, *_: Any) -> Layout | None:
    """All blue items are in the same box; there are two of them in the same box."""
    if np.quant.name in ("every", "the", "bare"):
        return compared("equal", count(where((exists(np.things.layout),))), 1)
    truths = existence(np, alone=True)
    return exists(where(truths)) if truths else None


@action(cost=1.5)
def np_is_bare(np: Np, predicate: Layout) -> Layout | None:
    """A sentence that lost its "is"."""
    return claimed(np, predicate)


@action()
def np_is(np: Np, predicate: Layout) -> Layout | None:
    """Black circles are touching the edge; the black item is on top."""
    return claimed(np, predicate)


@action(cost=0.2)
def both_(first: Layout, second: Layout) -> Layout:
    """Two sentences joined."""
    return both(first, second)
