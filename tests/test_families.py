"""Every family of texts: what is said is what the parser reads, and the twin differs in one named way."""

from functools import cache

import pytest

from nmn.language.grammar import load_grammar
from nmn.language.parse import read_fresh
from nmn.layout import Kind, Layout
from synth_data.claims import Text, draw_pair
from synth_data.config import SynthConfig
from synth_data.questions import QUESTIONS, question
from synth_data.statements import CLAIMS
from tests.worlds import settings, words

TEXTS = 150
WAYS = {
    "wrong attribute", "wrong relation", "swapped roles", "off by one", "wrong quantifier", "wrong connective",
}  # fmt: skip
RELATIONS = ("left_of", "right_of", "above", "below", "larger", "smaller", "near", "darker", "in_front_of", "on")
RICH = settings(relations=RELATIONS, shades=(), max_hops=3)
SHAPES = settings("shapes")
SAID = {name: SHAPES if name == "cells" else RICH for name in (*CLAIMS, *QUESTIONS)}


@cache
def pairs(family: str) -> tuple[tuple[Text, Text], ...]:
    drawn = words(SAID[family], seed=1)
    return tuple(draw_pair(family, CLAIMS[family], drawn) for _ in range(TEXTS))


@cache
def questions(family: str) -> tuple[Text, ...]:
    drawn = words(SAID[family], seed=2)
    return tuple(question(family, drawn, place / TEXTS) for place in range(TEXTS))


def read(text: str, config: SynthConfig) -> Layout:
    return read_fresh(text, load_grammar(config.grammar, config.words)).layout


def misread(texts: list[Text], config: SynthConfig) -> list[str]:
    found = ((text, read(text.text, config)) for text in texts)
    return [f"{text.text}: {layout}, not {text.layout}" for text, layout in found if layout != text.layout]


@pytest.mark.parametrize("family", CLAIMS)
def test_a_claim_and_its_twin_are_read_as_their_own_layouts(family: str) -> None:
    assert not misread([text for pair in pairs(family) for text in pair], SAID[family])


@pytest.mark.parametrize("family", QUESTIONS)
def test_a_question_is_read_as_its_own_layout(family: str) -> None:
    assert not misread(list(questions(family)), SAID[family])


@pytest.mark.parametrize("family", CLAIMS)
def test_a_twin_means_something_else_and_says_it_in_other_words(family: str) -> None:
    assert all(text.layout != twin.layout and text.text != twin.text for text, twin in pairs(family))


@pytest.mark.parametrize("family", CLAIMS)
def test_a_twin_differs_in_a_named_way_and_the_text_in_the_same(family: str) -> None:
    assert {text.way for pair in pairs(family) for text in pair} <= WAYS
    assert all(text.way == twin.way for text, twin in pairs(family))


def test_every_way_is_drawn() -> None:
    assert {pair[0].way for family in CLAIMS for pair in pairs(family)} == WAYS


@pytest.mark.parametrize("family", CLAIMS)
def test_every_claim_is_answered_by_a_truth(family: str) -> None:
    assert {text.layout.kind for pair in pairs(family) for text in pair} == {Kind.TRUTH}


@pytest.mark.parametrize("family", QUESTIONS)
def test_no_question_is_answered_by_a_truth(family: str) -> None:
    assert Kind.TRUTH not in {text.layout.kind for text in questions(family)}


@pytest.mark.parametrize("family", [*CLAIMS, *QUESTIONS])
def test_a_family_says_many_different_things(family: str) -> None:
    drawn = [pair[0] for pair in pairs(family)] if family in CLAIMS else questions(family)
    assert len({text.text for text in drawn}) > TEXTS // 3


def test_a_changed_number_is_changed_by_one() -> None:
    changed = [pair for pair in pairs("number_range") if pair[0].way == "off by one"]
    lows = [
        [int(call.argument or 0) for call in text.layout.calls if call.module == "number"]
        for pair in changed
        for text in pair
    ]
    assert changed and all(high == low + 1 for low, high in lows)
    assert all(abs(lows[place][0] - lows[place + 1][0]) == 1 for place in range(0, len(lows), 2))


@pytest.mark.parametrize("family", ["count", "count_related", "distinct", "query", "query_same"])
def test_every_text_for_an_aim_is_answered_alike(family: str) -> None:
    """However often a text has to be drawn again, so that the text does not tell the answer."""
    drawn = words(RICH)
    for aim in (0.0, 0.3, 0.9):
        texts = [question(family, drawn, aim) for _ in range(20)]
        assert len({text.target for text in texts}) == 1 < len({text.text for text in texts})


def test_the_aims_reach_every_number() -> None:
    drawn = words(RICH)
    assert {question("count", drawn, place / 100).target for place in range(100)} == {0, 1, 2, 3, 4, 5}


def test_a_noun_never_names_a_pair_that_is_held_out() -> None:
    few = settings(shapes=("circle", "square"), colors=("red", "blue"), held_out=("red circle",))
    drawn = words(few)
    wishes = [set(drawn.noun().wish.values()) for _ in range(300)]
    assert not any({"red", "circle"} <= wish for wish in wishes)
    assert any({"blue", "circle"} <= wish for wish in wishes)


def test_a_changed_noun_keeps_all_its_words_but_one() -> None:
    drawn = words(RICH, seed=4)
    for _ in range(200):
        noun = drawn.noun()
        changed = drawn.changed(noun)
        assert sum(one != other for one, other in zip(noun.words.split(), changed.words.split(), strict=True)) == 1


@pytest.mark.parametrize(
    ("words_of_noun", "said"),
    [("red circle", "a red circle"), ("orange star", "an orange star"), ("outlined ring", "an outlined ring")],
)
def test_an_article_goes_with_the_word_after_it(words_of_noun: str, said: str) -> None:
    drawn = words(RICH)
    attribute = RICH.words.attribute_of
    noun = next(
        noun
        for noun in (drawn.named({attribute[word]: word for word in words_of_noun.split()}) for _ in range(100))
        if noun.words == words_of_noun
    )
    assert noun.a == said
