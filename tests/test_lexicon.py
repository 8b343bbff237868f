"""Lexicon files: extending, and what a wrong file is told."""

from pathlib import Path

import pytest

from nmn.errors import LexiconError
from nmn.lexicon import Gap, Given, Offset, Order, load_lexicon


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(f'name = "{name}"\n{text}', encoding="utf-8")
    return path


def test_ours_load_with_every_sort_of_meaning() -> None:
    meanings = [
        entry.meaning for name in ("world", "shapes", "clevr") for entry in load_lexicon(name).relations.values()
    ]
    assert {type(meaning) for meaning in meanings} == {Order, Offset, Gap, Given}


def test_an_extension_adds_changes_and_removes(tmp_path: Path) -> None:
    lexicon = load_lexicon(
        write(
            tmp_path,
            "mine",
            'extends = "world"\n[attributes.color.values]\nteal = ["teal"]\npink = false\n'
            "[relations.near]\nmeaning = { gap = 0.5 }\n",
        )
    )
    assert "teal" in lexicon.attribute_of and "pink" not in lexicon.attribute_of
    assert lexicon.relations["near"].meaning == Gap(0.5)
    assert lexicon.relations["near"].words == load_lexicon("world").relations["near"].words


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, "mine", 'nouns = ["thing"]\n')
    assert load_lexicon(path).nouns == ("thing",)
    path.write_text('name = "mine"\nnouns = ["gizmo", "widget"]\n', encoding="utf-8")
    assert load_lexicon(path).nouns == ("gizmo", "widget")


def test_lexicons_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a", 'extends = "b.toml"\n')
    write(tmp_path, "b", 'extends = "a.toml"\n')
    with pytest.raises(LexiconError, match=r"extend each other in a cycle: .*a\.toml -> .*b\.toml -> .*a\.toml"):
        load_lexicon(tmp_path / "a.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[attributes", "not a readable TOML file"),
        ('extends = "wrold"', "no lexicon 'wrold'; there are clevr, shapes, world, .*did you mean \"world\""),
        ("[relatons]", 'relatons: unknown key; did you mean "relations"'),
        ('[relations.in]\nwords = ["in"]\n', "relations.in.meaning: expected one of"),
        ('[relations.in]\nmeaning = { by = "z", sign = 1 }', "relations.in.meaning.by: expected one of x, y, width"),
        ('[relations.in]\nmeaning = { by = "x", sign = 2 }', r"sign: expected 1 \(more\) or -1 \(less\), got 2"),
        ('[relations.in]\nmeaning = { gap = "near" }', "gap: expected a number, got 'near'"),
        ('[attributes.color]\nwords = ["color"]', "attributes.color.values: at least one value is needed"),
        ('[attributes.color.values]\nred = "red"', "attributes.color.values.red: expected a list of words"),
        (
            '[attributes.color.values]\nred = ["red"]\n[attributes.mood.values]\nred = ["angry"]',
            'value "red" stands under both attributes color and mood',
        ),
        ('[attributes.a.values]\nb = ["b"]\n[attributes.a.adjectives]\nc = ["c"]', "c is no value of a"),
    ],
)
def test_a_wrong_file_is_refused_with_the_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(LexiconError, match=message):
        load_lexicon(write(tmp_path, "wrong", text))


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(LexiconError, match="no lexicon 'wrld'; there are clevr, shapes, world"):
        load_lexicon("wrld")
