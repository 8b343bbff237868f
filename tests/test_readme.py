"""The README's examples: every console block and every Python block does what it shows."""

import contextlib
import io
import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import nmn
from nmn.cli import app

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = re.findall(r"```console\n(.*?)```", TEXT, re.S)
PYTHON = re.findall(r"```python\n(.*?)```", TEXT, re.S)


def commands(block: str) -> list[tuple[str, str]]:
    """Return each ``$ nmn ...`` of a block with the output shown under it."""
    parts = re.split(r"^\$ ", block, flags=re.M)[1:]
    return [(part.split("\n", 1)[0], part.split("\n", 1)[1]) for part in parts]


@pytest.mark.parametrize(("command", "shown"), [pair for block in CONSOLE for pair in commands(block)])
def test_a_command_prints_what_the_readme_shows(command: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    program, *arguments = shlex.split(command)
    assert program == "nmn"
    result = CliRunner().invoke(app, arguments)
    assert (result.stdout + result.stderr).rstrip() == shown.rstrip()


@pytest.mark.parametrize("block", PYTHON)
def test_a_python_block_prints_what_its_comments_show(
    block: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    monkeypatch.chdir(ROOT)
    if "runs/shapes" in block:  # a folder with what the block before it, of commands, leaves behind
        shutil.copytree(request.getfixturevalue("shapes_run"), tmp_path / "runs" / "shapes")
        shutil.copy(request.getfixturevalue("shapes_picture"), tmp_path / "shapes.png")
        monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block, "README.md", "exec"), {})
    shown = re.findall(r"print\(.*\)  # (.*)", block)
    assert printed.getvalue().splitlines() == shown and shown


def test_the_lexicon_that_is_shown_has_its_words(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", TEXT, re.S)
    (tmp_path / "mine.toml").write_text(block, encoding="utf-8")
    layout = nmn.parse("Is the blue-green circle west of a square?", lexicon=tmp_path / "mine.toml")
    assert str(layout) == "exists(and(unique(and(find[teal], find[circle])), relate[left_of](find[square])))"
    with pytest.raises(nmn.QuestionError, match='unknown word "gray"'):
        nmn.parse("Is there a gray circle?", lexicon=tmp_path / "mine.toml")


def test_there_are_examples_of_both_sorts() -> None:
    assert CONSOLE and PYTHON


def test_every_file_of_the_map_is_there() -> None:
    mapped = re.findall(r"^\| `([^`]+)` \|", TEXT, re.M)
    assert mapped and all((ROOT / path).exists() for path in mapped)


def test_every_picture_is_there() -> None:
    linked = re.findall(r"!\[.*?\]\((.*?)\)", TEXT)
    assert linked and all((ROOT / path).is_file() for path in linked)
