"""Actions of the rules about places in a box: the top and the base of a tower, walls and corners, and touching them."""

from typing import Any

from nmn.language.crowd.meanings import SCENE, Things, action, both, either, exists, join, negate, number
from nmn.layout import Layout

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
def some_walls(amount: int, *_: Any) -> Layout | None:
    """Two walls: a corner."""
    return Layout("at_side", "corner") if amount == 2 else None


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


@action(cost=0.3)
def touching_at(wall: Layout) -> Layout:
    """On the left wall."""
    return wall


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


@action()
def places(place: Layout) -> tuple[Layout, ...]:
    """The top."""
    return (place,)


@action()
def places_and(places: tuple[Layout, ...], place: Layout) -> tuple[Layout, ...]:
    """The top and the base."""
    return (*places, place)


def all_places(places: tuple[Layout, ...], color: Layout) -> tuple[Layout, ...]:
    return tuple(exists(both(place, color)) for place in places)
