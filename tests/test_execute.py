"""Plans and their execution: batched equals one by one, order is irrelevant, sharing, errors, gradients, traces."""

import random
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import one_hot

from nmn.assembler.execute import execute
from nmn.assembler.plan import plan
from nmn.assembler.trace import answers, trace
from nmn.bench.samples import random_layout, random_scene
from nmn.errors import ArgumentError, LayoutError, SceneError
from nmn.layout import Argument, Kind, Layout, Signature, parse_layout
from nmn.lexicon import load_lexicon
from nmn.modules.custom import register_module, unregister_module
from nmn.modules.exact import SceneRegions, encode, exact_library
from nmn.modules.group import Group
from nmn.modules.library import check_words
from nmn.reasoner import Reasoner, load, run, run_many
from nmn.resources import SCENES
from nmn.scene import SceneGraph, SceneObject

WORLD = load_lexicon("world")
LIBRARY = exact_library(WORLD)
ROW = SceneGraph(
    tuple(
        SceneObject({"shape": shape, "color": color, "size": "small"}, (x, 10, x + 6, 16))
        for x, shape, color in [(2, "circle", "red"), (20, "square", "red"), (40, "circle", "blue")]
    ),
    64,
    64,
)


def examples(rng: random.Random, count: int) -> tuple[list[Layout], list[SceneGraph]]:
    layouts = [
        random_layout(rng, WORLD, rng.choice(list(Kind)), rng.randint(0, 5), without=frozenset()) for _ in range(count)
    ]
    return layouts, [random_scene(rng, WORLD, rng.randint(0, 7), sparse=True) for _ in range(count)]


@given(st.randoms(use_true_random=False))
def test_a_batch_gives_the_same_as_one_by_one(rng: random.Random) -> None:
    layouts, scenes = examples(rng, 7)
    alone = [run_many([layout], [scene], WORLD)[0] for layout, scene in zip(layouts, scenes, strict=True)]
    assert run_many(layouts, scenes, WORLD) == alone


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_batch_is_irrelevant(rng: random.Random) -> None:
    layouts, scenes = examples(rng, 7)
    order = rng.sample(range(7), 7)
    shuffled = run_many([layouts[i] for i in order], [scenes[i] for i in order], WORLD)
    straight = run_many(layouts, scenes, WORLD)
    assert shuffled == [straight[i] for i in order]


def test_equal_sub_layouts_on_one_image_are_one_call() -> None:
    layouts = [
        parse_layout(text) for text in ("count(and(find[red], find[circle]))", "exists(and(find[red], find[circle]))")
    ]
    assert plan(layouts, images=[0, 0]).calls == 5
    assert plan(layouts, images=[0, 1]).calls == 8


def test_calls_of_one_level_module_and_kind_are_one_step() -> None:
    layouts = [parse_layout(f"and(exists(and(find[{c}], find[circle])), exists(find[{c}]))") for c in ("red", "blue")]
    steps = [(step.module, step.kind, step.stop - step.start) for step in plan(layouts).steps]
    assert steps == [
        ("find", "attention", 4), ("and", "attention", 2), ("exists", "truth", 4), ("and", "truth", 2),
    ]  # fmt: skip


def test_every_operand_lies_in_a_step_before_its_user() -> None:
    layouts, _ = examples(random.Random(1), 50)
    planned = plan(layouts)
    written = dict.fromkeys(Kind, 0)
    for step in planned.steps:
        for kind, rows in zip(step.operand_kinds, planned.operands, strict=False):
            assert rows[step.start : step.stop].max() < written[kind]
        assert step.rows.start == written[step.kind]
        written[step.kind] = step.rows.stop
    assert written == planned.sizes


def test_as_many_images_as_layouts_are_needed() -> None:
    with pytest.raises(ValueError, match="1 layouts need as many images, got 2"):
        plan([Layout("scene")], images=[0, 1])


def test_a_plan_for_other_panels_than_the_regions_have_is_refused() -> None:
    with pytest.raises(ValueError, match="the plan asks each of 3 panels, the regions have 1"):
        execute(plan([parse_layout("where(exists(scene))")], panels=3), LIBRARY, encode([ROW], WORLD))


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("count(find[purpel])", 'unknown value "purpel"; did you mean "purple"'),
        ("count(relate[leftof](scene))", 'unknown relation "leftof"; did you mean "left_of"'),
        ("describe[colour](scene)", 'unknown attribute "colour"; did you mean "color"'),
        ("superlative[oldest](scene)", 'unknown superlative "oldest"'),
    ],
)
def test_a_word_that_the_library_does_not_know_is_named(layout: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        run(layout, ROW)


def test_a_value_that_the_lexicon_does_not_know_is_named() -> None:
    scene = SceneGraph((SceneObject({"color": "redd"}, (0, 0, 1, 1)),), 64, 64)
    with pytest.raises(
        SceneError, match=r'scene 0, objects\[0\]\.attributes\.color: unknown value "redd"; did you mean'
    ):
        encode([scene], WORLD)


def test_a_relation_that_the_scene_must_give_is_missed_only_where_it_is_used() -> None:
    scene = SceneGraph((SceneObject({"shape": "cube"}, (0, 0, 0, 0)),), 480, 320, "clevr")
    assert run("count(find[cube])", scene).value == 1
    with pytest.raises(SceneError, match='scene 0 gives no relation for "left"'):
        run("count(relate[left](find[cube]))", scene)


def test_gradients_reach_the_features_through_a_deep_layout() -> None:
    regions = encode([ROW], WORLD)
    soft: SceneRegions = replace(regions, features=(0.8 * regions.features + 0.1).requires_grad_())
    layout = parse_layout(
        "compare[more](count(and(find[circle], relate[left_of](find[blue]))), distinct[color](not(find[square])))"
    )
    executed = execute(plan([layout]), LIBRARY, soft)
    executed.values[Kind.TRUTH].sum().backward()  # type: ignore[no-untyped-call]
    assert soft.features.grad is not None and soft.features.grad.abs().sum() > 0
    assert torch.isfinite(soft.features.grad).all()


def test_a_trace_shows_the_objects_that_each_call_picked() -> None:
    answer = run("count(and(find[circle], relate[left_of](find[blue])))", ROW)
    picked = {f"{call.module}[{call.argument}]": call.picked for call in answer.trace.calls if call.kind == "attention"}
    assert picked == {"find[circle]": (0, 2), "find[blue]": (2,), "relate[left_of]": (0, 1), "and[None]": (0,)}
    assert answer.value == 1


def test_a_failed_presupposition_is_in_the_trace_and_the_answer_follows_its_meaning() -> None:
    answer = run("describe[color](unique(find[circle]))", ROW)
    assert answer.value == ("red", "blue")
    assert answer.problems == ("unique presupposes exactly one in its set, there are 2",)


def test_nothing_to_describe_is_answered_none_with_the_reason() -> None:
    answer = run("describe[color](find[star])", ROW)
    assert answer.value is None and str(answer) == "none"
    assert answer.problems == ("describe[color] presupposes at least one in its set, there are 0",)


def test_trace_graph_and_json_say_the_same() -> None:
    answer = run("count(find[red])", ROW)
    graph = answer.trace.graph
    assert [graph.nodes[node]["value"] for node in graph] == [(0, 1), 2]
    assert [call["value"] for call in answer.trace.to_json()] == [[0, 1], 2]


def test_a_number_beyond_the_scene_is_compared_properly() -> None:
    assert run("compare[fewer](count(find[red]), number[900])", ROW).value is True


def test_an_empty_scene_can_be_asked() -> None:
    assert run("count(scene)", SceneGraph((), 64, 64)).value == 0


def test_a_module_of_ones_own_runs_in_layouts() -> None:
    def squarest(group: Group) -> torch.Tensor:
        boxes = group.regions.boxes[group.image]
        width, height = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
        return group.operands[0] * (width == height)

    register_module("upright", Signature((Kind.ATTENTION,), Kind.ATTENTION, None, "members as wide as high"), squarest)
    try:
        known = parse_layout("count(upright(find[red]))")
        assert run(known, ROW).value == 2
    finally:
        unregister_module("upright")
    for late in (lambda: parse_layout("upright(scene)"), lambda: run(known, ROW), lambda: check_words(known, LIBRARY)):
        with pytest.raises(LayoutError, match="unknown module 'upright'"):
            late()


def test_what_goes_wrong_in_a_module_of_ones_own_says_in_which() -> None:
    some = (Kind.ATTENTION,)
    register_module("broken", Signature(some, Kind.ATTENTION, None, "x"), lambda group: group.operands[1])
    try:
        with pytest.raises(IndexError) as caught:
            run(parse_layout("count(broken(scene))"), ROW)
    finally:
        unregister_module("broken")
    assert caught.value.__notes__ == ["in module 'broken', which was registered by register_module"]


def test_a_network_that_is_loaded_already_runs_a_module_of_ones_own() -> None:
    reasoner = load(device="cpu")
    assert isinstance(reasoner, Reasoner)
    register_module("twice", Signature((Kind.ATTENTION,), Kind.ATTENTION, None, "x"), lambda group: group.operands[0])
    try:
        assert str(reasoner.run(SCENES / "demo.png", "count(twice(find[circle]))")) == "2"
    finally:
        unregister_module("twice")


def test_a_module_of_ones_own_yields_the_values_of_its_attribute() -> None:
    some = (Kind.ATTENTION,)

    def first_value(group: Group) -> Tensor:
        return one_hot(torch.zeros_like(group.argument), LIBRARY.value_width).float()

    register_module("guess", Signature(some, Kind.ATTRIBUTE, Argument.ATTRIBUTE, "x"), first_value)
    try:
        answer = run("guess[size](find[red])", ROW)
        assert (answer.value, answer.trace.root.value) == ("small", "small")
    finally:
        unregister_module("guess")
    with pytest.raises(LayoutError, match="its argument must name the attribute whose values it yields"):
        register_module("guess", Signature(some, Kind.ATTRIBUTE, None, "x"), first_value)


def test_a_module_of_the_languages_own_cannot_be_replaced() -> None:
    with pytest.raises(LayoutError, match="module 'find' is one of the language's own"):
        register_module("find", Signature((), Kind.ATTENTION, None, ""), lambda group: group.mask)


def test_rows_of_a_trace_are_those_of_its_own_image() -> None:
    other = SceneGraph(ROW.objects[:1], 64, 64)
    layout = parse_layout("count(find[circle])")
    executed = execute(plan([layout, layout, layout], images=[0, 1, 0]), LIBRARY, encode([ROW, other], WORLD))
    assert [trace(executed, example).root.value for example in range(3)] == answers(executed) == [2, 1, 2]


def test_gradients_through_the_buffers_of_a_run_are_those_of_one_layout_at_a_time() -> None:
    """Rows that several steps read, rows that pass unchanged, a value that is read and given out."""
    layouts = [
        parse_layout(text)
        for text in (
            "count(unique(find[red]))",
            "and(exists(unique(find[red])), not(exists(and(find[red], find[circle]))))",
            "describe[color](or(find[red], unique(unique(find[circle]))))",
            "find[red]",
            "exists(scene)",
        )
    ]

    def gradient(chosen: list[Layout], loss_of: int | None = None, times: int = 1) -> torch.Tensor:
        features = (0.8 * encode([ROW], WORLD).features + 0.1).requires_grad_()
        executed = execute(plan(chosen, [0] * len(chosen)), LIBRARY, replace(encode([ROW], WORLD), features=features))
        roots = zip(executed.plan.layouts, executed.plan.roots().tolist(), strict=True)
        losses = [executed.values[layout.kind][row].square().sum() for layout, row in roots]
        loss = losses[loss_of] if loss_of is not None else torch.stack(losses).sum()
        for _ in range(times):
            loss.backward(retain_graph=True)  # type: ignore[no-untyped-call]
        assert features.grad is not None
        return features.grad

    alone = [gradient([layout]) for layout in layouts[:-1]]
    assert torch.allclose(gradient(layouts), torch.stack(alone).sum(0), atol=1e-5)
    assert torch.allclose(gradient(layouts, times=3), 3 * torch.stack(alone).sum(0), atol=1e-5)
    for place, wanted in enumerate(alone):
        assert torch.allclose(gradient(layouts, loss_of=place), wanted, atol=1e-6)


def test_values_without_gradients_have_none() -> None:
    executed = execute(plan([parse_layout("count(find[red])")]), LIBRARY, encode([ROW], WORLD))
    assert not any(value.requires_grad for value in executed.values.values())
