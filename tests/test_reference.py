"""The reference evaluator on a scene that a person can check.

::

    y 10   0 red circle (small, 6 px)     1 red square (large, 20 px)      2 blue circle (small, 6 px)
    y 40                                  3 green star (no size, 6 px)
    x      5                              30                               55
"""

import math
from pathlib import Path

import pytest

from nmn.errors import ArgumentError, SceneError
from nmn.layout import SIGNATURES, parse_layout
from nmn.lexicon import load_lexicon
from nmn.scene import SceneGraph, SceneObject
from synth_data.reference import MODULES, evaluate
from tests.strategies import LEXICONS
from tests.test_panels import PANEL_ANSWERS


def thing(x: float, y: float, side: float, **attributes: str) -> SceneObject:
    return SceneObject(attributes, (x - side / 2, y - side / 2, x + side / 2, y + side / 2))


SCENE = SceneGraph(
    (
        thing(5, 10, 6, shape="circle", color="red", size="small"),
        thing(30, 10, 20, shape="square", color="red", size="large"),
        thing(55, 10, 6, shape="circle", color="blue", size="small"),
        thing(30, 40, 6, shape="star", color="green"),
    ),
    64,
    64,
)
WORLD = load_lexicon("world")


ANSWERS: list[tuple[str, object]] = [
    ("scene", (0, 1, 2, 3)),
    ("find[red]", (0, 1)),
    ("find[large]", (1,)),
    ("relate[left_of](find[square])", (0,)),
    ("relate[left_of](find[circle])", (0, 1, 3)),
    ("relate[above](find[star])", (0, 1, 2)),
    ("relate[near](find[square])", ()),
    ("relate[larger](find[circle])", (1,)),
    ("relate_every[left_of](find[circle])", (0,)),
    ("relate_every[larger](scene)", (1,)),
    ("relate_count[left_of](scene, number[2])", (0,)),
    ("relate_count[left_of](scene, number[0])", (0, 1, 2, 3)),
    ("between(find[circle], find[circle])", (1,)),
    ("between(find[red], find[star])", ()),
    ("nearest(scene, find[star])", (1,)),  # 30 px away, the circles 39.05
    ("farthest(scene, find[star])", (0, 2)),
    ("nearest(find[circle], find[circle])", (0, 2)),  # each to the other
    ("farthest(scene, find[red])", (2, 3)),  # the blue circle from the red one; from the square the star, 30 px away
    ("same[color](find[square])", (0,)),
    ("same[size](find[star])", ()),
    ("superlative[leftmost](find[circle])", (0,)),
    ("superlative[topmost](scene)", (0, 1, 2)),
    ("ordinal[leftmost](scene, number[2])", (1, 3)),
    ("ordinal[leftmost](scene, number[3])", ()),
    ("unique(find[red])", (0, 1)),
    ("and(find[red], find[circle])", (0,)),
    ("or(find[blue], find[green])", (2, 3)),
    ("not(find[circle])", (1, 3)),
    ("not(exists(find[ring]))", True),
    ("and(exists(find[red]), exists(find[ring]))", False),
    ("or(exists(find[red]), exists(find[ring]))", True),
    ("count(find[red])", 2),
    ("count(find[ring])", 0),
    ("distinct[color](scene)", 3),
    ("distinct[size](find[star])", 0),
    ("commonest[color](scene)", "red"),
    ("commonest[color](find[circle])", ("red", "blue")),
    ("commonest[size](find[star])", None),
    ("rarest[color](scene)", ("green", "blue")),
    ("rarest[shape](find[red])", ("square", "circle")),
    ("difference(count(find[red]), count(find[green]))", 1),
    ("difference(count(find[green]), count(find[red]))", 0),
    ("difference(number[7], difference(number[5], number[1]))", 3),
    ("number[7]", 7),
    ("number[0]", 0),
    ("exists(find[star])", True),
    ("exists(find[ring])", False),
    ("compare[more](count(find[red]), count(find[blue]))", True),
    ("compare[at_most](count(find[red]), number[1])", False),
    ("within(count(find[red]), number[2], number[4])", True),
    ("within(count(find[red]), number[3], number[4])", False),
    ("quantify[every](find[circle], find[small])", True),
    ("quantify[every](find[ring], find[red])", True),
    ("quantify[most](find[circle], find[red])", False),
    ("quantify[half](find[circle], find[red])", True),
    ("quantify[both](find[circle], find[small])", True),
    ("quantify[both](find[star], find[green])", False),
    ("quantify[neither](find[circle], find[green])", True),
    ("agree[color](find[square], find[circle])", True),
    ("agree[color](find[square], find[star])", False),
    ("describe[color](find[square])", "red"),
    ("describe[color](find[circle])", ("red", "blue")),
    ("describe[size](find[star])", None),
    ("relate[touching](scene)", ()),
    ("relate_every[left_of](find[ring])", (0, 1, 2, 3)),
    ("relate_every[above](scene)", ()),
    ("relate_every[below](scene)", (3,)),
    ("relate_count[above](find[star], number[1])", (0, 1, 2)),
    ("relate_count[left_of](scene, number[4])", ()),
    ("between(scene, scene)", (1,)),
    ("between(find[square], find[star])", ()),
    ("same[shape](find[circle])", (0, 2)),
    ("same[shape](find[red])", (2,)),
    ("superlative[largest](find[circle])", (0, 2)),
    ("superlative[smallest](scene)", (0, 2, 3)),
    ("superlative[largest](find[ring])", ()),
    ("ordinal[largest](scene, number[2])", (0, 2, 3)),
    ("ordinal[topmost](scene, number[4])", (3,)),
    ("ordinal[topmost](scene, number[0])", ()),
    ("unique(find[ring])", ()),
    ("distinct[color](find[red])", 1),
    ("distinct[shape](scene)", 3),
    ("compare[equal](count(find[red]), count(find[circle]))", True),
    ("compare[equal](number[1], number[2])", False),
    ("compare[fewer](number[1], number[2])", True),
    ("compare[fewer](number[2], number[2])", False),
    ("compare[more](number[2], number[2])", False),
    ("compare[at_most](number[2], number[2])", True),
    ("compare[at_least](number[2], number[2])", True),
    ("compare[at_least](number[1], number[2])", False),
    ("within(count(scene), number[4], number[4])", True),
    ("within(count(scene), number[0], number[3])", False),
    ("quantify[every](find[circle], find[red])", False),
    ("quantify[most](find[circle], find[small])", True),
    ("quantify[most](find[ring], find[red])", False),
    ("quantify[half](find[circle], find[small])", False),
    ("quantify[half](find[ring], find[red])", True),
    ("quantify[both](find[circle], find[red])", False),
    ("quantify[neither](find[circle], find[small])", False),
    ("quantify[neither](find[star], find[red])", False),
    ("agree[size](find[star], scene)", False),
    ("agree[size](find[circle], scene)", True),
]


@pytest.mark.parametrize(("layout", "answer"), ANSWERS)
def test_answers_that_a_person_can_check(layout: str, answer: object) -> None:
    found = evaluate(parse_layout(layout), SCENE, WORLD)
    assert found == answer and type(found) is type(answer)


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_every_module_has_two_answers_worked_by_hand(name: str) -> None:
    assert (
        sum(any(call.module == name for call in parse_layout(layout).calls) for layout, _ in ANSWERS + PANEL_ANSWERS)
        >= 2
    )


# 0 red circle, 1 blue square right of it, 2 red square below that, 3 green triangle in the lower right corner
GRID = SceneGraph(
    (
        thing(5, 5, 8, shape="circle", color="red"),
        thing(15, 5, 8, shape="square", color="blue"),
        thing(15, 15, 8, shape="square", color="red"),
        thing(25, 25, 8, shape="triangle", color="green"),
    ),
    30,
    30,
    "shapes",
)


@pytest.mark.parametrize(
    ("layout", "answer"),
    [
        ("relate[above](find[square])", (1,)),
        ("relate[below](find[blue])", (2,)),
        ("relate[left_of](find[blue])", (0,)),
        ("relate[right_of](find[circle])", (1,)),
        ("relate[left_of](find[triangle])", ()),
        ("relate[above](find[triangle])", ()),
        ("relate_every[above](find[square])", (1,)),
        ("relate[right_of](relate[above](find[red]))", ()),
        ("relate_count[below](find[blue], number[1])", (2,)),
    ],
)
def test_in_shapes_a_relation_is_exactly_one_cell(layout: str, answer: tuple[int, ...]) -> None:
    assert evaluate(parse_layout(layout), GRID, load_lexicon("shapes")) == answer


# from left to right: 1 blue sphere, 0 red cube, 2 red cylinder; nobody is behind anybody, and front is not given
TABLE = SceneGraph(
    (
        thing(0, 0, 0, shape="cube", color="red"),
        thing(0, 0, 0, shape="sphere", color="blue"),
        thing(0, 0, 0, shape="cylinder", color="red"),
    ),
    480,
    320,
    "clevr",
    {"left": [[1], [], [0, 1]], "right": [[2], [0, 2], []], "behind": [[], [], []]},
)


@pytest.mark.parametrize(
    ("layout", "answer"),
    [
        ("relate[left](find[cylinder])", (0, 1)),
        ("relate[left](find[cube])", (1,)),
        ("relate[right](find[sphere])", (0, 2)),
        ("relate[behind](scene)", ()),
        ("relate_every[left](scene)", (1,)),
        ("relate_count[right](scene, number[2])", (2,)),
        ("describe[color](relate[right](find[sphere]))", "red"),
    ],
)
def test_in_clevr_the_scene_lists_the_pairs(layout: str, answer: object) -> None:
    assert evaluate(parse_layout(layout), TABLE, load_lexicon("clevr")) == answer


@pytest.mark.parametrize(
    ("layout", "answer"),
    [
        ("superlative[of_largest_size](scene)", (1,)),
        ("superlative[of_largest_size](find[star])", ()),
        ("superlative[of_largest_size](not(find[square]))", (0, 2)),
        ("superlative[of_first_texture](scene)", ()),
        ("ordinal[of_largest_size](scene, number[1])", (1,)),
        ("ordinal[of_largest_size](scene, number[2])", (0, 2)),
        ("superlative[well_leftmost](scene)", (0,)),
        ("relate[size_up](scene)", (1,)),
        ("relate[two_sizes_down](scene)", (0, 2)),
        ("relate[upper_left_of](find[star])", (0, 1)),
    ],
)
def test_an_object_without_the_attribute_of_an_order_is_outside_it(layout: str, answer: tuple[int, ...]) -> None:
    assert evaluate(parse_layout(layout), SCENE, LEXICONS["ranked"]) == answer


@pytest.mark.parametrize(("left", "near"), [(12.0, (0, 1)), (12.01, ())])
def test_a_gap_that_just_meets_its_bound_counts(left: float, near: tuple[int, ...]) -> None:
    boxes = [(0.0, 0.0, 4.0, 4.0), (left, 0.0, 16.0, 4.0)]
    scene = SceneGraph(tuple(SceneObject({}, box) for box in boxes), 64, 64)  # near: 0.125 of 64 px, so 8 px
    assert evaluate(parse_layout("relate[near](scene)"), scene, WORLD) == near


@pytest.mark.parametrize(("size", "smaller"), [("medium", ()), ("large", (0,))])
def test_a_margin_that_is_just_met_is_not_exceeded(size: str, smaller: tuple[int, ...]) -> None:
    scene = SceneGraph((thing(9, 9, 2, size="small"), thing(9, 9, 2, size=size)), 64, 64)
    assert evaluate(parse_layout("relate[two_sizes_down](scene)"), scene, LEXICONS["ordered"]) == smaller


@pytest.mark.parametrize(("degrees", "between"), [(180, (0,)), (151, (0,)), (149, ()), (90, ())])
def test_between_is_a_wide_angle(degrees: float, between: tuple[int, ...]) -> None:
    x, y = 10 * math.cos(math.radians(degrees)), 10 * math.sin(math.radians(degrees))
    scene = SceneGraph((thing(30, 30, 2), thing(40, 30, 2), thing(30 + x, 30 + y, 2)), 64, 64)
    assert evaluate(parse_layout("between(scene, scene)"), scene, WORLD) == between


def test_nothing_lies_between_itself_and_another_at_its_own_centre() -> None:
    scene = SceneGraph((thing(30, 30, 2), thing(30, 30, 4), thing(50, 30, 2)), 64, 64)
    assert evaluate(parse_layout("between(scene, scene)"), scene, WORLD) == ()


@pytest.mark.parametrize(
    ("layout", "answer"),
    [
        ("scene", ()), ("not(scene)", ()), ("count(scene)", 0), ("exists(scene)", False),
        ("quantify[every](scene, scene)", True), ("quantify[both](scene, scene)", False),
        ("describe[color](scene)", None), ("relate_every[near](scene)", ()),
    ],
)  # fmt: skip
def test_an_empty_scene_has_answers(layout: str, answer: object) -> None:
    found = evaluate(parse_layout(layout), SceneGraph((), 64, 64), WORLD)
    assert found == answer and type(found) is type(answer)


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("find[purpel]", 'unknown value "purpel"; did you mean "purple"'),
        ("relate[leftof](scene)", 'unknown relation "leftof"; did you mean "left_of"'),
        ("relate_every[leftof](scene)", "unknown relation"),
        ("relate_count[leftof](scene, number[1])", "unknown relation"),
        ("same[colour](scene)", 'unknown attribute "colour"; did you mean "color"'),
        ("describe[colour](scene)", "unknown attribute"),
        ("distinct[colour](scene)", "unknown attribute"),
        ("agree[colour](scene, scene)", "unknown attribute"),
        ("superlative[oldest](scene)", 'unknown superlative "oldest"'),
        ("ordinal[oldest](scene, number[1])", "unknown superlative"),
    ],
)
@pytest.mark.parametrize("scene", [SCENE, SceneGraph((), 64, 64)], ids=["scene", "empty"])
def test_an_unknown_word_is_refused_even_of_nothing(layout: str, message: str, scene: SceneGraph) -> None:
    with pytest.raises(ArgumentError, match=message):
        evaluate(parse_layout(layout), scene, WORLD)


@pytest.mark.parametrize("layout", ["relate[front](scene)", "relate[front](find[metal])", "relate_every[front](scene)"])
def test_a_relation_that_the_scene_does_not_give_is_refused_even_of_nothing(layout: str) -> None:
    with pytest.raises(SceneError, match='the scene gives no relation "front"'):
        evaluate(parse_layout(layout), TABLE, load_lexicon("clevr"))


def test_the_reference_shares_no_code_with_the_executor() -> None:
    source = Path(evaluate.__code__.co_filename).read_text(encoding="utf-8")
    imports = [line for line in source.splitlines() if line.startswith(("import ", "from "))]
    assert not [line for line in imports if any(name in line for name in ("modules", "assembler", "torch", "numpy"))]


def test_every_module_of_the_language_has_a_meaning() -> None:
    assert set(MODULES) == set(SIGNATURES)
