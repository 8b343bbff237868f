"""What scenes should be like for a text to mean something: things with wished values, and links between them.

A scene is drawn so that a text is true of it and its twin is not, though all that the twin presupposes is there. It is
only asked for: the text and its twin are judged on what was drawn.
"""

from collections.abc import Sequence

from nmn.layout import Layout
from synth_data.phrases import OPPOSITE, Noun, Wish, Words, noun_values

Link = tuple[int, str, int]  # the first thing stands in the relation to the second
ORDER = {"larger": 1, "smaller": -1}


def chain_links(relations: Sequence[str], first: int = 0) -> list[Link]:
    """Return the links of a chain of things: each stands in the relation after it to the next."""
    return [(first + place, name, first + place + 1) for place, name in enumerate(relations)]


def twin_things(
    nouns: Sequence[Noun], relations: Sequence[str], twin_nouns: Sequence[Noun], twin_relations: Sequence[str]
) -> tuple[list[Wish], list[Link]]:
    """Return the things, after those of ``nouns``, that a twin chain speaks of, with links that make the twin false.

    Of "a star left of the ring above a heart" and "... the cross above a heart", the cross is above the heart too, but
    the star is to the right of it.
    """
    shared = _shared(nouns, relations, twin_nouns, twin_relations)
    wishes: list[Wish] = []
    things = list(range(len(nouns)))
    for place in range(1, shared):
        things[place] = _found(twin_nouns[place], nouns, len(nouns) + len(wishes), place)
        wishes += [twin_nouns[place].wish] * (things[place] == len(nouns) + len(wishes))
    links = [
        (things[place], twin_relations[place], things[place + 1]) for place in range(1, min(shared, len(relations)))
    ]
    for place in range(1, min(shared, len(relations))):
        if nouns[place] == twin_nouns[place]:  # both are there, and each chain names one of them alone
            links.append((place, _opposite(twin_relations[place]), things[place + 1]))
            links.append((things[place], _opposite(relations[place]), place + 1))
    if nouns[0] != twin_nouns[0]:
        things[0] = _found(twin_nouns[0], nouns, len(nouns) + len(wishes), 0)
        wishes += [twin_nouns[0].wish] * (things[0] == len(nouns) + len(wishes))
    return wishes, [*links, (things[0], _opposite(twin_relations[0]), things[1])]


def _shared(
    nouns: Sequence[Noun], relations: Sequence[str], twin_nouns: Sequence[Noun], twin_relations: Sequence[str]
) -> int:
    """Return the first noun from which on two chains are the same."""
    place = len(nouns)
    while (
        place
        and nouns[place - 1 :] == twin_nouns[place - 1 :]
        and relations[place - 1 :] == twin_relations[place - 1 :]
    ):
        place -= 1
    return place


def _found(noun: Noun, nouns: Sequence[Noun], new: int, place: int) -> int:
    """Return the thing that a twin's noun names: one of another place that has changed roles, or a new one."""
    return nouns.index(noun) if noun in nouns and nouns[place] != noun else new


def singled_out(layout: Layout) -> tuple[tuple[str, ...], ...]:
    """Return the values of each noun that is presupposed to name one thing of the whole scene, as "the star" is."""
    found: tuple[tuple[str, ...], ...] = ()
    for operand in layout.operands:
        if operand.depth:
            found += singled_out(operand)
    if layout.module == "unique" and (values := noun_values(layout.operands[0])):
        found += (values,)
    return found


def is_possible(wishes: Sequence[Wish], single: Sequence[tuple[str, ...]]) -> bool:
    """Whether no two things are wished for of which there must be one, as the star and the red star."""
    named = [set(wish.values()) for wish in wishes] if single else []
    return all(sum(wish.issuperset(values) for wish in named) < 2 for values in single)


def _opposite(name: str) -> str:
    return OPPOSITE.get(name, name)


def sized(wishes: Sequence[Wish], links: Sequence[Link], words: Words) -> tuple[Wish, ...]:
    """Return the wishes with sizes that make "larger" and "smaller" hold, where the text leaves sizes open."""
    sizes = words.values.get("size", ())
    pairs = [(one, other) if name == "larger" else (other, one) for one, name, other in links if name in ORDER]
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
