"""Random layouts and scenes for the tests: seeded generators, and the Hypothesis strategies over them.

Layouts come from the benchmarks' walk over SIGNATURES. Scenes are drawn here, world by world, to be harder than the
benchmarks': ties in position and size, boxes on both sides of every margin, oblong images, relations that are given.
"""

import random
from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st

from nmn.bench.samples import random_layout
from nmn.layout import Kind, Layout
from nmn.lexicon import Lexicon, Offset, On, Order, Relation, Superlative, load_lexicon
from nmn.scene import Box, SceneGraph, SceneObject

MAX_OBJECTS = 10
CLEVR_PAIRS = (("left", "right"), ("behind", "front"))


def _with(lexicon: Lexicon, name: str, relations: dict[str, Relation], superlatives: dict[str, Superlative]) -> Lexicon:
    return replace(
        lexicon,
        name=name,
        relations={**lexicon.relations, **relations},
        superlatives={**lexicon.superlatives, **superlatives},
    )


# what no lexicon of ours has: orders by an attribute, margins of areas and superlatives, offsets beside gaps
LEXICONS = {name: load_lexicon(name) for name in ("world", "shapes", "clevr")}
LEXICONS["ordered"] = _with(
    LEXICONS["world"],
    "ordered",
    {
        "size_up": Relation(Order("size", 1), ()),
        "two_sizes_down": Relation(Order("size", -1, 1.0), ()),
        "much_larger": Relation(Order("area", 1, 0.01), ()),
        "much_taller": Relation(Order("height", 1, 0.05), ()),
        "upper_left_of": Relation(Offset(-0.5, -0.25), ()),
    },
    {"well_leftmost": Superlative(Order("x", -1, 0.1), ())},
)
LEXICONS["panels"] = replace(
    _with(
        LEXICONS["world"],
        "panels",
        {
            "right_on": Relation(On(1.0), ()),
            "right_under": Relation(On(1.0, -1), ()),
            "size_up": Relation(Order("size", 1), ()),
        },
        {"of_largest_size": Superlative(Order("size", 1), ()), "well_leftmost": Superlative(Order("x", -1, 4.0), ())},
    ),
    unit_px=1.0,
    side_gap=1.0,
    corner_gap=2.0,
    near_side_gap=3.0,
)
LEXICONS["ranked"] = _with(
    LEXICONS["ordered"],
    "ranked",
    {},
    {
        "of_largest_size": Superlative(Order("size", 1), ()),
        "of_first_texture": Superlative(Order("texture", -1), ()),
    },
)


def draw_layout(rng: random.Random, lexicon: Lexicon, depth: int = 6) -> Layout:
    """Return a layout of any kind, at most about ``depth`` calls deep."""
    return random_layout(rng, lexicon, rng.choice(list(Kind)), rng.randint(0, depth), without=frozenset())


def draw_scene(rng: random.Random, world: str, objects: int | None = None) -> SceneGraph:
    """Return a scene of a world of LEXICONS with that many objects, by default 0 to MAX_OBJECTS."""
    return SCENES[world](rng, LEXICONS[world], rng.randint(0, MAX_OBJECTS) if objects is None else objects)


def draw_pairs(world: str, count: int, seed: int) -> tuple[list[Layout], list[SceneGraph]]:
    """Return as many layouts and scenes of a world, always the same for a seed."""
    rng = random.Random(seed)
    layouts = [draw_layout(rng, LEXICONS[world]) for _ in range(count)]
    return layouts, [draw_scene(rng, world) for _ in range(count)]


def _world_scene(rng: random.Random, lexicon: Lexicon, objects: int) -> SceneGraph:
    """Few positions and sizes, so that they tie and meet margins exactly; a quarter of the boxes lie anywhere."""
    width, height = rng.choice(((64, 64), (100, 100), (96, 64), (50, 200)))
    unit = max(width, height)
    places, sides = [unit * step / 8 for step in range(1, 8)], [unit * part for part in (0.05, 0.0625, 0.125, 0.25)]
    things = []
    for _ in range(objects):
        x, y, wide, high = rng.choice(places), rng.choice(places), rng.choice(sides), rng.choice(sides)
        if rng.random() < 0.25:
            x, y, wide, high = (rng.uniform(0, most) for most in (width, height, unit / 4, unit / 4))
        things.append(SceneObject(_attributes(rng, lexicon, missing=0.2), _box(x, y, wide, high)))
    return SceneGraph(tuple(things), width, height, lexicon.name, _given(rng, objects, (("in_front_of", "behind"),)))


def _shapes_scene(rng: random.Random, lexicon: Lexicon, objects: int) -> SceneGraph:
    """Objects at the centres of 3 x 3 cells of 10 px; now and then two in one cell."""
    places = [(rng.choice((5, 15, 25)), rng.choice((5, 15, 25))) for _ in range(objects)]
    things = [
        SceneObject(_attributes(rng, lexicon), _box(x, y, rng.choice((4, 8, 10)), rng.choice((4, 8, 10))))
        for x, y in places
    ]
    return SceneGraph(tuple(things), 30, 30, lexicon.name)


def _clevr_scene(rng: random.Random, lexicon: Lexicon, objects: int) -> SceneGraph:
    places = [(rng.choice((80, 160, 240, 400)), rng.choice((80, 160, 240))) for _ in range(objects)]
    things = [SceneObject(_attributes(rng, lexicon), _box(x, y, 0, 0)) for x, y in places]
    return SceneGraph(tuple(things), 480, 320, lexicon.name, _given(rng, objects, CLEVR_PAIRS))


def _given(rng: random.Random, objects: int, pairs: tuple[tuple[str, str], ...]) -> dict[str, list[list[int]]]:
    """Random relations in pairs of which one mirrors the other; some pairs of objects stand in neither."""
    relations: dict[str, list[list[int]]] = {}
    for names in pairs:
        one, other = (relations.setdefault(name, [[] for _ in range(objects)]) for name in names)
        for first in range(objects):
            for second in range(first):
                near, far = rng.choice(((first, second), (second, first)))
                if rng.random() < 0.9:
                    one[near].append(far)
                    other[far].append(near)
    return relations


def _panels_scene(rng: random.Random, lexicon: Lexicon, objects: int) -> SceneGraph:
    """One to three panels side by side, 0 to 3 px apart, with stacks, objects at their sides and objects anywhere."""
    width, height, count = rng.choice((20, 30)), rng.choice((20, 30)), rng.randint(1, 3)
    gap = rng.randint(0, 3)
    panels = tuple((x, 0.0, x + width, height) for x in (float(place * (width + gap)) for place in range(count)))
    order = rng.sample(range(count), count)  # the panels' numbers are not their order in the image
    things: list[SceneObject] = []
    while len(things) < objects:
        panel = rng.randrange(count)
        left = panels[order[panel]][0]
        x, y, side = left + rng.randint(0, width - 4), float(rng.randint(0, height - 4)), rng.choice((2, 3, 4))
        high = rng.choice((0, 0, 1, 2)) if rng.random() < 0.5 else 0
        for _ in range(min(1 + high, objects - len(things))):
            box = (x, y, x + side, y + side)
            things.append(SceneObject(_attributes(rng, lexicon, missing=0.1), box, panel=panel))
            x, y = x + rng.choice((0, 0, 1, side)), y - side - rng.choice((0, 0, 1, 2))
    boxes = tuple(panels[place] for place in order)
    given = _given(rng, objects, (("in_front_of", "behind"),))
    return SceneGraph(tuple(things), count * (width + gap), height, lexicon.name, given, boxes)


SCENES: dict[str, Callable[[random.Random, Lexicon, int], SceneGraph]] = {
    "world": _world_scene,
    "shapes": _shapes_scene,
    "clevr": _clevr_scene,
    "ordered": _world_scene,
    "ranked": _world_scene,
    "panels": _panels_scene,
}


def _attributes(rng: random.Random, lexicon: Lexicon, missing: float = 0.0) -> dict[str, str]:
    """Return values, most of them among the first three of an attribute, so that sets overlap."""
    return {
        name: rng.choice(list(attribute.values)[: 3 if rng.random() < 0.7 else None])
        for name, attribute in lexicon.attributes.items()
        if rng.random() >= missing
    }


def _box(x: float, y: float, width: float, height: float) -> Box:
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def layouts(world: str = "world", depth: int = 6) -> st.SearchStrategy[Layout]:
    """Layouts of every kind over a world's words."""
    return st.builds(
        lambda rng: draw_layout(rng, LEXICONS[world], depth),
        st.randoms(use_true_random=False),
    )


def scenes(world: str = "world") -> st.SearchStrategy[SceneGraph]:
    """Scenes of a world."""
    return st.builds(lambda rng: draw_scene(rng, world), st.randoms(use_true_random=False))
