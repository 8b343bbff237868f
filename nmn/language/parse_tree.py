"""The parse tree of a reading, and its words with what each was taken for, whichever parser read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from lark import Token, Tree

from nmn.language.grammar import load_grammar
from nmn.language.normalise import normalise
from nmn.language.parse import Reading, Repair, syntax_tree
from nmn.language.trees import rule


class Spoken(NamedTuple):
    """A word or fixed phrase: the terminal it was taken for, without a leading _, its name, its place."""

    terminal: str
    name: str
    start: int
    end: int


@dataclass(frozen=True)
class ParseTree:
    """A rule or, without ``children``, a terminal: its label, and the words it covers as offsets into the question."""

    label: str
    start: int
    end: int
    children: tuple["ParseTree", ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the tree as plain JSON data."""
        data: dict[str, Any] = {"label": self.label, "start": self.start, "end": self.end}
        if self.children:
            data["children"] = [child.to_json() for child in self.children]
        return data


def parsed(reading: Reading) -> tuple[ParseTree, list[Spoken]]:
    """Return the parse tree of a reading, and its words from left to right."""
    if reading.by_chart:
        return _of_chart(reading)
    language = load_grammar(reading.grammar, reading.lexicon)
    words = language.vocabulary.tokens(reading.text, normalise(reading.text))
    spoken = [Spoken(token.type.lstrip("_"), str(token.value), *_asked(token, reading.repairs)) for token in words]
    tree = _of_lark(syntax_tree(reading.text, language), reading.repairs)
    return tree or ParseTree("start", 0, len(reading.question)), spoken


def _asked(token: Token, repairs: Sequence[Repair]) -> tuple[int, int]:
    """Return a token's place in the question as it was asked, before its repairs."""
    start, end = token.start_pos or 0, token.end_pos or 0
    return _before_repairs(start, repairs, False), _before_repairs(end, repairs, True)


def _before_repairs(offset: int, repairs: Sequence[Repair], ends: bool) -> int:
    """Return where an offset into the repaired text was; inside of what was replaced, the edge of it."""
    shift = 0
    for fix in repairs:
        start, end = fix.start + shift, fix.start + shift + len(fix.replacement)
        if offset < start or (offset == start and ends):
            break
        if offset < end or (offset == end and ends):
            return fix.end if ends else fix.start
        shift += len(fix.replacement) - (fix.end - fix.start)
    return offset - shift


def _of_lark(node: Tree[Token] | Token, repairs: Sequence[Repair]) -> ParseTree | None:
    if isinstance(node, Token):
        return ParseTree(node.type.lstrip("_"), *_asked(node, repairs))
    below = [tree for child in node.children if (tree := _of_lark(child, repairs))]
    return ParseTree(rule(node), below[0].start, below[-1].end, tuple(below)) if below else None


def _of_chart(reading: Reading) -> tuple[ParseTree, list[Spoken]]:
    from nmn.language.crowd.chart import Item
    from nmn.language.crowd.noise import Sense
    from nmn.language.crowd.read import derivation

    item, words = derivation(reading.question, reading.grammar)
    spoken: list[Spoken] = []

    def place(one: Item) -> tuple[int, int]:
        last = max(one.start, one.end - 1)
        return words[one.start].start, words[min(last, len(words) - 1)].end

    def trees(one: Item) -> list[ParseTree]:
        """Return the tree of an item; of a rule that Lark made for a repetition, those of its parts."""
        name = one.symbol.lstrip("_")
        if not one.parts:
            told = one.meaning.name.rstrip("+") if isinstance(one.meaning, Sense) else ""
            spoken.append(Spoken(name, told, *place(one)))
            return [ParseTree(name, *place(one))]
        below = [tree for part in one.parts for tree in trees(part)]
        if one.symbol.startswith("__"):
            return below
        return [ParseTree(name, below[0].start, below[-1].end, tuple(below))]

    (tree,) = trees(item)
    return tree, spoken
