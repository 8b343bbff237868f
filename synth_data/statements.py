"""Texts that are true or false, statements and yes/no questions alike, each with a twin that differs in one part.

A family draws *parts* (nouns, relations, numbers, quantifiers) and says them in words and as a layout. The twin says
the same parts with one of them changed, in a named way: the wrong attribute, the wrong relation, off by one, swapped
roles, the wrong quantifier. Whoever holds scenes in which exactly one of the two is true can make a false text that is
false for a known reason, and texts that tell nothing of their truth.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nmn.errors import ConfigError
from nmn.language.lexer import NUMERALS
from nmn.layout import Layout
from synth_data.phrases import OPPOSITE, Noun, Surface, Wish, Words, both, call, find, is_are, numeral


class Part(NamedTuple):
    """A part that is no noun: a relation, a number, a quantifier, a comparison, a value or a superlative."""

    kind: str
    name: str
    number: int = 0
    attribute: str = ""  # of a value; of an attribute, a value that may be shared


Parts = tuple[Noun | Part, ...]
Link = tuple[int, str, int]  # the first thing stands in the relation to the second
Said = tuple[str, Layout]
Say = Callable[[Parts, Surface, Words], Said]


@dataclass(frozen=True, slots=True)
class Text:
    """One text with its gold layout, and the wishes that a scene should meet for it to mean something.

    ``way``: how it differs from its twin. ``target``: the number that it should be answered by, -1 for any answer.
    ``miss``: the chance that an object of a scene misses one value of the wish that it follows. ``links``: relations
    between things of the wishes, by their places there, that make it true. ``stack``: it speaks of towers.
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
SIZE_TRIES = 40
QUANTIFIERS = ("every", "most", "half", "no", "only", "both", "neither", "not_every")
COMPARISONS = ("more", "fewer", "equal", "at_least", "at_most")
BOUNDS = ("exactly", "at_least", "at_most", "more_than", "fewer_than", "bare")


def nouns_of(parts: Parts) -> list[Noun]:
    """Return the nouns among the parts."""
    return [part for part in parts if isinstance(part, Noun)]


def part(parts: Parts, kind: str) -> Part:
    """Return the one part of a kind."""
    return next(item for item in parts if isinstance(item, Part) and item.kind == kind)


def _wishes(parts: Parts) -> list[Wish]:
    return [noun.wish for noun in nouns_of(parts)]


def statement_pair(family: str, words: Words, claims: Mapping[str, Claim] | None = None) -> tuple[Text, Text]:
    """Draw a text of a family, by default one of CLAIMS, and its twin."""
    claim = (claims or CLAIMS)[family]
    for _ in range(TRIES):
        parts, state = claim.draw(words), words.surface().state
        changed, way = vary(parts, claim, words)
        text, layout = claim.say(parts, Surface(state), words)
        other, other_layout = claim.say(changed, Surface(state), words)
        if layout != other_layout and words.admits(layout) and words.admits(other_layout):
            return (
                _text(family, (text, layout), claim, parts, changed, way, words),
                _text(family, (other, other_layout), claim, changed, parts, way, words),
            )
    raise ConfigError(f'family "{family}": no text of it keeps to what is held out and required')


def _text(family: str, said: Said, claim: Claim, parts: Parts, other: Parts, way: str, words: Words) -> Text:
    """Return a text with what its scenes should be like: it is true of them, and its twin, ``other``, is not."""
    wishes, links = list(claim.wishes(parts)), list(links_of(parts))
    if claim.definite:
        pairs = zip(nouns_of(parts), nouns_of(other), strict=True)
        changed = [(place, theirs) for place, (mine, theirs) in enumerate(pairs) if mine != theirs]
        if len(changed) == 1:  # what only the twin speaks of is there, and stands in none of the relations
            place, noun = changed[0]
            links += [_opposed(link, place, len(wishes)) for link in links if place in (link[0], link[2])]
            wishes.append(noun.wish)
    return Text(family, *said, sized(wishes, links, words), way, miss=claim.miss, stack=claim.stack, links=tuple(links))


def _opposed(link: Link, place: int, instead: int) -> Link:
    """Return the link that another thing stands in, the other way round."""
    one, name, other = link
    return instead if one == place else one, OPPOSITE.get(name, name), instead if other == place else other


def links_of(parts: Parts, first: int = 0) -> tuple[Link, ...]:
    """Return the links of a chain: each noun stands in the relation after it to the next noun."""
    relations = [item.name for item in parts if isinstance(item, Part) and item.kind == "relation"]
    return tuple((first + place, name, first + place + 1) for place, name in enumerate(relations))


def sized(wishes: Sequence[Wish], links: Sequence[Link], words: Words) -> tuple[Wish, ...]:
    """Return the wishes with sizes that make "larger" and "smaller" hold, where the text leaves sizes open."""
    sizes = words.values.get("size", ())
    order = {"larger": 1, "smaller": -1}
    bound = [(one, order[name], other) for one, name, other in links if name in order]
    if not bound or not sizes:
        return tuple(wishes)
    free = sorted({place for one, _, other in bound for place in (one, other) if "size" not in wishes[place]})
    for _ in range(SIZE_TRIES):
        chosen = {place: words.rng.randrange(len(sizes)) for place in free}
        rank = [chosen.get(place, sizes.index(wish.get("size", sizes[0]))) for place, wish in enumerate(wishes)]
        if all(sign * (rank[one] - rank[other]) > 0 for one, sign, other in bound):
            return tuple(
                {**wish, "size": sizes[chosen[place]]} if place in chosen else wish for place, wish in enumerate(wishes)
            )
    return tuple(wishes)


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


VARY: dict[str, Callable[[Part, Words], tuple[Part, str]]] = {
    "relation": _other_relation,
    "number": _off_by_one,
    "quantifier": _other_quantifier,
    "comparison": _other_comparison,
    "bound": _other_bound,
    "value": _other_value,
    "connective": _other_connective,
    "superlative": _other_superlative,
}


# ---- drawing parts --------------------------------------------------------------------------------------------------


def superlatives(words: Words) -> list[str]:
    """Return the superlatives that go with the relations in use."""
    sides = {"left_of": "leftmost", "right_of": "rightmost", "above": "topmost", "below": "bottommost",
             "larger": "largest", "smaller": "smallest"}  # fmt: skip
    names = [sides[name] for name in words.config.relations if name in sides]
    return [name for name in names if name in words.lexicon.superlatives]


def draw_chain(words: Words, hops: int) -> Parts:
    """Draw a noun, a relation, a noun, ... with as many relations as ``hops``."""
    nouns = [words.noun()]
    parts: list[Noun | Part] = [nouns[0]]
    for _ in range(hops):
        nouns.append(words.noun())
        parts += [Part("relation", words.relation()), nouns[-1]]
    return tuple(parts)


def hops(words: Words) -> int:
    """Draw the length of a chain that the objects of a scene suffice for."""
    most = min(words.config.max_hops, words.config.max_objects - 1)
    return words.rng.randint(min(words.config.min_hops, most), most)


def _value_part(words: Words, without: Sequence[str]) -> Part:
    attribute, value = words.value(without)
    return Part("value", value, attribute=attribute)


def _number(words: Words, low: int = 1) -> Part:
    return Part(
        "number", "", words.rng.randint(low, max(low, min(words.config.max_count, words.config.max_objects) - 1))
    )


# ---- saying parts ---------------------------------------------------------------------------------------------------


def said_object(parts: Parts, surface: Surface, words: Words) -> Said:
    """Say "the circle left of a star ..." as what stands after a relation: a set of one, or any member of a set."""
    definite = surface.of("the", "a") == "the"
    text, layout = said_chain(parts, surface, words)
    noun = nouns_of(parts)[0]
    article = "the " + noun.words if definite else noun.a
    return article + text[len(noun.words) :], call("unique", layout) if definite else layout


def said_chain(parts: Parts, surface: Surface, words: Words) -> Said:
    """Say "circle left of the star ..." and the set that it names."""
    noun = parts[0]
    assert isinstance(noun, Noun)
    if len(parts) == 1:
        return noun.words, noun.layout
    text, layout = said_relation(parts[1:], surface, words)
    return f"{noun.words} {surface.of('', '', 'that is ')}{text}", both(noun.layout, layout)


def said_relation(parts: Parts, surface: Surface, words: Words) -> Said:
    """Say "left of the star ..." and the set that it names."""
    relation = parts[0]
    assert isinstance(relation, Part)
    spoken = words.relation_words(relation.name, surface)
    text, layout = said_object(parts[1:], surface, words)
    return f"{spoken} {text}", call("relate", layout, of=relation.name)


def is_it(surface: Surface, subject: str, predicate: str, verb: str = "is") -> str:
    """Ask or state that a subject is something."""
    asked, stated = f"{verb} {subject} {predicate}?", f"{subject} {verb} {predicate}."
    return surface.of(asked, stated)


def there(surface: Surface, text: str, verb: str = "is") -> str:
    """Ask or state that there is something."""
    return surface.of(f"{verb} there {text}?", f"there {verb} {text}.", f"the image contains {text}.")


def said_value(value: str, words: Words, number: int = 1) -> str:
    """Return a value as a predicate: ``red``, ``a circle``, ``circles``."""
    owner = words.lexicon.attribute_of[value]
    if words.lexicon.attributes[owner].noun:
        noun = words.named({owner: value})
        return noun.a if number == 1 else noun.plural
    return words.lexicon.attributes[owner].values[value][0]


def _say_existence(parts: Parts, surface: Surface, words: Words) -> Said:
    text, layout = said_chain(parts, surface, words)
    noun = nouns_of(parts)[0]
    return there(surface, noun.a + text[len(noun.words) :]), call("exists", layout)


def _say_number(parts: Parts, surface: Surface, words: Words) -> Said:
    bound, number, noun = part(parts, "bound"), part(parts, "number").number, nouns_of(parts)[0]
    spoken = {"exactly": "exactly", "at_least": "at least", "at_most": "at most", "more_than": "more than",
              "fewer_than": "fewer than", "bare": ""}  # fmt: skip
    if bound.name == "fewer_than":
        number += 1  # fewer than one is none, which has words of its own
    counted = call("count", noun.layout)
    compared = {"more_than": ("at_least", number + 1), "fewer_than": ("at_most", number - 1),
                "at_least": ("at_least", number), "at_most": ("at_most", number)}  # fmt: skip
    comparison, against = compared.get(bound.name, ("equal", number))
    text = f"{spoken[bound.name]} {noun.count(number)}".strip()
    return there(surface, text, is_are(number)), call("compare", counted, numeral(against), of=comparison)


def _say_within(parts: Parts, surface: Surface, words: Words) -> Said:
    low, noun = part(parts, "number").number, nouns_of(parts)[0]
    text = f"between {NUMERALS[low]} and {NUMERALS[low + 1]} {noun.plural}"
    return there(surface, text, "are"), call("within", call("count", noun.layout), numeral(low), numeral(low + 1))


def _say_comparison(parts: Parts, surface: Surface, words: Words) -> Said:
    (first, second), name = nouns_of(parts), part(parts, "comparison").name
    spoken = {"more": ("more", "than"), "fewer": ("fewer", "than"), "equal": ("as many", "as"),
              "at_least": ("at least as many", "as"), "at_most": ("at most as many", "as")}[name]  # fmt: skip
    text = f"{spoken[0]} {first.plural} {spoken[1]} {second.plural}"
    counts = call("count", first.layout), call("count", second.layout)
    return surface.of(f"are there {text}?", f"there are {text}."), call("compare", *counts, of=name)


def _say_attribute(parts: Parts, surface: Surface, words: Words) -> Said:
    noun, value = nouns_of(parts)[0], part(parts, "value").name
    text = is_it(surface, f"the {noun.words}", said_value(value, words))
    return text, call("exists", both(call("unique", noun.layout), find(value)))


def _say_superlative(parts: Parts, surface: Surface, words: Words) -> Said:
    noun, value, name = nouns_of(parts)[0], part(parts, "value").name, part(parts, "superlative").name
    spoken = surface.of(*words.lexicon.superlatives[name].words[:1])
    text = is_it(surface, f"the {spoken} {noun.words}", said_value(value, words))
    chosen = call("unique", call("superlative", noun.layout, of=name))
    return text, call("exists", both(chosen, find(value)))


def _say_relation(parts: Parts, surface: Surface, words: Words) -> Said:
    noun, relation, other = nouns_of(parts)[0], part(parts, "relation"), nouns_of(parts)[1]
    spoken = words.relation_words(relation.name, surface)
    text = is_it(surface, f"the {noun.words}", f"{spoken} the {other.words}")
    reached = call("relate", call("unique", other.layout), of=relation.name)
    return text, call("exists", both(call("unique", noun.layout), reached))


def _say_same(parts: Parts, surface: Surface, words: Words) -> Said:
    (first, second), name = nouns_of(parts), part(parts, "attribute").name
    one, other = f"the {first.words}", f"the {second.words}"
    same = surface.of("the same", "different") == "the same"
    spoken = words.lexicon.attributes[name].words[0]
    spoken = f"the same {spoken}" if same else f"different {plural_of(spoken)}"
    text = surface.of(f"do {one} and {other} have {spoken}?", f"{one} and {other} have {spoken}.")
    agreed = call("agree", call("unique", first.layout), call("unique", second.layout), of=name)
    return text, agreed if same else call("not", agreed)


def plural_of(word: str) -> str:
    """Return the plural of an attribute's name."""
    return word + "s"


def _say_quantified(parts: Parts, surface: Surface, words: Words) -> Said:
    noun, name, value = nouns_of(parts)[0], part(parts, "quantifier").name, part(parts, "value").name
    many, one = said_value(value, words, 2), said_value(value, words)
    inside = find(value)
    held = call("exists", both(noun.layout, inside))
    table: dict[str, Callable[[], Said]] = {
        "every": lambda: (
            surface.of(
                f"are all {noun.plural} {many}?", f"every {noun.words} is {one}.", f"all {noun.plural} are {many}."
            ),
            call("quantify", noun.layout, inside, of="every"),
        ),
        "most": lambda: (f"most {noun.plural} are {many}.", call("quantify", noun.layout, inside, of="most")),
        "half": lambda: (f"half of the {noun.plural} are {many}.", call("quantify", noun.layout, inside, of="half")),
        "no": lambda: (f"no {noun.words} is {one}.", call("not", held)),
        "only": lambda: (f"only {noun.plural} are {many}.", call("quantify", inside, noun.layout, of="every")),
        "both": lambda: (f"both {noun.plural} are {many}.", call("quantify", noun.layout, inside, of="both")),
        "neither": lambda: (f"neither {noun.words} is {one}.", call("quantify", noun.layout, inside, of="neither")),
        "not_every": lambda: (
            f"not every {noun.words} is {one}.",
            call("not", call("quantify", noun.layout, inside, of="every")),
        ),
    }
    return table[name]()


CONNECTIVES = ("and", "or", "but_no", "neither", "if")


def _say_boolean(parts: Parts, surface: Surface, words: Words) -> Said:
    (first, second), name = nouns_of(parts), part(parts, "connective").name
    one, other = call("exists", first.layout), call("exists", second.layout)
    if name == "and":
        return there(surface, f"{first.a} and {second.a}"), call("and", one, other)
    if name == "or":
        return there(surface, f"{first.a} or {second.a}"), call("or", one, other)
    if name == "but_no":
        return f"there is {first.a} but no {second.words}.", call("and", one, call("not", other))
    if name == "neither":
        return f"there is neither {first.a} nor {second.a}.", call("not", call("or", one, other))
    return f"if there is {first.a}, then there is {second.a}.", call("or", call("not", one), other)


def _say_between(parts: Parts, surface: Surface, words: Words) -> Said:
    noun, first, second = nouns_of(parts)
    layout = both(noun.layout, call("between", first.layout, second.layout))
    return there(surface, f"{noun.a} between {first.a} and {second.a}"), call("exists", layout)


def _say_cells(parts: Parts, surface: Surface, words: Words) -> Said:
    """Say it in the language of SHAPES: "is a red shape above left of a circle", relations reading inwards."""
    subject, *relations, last = parts
    assert isinstance(subject, Noun) and isinstance(last, Noun)
    names = [item.name for item in relations if isinstance(item, Part)]
    layout = last.layout
    for name in reversed(names):
        layout = call("relate", layout, of=name)
    spoken = " ".join(words.lexicon.relations[name].words[0] for name in names)
    ending = last.wish["color"] if not names and "color" in last.wish else last.a
    text = f"is {subject.a} {spoken} {ending}".replace("  ", " ")
    return text, call("exists", both(subject.layout, layout))


# ---- families -------------------------------------------------------------------------------------------------------


def _draw_attribute(words: Words) -> Parts:
    value = _value_part(words, ())
    return words.noun(without=(value.attribute,)), value


def _draw_superlative(words: Words) -> Parts:
    noun, value = _draw_attribute(words)
    return Part("superlative", words.rng.choice(superlatives(words))), noun, value


def _draw_quantified(words: Words) -> Parts:
    noun, value = _draw_attribute(words)
    return Part("quantifier", words.rng.choice(QUANTIFIERS)), noun, value


def _draw_two(words: Words) -> tuple[Noun, Noun]:
    first = words.noun()
    return first, words.noun(unlike=first.wish)


def _draw_same(words: Words) -> Parts:
    name = words.rng.choice(words.asked())
    first = words.noun(without=(name,))
    shared = words.rng.choice(words.values[name])
    return first, Part("attribute", name, attribute=shared), words.noun(without=(name,), unlike=first.wish)


def _draw_relation(words: Words) -> Parts:
    first, second = _draw_two(words)
    return first, Part("relation", words.relation()), second


def _draw_cells(words: Words) -> Parts:
    length = words.rng.choice((0, 1, 1, 2))
    first = words.rng.choice(("color", "shape"))
    other = {"color": "shape", "shape": "color"}[first]
    last = other if not length or words.rng.random() < 0.5 else first
    subject, ending = (words.named({name: words.rng.choice(words.values[name])}) for name in (first, last))
    return (subject, *(Part("relation", words.relation()) for _ in range(length)), ending)


def _with_value(parts: Parts) -> list[Wish]:
    """Wish for things that the text speaks of, some with the value that it claims."""
    noun, value = nouns_of(parts)[0], part(parts, "value")
    return [{**noun.wish, value.attribute: value.name}]


def _sharing(parts: Parts) -> list[Wish]:
    shared = part(parts, "attribute")
    return [{shared.name: shared.attribute, **noun.wish} for noun in nouns_of(parts)]


def _copies(parts: Parts) -> list[Wish]:
    return [nouns_of(parts)[0].wish] * (part(parts, "number").number + 1)


def _vary_attribute(old: Part, words: Words) -> tuple[Part, str]:
    names = [name for name in words.asked() if name != old.name]
    if not names:
        return old, "wrong attribute"
    name = words.rng.choice(names)
    return Part("attribute", name, attribute=words.rng.choice(words.values[name])), "wrong attribute"


VARY["attribute"] = _vary_attribute

CLAIMS: dict[str, Claim] = {
    "existence": Claim(lambda words: (words.noun(),), _say_existence, _wishes),
    "existence_related": Claim(lambda words: draw_chain(words, hops(words)), _say_existence, _wishes, swap=True, definite=True,
        miss=0.04),
    "number": Claim(
        lambda words: (Part("bound", words.rng.choice(BOUNDS)), _number(words), words.noun()), _say_number, _copies
    ),
    "number_range": Claim(lambda words: (_number(words), words.noun()), _say_within, _copies),
    "compare_counts": Claim(
        lambda words: (Part("comparison", words.rng.choice(COMPARISONS)), *_draw_two(words)),
        _say_comparison, lambda parts: _wishes(parts) * 2, swap=True,
    ),
    "attribute": Claim(_draw_attribute, _say_attribute, _with_value, definite=True, miss=0.25),
    "relation": Claim(_draw_relation, _say_relation, _wishes, swap=True, definite=True, miss=0.04),
    "same": Claim(_draw_same, _say_same, _sharing, definite=True, miss=0.25),
    "superlative": Claim(_draw_superlative, _say_superlative, lambda parts: _with_value(parts) * 2),
    "quantified": Claim(_draw_quantified, _say_quantified, lambda parts: _with_value(parts) * 2 + _wishes(parts)),
    "boolean": Claim(
        lambda words: (Part("connective", words.rng.choice(CONNECTIVES)), *_draw_two(words)), _say_boolean, _wishes,
        swap=True,
    ),
    "cells": Claim(_draw_cells, _say_cells, _wishes),
    "between": Claim(lambda words: (words.noun(), words.noun(), words.noun()), _say_between, _wishes, swap=True, miss=0.05),
}  # fmt: skip
