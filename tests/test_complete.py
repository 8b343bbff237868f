"""Completion: every phrase that is offered can be taken, and none that could be is left out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from nmn.errors import QuestionError
from nmn.language.complete import completions
from nmn.language.grammar import grammar_names, load_grammar
from nmn.language.normalise import normalise
from nmn.language.parse import read_fresh

WORLD = load_grammar("world")


def offered(question: str, grammar: str = "world") -> list[str]:
    return [one.text for one in completions(question, load_grammar(grammar))[0]]


def test_a_half_typed_word_is_completed() -> None:
    assert offered("is there a red ci") == ["circle", "circles", "circular"]


def test_a_half_typed_phrase_of_several_words_is_completed_from_its_start() -> None:
    found, _ = completions("is there a circle to the le", WORLD)
    assert [(one.text, one.start) for one in found] == [
        ("to the left of", 18),
        ("to the left side of", 18),
        ("left", 25),
    ]


def test_what_the_parser_would_stop_at_is_not_offered() -> None:
    after_article = offered("is there a ")
    assert "circle" in after_article and "red" in after_article
    assert "is there" not in after_article and "than" not in after_article and "how many" not in after_article


def test_a_question_that_may_end_says_so_and_one_that_may_not_does_not() -> None:
    assert completions("is there a red circle", WORLD)[1]
    assert completions("is there a red circle ", WORLD)[1]
    assert not completions("is there a red", WORLD)[1]


@pytest.mark.parametrize("question", ["is there a purpel ", "is there a the ", "\x00", "word " * 900])
def test_nothing_is_offered_after_what_cannot_be_read(question: str) -> None:
    assert completions(question, WORLD) == ((), False)


def test_an_empty_question_starts_with_what_a_question_starts_with() -> None:
    first = offered("")
    assert {"is", "how many", "what"} <= set(first) and "than" not in first


@pytest.mark.parametrize("grammar", grammar_names())
def test_every_grammar_offers_its_own_words(grammar: str) -> None:
    assert "blue" in offered("is a bl" if grammar == "shapes" else "is there a bl", grammar)


@settings(max_examples=25)
@given(some.data())
def test_a_question_made_of_completions_alone_is_read_once_it_may_end(data: some.DataObject) -> None:
    text = ""
    for _ in range(8):
        found, may_end = completions(text, WORLD)
        if may_end and data.draw(some.booleans()):
            break
        taken = data.draw(some.sampled_from(found[:60]))
        text = f"{text[: taken.start]}{taken.text} "
    if not completions(text, WORLD)[1]:
        return
    try:
        read_fresh(text, WORLD)
    except QuestionError as error:  # what it means may still be nothing; where it stops is never the grammar
        assert "cannot come here" not in error.reason and "the question stops" not in error.reason
    assert normalise(text)
