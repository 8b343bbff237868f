"""Words to tokens: the longest phrase that the grammar's terminals or the lexicon know, each with one sense.

Closed-class phrases come from the terminals of the grammar file, open-class ones from the lexicon. A phrase has one
terminal; the two overlaps that English needs ("shape" names an attribute and any object, "top" a superlative and a
side) have terminals of their own. So the parser never has to choose among senses of a word.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import NamedTuple

from lark import Token
from lark.lexer import TerminalDef

from nmn.errors import LexiconError, QuestionError
from nmn.language.normalise import Word
from nmn.language.told_apart import tell_apart
from nmn.layout import MAX_NUMBER
from nmn.lexicon import Lexicon

NUMERALS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
OVERLAPS = {
    frozenset({"ATTRIBUTE", "THING"}): "THING_ATTRIBUTE",
    frozenset({"SUPERLATIVE", "PLACE"}): "SUPERLATIVE_PLACE",
}
FILLER = "FILLER"
ON_THE = "_ON_THE"
BEGINS_PLACE = (ON_THE, "PLACE", "SUPERLATIVE_PLACE")  # "to the left", "left", "top"
WORD_SHOWN = 40  # letters of an unknown word


class Sense(NamedTuple):
    """What a phrase means: its terminal, the name it stands for and, of a noun, whether it is plural."""

    terminal: str
    name: str
    plural: bool = False

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Vocabulary:
    """Every phrase that can be read, as a tuple of words, and its sense."""

    senses: Mapping[tuple[str, ...], Sense]

    @cached_property
    def longest(self) -> Mapping[str, int]:
        """Number of words of the longest phrase that starts with each word."""
        longest: dict[str, int] = {}
        for phrase in self.senses:
            longest[phrase[0]] = max(longest.get(phrase[0], 0), len(phrase))
        return longest

    @cached_property
    def words(self) -> frozenset[str]:
        """Every single word that occurs in some phrase."""
        return frozenset(word for phrase in self.senses for word in phrase)

    @cached_property
    def verbs(self) -> frozenset[str]:
        """Every relation that has a verb."""
        return frozenset(sense.name for sense in self.senses.values() if sense.terminal == "VERB")

    def tokens(self, question: str, words: Sequence[Word]) -> list[Token]:
        """Return the tokens of a question's words; raise QuestionError at an unknown word.

        A token's ``value`` is the Sense, its ``start_pos`` and ``end_pos`` are offsets into the question.
        """
        tokens: list[Token] = []
        position, count = 0, len(words)
        while position < count:
            size, sense = self._match(words, position)
            if sense is not None and sense.terminal == ON_THE and not self._is_side(words, position + size):
                size, sense = 1, self.senses.get((words[position].text,))  # "to" of "to the star"
            if sense is None:
                raise self._unknown(question, words[position], tokens)
            alone = position == 0 or words[position - 1].text != "the"
            if sense.terminal in BEGINS_PLACE and alone and all(token.type != "RELATION" for token in tokens):
                size, sense = self._without_of(words, position) or (size, sense)
            if sense.terminal == "VISIBLE" and self._is_place(words, position + size):
                size, sense = 1, self.senses[words[position].text,]  # "in" of "in the image on the left"
            if sense.terminal != FILLER:
                start, end = words[position].start, words[position + size - 1].end
                tokens.append(Token(sense.terminal, sense, start, end_pos=end))
            position += size
        tell_apart(question, tokens, self.verbs)
        return tokens

    def _match(self, words: Sequence[Word], position: int) -> tuple[int, Sense | None]:
        text = words[position].text
        for size in range(min(self.longest.get(text, 0), len(words) - position), 0, -1):
            sense = self.senses.get(tuple([word.text for word in words[position : position + size]]))
            if sense is not None:
                return size, sense
        if text.isdigit() and text.isascii() and len(text) < 10 and int(text) <= MAX_NUMBER:
            return 1, Sense("ONE" if int(text) == 1 else "NUMBER", str(int(text)))
        return 1, None

    def _without_of(self, words: Sequence[Word], position: int) -> tuple[int, Sense] | None:
        """Return "to the left" of "to the left or to the right of the star", a relation whose "of" comes later."""
        for size in range(min(self.longest[words[position].text], len(words) - position) - 1, 0, -1):
            sense = self.senses.get((*[word.text for word in words[position : position + size]], "of"))
            joined = words[position + size].text in ("and", "or") and position + size + 1 < len(words)
            later = self._match(words, position + size + 1)[1] if joined else None
            if sense is not None and later is not None and sense.terminal == later.terminal == "RELATION":
                return size, sense
        return None

    def _is_side(self, words: Sequence[Word], position: int) -> bool:
        """Whether "left", "top" stand at a position, after "to the"; "to the star" begins with a plain "to"."""
        sense = self._match(words, position)[1] if position < len(words) else None
        return sense is None or sense.terminal in ("PLACE", "SUPERLATIVE_PLACE")

    def _is_place(self, words: Sequence[Word], position: int) -> bool:
        """Whether "on the left" stands at a position, which says in which image."""
        sense = self._match(words, position)[1] if position < len(words) else None
        return sense is not None and sense.terminal == ON_THE and (words[position - 1].text,) in self.senses

    def _unknown(self, question: str, word: Word, tokens: Sequence[Token]) -> QuestionError:
        match = misspelt(word.text, self.words)
        shown = word.text if len(word.text) <= WORD_SHOWN else word.text[:WORD_SHOWN] + "..."
        longer = min((phrase for phrase in self.senses if word.text in phrase), default=None, key=len)
        if longer is not None:
            reason = f'"{shown}" is read in "{" ".join(longer)}" and the like, not alone'
            match = None
        elif word.text.isdigit() and word.text.isascii():
            reason = f"the number {shown} is above {MAX_NUMBER}, the largest that is read"
        elif match:
            reason = f'unknown word "{shown}"; did you mean "{match}"?'
        else:
            reason = f'unknown word "{shown}"'
        suggestion = question[: word.start] + match + question[word.end :] if match else None
        return QuestionError(question, word.start, word.end, reason, read_so_far(question, tokens), (), suggestion)


def misspelt(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a misspelt one stands for, None where none is near enough to be meant.

    With a letter changed, a short word is another word, so of up to three letters only the order may be wrong; then one
    edit is allowed, from seven letters on two. Letters that changed places are one edit.

    >>> [misspelt(word, ["red", "yellow", "square", "triangle"]) for word in ("rde", "yelow", "squrae", "trangel")]
    ['red', 'yellow', 'square', 'triangle']
    >>> [misspelt(word, ["do", "case", "yellow"]) for word in ("dog", "cats", "hello")]
    [None, None, None]
    """
    near = get_close_matches(word, list(known), n=4, cutoff=0.66)
    return next((other for other in near if _is_misspelt(word, other)), None)


def _is_misspelt(word: str, other: str) -> bool:
    edits = _edits(word, other)
    length = max(len(word), len(other))
    return sorted(word) == sorted(other) and edits == 1 if length < 4 else edits <= (1 if length < 7 else 2)


def _edits(word: str, other: str) -> int:
    """Return how many letters have to be put in, left out, changed or swapped with the next (Damerau 1964)."""
    rows: list[list[int]] = [list(range(len(other) + 1))]
    for place, letter in enumerate(word, 1):
        row = [place]
        for column, wanted in enumerate(other, 1):
            changed = rows[-1][column - 1] + (letter != wanted)
            cost = min(rows[-1][column] + 1, row[column - 1] + 1, changed)
            if min(place, column) > 1 and (word[place - 2], letter) == (wanted, other[column - 2]):
                cost = min(cost, rows[-2][column - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


def read_so_far(question: str, tokens: Sequence[Token]) -> str:
    """Return the part of the question that the tokens cover."""
    return question[tokens[0].start_pos : tokens[-1].end_pos] if tokens else ""


def build_vocabulary(terminals: Sequence[TerminalDef], lexicon: Lexicon) -> Vocabulary:
    """Join the phrases of the grammar's terminals and of the lexicon; raise LexiconError where two clash."""
    senses: dict[tuple[str, ...], Sense] = {}
    for terminal in terminals:
        for phrase in terminal_phrases(terminal):
            senses[tuple(phrase.split())] = Sense(str(terminal.name), phrase)
    for number, numeral in enumerate(NUMERALS):
        if number != 1:
            senses[(numeral,)] = Sense("NUMBER", str(number))
    for sense, phrase in _lexicon_phrases(lexicon):
        key = tuple(phrase.split())
        senses[key] = _merge(phrase, senses.get(key), sense)
    return Vocabulary(senses)


def terminal_phrases(terminal: TerminalDef) -> list[str]:
    """Return the phrases of a terminal that is written as ``"one phrase" | "another"``."""
    pattern = terminal.pattern.to_regexp()
    inner = pattern.removeprefix("(?:").removesuffix(")") if pattern.startswith("(?:") else pattern
    return [re.sub(r"\\(.)", r"\1", phrase) for phrase in inner.split("|")]


def _merge(phrase: str, old: Sense | None, new: Sense) -> Sense:
    if old is None or old == new:
        return new
    overlap = OVERLAPS.get(frozenset({old.terminal, new.terminal}))
    if overlap is None:
        if (old.terminal, old.name) == (new.terminal, new.name):
            raise LexiconError(
                f'{_describe(new)} has the words "{phrase}" twice, once as a plural; plurals are made by rule, others'
                " stand under plurals: give the singular alone"
            )
        raise LexiconError(
            f'the words "{phrase}" clash: they stand for {_describe(old)} and for {_describe(new)}; '
            "give one of them other words"
        )
    named = old if old.terminal in ("ATTRIBUTE", "SUPERLATIVE") else new
    return Sense(overlap, named.name, named.plural)


def _describe(sense: Sense) -> str:
    return f"the {sense.terminal.lower().replace('_', ' ')} {sense.name!r}"


def _lexicon_phrases(lexicon: Lexicon) -> Iterator[tuple[Sense, str]]:
    for noun in lexicon.nouns:
        yield from _numbered("THING", "thing", noun, lexicon)
    for noun in lexicon.panels:
        yield from _numbered("PANEL", "panel", noun, lexicon)
    for word, side in ((word, side) for side, words in lexicon.sides.items() for word in words):
        yield from _numbered("SIDE", side, word, lexicon)
    for name, attribute in lexicon.attributes.items():
        for word in attribute.words:
            yield from _numbered("ATTRIBUTE", name, word, lexicon)
        for value, words in attribute.values.items():
            for word in words:
                if attribute.noun:
                    yield from _numbered("VALUE_NOUN", value, word, lexicon)
                else:
                    yield Sense("ADJECTIVE", value), word
        for value, words in attribute.adjectives.items():
            yield from ((Sense("ADJECTIVE", value), word) for word in words)
    for name, relation in lexicon.relations.items():
        yield from ((Sense("RELATION", name), word) for word in relation.words)
        yield from ((Sense("COMPARATIVE", name), word[:-5]) for word in relation.words if word.endswith(" than"))
        yield from ((Sense("VERB", name), word) for word in relation.verbs)
    for name, superlative in lexicon.superlatives.items():
        yield from ((Sense("SUPERLATIVE", name), word) for word in superlative.words)
        yield from ((Sense("PLACE", name), word) for word in superlative.places)


def _numbered(terminal: str, name: str, word: str, lexicon: Lexicon) -> Iterator[tuple[Sense, str]]:
    yield Sense(terminal, name), word
    yield Sense(terminal, name, plural=True), lexicon.plurals.get(word) or plural(word)


def plural(noun: str) -> str:
    """Return the regular English plural.

    >>> [plural(noun) for noun in ("circle", "cross", "ellipse", "berry", "toy")]
    ['circles', 'crosses', 'ellipses', 'berries', 'toys']
    """
    if re.search(r"(s|x|z|ch|sh)$", noun):
        return noun + "es"
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + "s"
