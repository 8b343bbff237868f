"""Texts that are answered by a number, an attribute's value or the objects themselves: how many, what color, the ...

Each family draws a ``Text`` and names the answer to aim at. That, and what makes some answers rarer than others (which
attribute is asked for, how long a chain is), comes from ``fixed``, which gives the same again when another text has to
be drawn because no scene was found: so the text does not tell the answer.
"""

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from nmn.errors import ConfigError, listed
from nmn.layout import Layout
from synth_data.claims import TRIES, Text, draw_superlative, links_of, nouns_of
from synth_data.phrases import Wish, Words, both, call, numeral
from synth_data.statements import draw_chain, hops, said_chain, said_relation
from synth_data.wishes import Link, is_possible, of_things, opposite, singled_out, sized

MISS = 0.04  # chance that an object misses one value of its wish, where nothing is to be counted
FIXED_TRIES = 40
ORDINALS = ("first", "second", "third")
SIDES = {"leftmost": "left", "rightmost": "right", "topmost": "top", "bottommost": "bottom"}


def question(family: str, words: Words, aim: float) -> Text:
    """Draw a text of a family; the answer to aim at, and what it hangs on, are the same for the same ``aim``."""
    for attempt in range(TRIES):
        fixed = random.Random(aim + attempt // FIXED_TRIES)  # what is required may not go with what is fixed
        text, layout, wishes, target, links, first = QUESTIONS[family](words, fixed)
        single = of_things(singled_out(layout), range(first, first + len(wishes)))
        if words.admits(layout) and is_possible(wishes, single):
            break
    else:
        raise ConfigError(f'family "{family}": no text of it keeps to what is held out and required')
    wishes, miss = sized(wishes, links, words), MISS if target < 0 else 0.0
    return Text(family, text, layout, wishes, target=target, miss=miss, links=tuple(links), single=tuple(single))


class Asked(NamedTuple):
    """A drawn question: the rest of a ``Text``; ``first``: the place of the chain's first thing among the wishes."""

    text: str
    layout: Layout
    wishes: Sequence[Wish]
    target: int = -1
    links: Sequence[Link] = ()
    first: int = 0


def _number(words: Words, fixed: random.Random, most: int = 99) -> int:
    low, high = words.config.min_count, min(words.config.max_count, most, words.config.max_objects)
    return fixed.randint(min(low, high), high)


def _value(words: Words, fixed: random.Random) -> tuple[str, Wish, int]:
    """Draw an attribute to ask for and the value to aim at, as a wish and as its position among all values."""
    name = fixed.choice(words.asked())
    value = fixed.choice(words.values[name])
    return name, {name: value}, list(words.lexicon.attributes[name].values).index(value)


def _count(words: Words, fixed: random.Random) -> Asked:
    noun, target, surface = words.noun(), _number(words, fixed), words.surface()
    text = surface.of(f"how many {noun.plural} are there?", f"how many {noun.plural} are in the image?")
    return Asked(text, call("count", noun.layout), [noun.wish] * target, target)


def _count_related(words: Words, fixed: random.Random) -> Asked:
    target, chain, surface = _number(words, fixed, 3), draw_chain(words, hops(words, fixed), fixed), words.surface()
    noun, *others = nouns_of(chain)
    related, layout = said_relation(chain[1:], surface, words)
    text = surface.of(f"how many {noun.plural} are {related}?", f"how many {noun.plural} {related} are there?")
    wishes = [noun.wish] * target + [other.wish for other in others] + [noun.wish]
    name, after = links_of(chain)[0][1], target
    links = [(place, name, after) for place in range(target)] + [(len(wishes) - 1, opposite(name), after)]
    links += links_of(chain, target - 1)[1:]
    return Asked(text, call("count", both(noun.layout, layout)), wishes, target, links, target - 1)


def _count_same(words: Words, fixed: random.Random) -> Asked:
    target, (name, shared, _) = _number(words, fixed, 2), _value(words, fixed)
    noun, surface = words.noun(without=(name,)), words.surface()
    things = words.rng.choice(("things", "objects", "shapes"))
    spoken = words.lexicon.attributes[name].words[0]
    text = surface.of(
        f"how many {things} have the same {spoken} as the {noun.words}?",
        f"how many {things} are the same {spoken} as the {noun.words}?",
    )
    layout = call("count", call("same", call("unique", noun.layout), of=name))
    return Asked(text, layout, [{**noun.wish, **shared}] + [shared] * target, target)


def _distinct(words: Words, fixed: random.Random) -> Asked:
    most = min(3, words.config.max_objects, *(len(words.values[name]) for name in words.asked()))
    target, name = fixed.randint(1, most), fixed.choice(words.asked())
    noun, spoken = words.noun(without=(name,)), words.lexicon.attributes[name].words[0]
    text = f"how many different {words.plural_of(spoken)} do the {noun.plural} have?"
    values = words.rng.sample(words.values[name], target)
    wishes = [{**noun.wish, name: value} for value in (*values, values[0])]
    return Asked(text, call("distinct", noun.layout, of=name), wishes, target)


def _ask(name: str, spoken: str, words: Words) -> str:
    """Ask for an attribute of what ``spoken`` names."""
    word = words.rng.choice(words.lexicon.attributes[name].words[:2])
    surface = words.surface()
    return surface.of(f"what {word} is {spoken}?", f"what is the {word} of {spoken}?", f"which {word} is {spoken}?")


def _query(words: Words, fixed: random.Random) -> Asked:
    name, value, target = _value(words, fixed)
    noun = words.noun(without=(name,))
    layout = call("describe", call("unique", noun.layout), of=name)
    return Asked(_ask(name, f"the {noun.words}", words), layout, [{**noun.wish, **value}], target)


def _query_related(words: Words, fixed: random.Random) -> Asked:
    (name, value, target), length = _value(words, fixed), hops(words, fixed)
    chain = draw_chain(words, length, fixed, name)
    text, layout = said_chain(chain, words.surface(), words)
    asked = call("describe", call("unique", layout), of=name)
    first, *others = [noun.wish for noun in nouns_of(chain)]
    return Asked(_ask(name, f"the {text}", words), asked, [{**first, **value}, *others], target, links_of(chain))


def _query_superlative(words: Words, fixed: random.Random) -> Asked:
    name, value, target = _value(words, fixed)
    noun = words.noun(without=(name,), bare=True)
    superlative = draw_superlative(words, fixed, name)
    spoken = words.lexicon.superlatives[superlative].words[0]
    chosen = call("superlative", noun.layout, of=superlative)
    asked = call("describe", call("unique", chosen), of=name)
    return Asked(_ask(name, f"the {spoken} {noun.words}", words), asked, [{**noun.wish, **value}, noun.wish], target)


def _query_ordinal(words: Words, fixed: random.Random) -> Asked:
    name, value, target = _value(words, fixed)
    noun = words.noun(without=(name,), bare=True)
    sides = [side for side in SIDES if side in words.lexicon.superlatives]
    if not sides:
        raise ConfigError(f'family "query_ordinal": the lexicon {words.lexicon.name} knows no {listed(list(SIDES))}')
    superlative = words.rng.choice(sides)
    rank = fixed.randint(1, min(3, words.config.max_objects))
    spoken = f"the {ORDINALS[rank - 1]} {noun.words} from the {SIDES[superlative]}"
    chosen = Layout("ordinal", superlative, (noun.layout, numeral(rank)))
    asked = call("describe", call("unique", chosen), of=name)
    return Asked(_ask(name, spoken, words), asked, [{**noun.wish, **value}, *[noun.wish] * rank], target)


def _query_same(words: Words, fixed: random.Random) -> Asked:
    name, value, target = _value(words, fixed)
    others = [other for other in words.asked() if other != name]
    if not others:
        raise ConfigError('family "query_same": two attributes with two values each are needed')
    shared = fixed.choice(others)
    noun, spoken = words.noun(without=(shared,)), words.lexicon.attributes[shared].words[0]
    layout = call("unique", call("same", call("unique", noun.layout), of=shared))
    text = _ask(name, f"the thing that has the same {spoken} as the {noun.words}", words)
    alike = {shared: words.rng.choice(words.values[shared])}
    return Asked(text, call("describe", layout, of=name), [{**noun.wish, **alike}, {**alike, **value}], target)


def _refer(words: Words, fixed: random.Random) -> Asked:
    noun = words.noun()
    return Asked(f"the {noun.words}", call("unique", noun.layout), [noun.wish])


def _refer_related(words: Words, fixed: random.Random) -> Asked:
    chain = draw_chain(words, hops(words))
    text, layout = said_chain(chain, words.surface(), words)
    return Asked(f"the {text}", call("unique", layout), [noun.wish for noun in nouns_of(chain)], links=links_of(chain))


QUESTIONS: dict[str, Callable[[Words, random.Random], Asked]] = {
    "count": _count,
    "count_related": _count_related,
    "count_same": _count_same,
    "distinct": _distinct,
    "query": _query,
    "query_related": _query_related,
    "query_superlative": _query_superlative,
    "query_ordinal": _query_ordinal,
    "query_same": _query_same,
    "refer": _refer,
    "refer_related": _refer_related,
}
POINTING = ("refer", "refer_related")  # families whose answer is no word
