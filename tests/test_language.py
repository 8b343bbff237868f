"""English to layouts: golden questions, text built beside its layout, spelling, readings, users' lexicons."""

import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmn.errors import ConfigError, LexiconError, QuestionError, SceneError
from nmn.language import parse, read, read_all
from nmn.layout import Layout, parse_layout
from nmn.lexicon import load_lexicon
from nmn.reasoner import ask_scene
from nmn.scene import SceneGraph, SceneObject

GOLDEN = Path(__file__).parent / "golden"
ADJECTIVES = ("red", "green", "small", "large", "striped")
NOUNS = ("circle", "square", "star")
RELATIONS = {"left of": "left_of", "above": "above", "touching": "touching", "to the right of": "right_of"}


def golden(name: str) -> list[tuple[str, str]]:
    lines = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").splitlines()[1:]
    return [(question, layout.strip()) for question, layout in zip(lines[::2], lines[1::2], strict=True)]


@pytest.mark.parametrize(("question", "layout"), golden("world"))
def test_golden_questions_of_the_world(question: str, layout: str) -> None:
    assert str(parse(question)) == layout


@pytest.mark.parametrize(("question", "layout"), golden("clevr"))
def test_golden_questions_of_clevr(question: str, layout: str) -> None:
    assert str(parse(question, "clevr")) == layout


@pytest.mark.parametrize("lexicon", ["nlvr", "pairs"])
def test_golden_sentences_about_panels(lexicon: str) -> None:
    for question, layout in golden(lexicon):
        assert str(parse(question, lexicon=lexicon)) == layout


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("every circle is in each image", "say it of the panels"),
        ("there are five circles in the images", "so many in each of them, or together"),
        ("the left image contains all the circles", "says of how many something holds"),
        ("which image contains the largest shape", "of each panel alone, or of all"),
        ("how many shapes are in each image", "panels are counted after"),
        ("one image contains a circle and another image contains a square", '"another" than which'),
        ("is there a circle left of the wall", "of the sides of a panel, only touching them is read"),
        ("is there a circle touching every wall", '"every" is not read before a side'),
        ("are the 2 circles from the left red", "which one, counted from there"),
        ("what color is the second largest circle from the left", "which one, counted from there"),
        ("there is an image with a circle in each image", "panels inside of panels are not read"),
        ("the first image contains a circle", "of panels, only colours and the like"),
        ("each image contains more circles than the left image", "numbers are compared between two panels"),
        ("there are more circles than in the left image", "in which panel"),
        ("the left image contains the same number of circles", "the same number as what"),
        ("what color is the circle in two images", "panels are counted after"),
    ],
)
def test_what_is_not_read_of_panels_is_said(question: str, message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        parse(question, lexicon="pairs")


@pytest.mark.parametrize(("_", "layout"), golden("world") + golden("clevr") + golden("nlvr") + golden("pairs"))
def test_golden_layouts_round_trip(_: str, layout: str) -> None:
    assert str(parse_layout(layout)) == layout


def noun_phrase(rng: random.Random, hops: int) -> tuple[str, Layout]:
    """Return "large red circles left of a small star above ..." and its layout, built side by side."""
    adjectives = rng.sample(ADJECTIVES, rng.randint(0, 3))
    noun = rng.choice(NOUNS)
    layout = Layout("find", noun)
    for adjective in reversed(adjectives):
        layout = Layout("and", None, (Layout("find", adjective), layout))
    text = " ".join([*adjectives, noun])
    if hops:
        words, relation = rng.choice(list(RELATIONS.items()))
        reference, inner = noun_phrase(rng, hops - 1)
        article = rng.choice(["a", "the", "some", "any"])
        if article == "the":
            inner = Layout("unique", None, (inner,))
        text += f" {rng.choice(['', 'that is ', 'which is '])}{words} {article} {reference}"
        layout = Layout("and", None, (layout, Layout("relate", relation, (inner,))))
    return text, layout


FRAMES = {
    "Is there a {}?": "exists({})",
    "there is a {}.": "exists({})",
    "What colour is the {}?": "describe[color](unique({}))",
    "What is the shape of the {}?": "describe[shape](unique({}))",
    "the {}": "unique({})",
    "are there at least three {}?": "compare[at_least](count({}), number[3])",
    "it is not the case that there is a {}": "not(exists({}))",
    "Every {} is blue": "quantify[every]({}, find[blue])",
    "is the {} blue?": "exists(and(unique({}), find[blue]))",
}


@given(st.randoms(use_true_random=False), st.integers(0, 4), st.sampled_from(sorted(FRAMES)))
def test_text_built_beside_its_layout_is_read_as_that_layout(rng: random.Random, hops: int, frame: str) -> None:
    text, layout = noun_phrase(rng, hops)
    assert str(parse(frame.format(text))) == FRAMES[frame].format(layout)


def test_every_shapes_string_there_can_be_is_read() -> None:
    nouns = ("a red shape", "a blue shape", "a green shape", "a circle", "a square", "a triangle")
    relations = ("above", "below", "left of", "right of")
    chains: list[list[str]] = (
        [[]] + [[one] for one in relations] + [[one, two] for one in relations for two in relations]
    )
    for subject in nouns:
        for chain in chains:
            for last in nouns:
                layout = parse(" ".join(["is", subject, *chain, last]), "shapes")
                assert [call.module for call in layout.calls].count("relate") == len(chain)


def test_shapes_reads_a_bare_colour_as_a_predicate() -> None:
    assert str(parse("is a blue shape red", "shapes")) == "exists(and(find[blue], find[red]))"


def test_case_punctuation_and_contractions_do_not_matter() -> None:
    assert parse("What's the COLOR of the Circle ?") == parse("what is the colour of the circle")


def test_repair_replaces_misspelt_words_and_says_so() -> None:
    reading = read("is there a purpel cirlce", repair=True)
    assert reading.text == "is there a purple circle"
    assert [(fix.word, fix.replacement) for fix in reading.repairs] == [("purpel", "purple"), ("cirlce", "circle")]


def test_repair_splits_words_run_together() -> None:
    assert read("there are atleast two circles", repair=True).text == "there are at least two circles"


def test_without_repair_a_misspelt_word_is_refused() -> None:
    with pytest.raises(QuestionError, match='unknown word "purpel"; did you mean "purple"'):
        parse("is there a purpel circle")


def test_what_even_repair_cannot_read_is_refused_as_it_was_asked() -> None:
    with pytest.raises(QuestionError, match='unknown word "cirlce"'):
        read("cirlce is a there", repair=True)


def test_an_unambiguous_question_has_one_reading() -> None:
    assert len(read_all("is there a red circle above a square").readings) == 1


def test_parse_with_all_gives_the_readings() -> None:
    question = "is there a circle left of a square above a star"
    assert parse(question, all=True) == read_all(question)


def test_the_first_reading_is_the_one_that_parse_gives() -> None:
    for question, _ in golden("world"):
        assert read_all(question).readings[0].layout == parse(question)


def test_attachment_readings_are_ranked_nearest_first() -> None:
    found = read_all("is there a circle left of a square above a star")
    assert [str(reading.layout) for reading in found.readings] == [
        "exists(and(find[circle], relate[left_of](and(find[square], relate[above](find[star])))))",
        "exists(and(find[circle], and(relate[left_of](find[square]), relate[above](find[star]))))",
    ]
    assert not found.cut


def test_more_than_twenty_readings_are_cut_and_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["nmn.language.parse"], "READINGS_SECONDS", 60.0)  # however slow the machine is
    found = read_all("is there a circle " + " ".join(["left of a square"] * 8))
    assert len(found.readings) == len({reading.layout for reading in found.readings}) == 20
    assert found.cut


def test_a_users_lexicon_extends_ours(tmp_path: Path) -> None:
    (tmp_path / "kitchen.toml").write_text(
        'name = "kitchen"\nextends = "world"\n[attributes.shape.values]\nmug = ["mug", "cup"]\n'
        '[attributes.color.values]\nteal = ["teal"]\n'
        '[relations.inside]\nwords = ["inside", "in the middle of"]\nmeaning = { given = "inside" }\n',
        encoding="utf-8",
    )
    layout = parse("how many teal cups are inside a red ring", lexicon=tmp_path / "kitchen.toml")
    assert str(layout) == ("count(and(and(find[teal], find[mug]), relate[inside](and(find[red], find[ring]))))")


def test_a_users_lexicon_may_replace_ours(tmp_path: Path) -> None:
    (tmp_path / "pets.toml").write_text(
        'name = "pets"\nnouns = ["animal"]\n[plurals]\nmouse = "mice"\n'
        '[attributes.kind]\nwords = ["kind"]\nnoun = true\n[attributes.kind.values]\nmouse = ["mouse"]\ncat = ["cat"]\n'
        '[attributes.mood]\nwords = ["mood"]\n[attributes.mood.values]\nangry = ["angry"]\n'
        '[relations.chases]\nwords = ["chasing"]\nverbs = ["chase", "chases"]\nmeaning = { given = "chases" }\n',
        encoding="utf-8",
    )
    lexicon = load_lexicon(tmp_path / "pets.toml")
    assert str(parse("do all angry cats chase mice?", lexicon=lexicon)) == (
        "quantify[every](and(find[angry], find[cat]), relate[chases](find[mouse]))"
    )


def test_a_lexicon_that_lists_a_plural_is_told_that_it_is_made_by_rule(tmp_path: Path) -> None:
    (tmp_path / "zorb.toml").write_text(
        '\ufeffname = "zorb"\nextends = "world"\n[attributes.shape.values]\nzorb = ["zorb", "zorbs"]\n',
        encoding="utf-8",
    )
    with pytest.raises(LexiconError, match='has the words "zorbs" twice, once as a plural'):
        parse("is there a red circle", lexicon=tmp_path / "zorb.toml")


def test_a_lexicon_whose_words_clash_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clash.toml").write_text(
        'name = "clash"\nextends = "world"\n[attributes.texture.values]\nruddy = ["red"]\n', encoding="utf-8"
    )
    with pytest.raises(LexiconError, match='the words "red" clash'):
        parse("is there a red circle", lexicon=tmp_path / "clash.toml")


def test_a_lexicon_that_takes_a_function_word_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clash.toml").write_text(
        'name = "clash"\nextends = "world"\n[attributes.color.values]\nevery = ["every"]\n', encoding="utf-8"
    )
    with pytest.raises(LexiconError, match="clash"):
        parse("is there a red circle", lexicon=tmp_path / "clash.toml")


def test_an_unknown_grammar_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="no grammar 'wrld'; there are clevr, nlvr, shapes, world; did you mean"):
        parse("is there a circle", "wrld")


# of a small red and a small blue circle, a large blue square, a small yellow star, a large green triangle, a small
# purple ring
@pytest.mark.parametrize(("question", "suggestion", "expected"), [
    ("how many dots are there", None, 'a noun ("square")'),  # "how many does are there" cannot be read
    ("is there a dog", None, 'a noun ("square")'), ("the the dog", None, ""),
    ("is the crcle red and and blue", "is the circle red and and blue", ""),
    ("how many crcles are pelow it", "how many circles are pelow it", ""),
])  # fmt: skip
def test_a_nearest_word_is_offered_where_it_can_be_read_and_else_what_can(
    question: str, suggestion: str | None, expected: str
) -> None:
    with pytest.raises(QuestionError, match="unknown word") as raised:
        read(question, repair=False)
    assert raised.value.suggestion == suggestion and ("did you mean" in raised.value.reason) == bool(suggestion)
    assert bool(raised.value.expected) == bool(expected) and (not expected or expected in raised.value.expected)


DEMO = "nmn/scenes/demo.json"
SO = (
    "Do two things have the same color?",
    "Do some circles have different colors?",
    "Do all circles have the same size?",
    "Do at least two shapes have the same color?",
    "The star is not red or is yellow.",
    "Are only circles and squares blue?",
    "Are there exactly three circles or squares?",
    "No star or ring is red.",
    "Does the square have the same color as a circle?",
    "Does the square have a different color from every star?",
    "The star is no circle.",
    "The star is not a circle.",
    "A circle and a square have different colors.",
    "A circle and a square have the same color.",
    "Everything but the square and the triangle is small.",
    "Nothing but the star is yellow.",
    "Everything except the square and the triangle is small.",
    "Is something red and something blue?",
    "Is a circle red and a circle blue?",
    "There is a circle and a star.",
    "There are two circles and a star.",
    "There are no pentagons, but squares.",
    "There are no pentagons, but circles and squares.",
    "No circles, but squares are large.",
    "Is something red and something blue small?",
    "Is something red and small and something blue and large?",
    "Some shapes do not have the same color.",
    "Two shapes don't have the same size.",
    "A circle and a square don't have the same color.",
    "Every circle other than the red circle and every square is blue.",
    "The red shapes are all circles.",
    "The star is one of the yellow shapes.",
    "The circles are two of the small shapes.",
    "A circle and the square have the same color.",
    "Do the square and a circle have the same color?",
    "Are a red circle and the star the same size?",
    "Is the color of the square the same as that of a circle?",
    "The square and some circle have different colors.",
    "Do the square and another shape have the same color?",
    "A circle and another circle have the same size.",
    "The square has the same color as one of the circles.",
    "Everything but the square, the triangle and the ring is small.",
    "No shape but the star is yellow.",
    "All shapes but the square and the triangle are small.",
    "The square is no circle or star.",
    "The circles are no squares or stars.",
    "Two circles or squares have the same color.",
    "Two shapes are not the same size.",
    "Isn't the star yellow?",
    "Is the square right of the red circle and below it?",
    "Is the star right of the red circle and below it?",
    "No two small circles have the same color.",
    "Is everything but the square and the triangle small?",
    "Is everything except a square, a triangle and a ring small?",
    "Are all shapes but the square and the triangle small?",
    "Is there anything other than the circles and the square?",
    "There is nothing but the circles, the square, the star, the triangle and the ring.",
)
NOT_SO = (
    "No circles have the same size.",
    "Do the circles have the same color?",
    "The star is not red or yellow.",
    "The star is not yellow or red.",
    "There are no circles or squares.",
    "There is no circle or square.",
    "Are there exactly five circles or squares?",
    "Every circle or square is small.",
    "Every circle and triangle is large.",
    "No star and no circle is red.",
    "Are there two circles or squares?",
    "A star and a ring have the same color.",
    "Do every circle and the square have the same color?",
    "Everything except the square is small.",
    "Is something red and something pink?",
    "Is nothing green or nothing blue?",
    "Is anything pink or anything brown?",
    "Most circles but squares are small.",
    "No circle other than the red one and no star is yellow.",
    "Nothing but the triangle and no circle is red.",
    "A circle and another circle have the same color.",
    "Everything but the square, the triangle and the ring is large.",
    "There is nothing but circles and squares.",
    "There are no shapes other than circles or squares.",
    "The square is no circle or square.",
    "Is there a ring above the star or the square?",
    "Are there red and yellow circles?",
    "There is nothing but the square and the triangle.",
    "Is everything but the star and the triangle small?",
    "There is no star other than the yellow star and a pentagon.",
)
REFUSED = (
    "Do most shapes have the same size?",
    "Do exactly three shapes have the same size?",
    "Does the square have the same color as every circle?",
    "What color is no circle?",
    "Is the star between no square and the triangle?",
    "The blue shapes are one circle and one square.",
)


@pytest.mark.parametrize(("question", "answer"), [*((one, True) for one in SO), *((one, False) for one in NOT_SO)])
def test_what_determiners_say_of_several_things(question: str, answer: bool) -> None:
    """Who is meant by "no", "every" and "two" where nouns, adjectives or comparisons are joined; truths by hand."""
    assert ask_scene(DEMO, question).value is answer


@pytest.mark.parametrize(("question", "count"), [
    ("How many things are not red or blue?", 3), ("How many things are not a circle or a square?", 3),
    ("How many circles that are not red or green are there?", 1),
    ("How many shapes other than circles and squares are there?", 3),
    ("How many shapes other than the star and the ring are small?", 2),
])  # fmt: skip
def test_what_not_and_other_than_leave_out(question: str, count: int) -> None:
    assert ask_scene(DEMO, question).value == count


@pytest.mark.parametrize("question", REFUSED)
def test_what_cannot_be_said_as_a_layout_is_refused(question: str) -> None:
    with pytest.raises(QuestionError):
        parse(question)


def test_a_scene_is_asked_in_the_words_of_its_world() -> None:
    scene = SceneGraph((SceneObject({"shape": "circle"}, (2, 2, 12, 12)),), 64, 64, world="pairs")
    assert ask_scene(scene, "There is an image with a circle.").value is True
    with pytest.raises(QuestionError, match='"image" is read in'):
        ask_scene(scene, "There is an image with a circle.", grammar="world")
    with pytest.raises(SceneError, match="world: no lexicon 'nope'"):
        ask_scene(replace(scene, world="nope"), "There is a circle.")
