"""The exact library by hand: what the boxes and attributes of a known scene make true."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch

import nmn
from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.errors import LayoutError, SceneError
from nmn.layout import Kind, Signature, parse_layout
from nmn.lexicon import Order, Relation, Superlative, load_lexicon
from nmn.modules import pairs
from nmn.modules.custom import register_module, unregister_module
from nmn.modules.exact import encode, exact_library
from nmn.scene import SceneGraph, SceneObject
from synth_data.reference import evaluate

WORLD = load_lexicon("world")
LIBRARY = exact_library(WORLD)


def scene(*things: tuple[float, Mapping[str, str]]) -> SceneGraph:
    """Return 6 px objects with their left edges where given, in an image of 64 px."""
    return SceneGraph(tuple(SceneObject(attributes, (x, 10, x + 6, 16)) for x, attributes in things), 64, 64)


ROW = scene((2, {"color": "red"}), (20, {"color": "blue"}), (40, {"color": "red"}))
ONE = scene((30, {}))


def attention(text: str, *scenes: SceneGraph) -> list[list[float]]:
    layout = parse_layout(text)
    run = execute(plan([layout] * len(scenes)), LIBRARY, encode(scenes, WORLD))
    values: list[list[float]] = run.values[Kind.ATTENTION][torch.from_numpy(run.plan.roots())].tolist()
    return values


@pytest.mark.parametrize(
    ("layout", "members"),
    [
        ("find[red]", [1, 0, 1]), ("relate[left_of](find[blue])", [1, 0, 0]), ("same[color](find[red])", [1, 0, 1]),
        ("same[color](find[blue])", [0, 0, 0]), ("between(find[red], find[red])", [0, 1, 0]),
        ("superlative[leftmost](scene)", [1, 0, 0]), ("ordinal[leftmost](scene, number[2])", [0, 1, 0]),
        ("nearest(scene, find[blue])", [1, 0, 0]), ("farthest(scene, find[blue])", [0, 0, 1]),
        ("nearest(find[red], find[red])", [1, 0, 1]), ("nearest(find[blue], find[blue])", [0, 0, 0]),
        ("relate_count[left_of](scene, number[2])", [1, 0, 0]), ("relate_every[left_of](scene)", [1, 0, 0]),
    ],
)  # fmt: skip
def test_sets_by_hand(layout: str, members: list[float]) -> None:
    assert attention(layout, ROW) == [members]


@pytest.mark.parametrize(
    "layout", ["nearest(find[red], find[blue])", "farthest(find[red], scene)", "between(scene, scene)"]
)
def test_pairs_are_worked_out_in_parts_as_at_once(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    many = scene(*((3 * place % 53, {"color": "red" if place % 3 else "blue"}) for place in range(12)))
    at_once = attention(layout, many, ROW)
    monkeypatch.setattr(pairs, "PAIRS_AT_ONCE", 1)
    assert attention(layout, many, ROW) == at_once
    assert 0 < sum(at_once[0]) < 12


def test_a_relation_and_a_superlative_of_one_name_mean_each_its_own() -> None:
    relations = {**WORLD.relations, "first": Relation(Order("x", 1), ())}
    superlatives = {**WORLD.superlatives, "first": Superlative(Order("x", -1), ())}
    words = replace(WORLD, relations=relations, superlatives=superlatives)
    assert nmn.run("relate[first](find[blue])", ROW, lexicon=words).value == (2,)
    assert nmn.run("superlative[first](scene)", ROW, lexicon=words).value == (0,)


@pytest.mark.parametrize("layout", ["scene", "not(find[red])", "relate_every[left_of](scene)", "same[color](scene)"])
def test_padding_is_never_attended(layout: str) -> None:
    assert attention(layout, ROW, ONE)[1][1:] == [0, 0]


def test_objects_without_the_attribute_are_not_the_same() -> None:
    assert attention("same[color](scene)", scene((2, {}), (20, {})))[0] == [0, 0]


EQUAL = SceneGraph(
    tuple(SceneObject({"color": color}, box) for color, box in (
        ("red", (0.1, 0.1, 10.3, 10.3)), ("blue", (20.7, 20.7, 30.9, 30.9)), ("green", (31.924, 20.7, 50, 30)),
    )), 64, 64,
)  # fmt: skip


@pytest.mark.parametrize(
    ("layout", "members"),
    [("relate[larger](find[blue])", [0, 0, 1]), ("relate[smaller](find[red])", [0, 0, 0]),
     ("relate[touching](find[blue])", [0, 0, 1]), ("superlative[smallest](scene)", [1, 1, 0])],
)  # fmt: skip
def test_the_rounding_of_numbers_makes_nothing_larger_or_farther(layout: str, members: list[float]) -> None:
    """10.3 - 0.1 is more than 30.9 - 20.7, and 31.924 - 30.9 than 0.016 * 64, by a rounding each."""
    assert 10.3 - 0.1 > 30.9 - 20.7 and 31.924 - 30.9 > 0.016 * 64
    assert attention(layout, EQUAL) == [members]
    assert evaluate(parse_layout(layout), EQUAL, WORLD) == tuple(place for place, it in enumerate(members) if it)


def test_an_unknown_attribute_names_the_nearest() -> None:
    with pytest.raises(SceneError, match='unknown attribute "colour"; did you mean "color"'):
        encode([scene((2, {"colour": "red"}))], WORLD)


def test_no_scenes_and_no_layouts_run() -> None:
    assert execute(plan([]), LIBRARY, encode([], WORLD)).values[Kind.TRUTH].shape == (0,)


def test_encoded_scenes_do_not_depend_on_the_batch_they_are_in() -> None:
    alone, batch = encode([ONE], WORLD), encode([ROW, ONE], WORLD)
    assert torch.equal(batch.features[1, :1], alone.features[0]) and torch.equal(batch.boxes[1, :1], alone.boxes[0])


@pytest.mark.parametrize("given", [None, 1.0, torch.ones(1, 1), torch.ones(6)])
def test_what_a_module_of_ones_own_gives_has_the_shape_of_its_kind(given: object) -> None:
    attention = Kind.ATTENTION
    register_module("mine", Signature((attention,), attention, None, "x"), lambda group: given)  # type: ignore[arg-type, return-value]
    try:
        with pytest.raises(LayoutError, match=r"module 'mine': expected a tensor \[1, 6\] for attention"):
            nmn.run("mine(find[red])", "nmn/scenes/demo.json")
    finally:
        unregister_module("mine")


@pytest.mark.parametrize(("given", "told"), [(float("nan"), "nan to nan"), (1.5, "1.5 to 1.5"), (-0.5, "-0.5 to -0.5")])
def test_what_a_module_of_ones_own_gives_are_chances(given: float, told: str) -> None:
    register_module("off", Signature((), Kind.ATTENTION, None, "x"), lambda group: torch.full_like(group.mask, given))
    try:
        with pytest.raises(LayoutError, match=f"module 'off': expected chances between 0 and 1; got {told}"):
            nmn.run("exists(off)", "nmn/scenes/demo.json")
    finally:
        unregister_module("off")


def test_a_module_of_ones_own_is_a_function_with_a_signature() -> None:
    attention = Kind.ATTENTION
    with pytest.raises(LayoutError, match="expected a Signature and a function"):
        register_module("mine", Signature((attention,), attention, None, "x"), 5)  # type: ignore[arg-type]
