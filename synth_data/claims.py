"""What true or false texts are made of: parts, claims, and the named ways in which a twin differs from its text.

A claim draws *parts* (nouns, relations, numbers, quantifiers) and says them in words and as a layout. The twin says the
same parts with one of them changed, in a named way: the wrong attribute, the wrong relation, off by one, swapped roles,
the wrong quantifier. Whoever holds scenes in which exactly one of the two is true can make a false text that is false
for a known reason, and texts that tell nothing of their truth.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from nmn.errors import ConfigError
from nmn.layout import Layout
from synth_data.phrases import MEASURED, OPPOSITE, Noun, Surface, Wish, Words
from synth_data.wishes import Link, Single, Twin, chain_links, is_possible, of_things, singled_out, sized, twin_of


class Part(NamedTuple):
    """A part that is no noun: a relation, a number, a quantifier, a comparison, a value or a superlative."""

    kind: str
    name: str
    number: int = 0
    attribute: str = ""  # of a value; of an attribute, a value that may be shared


Parts = tuple[Noun | Part, ...]
Said = tuple[str, Layout]
Say = Callable[[Parts, Surface, Words], Said]


@dataclass(frozen=True, slots=True)
class Text:
    """One text with its gold layout, and the wishes that a scene should meet for it to mean something.

    ``way``: how it differs from its twin. ``target``: the number that it should be answered by, -1 for any answer.
    ``miss``: the chance that an object of a scene misses one value of the wish that it follows. ``links``: relations
    between things of the wishes, by their places there, that make it true. ``single``: of what there must be one.
    ``stack``: it speaks of towers.
    """

    family: str
    text: str
    layout: Layout
    wishes: tuple[Wish, ...]
    way: str = ""
    target: int = -1
    miss: float = 0.4
    stack: bool = False
    links: tuple[Link, ...] = ()
    single: tuple[Single, ...] = ()


class Claim(NamedTuple):
    """A family of true or false texts: draws parts, says them, and wishes for scenes."""

    draw: Callable[[Words], Parts]
    say: Say
    wishes: Callable[[Parts], list[Wish]]
    swap: bool = False  # its nouns have roles that can be swapped
    definite: bool = False  # its nouns are "the ...", so that every one must be there, the twin's too
    miss: float = 0.4
    stack: bool = False  # it speaks of towers


TRIES = 2000
QUANTIFIERS = ("every", "most", "half", "no", "only", "both", "neither", "not_every")
COMPARISONS = ("more", "fewer", "equal", "at_least", "at_most")
CONNECTIVES = ("and", "or", "but_no", "neither", "if")
BOUNDS = ("exactly", "at_least", "at_most", "more_than", "fewer_than", "bare")


def nouns_of(parts: Parts) -> list[Noun]:
    """Return the nouns among the parts."""
    return [part for part in parts if isinstance(part, Noun)]


def part(parts: Parts, kind: str) -> Part:
    """Return the one part of a kind."""
    return next(item for item in parts if isinstance(item, Part) and item.kind == kind)


def superlatives(words: Words) -> list[str]:
    """Return the superlatives that go with the relations in use."""
    sides = {"left_of": "leftmost", "right_of": "rightmost", "above": "topmost", "below": "bottommost",
             "larger": "largest", "smaller": "smallest"}  # fmt: skip
    names = [sides[name] for name in words.config.relations if name in sides]
    return [name for name in names if name in words.lexicon.superlatives]


def draw_superlative(words: Words, rng: random.Random | None = None, without: str = "") -> str:
    """Draw one of the superlatives, none of an attribute; raise ConfigError where there is none."""
    names = [name for name in superlatives(words) if not without or MEASURED.get(name) != without]
    if not names:
        raise ConfigError(
            "relations: superlatives go with left_of, right_of, above, below, larger and smaller; none is there"
        )
    return (rng or words.rng).choice(names)


def draw_pair(family: str, claim: Claim, words: Words) -> tuple[Text, Text]:
    """Draw a text of a claim, and its twin."""
    for _ in range(TRIES):
        parts, state = claim.draw(words), words.surface().state
        changed, way = vary(parts, claim, words)
        said, other = claim.say(parts, Surface(state), words), claim.say(changed, Surface(state), words)
        if said[1] != other[1] and words.admits(said[1]) and words.admits(other[1]):
            single = singled_out(said[1]), singled_out(other[1])
            text = _text(family, said, claim, (parts, changed), single, way, words)
            twin = _text(family, other, claim, (changed, parts), single[::-1], way, words)
            if text and twin:
                return text, twin
    raise ConfigError(f'family "{family}": no text of it keeps to what is held out and required')


def _text(
    family: str,
    said: Said,
    claim: Claim,
    both: tuple[Parts, Parts],
    singles: tuple[list[Single], list[Single]],
    way: str,
    words: Words,
) -> Text | None:
    """Return a text with what its scenes should be like: it is true of them, and its twin, that of ``both``, is not.

    None where there can be no such scenes.
    """
    wishes, links, single = list(claim.wishes(both[0])), list(links_of(both[0])), singles[0]
    if claim.definite:
        twin = _twin(*both, single)
        if twin is None:
            return None
        if len(wishes) + len(twin.wishes) <= words.config.max_objects:  # what only the twin speaks of is there
            wishes, links = wishes + twin.wishes, links + twin.links
            single = single + of_things(singles[1], twin.things)
    if not is_possible(wishes, single):
        return None
    return Text(
        family, *said, sized(wishes, links, words), way, miss=claim.miss, stack=claim.stack, links=tuple(links),
        single=tuple(dict.fromkeys(single)),
    )  # fmt: skip


def _twin(parts: Parts, other: Parts, single: list[Single]) -> Twin | None:
    nouns, relations = nouns_of(parts), relations_of(parts)
    if relations and len(relations) == len(nouns) - 1:
        return twin_of(nouns, relations, nouns_of(other), relations_of(other), single)
    return Twin([noun.wish for noun in nouns_of(other) if noun not in nouns], [], [])


def relations_of(parts: Parts) -> list[str]:
    """Return the relations among the parts."""
    return [item.name for item in parts if isinstance(item, Part) and item.kind == "relation"]


def links_of(parts: Parts, first: int = 0) -> list[Link]:
    """Return the links of a chain, in which each noun stands in the relation after it to the next noun; else none."""
    relations = relations_of(parts)
    return chain_links(relations, first) if len(relations) == len(nouns_of(parts)) - 1 else []


# ---- ways of being false --------------------------------------------------------------------------------------------


def vary(parts: Parts, claim: Claim, words: Words) -> tuple[Parts, str]:
    """Change one part and say how."""
    rng = words.rng
    if claim.swap and rng.random() < 0.25:
        return _swapped(parts), "swapped roles"
    place = rng.randrange(len(parts))
    chosen = parts[place]
    if isinstance(chosen, Noun):
        return _put(parts, place, words.changed(chosen)), "wrong attribute"
    new, way = VARY[chosen.kind](chosen, words)
    return _put(parts, place, new), way


def _put(parts: Parts, place: int, new: Noun | Part) -> Parts:
    return (*parts[:place], new, *parts[place + 1 :])


def _swapped(parts: Parts) -> Parts:
    places = [place for place, item in enumerate(parts) if isinstance(item, Noun)][:2]
    first, second = (parts[place] for place in places)
    return _put(_put(parts, places[0], second), places[1], first)


def _other_relation(old: Part, words: Words) -> tuple[Part, str]:
    names = [name for name in words.config.relations if name != old.name]
    opposite = OPPOSITE.get(old.name)
    if opposite in names and words.rng.random() < 0.7:
        return old._replace(name=opposite), "wrong relation"
    return (old._replace(name=words.rng.choice(names)) if names else old), "wrong relation"


def _off_by_one(old: Part, words: Words) -> tuple[Part, str]:
    step = words.rng.choice((-1, 1)) if old.number > 1 else 1
    return old._replace(number=old.number + step), "off by one"


def _other_quantifier(old: Part, words: Words) -> tuple[Part, str]:
    twins = {"both": ("neither",), "neither": ("both",)}
    names = twins.get(old.name) or [name for name in QUANTIFIERS if name not in (old.name, "both", "neither")]
    return old._replace(name=words.rng.choice(names)), "wrong quantifier"


def _other_comparison(old: Part, words: Words) -> tuple[Part, str]:
    return old._replace(name=words.rng.choice([name for name in COMPARISONS if name != old.name])), "wrong quantifier"


def _other_bound(old: Part, words: Words) -> tuple[Part, str]:
    return old._replace(name=words.rng.choice([name for name in BOUNDS if name != old.name])), "wrong quantifier"


def _other_value(old: Part, words: Words) -> tuple[Part, str]:
    names = [value for value in words.values[old.attribute] if value != old.name]
    return old._replace(name=words.rng.choice(names)), "wrong attribute"


def _other_connective(old: Part, words: Words) -> tuple[Part, str]:
    return old._replace(name=words.rng.choice([n for n in CONNECTIVES if n != old.name])), "wrong connective"


def _other_superlative(old: Part, words: Words) -> tuple[Part, str]:
    names = [name for name in superlatives(words) if name != old.name]
    return (old._replace(name=words.rng.choice(names)) if names else old), "wrong relation"


def _vary_attribute(old: Part, words: Words) -> tuple[Part, str]:
    names = [name for name in words.asked() if name != old.name]
    if not names:
        return old, "wrong attribute"
    name = words.rng.choice(names)
    return Part("attribute", name, attribute=words.rng.choice(words.values[name])), "wrong attribute"


VARY: dict[str, Callable[[Part, Words], tuple[Part, str]]] = {
    "relation": _other_relation,
    "number": _off_by_one,
    "quantifier": _other_quantifier,
    "comparison": _other_comparison,
    "bound": _other_bound,
    "value": _other_value,
    "connective": _other_connective,
    "superlative": _other_superlative,
    "attribute": _vary_attribute,
}
