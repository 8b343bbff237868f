"""Layouts: typed, immutable, with text that round-trips."""

import pickle
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmn.bench.samples import random_layout
from nmn.errors import LayoutError
from nmn.layout import SIGNATURES, Argument, Kind, Layout, parse_layout, to_dot, to_mermaid
from nmn.lexicon import load_lexicon

WORLD = load_lexicon("world")
layouts = st.builds(
    lambda rng, kind, depth: random_layout(rng, WORLD, kind, depth),
    st.randoms(use_true_random=False),
    st.sampled_from(list(Kind)),
    st.integers(0, 6),
)


@given(layouts)
def test_text_round_trips(layout: Layout) -> None:
    assert parse_layout(str(layout)) == layout


@given(layouts)
def test_pickle_round_trips(layout: Layout) -> None:
    copy = pickle.loads(pickle.dumps(layout))
    assert copy == layout and hash(copy) == hash(layout)


@given(layouts)
def test_calls_name_each_distinct_call_once_and_operands_first(layout: Layout) -> None:
    assert len(set(layout.calls)) == len(layout.calls)
    assert all(operand < place for place, call in enumerate(layout.calls) for operand in call.operands)


@given(layouts)
def test_depth_is_that_of_the_deepest_operand_and_one(layout: Layout) -> None:
    for call in layout.calls:
        below = [layout.calls[operand].depth for operand in call.operands]
        assert call.depth == (1 + max(below) if below else 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("coun(find[red])", "unknown module 'coun'; did you mean \"count\""),
        ("find", r"find needs an argument: find\[value\]"),
        ("scene[red]", r"scene takes no argument, got \[red\]"),
        ("and(find[red])", "and takes 2 attentions or as many truths"),
        ("and(find[red], count(find[red]))", "and takes 2 attentions or as many truths"),
        ("not(count(find[red]))", "not takes 1 attentions or as many truths"),
        ("count(count(find[red]))", r"count takes operands \(attention\), got \(number\)"),
        ("compare[above](number[1], number[2])", "compare takes one of equal, fewer, more"),
        ("number[x]", r"number takes a numeral such as \[3\]"),
        ("number[007]", r"number takes a numeral such as \[3\]"),
        ("number[1000]", "numerals up to 999"),
        ("find[red", 'expected "]" here'),
        ("find[red]]", "expected the end here"),
        ("count(find[red],)", "expected a module's name here"),
        ("find[re$d]", "a character that no layout has"),
        ("", "expected a module's name here"),
    ],
)
def test_ill_typed_or_malformed_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(LayoutError, match=message):
        parse_layout(text)


def test_a_layout_cannot_be_changed() -> None:
    layout = Layout("find", "red")
    with pytest.raises(AttributeError):
        layout.argument = "blue"  # type: ignore[misc]


def test_too_deep_a_layout_is_refused() -> None:
    layout = Layout("scene")
    with pytest.raises(LayoutError, match="200 calls deep"):
        for _ in range(201):
            layout = Layout("not", None, (layout,))


def test_too_large_a_layout_is_refused_although_it_shares_its_parts() -> None:
    layout = Layout("scene")
    with pytest.raises(LayoutError, match="10,000 calls large"):
        for _ in range(20):
            layout = Layout("and", None, (layout, layout))


def test_networkx_has_a_node_a_call_and_edges_in_the_direction_of_data() -> None:
    graph = parse_layout("count(and(find[red], find[red]))").to_networkx()
    assert [graph.nodes[node]["module"] for node in graph] == ["find", "and", "count"]
    assert graph.nodes[0] == {"module": "find", "argument": "red", "kind": "attention", "depth": 0}
    assert list(graph.edges(data="operand")) == [(0, 1, (0, 1)), (1, 2, (0,))]


def test_dot_and_mermaid_draw_the_same_nodes_and_edges() -> None:
    layout = parse_layout("count(find[red])")
    assert 'n0 [label="find[red]"' in to_dot(layout) and "n0 -> n1;" in to_dot(layout)
    assert to_mermaid(layout) == 'flowchart BT\n  n0["find[red]"]\n  n1["count"]\n  n0 --> n1\n'


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_every_module_can_be_built_from_its_signature(name: str) -> None:
    signature, rng = SIGNATURES[name], random.Random(0)
    examples = {Argument.NUMBER: "3", Argument.COMPARISON: "more", Argument.QUANTIFIER: "most"}
    argument = None if signature.argument is None else examples.get(signature.argument, "red")
    operands = tuple(random_layout(rng, WORLD, kind, 2) for kind in signature.operands)
    assert Layout(name, argument, operands).kind == (signature.output or Kind.ATTENTION)
