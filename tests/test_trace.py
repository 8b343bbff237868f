"""Traces: presuppositions with their degree, decoded values, and JSON that is plain data."""

import json

import numpy as np
import pytest
import torch

from nmn.assembler.trace import decode
from nmn.layout import Kind
from nmn.reasoner import run
from nmn.scene import SceneGraph, SceneObject

PAIR = SceneGraph(
    tuple(SceneObject({"color": color, "shape": "circle"}, (x, 0, x + 4, 4)) for x, color in [(0, "red"), (9, "blue")]),
    64,
    64,
)


@pytest.mark.parametrize(
    ("layout", "wanted", "truth"),
    [
        ("unique(find[red])", "exactly one", 1), ("unique(find[circle])", "exactly one", 0),
        ("quantify[both](find[circle], scene)", "exactly two", 1),
        ("quantify[neither](find[red], scene)", "exactly two", 0),
        ("quantify[every](find[green], scene)", "at least one", 0),
        ("superlative[leftmost](scene)", "at least one", 1), ("describe[color](find[red])", "at least one", 1),
        ("relate_every[left_of](find[green])", "at least one", 0),
    ],
)  # fmt: skip
def test_what_a_call_presupposes_and_how_true_it_is(layout: str, wanted: str, truth: float) -> None:
    presupposition = run(layout, PAIR).trace.root.presupposition
    assert presupposition is not None and (presupposition.wanted, presupposition.truth) == (wanted, truth)


@pytest.mark.parametrize("layout", ["count(scene)", "exists(scene)", "find[red]", "distinct[color](scene)"])
def test_other_calls_presuppose_nothing(layout: str) -> None:
    assert run(layout, PAIR).trace.root.presupposition is None


@pytest.mark.parametrize(
    ("kind", "row", "value"),
    [
        (Kind.TRUTH, 0.5, False), (Kind.TRUTH, 0.51, True), (Kind.NUMBER, [0.2, 0.7, 0.1], 1),
        (Kind.ATTENTION, [0.9, 0.5, 0.6], (0, 2)), (Kind.ATTRIBUTE, [0.1, 0.9], "b"),
        (Kind.ATTRIBUTE, [0.8, 0.9], ("a", "b")), (Kind.ATTRIBUTE, [0.1, 0.2], None),
    ],
)  # fmt: skip
def test_values_are_decoded_at_a_half(kind: Kind, row: float | list[float], value: object) -> None:
    assert decode(kind, torch.tensor(row), ("a", "b")) == value


SPLIT = SceneGraph(
    (*PAIR.objects, SceneObject({"color": "red", "shape": "star"}, (40, 0, 44, 4), panel=1)),
    64,
    64,
    panels=((0, 0, 32, 64), (32, 0, 64, 64)),
)


def test_what_is_asked_of_each_panel_has_a_value_for_each() -> None:
    found, counted, _, _, where = run("where(compare[equal](count(find[red]), number[1]))", SPLIT).trace.calls
    assert (found.value, found.in_panels, found.picked) == ((0, 2), ((0,), (2,)), (0, 2))
    assert (counted.value, counted.in_panels) == ((1, 1), (1, 1))
    assert (where.value, where.in_panels) == ((0, 1), ())


def test_what_is_asked_of_the_whole_image_too_shows_that_value() -> None:
    layout = "and(exists(superlative[rightmost](scene)), exists(where(exists(superlative[rightmost](scene)))))"
    calls = {(call.module, call.kind): call for call in run(layout, SPLIT).trace.calls}
    extreme = calls["superlative", Kind.ATTENTION]
    assert (extreme.value, extreme.in_panels) == ((2,), ((1,), (2,)))
    assert extreme.to_json()["in_panels"] == [[1], [2]]


def test_what_is_asked_of_each_panel_presupposes_nothing() -> None:
    answer = run("exists(where(exists(unique(find[circle]))))", SPLIT)
    assert answer.value is True and answer.problems == ()


def test_an_answer_may_be_panels() -> None:
    answer = run("where(exists(find[blue]))", SPLIT)
    assert answer.value == (0,) and str(answer) == "panel 0"


def test_a_trace_is_plain_json() -> None:
    data = run("describe[color](unique(find[red]))", PAIR).trace.to_json()
    assert json.loads(json.dumps(data)) == data and data[-1]["value"] == "red"


def test_the_graph_of_an_exact_trace_has_attention_and_no_heat() -> None:
    found, described = run("describe[color](find[red])", PAIR).trace.graph.nodes.values()
    assert found["attention"].dtype == np.float32 and found["attention"].tolist() == [1, 0]
    assert found.keys() == {"module", "argument", "kind", "value", "attention"}
    assert described.keys() == {"module", "argument", "kind", "value"}


def test_panels_are_no_attention_over_regions() -> None:
    found, _, where = run("where(exists(find[red]))", SPLIT).trace.graph.nodes.values()
    assert found["attention"].tolist() == [1, 0, 1] and "attention" not in where


def test_the_distribution_of_a_number_is_kept() -> None:
    raw = run("count(scene)", PAIR).trace.root.raw
    assert raw[:3] == (0, 0, 1) and sum(raw) == 1


@pytest.mark.parametrize("color", ["find[red]", "find[green]", "find[circle]"])
def test_one_value_of_an_attribute_several_and_none_are_as_sure_as_the_answer(color: str) -> None:
    answer = run(f"describe[color]({color})", PAIR)
    assert answer.trace.root.confidence == answer.confidence == 1


def test_operands_point_to_earlier_calls() -> None:
    calls = run("and(find[red], find[circle])", PAIR).trace.calls
    assert [call.operands for call in calls] == [(), (), (0, 1)]
