"""Lexicon files: extending, and what a wrong file is told."""

from pathlib import Path

import pytest

from nmn.errors import LexiconError
from nmn.layout import Layout, parse_layout
from nmn.lexicon import MAX_EXTENSIONS, Gap, Given, Offset, On, Order, load_lexicon, whole_text


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(f'name = "{name}"\n{text}', encoding="utf-8")
    return path


def test_ours_load_with_every_sort_of_meaning() -> None:
    meanings = [
        entry.meaning for name in ("world", "shapes", "clevr") for entry in load_lexicon(name).relations.values()
    ]
    assert {type(meaning) for meaning in meanings} == {Order, Offset, Gap, On, Given}


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


def test_an_extension_takes_the_name_it_gives_and_keeps_the_rest(tmp_path: Path) -> None:
    lexicon, base = load_lexicon(write(tmp_path, "mine", 'extends = "shapes"\n')), load_lexicon("shapes")
    assert (lexicon.name, lexicon.unit_px) == ("mine", 10.0)
    assert lexicon.relations == base.relations and lexicon.attributes == base.attributes


def test_a_whole_table_or_entry_is_removed_by_false(tmp_path: Path) -> None:
    text = 'extends = "world"\nsuperlatives = false\n[attributes]\ntexture = false\n[relations]\nnear = false\n'
    lexicon = load_lexicon(write(tmp_path, "mine", text))
    assert not lexicon.superlatives and "near" not in lexicon.relations
    assert "texture" not in lexicon.attributes and "solid" not in lexicon.attribute_of


def test_removing_what_is_not_there_changes_nothing(tmp_path: Path) -> None:
    text = 'extends = "shapes"\n[relations]\ninside = false\n[attributes.shape.adjectives]\ncircle = false\n'
    lexicon, base = load_lexicon(write(tmp_path, "mine", text)), load_lexicon("shapes")
    assert lexicon.relations == base.relations and lexicon.attributes == base.attributes


def test_a_meaning_is_replaced_as_a_whole(tmp_path: Path) -> None:
    text = 'extends = "world"\n[relations.left_of]\nmeaning = { by = "y", sign = 1 }\n'
    assert load_lexicon(write(tmp_path, "mine", text)).relations["left_of"].meaning == Order("y", 1, 0.0)


def test_an_extension_is_sought_beside_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path / "deep", "base", 'nouns = ["gizmo"]\n')
    write(tmp_path, "middle", 'extends = "deep/base.toml"\n')
    assert load_lexicon(write(tmp_path, "top", 'extends = "middle.toml"\n')).nouns == ("gizmo",)


def test_a_lexicon_that_extends_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="extend each other in a cycle"):
        load_lexicon(write(tmp_path, "a", 'extends = "a.toml"\n'))


def test_a_chain_of_a_thousand_extensions_is_refused(tmp_path: Path) -> None:
    for number in range(1_000):
        write(tmp_path, f"c{number}", f'extends = "c{number + 1}.toml"\n')
    with pytest.raises(LexiconError, match=f"more than {MAX_EXTENSIONS} lexicons"):
        load_lexicon(tmp_path / "c0.toml")


@pytest.mark.parametrize("content", [b"\xff\xfe", b'name = "x"\nunit_px = 1' + b"0" * 5_000, b"a = " + b"[" * 50_000])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wrong.toml"
    path.write_bytes(content)
    with pytest.raises(LexiconError, match=r"wrong\.toml: not a readable TOML file"):
        load_lexicon(path)


def test_a_lexicon_as_text_needs_no_file_and_a_name_stays_one(tmp_path: Path) -> None:
    path = write(tmp_path, "mine", 'extends = "world"\n[attributes.color.values]\nteal = ["teal"]\n')
    lexicon, text = load_lexicon(path), whole_text(path)
    path.unlink()
    again = load_lexicon(text)
    assert (again.name, again.attributes, again.relations) == (lexicon.name, lexicon.attributes, lexicon.relations)
    assert load_lexicon(text) is again and whole_text(text) == text
    assert whole_text("world") == "world"
    with pytest.raises(LexiconError, match="a lexicon as text is not JSON"):
        load_lexicon(text[:-1])
    with pytest.raises(LexiconError, match="a lexicon as text: nonsense: unknown key"):
        load_lexicon('{"name": "x", "nouns": ["thing"], "nonsense": 1}')


def test_a_file_may_be_called_like_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "{mine}", 'nouns = ["thing"]\n')
    monkeypatch.chdir(tmp_path)
    assert load_lexicon("{mine}.toml").nouns == ("thing",)


@pytest.mark.parametrize("name", ["", "a" * 5_000, "a" * 5_000 + ".toml", "x\0", "gone.toml"])
def test_a_name_that_no_file_has_is_refused(name: str) -> None:
    with pytest.raises(LexiconError, match="no lexicon"):
        load_lexicon(name)


@pytest.mark.parametrize("name", ["world", "shapes", "clevr"])
def test_every_name_of_ours_can_be_an_argument_in_a_layouts_text(name: str) -> None:
    lexicon = load_lexicon(name)
    layouts = [Layout("find", value) for value in lexicon.attribute_of]
    layouts += [Layout("relate", relation, (Layout("scene"),)) for relation in lexicon.relations]
    layouts += [Layout("superlative", word, (Layout("scene"),)) for word in lexicon.superlatives]
    layouts += [Layout("describe", attribute, (Layout("scene"),)) for attribute in lexicon.attributes]
    assert [parse_layout(str(layout)) for layout in layouts] == layouts


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, "mine", 'nouns = ["thing"]\n')
    assert load_lexicon(path).nouns == ("thing",)
    path.write_text('name = "mine"\nnouns = ["gizmo", "widget"]\n', encoding="utf-8")
    assert load_lexicon(path).nouns == ("gizmo", "widget")


def test_a_file_is_read_again_where_one_that_it_extends_was_changed(tmp_path: Path) -> None:
    base, path = write(tmp_path, "base", 'nouns = ["thing"]\n'), write(tmp_path, "mine", 'extends = "base.toml"\n')
    first = load_lexicon(path)
    assert load_lexicon(path) is first
    base.write_text('name = "base"\nnouns = ["gizmo", "widget"]\n', encoding="utf-8")
    assert load_lexicon(path).nouns == ("gizmo", "widget")


def test_lexicons_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a", 'extends = "b.toml"\n')
    write(tmp_path, "b", 'extends = "a.toml"\n')
    with pytest.raises(LexiconError, match=r"extend each other in a cycle: .*a\.toml -> .*b\.toml -> .*a\.toml"):
        load_lexicon(tmp_path / "a.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unit_px = 0", "unit_px: expected a number above 0, got 0"),
        ("unit_px = -8", "unit_px: expected a number above 0, got -8"),
        ("unit_px = nan", "unit_px: expected a number, got nan"),
        ("nouns = [3]", "nouns: expected a list of words"),
        ("nouns = 3", "nouns: expected a list of words, got 3"),
        ("attributes = 3", "attributes: expected a table, got 3"),
        ("[attributes]\ncolor = 3", "attributes.color: expected a table, got 3"),
        ("[plurals]\nman = 3", "plurals.man: expected text, got 3"),
        ("[attributes.color]\nvalus = {}", 'attributes.color.valus: unknown key; did you mean "values"'),
        ("[attributes.color]\nnoun = 1", "at least one value is needed"),
        ('[attributes.color]\nnoun = 1\nvalues = { red = ["red"] }', "noun: expected true or false, got 1"),
        ('[attributes.color.values]\n"light blue" = ["light blue"]', "values.light blue: a name is one word"),
        ('[attributes."the color".values]\nred = ["red"]', "attributes.the color: a name is one word"),
        ('[relations."left of"]\nmeaning = { gap = 1 }', "relations.left of: a name is one word"),
        ('[superlatives.""]\nby = "x"\nsign = 1', "a name is one word"),
        ('[relations.in]\nmeaning = "left"', "relations.in.meaning: expected one of .*got 'left'"),
        ("[relations.in]\nmeaning = { offset = [1] }", "relations.in.meaning: expected one of"),
        ('[relations.in]\nmeaning = { offset = [1, "a"] }', "relations.in.meaning.offset: expected a number, got 'a'"),
        ('[relations.in]\nmeaning = { given = "" }', "relations.in.meaning.given: expected text"),
        ('[relations.in]\nmeaning = { gap = 1, given = "in" }', "relations.in.meaning: expected one of"),
        ('[relations.in]\nmeaning = { by = "x", sgn = 1 }', 'meaning.sgn: unknown key; did you mean "sign"'),
        ('[relations.in]\nmeaning = { by = "x", sign = 1, margin = inf }', "margin: expected a number, got inf"),
        ('[superlatives.s]\nby = "size"\nsign = 1', "superlatives.s.by: expected one of x, y, width, height, area"),
        ('[superlatives.s]\nby = "x"\nsign = true', "superlatives.s.sign: expected 1"),
        ('extends = "world"\n[attributes.shape.values]\ncircle = false', "adjectives: circle is no value of shape"),
        ('extends = ["world"]', "no lexicon"),
        ("[attributes", "not a readable TOML file"),
        (
            'extends = "wrold"',
            "no lexicon 'wrold'; there are clevr, nlvr, pairs, shapes, world, .*did you mean \"world\"",
        ),
        ("[relatons]", 'relatons: unknown key; did you mean "relations"'),
        ('[relations.in]\nwords = ["in"]\n', "relations.in.meaning: expected one of"),
        ('[relations.in]\nmeaning = { by = "z", sign = 1 }', "relations.in.meaning.by: expected one of x, y, width"),
        ('[relations.in]\nmeaning = { by = "x", sign = 2 }', r"sign: expected 1 \(more\) or -1 \(less\), got 2"),
        ('[relations.in]\nmeaning = { gap = "near" }', "gap: expected a number, got 'near'"),
        ("[relations.in]\nmeaning = { on = 1, sign = 0 }", r"sign: expected 1 \(more\) or -1 \(less\), got 0"),
        ('[sides]\nroof = ["roof"]', "sides.roof: unknown key"),
        ('panels = "box"', "panels: expected a list of words"),
        ('side_gap = "small"', "side_gap: expected a number"),
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
    with pytest.raises(LexiconError, match="no lexicon 'wrld'; there are clevr, nlvr, pairs, shapes, world"):
        load_lexicon("wrld")
