"""Statements as people write them: golden readings, slips, and that every text gets an answer."""

import inspect
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark

from nmn.errors import QuestionError
from nmn.language import parse, read, read_all
from nmn.language.crowd.chart import Chart, Edge, Lack, Rule, Rules
from nmn.language.crowd.grammar import WITH_ACTIONS, load_crowd_grammar
from nmn.language.crowd.meanings import ACTIONS
from nmn.language.crowd.noise import edit_distance, typed_words
from nmn.language.crowd.read import read_statement, read_statements
from nmn.layout import Kind
from nmn.resources import GRAMMARS

GOLDEN = Path(__file__).parent / "golden" / "statements.txt"
LINES = GOLDEN.read_text(encoding="utf-8").splitlines()[1:]
STATEMENTS = [(sentence, reading.strip()) for sentence, reading in zip(LINES[::2], LINES[1::2], strict=True)]
WORDS = sorted(load_crowd_grammar().lattice.words)
PLAIN = [sentence for sentence, reading in STATEMENTS if reading.startswith("grammar")]


@pytest.mark.parametrize(("sentence", "expected"), STATEMENTS)
def test_golden_statements(sentence: str, expected: str) -> None:
    reading = read_statement(sentence)
    assert f"{reading.how}: {reading.layout}" == expected


# a slip, and the sentence that is meant by it
SLIPS = [
    ("There is a towr with two blcak blocks", "There is a tower with two black blocks"),
    ("There is a tower withtwo black blocks", "There is a tower with two black blocks"),
    ("There is a tow er with two black blocks", "There is a tower with two black blocks"),
    ("There a tower with two black blocks", "There is a tower with two black blocks"),
    ("There is is tower with with the two black blocks", "There is a tower with two black blocks"),
    ("ll boxes have a circle", "All boxes have a circle"),
    ("t least one box has a circle", "At least one box has a circle"),
    ("There are atleast two circles", "There are at least two circles"),
    ("There isa circle tocuhing the wall", "There is a circle touching the wall"),
    ("a black block the top of a tower", "There is a black block at the top of a tower"),
    ("There is a tower with a black block a yellow block", "There is a tower with a black block, a yellow block"),
    ("there is a box with 3 items, and the  two are blue..", "There is a box with 3 items and the two are blue"),
]


@pytest.mark.parametrize(("slip", "meant"), SLIPS)
def test_a_slip_is_read_as_what_was_meant(slip: str, meant: str) -> None:
    assert read_statement(slip).layout == read_statement(meant).layout


def test_a_reading_says_what_was_repaired_and_where() -> None:
    reading = read_statement("There is ablue block on a blakc block.")
    assert (reading.how, reading.text) == ("repaired", "There is a blue block on a black block.")
    assert [(edit.typed, edit.read, edit.position) for edit in reading.edits] == [
        ("ablue", "a blue", 9),
        ("blakc", "black", 26),
    ]
    assert reading.cost == pytest.approx(1.6)


def test_what_the_chart_reads_in_part_alone_is_read_by_the_other_grammar_where_it_can() -> None:
    layout = read("most boxes have a circle", "nlvr").layout
    assert str(layout) == "quantify[most](panels, where(exists(find[circle])))"


@pytest.mark.parametrize("text", ["not every circle is large.", "not all circles are large"])
def test_not_every_denies_every(text: str) -> None:
    reading = read_statement(text)
    assert (reading.how, str(reading.layout)) == ("grammar", "not(quantify[every](find[circle], find[large]))")


def test_ties_between_words_fall_alike_in_every_process() -> None:
    words = list(load_crowd_grammar("nlvr").lattice.words)
    assert words == sorted(words)


def test_what_leaves_out_a_colour_or_a_number_is_partial() -> None:
    assert read_statement("There is a circle touching three walls").how == "partial"
    assert read_statement("colorless green ideas sleep furiously").how in ("partial", "unread")
    for elsewhere in ("there is a red block", "a box with a star", "most yellow things are circles"):
        assert read_statement(elsewhere).how == "partial", elsewhere
    for changed in (
        "There is a box with 3 items and none of them are black",
        "There are as many circles as squares",
        "There is an item that isnt touching the wall",
        "A tower is taller than the others",
        "There is a tower which is all black",
    ):
        assert read_statement(changed).how == "partial", changed
    for number in ("-1", "\u22121", "2.5", "1/2", "2-3", "1,000", "50%"):  # digits that are no count
        assert read_statement(f"there are {number} black squares").how == "partial", number
    assert read_statement("flurb glorp zing bling in the boxes wobble").how == "partial"
    assert read_statement("?!").how == "unread"


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=14))
def test_every_row_of_known_words_gets_a_truth(words: list[str]) -> None:
    assert read_statement(" ".join(words)).layout.kind is Kind.TRUTH


@given(st.text(max_size=60))
def test_every_text_gets_a_truth(text: str) -> None:
    assert read_statement(text).layout.kind is Kind.TRUTH


@given(st.sampled_from(PLAIN), st.data())
def test_a_letter_too_many_in_a_long_word_changes_nothing(sentence: str, data: st.DataObject) -> None:
    words = sentence.split()
    long = [place for place, word in enumerate(words) if len(word) > 5 and word.isalpha()]
    if not long:
        return
    place = data.draw(st.sampled_from(long))
    letter = data.draw(st.sampled_from("bdfghjkqvxz"))
    cut = data.draw(st.integers(2, len(words[place]) - 1))
    words[place] = words[place][:cut] + letter + words[place][cut:]
    assert read_statement(" ".join(words)).layout == read_statement(sentence).layout


def test_readings_come_cheapest_first_and_differ() -> None:
    readings = read_statements("There is a box with a circle and a square touching the wall")
    costs = [reading.cost for reading in readings]
    assert len({reading.layout for reading in readings}) == len(readings) > 1 and costs == sorted(costs)


def test_the_front_door_reads_statements_by_the_chart_and_questions_by_the_world() -> None:
    assert str(parse("There is a tower with two black blocks", "nlvr")).startswith("exists(where(compare[equal]")
    assert str(parse("how many boxes contain a blue circle", "nlvr")).startswith("count(where(exists")
    assert read("There is ablue block", "nlvr", repair=True).text == "There is a blue block"
    assert len(read_all("There is a box with a circle and a square on it", "nlvr", repair=True).readings) > 1


def test_the_front_door_refuses_what_means_nothing_or_needs_repairs() -> None:
    with pytest.raises(QuestionError, match="nothing in it could be read"):
        read("lorem ipsum", "nlvr", repair=True)
    with pytest.raises(QuestionError, match="only a part of it could be read"):
        read("There are no hearts.", "nlvr", repair=True)
    with pytest.raises(QuestionError, match="only be read with repairs") as caught:
        read("There is ablue block", "nlvr")
    assert caught.value.suggestion == "There is a blue block"
    with pytest.raises(QuestionError, match="at most"):
        read("a " * 2_000, "nlvr", repair=True)


def test_every_rule_has_an_action_that_takes_its_parts_and_every_action_a_rule() -> None:
    lark = Lark.open(str(GRAMMARS / "nlvr.lark"), parser=None, lexer="basic", maybe_placeholders=False)
    names = {str(rule.alias or rule.origin.name).rstrip("_") for rule in lark.rules}
    assert set(ACTIONS) <= names and len(WITH_ACTIONS) == 10
    for rule in lark.rules:
        action = ACTIONS.get(str(rule.alias or rule.origin.name).rstrip("_"))
        kept = [symbol for symbol in rule.expansion if not symbol.name.startswith("_")]
        kept = [symbol for symbol in kept if not getattr(symbol, "filter_out", False)]
        if action and not rule.origin.name.startswith("_"):
            inspect.signature(action).bind(*kept)


# ---- the chart, by hand: S -> A B, A -> a, B -> b; a sentence may lack b at 2


def small_chart(edges: list[Edge], words: int) -> list[tuple[str, float, tuple[str, ...]]]:
    rules = [
        Rule("S", ("A", "b"), (True, True), lambda first, second: first + second),
        Rule("A", ("a",), (True,), lambda word: word.upper(), 0.5),
        Rule("S", ("A", "A"), (True, True), lambda first, second: None),
    ]
    chart = Chart(Rules(rules, {"b": Lack(2.0, "bee", "?")}), edges, words)
    return [
        (str(item.meaning), item.cost, tuple(edit.read for edit in item.edits))
        for item in chart.items()
        if item.symbol == "S" and (item.start, item.end) == (0, words)
    ]


def test_the_chart_adds_costs_and_finds_the_cheapest_first() -> None:
    edges = [Edge("a", 0, 1, "x"), Edge("b", 1, 2, "dear", 1.0), Edge("b", 1, 2, "cheap", 0.25)]
    assert small_chart(edges, 2) == [("Xcheap", 0.75, ()), ("Xdear", 1.5, ())]


def test_a_rule_may_lack_a_word_at_a_cost_and_says_so() -> None:
    assert small_chart([Edge("a", 0, 1, "x")], 1) == [("X?", 2.5, ("bee",))]


def test_a_rule_whose_meaning_does_not_exist_is_no_reading() -> None:
    assert small_chart([Edge("a", 0, 1, "x"), Edge("a", 1, 2, "y")], 2) == []


@given(st.text(string.ascii_lowercase, max_size=6), st.text(string.ascii_lowercase, max_size=6))
def test_edit_distance_is_symmetric_and_bounded(one: str, other: str) -> None:
    distance = edit_distance(one, other, 6)
    assert distance == edit_distance(other, one, 6) <= max(len(one), len(other))
    assert (distance == 0) == (one == other)


def test_words_keep_their_offsets() -> None:
    assert [tuple(word) for word in typed_words("It isn't  red, (1).")] == [
        ("it", 0, 2),
        ("is", 3, 5),
        ("not", 5, 8),
        ("red", 10, 13),
        (",", 13, 14),
        ("1", 16, 17),
    ]
