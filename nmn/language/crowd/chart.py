"""A chart of meanings: the cheapest readings of noisy words under a weighted grammar.

Best-first bottom-up parsing (Knuth 1977, "A generalization of Dijkstra's algorithm"): items leave an agenda in the
order of their cost, so the first one that spans all words is the cheapest reading. Three things set it apart from a
parser of trees:

- An item holds a meaning, not a tree, made as soon as its rule is complete. Derivations with one meaning are one item,
  and a rule whose meaning does not exist (its action returns None) is no derivation at all.
- Words are edges of a lattice with costs: a misspelt word is an edge of each word that it could be, and an edge may
  swallow words behind it. A rule may lack a word, at a cost. So the same search repairs a sentence by the cheapest
  edit that the grammar accepts (Aho and Peterson 1972), and pays nothing for that where nothing is to be repaired.
- A span keeps the ``KEPT`` cheapest meanings of a symbol, so that several readings compete to the end.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from nmn.errors import LayoutError

KEPT = 6
MAX_ITEMS = 40_000
MAX_PUSHED = 100_000  # items put on the agenda, about two seconds; of NLVR's development statements none takes 30,000


class Edge(NamedTuple):
    """A word as one of the grammar's terminals: the span it covers, what it means, its cost and how it was edited."""

    symbol: str
    start: int
    end: int
    meaning: Hashable
    cost: float = 0.0
    edits: tuple["Edit", ...] = ()


class Edit(NamedTuple):
    """One difference between the words as typed and as read: ``typed`` became ``read``; either may be empty.

    ``position`` is that of the word, or of the one behind what was put in; in a finished reading the letter's.
    """

    typed: str
    read: str
    position: int = 0


class Costed(NamedTuple):
    """What an action returns for a meaning that is less plausible than its parts."""

    meaning: Hashable
    cost: float


Action = Callable[..., Hashable]


class Rule(NamedTuple):
    """A rule of the grammar: symbols in order, which of them have a meaning, and the action that joins those."""

    name: str
    symbols: tuple[str, ...]
    kept: tuple[bool, ...]
    action: Action
    cost: float = 0.0


class Lack(NamedTuple):
    """A terminal that a rule may lack: the cost, the word that is put in its place and what that means."""

    cost: float
    word: str
    meaning: Hashable = ()


class Item(NamedTuple):
    """A meaning of a symbol over a span, and the items that it was made of; none of a word."""

    symbol: str
    start: int
    end: int
    meaning: Hashable
    cost: float
    edits: tuple[Edit, ...]
    parts: tuple["Item", ...] = ()


@dataclass
class _State:
    """Rules that share their first symbols, like a node of a trie."""

    following: dict[str, "_State"] = field(default_factory=dict)
    complete: list[tuple[Rule, "_Inserted | None"]] = field(default_factory=list)


class _Inserted(NamedTuple):
    """The word that a rule lacks, and how many of its parts stand before it."""

    word: str
    place: int


class _Active(NamedTuple):
    """A rule in the making, with its parts so far."""

    state: _State
    parts: tuple[Item, ...]
    cost: float
    edits: tuple[Edit, ...]


class Rules:
    """A weighted grammar, ready for parsing; each rule may lack one symbol of ``missing``."""

    def __init__(self, rules: Iterable[Rule], missing: Mapping[str, Lack]) -> None:
        self.root = _State()
        for rule in rules:
            self._add(rule)
            for place, symbol in enumerate(rule.symbols):
                if symbol in missing and len(rule.symbols) > 1:
                    self._add(_lacking(rule, place, missing[symbol]), _Inserted(missing[symbol].word, place))

    def _add(self, rule: Rule, inserted: _Inserted | None = None) -> None:
        state = self.root
        for symbol in rule.symbols:
            state = state.following.setdefault(symbol, _State())
        state.complete.append((rule, inserted))


def _lacking(rule: Rule, place: int, lack: Lack) -> Rule:
    """Return a rule without one of its symbols."""
    before, whole = sum(rule.kept[:place]), rule.action

    def completed(*parts: Hashable) -> Hashable:
        return whole(*parts[:before], lack.meaning, *parts[before:])

    symbols = rule.symbols[:place] + rule.symbols[place + 1 :]
    kept = rule.kept[:place] + rule.kept[place + 1 :]
    return Rule(rule.name, symbols, kept, completed if rule.kept[place] else whole, rule.cost + lack.cost)


class Chart:
    """One search: items by where they start, rules in the making by where they stop."""

    def __init__(self, rules: Rules, edges: Iterable[Edge], words: int) -> None:
        self.rules, self.words = rules, words
        self.agenda: list[tuple[float, int, Item]] = []
        self.found: dict[tuple[str, int], list[Item]] = defaultdict(list)
        self.meanings: dict[tuple[str, int, int], set[Hashable]] = defaultdict(set)
        self.waiting: dict[tuple[str, int], list[_Active]] = defaultdict(list)
        self.pushed = self.taken = 0
        for edge in edges:
            self._push(Item(*edge))

    def items(self) -> Iterator[Item]:
        """Yield the items in the order of their cost, until MAX_ITEMS were taken or MAX_PUSHED waited."""
        while self.agenda and self.taken < MAX_ITEMS and self.pushed < MAX_PUSHED:
            item = heapq.heappop(self.agenda)[2]
            kept = self.meanings[item.symbol, item.start, item.end]
            if item.meaning in kept or len(kept) >= KEPT:
                continue
            kept.add(item.meaning)
            self.taken += 1
            self.found[item.symbol, item.start].append(item)
            yield item
            first = _Active(self.rules.root, (), 0.0, ())
            for active in [*self.waiting[item.symbol, item.start], first]:
                self._advance(active, item)

    def _push(self, item: Item) -> None:
        self.pushed += 1
        heapq.heappush(self.agenda, (item.cost, self.pushed, item))

    def _advance(self, active: _Active, item: Item) -> None:
        """Put an item behind the parts of a rule in the making."""
        state = active.state.following.get(item.symbol)
        if state is None:
            return
        further = _Active(state, (*active.parts, item), active.cost + item.cost, active.edits + item.edits)
        for rule, inserted in state.complete:
            self._complete(rule, inserted, further, item.end)
        if not state.following or item.end == self.words:
            return
        for symbol in state.following:
            self.waiting[symbol, item.end].append(further)
            for following in self.found[symbol, item.end]:
                self._advance(further, following)

    def _complete(self, rule: Rule, inserted: _Inserted | None, whole: _Active, end: int) -> None:
        """Put what a complete rule means on the agenda, if it means anything."""
        try:
            meaning = rule.action(*[part.meaning for part, kept in zip(whole.parts, rule.kept, strict=True) if kept])
        except LayoutError:  # no layout has that meaning: a box of a box
            return
        if meaning is None:
            return
        cost, edits = whole.cost + rule.cost, whole.edits
        if isinstance(meaning, Costed):
            cost += meaning.cost
            meaning = meaning.meaning
        if inserted:
            starts = (*(part.start for part in whole.parts), end)
            edits += (Edit("", inserted.word, starts[inserted.place]),)
        self._push(Item(rule.name, whole.parts[0].start, end, meaning, cost, edits, whole.parts))
