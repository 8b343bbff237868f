"""Statistics of datasets: counts by hand, and a classifier of texts that finds what a text gives away."""

import json
import random

import pytest

from nmn.layout import parse_layout
from nmn.scene import SceneGraph, SceneObject
from synth_data.example import Answer, Example
from synth_data.stats import collect, group_of, text_only

RED, BLUE, STAR = ("red", "circle"), ("blue", "circle"), ("blue", "star")


def example(family: str, text: str, layout: str, answer: Answer, *things: tuple[str, str], way: str = "") -> Example:
    """Return an example whose objects have these colours and shapes."""
    objects = [SceneObject({"color": color, "shape": shape}, (0, 0, 9, 9)) for color, shape in things]
    return Example(0, family, text, parse_layout(layout), answer, SceneGraph(tuple(objects), 64, 64), (), way)


HAND_MADE = [
    example("existence", "is there a circle?", "exists(find[circle])", True, RED, BLUE),
    example("existence", "there is a red circle.", "exists(find[circle])", False, STAR, way="wrong attribute"),
    example("existence", "is there a star?", "exists(find[star])", True, STAR, STAR),
    example("count", "how many circles are there?", "count(find[circle])", 2, RED, RED),
    example("query", "what color is the star?", "describe[color](unique(find[star]))", "blue", STAR),
    example("refer", "the star", "unique(find[star])", (0,), STAR),
]
FOUND = collect(HAND_MADE)


def test_examples_and_families_are_counted() -> None:
    assert FOUND.examples == 6
    assert {row.family: row.examples for row in FOUND.families} == {"count": 1, "existence": 3, "query": 1, "refer": 1}


def test_words_and_calls_are_means_over_a_family() -> None:
    """4, 5 and 4 words; find and exists are two calls each."""
    row = next(row for row in FOUND.families if row.family == "existence")
    assert row.words == pytest.approx(13 / 3) and row.calls == 2


def test_answers_are_counted_as_text_the_most_frequent_first() -> None:
    answers = {row.family: list(row.answers.items()) for row in FOUND.families}
    assert answers["existence"] == [("True", 2), ("False", 1)]
    assert (answers["count"], answers["query"]) == ([("2", 1)], [("blue", 1)])
    assert answers["refer"] == [("1 objects", 1)]


def test_the_majority_is_the_share_of_the_most_frequent_answer() -> None:
    assert {row.family: row.majority for row in FOUND.families}["existence"] == 2 / 3


def test_ways_are_counted_of_false_texts() -> None:
    assert FOUND.ways == {"wrong attribute": 1}
    unnamed = example("existence", "there is a star.", "exists(find[star])", False)
    none = example("count", "how many stars are there?", "count(find[star])", 0, RED)
    assert collect([unnamed, none]).ways == {"unnamed": 1}


def test_objects_are_counted_by_image_and_by_shape_and_colour() -> None:
    assert FOUND.objects == {1: 3, 2: 3}
    assert FOUND.together == {("circle", "red"): 3, ("circle", "blue"): 1, ("star", "blue"): 5}


def test_no_classifier_is_trained_on_a_handful_of_texts() -> None:
    assert FOUND.text_only == ()
    assert [row.group for row in collect(HAND_MADE[:1] * 100).text_only] == ["true or false"]
    assert not collect(HAND_MADE[:1] * 99).text_only


def test_nothing_has_no_families() -> None:
    nothing = collect([])
    assert (nothing.examples, nothing.families, nothing.text_only) == (0, (), ())


def test_statistics_are_plain_json() -> None:
    data = json.loads(json.dumps(FOUND.to_json()))
    assert data["examples"] == 6 and data["objects"] == {"1": 3, "2": 3}
    assert data["shape_color"] == {"red circle": 3, "blue circle": 1, "blue star": 5}
    assert data["families"][1]["answers"] == {"True": 2, "False": 1}


def test_texts_are_grouped_with_those_that_share_their_answers() -> None:
    groups = [group_of(HAND_MADE[place]) for place in (0, 3, 4, 5)]
    assert groups == ["true or false", "number: count", "attribute: color", ""]


# ---- what the text alone gives away ----------------------------------------------------------------------------------

NOUNS = ("circle", "square", "star", "ring", "cross")


def texts(count: int, planted: bool) -> list[tuple[str, str]]:
    """Return texts with answers by a coin; planted: only those that are true say "red"."""
    rng, found = random.Random(1), []
    for _ in range(count):
        answer = rng.random() < 0.5
        red = answer if planted else rng.random() < 0.5
        found.append((f"there is a {'red' if red else 'blue'} {rng.choice(NOUNS)}.", str(answer)))
    return found


def test_a_word_that_gives_the_answer_away_is_found() -> None:
    known = text_only("true or false", texts(2000, planted=True))
    assert (known.held_out, known.accuracy) == (1000, 1.0)
    assert known.gain > 45


def test_words_that_say_nothing_gain_nothing() -> None:
    """1,000 are held out: a standard deviation of the accuracy is 1.6 points, and four of them 6.3."""
    assert abs(text_only("true or false", texts(2000, planted=False)).gain) < 6.3


def test_the_majority_is_taken_from_the_training_half() -> None:
    known = text_only("all true", [("there is a star.", "True")] * 30)
    assert (known.held_out, known.accuracy, known.majority, known.gain) == (15, 1.0, 1.0, 0.0)


def test_the_same_seed_trains_the_same_classifier() -> None:
    drawn = texts(400, planted=False)
    assert text_only("a", drawn, seed=3) == text_only("a", drawn, seed=3)


def test_a_planted_word_is_found_through_collect_too() -> None:
    planted = [
        example("existence", text, "exists(find[star])", answer == "True", STAR) for text, answer in texts(1000, True)
    ]
    assert collect(planted).text_only[0].gain > 40
