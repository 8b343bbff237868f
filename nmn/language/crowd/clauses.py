"""Actions of the rules about clauses: that there are boxes, what is true of them, and clauses joined."""

from dataclasses import replace
from typing import Any

from nmn.language.crowd.boxes import boxes_there, different_height, part_of, same_height
from nmn.language.crowd.chart import Costed
from nmn.language.crowd.lists import closed, has_only
from nmn.language.crowd.meanings import (
    EVERY,
    IT,
    OTHERS,
    OWN,
    SCENE,
    SOME,
    Alike,
    Boxes,
    Quant,
    Things,
    action,
    both,
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
)
from nmn.language.crowd.places import ORDINALS, all_places, rank
from nmn.layout import Layout


@action()
def said_whole(truth: Layout) -> Layout | None:
    """A statement, in which every pronoun has found its meaning."""
    return None if any(speaks_of(truth, pronoun) for pronoun in (IT, OTHERS, OWN)) else truth


@action()
def there_boxes(boxes: Boxes) -> Layout | Costed | None:
    """There is a box with ..."""
    if not boxes.truths and not boxes.alike:
        return Costed(boxes_there(boxes), 1.0)
    return boxes_there(boxes)


@action()
def image_boxes(boxes: Boxes) -> Layout | Costed | None:
    """The image contains a box with ...; what it contains is never said of every box."""
    return None if boxes.quant.name == "every" else there_boxes(boxes)


@action()
def there_are_no_boxes(boxes: Boxes) -> Layout:
    """There is not a box with ..."""
    return negate(boxes_there(boxes))


@action()
def boxes_have(boxes: Boxes, *parts: Any) -> Layout | None:
    """One box has ...; the tower with 4 blocks has: some such tower (labels 1-0, 2-1)."""
    truths = closed(parts[-1])
    return boxes_there(boxes, truths) if truths else None


@action()
def boxes_lack(boxes: Boxes, *parts: Any) -> Layout | None:
    """One box does not have ..."""
    truths = closed(parts[-1])
    return boxes_there(boxes, (negate(join(truths, both)),)) if truths else None


@action()
def boxes_lack_alike(boxes: Boxes, alike: tuple[Alike, ...]) -> Layout:
    """The boxes do not have the same number of items."""
    return negate(boxes_there(replace(boxes, quant=EVERY if boxes.quant.name == "the" else boxes.quant, alike=alike)))


@action()
def heights_same(_: Any, boxes: Boxes, *__: Any) -> Layout:
    """The heights of the towers are the same."""
    return boxes_there(replace(boxes, quant=EVERY, alike=same_height()))


@action()
def heights_differ(_: Any, boxes: Boxes, *__: Any) -> Layout:
    """The number of items in the boxes is different."""
    return boxes_there(replace(boxes, quant=EVERY, alike=different_height()))


@action()
def boxes_are_of(*parts: Any) -> Layout:
    """The colour of a two blocks tower is yellow and black."""
    return boxes_are(*parts[-2:])


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
        return join([boxes_there(boxes, all_places(places, kind)) for kind in colors.kinds], both)
    return boxes_there(boxes, all_places(places, colors.layout))


@action()
def places_same(places: tuple[Layout, ...], boxes: Boxes, *_: Any) -> Layout:
    """The top and the base of a tower are of the same colour."""
    if len(places) > 1:
        of_each = tuple(exists(place) for place in places)
        return boxes_there(boxes, (*of_each, compared("equal", distinct("color", join(places, either)), 1)))
    return boxes_there(replace(boxes, quant=EVERY, alike=(Alike(places[0], "color"),)))


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
    truths = [compared("equal", count(where(all_places(places, color))), amount) for amount, color in counts]
    return join(truths, both)


@action()
def place_counts_and(counts: Any, more: Any) -> Any:
    """One more of them."""
    return (*counts, more)


@action()
def of_the_boxes(*parts: Any) -> Layout | None:
    """Of the three towers one has a black base."""
    truths = closed(parts[-1])
    return boxes_there(Boxes(part_of(parts[-2])), truths) if truths else None


@action()
def in_boxes(boxes: Boxes, truth: Layout) -> Layout | None:
    """In each box there is ..."""
    if "where" in str(truth):
        return None
    return boxes_there(boxes, (truth,))


@action(cost=1.0)
def bare_boxes(boxes: Boxes) -> Boxes:
    """A sentence that lost its "there is"."""
    return boxes


@action()
def boxes_have_only(boxes: Boxes, _: Any, things: Things) -> Layout | None:
    """One of the boxes only has circles."""
    said = has_only(_, things)
    return boxes_there(boxes, said.truths) if said else None


@action(cost=0.4)
def both_more(first: Layout, *parts: Any) -> Layout | None:
    """And one has a yellow base, and another with three blocks: of other boxes."""
    quant, said = parts[0], parts[-1]
    truths = closed(said)
    return both(first, boxes_there(Boxes(quant), truths)) if truths else None


@action(cost=0.4)
def both_other(first: Layout, *parts: Any) -> Layout | None:
    """And the other one has a yellow base."""
    return both_more(first, SOME, parts[-1])


@action()
def boxes_of_which(boxes: Boxes, quant: Quant, _: Any, *parts: Any) -> Layout | None:
    """There are two towers with blue blocks, and one of them has a black block."""
    truths = closed(parts[-1])
    if not truths or boxes.alike or boxes.extreme:
        return None
    return both(boxes_there(boxes), boxes_there(replace(boxes, quant=part_of(quant)), truths))


@action()
def bases_differ(places: tuple[Layout, ...], boxes: Boxes, *_: Any) -> Layout:
    """The bases of the towers are of different colours."""
    return boxes_there(replace(boxes, quant=EVERY, alike=(Alike(places[0], "color", same=False),)))


@action(cost=0.2)
def both_(first: Layout, second: Layout) -> Layout:
    """Two sentences joined."""
    return both(first, second)
