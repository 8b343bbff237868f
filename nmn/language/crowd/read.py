"""A statement to its readings, cheapest first, with what was repaired."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from nmn.language.crowd.chart import Chart, Edit, Item
from nmn.language.crowd.grammar import START, CrowdGrammar, load_crowd_grammar
from nmn.language.crowd.noise import GLUED, Typed, typed_words
from nmn.layout import Layout

How = Literal["grammar", "repaired", "partial", "unread"]
READINGS = 5
MARGIN = 2.0  # how much dearer than the cheapest reading another may be
CLAUSE = "statement"
UNREAD = Layout("exists", None, (Layout("scene"),))
ASKING = frozenset(
    {
        *("is", "are", "does", "do", "did", "was", "were", "how", "what", "which", "where", "who"),
        *("find", "show", "name", "tell", "count", "point", "select", "mark", "highlight", "locate", "whether"),
    }
)


@dataclass(frozen=True, slots=True)
class StatementReading:
    """What a statement was read as, and the text that it rests on.

    ``how``: "grammar" as it stands; "repaired" after edits that change none of its colours, shapes and numbers;
    "partial" after leaving out some of those, or more than half of the words; "unread" where nothing was understood,
    and the layout says only that something is there. ``cost`` is the weight of rules and edits, about 0 for plain
    English.
    """

    layout: Layout
    how: How
    text: str
    edits: tuple[Edit, ...] = ()
    cost: float = 0.0


def is_statement(text: str) -> bool:
    """Whether a text claims something, so that it is for this grammar, rather than asks."""
    words = typed_words(text)
    return bool(words) and words[0].text not in ASKING and not text.rstrip().endswith("?")


@lru_cache(maxsize=100_000)
def read_statement(sentence: str, name: str = "nlvr") -> StatementReading:
    """Return the preferred reading of a statement; there always is one.

    >>> reading = read_statement("There is ablue block on a black block.")
    >>> reading.how, reading.text, str(reading.layout)
    ('repaired', 'There is a blue block on a black block.', 'exists(and(find[blue], relate[on](find[black])))')
    """
    return _read(sentence, name, 1)[0]


@lru_cache(maxsize=10_000)
def read_statements(sentence: str, name: str = "nlvr") -> tuple[StatementReading, ...]:
    """Return the readings of a statement, the preferred first: at most READINGS, none much dearer than the first."""
    return _read(sentence, name, READINGS)


def derivation(sentence: str, name: str = "nlvr") -> tuple[Item, list[Typed]]:
    """Return how the preferred reading of a statement was derived, and the words whose numbers its items give."""
    source, found, clauses = _search(sentence, name, 1)
    best = found[0] if found else source.best_part(clauses)
    assert best is not None, "of a sentence of which nothing is understood there is no reading"
    return best, source.words


def _read(sentence: str, name: str, most: int) -> tuple[StatementReading, ...]:
    source, found, clauses = _search(sentence, name, most)
    return tuple(map(source.reading, found)) or (source.partial(clauses),)


def _search(sentence: str, name: str, most: int) -> "tuple[_Source, list[Item], list[Item]]":
    """Return the cheapest items that cover a sentence, at most so many, and the clauses that were met."""
    grammar = load_crowd_grammar(name)
    typed = typed_words(sentence)
    while typed and typed[-1].text == ",":
        typed.pop()
    words, glued = grammar.lattice.unglued(typed)
    source = _Source(sentence, words, glued, grammar)
    chart = Chart(grammar.rules, grammar.lattice.edges([word.text for word in words]), len(words))
    found: list[Item] = []
    clauses: list[Item] = []
    for item in chart.items():
        if item.symbol == CLAUSE:
            clauses.append(item)
        if found and item.cost > found[0].cost + MARGIN:
            break
        if item.symbol == START and item.start == 0 and item.end == len(words):
            found.append(item)
            if len(found) == most:
                break
    return source, found, clauses


@dataclass(frozen=True)
class _Source:
    """A sentence, its words after splitting glued ones, and what that changed."""

    sentence: str
    words: list[Typed]
    glued: tuple[Edit, ...]
    grammar: CrowdGrammar

    def reading(self, item: Item) -> StatementReading:
        """Return an item that covers all words as a reading."""
        assert isinstance(item.meaning, Layout)
        lattice, edits = self.grammar.lattice, tuple(sorted(self.glued + item.edits, key=lambda edit: edit.position))
        gone = [edit for edit in edits if edit.typed and not edit.read]
        changed = [edit for edit in edits if edit.typed and edit.read and lattice.is_other(edit.typed, edit.read)]
        missed = [edit for edit in gone if self._is_missed(edit)]
        how: How = "repaired" if edits else "grammar"
        if missed or changed or 2 * len(gone) > len(self.words):
            how = "partial"
        cost = item.cost + GLUED * len(self.glued)
        placed = tuple(edit._replace(position=self._offset(edit)) for edit in edits)
        return StatementReading(item.meaning, how, _edited(self.sentence, placed), placed, cost)

    def _is_missed(self, edit: Edit) -> bool:
        """Whether a sentence means another thing without a word, such as "as" of "as many"; not one said twice."""
        beside = [
            self.words[place].text for place in (edit.position - 1, edit.position + 1) if 0 <= place < len(self.words)
        ]
        if edit.typed in beside or (edit.typed in ("most", "least") and "at" in beside):
            return False
        return self.grammar.lattice.is_missed(edit.typed) or (edit.typed == "as" and "many" in beside)

    def best_part(self, clauses: list[Item]) -> Item | None:
        """Return the clause that leaves out least as an item of the whole sentence; None where there is none."""
        best = None
        for item in clauses:
            gone = [*range(item.start), *range(item.end, len(self.words))]
            cost = item.cost + sum(self.grammar.lattice.skip(self.words[place].text) for place in gone)
            if best is None or cost < best.cost:
                edits = (*item.edits, *(Edit(self.words[place].text, "", place) for place in gone))
                best = Item(item.symbol, 0, len(self.words), item.meaning, cost, edits, item.parts)
        return best

    def partial(self, clauses: list[Item]) -> StatementReading:
        """Return the clause that leaves out least as a reading, or that something is there."""
        best = self.best_part(clauses)
        if best is None:
            return StatementReading(UNREAD, "unread", self.sentence)
        found = self.reading(best)
        return StatementReading(found.layout, "partial", found.text, found.edits, found.cost)

    def _offset(self, edit: Edit) -> int:
        """Return where in the sentence an edit's word begins."""
        return self.words[edit.position].start if edit.position < len(self.words) else len(self.sentence.rstrip(" ."))


def _edited(sentence: str, edits: tuple[Edit, ...]) -> str:
    """Return a sentence with its edits made, the last first, so that the others' offsets hold."""
    for edit in reversed(edits):
        before, after = sentence[: edit.position], sentence[edit.position + len(edit.typed) :]
        put = edit.read if edit.typed else f" {edit.read} "
        sentence = before + put + after
    return " ".join(sentence.split())
