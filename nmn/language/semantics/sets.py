"""The set that a phrase names: ``Phrase`` to a ``Layout`` of an attention.

A phrase has members (what its noun and modifiers hold of) and a determiner, which says here how a relation reaches them
and which nouns after it share it; what it claims of them stands in ``claims.py``. The decisions:

- "the circle": ``unique``, which passes the set on and presupposes one member.
- "no circles or squares", "every circle and square": a noun without a determiner shares the one before it.
- "left of two squares": of at least two; "left of exactly two": of no more either; "left of every square": of every
  other one; "left of the squares": of each, but "not left of the squares", "no circle is left of the squares": of none.
- "every shape is left of the star": every other one.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from nmn.language.connect import all_of, any_of, conj, either, fold, negate, number, of_one, unique, with_noun
from nmn.language.semantics.extremes import apply_before, extreme_of, partitive
from nmn.language.semantics.kinds import kinds_joined
from nmn.language.semantics.others import without_mentioned
from nmn.language.syntax.joined import shared_determiners, shared_modifiers
from nmn.language.syntax.panel_phrases import inside
from nmn.language.syntax.phrases import (
    FROM_SIDE,
    OF_EACH,
    Determiner,
    Joined,
    Modifier,
    Phrase,
    Premodifier,
    is_extreme,
    is_other,
)
from nmn.language.syntax.reader import Reader
from nmn.language.trees import SCENE
from nmn.layout import QUANTIFIERS, Layout

UNLIKE_SETS = (*QUANTIFIERS, "no", "only", "several", "numeral", "number")  # determiners that say how many
DISTANCES = ("nearest", "farthest")  # modules that say which of a set, as superlatives do
OF_THOSE = ("the", "bare", "every", "no", "some", "most")  # determiners of "circles that touch": another of the circles
# why "all circles but one" is not read
WHICH = 'which one is left out? Say "the ...", or of how many something holds'
ADDED = ("some", "numeral", "number", "several", "the")  # what "only circles and a star" says that there is, too
# determiners that bare nouns after them share, by the conjunction between
SHARED = {"or": UNLIKE_SETS, "and": ("every", "most", "half", "no", "only")}


def members(phrase: Phrase, reader: Reader) -> Layout:
    """Return the set that a phrase names, its determiner left out."""
    side = next((modifier.name for modifier in phrase.modifiers if modifier.kind == FROM_SIDE), None)
    _check(phrase, side, reader)
    before = list(phrase.premodifiers)
    inner, is_one = SCENE, not phrase.plural and phrase.determiner.name not in ("every", "no")
    while before and before[-1].kind in ("set", "each", "other"):
        kind, layout, _ = before.pop()
        if kind != "other":
            inner = conj(of_one(layout) if kind == "each" and is_one else layout, inner)
    inner = with_noun(inner, phrase.noun)
    restricting = [modifier for modifier in phrase.modifiers if modifier.kind != FROM_SIDE]
    for modifier in restricting:
        if (
            modifier.kind == "nominal"
            and not modifier.relative
            and phrase.noun not in (SCENE, modifier.operands[0].noun)
        ):
            raise reader.error(modifier.operands[0], "what is said of this? Say it in a clause of its own")
    for place, modifier in enumerate(restricting):  # "the circle that is the largest": of the circles
        if (found := _extreme(modifier, inner, phrase, reader)) is not None:
            if len(restricting) == 1 and not modifier.negated:
                inner, restricting = found, []
                break
            restricting[place] = replace(modifier, kind="is", layout=found, operands=())
    if restricting:
        with reader.at(among=inner if phrase.plural and phrase.determiner.name in OF_THOSE else reader.here.among):
            inner = conj(inner, restriction(restricting, reader))
    while before:
        inner = apply_before(before, inner, side, phrase, reader)
    if is_other(phrase) and not restricting:
        inner = without_mentioned(inner, phrase, reader, members)
    return inner


def _check(phrase: Phrase, side: str | None, reader: Reader) -> None:
    """Raise QuestionError where words before the noun name nothing: "two of the three circles", alone."""
    kinds = {one.kind for one in phrase.premodifiers}
    if phrase.determiner.of is not None and not is_extreme(phrase):
        raise reader.error(phrase, "how many there are in all is read of what something is said of: '... are ...'")
    if side is not None and kinds & {"ordinal", "superlative"} != {"ordinal"}:
        raise reader.error(
            phrase, 'which one, counted from there? Say, for instance, "the second circle from the left"'
        )
    if "each" in kinds and phrase.determiner.name == "the" and not phrase.plural:
        raise reader.error(phrase, 'one thing or two? Say, for instance, "the red and the blue circle"')


def _extreme(modifier: Modifier, inner: Layout, phrase: Phrase, reader: Reader) -> Layout | None:
    """Return those of a set that a modifier says to be the largest, or nearest to a thing; None for any other modifier.

    Of "the two circles at the left" as many as there are.
    """
    if modifier.kind in DISTANCES:
        if (phrase.determiner.low or 1) > 1:
            raise reader.error(phrase, f"how many are {modifier.kind} is not read: ask for the one that is")
        return _at_distance(modifier, reader, inner)
    extreme = extreme_of(modifier)
    if extreme is None or (modifier.name == "at_place" and phrase.determiner.name != "the"):
        return None  # "a circle at the left": of all things, "the circle at the left": of the circles
    if modifier.name == "at_place" and phrase.plural and phrase.determiner.low is None:
        raise reader.error(phrase, "how many? Say, for instance, 'the two leftmost circles'")
    return apply_before([Premodifier("superlative", name=extreme)], inner, None, phrase, reader)


def _at_distance(modifier: Modifier, reader: Reader, among: Layout = SCENE) -> Layout:
    """Return those of a set that are nearest to a thing, or farthest from it."""
    (thing,) = modifier.operands
    if among == SCENE and reader.here.among is not None:
        among = reader.here.among
    if thing.plural or thing.elided or thing.determiner.name != "the":
        raise reader.error(thing, f'{modifier.kind} to which thing? Say, for instance, "the star"')
    return Layout(modifier.kind, None, (among, referent(thing, reader)))


def restriction(modifiers: Sequence[Modifier], reader: Reader, several: bool = False) -> Layout:
    """Return the set of what all the modifiers, joined as they are, hold of; ``several``: each of one or another thing.

    "The shapes are circles and squares", "how many circles are red and blue": these are, and those.
    """
    places = [modifier.panel for modifier in modifiers if modifier.panel is not None]
    if len(places) > 1 and not any(modifier.joined == "or" for modifier in modifiers):
        raise reader.error(places[1], "nothing is in two panels: say it of each, in clauses of their own")
    if several:
        modifiers = kinds_joined(modifiers, reader)
    layouts = [modifier_set(modifier, reader) for modifier in modifiers]
    some = any(modifier.joined == "or" for modifier in modifiers)
    joins = ["but" if some and modifier.kind == "other_than" else modifier.joined or "and" for modifier in modifiers]
    return fold(joins, layouts)


def modifier_set(modifier: Modifier, reader: Reader) -> Layout:
    """Return the set of what one modifier or predicate holds of; "does not touch the squares": none of them."""
    if modifier.negated or reader.here.of_none:
        any_of = tuple(map(_any_of, modifier.operands))
        joins = ("or",) * len(modifier.operand_joins) if any_of != modifier.operands else modifier.operand_joins
        modifier = replace(modifier, operands=any_of, operand_joins=joins)
    to_all = any(phrase.determiner.name in OF_EACH for phrase in modifier.operands)
    if modifier.negated and modifier.kind == "same_as" and not to_all:
        return _same_set(replace(modifier, kind="different_from"), reader)
    layout = _modifier_set(modifier, reader)
    return negate(layout) if modifier.negated else layout


def _any_of(phrase: Phrase) -> Phrase:
    plain = phrase.plural and phrase.determiner == Determiner("the")
    return replace(phrase, determiner=Determiner("some")) if plain else phrase


def _modifier_set(modifier: Modifier, reader: Reader) -> Layout:
    if modifier.layout is not None:
        return modifier.layout
    if modifier.kind in SETS:
        return SETS[modifier.kind](modifier, reader)
    at = reader.mentioned[-1].span if reader.mentioned else (0, len(reader.question))
    raise reader.error(at, "this says how several things compare, so it cannot stand here")


def _related(modifier: Modifier, reader: Reader) -> Layout:
    joined = [Joined(*pair) for pair in zip(("and", *modifier.operand_joins), modifier.operands, strict=True)]
    shared = spread(joined, reader)
    return fold([join for join, _ in shared], [related(modifier.name, phrase, reader) for _, phrase in shared])


def _related_in_several_ways(modifier: Modifier, reader: Reader) -> Layout:
    """Return the set of "left of and above the star"."""
    counted = [phrase for phrase in modifier.operands if phrase.determiner.name in ("no", *OF_EACH)]
    if modifier.kind == "related_any" and counted:  # left of one and right of another, or one way of all?
        raise reader.error(counted[0], "one way of all, or of each one or another? Say it in clauses of their own")
    ways = [_related(replace(modifier, name=name), reader) for name in modifier.name.split()]
    return any_of(ways) if modifier.kind == "related_any" else all_of(ways)


def _between_two(modifier: Modifier, reader: Reader) -> Layout:
    return Layout("between", None, tuple(uncounted(phrase, reader, '"between"') for phrase in modifier.operands))


def _between_some(modifier: Modifier, reader: Reader) -> Layout:
    return Layout("between", None, (members(modifier.operands[0], reader),) * 2)


def _joint(modifier: Modifier, reader: Reader) -> Layout:
    """Return the set of "both A and B", "either A or B", "neither A nor B"."""
    layouts = [members(phrase, reader) for phrase in modifier.operands]
    if modifier.name == "nor":
        return all_of(map(negate, layouts))
    return any_of(layouts) if modifier.name == "or" else all_of(layouts)


def _all_but(modifier: Modifier, reader: Reader) -> Layout:
    """Return the set of everything but some; raise QuestionError where nothing says which: "all circles but one"."""
    for phrase in modifier.operands:
        if phrase.determiner.name == "numeral" or is_one(phrase, reader):
            raise reader.error(phrase, WHICH)
    return negate(any_of([referent(phrase, reader) for phrase in modifier.operands]))


def _nominal(modifier: Modifier, reader: Reader) -> Layout:
    """Return the set of "is a circle", "is no circle", "are all circles", "is one of the circles"."""
    (phrase,) = modifier.operands
    if phrase.determiner.name == "no":
        return negate(members(phrase, reader))
    if phrase.determiner.name in OF_EACH or partitive(phrase, reader):
        return members(phrase, reader)
    return uncounted(phrase, reader, '"is"')


def is_definite(phrase: Phrase) -> bool:
    """Whether a phrase means one thing: "the circle", or "circle" after "the same colour as"."""
    return phrase.determiner.name in ("the", "bare") and not phrase.plural


def uncounted(phrase: Phrase, reader: Reader, after: str) -> Layout:
    """Return the set that a phrase refers to; raise QuestionError where it says how many, and this cannot be meant."""
    if phrase.determiner.name in UNLIKE_SETS and not (partitive(phrase, reader) and phrase.determiner.low == 1):
        raise reader.error(phrase, f'"how many" is not read after {after}: say "the", "a" or a bare noun')
    return referent(phrase, reader)


def _same_set(modifier: Modifier, reader: Reader) -> Layout:
    """Return the set of what is the same as one or another of a list, or different from all of it."""
    joins = modifier.operand_joins if modifier.kind == "same_as" else ("and",) * len(modifier.operand_joins)
    return fold(("and", *joins), [_same_as(modifier, phrase, reader) for phrase in modifier.operands])


def _same_as(modifier: Modifier, phrase: Phrase, reader: Reader) -> Layout:
    determiner = phrase.determiner.name
    if modifier.kind == "same_as":
        reference = _another(phrase, reader, '"the same as"')
        if determiner == "the" and phrase.plural:
            raise reader.error(phrase, 'the same as which of them? Say "as one of the ...", or that all have the same')
    elif determiner in UNLIKE_SETS and determiner not in OF_EACH:
        raise reader.error(phrase, '"how many" is not read after "different from"')
    else:
        reference = _another(phrase, reader)
    if determiner == "bare" and is_definite(phrase):
        reference = unique(reference)
    same = fold(
        ["and"] * len(modifier.name.split()),
        [Layout("same", attribute, (reference,)) for attribute in modifier.name.split()],
    )
    if modifier.kind == "same_as":
        found = same
    else:
        found = negate(same) if is_other(phrase) else conj(negate(same), negate(reference))
    return _or_itself(found, reference, phrase, reader)


SETS: dict[str, Callable[[Modifier, Reader], Layout]] = {
    **dict.fromkeys(DISTANCES, _at_distance),
    "related": _related,
    "reached": _related,
    "related_all": _related_in_several_ways,
    "related_any": _related_in_several_ways,
    "between_two": _between_two,
    "between_some": _between_some,
    "other_than": _all_but,
    "nominal": _nominal,
    "joint": _joint,
    "same_as": _same_set,
    "different_from": _same_set,
    "in_panel": inside,
}


def _may_be(phrase: Phrase, other: Phrase) -> bool:
    return SCENE in (phrase.noun, other.noun) or phrase.noun == other.noun


def _another(phrase: Phrase, reader: Reader, uncounted_after: str = "") -> Layout:
    """Return what a phrase refers to beside the thing that is compared with it, which is never compared with itself."""
    with reader.at(relating=True, of_all=None, of_none=False):
        return uncounted(phrase, reader, uncounted_after) if uncounted_after else referent(phrase, reader)


def referent(phrase: Phrase, reader: Reader) -> Layout:
    """Return the set that a phrase refers to: a singular "the" presupposes that it has one member."""
    if phrase.determiner.name == "each_other":
        if reader.here.among is None:
            raise reader.error(phrase, 'of which others? "each other" is read of several things and nothing else')
        return reader.here.among  # "which circles touch each other": another of the circles
    layout = members(phrase, reader)
    name, low, *_ = phrase.determiner
    if (name == "the" or (name, low) == ("only", 1)) and not phrase.plural:
        return unique(layout)
    return layout


def related(relation: str, phrase: Phrase, reader: Reader) -> Layout:
    """Return the set of what stands in the relation to a phrase, by the phrase's determiner."""
    name, low, high, _ = phrase.determiner
    operand = _another(phrase, reader)
    if name in OF_EACH or (name == "the" and phrase.plural):
        return Layout("relate_every", relation, (operand,))
    if name in ("no", "neither") or (name == "numeral" and low == 0):
        if name == "no" and low:
            return negate(Layout("relate_count", relation, (operand, number(low))))
        return negate(Layout("relate", relation, (operand,)))
    if name in ("numeral", "several"):
        return Layout("relate_count", relation, (operand, number(2 if low is None else low)))
    if name == "number":
        at_least = SCENE if low is None else Layout("relate_count", relation, (operand, number(low)))
        above = None if high is None else Layout("relate_count", relation, (operand, number(high + 1)))
        return at_least if above is None else conj(at_least, negate(above))
    if name in ("most", "half", "only"):
        raise reader.error(phrase, f'"{name}" is not read after a relation; "every" and numbers are')
    return _or_itself(Layout("relate", relation, (operand,)), operand, phrase, reader)


def _or_itself(found: Layout, reference: Layout, phrase: Phrase, reader: Reader) -> Layout:
    """Return what "every shape" has to be in "every shape is left of the star": every other one."""
    of_all = reader.here.of_all
    if of_all is None or phrase.determiner.name != "the" or phrase.plural or not _may_be(phrase, of_all):
        return found
    return either(found, reference)


def union(phrases: Sequence[Joined], reader: Reader) -> Layout:
    """Return the set of everything that a list of phrases refers to, whether joined by "and" or "or"."""
    phrases = shared_modifiers(phrases)
    _check_extremes(phrases, reader)
    return fold(["or"] * len(phrases), [referent(joined.phrase, reader) for joined in phrases])


def _check_extremes(phrases: Sequence[Joined], reader: Reader) -> None:
    """Raise QuestionError for "the largest circle or square", which asks for the largest of both."""
    for (_, before), (_, phrase) in pairwise(phrases):
        if is_extreme(before) and before.determiner.name != "bare" and phrase.determiner.name == "bare":
            raise reader.error(phrase, "the extreme one of several kinds is not read; ask it of each")


def spread(phrases: Sequence[Joined], reader: Reader) -> list[Joined]:
    """Return phrases, with each bare noun that shares the determiner before it in one phrase with what has that."""
    phrases = shared_modifiers(phrases)
    _check_extremes(phrases, reader)
    phrases = shared_determiners(phrases)
    shared = list(phrases[:1])
    for joined in phrases[1:]:
        if (only := _only_these(shared, joined, reader)) is not None:
            shared = only
        else:
            _check_list(shared[-1].phrase, joined, reader)
            shared[-1:] = _sharing(shared[-1], joined, reader)
    return shared


def _only_these(shared: Sequence[Joined], joined: Joined, reader: Reader) -> list[Joined] | None:
    """Return "only the circle and the star", "only circles and a star" with what they are of; None of other lists."""
    (first, before), (conjunction, phrase), opening = shared[-1], joined, shared[0].phrase
    if before.determiner == Determiner("only", 1) and phrase.determiner.name == "the":
        both = either(referent(replace(before, determiner=Determiner("the")), reader), referent(phrase, reader))
        return [*shared[:-1], Joined(first, _only(both, before))]
    if opening.determiner == Determiner("only") and conjunction == "and" and phrase.determiner.name in ADDED:
        both = either(members(opening, reader), referent(phrase, reader))
        return [Joined("and", _only(both, opening)), *shared[1:], joined]
    return None


def _only(things: Layout, phrase: Phrase) -> Phrase:
    return Phrase(Determiner("only"), things, plural=True, span=phrase.span)


def _check_list(before: Phrase, joined: Joined, reader: Reader) -> None:
    """Raise QuestionError where it is not clear of how many of a list something holds."""
    conjunction, phrase = joined
    if conjunction == "but" and is_one(phrase, reader):
        raise reader.error(phrase, WHICH)
    if conjunction == "and" and partitive(before, reader) and not before.plural:
        raise reader.error(before, "of how many of several this holds is not read; ask it of each")
    if conjunction == "or" and is_one(before, reader):
        raise reader.error(before, 'is one of them enough? Say "between one and two", or what there is one of')
    counted = before.determiner.name in ("number", "numeral") and before.plural
    if counted and conjunction == "and" and phrase.determiner.name == "bare" and phrase.plural:
        raise reader.error(phrase, 'how many of these? Say it of each, or "or" for how many there are of both')


def _sharing(last: Joined, joined: Joined, reader: Reader) -> list[Joined]:
    """Return two phrases, as one where the second, a bare noun, shares the determiner of the first."""
    (first, before), (conjunction, phrase) = last, joined
    listed = conjunction == "and" and phrase.determiner.name == "bare" and phrase.plural
    if listed and before.determiner.name == "both":
        return [Joined(first, replace(before, determiner=phrase.determiner)), joined]
    alone = is_other(phrase) or (listed and before.determiner.name == "every")
    if phrase.determiner.name != "bare" or before.determiner.name not in SHARED.get(conjunction, ()) or alone:
        return [last, joined]
    after = before.modifiers if before.modifiers == phrase.modifiers else ()
    if after:
        before, phrase = replace(before, modifiers=()), replace(phrase, modifiers=())
    both = either(members(before, reader), members(phrase, reader))
    return [Joined(first, replace(before, noun=both, plural=phrase.plural, premodifiers=(), modifiers=after))]


def is_one(phrase: Phrase, reader: Reader) -> bool:
    """Whether a phrase is the bare word "one", which would be a thing of any kind."""
    return phrase.determiner.name == "bare" and reader.text(phrase) == "one" and not phrase.modifiers
