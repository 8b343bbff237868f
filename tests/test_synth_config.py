"""The generator's settings: what is refused and in which words, what overrides what, and the way there and back."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmn.config import build_settings, parse_overrides, read_settings, settings_json
from nmn.errors import ConfigError
from synth_data.config import IMAGES, SynthConfig, load_config, preset_names
from synth_data.generate import generate
from synth_data.maker import families


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sise": 3}, 'unknown setting "sise"; did you mean "size"?'),
        ({"size": "many"}, "size: expected a whole number, got 'many'"),
        ({"size": 2.5}, "size: expected a whole number, got 2.5"),
        ({"size": True}, "size: expected a whole number, got True"),
        ({"rotate": 1}, "rotate: expected true or false, got 1"),
        ({"fill": "full"}, "fill: expected a number, got 'full'"),
        ({"style": 3}, "style: expected text, got 3"),
        ({"colors": [1]}, "colors: expected text, got 1"),
        ({"size_px": ["small"]}, "size_px: expected a number, got 'small'"),
        ({"size": 0}, "size: expected 1 to 1000000000, got 0"),
        ({"max_objects": 21}, "max_objects: expected 1 to 20, got 21"),
        ({"gap_px": -1}, "gap_px: expected 0 to 64, got -1.0"),
        ({"gap_px": float("nan")}, "gap_px: expected 0 to 64, got nan"),
        ({"seed": -1}, "seed: expected 0 to"),
        ({"min_objects": 5, "max_objects": 4}, "min_objects 5 is above max_objects 4"),
        ({"min_hops": 3, "max_hops": 2}, "min_hops 3 is above max_hops 2"),
        ({"min_count": 6, "max_count": 5}, "min_count 6 is above max_count 5"),
        ({"placement": "fre"}, "placement: expected one of free, grid; got 'fre'"),
        ({"images": "jpg"}, "images: expected one of npy, png, none; got 'jpg'"),
        ({"style": "clevr"}, "style: expected one of world, shapes, nlvr; got 'clevr'"),
        ({"colors": ["purpel"]}, 'colors: the lexicon world has no color "purpel"; did you mean "purple"?'),
        ({"shapes": ["circel"]}, 'shapes: the lexicon world has no shape "circel"; did you mean "circle"?'),
        ({"relations": ["lefft_of"]}, 'relations: unknown relation "lefft_of"; did you mean "left_of"?'),
        ({"held_out": ["circle red"]}, "expected pairs such as \"red circle\", got 'circle red'"),
        ({"required": ["red"]}, "expected pairs such as \"red circle\", got 'red'"),
        ({"lexicon": "wrld"}, "no lexicon 'wrld'"),
        ({"background": "plaid"}, "plaid"),
        ({"empty_cells": True}, "empty_cells: cells are those of a grid; got placement=free"),
    ],
)
def test_a_bad_setting_is_refused_by_its_name(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        load_config("world", **settings)
    assert message in str(caught.value)


def test_a_value_with_nothing_near_lists_what_there_is() -> None:
    with pytest.raises(ConfigError, match="there are small, medium, large"):
        load_config("world", sizes=["xyzzy"])


def test_an_unknown_family_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r'unknown family "existense"; did you mean "existence"\?'):
        families(load_config("world", families=["existense"]))


@pytest.mark.parametrize(
    ("preset", "changes", "message"),
    [
        ("nlvr", {"noise_sigma": 28.0}, "noise_sigma=0.0; got 28.0, which takes style=world"),
        ("nlvr", {"pixels": 200}, "pixels=400; got 200"),
        ("shapes", {"pixels": 60}, "pixels=30; got 60"),
        ("shapes", {"rotate": True}, "rotate=False; got True"),
        ("world", {"texture": "outlined"}, "texture: .*let them have one, such as textures=solid"),
        ("world", {"background": "red"}, 'background: what is red is not seen on "red"; leave it out by colors='),
        ("world", {"backgrounds": ["slate", "white"]}, 'what is white is not seen on "white"'),
        ("varied", {"touching": 0.0, "overlap": 0.0}, 'nothing is ever "touching" with touching=0 and overlap=0'),
        ("world", {"relations": ["behind"]}, 'nothing is ever "behind" with overlap=0; raise overlap, or leave behind'),
    ],
)
def test_what_pictures_would_not_show_or_not_follow_is_refused(
    preset: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        next(generate(load_config(preset, size=1, **changes)))


def test_things_may_touch_by_chance_where_they_are_put_as_near() -> None:
    near = {"relations": ["touching"], "families": ["relation"], "size": 1}
    with pytest.raises(ConfigError, match="nothing is ever"):
        next(generate(load_config("world", **near)))
    assert next(generate(load_config("world", gap_px=0.0, **near)))


def test_an_unknown_preset_names_the_nearest_and_all_there_are() -> None:
    with pytest.raises(ConfigError, match=r'no preset "wrld"; there are .*contrast.*world.*did you mean "world"\?'):
        load_config("wrld")


@pytest.mark.parametrize("preset", preset_names())
def test_a_preset_is_named_in_what_it_resolves_to(preset: str) -> None:
    assert load_config(preset).preset == preset


def test_overrides_are_read_as_toml_and_else_as_text() -> None:
    pairs = ["size=10", "fill=0.5", "rotate=true", "colors=red, blue", 'shapes=["circle"]', "style=world", "texture="]
    config = load_config("world", **parse_overrides(pairs))
    assert (config.size, config.fill, config.rotate) == (10, 0.5, True)
    assert (config.colors, config.shapes, config.style, config.texture) == (("red", "blue"), ("circle",), "world", "")


@pytest.mark.parametrize("pair", ["size", "=3", " = 3"])
def test_an_override_without_key_or_value_is_refused(pair: str) -> None:
    with pytest.raises(ConfigError, match="expected key=value"):
        parse_overrides([pair])


def test_a_whole_number_will_do_for_a_number_and_one_value_for_a_list() -> None:
    config = load_config("world", gap_px=3, colors="red")
    assert (config.gap_px, type(config.gap_px), config.colors) == (3.0, float, ("red",))


def test_a_file_of_settings_starts_from_the_preset_that_it_names(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('preset = "shapes"\nfill = 0.5\n', encoding="utf-8")
    mine, shapes = load_config(str(path)), load_config("shapes")
    assert (mine.fill, mine.grammar, mine.families) == (0.5, shapes.grammar, shapes.families)


def test_files_of_settings_may_start_from_one_another(tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text('preset = "counting"\nsize = 7\nseed = 1\n', encoding="utf-8")
    second.write_text(f'preset = "{first}"\nseed = 2\n', encoding="utf-8")
    config = load_config(str(second))
    assert (config.size, config.seed, config.max_count) == (7, 2, 10)


def test_settings_given_go_over_those_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("size = 7\n", encoding="utf-8")
    assert load_config(str(path), size=8).size == 8


@pytest.mark.parametrize("content", ["size = ", "size == 3", "\xff"])
def test_a_broken_file_of_settings_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"broken.toml: not a readable TOML file"):
        load_config(str(path))


def test_a_missing_file_of_settings_is_named() -> None:
    with pytest.raises(ConfigError, match=r"gone.toml: not a readable TOML file: .*No such file"):
        read_settings("gone.toml", SynthConfig)


@pytest.mark.parametrize(("text", "told"), [
    ("", "no setting in it"), ("sise = 9", 'unknown setting "sise"; did you mean "size"'),
    ('size = "x"', "size: expected a whole number"),
])  # fmt: skip
def test_a_file_at_fault_is_named(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"own.toml: {told}"):
        load_config(str(path))


def subsets(key: str) -> st.SearchStrategy[tuple[str, ...]]:
    attribute = {"colors": "color", "shapes": "shape", "textures": "texture"}[key]
    known = tuple(load_config("world").words.attributes[attribute].values)
    return st.lists(st.sampled_from(known), unique=True).map(tuple)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "size": st.integers(1, 10**9),
            "seed": st.integers(0, 2**63),
            "fill": st.floats(0.05, 1),
            "gap_px": st.floats(0, 64),
            "rotate": st.booleans(),
            "images": st.sampled_from(IMAGES),
            "colors": subsets("colors"),
            "shapes": subsets("shapes"),
            "textures": subsets("textures"),
            "size_px": st.tuples(*[st.floats(1, 20)] * 3),
            "held_out": st.just(("red circle", "blue square")),
        },
    ),
    st.sampled_from(preset_names()),
)
def test_a_resolved_config_is_read_back_from_its_json(changes: dict[str, Any], preset: str) -> None:
    lexicon = {"lexicon": "world", "size_px": (7.0, 11.0, 16.0)} if preset in ("shapes", "nlvr") else {}
    config = load_config(preset, **{**lexicon, **changes})
    assert build_settings(SynthConfig, json.loads(json.dumps(settings_json(config)))) == config
    assert {key: getattr(config, key) for key in changes} == changes


def test_values_are_those_given_and_else_all_of_the_lexicon() -> None:
    config = load_config("world", colors=["red", "blue"], shapes=[])
    assert config.values("color") == ("red", "blue")
    assert config.values("shape") == tuple(config.words.attributes["shape"].values)


@pytest.mark.parametrize(
    ("preset", "family", "message"),
    [
        ("world", "tower_on", 'grammar "world": unknown word "tower"; leave it out, or take the preset nlvr'),
        ("pairs", "cells", "leave it out, or take the preset shapes"),
        ("shapes", "panel_only", "its lexicon has no word for a panel; leave it out, or take the preset nlvr or pairs"),
        ("shapes", "count", 'unknown word "how"; leave it out, or take the preset clevr2d or counting'),
        ("shapes", "query_ordinal", "the lexicon shapes knows no leftmost"),
    ],
)
def test_a_family_that_the_grammar_does_not_read_is_refused_before_anything_is_made(
    preset: str, family: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        next(generate(load_config(preset, families=[family], images="none")))
    assert message in str(caught.value)


@pytest.mark.parametrize(("added", "message"), [
    ('[attributes.material]\nwords = ["material"]\n[attributes.material.values]\nwood = ["wooden"]\n',
     "lexicon: own has attributes that no picture shows: material"),
    ('[attributes.shape.values]\nzorb = ["zorb"]\n', 'shapes: no shape "zorb" can be drawn'),
    ('[attributes.color.values]\nteal = ["teal"]\n', 'colors: no color "teal" can be drawn'),
    ('[attributes.color.values]\nred = ["sea red"]\n', 'lexicon: color "red" has no word of one part'),
])  # fmt: skip
def test_a_lexicon_that_pictures_or_texts_cannot_follow_is_refused(added: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'name = "own"\nextends = "world"\n{added}', encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_config("world", lexicon=str(path))


def test_a_shape_that_is_left_out_need_not_be_drawn(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\nextends = "world"\n[attributes.shape.values]\nzorb = ["zorb"]\n', encoding="utf-8")
    config = load_config("world", lexicon=str(path), shapes=["circle", "square"], size=4)
    assert len(list(generate(config))) == 4


def test_a_relation_of_verbs_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'name = "own"\nextends = "world"\n[relations.hug]\nverbs = ["hug", "hugs"]\nmeaning = {gap = 0.05}\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match='relations: "hug" has verbs alone'):
        load_config("world", lexicon=str(path), relations=["hug"])
