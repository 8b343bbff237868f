"""The meaning of every module in plain sets and loops: slow, and written apart from ``nmn.modules`` on purpose.

Nothing here is shared with the executor but the layout, the scene and the lexicon, so that labels and their check
cannot have the same bug. A set is a frozenset of numbers, of objects or of panels.
"""

import math
from collections.abc import Callable
from operator import eq, ge, gt, le, lt

from nmn.errors import ArgumentError, SceneError, did_you_mean
from nmn.layout import SIGNATURES, Argument, Kind, Layout
from nmn.lexicon import BETWEEN_DEGREES, Gap, Given, Lexicon, Offset, On, Order
from nmn.scene import Box, SceneGraph

ROUNDING = 1e-6  # pixels, or square ones; less is the rounding of numbers
Objects = frozenset[int]
Value = bool | int | str | tuple[str, ...] | tuple[int, ...] | None
Meaning = Objects | bool | int | tuple[str, ...]


def evaluate(layout: Layout, scene: SceneGraph, lexicon: Lexicon, panel: int | None = None) -> Value:
    """Return the answer of a layout on a scene; raise ArgumentError or SceneError for a word that means nothing there.

    With ``panel`` the layout is asked of that panel alone. A set is answered as the sorted tuple of its members; an
    attribute as a value's name, a tuple of names in the lexicon's order where there are several, None where there is
    none.
    """
    value = World(scene, lexicon, panel).meaning(layout)
    if isinstance(value, frozenset):
        return tuple(sorted(value))
    if isinstance(value, tuple):
        return value[0] if len(value) == 1 else value or None
    return value


class World:
    """One scene, or one panel of it alone, with what the lexicon says of it."""

    def __init__(self, scene: SceneGraph, lexicon: Lexicon, panel: int | None = None) -> None:
        self.scene, self.lexicon = scene, lexicon
        self.attributes = [thing.attributes for thing in scene.objects]
        self.boxes = scene.panels or ((0.0, 0.0, scene.width, scene.height),)
        self.panels: Objects = frozenset(range(len(self.boxes)) if panel is None else {panel})
        self.all: Objects = frozenset(place for place, it in enumerate(scene.objects) if it.panel in self.panels)
        self.unit = lexicon.unit_px or max(scene.width, scene.height)

    def meaning(self, layout: Layout) -> Meaning:
        """Return the set, number, truth or values that a layout means."""
        argument, word = SIGNATURES[layout.module].argument, layout.argument or ""
        self.check_word(argument, word)
        if layout.module == "where":
            alone = {panel: World(self.scene, self.lexicon, panel) for panel in self.panels}
            return frozenset(panel for panel, world in alone.items() if world.meaning(layout.operands[0]) is True)
        if layout.module == "not" and layout.kind is Kind.PANELS:
            return self.panels - self.meaning(layout.operands[0])  # type: ignore[operator]
        return MODULES[layout.module](self, word, *[self.meaning(operand) for operand in layout.operands])

    def check_word(self, argument: Argument | None, word: str) -> None:
        """Refuse a word that the lexicon lacks, or whose pairs the scene must give and does not: also of empty sets."""
        known = {
            Argument.VALUE: self.lexicon.attribute_of,
            Argument.ATTRIBUTE: self.lexicon.attributes,
            Argument.RELATION: self.lexicon.relations,
            Argument.SUPERLATIVE: self.lexicon.superlatives,
        }
        if argument in known and word not in known[argument]:
            raise ArgumentError(f'unknown {argument} "{word}"{did_you_mean(word, known[argument])}')
        meaning = self.lexicon.relations[word].meaning if argument is Argument.RELATION else None
        if isinstance(meaning, Given) and meaning.name not in self.scene.relations:
            raise SceneError(f'the scene gives no relation "{meaning.name}"')

    def values(self, things: Objects, name: str) -> tuple[str, ...]:
        """Return the values of an attribute that occur in a set, in the lexicon's order."""
        found = {self.attributes[thing].get(name) for thing in things}
        return tuple(value for value in self.lexicon.attributes[name].values if value in found)

    def centre(self, thing: int) -> tuple[float, float]:
        """Return the centre of an object's box."""
        left, top, right, bottom = self.scene.objects[thing].box
        return (left + right) / 2, (top + bottom) / 2

    def measure(self, thing: int, by: str) -> float | None:
        """Return one measure of an object: in pixels, or the rank of an attribute's value."""
        measures = extent(self.scene.objects[thing].box)
        if by in measures:
            return measures[by]
        value = self.attributes[thing].get(by)
        return None if value is None else float(list(self.lexicon.attributes[by].values).index(value))

    def exceeds(self, thing: int, other: int, order: Order) -> bool:
        """Whether an object lies beyond another in an order, by more than its margin."""
        return self.is_beyond(self.measure(thing, order.by), self.measure(other, order.by), order)

    def is_beyond(self, mine: float | None, its: float | None, order: Order) -> bool:
        """Whether one measure is more, in the sense of an order, than another by more than its margin."""
        if mine is None or its is None:
            return False
        power = {"x": 1, "y": 1, "width": 1, "height": 1, "area": 2}.get(order.by, 0)
        return (mine - its) * order.sign > order.margin * self.unit**power + ROUNDING

    def related(self, thing: int, name: str, other: int) -> bool:
        """Whether an object stands in a relation to another; never to itself, nor to one of another panel."""
        if self.scene.objects[thing].panel != self.scene.objects[other].panel:
            return False
        return thing != other and self._related(thing, self.lexicon.relations[name].meaning, other)

    def _related(self, thing: int, meaning: Order | Offset | Gap | On | Given, other: int) -> bool:
        if isinstance(meaning, Order):
            return self.exceeds(thing, other, meaning)
        if isinstance(meaning, Given):
            return thing in self.scene.relations[meaning.name][other]
        if isinstance(meaning, Offset):
            x, y = (mine - its for mine, its in zip(self.centre(thing), self.centre(other), strict=True))
            off = abs(x - meaning.dx * self.unit), abs(y - meaning.dy * self.unit)
            return max(off) <= self.unit / 2
        mine, its = self.scene.objects[thing].box, self.scene.objects[other].box
        if isinstance(meaning, On):
            if mine[0] >= its[2] or its[0] >= mine[2] or mine[0] == mine[2] or its[0] == its[2]:
                return False  # no overlap from left to right
            upper, lower = (mine, its) if meaning.sign == 1 else (its, mine)
            return abs(lower[1] - upper[3]) <= meaning.at_most * self.unit + ROUNDING
        gaps = [max(mine[axis] - its[axis + 2], its[axis] - mine[axis + 2]) for axis in (0, 1)]
        return max(*gaps, 0) <= meaning.at_most * self.unit + ROUNDING

    def rank(self, thing: int, name: str, things: Objects) -> int | None:
        """Return 1 + how many of a set come before an object; None where it lacks the attribute that decides."""
        order = self.lexicon.superlatives[name].order
        if self.measure(thing, order.by) is None:
            return None
        return 1 + sum(self.exceeds(other, thing, order) for other in things if other != thing)

    def lies_between(self, thing: int, one: int, other: int) -> bool:
        """Whether two objects are seen in nearly opposite directions from a third."""
        if len({thing, one, other}) < 3 or len({self.scene.objects[it].panel for it in (thing, one, other)}) > 1:
            return False
        (x, y), (x1, y1), (x2, y2) = self.centre(thing), self.centre(one), self.centre(other)
        lengths = math.hypot(x1 - x, y1 - y) * math.hypot(x2 - x, y2 - y)
        product = (x1 - x) * (x2 - x) + (y1 - y) * (y2 - y)
        return lengths > 0 and product <= math.cos(math.radians(BETWEEN_DEGREES)) * lengths


def extent(box: Box) -> dict[str, float]:
    """Return the measures of a box in pixels."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    return {"x": (left + right) / 2, "y": (top + bottom) / 2, "width": width, "height": height, "area": width * height}


COMPARE: dict[str, Callable[[int, int], bool]] = {"equal": eq, "fewer": lt, "more": gt, "at_most": le, "at_least": ge}
QUANTIFY: dict[str, Callable[[Objects, Objects], bool]] = {
    "every": lambda first, second: first <= second,
    "most": lambda first, second: 2 * len(first & second) > len(first),
    "half": lambda first, second: 2 * len(first & second) == len(first),
    "both": lambda first, second: len(first) == 2 and first <= second,
    "neither": lambda first, second: len(first) == 2 and not first & second,
}


def _find(world: World, value: str) -> Objects:
    attribute = world.lexicon.attribute_of[value]
    return frozenset(thing for thing in world.all if world.attributes[thing].get(attribute) == value)


def _relate(world: World, name: str, things: Objects) -> Objects:
    return frozenset(thing for thing in world.all if any(world.related(thing, name, other) for other in things))


def _relate_every(world: World, name: str, things: Objects) -> Objects:
    others = {thing: things - {thing} for thing in world.all}
    return frozenset(thing for thing in world.all if all(world.related(thing, name, other) for other in others[thing]))


def _relate_count(world: World, name: str, things: Objects, number: int) -> Objects:
    counts = {thing: sum(world.related(thing, name, other) for other in things) for thing in world.all}
    return frozenset(thing for thing, count in counts.items() if count >= number)


def _between(world: World, _: str, first: Objects, second: Objects) -> Objects:
    pairs = [(one, other) for one in first for other in second]
    return frozenset(thing for thing in world.all if any(world.lies_between(thing, *pair) for pair in pairs))


def _by_distance(world: World, things: Objects, others: Objects, sign: int) -> Objects:
    found: set[int] = set()
    for other in others:
        panel = world.scene.objects[other].panel
        beside = [thing for thing in things if thing != other and world.scene.objects[thing].panel == panel]
        apart = {thing: sign * math.dist(world.centre(thing), world.centre(other)) for thing in beside}
        found |= {thing for thing in beside if apart[thing] <= min(apart.values()) + ROUNDING}
    return frozenset(found)


def _same(world: World, name: str, things: Objects) -> Objects:
    def shares(thing: int, other: int) -> bool:
        value = world.attributes[thing].get(name)
        return thing != other and value is not None and value == world.attributes[other].get(name)

    return frozenset(thing for thing in world.all if any(shares(thing, other) for other in things))


def _most(world: World, name: str, things: Objects, sign: int) -> tuple[str, ...]:
    """Return the values that most things of a set have (``sign`` 1), or fewest (-1)."""
    having = {
        value: sum(world.attributes[thing].get(name) == value for thing in things)
        for value in world.values(things, name)
    }
    return tuple(value for value in having if all(sign * having[value] >= sign * other for other in having.values()))


def _ordinal(world: World, name: str, things: Objects, number: int) -> Objects:
    return frozenset(thing for thing in things if world.rank(thing, name, things) == number)


def _inside(world: World, _: str, panels: Objects) -> Objects:
    return frozenset(thing for thing in world.all if world.scene.objects[thing].panel in panels)


def _at_side(world: World, side: str) -> Objects:
    gap = world.lexicon.corner_gap if side == "corner" else world.lexicon.side_gap
    return frozenset(thing for thing in world.all if _comes_within(gap, world, thing, side))


def _near_side(world: World, side: str) -> Objects:
    return frozenset(thing for thing in world.all if _comes_within(world.lexicon.near_side_gap, world, thing, side))


def _comes_within(gap: float, world: World, thing: int, side: str) -> bool:
    box, around = world.scene.objects[thing].box, world.boxes[world.scene.objects[thing].panel]
    near = gap * world.unit + ROUNDING
    touched = {
        "left": box[0] - around[0] <= near,
        "top": box[1] - around[1] <= near,
        "right": around[2] - box[2] <= near,
        "bottom": around[3] - box[3] <= near,
    }
    corners = [("left", "top"), ("left", "bottom"), ("right", "top"), ("right", "bottom")]
    if side == "corner":
        return any(touched[one] and touched[other] for one, other in corners)
    return any(touched.values()) if side == "wall" else touched[side]


def _panel(world: World, name: str) -> Objects:
    order = world.lexicon.superlatives[name].order
    measures = {panel: extent(world.boxes[panel]).get(order.by) for panel in world.panels}
    return frozenset(
        panel
        for panel, mine in measures.items()
        if mine is not None and not any(world.is_beyond(its, mine, order) for its in measures.values())
    )


def _as_many(world: World, _: str, things: Objects) -> Objects:
    return _panels_sharing(world, lambda panel: len(_held(world, things, panel)))


def _alike(world: World, name: str, things: Objects) -> Objects:
    return _panels_sharing(world, lambda panel: world.values(_held(world, things, panel), name))


def _held(world: World, things: Objects, panel: int) -> Objects:
    return frozenset(thing for thing in things if world.scene.objects[thing].panel == panel)


def _panels_sharing(world: World, trait: Callable[[int], object]) -> Objects:
    traits = {panel: trait(panel) for panel in world.panels}
    return frozenset(panel for panel in traits if list(traits.values()).count(traits[panel]) > 1)


MODULES: dict[str, Callable[..., Meaning]] = {
    "scene": lambda world, _: world.all,
    "find": _find,
    "relate": _relate,
    "relate_every": _relate_every,
    "relate_count": _relate_count,
    "between": _between,
    "nearest": lambda world, _, things, others: _by_distance(world, things, others, 1),
    "farthest": lambda world, _, things, others: _by_distance(world, things, others, -1),
    "same": _same,
    "superlative": lambda world, name, things: _ordinal(world, name, things, 1),
    "ordinal": _ordinal,
    "unique": lambda world, _, things: things,
    "inside": _inside,
    "at_side": _at_side,
    "near_side": _near_side,
    "panels": lambda world, _: world.panels,
    "panel": _panel,
    "as_many": _as_many,
    "alike": _alike,
    "where": lambda world, _, truth: truth,  # World.meaning asks it of each panel
    "and": lambda world, _, first, second: first & second,  # of two sets or of two truths
    "or": lambda world, _, first, second: first | second,
    "not": lambda world, _, first: not first if isinstance(first, bool) else world.all - first,
    "count": lambda world, _, things: len(things),
    "distinct": lambda world, name, things: len(world.values(things, name)),
    "difference": lambda world, _, first, second: max(0, first - second),
    "number": lambda world, numeral: int(numeral),
    "exists": lambda world, _, things: len(things) > 0,
    "compare": lambda world, name, first, second: COMPARE[name](first, second),
    "within": lambda world, _, number, low, high: low <= number <= high,
    "quantify": lambda world, name, first, second: QUANTIFY[name](first, second),
    "agree": lambda world, name, first, second: bool(set(world.values(first, name)) & set(world.values(second, name))),
    "describe": lambda world, name, things: world.values(things, name),
    "commonest": lambda world, name, things: _most(world, name, things, 1),
    "rarest": lambda world, name, things: _most(world, name, things, -1),
}
