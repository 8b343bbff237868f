"""The reference evaluator on a scene that a person can check.

::

    y 10   0 red circle (small, 6 px)     1 red square (large, 20 px)      2 blue circle (small, 6 px)
    y 40                                  3 green star (no size, 6 px)
    x      5                              30                               55
"""

import pytest

from nmn.layout import SIGNATURES, parse_layout
from nmn.lexicon import load_lexicon
from nmn.scene import SceneGraph, SceneObject
from synth_data.reference import MODULES, evaluate


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


@pytest.mark.parametrize(
    ("layout", "answer"),
    [
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
        ("number[7]", 7),
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
    ],
)
def test_answers_that_a_person_can_check(layout: str, answer: object) -> None:
    assert evaluate(parse_layout(layout), SCENE, WORLD) == answer


def test_every_module_of_the_language_has_a_meaning() -> None:
    assert set(MODULES) == set(SIGNATURES)
