"""Layouts: typed, immutable, with text that round-trips."""

import pickle
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmn.bench.samples import random_layout
from nmn.errors import LayoutError
from nmn.layout import SIGNATURES, Argument, Kind, Layout, parse_layout, to_dot, to_mermaid
from tests.strategies import LEXICONS, layouts


@given(st.sampled_from(sorted(LEXICONS)).flatmap(layouts))
def test_text_round_trips(layout: Layout) -> None:
    assert parse_layout(str(layout)) == layout


@given(layouts(), st.randoms(use_true_random=False))
def test_spaces_between_tokens_mean_nothing(layout: Layout, rng: random.Random) -> None:
    text = str(layout).replace(" ", "")
    for mark in "()[],":
        text = text.replace(mark, rng.choice((" ", "\n", "\t", "")) + mark + rng.choice((" ", "\n\n", "")))
    assert parse_layout(text) == layout


@given(layouts(), st.data())
def test_a_text_cut_short_after_an_opened_bracket_is_refused(layout: Layout, data: st.DataObject) -> None:
    text = str(layout)
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    with pytest.raises(LayoutError):
        parse_layout(cut + "(")


@given(layouts())
def test_pickle_round_trips(layout: Layout) -> None:
    copy = pickle.loads(pickle.dumps(layout))
    assert copy == layout and hash(copy) == hash(layout)


@given(layouts())
def test_the_last_call_is_the_root(layout: Layout) -> None:
    root = layout.calls[-1]
    assert (root.module, root.argument, root.kind, root.depth) == (
        layout.module, layout.argument, layout.kind, layout.depth,
    )  # fmt: skip


@given(layouts())
def test_calls_name_each_distinct_call_once_and_operands_first(layout: Layout) -> None:
    assert len(set(layout.calls)) == len(layout.calls)
    assert all(operand < place for place, call in enumerate(layout.calls) for operand in call.operands)


@given(layouts())
def test_depth_is_that_of_the_deepest_operand_and_one(layout: Layout) -> None:
    for call in layout.calls:
        below = [layout.calls[operand].depth for operand in call.operands]
        assert call.depth == (1 + max(below) if below else 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scene[red](scene)", r"scene takes no argument"),
        ("scene(scene)", r"scene takes operands \(none\), got \(attention\)"),
        ("count", r"count takes operands \(attention\) or \(panels\), got \(\)"),
        ("count(find[red], find[red])", r"got \(attention, attention\)"),
        ("relate_count[near](find[red], find[red])", r"operands \(attention, number\), got \(attention, attention\)"),
        ("or(exists(scene), scene)", "or takes 2 attentions, as many panels or as many truths"),
        (
            "and(describe[color](scene), describe[color](scene))",
            "and takes 2 attentions, as many panels or as many truths",
        ),
        ("not(scene, scene)", "not takes 1 attentions, as many panels or as many truths"),
        ("exists(exists(scene))", r"exists takes operands \(attention\) or \(panels\), got \(truth\)"),
        ("compare[more](scene, number[1])", r"compare takes operands \(number, number\)"),
        ("quantify[some](scene, scene)", "quantify takes one of every, most, half, both, neither"),
        ("number[-1]", r"number takes a numeral such as \[3\]"),
        ("number[\u0663]", r"number takes a numeral such as \[3\]"),
        ("coun(find[red])", "unknown module 'coun'; did you mean \"count\""),
        ("find", r"find needs an argument: find\[value\]"),
        ("scene[red]", r"scene takes no argument, got \[red\]"),
        ("and(find[red])", "and takes 2 attentions, as many panels or as many truths"),
        ("and(find[red], count(find[red]))", "and takes 2 attentions, as many panels or as many truths"),
        ("not(count(find[red]))", "not takes 1 attentions, as many panels or as many truths"),
        ("count(count(find[red]))", r"count takes operands \(attention\) or \(panels\), got \(number\)"),
        ("compare[above](number[1], number[2])", "compare takes one of equal, fewer, more"),
        ("number[x]", r"number takes a numeral such as \[3\]"),
        ("number[007]", r"number takes a numeral such as \[3\]"),
        ("number[1000]", "numerals up to 999"),
        ("where(scene)", r"where takes operands \(truth\), got \(attention\)"),
        ("inside(scene)", r"inside takes operands \(panels\), got \(attention\)"),
        ("count(and(panels, scene))", "and takes 2 attentions, as many panels or as many truths"),
        (
            "quantify[every](panels, scene)",
            r"\(attention, attention\) or \(panels, panels\), got \(panels, attention\)",
        ),
        ("relate[near](panels)", r"relate takes operands \(attention\), got \(panels\)"),
        ("at_side[floor]", "at_side takes one of wall, left, right, top, bottom, corner"),
        ("where(exists(where(exists(scene))))", "no where can stand below it"),
        ("where(exists(inside(not(where(exists(scene))))))", "no where can stand below it"),
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


def test_a_caret_stands_under_the_place_where_the_text_goes_wrong() -> None:
    with pytest.raises(LayoutError) as caught:
        parse_layout("count(find[red] find[blue])")
    _, shown, caret = str(caught.value).splitlines()
    assert shown[caret.index("^") :] == "find[blue])"


def test_equal_parts_are_one_call_that_is_used_twice() -> None:
    calls = parse_layout("and(relate[near](find[red]), not(find[red]))").calls
    assert [(call.module, call.operands) for call in calls] == [
        ("find", ()), ("relate", (0,)), ("not", (0,)), ("and", (1, 2)),
    ]  # fmt: skip


def test_the_same_words_in_another_module_are_another_call() -> None:
    assert len(parse_layout("or(relate[near](scene), relate_every[near](scene))").calls) == 4


def test_two_hundred_calls_deep_is_allowed_and_round_trips() -> None:
    text = "not(" * 200 + "scene" + ")" * 200
    layout = parse_layout(text)
    assert layout.depth == 200 and str(layout) == text and pickle.loads(pickle.dumps(layout)) == layout


@pytest.mark.parametrize("depth", [201, 5_000, 100_000])
def test_too_deep_a_text_is_refused_however_deep(depth: int) -> None:
    with pytest.raises(LayoutError, match="200 calls deep"):
        parse_layout("not(" * depth + "scene" + ")" * depth)


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


@given(layouts())
def test_every_edge_of_the_networkx_graph_is_an_operand(layout: Layout) -> None:
    graph = layout.to_networkx()
    edges = [(source, user, place) for source, user, places in graph.edges(data="operand") for place in places]
    wanted = [
        (operand, user, place) for user, call in enumerate(layout.calls) for place, operand in enumerate(call.operands)
    ]
    assert sorted(edges) == sorted(wanted) and len(graph) == len(layout.calls)


@given(layouts())
def test_dot_and_mermaid_have_a_node_a_call_and_an_edge_an_operand(layout: Layout) -> None:
    edges = sum(len(call.operands) for call in layout.calls)
    dot, mermaid = to_dot(layout), to_mermaid(layout)
    assert (dot.count("[label="), dot.count("->")) == (len(layout.calls), edges)
    assert (mermaid.count('["'), mermaid.count("-->")) == (len(layout.calls), edges)


@pytest.mark.parametrize("name", sorted(LEXICONS))
def test_random_layouts_are_of_the_kind_that_was_asked_for(name: str) -> None:
    rng = random.Random(5)
    for kind in Kind:
        assert {random_layout(rng, LEXICONS[name], kind, depth, without=frozenset()).kind for depth in range(8)} == {
            kind
        }


def test_deeper_random_layouts_are_larger_on_average() -> None:
    rng = random.Random(6)
    sizes = [
        sum(random_layout(rng, LEXICONS["world"], Kind.TRUTH, depth).size for _ in range(300)) for depth in (1, 3, 5)
    ]
    assert all(smaller < larger for smaller, larger in pairwise(sizes))


def test_dot_and_mermaid_draw_the_same_nodes_and_edges() -> None:
    layout = parse_layout("count(find[red])")
    assert 'n0 [label="find[red]"' in to_dot(layout) and "n0 -> n1;" in to_dot(layout)
    assert to_mermaid(layout) == 'flowchart BT\n  n0["find[red]"]\n  n1["count"]\n  n0 --> n1\n'


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_every_module_can_be_built_from_its_signature(name: str) -> None:
    signature, rng = SIGNATURES[name], random.Random(0)
    examples = {Argument.NUMBER: "3", Argument.COMPARISON: "more", Argument.QUANTIFIER: "most", Argument.SIDE: "wall"}
    argument = None if signature.argument is None else examples.get(signature.argument, "red")
    operands = tuple(random_layout(rng, LEXICONS["world"], kind, 2) for kind in signature.operands)
    assert Layout(name, argument, operands).kind == (signature.output or Kind.ATTENTION)
