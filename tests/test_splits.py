"""Generalisation splits: neither side shows what the other is made of, and what does is seen."""

from typing import Any

import pytest

from nmn.errors import ConfigError
from nmn.language.grammar import load_grammar
from nmn.language.parse import read_fresh
from nmn.layout import parse_layout
from nmn.scene import SceneGraph, SceneObject
from synth_data.config import SynthConfig
from synth_data.example import Answer, Example
from synth_data.phrases import relation_nouns
from synth_data.splits import HELD_OUT, PLAIN, RELATION_NOUNS, SIDES, SPLITS, STYLES, hops, leaks, split_settings
from tests.worlds import examples, settings

SIZE = 200
NAMES = [f"{split}:{side}" for split in SPLITS for side in SIDES]


def config(name: str) -> SynthConfig:
    return settings(**{**split_settings(name), "size": SIZE, "shard_size": SIZE})


def other_side(name: str) -> str:
    split, side = name.split(":")
    return f"{split}:{'test' if side == 'train' else 'train'}"


@pytest.mark.parametrize("name", NAMES)
def test_no_example_of_a_side_leaks(name: str) -> None:
    leaked = [example.text for example in examples(config(name)) if leaks(example, name)]
    assert not leaked


@pytest.mark.parametrize("name", NAMES)
def test_every_example_of_the_other_side_leaks(name: str) -> None:
    assert all(leaks(example, name) for example in examples(config(other_side(name))))


@pytest.mark.parametrize("name", NAMES)
def test_a_side_is_generated_in_full_and_with_both_answers(name: str) -> None:
    found = examples(config(name))
    assert len(found) == SIZE
    assert len({str(example.answer) for example in found}) > 1


def example(text: str = "", *pairs: str, answer: Answer = True, family: str = "existence") -> Example:
    """Return an example of a layout whose objects have these colours and shapes."""
    layout = parse_layout(text or "exists(find[red])")
    things = [SceneObject(dict(zip(("color", "shape"), pair.split(), strict=True)), (0, 0, 9, 9)) for pair in pairs]
    return Example(0, family, "", layout, answer, SceneGraph(tuple(things), 64, 64), ())


CHAIN = "exists(relate[left_of](relate[above](relate[below](find[red]))))"
SIX, SEVEN = ["red circle"] * 6, ["red circle"] * 7


@pytest.mark.parametrize(
    ("split", "one", "is_test"),
    [
        ("cogent", example("", "red square"), True),
        ("cogent", example("", "red circle", "blue square"), False),
        ("sqoop", example("exists(relate[left_of](and(find[red], find[square])))"), True),
        ("sqoop", example("exists(relate[left_of](unique(find[square])))"), True),
        ("sqoop", example("exists(relate[right_of](find[square]))"), False),
        ("sqoop", example("exists(and(find[square], relate[left_of](find[circle])))"), False),
        ("closure", example(family="count_same"), True),
        ("closure", example(family="count"), False),
        ("chains", example(CHAIN), True),
        ("chains", example("exists(and(relate[left_of](relate[above](find[red])), relate[below](find[red])))"), False),
        ("objects", example("", *SEVEN), True),
        ("objects", example("", *SIX), False),
        ("counts", example("count(scene)", answer=5), True),
        ("counts", example("count(scene)", answer=4), False),
        ("counts", example(answer=True), False),
    ],
)
def test_a_split_says_on_which_side_an_example_belongs(split: str, one: Example, is_test: bool) -> None:
    assert leaks(one, f"{split}:train") is is_test
    assert leaks(one, f"{split}:test") is not is_test


@pytest.mark.parametrize("preset", ["pairs", "shapes"])
def test_objects_are_counted_in_a_panel_and_without_empty_cells(preset: str) -> None:
    few = settings(preset, size=20, min_objects=3, max_objects=6)
    assert max(len(one.scene.objects) for one in examples(few)) > 6
    assert not any(leaks(one, "objects:train") for one in examples(few))


def test_chains_are_as_long_as_the_most_relations_one_below_the_other() -> None:
    assert hops(example(CHAIN)) == 3
    assert hops(example("and(exists(relate[above](find[red])), exists(relate[below](find[blue])))")) == 1
    assert hops(example("exists(find[red])")) == 0


def test_the_noun_after_a_relation_is_not_the_one_below_the_next() -> None:
    chain = parse_layout("exists(relate[left_of](and(find[star], relate[above](unique(find[ring])))))")
    assert relation_nouns(chain) == {"left_of star", "above ring"}


def test_captions_keep_to_the_split_too() -> None:
    spoken = settings(**{**split_settings("sqoop:train"), "captions": 3, "size": 60})
    grammar = load_grammar("world", spoken.words)
    captions = [caption for example in examples(spoken) for caption in example.captions]
    pairs = [relation_nouns(read_fresh(caption, grammar).layout) for caption in captions]
    assert sum(map(bool, pairs)) > 20
    assert not set(RELATION_NOUNS) & set[str]().union(*pairs)


def test_the_pairs_that_are_held_out_have_eight_colours_and_eight_shapes() -> None:
    assert [len({pair.split()[place] for pair in HELD_OUT}) for place in (0, 1)] == [8, 8]


@pytest.mark.parametrize(("preset", "seed"), [("world", 447), ("world", 21606), ("varied", 28873)])
def test_counts_over_the_longest_chains_have_scenes_where_a_preset_knows_sizes_and_touching(
    preset: str, seed: int
) -> None:
    """With all of the preset's relations these seeds ask for three things at the end of four relations of one sort."""
    changes = {**split_settings("chains:test"), "families": ("count_related",), "size": 1, "seed": seed}
    (found,) = examples(settings(preset, **changes))
    assert (hops(found), found.answer) == (4, 3)


@pytest.mark.parametrize("name", STYLES)
def test_a_style_changes_only_how_pictures_are_drawn(name: str) -> None:
    shown = PLAIN if "texture" in STYLES[name] else {}  # of a texture that no picture shows nothing is asked
    plain, styled = settings(size=8, **shown), settings(**{**split_settings(name), "size": 8})
    assert styled.drawings != plain.drawings
    assert examples(styled) == examples(plain)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cogentt:test", r'no split "cogentt"; there are cogent, .*; did you mean "cogent"\?'),
        ("cogent", 'split "cogent" has the sides cogent:train and cogent:test; got "cogent"'),
        ("cogent:val", 'got "cogent:val"'),
        ("noisy:train", '"noisy" is a style, which has no sides; got "noisy:train"'),
    ],
)
def test_an_unknown_split_or_side_is_refused_by_name(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        split_settings(name)


@pytest.mark.parametrize("name", [*NAMES, *STYLES])
def test_the_settings_of_a_split_may_be_changed_without_changing_the_split(name: str) -> None:
    given: dict[str, Any] = split_settings(name)
    given["size"] = 1
    assert "size" not in split_settings(name)
