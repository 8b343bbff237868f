"""Which words of a question each call of its layout comes from.

A call comes from the words that name its argument ("red" of ``find[red]``), or from those that its module is said with
("how many" of ``count``). Where such words stand more than once, those are taken that stand nearest to what the call's
operands come from. A call that nothing was said for, such as the ``and`` of "red circle", has no words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, product
from typing import NamedTuple

from nmn.language.normalise import ORDINALS
from nmn.language.parse import Reading
from nmn.language.parse_tree import ParseTree, Spoken, parsed
from nmn.layout import Call, call_label

Span = tuple[int, int]  # offsets into the question as it was asked: of the first letter, after the last
MOST_COMBINATIONS = 64
AFTER = 3  # what it costs, in words, that a call's words stand behind those of its operands

THE = frozenset({"THE", "ITS", "IT"})
THERE = frozenset({"THERE", "BE", "CONTAINS", "DOES_CONTAIN", "HAVE", "CONTAIN", "HOLD", "WITH"})
MORE_OR_FEWER = frozenset({"MORE", "FEWER", "AS_MANY", "EQUAL_NUMBER", "MORE_THAN", "FEWER_THAN", "EQUAL_TO"})
BOUNDED = frozenset({"EXACTLY", "AT_LEAST", "AT_MOST", "OR_MORE", "OR_FEWER", "ONLY", "A_LEAST", "SINGLE"})
MANY = frozenset({"SEVERAL", "MULTIPLE", "MANY", "BOTH", "SINGLE"})
ALL = frozenset(
    {"EVERY", "MOST", "HALF", "AT_LEAST_HALF", "AT_MOST_HALF", "LESS_THAN_HALF", "BOTH", "NEITHER", "ALL_THE", "EACH"}
)
PLACES = frozenset({"TOP", "BASE", "MIDDLE", "ORDINAL", "LEFT", "RIGHT", "CORNER", "WALL", "SIDE", "PLACE"})
VALUES = frozenset({"COLOR_WORD", "SHAPE_WORD", "SIZE_WORD", "ATTRIBUTE", "THING_ATTRIBUTE"})
TOUCH = frozenset({"TOUCH", "NEARLY", "CLOSE_TO", "STACKED", "ALTERNATE", "EACH_OTHER", "ADJACENT"})
ANYTHING = frozenset({"THING", "SOMETHING", "EVERYTHING", "NOTHING", "ONES", "ONE", "THING_ATTRIBUTE", "HEIGHT"})
BY_NUMBER = ("commonest", "rarest")  # modules that are said by a word of their own, not by their attribute alone
# what a module is said with, where no word names its argument: terminals of the grammars without a leading _; the first
# group of which a word stands in the question is taken
CUES: dict[str, tuple[frozenset[str], ...]] = {
    "scene": (ANYTHING,),
    "find": (frozenset({"ONE", "ONES", "IT", "THEY"}),),
    "relate[lower]": (frozenset({"TOP"}), PLACES),  # the top of a tower: not(relate[lower](scene))
    "relate[higher]": (frozenset({"BASE"}), PLACES),
    "relate": (TOUCH, PLACES),
    "relate_every": (TOUCH, PLACES),
    "relate_count": (TOUCH, PLACES),
    "between": (frozenset({"BETWEEN"}),),
    "nearest": (frozenset({"NEAREST", "NEAREST_TO", "CLOSER_TO"}),),
    "farthest": (frozenset({"FARTHEST", "FARTHEST_FROM", "FARTHER_FROM"}),),
    "superlative": (PLACES,),
    "ordinal": (frozenset({"ORDINAL"}),),
    "unique": (THE,),
    "inside": (frozenset({"IN", "INSIDE", "OF"}),),
    "at_side": (PLACES,),
    "near_side": (PLACES,),
    "panels": (frozenset({"PANEL"}),),
    "where": (frozenset({"PANEL"}),),
    "as_many": (frozenset({"SAME", "AS_MANY", "EQUAL_NUMBER", "DIFFERENT"}),),
    "alike": (frozenset({"SAME", "DIFFERENT"}),),
    "same": (frozenset({"SAME", "EQUALLY"}),),
    "and": (frozenset({"AND", "AND_A", "WITH"}),),
    "or": (frozenset({"OR", "OR_A", "EITHER", "THEN"}), frozenset({"AND", "NEITHER"})),
    "not": (
        frozenset({"NOT", "NO", "NOTHING", "NONE", "NEITHER", "NOR", "WITHOUT", "NOT_WHETHER"})
        | {"NEITHER_KIND", "NEITHER_OF_KINDS"},
        frozenset({"DIFFERENT", "OTHER", "OTHERS", "OTHER_THAN", "ANOTHER", "IF"}),
    ),
    "count": (frozenset({"HOW_MANY", "NUMBER_OF", "AMOUNT_OF", "HEIGHT"}),),
    "distinct": (frozenset({"DIFFERENT", "KINDS_OF"}), VALUES),
    "difference": (frozenset({"MORE", "FEWER"}),),
    "number": (MANY, frozenset({"MORE_THAN", "FEWER_THAN"})),
    "exists": (THERE | {"A"}, frozenset({"RELATION", "VERB"})),
    "compare": (MORE_OR_FEWER, BOUNDED, frozenset({"SAME", "DIFFERENT"}), MANY, THERE),
    "within": (frozenset({"BETWEEN", "OR"}), THERE),
    "quantify": (ALL, frozenset({"ONLY"}), THE),
    "agree": (frozenset({"SAME", "DIFFERENT", "EQUAL_TO", "EQUALLY"}), VALUES),
    "describe": (frozenset({"WHAT", "WHICH", "WHICH_KIND", "HOW", "MADE_OF", "NAME"}),),
    "commonest": (frozenset({"COMMONEST", "OFTENEST", "MORE"}),),
    "rarest": (frozenset({"RAREST"}),),
}  # fmt: skip
# what else is part of the same words where it stands beside them
BESIDE: dict[str, frozenset[str]] = {
    **dict.fromkeys(BY_NUMBER, frozenset({"ATTRIBUTE", "THING_ATTRIBUTE"})),  # "most common color"
    "compare": frozenset({"THAN"}),
    "describe": frozenset({"WHAT", "WHICH", "HOW", "NAME"}),
    "number": frozenset({"NUMBER", "ONE"}),  # "more than two" of number[3]
}


class Mention(NamedTuple):
    """Words of the question, as offsets into it, and the calls, by their position, that come from them."""

    start: int
    end: int
    calls: tuple[int, ...]


@dataclass(frozen=True)
class Wording:
    """The parse tree of a question, and the words of each call of its layout, in the order of ``Layout.calls``."""

    tree: ParseTree
    spans: tuple[tuple[Span, ...], ...]

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """The question in pieces from left to right: each piece that some calls come from; none overlap."""
        edges = sorted({edge for spans in self.spans for span in spans for edge in span})
        pieces: list[Mention] = []
        for start, end in pairwise(edges):
            calls = tuple(
                number for number, spans in enumerate(self.spans) if any(a <= start and end <= b for a, b in spans)
            )
            if calls:
                pieces.append(Mention(start, end, calls))
        return tuple(pieces)


def wording(reading: Reading) -> Wording:
    """Return the parse tree of what was read, and the words that each of its calls comes from.

    >>> from nmn.language import read
    >>> reading = read("how many circles are left of the square")
    >>> [(call.module, [reading.question[a:b] for a, b in spans])
    ...  for call, spans in zip(reading.layout.calls, wording(reading).spans)]  # doctest: +NORMALIZE_WHITESPACE
    [('find', ['circles']), ('find', ['square']), ('unique', ['the']), ('relate', ['left of']), ('and', []),
     ('count', ['how many'])]
    """
    tree, spoken = parsed(reading)
    found = _Search(reading.layout.calls, spoken).found
    spans = tuple(tuple(_joined(sorted(places), spoken)) for places in found)
    return Wording(tree, spans)


class _Place(NamedTuple):
    """One way in which a call may have been said: its first and last word with those below it, and its own words."""

    first: int
    last: int
    own: tuple[int, ...]
    inner: tuple[int, ...]  # words of the calls below, and of itself


class _Search:
    """The words of each call, operands first; a call without operands has every one that names it."""

    def __init__(self, calls: Sequence[Call], spoken: Sequence[Spoken]) -> None:
        self.spoken = spoken
        self.calls = calls
        self.found: list[set[int]] = []
        places: list[list[_Place]] = []
        for call in calls:
            if call.operands:
                best = self._best(call, [places[operand] for operand in dict.fromkeys(call.operands)])
                places.append([best] if best else [])
                self.found.append(set(best.own) if best else set())
            else:
                own = [_Place(at, at, (at,), (at,)) for at in self._candidates(call, frozenset())]
                places.append(own)
                self.found.append({at for place in own for at in place.own})

    def _candidates(self, call: Call, taken: frozenset[int]) -> list[int]:
        """Return the words that a call may come from, of the first group of which there are any."""
        free = [(at, word) for at, word in enumerate(self.spoken) if at not in taken]
        if call.argument is not None and call.module not in BY_NUMBER:
            named = [at for at, word in free if word.name == call.argument or _is_number(word, call)]
            if named:
                return named
        for group in _cues(call):
            found = [at for at, word in free if word.terminal in group]
            if found:
                return found
        return []

    def _own(self, call: Call, taken: frozenset[int]) -> list[int]:
        below = self.calls[call.operands[0]]
        if call.module == "not" and (below.module, below.argument) in (("relate", "lower"), ("relate", "higher")):
            return []  # part of "top" and of "base"
        return self._candidates(call, taken)

    def _best(self, call: Call, operands: Sequence[Sequence[_Place]]) -> _Place | None:
        """Return the places of the operands and of the call itself that lie nearest to each other."""
        known = [places for places in operands if places]
        best: tuple[int, _Place] | None = None
        for chosen in islice(product(*known), MOST_COMBINATIONS):
            inner = frozenset(at for place in chosen for at in place.inner)
            candidates: list[int | None] = [*self._own(call, inner)]
            for own in candidates or [None]:
                place = self._joined(call, chosen, own, inner)
                if place is None:
                    continue
                cost = place.last - place.first
                if own is not None and chosen and call.module not in ("and", "or"):
                    cost += AFTER * (own > min(one.first for one in chosen))
                if best is None or cost < best[0]:
                    best = cost, place
        return best[1] if best else None

    def _joined(self, call: Call, chosen: Sequence[_Place], own: int | None, inner: frozenset[int]) -> _Place | None:
        if own is not None and call.module == "and" and not self._between(own, chosen):
            own = None  # an "and" elsewhere joins something else
        words = () if own is None else tuple(self._run(call, own, inner))
        every = [*words, *(one.first for one in chosen), *(one.last for one in chosen)]
        if not every:
            return None
        return _Place(min(every), max(every), words, (*sorted(inner), *words))

    @staticmethod
    def _between(own: int, chosen: Sequence[_Place]) -> bool:
        return len(chosen) < 2 or min(one.first for one in chosen) < own < max(one.last for one in chosen)

    def _run(self, call: Call, own: int, taken: frozenset[int]) -> Iterator[int]:
        """Yield a word with those beside it that are part of the same expression: "is there a", "what color"."""
        word = self.spoken[own]
        groups = [group for group in _cues(call) if word.terminal in group]
        same = (groups[0] if groups and word.name != call.argument else frozenset()) | BESIDE.get(call.module, set())
        first = last = own
        while first > 0 and self.spoken[first - 1].terminal in same and first - 1 not in taken:
            first -= 1
        while last + 1 < len(self.spoken) and self.spoken[last + 1].terminal in same and last + 1 not in taken:
            last += 1
        yield from range(first, last + 1)


def _cues(call: Call) -> tuple[frozenset[str], ...]:
    return CUES.get(call_label(call.module, call.argument)) or CUES.get(call.module, ())


def _is_number(word: Spoken, call: Call) -> bool:
    """Whether a word says a call's number where it is not the numeral: "one", "second"."""
    if call.module != "number":
        return False
    return (word.terminal == "ONE" and call.argument == "1") or (
        word.name in ORDINALS and str(1 + ORDINALS.index(word.name)) == call.argument
    )


def _joined(places: Sequence[int], spoken: Sequence[Spoken]) -> Iterator[Span]:
    """Yield the offsets of words, those that follow each other as one span."""
    start = 0
    for at, place in enumerate(places):
        if at + 1 == len(places) or places[at + 1] != place + 1:
            yield spoken[places[start]].start, spoken[place].end
            start = at + 1
