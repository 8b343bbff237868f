"""Which words each call comes from, in questions worked out by hand and in every golden one."""

from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pytest

from nmn.language import Reading, read
from nmn.language.parse_tree import ParseTree
from nmn.language.wording import Wording, wording
from nmn.layout import call_label

GOLDEN = Path(__file__).parent / "golden"
# modules whose argument a word of the question names, and how many of their golden calls may have no words: those that
# stand for every value ("of the same shape"), and what is said by its place ("stacked together")
NAMED = {
    "find": 8,
    "relate": 1,
    "relate_count": 1,
    "describe": 0,
    "same": 0,
    "superlative": 0,
    "ordinal": 0,
    "unique": 2,
}


@lru_cache(maxsize=1)
def golden() -> list[tuple[Reading, Wording]]:
    found: list[Reading] = []
    for name in ("world", "clevr", "nlvr", "statements", "pairs"):
        grammar = {"statements": "nlvr", "pairs": "world"}.get(name, name)
        lexicon = "pairs" if name == "pairs" else None
        for line in (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", " ")):
                found.append(read(line, grammar, lexicon=lexicon, repair=True))
    return [(reading, wording(reading)) for reading in found]


def words_of(question: str, grammar: str = "world") -> list[tuple[str, list[str]]]:
    reading = read(question, grammar, repair=True)
    labels = [call_label(call.module, call.argument) for call in reading.layout.calls]
    spans = wording(reading).spans
    return [(label, [question[a:b] for a, b in own]) for label, own in zip(labels, spans, strict=True)]


@pytest.mark.parametrize(
    ("grammar", "question", "wanted"),
    [
        ("world", "What color is the large shape left of the star?",
         {"find[large]": ["large"], "relate[left_of]": ["left of"], "describe[color]": ["What color"], "and": []}),
        ("world", "are there more circles than squares",
         {"compare[more]": ["more"], "find[circle]": ["circles"], "find[square]": ["squares"], "count": []}),
        ("world", "how many more circles than squares are there",
         {"difference": ["more"], "find[circle]": ["circles"], "find[square]": ["squares"]}),
        ("world", "what is the rarest color of the circles", {"rarest[color]": ["rarest color"]}),
        ("world", "which shape is the most common", {"commonest[shape]": ["most common"]}),
        ("world", "no circle is red", {"not": ["no"], "find[red]": ["red"], "find[circle]": ["circle"]}),
        ("world", "if there is a circle then every square is red or blue",
         {"not": ["if"], "quantify[every]": ["every"], "find[blue]": ["blue"], "exists": ["there is a"]}),
        ("world", "what is the second circle from the left",
         {"number[2]": ["second"], "ordinal[leftmost]": ["left"], "describe[shape]": ["what"]}),
        ("clevr", "There is a tiny block in front of the metal object; what is its color?",
         {"find[small]": ["tiny"], "relate[front]": ["in front of"], "describe[color]": ["color"]}),
        ("nlvr", "there is a tower with two black blocks",
         {"where": ["tower"], "number[2]": ["two"], "find[black]": ["black"], "exists": ["there is a"]}),
    ],
)  # fmt: skip
def test_the_words_that_calls_come_from(grammar: str, question: str, wanted: dict[str, list[str]]) -> None:
    found = dict(words_of(question, grammar))
    assert {label: found[label] for label in wanted} == wanted


def test_of_equal_words_each_call_has_those_beside_its_operands() -> None:
    question = "is the circle left of the square left of the star"
    spans = wording(read(question)).spans
    labels = [call_label(call.module, call.argument) for call in read(question).layout.calls]
    starts = [own[0][0] for label, own in zip(labels, spans, strict=True) if label == "relate[left_of]"]
    assert starts == [question.rindex("left of"), question.index("left of")]  # operands come first
    starts = [own[0][0] for label, own in zip(labels, spans, strict=True) if label == "unique"]
    assert sorted(starts) == [place for place in range(len(question)) if question.startswith("the ", place)]


def test_a_call_that_is_said_twice_has_both_words() -> None:
    assert dict(words_of("is the red circle left of the blue circle"))["find[circle]"] == ["circle", "circle"]


def test_words_are_those_that_were_asked_not_those_that_were_read() -> None:
    found = dict(words_of("is a purpel cirlce left of atleast two squares"))
    assert found["find[purple]"] == ["purpel"] and found["find[circle]"] == ["cirlce"]
    assert found["find[square]"] == ["squares"] and found["number[2]"] == ["two"]
    assert dict(words_of("There is ablue blokc.", "nlvr"))["find[blue]"] == ["ablue"]


def test_golden_questions_have_words_for_what_they_name() -> None:
    missing = dict.fromkeys(NAMED, 0)
    for reading, found in golden():
        for call, spans in zip(reading.layout.calls, found.spans, strict=True):
            if call.module in NAMED:
                missing[call.module] += not spans
    assert missing == NAMED


def test_mentions_are_in_order_and_do_not_overlap() -> None:
    for reading, found in golden():
        mentions = found.mentions
        assert all(one.end <= other.start for one, other in pairwise(mentions))
        assert all(0 <= one.start < one.end <= len(reading.question) and one.calls for one in mentions)


def test_parse_trees_cover_their_parts_from_left_to_right() -> None:
    def check(tree: ParseTree) -> None:
        assert tree.start <= tree.end
        if tree.children:
            assert tree.start == tree.children[0].start and tree.end >= tree.children[-1].start
            assert all(one.start <= other.start for one, other in pairwise(tree.children))
        for child in tree.children:
            check(child)

    for _, found in golden():
        check(found.tree)


def test_a_parse_tree_names_rules_and_words() -> None:
    question = "is there a red circle"
    tree = wording(read(question)).tree
    leaves: list[tuple[str, str]] = []

    def visit(one: ParseTree) -> None:
        if not one.children:
            leaves.append((one.label, question[one.start : one.end]))
        for child in one.children:
            visit(child)

    visit(tree)
    assert leaves[2:] == [("A", "a"), ("ADJECTIVE", "red"), ("VALUE_NOUN", "circle")]
    assert tree.to_json()["children"][0]["label"] == "there_is"
