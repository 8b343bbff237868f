"""Panels by hand, in the reference and in the executor: three boxes as NLVR has them."""

import pytest

from nmn.layout import parse_layout
from nmn.lexicon import load_lexicon
from nmn.reasoner import run
from nmn.scene import SceneGraph, SceneObject
from synth_data.reference import evaluate

# three boxes of 100 px, 15 px apart: 0 yellow, 1 blue, 2 black in a tower; 3 blue; 4 yellow circle, 5 black triangle
BOXES = SceneGraph(
    (
        *(
            SceneObject({"shape": "square", "color": color, "size": "medium"}, (40, y, 60, y + 20), panel=0)
            for y, color in [(80, "yellow"), (59, "blue"), (38, "black")]
        ),
        SceneObject({"shape": "square", "color": "blue", "size": "medium"}, (155, 80, 175, 100), panel=1),
        SceneObject({"shape": "circle", "color": "yellow", "size": "small"}, (230, 0, 240, 10), panel=2),
        SceneObject({"shape": "triangle", "color": "black", "size": "large"}, (280, 40, 310, 70), panel=2),
    ),
    330,
    100,
    "nlvr",
    panels=((0, 0, 100, 100), (115, 0, 215, 100), (230, 0, 330, 100)),
)
PANEL_ANSWERS: list[tuple[str, object]] = [
    ("panels", (0, 1, 2)),
    ("panel[leftmost]", (0,)),
    ("panel[largest]", (0, 1, 2)),
    ("not(panel[leftmost])", (1, 2)),
    ("where(exists(find[yellow]))", (0, 2)),
    ("where(compare[equal](count(scene), number[1]))", (1,)),
    ("where(quantify[every](scene, find[blue]))", (1,)),
    ("where(exists(and(find[blue], superlative[topmost](scene))))", (1,)),
    ("where(exists(inside(panel[rightmost])))", (0, 1, 2)),
    ("inside(panel[rightmost])", (4, 5)),
    ("inside(where(exists(find[circle])))", (4, 5)),
    ("at_side[wall]", (0, 3, 4)),
    ("at_side[bottom]", (0, 3)),
    ("at_side[corner]", (4,)),
    ("at_side[right]", ()),
    ("relate[on](find[yellow])", (1,)),
    ("relate[above](find[blue])", (2,)),
    ("relate[under](find[black])", (1,)),
    ("relate[left_of](scene)", (4,)),
    ("relate_every[left_of](find[black])", ()),
    ("superlative[topmost](scene)", (4,)),
    ("same[color](find[circle])", (0,)),
    ("between(find[yellow], find[black])", (1,)),
    ("near_side[wall]", (0, 3, 4)),
    ("near_side[right]", ()),
    ("as_many(scene)", ()),
    ("as_many(find[yellow])", (0, 2)),
    ("as_many(find[circle])", (0, 1)),
    ("alike[color](find[square])", ()),
    ("alike[color](and(find[square], at_side[bottom]))", ()),
    ("alike[color](find[blue])", (0, 1)),
    ("count(panels)", 3),
    ("count(not(where(exists(find[yellow]))))", 1),
    ("quantify[every](panels, where(exists(scene)))", True),
    ("quantify[most](panels, where(exists(find[yellow])))", True),
    ("exists(and(panel[leftmost], where(exists(find[circle]))))", False),
    ("exists(or(panel[leftmost], where(exists(find[circle]))))", True),
]


@pytest.mark.parametrize(("layout", "answer"), PANEL_ANSWERS)
def test_answers_about_panels_that_a_person_can_check(layout: str, answer: object) -> None:
    found = evaluate(parse_layout(layout), BOXES, load_lexicon("nlvr"))
    assert found == answer and type(found) is type(answer)
    assert run(layout, BOXES).value == answer


def test_a_layout_is_asked_of_one_panel_alone() -> None:
    answers = [evaluate(parse_layout("count(scene)"), BOXES, load_lexicon("nlvr"), panel) for panel in range(3)]
    assert answers == [3, 1, 2]
