"""Actions of the rules about what is in the image as a whole: things somewhere, in some boxes, and what they are."""

from dataclasses import replace
from typing import Any

from nmn.language.crowd.boxes import boxes_there
from nmn.language.crowd.chart import Costed
from nmn.language.crowd.claims import claim_same
from nmn.language.crowd.lists import SPREAD, closed, has_and, is_denied, more_things, said_there
from nmn.language.crowd.meanings import (
    BARE,
    IT,
    NO,
    SCENE,
    SOME,
    Boxes,
    Np,
    Said,
    Things,
    ValueCount,
    action,
    both,
    compared,
    count,
    exists,
    join,
    negate,
    speaks_of,
    where,
)
from nmn.language.crowd.phrases import claimed
from nmn.layout import Layout


@action()
def there_are_no_things(said: Said) -> Layout | None:
    """There is not a black block."""
    truth = things_are(said)
    return negate(truth) if truth else None


@action()
def thing(np: Np) -> Said | None:
    """A black block, somewhere."""
    return said_there(np, alone=False)


@action()
def things_and(said: Said, np: Np) -> Said | Costed | None:
    """And a blue one; "no circles and squares": neither."""
    if is_denied(said.truths[-1]) and np.quant == BARE:
        np = replace(np, quant=NO)
    more = said_there(np, alone=False)
    return has_and(said, more) if more else None


@action(cost=0.2)
def things_with(said: Said, np: Np) -> Said | Costed | None:
    """A yellow item with a black one on it."""
    more = said_there(np, alone=False)
    return has_and(said, more) if more and speaks_of(np.things.layout, IT) else None


@action()
def things_and_claim(said: Said, claim: Said) -> Said | Costed | None:
    """And it is at the top."""
    return has_and(said, claim)


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
def things_in(said: Said, boxes: Boxes) -> Layout | Costed | None:
    """One yellow item in each box; "no yellow item in any box" says rather of none that it has one."""
    truths = closed(said)
    if not truths:
        return None
    found = boxes_there(boxes, truths)
    return Costed(found, SPREAD) if boxes.quant == SOME and is_denied(truths[-1]) else found


@action()
def things_in_of_which(said: Said, boxes: Boxes, more: Said) -> Layout | Costed | None:
    """There are two objects in a box of which one is a triangle."""
    joined = has_and(said, more)
    return things_in(joined, boxes) if isinstance(joined, Said) else None


@action()
def things_are(said: Said) -> Layout | None:
    """There is a black block and a blue block."""
    truths = closed(said)
    return join(truths, both) if truths else None


@action(cost=1.0)
def bare_things(said: Any) -> Any:
    """A sentence that lost its "there is"."""
    return said


@action()
def colors_are(values: ValueCount, predicate: Layout) -> Layout:
    """All 3 colours are touching the wall."""
    return values.of(predicate)


@action()
def colors_there(values: ValueCount, things: Layout = SCENE) -> Layout:
    """There are three colours; there is only one colour touching the wall."""
    return values.of(things)


@action()
def colors_in(values: ValueCount, boxes: Boxes) -> Layout:
    """There are three colours in one of the boxes."""
    return boxes_there(boxes, (values.of(SCENE),))


@action()
def more_things_there(_: Any, first: Things, second: Things) -> Layout:
    """There are more circles than squares."""
    return more_things(_, first, second).truths[0]


@action()
def more_things_in(_: Any, first: Things, second: Things, boxes: Boxes) -> Layout:
    """There are more circles than squares in one of the boxes."""
    return boxes_there(boxes, more_things(_, first, second).truths)


@action()
def things_in_same_box(said: Said, *_: Any) -> Layout | None:
    """There are a circle and a square in the same box."""
    truths = closed(said)
    return exists(where(truths)) if truths else None


@action()
def in_same_box(np: Np, *_: Any) -> Layout | None:
    """All blue items are in the same box; there are two of them in the same box."""
    if np.quant.name in ("every", "the", "bare"):
        return compared("equal", count(where((exists(np.things.layout),))), 1)
    return None


@action(cost=1.5)
def np_is_bare(np: Np, predicate: Layout) -> Layout | None:
    """A sentence that lost its "is"."""
    return claimed(np, predicate)


@action()
def nps_are(first: Np, second: Np, predicate: Layout) -> Layout | None:
    """Only 2 yellow and one black item are touching the wall: of each."""
    claims = [claimed(np, predicate) for np in (first, second)]
    return both(claims[0], claims[1]) if claims[0] and claims[1] else None


@action()
def things_same(np: Np, attribute: str) -> Layout | None:
    """All circles have the same colour."""
    if np.quant.name not in ("every", "the", "bare", "count", "none"):
        return None
    said = claim_same(np, attribute)
    return join(said.truths, both) if said else None


@action()
def np_is(np: Np, predicate: Layout) -> Layout | None:
    """Black circles are touching the edge; the black item is on top."""
    return claimed(np, predicate)
