"""Words to tokens: the longest phrase that the grammar's terminals or the lexicon know, each with one sense.

Closed-class phrases come from the terminals of the grammar file, open-class ones from the lexicon. A phrase has one
terminal; the two overlaps that English needs ("shape" names an attribute and any object, "top" a superlative and a
side) have terminals of their own. So the parser never has to choose among senses of a word.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from lark import Token
from lark.lexer import TerminalDef

from nmn.errors import LexiconError, QuestionError
from nmn.language.normalise import Word
from nmn.language.trees import ATTRIBUTES
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
AND_ATTRIBUTE = "_AND_ATTRIBUTE"  # in "the same color and size", which goes on otherwise than "and a star is red"
BEFORE_ALIKE = {"AND": "AND_A", "OR": "OR_A"}  # in "a red and a blue circle", whose first noun is the second
DETERMINED = ("A", "THE", "ONE", "NUMBER")  # "a red and a blue circle", "two red and three blue circles"
BOUNDS = ("AT_LEAST", "AT_MOST", "EXACTLY", "MORE_THAN", "FEWER_THAN")  # before a number
ON_THE = "_ON_THE"
PARTICIPLE, REACHING = "PARTICIPLE", "REACHING"  # "touching" without an object: are touching, is the star touching
SUBJECTS = ("IT", "EVERY", "BOTH", "NO")  # what else a thing that touches others may begin with
QUESTION_WORDS = ("WHAT", "WHICH", "WHICH_KIND", "HOW_MANY")
BEGINS_PLACE = (ON_THE, "PLACE", "SUPERLATIVE_PLACE")  # "to the left", "left", "top"
CLOSING = ("BE", "DO", "HAVE", "THAT", "THEN", "NOR", "IN", "VISIBLE", "_SEMICOLON")  # after "two circles touching"
AS, EQUALLY = "_AS", "EQUALLY"  # "as large as" is "equally large as"
SUBJECT_ENDS = ("VALUE_NOUN", "THING", "THING_ATTRIBUTE", "ONE", "ONES", "IT")
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
        self._tell_apart(question, tokens)
        return tokens

    def _tell_apart(self, question: str, tokens: list[Token]) -> None:
        """Give words the terminals that the words about them make of them."""
        for place, token in enumerate(tokens):
            if (
                token.type == "RELATION"
                and str(token.value) in self.verbs
                and question[: token.end_pos].endswith("ing")
            ):
                token.type = _told_apart(tokens[:place], tokens[place + 1 :])
        for place, token in enumerate(tokens):
            before, here = tokens[:place], tokens[place:]
            told = (other for old, other, fits in TOLD_APART if token.type == old and here[1:] and fits(before, here))
            token.type = next(told, token.type)

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
        longer = min((phrase for phrase in self.senses if phrase[0] == word.text), default=None, key=len)
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


def _told_apart(before: Sequence[Token], after: Sequence[Token]) -> str:
    """Return the terminal of "touching": with an object after it, or without, of things or of what they reach."""
    pairs = [(one.type, other.type) for one, other in pairwise(before)]
    verbs = [follows for token, follows in pairs if token == "BE"]
    clauses = [follows for token, follows in pairs if token in ("THAT", "WHICH", "WHAT")]
    said = bool(before) and before[-1].type == "BE"
    if said and clauses and clauses[-1] in ("A", "THE"):
        return REACHING  # "that the star is touching"
    following = [token.type for token in after[:2]]
    joins = following[:1] in (["AND"], ["OR"]) and following[1:] != ["RELATION"]
    if following and not joins and following[0] not in CLOSING:
        return "RELATION"
    starts = [place + 1 for place, token in enumerate(before) if token.type == "_SEMICOLON"]
    question = before[starts[-1] if starts else 0 :]
    asked = (
        bool(verbs and question)
        and not said
        and question[0].type in QUESTION_WORDS
        and verbs[-1] in (*DETERMINED, *SUBJECTS)
    )
    return REACHING if asked else PARTICIPLE  # "what is the star touching", "two circles are touching"


def lacks_noun(tokens: Sequence[Token]) -> bool:
    """Whether some tokens end in "a red", without a noun."""
    first = len(tokens) - 1
    while first > 0 and tokens[first].type == "ADJECTIVE":
        first -= 1
    return 0 <= first < len(tokens) - 1 and tokens[first].type in DETERMINED


def _is_alike(tokens: Sequence[Token]) -> bool:
    """Whether some tokens begin with "a blue", "three blue", "at least three blue", as "a red and" goes on."""
    first = 1 if tokens and tokens[0].type in BOUNDS else 0
    determiner, adjective = ([token.type for token in tokens[first : first + 2]] + ["", ""])[:2]
    return determiner in DETERMINED and adjective == "ADJECTIVE"


def _is_kinds(tokens: Sequence[Token]) -> bool:
    """Whether some tokens begin with a plural, "red circles", and "nor" comes after it."""
    noun = next((token for token in tokens if token.type != "ADJECTIVE"), None)
    return noun is not None and getattr(noun.value, "plural", False) and any(token.type == "NOR" for token in tokens)


def _says_of_each(before: Sequence[Token], after: Sequence[Token]) -> bool:
    """Whether "both" in "they are both red" is "all": no noun's, and not of "both red and large"."""
    predicate = after[0].type in ("ADJECTIVE", "RELATION", "SAME") and all(token.type != "AND" for token in after)
    *_, subject, verb = before
    if verb.type == "BE":
        return predicate and subject.type not in ("THERE", "AND", "OR", "_SEMICOLON")
    asked = before[0].type == "BE" and before[1].type != "THERE"  # "are the star and the circle both red"
    return predicate and asked and verb.type in SUBJECT_ENDS


def _joins_attributes(before: Sequence[Token], here: Sequence[Token]) -> bool:
    """Whether "and" stands in "the same color and size"."""
    after = here[1]
    return bool(before) and before[-1].type in ATTRIBUTES and (after.type == "SAME" or _is_attribute(after))


def _is_attribute(token: Token) -> bool:
    return token.type in ATTRIBUTES and not (token.type == "THING_ATTRIBUTE" and token.value.plural)


# terminals that the words around them tell apart: the one that a phrase has, the one that it is read as, and where: by
# the tokens before it and by those from it on
TOLD_APART: tuple[tuple[str, str, Callable[[Sequence[Token], Sequence[Token]], bool]], ...] = (
    ("AND", AND_ATTRIBUTE, _joins_attributes),
    *((old, new, lambda before, here: lacks_noun(before) and _is_alike(here[1:])) for old, new in BEFORE_ALIKE.items()),
    (AS, EQUALLY, lambda _, here: [token.type for token in here[1:3]] == ["ADJECTIVE", AS]),  # "as large as"
    ("EQUAL_TO", "SAME", lambda _, here: str(here[0].value) == "equal" and here[1].type in ATTRIBUTES),  # "equal size"
    ("NEITHER", "NEITHER_KIND", lambda _, here: _is_kinds(here[1:])),
    ("BOTH", "EVERY", lambda before, here: len(before) > 1 and _says_of_each(before, here[1:])),
)


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
