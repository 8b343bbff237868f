"""Scenes alone, and more questions about scenes that are there."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from nmn.errors import DataError
from nmn.language import read
from nmn.layout import parse_layout
from nmn.lexicon import load_lexicon
from nmn.modules.exact import encode, exact_library
from synth_data.example import Example
from synth_data.label import judge
from synth_data.reask import reask
from synth_data.reference import evaluate
from synth_data.scenes import draw_scenes, scenes_for_answers
from tests.worlds import examples, settings

SHAPES = load_lexicon("shapes")
QUESTIONS = ("is a red shape above a circle", "is a square blue", "is a red shape red", "is a circle left of a square")
WORLD = settings(size=211, seed=7, families=["existence_related", "count", "query", "compare_counts", "superlative"])
ASKED = examples(WORLD)
EACH = 5


def test_scenes_have_the_answers_that_were_recorded_and_none_comes_twice() -> None:
    layouts = [read(question, "shapes").layout for question in QUESTIONS for _ in range(6)]
    answers = [place % 3 != 0 for place in range(len(layouts))]
    scenes = scenes_for_answers(layouts, answers, seed=5)
    found = [evaluate(layout, scene, SHAPES) for layout, scene in zip(layouts, scenes, strict=True)]
    assert found == answers
    assert all(len(scene.objects) == 9 for scene in scenes)
    for start in range(0, len(layouts), 6):
        assert len({str(scene.to_json()) for scene in scenes[start : start + 6]}) == 6


def test_scenes_for_answers_are_a_function_of_the_seed() -> None:
    layouts = [read(question, "shapes").layout for question in QUESTIONS]
    first, again, other = (scenes_for_answers(layouts, [True] * 4, seed) for seed in (1, 1, 2))
    assert first == again != other


def test_an_answer_that_no_scene_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synth_data.scenes.ROUNDS", 2)
    never = parse_layout("exists(and(find[red], not(find[red])))")
    with pytest.raises(DataError, match=r"no scene of SHAPES was found in which exists.* is True"):
        scenes_for_answers([never], [True], seed=1)


def test_scenes_are_drawn_as_their_configuration_says() -> None:
    config = settings(min_objects=2, max_objects=5, colors=["red", "blue"], size_jitter=0.0, rotate=False)
    scenes = draw_scenes(config, 97, np.random.default_rng(3))
    assert len(scenes) == 97
    assert {len(scene.objects) for scene in scenes} == {2, 3, 4, 5}
    assert {thing.attributes["color"] for scene in scenes for thing in scene.objects} == {"red", "blue"}
    assert (
        scenes == draw_scenes(config, 97, np.random.default_rng(3)) != draw_scenes(config, 97, np.random.default_rng(4))
    )
    for scene in scenes:
        for thing in scene.objects:
            left, top, right, bottom = thing.box
            assert 0 <= left < right <= 64 and 0 <= top < bottom <= 64


def asked_again(seed: int = 1) -> list[Example]:
    return reask(ASKED, WORLD, EACH, np.random.default_rng(seed))


def test_more_answers_are_those_of_the_reference_evaluator() -> None:
    for example in asked_again():
        assert evaluate(example.layout, example.scene, WORLD.words) == example.answer, example.text


def test_what_more_questions_presuppose_holds_surely() -> None:
    again = asked_again()
    regions = encode([example.scene for example in again], WORLD.words, WORLD.unsure_px)
    _, sure = judge([example.layout for example in again], range(len(again)), regions, exact_library(WORLD.words))
    assert sure.all()


def test_no_layout_is_asked_twice_of_a_scene_and_the_first_are_those_that_were_there() -> None:
    again = asked_again()
    by_number: dict[int, list[Example]] = {}
    for example in again:
        by_number.setdefault(example.number, []).append(example)
    assert [of_scene[0] for of_scene in by_number.values()] == list(ASKED)
    for of_scene in by_number.values():
        assert len({example.layout for example in of_scene}) == len(of_scene) <= EACH
        assert all(example.scene == of_scene[0].scene for example in of_scene)
    assert sum(map(len, by_number.values())) > 0.95 * EACH * len(ASKED)


def test_captions_and_groups_are_not_taken_along_to_another_scene() -> None:
    texts = examples(settings("contrast", size=40, captions=1))
    said = {example.number: example.captions for example in texts}
    again = reask(texts, WORLD, EACH, np.random.default_rng(1))
    assert all(example.captions == said[example.number] for example in again)
    assert Counter(example.group for example in again if example.group >= 0) == Counter(one.group for one in texts)


def test_questions_are_asked_again_the_same_way_from_the_same_seed() -> None:
    assert asked_again() == asked_again() != asked_again(2)
    assert reask(ASKED, WORLD, 1, np.random.default_rng(1)) == list(ASKED)


def test_rare_answers_are_taken_more_often_than_they_come_up() -> None:
    """Most texts are answered no of most scenes."""
    config = replace(WORLD, families=("existence_related",))
    texts = examples(config)
    again = reask(texts, config, EACH, np.random.default_rng(1))
    added = Counter(example.answer for example in again) - Counter(example.answer for example in texts)
    pairs = [(text.layout, other.scene) for text in texts[:40] for other in texts[40:80]]
    natural = sum(evaluate(layout, scene, config.words) is True for layout, scene in pairs) / len(pairs)
    assert added[True] / added.total() > 1.5 * natural > 0


def test_a_text_that_is_asked_again_does_not_give_its_answer_away() -> None:
    """Most texts have one answer in most scenes; who says that one is right as often as who tosses a coin."""
    config = replace(WORLD, families=("existence", "existence_related"), size=300, shard_size=300)
    texts = examples(config)
    regions = encode([example.scene for example in texts], config.words, config.unsure_px)
    library = exact_library(config.words)
    every = [judge([text.layout] * len(texts), range(len(texts)), regions, library) for text in texts]
    usual = {text.text: answers[sure].mean() > 0.5 for text, (answers, sure) in zip(texts, every, strict=True)}
    often = [max(answers[sure].mean(), 1 - answers[sure].mean()) for answers, sure in every]
    added = [one for one in reask(texts, config, EACH, np.random.default_rng(1)) if one not in texts]
    right = sum(usual[one.text] == one.answer for one in added) / len(added)
    assert sum(often) / len(often) > 0.75 and abs(right - 0.5) < 0.06
