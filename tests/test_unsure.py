"""Truth with three values: what lies within a margin is open, and what is sure survives half of the margin."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.language.grammar import load_grammar
from nmn.language.parse import read_fresh
from nmn.layout import Kind, parse_layout
from nmn.lexicon import BETWEEN_DEGREES, load_lexicon
from nmn.modules.exact import encode, exact_library
from nmn.scene import Box, SceneGraph, SceneObject
from synth_data.config import SynthConfig
from synth_data.example import Example
from synth_data.label import judge
from synth_data.reference import evaluate
from tests.worlds import examples, settings

WORLD = load_lexicon("world")
MARGIN_PX = 1.5
NAMES = ("circle", "square", "star")


def scene(*boxes: Box) -> SceneGraph:
    """Return a circle, a square and a star, as many as boxes, in an image of 100 x 100 px."""
    things = [SceneObject({"shape": name}, box) for name, box in zip(NAMES, boxes, strict=False)]
    return SceneGraph(tuple(things), 100, 100)


def around(x: float, y: float, side: float = 10) -> Box:
    return x - side / 2, y - side / 2, x + side / 2, y + side / 2


def truth(text: str, graph: SceneGraph, unsure_px: float = MARGIN_PX) -> float:
    run = execute(plan([parse_layout(text)]), exact_library(WORLD), encode([graph], WORLD, unsure_px))
    return float(run.values[Kind.TRUTH][run.plan.roots()[0]])


def is_sure(text: str, graph: SceneGraph) -> bool:
    layout = parse_layout(text)
    return bool(judge([layout], [0], encode([graph], WORLD, MARGIN_PX), exact_library(WORLD))[1][0])


LEFT = "exists(and(find[circle], relate[left_of](find[square])))"
NEAR = "exists(and(find[circle], relate[near](find[square])))"
LARGER = "exists(and(find[circle], relate[larger](find[square])))"
LEFTMOST = "exists(and(find[circle], superlative[leftmost](scene)))"
BETWEEN = "exists(and(find[circle], between(find[square], find[star])))"


@pytest.mark.parametrize(("apart", "expected"), [(0.4, 0), (0.6, 0.5), (2, 0.5), (3.4, 0.5), (3.6, 1), (-2, 0)])
def test_left_of_is_open_within_the_margin_of_two_pixels(apart: float, expected: float) -> None:
    """left_of: the centre is more than 0.02 * 100 = 2 px to the left; open from 2 - 1.5 to 2 + 1.5."""
    assert truth(LEFT, scene(around(40, 50), around(40 + apart, 50))) == expected


@pytest.mark.parametrize(("gap", "expected"), [(10.9, 1), (11.1, 0.5), (12.5, 0.5), (13.9, 0.5), (14.1, 0)])
def test_near_is_open_within_the_margin_of_its_gap(gap: float, expected: float) -> None:
    """near: the gap between the boxes is at most 0.125 * 100 = 12.5 px; open from 11 to 14."""
    assert truth(NEAR, scene(around(20, 50), around(30 + gap, 50))) == expected


@pytest.mark.parametrize(("side", "expected"), [(11.6, 1), (11.4, 0.5), (10.1, 0.5), (8.6, 0.5), (8.4, 0), (10, 0.5)])
def test_larger_is_open_where_the_sides_of_squares_differ_by_less_than_the_margin(side: float, expected: float) -> None:
    """side^2 - 10^2 is at most 1.5 * (side + 10) where side is at most 11.5."""
    assert truth(LARGER, scene(around(20, 50, side), around(60, 50, 10))) == expected


@pytest.mark.parametrize(("apart", "expected"), [(1.6, 1), (1.4, 0.5), (-1.4, 0.5), (-1.6, 0), (0, 0.5)])
def test_the_leftmost_is_open_between_two_that_are_nearly_as_far_left(apart: float, expected: float) -> None:
    """leftmost has no margin: what is 1.5 px further left is so for sure."""
    assert truth(LEFTMOST, scene(around(40, 50), around(40 + apart, 50))) == expected


def seen_at(degrees: float) -> SceneGraph:
    """Return a circle that sees a square to its right, and a star so many degrees from that."""
    angle = math.radians(degrees)
    return scene(around(50, 50), around(80, 50), around(50 + 30 * math.cos(angle), 50 + 30 * math.sin(angle)))


@pytest.mark.parametrize("degrees", [-6, -5, 0, 5, 6])
def test_between_is_open_as_far_around_its_angle_as_the_margin_turns_it(degrees: float) -> None:
    """At 30 px a move of 1.5 px turns a thing by asin(1.5 / 30) = 2.87 degrees, and there are two of them."""
    expected = 0 if degrees < -5.74 else 1 if degrees > 5.74 else 0.5
    assert truth(BETWEEN, seen_at(BETWEEN_DEGREES + degrees)) == expected


@pytest.mark.parametrize(("apart", "expected"), [(2.9, 0.5), (-2.9, 0.5), (3.1, 1), (-3.1, 0), (0, 0.5)])
def test_the_nearest_is_open_where_two_moves_of_the_margin_could_change_it(apart: float, expected: float) -> None:
    graph = scene(around(30, 50), around(70 + apart, 50), around(50, 50))
    assert truth("exists(and(find[circle], nearest(scene, find[star])))", graph) == expected


def test_between_is_sure_of_what_lies_opposite() -> None:
    assert truth(BETWEEN, seen_at(179)) == 1


@pytest.mark.parametrize("apart", [0.6, 1.9, 2.1, 3.4])
def test_without_a_margin_every_relation_is_true_or_false(apart: float) -> None:
    assert truth(LEFT, scene(around(40, 50), around(40 + apart, 50)), unsure_px=0.0) == (apart > 2)


def test_an_answer_that_an_open_pair_cannot_change_is_sure() -> None:
    """A red one or a blue one: whichever of two circles is left of the square, there are two circles."""
    graph = scene(around(40, 50), around(42, 50))
    assert not is_sure(LEFT, graph)
    assert is_sure("or(exists(find[circle]), " + LEFT + ")", graph)
    assert is_sure("and(exists(find[star]), " + LEFT + ")", graph)


def test_a_presupposition_that_fails_leaves_no_sure_answer() -> None:
    graph = scene(around(40, 50), around(60, 50))
    assert is_sure("exists(and(unique(find[circle]), relate[left_of](unique(find[square]))))", graph)
    assert not is_sure("exists(and(unique(find[circle]), relate[left_of](unique(find[star]))))", graph)
    assert not is_sure("exists(unique(scene))", graph)


def test_an_attribute_with_two_values_is_no_sure_answer() -> None:
    graph = scene(around(40, 50), around(60, 50))
    assert is_sure("describe[shape](find[circle])", graph)
    assert not is_sure("describe[shape](scene)", graph)


# ---- soundness: what generated examples say survives every move of less than half the margin -----------------------


def shifted(graph: SceneGraph, moves: list[tuple[float, float]]) -> SceneGraph:
    """Return the scene with each object moved."""
    things = []
    for thing, (right, down) in zip(graph.objects, moves, strict=False):
        left, top, width, height = thing.box
        things.append(replace(thing, box=(left + right, top + down, width + right, height + down)))
    return replace(graph, objects=tuple(things))


def changed(example: Example, moves: list[tuple[float, float]]) -> bool:
    return evaluate(example.layout, shifted(example.scene, moves), WORLD) != example.answer


GENERATED = settings(size=150, seed=3, touching=0.2)
NEARBY = settings(
    size=80, seed=4, relations=("near", "left_of", "above"), families=("relation", "existence_related", "count_related")
)
STEPS, HALF_PX = 47, 47 / 64  # below half of the margin; in steps of 1 / 64 px all sums and products are exact
move = st.tuples(*[st.integers(-STEPS, STEPS).map(lambda steps: steps / 64)] * 2)
moves = st.lists(move, min_size=20, max_size=20)


@pytest.mark.parametrize("config", [GENERATED, NEARBY], ids=["world", "near"])
def test_every_generated_answer_is_sure(config: SynthConfig) -> None:
    found = examples(config)
    regions = encode([example.scene for example in found], WORLD, MARGIN_PX)
    _, sure = judge([example.layout for example in found], range(len(found)), regions, exact_library(WORLD))
    assert sure.all()


def test_every_caption_is_sure() -> None:
    grammar = load_grammar("world", WORLD)
    spoken = settings(size=60, seed=5, captions=4, families=("existence",))
    said = [(place, text) for place, example in enumerate(examples(spoken)) for text in example.captions]
    layouts = [read_fresh(text, grammar).layout for _, text in said]
    regions = encode([example.scene for example in examples(spoken)], WORLD, MARGIN_PX)
    answers, sure = judge(layouts, [place for place, _ in said], regions, exact_library(WORLD))
    assert sure.all() and (answers == 1).all() and len(said) > 200


@pytest.mark.parametrize("config", [GENERATED, NEARBY], ids=["world", "near"])
def test_corner_moves_of_less_than_half_the_margin_change_no_answer(config: SynthConfig) -> None:
    drawn, rng = examples(config), random.Random(1)
    corners = [(x, y) for x in (-HALF_PX, HALF_PX) for y in (-HALF_PX, HALF_PX)]
    found = [one for one in drawn for _ in range(8) if changed(one, rng.choices(corners, k=20))]
    assert not found, (found[0].text, found[0].scene)


@given(st.integers(0, GENERATED.size - 1), moves)
def test_no_move_of_less_than_half_the_margin_changes_an_answer(place: int, by: list[tuple[float, float]]) -> None:
    example = examples(GENERATED)[place]
    assert not changed(example, by)


def test_without_a_margin_such_moves_do_change_answers() -> None:
    """So that the tests above can fail."""
    careless, rng = settings(size=300, seed=3, unsure_px=0.0), random.Random(1)
    sideways = [[(rng.uniform(-HALF_PX, HALF_PX), 0.0) for _ in range(20)] for _ in range(5)]
    assert any(changed(example, by) for example in examples(careless) for by in sideways)
