"""Examples as they are generated: the same each time, balanced, false for a reason, labelled as the reference says."""

import gc
import math
from collections import Counter, defaultdict
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from nmn.language.grammar import load_grammar
from nmn.language.parse import read_fresh
from nmn.layout import Kind
from nmn.scene import SceneGraph, SceneObject
from synth_data import SynthConfig
from synth_data.captions import minimal
from synth_data.example import Example, example_from_json
from synth_data.generate import blocks, generate, generate_block
from synth_data.maker import families
from synth_data.phrases import Wish
from synth_data.reference import evaluate
from synth_data.statements import CLAIMS
from synth_data.stats import collect
from synth_data.verify import check
from tests.worlds import examples, settings

PRESETS = ("world", "shapes", "shapeworld", "clevr2d", "counting", "contrast")
SMALL = settings(size=45, shard_size=15, seed=1)
TRUE_OR_FALSE = tuple(name for name in CLAIMS if name not in ("cells", "between"))
EACH = 40
TRUTHS = settings(size=EACH * len(TRUE_OR_FALSE), families=TRUE_OR_FALSE, shard_size=EACH * len(TRUE_OR_FALSE))


@cache
def by_family(config: SynthConfig) -> dict[str, list[Example]]:
    found = defaultdict(list)
    for example in examples(config):
        found[example.family].append(example)
    return found


@pytest.mark.parametrize("preset", ["world", "contrast"])
def test_blocks_that_are_dropped_leave_nothing_behind(preset: str) -> None:
    config = settings(preset, size=24, shard_size=12)
    generate_block(config, 0)
    gc.collect()
    generate_block(config, 1)
    assert gc.collect() == 0  # else memory would grow with every block, since the collector is off within one


def test_the_same_config_gives_the_same_examples() -> None:
    assert tuple(generate(SMALL)) == examples(SMALL)


def test_another_seed_gives_other_examples() -> None:
    other = settings(size=15, shard_size=15, seed=2)
    assert [example.text for example in generate(other)] != [example.text for example in examples(SMALL)[:15]]


def test_a_block_does_not_depend_on_the_blocks_made_before_it() -> None:
    backwards = [generate_block(SMALL, block) for block in reversed(range(3))]
    assert [example for block in reversed(backwards) for example in block] == list(examples(SMALL))


def test_the_last_block_holds_the_rest() -> None:
    config = settings(size=23, shard_size=10, families=("existence",))
    assert blocks(config) == 3
    assert [len(generate_block(config, block)) for block in range(3)] == [10, 10, 3]
    assert [example.number for example in generate(config)] == list(range(23))


def test_families_come_equally_often_within_one() -> None:
    counts = Counter(example.family for example in examples(SMALL)[:15])
    assert len(counts) == 15
    three = Counter(example.family for example in generate(settings(size=8, families=("count", "query", "same"))))
    assert sorted(three.values()) == [2, 3, 3]


def test_an_example_is_read_back_from_its_json() -> None:
    assert [example_from_json(example.to_json()) for example in examples(SMALL)] == list(examples(SMALL))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_label_is_what_the_reference_says(preset: str) -> None:
    config = settings(preset, size=64, seed=2, shard_size=64)
    for example in examples(config):
        expected = evaluate(example.layout, example.scene, config.words)
        assert (type(example.answer), example.answer) == (type(expected), expected), example.text


@pytest.mark.parametrize("preset", PRESETS)
def test_every_text_is_read_as_its_layout(preset: str) -> None:
    config = settings(preset, size=64, seed=2, shard_size=64)
    grammar = load_grammar(config.grammar, config.words)
    assert all(read_fresh(example.text, grammar).layout == example.layout for example in examples(config))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_generates_every_family_that_it_asks_for_as_claims_allow(preset: str) -> None:
    config = settings(preset, size=64, seed=2, shard_size=64)
    asked = [name for name in families(config) if not config.contrast or name in CLAIMS]
    assert {example.family for example in examples(config)} == set(asked)


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "contrast"])
def test_objects_are_as_many_as_the_preset_says(preset: str) -> None:
    config = settings(preset, size=64, seed=2, shard_size=64)
    counts = {len(example.scene.objects) for example in examples(config)}
    assert config.min_objects <= min(counts) <= max(counts) <= config.max_objects


# ---- balance ------------------------------------------------------------------------------------------------------


def bound(count: int) -> float:
    """Return how far from half of so many fair coins fall less than once in a million times (five deviations)."""
    return 5 * math.sqrt(count) / 2


@pytest.mark.parametrize("family", TRUE_OR_FALSE)
def test_a_family_is_true_half_of_the_time(family: str) -> None:
    """Of 40 examples, 20 on average and at least 5 of either: 5 standard deviations are 15.8."""
    found = by_family(TRUTHS)[family]
    true = sum(example.answer is True for example in found)
    assert len(found) == EACH and abs(true - EACH / 2) <= bound(EACH)


def test_truths_are_balanced_over_all_families() -> None:
    """Of 440 examples, 220 on average; five standard deviations are 52.5."""
    true = sum(example.answer is True for example in examples(TRUTHS))
    assert abs(true - TRUTHS.size / 2) <= bound(TRUTHS.size) < 53


def test_a_false_text_is_false_in_a_named_way_and_a_true_one_has_none() -> None:
    assert all(bool(example.way) == (example.answer is False) for example in examples(TRUTHS))
    assert {example.way for example in examples(TRUTHS)} >= {"wrong attribute", "wrong relation", "off by one"}


def test_answers_that_are_numbers_take_every_value_equally_often() -> None:
    """Of 180 numbers from 0 to 5, 30 each on average; five standard deviations are 25."""
    found = Counter(example.answer for example in examples(settings(size=180, families=("count",))))
    assert set(found) == set(range(6)) and max(found.values()) <= 55 and min(found.values()) >= 5


def gain(**changes: Any) -> float:
    """Return in points how much better than the majority a classifier of texts is."""
    known = collect(examples(settings(size=3000, shard_size=1000, **changes))).text_only
    return next(row.gain for row in known if row.group == "true or false")


def test_a_text_does_not_tell_whether_it_is_true() -> None:
    """1,500 are held out: a standard deviation of the accuracy is 1.3 points, and four of them 5.2."""
    few = {"colors": ("red", "blue", "green"), "shapes": ("circle", "square", "star"), "textures": ("solid",)}
    assert gain(**few, families=("existence", "relation"), relations=("left_of", "above"), max_objects=5) < 5.2


# ---- referring expressions and captions -----------------------------------------------------------------------------

REFER = settings(size=100, families=("refer", "refer_related"))
CAPTIONS = settings(size=60, captions=3, families=("existence",), shard_size=20)


def wish_of(example: Example) -> Wish:
    """Return the values that the layout of a referring expression names, by attribute."""
    owners = REFER.words.attribute_of
    return {owners[str(call.argument)]: str(call.argument) for call in example.layout.calls if call.module == "find"}


def test_a_referring_expression_names_exactly_one_object() -> None:
    assert {len(example.answer) for example in examples(REFER) if isinstance(example.answer, tuple)} == {1}
    assert {example.layout.kind for example in examples(REFER)} == {Kind.ATTENTION}


def test_no_word_of_a_referring_expression_can_be_left_out() -> None:
    found = by_family(REFER)["refer"]
    for example in found:
        wish, things = wish_of(example), example.scene.objects
        for left_out in wish:
            rest = {name: value for name, value in wish.items() if name != left_out}
            assert sum(rest.items() <= thing.attributes.items() for thing in things) > 1, example.text
    assert max(len(wish_of(example)) for example in found) > 1


def test_a_word_is_redundant_where_the_object_is_the_only_one_without_it() -> None:
    things = [SceneObject({"color": color, "shape": "circle"}, (0, 0, 9, 9)) for color in ("red", "blue")]
    scene = SceneGraph(tuple(things), 64, 64)
    assert minimal({"color": "red"}, scene)
    assert not minimal({"color": "red", "shape": "circle"}, scene)


def test_captions_are_true_and_can_be_read() -> None:
    grammar = load_grammar("world", CAPTIONS.words)
    said = [(caption, example.scene) for example in examples(CAPTIONS) for caption in example.captions]
    assert len(said) > 2 * CAPTIONS.size
    for caption, scene in said:
        assert evaluate(read_fresh(caption, grammar).layout, scene, CAPTIONS.words) is True, caption


def test_captions_speak_of_no_empty_cells_and_are_verified_whatever_the_language_of_the_texts() -> None:
    config = settings("shapes", size=40, captions=3)
    for example in examples(config):
        assert not list(check(example, config))
        solid = tuple(thing for thing in example.scene.objects if thing.attributes)
        for caption in example.captions:
            layout = read_fresh(caption, load_grammar("world", config.words)).layout
            assert evaluate(layout, replace(example.scene, objects=solid), config.words) is True, caption


def test_captions_are_no_more_than_asked_for_and_all_different() -> None:
    for example in examples(CAPTIONS):
        assert len(set(example.captions)) == len(example.captions) <= 3


def test_a_caption_is_false_of_the_next_image_of_its_block() -> None:
    grammar, found = load_grammar("world", CAPTIONS.words), examples(CAPTIONS)[:20]
    for place, example in enumerate(found):
        other = found[(place + 1) % 20].scene
        for caption in example.captions:
            assert evaluate(read_fresh(caption, grammar).layout, other, CAPTIONS.words) is False, caption
