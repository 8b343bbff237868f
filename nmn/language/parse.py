"""Question text to ``Layout``: the front door of the language, its cache, and repair of spelling."""

from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal, overload

from lark import Token, Tree
from lark.exceptions import UnexpectedToken

from nmn.errors import QuestionError
from nmn.language.diagnose import accepted, expected_words, explain
from nmn.language.grammar import STATEMENTS, Grammar, load_grammar
from nmn.language.lexer import misspelt
from nmn.language.normalise import Word, check_length, normalise
from nmn.language.semantics.lower import lower
from nmn.language.syntax.choices import Choices, all_runs
from nmn.layout import Layout
from nmn.lexicon import Lexicon, load_lexicon

MAX_READINGS = 20
READINGS_SECONDS = 0.08
CACHED_QUESTIONS = 100_000


@dataclass(frozen=True, slots=True)
class Repair:
    """A word that was replaced by the nearest known one; offsets are into the question as it was asked."""

    word: str
    replacement: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A layout and the text that it rests on, which differs from the question where ``repairs`` says so.

    ``grammar`` and ``lexicon`` (None: the grammar's own) are those that it was read with; ``by_chart``: by the chart of
    nmn.language.crowd.
    """

    layout: Layout
    text: str
    repairs: tuple[Repair, ...] = ()
    question: str = ""
    grammar: str = "world"
    lexicon: Lexicon | None = field(default=None, repr=False, compare=False)
    by_chart: bool = False

    def to_json(self) -> dict[str, object]:
        """Return the reading as plain JSON data."""
        repairs = [
            {"word": fix.word, "replacement": fix.replacement, "start": fix.start, "end": fix.end}
            for fix in self.repairs
        ]
        return {"layout": str(self.layout), "text": self.text, "repairs": repairs}


@dataclass(frozen=True, slots=True)
class Readings:
    """Distinct readings of one question, the preferred first; ``cut``: there are more than were enumerated."""

    readings: tuple[Reading, ...]
    cut: bool


LexiconSource = Lexicon | str | Path | None


@overload
def parse(
    question: str, grammar: str = ..., *, lexicon: LexiconSource = ..., repair: bool = ..., all: Literal[False] = ...
) -> Layout: ...


@overload
def parse(
    question: str, grammar: str = ..., *, lexicon: LexiconSource = ..., repair: bool = ..., all: Literal[True]
) -> Readings: ...


def parse(
    question: str,
    grammar: str = "world",
    *,
    lexicon: LexiconSource = None,
    repair: bool = False,
    all: bool = False,
) -> Layout | Readings:
    """Return the layout of a question; with ``all`` its Readings, the preferred first, as ``read_all`` does.

    ``lexicon`` is a Lexicon, a name or the path of a TOML file; by default the grammar's own. Raises QuestionError with
    a caret under the words at fault; with ``repair`` misspelt words are read as the nearest known ones (``read`` tells
    which).

    >>> str(parse("Is there a red circle above a square?"))
    'exists(and(and(find[red], find[circle]), relate[above](find[square])))'
    """
    if all:
        return read_all(question, grammar, lexicon=lexicon, repair=repair)
    return read(question, grammar, lexicon=lexicon, repair=repair).layout


def read(question: str, grammar: str = "world", *, lexicon: LexiconSource = None, repair: bool = False) -> Reading:
    """Return the preferred reading of a question: its layout, the text it rests on and what was repaired."""
    return (_read_cached if lexicon is None else _read)(question, grammar, lexicon, repair)


def read_fresh(question: str, grammar: Grammar, repair: bool = False) -> Reading:
    """Return the preferred reading of a question, without the cache."""
    tree, repairs, text = _repaired_tree(question, grammar, repair)
    return _reading(lower(tree, text, grammar.lexicon, Choices()), text, repairs, question, grammar)


def read_all(question: str, grammar: str = "world", *, lexicon: LexiconSource = None, repair: bool = False) -> Readings:
    """Return the readings of a question, the preferred first, at most 20 of them within about 100 ms of a processor.

    Raises QuestionError where ``read`` does.
    """
    if _is_for_crowd(question, grammar, lexicon):
        return Readings(_read_crowd(question, grammar, repair, all_of_them=True), cut=False)
    language = load_grammar(grammar, lexicon)
    tree, repairs, text = _repaired_tree(question, language, repair)
    # what is wrong with the preferred reading is wrong with the question: the others would be guesses
    layouts = {lower(tree, text, language.lexicon, Choices()): None}
    cut = False
    for cost, layout in all_runs(
        lambda picks: lower(tree, text, language.lexicon, picks), QuestionError, READINGS_SECONDS
    ):
        new = layout is not None and layout not in layouts
        cut = cost < 0 or (new and len(layouts) == MAX_READINGS)
        if cut:
            break
        if layout is not None:
            layouts[layout] = None
    return Readings(tuple(_reading(layout, text, repairs, question, language) for layout in layouts), cut)


def _reading(layout: Layout, text: str, repairs: tuple[Repair, ...], question: str, grammar: Grammar) -> Reading:
    return Reading(layout, text, repairs, question, grammar.name, grammar.lexicon)


def syntax_tree(text: str, grammar: Grammar) -> Tree[Token]:
    """Return the parse tree of a text without mistakes; raise QuestionError where it has one."""
    return _tree(text, normalise(text), grammar)


def _read(question: str, grammar: str, lexicon: LexiconSource, repair: bool) -> Reading:
    if _is_for_crowd(question, grammar, lexicon):
        return _read_crowd(question, grammar, repair, all_of_them=False)[0]
    return read_fresh(question, load_grammar(grammar, lexicon), repair)


_read_cached = lru_cache(maxsize=CACHED_QUESTIONS)(_read)


def _is_for_crowd(question: str, grammar: str, lexicon: LexiconSource) -> bool:
    """Whether a text is read by the chart of nmn.language.crowd: a statement, and no lexicon but the grammar's own."""
    if grammar not in STATEMENTS:
        return False
    if not (lexicon in (None, grammar) or (isinstance(lexicon, Lexicon) and lexicon is load_lexicon(grammar))):
        return False
    from nmn.language.crowd.read import is_statement

    return is_statement(question)


def _read_crowd(question: str, grammar: str, repair: bool, all_of_them: bool) -> tuple[Reading, ...]:
    """Return the readings of a statement; raise QuestionError where it means nothing, or nothing without repair."""
    from nmn.language.crowd.read import read_statement, read_statements

    check_length(question)
    found = read_statements(question, grammar) if all_of_them else (read_statement(question, grammar),)
    first = found[0]
    if first.how == "unread":
        raise QuestionError(question, 0, len(question), "nothing in it could be read as a statement")
    if first.how == "partial":
        try:
            return (read_fresh(question, load_grammar(grammar), repair=False),)  # such as "most", which no rule reads
        except QuestionError:
            reason = f'only a part of it could be read, as "{first.text}", and what was left out matters'
            raise QuestionError(question, 0, len(question), reason) from None
    if first.edits and not repair:
        reason = f'it can only be read with repairs, as "{first.text}"'
        raise QuestionError(question, 0, len(question), reason, suggestion=first.text)
    return tuple(
        Reading(
            reading.layout,
            reading.text,
            tuple(Repair(it.typed, it.read, it.position, it.position + len(it.typed)) for it in reading.edits),
            question,
            grammar,
            by_chart=True,
        )
        for reading in found
    )


def _repaired_tree(question: str, grammar: Grammar, repair: bool) -> tuple[Tree[Token], tuple[Repair, ...], str]:
    """Return the parse tree, the repairs it took and the text it is of.

    A question that cannot be read even when repaired is refused as it was asked.
    """
    words = normalise(question)
    repairs = tuple(_repairs(question, words, grammar)) if repair else ()
    if repairs:
        text = question
        for fix in reversed(repairs):
            text = text[: fix.start] + fix.replacement + text[fix.end :]
        with suppress(QuestionError):
            return _tree(text, normalise(text), grammar), repairs, text
    return _tree(question, words, grammar), (), question


def _repairs(question: str, words: list[Word], grammar: Grammar) -> list[Repair]:
    known = grammar.vocabulary.words
    repairs = []
    for word in words:
        if word.text in known or word.text.isdigit():
            continue
        replacement = _split(word.text, known) or misspelt(word.text, known)
        if replacement and word.end - word.start == len(word.text):
            repairs.append(Repair(question[word.start : word.end], replacement, word.start, word.end))
    return repairs


def _split(word: str, known: frozenset[str]) -> str | None:
    """Return ``at least`` for ``atleast``: the word as two known words, or None."""
    pairs = ((word[:cut], word[cut:]) for cut in range(1, len(word)))
    return next((f"{left} {right}" for left, right in pairs if left in known and right in known), None)


def _tree(question: str, words: list[Word], grammar: Grammar) -> Tree[Token]:
    try:
        return _parsed(question, words, grammar)
    except QuestionError as error:
        if error.suggestion and _goes_on(error.suggestion, error.start, grammar):
            raise
        raise error.expecting(error.expected or _due(question, words, error.start, grammar)) from None


def _due(question: str, words: list[Word], start: int, grammar: Grammar) -> tuple[str, ...]:
    """Return what could come in place of the word at ``start``."""
    before = grammar.vocabulary.tokens(question, [word for word in words if word.end <= start])
    return expected_words(accepted(before, grammar), grammar)


def _parsed(question: str, words: list[Word], grammar: Grammar) -> Tree[Token]:
    tokens = grammar.vocabulary.tokens(question, words)
    try:
        tree = grammar.parser.parse(tokens)
    except UnexpectedToken as error:
        raise explain(question, tokens, error, grammar) from None
    for token in tokens:
        token.type = "NOT" if token.type == "NON" else token.type  # "non-" denies as "not" does, where it can stand
    return tree


def _goes_on(text: str, start: int, grammar: Grammar) -> bool:
    """Whether a text can be read up to the word after the one at ``start``, so that this one makes sense there."""
    try:
        grammar.vocabulary.tokens(text, normalise(text))
    except QuestionError as unknown:  # words are looked up before anything is parsed
        text = text[: unknown.start]
    following = [word.start for word in normalise(text) if word.start > start]
    try:
        _parsed(text, normalise(text), grammar)
    except QuestionError as stopped:
        return stopped.start > max([start, *following[:1]])
    return True
