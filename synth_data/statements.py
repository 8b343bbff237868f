"""Statements and yes/no questions about one scene: how each family draws its parts and says them."""

import random
from collections.abc import Callable, Sequence

from nmn.errors import ConfigError
from nmn.language.lexer import NUMERALS
from synth_data.claims import (
    BOUNDS,
    COMPARISONS,
    CONNECTIVES,
    QUANTIFIERS,
    Claim,
    Part,
    Parts,
    Said,
    draw_superlative,
    nouns_of,
    part,
)
from synth_data.phrases import MEASURED, Noun, Surface, Wish, Words, both, call, find, is_are, numeral

LARGEST = 19  # number that has a word, and a larger one that has one too


def _wishes(parts: Parts) -> list[Wish]:
    return [noun.wish for noun in nouns_of(parts)]


# ---- drawing parts --------------------------------------------------------------------------------------------------


def draw_chain(words: Words, hops: int, rng: random.Random | None = None, asked: str = "") -> Parts:
    """Draw a noun, a relation, a noun, ... with as many relations as ``hops``.

    A noun beside a relation of sizes names no size, which would say the same or the contrary; nor is the first relation
    one of what is ``asked``. ``rng`` draws the relations, so that they can stay when the nouns are drawn again.
    """
    names = [words.relation(rng, without=asked if place == 0 else "") for place in range(hops)]
    beside = [{MEASURED.get(name, "") for name in names[max(0, place - 1) : place + 1]} for place in range(hops + 1)]
    nouns = [words.noun(without=(*known, asked) if place == 0 else tuple(known)) for place, known in enumerate(beside)]
    parts: list[Noun | Part] = [nouns[0]]
    for name, noun in zip(names, nouns[1:], strict=True):
        parts += [Part("relation", name), noun]
    return tuple(parts)


def hops(words: Words, rng: random.Random | None = None) -> int:
    """Draw the length of a chain that the objects of a scene suffice for."""
    most = min(words.config.max_hops, words.config.max_objects - 1)
    if most < 1:
        raise ConfigError(f"max_objects: a relation takes two objects, got {words.config.max_objects}")
    return (rng or words.rng).randint(min(words.config.min_hops, most), most)


def _value_part(words: Words, without: Sequence[str]) -> Part:
    attribute, value = words.value(without)
    return Part("value", value, attribute=attribute)


def _number(words: Words, low: int = 1) -> Part:
    return Part(
        "number",
        "",
        words.rng.randint(low, max(low, min(words.config.max_count, words.config.max_objects, LARGEST) - 1)),
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
    spoken = f"the same {spoken}" if same else f"different {words.plural_of(spoken)}"
    text = surface.of(f"do {one} and {other} have {spoken}?", f"{one} and {other} have {spoken}.")
    agreed = call("agree", call("unique", first.layout), call("unique", second.layout), of=name)
    return text, agreed if same else call("not", agreed)


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
    return Part("superlative", draw_superlative(words)), noun, value


def _draw_quantified(words: Words) -> Parts:
    noun, value = _draw_attribute(words)
    return Part("quantifier", words.rng.choice(QUANTIFIERS)), noun, value


def draw_two(words: Words) -> tuple[Noun, Noun]:
    """Draw two nouns, neither of which implies the other."""
    first = words.noun()
    return first, words.noun(unlike=first.wish)


def _draw_same(words: Words) -> Parts:
    name = words.rng.choice(words.asked())
    first = words.noun(without=(name,))
    shared = words.rng.choice(words.values[name])
    return first, Part("attribute", name, attribute=shared), words.noun(without=(name,), unlike=first.wish)


def _draw_relation(words: Words) -> Parts:
    first, second = draw_two(words)
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


CLAIMS: dict[str, Claim] = {
    "existence": Claim(lambda words: (words.noun(),), _say_existence, _wishes),
    "existence_related": Claim(
        lambda words: draw_chain(words, hops(words)), _say_existence, _wishes, swap=True, definite=True, miss=0.04
    ),
    "number": Claim(
        lambda words: (Part("bound", words.rng.choice(BOUNDS)), _number(words), words.noun()), _say_number, _copies
    ),
    "number_range": Claim(lambda words: (_number(words), words.noun()), _say_within, _copies),
    "compare_counts": Claim(
        lambda words: (Part("comparison", words.rng.choice(COMPARISONS)), *draw_two(words)),
        _say_comparison, lambda parts: _wishes(parts) * 2, swap=True,
    ),
    "attribute": Claim(_draw_attribute, _say_attribute, _with_value, definite=True, miss=0.25),
    "relation": Claim(_draw_relation, _say_relation, _wishes, swap=True, definite=True, miss=0.04),
    "same": Claim(_draw_same, _say_same, _sharing, definite=True, miss=0.25),
    "superlative": Claim(_draw_superlative, _say_superlative, lambda parts: _with_value(parts) * 2),
    "quantified": Claim(_draw_quantified, _say_quantified, lambda parts: _with_value(parts) * 2 + _wishes(parts)),
    "boolean": Claim(
        lambda words: (Part("connective", words.rng.choice(CONNECTIVES)), *draw_two(words)), _say_boolean, _wishes,
        swap=True,
    ),
    "cells": Claim(_draw_cells, _say_cells, _wishes),
    "between": Claim(
        lambda words: (words.noun(), words.noun(), words.noun()), _say_between, _wishes, swap=True, miss=0.05
    ),
}  # fmt: skip
