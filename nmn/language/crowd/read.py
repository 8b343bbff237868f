"""A statement to its readings, cheapest first, with what was repaired."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from nmn.language.crowd.chart import Chart, Edit, Item
from nmn.language.crowd.grammar import START, CrowdGrammar, load_crowd_grammar
from nmn.language.crowd.noise import GLUED, typed_words
from nmn.layout import Layout

How = Literal["grammar", "repaired", "partial", "unread"]
READINGS = 5
MARGIN = 2.0  # how much dearer than the cheapest reading another may be
CLAUSE = "statement"


@dataclass(frozen=True, slots=True)
class StatementReading:
    """What a statement was read as.

    ``how``: "grammar" as it stands; "repaired" after edits that change none of its colours, shapes and numbers;
    "partial" after leaving out some of those; "unread" where nothing was understood, and the layout says only that
    something is there. ``cost`` is the weight of rules and edits, 0 for plain English.
    """

    layout: Layout
    how: How
    edits: tuple[Edit, ...] = ()
    cost: float = 0.0


def read_statement(sentence: str, name: str = "nlvr") -> StatementReading:
    """Return the preferred reading of a statement; there always is one."""
    return read_statements(sentence, name)[0]


@lru_cache(maxsize=100_000)
def read_statements(sentence: str, name: str = "nlvr") -> tuple[StatementReading, ...]:
    """Return the readings of a statement, cheapest first."""
    grammar = load_crowd_grammar(name)
    typed = typed_words(sentence)
    while typed and typed[-1].text == ",":
        typed.pop()
    words, glued = grammar.lattice.unglued(typed)
    chart = Chart(grammar.rules, grammar.lattice.edges(words), len(words))
    found: list[Item] = []
    clauses: list[Item] = []
    for item in chart.items():
        if item.symbol == CLAUSE:
            clauses.append(item)
        if item.symbol == START and item.start == 0 and item.end == len(words):
            found.append(item)
        if found and (len(found) == READINGS or item.cost > found[0].cost + MARGIN):
            break
    if found:
        return tuple(_reading(item, glued, grammar) for item in found)
    return (_best_part(clauses, words, glued, grammar),)


def _reading(item: Item, glued: tuple[Edit, ...], grammar: CrowdGrammar) -> StatementReading:
    assert isinstance(item.meaning, Layout)
    edits = glued + item.edits
    left_out = any(grammar.lattice.is_content(edit.typed) and not edit.read for edit in edits)
    how: How = "partial" if left_out else "repaired" if edits else "grammar"
    return StatementReading(item.meaning, how, edits, item.cost + GLUED * len(glued))


def _best_part(
    clauses: list[Item], words: list[str], glued: tuple[Edit, ...], grammar: CrowdGrammar
) -> StatementReading:
    """Return the clause that leaves out least, or that something is there."""
    best = None
    for item in clauses:
        gone = [*range(item.start), *range(item.end, len(words))]
        cost = item.cost + sum(grammar.lattice.skip(words[place]) for place in gone)
        if best is None or cost < best.cost:
            edits = (*item.edits, *(Edit(words[place], "", place) for place in gone))
            best = Item(item.symbol, 0, len(words), item.meaning, cost, edits)
    if best is None:
        return StatementReading(Layout("exists", None, (Layout("scene"),)), "unread")
    return StatementReading(best.meaning, "partial", glued + best.edits, best.cost)  # type: ignore[arg-type]
