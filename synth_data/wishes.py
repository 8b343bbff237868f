"""What scenes should be like for a text to mean something: things with wished values, and links between them.

A scene is drawn so that a text is true of it and its twin is not, though all that the twin presupposes is there. It is
only asked for: the text and its twin are judged on what was drawn.
"""

from collections.abc import Sequence
from typing import NamedTuple

from nmn.layout import Layout
from synth_data.phrases import OPPOSITE, Noun, Wish, Words, noun_values

Link = tuple[int, str, int]  # the first thing stands in the relation to the second
ORDERS = ("left_of", "right_of", "above", "below", "larger", "smaller", "darker", "lighter")
SIZES = ("larger", "smaller")


def chain_links(relations: Sequence[str], first: int = 0) -> list[Link]:
    """Return the links of a chain of things: each stands in the relation after it to the next."""
    return [(first + place, name, first + place + 1) for place, name in enumerate(relations)]


class Single(NamedTuple):
    """Values of which there must be one thing: in the scene, or that stands in the relation to another thing."""

    values: tuple[str, ...]
    relation: str = ""
    other: int = -1


class Twin(NamedTuple):
    """What a twin chain speaks of: further things, links that make it false, and the thing of each of its nouns."""

    wishes: list[Wish]
    links: list[Link]
    things: list[int]


def twin_of(
    nouns: Sequence[Noun],
    relations: Sequence[str],
    twin_nouns: Sequence[Noun],
    twin_relations: Sequence[str],
    single: Sequence[Single],
) -> Twin | None:
    """Return what a twin chain speaks of beside the things of ``nouns``; None where both cannot mean something.

    Of "a star left of the ring above a heart" and "... the cross above a heart", the cross is above the heart too, but
    the star is to the right of it. Of "the ring above a heart" and "the ring above a moon", two rings cannot each be
    above one of the two alone.
    """
    twin = Twin([], [], list(range(len(nouns))))
    things, links = twin.things, twin.links
    for place in reversed(range(len(nouns))):
        is_last = place == len(nouns) - 1
        is_same = is_last or (relations[place] == twin_relations[place] and things[place + 1] == place + 1)
        if nouns[place] != twin_nouns[place]:
            things[place] = _thing(twin_nouns[place], nouns, twin)
        elif place and not is_same:
            if relations[place] != twin_relations[place]:
                things[place] = _new_thing(twin_nouns[place], nouns, twin)
                links.append((things[place], opposite(relations[place]), place + 1))
            elif relations[place] in ORDERS and any(one.other == place + 1 for one in single):
                return None
            links.append((place, opposite(twin_relations[place]), things[place + 1]))
        if place and not is_last and things[place] != place:
            links.append((things[place], twin_relations[place], things[place + 1]))
        if not place and not (is_same and things[0] == 0):
            links.append((things[0], opposite(twin_relations[0]), things[1]))
    return twin


def _thing(noun: Noun, nouns: Sequence[Noun], twin: Twin) -> int:
    """Return the thing that a twin's noun names: one that has changed roles, or a new one."""
    return nouns.index(noun) if noun in nouns else _new_thing(noun, nouns, twin)


def _new_thing(noun: Noun, nouns: Sequence[Noun], twin: Twin) -> int:
    twin.wishes.append(noun.wish)
    return len(nouns) + len(twin.wishes) - 1


def singled_out(layout: Layout, place: int = 0) -> list[Single]:
    """Return what a layout presupposes to be one thing, as "the star" and "the ring left of a star" are.

    Other things are counted by their nouns' places in the chain, of which the layout begins with ``place``.
    """
    found = []
    if layout.module == "unique":
        whole = layout.operands[0]
        if values := noun_values(whole):
            return [Single(values)]
        noun, related = whole.operands if whole.module == "and" else (whole, whole)
        if related.module == "relate" and (values := noun_values(noun)):
            found.append(Single(values, str(related.argument), place + 1))
    for operand in layout.operands:
        if operand.depth:
            found += singled_out(operand, place + (layout.module == "relate"))
    return found


def of_things(single: Sequence[Single], things: Sequence[int]) -> list[Single]:
    """Return the same of the things that the nouns of a chain name."""
    return [one._replace(other=things[one.other]) if one.relation else one for one in single]


def is_possible(wishes: Sequence[Wish], single: Sequence[Single]) -> bool:
    """Whether no two things are wished for of which there must be one, as the star and the red star."""
    named = [set(wish.values()) for wish in wishes] if single else []
    return all(one.relation or sum(wish.issuperset(one.values) for wish in named) < 2 for one in single)


def opposite(name: str) -> str:
    """Return the relation that holds the other way round, or the same one."""
    return OPPOSITE.get(name, name)


def sized(wishes: Sequence[Wish], links: Sequence[Link], words: Words) -> tuple[Wish, ...]:
    """Return the wishes with sizes that make "larger" and "smaller" hold, where the text leaves sizes open."""
    sizes = words.values.get("size", ())
    pairs = [(one, other) if name == "larger" else (other, one) for one, name, other in links if name in SIZES]
    if not pairs or not sizes:
        return tuple(wishes)
    given = [sizes.index(wish["size"]) if "size" in wish else -1 for wish in wishes]
    low = [max(size, 0) for size in given]
    high = [size if size >= 0 else len(sizes) - 1 for size in given]
    chosen = {}
    for place in sorted({place for pair in pairs for place in pair if given[place] < 0}):
        _tighten(low, high, pairs)
        if any(least > most for least, most in zip(low, high, strict=True)):
            return tuple(wishes)
        low[place] = high[place] = words.rng.randint(low[place], high[place])
        chosen[place] = sizes[low[place]]
    return tuple({**wish, "size": chosen[place]} if place in chosen else wish for place, wish in enumerate(wishes))


def _tighten(low: list[int], high: list[int], pairs: Sequence[tuple[int, int]]) -> None:
    """Narrow the ranges of sizes to what pairs of a larger and a smaller thing leave."""
    for _ in low:
        if all(low[larger] > low[smaller] and high[smaller] < high[larger] for larger, smaller in pairs):
            return
        for larger, smaller in pairs:
            low[larger] = max(low[larger], low[smaller] + 1)
            high[smaller] = min(high[smaller], high[larger] - 1)
