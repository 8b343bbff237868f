"""``grammars/nlvr.lark`` with its lexicon as weighted rules for the chart, and the lattice of its words.

Lark reads the file and rewrites its ``?`` and ``|`` as plain rules; the search is ours.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lark import Lark

from nmn.language.crowd import alike, boxes, claims, clauses, images, items, lists, phrases, places, quantities
from nmn.language.crowd.chart import Lack, Rule, Rules
from nmn.language.crowd.meanings import ACTIONS, COSTS
from nmn.language.crowd.noise import Lattice, Sense
from nmn.language.lexer import NUMERALS, plural, terminal_phrases
from nmn.lexicon import Lexicon, load_lexicon
from nmn.resources import GRAMMARS

START = "start"
WITH_ACTIONS = (
    quantities,
    places,
    items,
    phrases,
    alike,
    lists,
    claims,
    boxes,
    images,
    clauses,
)  # which register them when imported
CONTENT = frozenset(
    {
        *("COLOR", "SHAPE", "SIZE", "NUMBER", "ONE", "TOP", "BASE", "ORDINAL", "MIDDLE", "NOT", "NO", "NONE", "EVERY"),
        *("AT_LEAST", "AT_MOST", "MORE_THAN", "FEWER_THAN", "SAME", "DIFFERENT", "EXACTLY", "ONLY"),
    }
)
NAMED = frozenset({"ORDINAL"})  # terminals of closed classes of which it matters which word stood there
# what a rule may lack, at what cost, and the word that is put in its place
MISSING = {
    "_be": Lack(1.8, "is"),
    "_have": Lack(1.5, "has"),
    "_THE": Lack(0.6, "the"),
    "_with": Lack(2.0, "with"),
    "_OF": Lack(1.5, "of"),
    "_AT": Lack(1.0, "at"),
    "_THERE": Lack(1.0, "there"),
    "_AND": Lack(1.6, "and"),
    "_THAT": Lack(1.5, "that"),
    "_TOUCH": Lack(2.5, "touching"),
    "THING": Lack(1.5, "item", Sense("THING")),
    "PANEL": Lack(2.5, "box", Sense("PANEL")),
    "COLOR_WORD": Lack(1.8, "color", Sense("COLOR_WORD")),
    "WALL": Lack(2.0, "wall", Sense("WALL")),
}
ATTRIBUTE_WORDS = {"color": "COLOR_WORD", "shape": "SHAPE_WORD", "size": "SIZE_WORD"}
VALUE_WORDS = {"color": "COLOR", "shape": "SHAPE", "size": "SIZE"}


@dataclass(frozen=True)
class CrowdGrammar:
    """The rules of the chart and the lattice of words."""

    rules: Rules
    lattice: Lattice


@lru_cache(maxsize=4)
def load_crowd_grammar(name: str = "nlvr") -> CrowdGrammar:
    """Return the grammar of that name, ready for the chart."""
    lark = Lark.open(str(GRAMMARS / f"{name}.lark"), parser=None, lexer="basic", maybe_placeholders=False)
    rules = [_rule(rule) for rule in lark.rules]
    senses: dict[tuple[str, ...], dict[Sense, None]] = defaultdict(dict)
    for terminal in lark.terminals:
        for phrase in terminal_phrases(terminal):
            senses[_words(phrase)][Sense(terminal.name, phrase if terminal.name in NAMED else "")] = None
    for sense, phrase in _lexicon_senses(load_lexicon(name)):
        senses[_words(phrase)][sense] = None
    return CrowdGrammar(Rules(rules, MISSING), Lattice({key: tuple(known) for key, known in senses.items()}, CONTENT))


def _words(phrase: str) -> tuple[str, ...]:
    return tuple(phrase.replace("-", " ").replace(",", " , ").split())


def _rule(rule: Any) -> Rule:
    """Return one of Lark's rules with the action that its alias, or its name, has."""
    name = str(rule.origin.name)
    symbols = tuple(str(symbol.name) for symbol in rule.expansion)
    kept = tuple(
        not symbol.name.startswith("_") and not getattr(symbol, "filter_out", False) for symbol in rule.expansion
    )
    key = str(rule.alias or name).rstrip("_")
    if name.startswith("_"):
        return Rule(name, symbols, (False,) * len(symbols), _silent)
    found = ACTIONS.get(key)
    if found is None:
        if rule.alias or sum(kept) != 1:
            raise ValueError(f"{name} -> {key}: no action of that name")
        found = _same
    return Rule(name, symbols, kept, found, COSTS.get(key, 0.0))


def _same(meaning: Hashable) -> Hashable:
    return meaning


def _silent() -> Hashable:
    return ()


def _lexicon_senses(lexicon: Lexicon) -> Iterator[tuple[Sense, str]]:
    """Yield what each word of the lexicon may be, plurals included."""
    for number, numeral in enumerate(NUMERALS):
        yield Sense("NUMBER", str(number)), numeral
        yield Sense("NUMBER", str(number)), str(number)
    nouns: list[tuple[Sense, str]] = [(Sense("THING"), noun) for noun in lexicon.nouns]
    nouns += [(Sense("PANEL"), noun) for noun in lexicon.panels]
    for name, attribute in lexicon.attributes.items():
        nouns += [(Sense(ATTRIBUTE_WORDS[name]), word) for word in attribute.words]
        for value, words in (*attribute.values.items(), *attribute.adjectives.items()):
            nouns += [(Sense(VALUE_WORDS[name], value), word) for word in words]
    for sense, word in nouns:
        yield sense, word
        many = Sense(sense.terminal, sense.name + "+") if sense.terminal in ("THING", "SHAPE") else sense
        yield many, lexicon.plurals.get(word) or plural(word)
    for name, relation in lexicon.relations.items():
        yield from ((Sense("RELATION", name), word) for word in relation.words)
