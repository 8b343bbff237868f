"""Bad questions: what the message says, and where its caret points."""

import pytest

from nmn.errors import QuestionError
from nmn.language import parse
from nmn.language.diagnose import EXPLANATIONS

BROKEN = [(question, entry.reason) for entry in EXPLANATIONS for question in entry.broken]


@pytest.mark.parametrize(("question", "reason"), BROKEN)
def test_each_broken_question_of_the_table_is_explained_by_its_entry(question: str, reason: str) -> None:
    with pytest.raises(QuestionError) as caught:
        parse(question)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("", "the question is empty"),
        ("  ?! ", "the question is empty"),
        ("red circle " * 5_000, "the question has 10,000 words and 55,000 characters; at most 200 words"),
        ("a " * 300, "the question has 300 words; at most 200 are read"),
        ("Gibt es einen roten Kreis?", 'unknown word "gibt"'),
        ("есть ли красный круг", 'unknown word "есть"'),
        ("is there a 🔴 circle", r"the character U\+1F534 \(large red circle\) does not belong in a question"),
        ("is there a\x00 circle", r"the control character U\+0000"),
        ("is there a purpel circle", 'unknown word "purpel"; did you mean "purple"'),
        ("is the red circle", "the question stops before saying what is asked of it"),
        ("is there a circle? how many squares are there?", 'a second sentence starts after "\\?"; ask one at a time'),
        ("there are 5000 circles", "the number 5000 is above 999"),
        ("is it red", '"it" stands for nothing mentioned before'),
        ("what color is the second circle", "an order is missing"),
        ("is there another circle", '"other" than what'),
        ("are there between 4 and 2 circles", "between 4 and 2 lies nothing"),
        ("there are fewer than zero circles", "nothing is fewer than zero"),
        ("is there a square whose color is small", '"small" is a size, not a color'),
        ("is there a circle left of most squares", '"most" is not read after a relation'),
        ("is there a circle and the same color", "that some are alike is read of"),
        ("what is the same color", "this says how several things compare"),
        ("what is the red circle made of", 'this lexicon has no attribute "material"'),
    ],
)
def test_bad_input_has_one_clear_message(question: str, message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        parse(question)


def test_the_caret_stands_under_the_words_at_fault() -> None:
    with pytest.raises(QuestionError) as caught:
        parse("is there a circle than a square")
    lines = str(caught.value).splitlines()
    assert lines[1][lines[2].index("^") : lines[2].rindex("^") + 1] == "than"


def test_the_caret_stands_under_the_words_of_a_long_question() -> None:
    with pytest.raises(QuestionError) as caught:
        parse("is there a red circle " + "left of a blue square " * 10 + "than a star")
    lines = str(caught.value).splitlines()
    assert lines[1][lines[2].index("^") : lines[2].rindex("^") + 1] == "than"


def test_the_message_says_what_was_read_and_what_could_come() -> None:
    with pytest.raises(QuestionError) as caught:
        parse("is the red circle left of")
    assert caught.value.read == "is the red circle left of"
    assert any(choice.startswith("a noun") for choice in caught.value.expected)


def test_the_suggestion_is_the_question_with_the_nearest_word() -> None:
    with pytest.raises(QuestionError) as caught:
        parse("is there a purpel circle")
    assert caught.value.suggestion == "is there a purple circle"


@pytest.mark.parametrize("question", ["is there a dog", "how many cats are there", "hello", "is there a blorple"])
def test_a_word_of_another_world_gets_no_silly_suggestion(question: str) -> None:
    with pytest.raises(QuestionError, match="unknown word") as caught:
        parse(question)
    assert "did you mean" not in str(caught.value) and caught.value.suggestion is None


def test_a_word_that_could_not_stand_there_is_not_suggested() -> None:
    with pytest.raises(QuestionError) as caught:
        parse("is there a circle lefft of a square")
    assert caught.value.suggestion == "is there a circle left of a square"
    with pytest.raises(QuestionError, match='unknown word "belwo"') as caught:
        parse("is there a red belwo a circle")
    assert caught.value.suggestion is None and "did you mean" not in str(caught.value)


def test_a_word_that_is_only_part_of_phrases_is_not_suggested_for_itself_again_and_again() -> None:
    """Alone, "front" (of "in front of") is no word either, and would itself be suggested for."""
    with pytest.raises(QuestionError) as caught:
        parse("there is a frint with exactly three blocks")
    assert caught.value.suggestion is None and (caught.value.start, caught.value.end) == (11, 16)


def test_a_later_misspelling_does_not_hide_the_suggestion_for_an_earlier_one() -> None:
    with pytest.raises(QuestionError) as caught:
        parse("is there a purpel cirlce")
    assert caught.value.suggestion == "is there a purple cirlce"


def test_messages_stay_short_and_have_no_empty_lines() -> None:
    for question in ("is there a " + "x" * 1_900, "is there a circle " + "left of a circle " * 40 + "than", "", " ? "):
        with pytest.raises(QuestionError) as caught:
            parse(question)
        lines = str(caught.value).splitlines()
        assert all(line.strip() and len(line) <= 300 for line in lines), lines
