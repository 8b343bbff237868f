"""Grammar files to parsers: one LALR(1) parser per grammar file, one vocabulary per grammar and lexicon.

The parser is LALR(1) since the grammars keep modifiers in flat lists (see ``syntax/attach.py``): one pass, no choice,
time linear in the number of words.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token
from lark.lexer import Lexer

from nmn.errors import ConfigError, did_you_mean
from nmn.language.lexer import Vocabulary, build_vocabulary
from nmn.lexicon import Lexicon, load_lexicon
from nmn.resources import GRAMMARS

STATEMENTS = frozenset({"nlvr"})  # grammars of nmn.language.crowd; what their lexicon's world is asked is the world's


class Pretokenised(Lexer):
    """Hand a list of tokens on to Lark as it is."""

    __future_interface__ = True

    def __init__(self, configuration: Any) -> None:
        self.terminals = configuration.terminals

    def lex(self, state: Any, parser_state: Any) -> Iterator[Token]:
        """Yield the tokens that were given as the text."""
        yield from state.text


@dataclass(frozen=True)
class Grammar:
    """A question language: its name, parser, lexicon and vocabulary."""

    name: str
    parser: Lark
    lexicon: Lexicon
    vocabulary: Vocabulary


@lru_cache(maxsize=1)
def grammar_names() -> tuple[str, ...]:
    """Return the names of the grammars that ship with the package."""
    return tuple(sorted(path.stem for path in GRAMMARS.glob("*.lark") if path.stem != "shared"))


def load_grammar(name: str = "world", lexicon: Lexicon | str | Path | None = None) -> Grammar:
    """Return the grammar of that name with its own lexicon, or with the one given.

    Raises ConfigError for an unknown grammar and LexiconError for a lexicon that clashes with it.
    """
    if not isinstance(lexicon, Lexicon):
        lexicon = load_lexicon(name if lexicon is None and name in grammar_names() else lexicon or "world")
    return _load(name, lexicon)


@lru_cache(maxsize=32)
def _load(name: str, lexicon: Lexicon) -> Grammar:
    parser = _parser(name)
    return Grammar(name, parser, lexicon, build_vocabulary(list(parser.terminals), lexicon))


@lru_cache(maxsize=8)
def _parser(name: str) -> Lark:
    if name not in grammar_names():
        known = ", ".join(grammar_names())
        raise ConfigError(f"no grammar {name!r}; there are {known}{did_you_mean(name, grammar_names())}")
    shared, own = (_text(part) for part in ("shared", "world" if name in STATEMENTS else name))
    text = own if "%declare" in own else shared + own  # SHAPES' grammar stands alone
    return Lark(text, parser="lalr", lexer=Pretokenised, maybe_placeholders=False, cache=_cache_file(name))


def _text(name: str) -> str:
    return (GRAMMARS / f"{name}.lark").read_text(encoding="utf-8")


def _cache_file(name: str) -> str | bool:
    """Return where the parser's tables are kept between processes, or False where no such place can be had.

    Lark checks them against the grammar's text and its own version, and rebuilds them where they differ.
    """
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nmn"
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return str(root / f"{name}.lark") if os.access(root, os.W_OK) else False
