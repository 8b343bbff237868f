"""Words as typed to a lattice of what they may have been: spelling, glued words, lost letters, words too many.

The costs were weighed against each other, and against odd readings of the grammar, on the development folds of NLVR and
on sentences spoilt on purpose (docs/nlvr.md): 1 is an everyday slip, 3 a rare one. A word that names a colour, a shape
or a number is dear to skip.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from nmn.language.crowd.chart import Edge, Edit
from nmn.lexicon import load_lexicon

NUMERAL = r"(?:(?<!\w)[-+\u2212])?\d+(?:,\d{3})*(?:[-./:\u2013]\d+)*%?(?!\w)"  # whole, or "-1" would be read as 1
WORD = re.compile(rf"{NUMERAL}|[^\W_]+(?:'[^\W_]+)?|,")
SPELLED = 1.0  # an unknown word for a known one, one letter off
SPELLED_KNOWN = 1.7  # a known word for another: "black" for "block"
LETTER = 0.6  # each further letter
SHORT = 0.4  # "on" for "one": there is less to go by
LOST_A, LOST_FIRST = 0.4, 0.8  # every capital A at the start of a sentence is lost: "ll", "t least"
GLUED, MOST_GLUED = 0.6, 3
SKIPPED = {"filler": 0.1, "repeated": 0.5, "unknown": 1.2, "known": 1.5, "noun": 2.2, "near": 3.0, "content": 4.0}
MOST_SKIPPED = 3
FILLERS = frozenset({",", "so", "also", "then", "please", "very", "image", "total", "color"})
ENDS = frozenset({"is", "are", "has", "have", "with", "of", "on", "in", "and", "as"})  # "isa": a word that "a" follows
# words without which, or with another for which, a sentence means another thing; not all of them does a rule read
DENYING = "no non none not neither nor never without nothing except n't isnt arent doesnt dont cannot hasnt havent"
COMPARING = "most half more less fewer least equal even odd twice double many taller shorter bigger larger smaller"
PLACING = "touching touch touches over under above below between left right higher lower adjacent"
OTHERWISE = "or all alternating alternate identical similar empty others remaining rest"
MEANT = frozenset(f"{DENYING} {COMPARING} {PLACING} {OTHERWISE}".split())
NOUNS = frozenset({"THING", "PANEL", "WALL"})
DECIDING = frozenset({"NUMBER", "ONE", "NO", "NONE", "NOT", "EVERY", "ONLY", "SAME", "DIFFERENT", "EXACTLY", "PANEL"})


class Typed(NamedTuple):
    """A word of a sentence in lower case, with its offsets."""

    text: str
    start: int
    end: int


class Sense(NamedTuple):
    """What a phrase means as a terminal; ``name`` is empty where the terminal says it all."""

    terminal: str
    name: str = ""


Senses = Mapping[tuple[str, ...], tuple[Sense, ...]]


def typed_words(sentence: str) -> list[Typed]:
    """Return the words and commas of a sentence in lower case; whatever else stands there is dropped."""
    found: list[Typed] = []
    for match in WORD.finditer(sentence):
        word, start, end = match[0].lower(), match.start(), match.end()
        if word.endswith("n't") and len(word) > 3:
            found += [Typed(word[:-3], start, end - 3), Typed("not", end - 3, end)]
        else:
            found.append(Typed(word, start, end))
    return found


def is_numeral(word: str) -> bool:
    """Whether a word is written in digits; not all are numbers of things: "-1", "2.5", "1/2"."""
    return word[-1:] in "0123456789%" and not any(letter.isalpha() for letter in word)


class Lattice:
    """The edges of sentences under a vocabulary: ``senses`` of each phrase, ``content`` the terminals dear to skip."""

    def __init__(self, senses: Senses, content: frozenset[str]) -> None:
        self.senses = senses
        self.words = dict.fromkeys(sorted(word for phrase in senses for word in phrase))  # ties fall alike in each run
        self.content = frozenset(
            phrase[0]
            for phrase, known in senses.items()
            if len(phrase) == 1 and any(s.terminal in content for s in known)
        )
        self.phrases: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for phrase in senses:
            self.phrases[phrase[0]].append(phrase)

    def edges(self, words: Sequence[str]) -> Iterator[Edge]:
        """Yield every edge: a phrase from each place, also with words skipped behind it, or before the first."""
        skip = [
            SKIPPED["repeated"] if word == before and self._class(word) == "known" else self.skip(word)
            for before, word in zip(["", *words], words, strict=False)
        ]
        for start in range(len(words)):
            for end, phrase, cost, edits in self._phrases_at(words, start):
                for sense in self.senses[phrase]:
                    yield from self._with_skips(words, skip, Edge(sense.terminal, start, end, sense, cost, edits))

    def _with_skips(self, words: Sequence[str], skip: Sequence[float], edge: Edge) -> Iterator[Edge]:
        firsts = (edge.start, 0) if 0 < edge.start <= MOST_SKIPPED else (edge.start,)
        meaning = () if edge.symbol.startswith("_") else edge.meaning
        for first in firsts:
            for last in range(edge.end, min(len(words), edge.end + MOST_SKIPPED) + 1):
                gone = (*range(first, edge.start), *range(edge.end, last))
                cost = edge.cost + sum(skip[place] for place in gone)
                edits = edge.edits + tuple(Edit(words[place], "", place) for place in gone if words[place] != ",")
                yield Edge(edge.symbol, first, last, meaning, cost, edits)

    def skip(self, word: str) -> float:
        """Return the cost of leaving a word out."""
        return SKIPPED[self._class(word)]

    @lru_cache(maxsize=10_000)  # noqa: B019  # a lattice lives as long as its grammar, which is cached itself
    def _class(self, word: str) -> str:
        if word in FILLERS:
            return "filler"
        if self.is_content(word):
            return "content"
        if any(sense.terminal in NOUNS for sense in self.senses.get((word,), ())):
            return "noun"
        if word in self.words:
            return "known"
        return "near" if any(other in self.content for other, _ in self._spellings(word)) else "unknown"

    def is_content(self, word: str) -> bool:
        """Whether a word names a colour, shape, number and the like."""
        return word in self.content or is_numeral(word)

    def is_missed(self, word: str) -> bool:
        """Whether a sentence means another thing without a word: also one that names a value of another lexicon."""
        return self.is_content(word) or word in MEANT or (word not in self.words and word in values_elsewhere())

    def is_other(self, typed: str, read: str) -> bool:
        """Whether a word was read as one that means another thing, such as "none" as "one"."""
        decides = is_numeral(typed) or any(sense.terminal in DECIDING for sense in self.senses.get((typed,), ()))
        return (decides or typed in MEANT) and typed not in read.split()

    def _phrases_at(
        self, words: Sequence[str], start: int
    ) -> Iterator[tuple[int, tuple[str, ...], float, tuple[Edit, ...]]]:
        """Yield (end, phrase, cost, edits) of the phrases that the words from a place on may be."""
        for first, cost in self._spellings(words[start]):
            for phrase in self.phrases.get(first, ()):
                yield from self._matches(words, start, phrase, cost)

    def _matches(
        self, words: Sequence[str], start: int, phrase: tuple[str, ...], cost: float
    ) -> Iterator[tuple[int, tuple[str, ...], float, tuple[Edit, ...]]]:
        edits = () if cost == 0 else (Edit(words[start], phrase[0], start),)
        end = start + len(phrase)
        if end > len(words):
            return
        for place, word in enumerate(phrase[1:], start + 1):
            spelled = dict(self._spellings(words[place])).get(word)
            if spelled is None:
                return
            if spelled:
                cost, edits = cost + spelled, (*edits, Edit(words[place], word, place))
        yield end, phrase, cost, edits

    @lru_cache(maxsize=10_000)  # noqa: B019
    def _spellings(self, word: str) -> tuple[tuple[str, float], ...]:
        """Return the known words that a word may be, with costs."""
        known = word in self.words
        found = [(word, 0.0)] if known else []
        if word == "," or is_numeral(word):
            return tuple(found)
        base = SPELLED_KNOWN if known else SPELLED
        most = 1 if known or len(word) < 6 else 2
        for other in self.words:
            if other == word or abs(len(other) - len(word)) > most:
                continue
            if other[1:] == word and not known:
                found.append((other, LOST_A if other[0] == "a" else LOST_FIRST))
            elif min(len(word), len(other)) > 1:
                distance = edit_distance(word, other, most)
                if distance <= most:
                    short = SHORT if known and min(len(word), len(other)) == 2 else 0.0
                    found.append((other, base + LETTER * (distance - 1) + short))
        return tuple(found)

    def unglued(self, words: Sequence[Typed]) -> tuple[list[Typed], tuple[Edit, ...]]:
        """Return the words, glued ones split ("ablue", "tleast") and torn ones joined ("yel low"), and what was done.

        Only a word that is not known is split or joined, and only into words that are.
        """
        found: list[Typed] = []
        edits: list[Edit] = []
        left = list(words)
        while left:
            word, rest = left[0], left[1:]
            torn = word.text + rest[0].text if rest else ""
            if torn in self.words and not (word.text in self.words and rest[0].text in self.words):
                edits.append(Edit(f"{word.text} {rest[0].text}", torn, len(found)))
                found.append(Typed(torn, word.start, rest[0].end))
                left = rest[1:]
                continue
            parts = self._parts(word.text)
            if parts != (word.text,):
                edits.append(Edit(word.text, " ".join(parts), len(found)))
            found += [Typed(part, word.start, word.end) for part in parts]
            left = rest
        return found, tuple(edits)

    @lru_cache(maxsize=10_000)  # noqa: B019
    def _parts(self, word: str) -> tuple[str, ...]:
        """Return a word as the fewest known ones, or as it is."""
        if (
            word in self.words
            or word == ","
            or is_numeral(word)
            or (len(word) > 2 and edit_distance(word, "not", 1) < 2)
        ):
            return (word,)
        for whole in (word, "a" + word):
            best: list[tuple[str, ...] | None] = [()]
            for end in range(1, len(whole) + 1):
                options = [
                    (*before, whole[start:end])
                    for start in range(end)
                    if (before := best[start]) is not None
                    and (whole[start:end] in self.words or whole[start:end].isdigit())
                ]
                best.append(min(options, key=len, default=None))
            parts = best[-1]
            if parts and len(parts) <= MOST_GLUED and (len(parts[-1]) > 1 or parts[-1].isdigit() or parts[-2] in ENDS):
                return parts
        return (word,)


@lru_cache(maxsize=1)
def values_elsewhere() -> frozenset[str]:
    """Return every word for a value of the world, of CLEVR or of SHAPES."""
    attributes = [load_lexicon(name).attributes.values() for name in ("world", "clevr", "shapes")]
    values = (one for some in attributes for attribute in some for one in attribute.values.items())
    return frozenset(word.lower() for name, words in values for word in (name, *words))


def edit_distance(one: str, other: str, most: int) -> int:
    """Return how many letters are inserted, deleted, replaced or swapped (Damerau), or more than ``most``.

    >>> edit_distance("tocuhing", "touching", 2), edit_distance("ble", "blue", 1)
    (1, 1)
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, last, row = row, before, [place]
        for there, against in enumerate(other, 1):
            step = min(before[there] + 1, row[there - 1] + 1, before[there - 1] + (letter != against))
            if place > 1 and there > 1 and letter == other[there - 2] and one[place - 2] == against:
                step = min(step, last[there - 2] + 1)
            row.append(step)
        if min(row) > most:
            return most + 1
    return row[-1]
