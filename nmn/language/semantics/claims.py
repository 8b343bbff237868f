"""What is claimed of the sets that phrases name, by their determiners: ``Phrase`` to a ``Layout`` of a truth.

The decisions, each in the function that takes it:

- "a", "some": at least one. A bare number means exactly that many ("there are two circles"), as NLVR's labels have it.
- "the circle": one is presupposed (``sets.py``). "the circles" as a subject: every one.
- "circles are red" (bare plural subject): every one. "every", "only" of nothing are true, the trace says so.
- "only circles are red": every red thing is a circle.
- "two circles have the same colour": some two of them, at least; "no circles": no two of them. "most" is refused there.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from nmn.language.connect import all_of, any_of, conj, count_of, either, exists, fold, includes, negate, number, unique
from nmn.language.semantics.sets import is_definite, is_one, members, modifier_set, referent, restriction, spread
from nmn.language.syntax.antecedents import beside_each
from nmn.language.syntax.modifiers import beside
from nmn.language.syntax.phrases import (
    ALL_MEANT,
    EACH,
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
from nmn.lexicon import Gap

PLACES = ("related", "related_all", "related_any", "between_two", "between_some", "in_panel")
TWO = (Determiner("numeral", 2, 2), Determiner("number", 2))  # "two" and "at least two" that are alike, or touch
ONE = ("some", "another", "the", "bare")  # of a singular noun


def count_in_bounds(count: Layout, low: int | None, high: int | None) -> Layout:
    """Return that a number lies within inclusive bounds, of which one may be open."""
    if low is not None and low == high:
        return Layout("compare", "equal", (count, number(low)))
    if low is None or high is None:
        bound, comparison = (high, "at_most") if low is None else (low, "at_least")
        assert bound is not None
        return Layout("compare", comparison, (count, number(bound)))
    return Layout("within", None, (count, number(low), number(high)))


def bounds_of(phrase: Phrase) -> tuple[int | None, int | None] | None:
    """Return how many a phrase's determiner counts, both bounds included; None where it does not count."""
    name, low, high, *_ = phrase.determiner
    if name == "no" and low:  # "no two circles"
        return None, low - 1
    return {"number": (low, high), "numeral": (low, high), "several": (2, None), "both": (2, 2)}.get(name)


def there_are(found: Layout, phrase: Phrase) -> Layout:
    """Return that a set has as many members as a phrase's determiner says: some, none, so many."""
    if bounds := bounds_of(phrase):
        return count_in_bounds(count_of(found), *bounds)
    return negate(exists(found)) if phrase.determiner.name in ("no", "neither") else exists(found)


def existence(phrase: Phrase, reader: Reader, alone: bool = False) -> Layout:
    """Return that there is such a phrase, by its determiner: "a circle", "no circles", "exactly two circles".

    ``alone``: it is asked of each panel, so that "only circles" takes a circle too.
    """
    name, low, *_ = phrase.determiner
    if is_one(phrase, reader) and phrase.noun == SCENE:
        raise reader.error(phrase, "one of what? Nothing was named before")
    if phrase.determiner.of is not None and bounds_of(phrase) is not None:
        raise reader.error(phrase, "of so many, say what holds of how many: '... are ...'")
    if name in ("every", "most", "half"):
        raise reader.error(phrase, f'"{name}" says of how many something holds: say what, as in "every circle is ..."')
    if alone and name == "the" and phrase.has("superlative", "ordinal", "comparative"):
        raise reader.error(phrase, "of each panel alone, or of all? Say where it is: 'the largest circle is in ...'")
    if (said := _of_each(phrase, reader)) is not None:
        return said
    each = phrase.modifiers[-1] if phrase.modifiers else None
    among = among_themselves(each) if each is not None else None
    if (
        each
        and among
        and (among is mutual or (name not in ("the", "every", "both") and (name != "bare" or phrase.plural)))
    ):
        some = Determiner("some") if name == "bare" else phrase.determiner  # "there are circles that touch"
        return among([Joined("and", replace(phrase, determiner=some, modifiers=phrase.modifiers[:-1]))], each, reader)
    if name in ("bare", "some", "both") and phrase.plural and (kinds := _each_kind(phrase)):
        return all_of([existence(kind, reader, alone) for kind in kinds])
    if name == "only":
        placed = bool(phrase.modifiers) and all(map(_is_place, phrase.modifiers))
        where = restriction(phrase.modifiers, reader) if placed else SCENE
        every = Layout(
            "quantify", "every", (where, referent(replace(phrase, modifiers=()) if placed else phrase, reader))
        )
        return conj(exists(referent(phrase, reader)), every) if alone else every
    with reader.at(of_none=name == "no"):  # "no squares below the stars": below none of them
        layout = referent(phrase, reader)
    if reader.claimed and is_other(phrase) and name in ("some", "another") and not _is_related(phrase, reader):
        return conj(exists(layout), _so_many_of(reader.claimed, layout))
    if name == "the" and low is not None:
        return count_in_bounds(count_of(layout), low, low)
    return there_are(layout, phrase)


def _of_each(phrase: Phrase, reader: Reader) -> Layout | None:
    """Return "there is a star next to each square" as of each square; None of anything else."""
    modifier = beside_each(phrase, reader)
    if modifier is None or is_other(phrase):
        return None
    has = modifier_set(beside(modifier.name, replace(phrase, modifiers=()), reader), reader)
    return all_of([claim(each, has, reader) for each in modifier.operands])


def _is_related(phrase: Phrase, reader: Reader) -> bool:
    """Whether something is said to be in a relation to what was claimed last, so that it is another thing anyway."""
    operands = [operand for modifier in phrase.modifiers if not modifier.negated for operand in modifier.operands]
    return any(members(operand, reader) == reader.claimed for operand in operands)


def _is_place(modifier: Modifier) -> bool:
    """Whether a modifier says where there is something: "only circles left of the star"."""
    return not modifier.relative and modifier.kind in PLACES


def _each_kind(phrase: Phrase) -> list[Phrase]:
    """Return "red squares" and "blue squares" of "red and blue squares"; nothing where there are no such kinds."""
    each = next((one for one in phrase.premodifiers if one.kind == "each"), None)
    if each is None:
        return []
    values = [each.layout]
    while values[0].module == "or":
        values[:1] = values[0].operands
    sets = [tuple(Premodifier("set", value) if one is each else one for one in phrase.premodifiers) for value in values]
    return [replace(phrase, determiner=Determiner("bare"), premodifiers=before) for before in sets]


def existences(phrases: Sequence[Joined], reader: Reader, alone: bool = False) -> Layout:
    """Return that all of a list are there; "a circle and another circle" needs two things."""
    phrases = spread(phrases, reader)
    last = [phrase.modifiers[-1] for _, phrase in phrases if phrase.modifiers]
    if sum(among_themselves(modifier) is not None for modifier in last) > 1:
        raise reader.error(phrases[-1].phrase, "each kind alike, or all of them? Say it of each kind, or of all")
    truths = [existence(joined.phrase, reader, alone) for joined in phrases]
    for position, joined in enumerate(phrases[1:], 1):
        before = phrases[position - 1].phrase
        alike = before.determiner.name in ("the", "every") or joined.phrase.determiner.name == "no"
        if is_other(joined.phrase) and not alike:
            named = [one for _, one in phrases[:position]]
            same = [one for one in named if SCENE in (one.noun, joined.phrase.noun) or one.noun == joined.phrase.noun]
            truths[position] = _others_too(same or [before], joined.phrase, truths[position], reader)
    return fold([joined.conjunction for joined in phrases], truths)


def _others_too(earlier: Sequence[Phrase], phrase: Phrase, there: Layout, reader: Reader) -> Layout:
    """Return that there is another one, or so many others, beside what was named before of its kind."""
    sets, found = [members(one, reader) for one in earlier], members(phrase, reader)
    bounds = [bounds_of(one) or (1, 1) for one in earlier]
    counted, least = bounds_of(phrase), sum(low or 1 for low, _ in bounds)
    first = any_of(sets)
    if counted is None:
        return Layout("and", None, (there, _so_many_of(first, found, least + 1)))
    if all(includes(found, one) for one in sets) and all(low is not None and low == high for low, high in bounds):
        low, high = (None if bound is None else bound + least for bound in counted)  # "and two other shapes"
        return count_in_bounds(count_of(found), low, high)
    raise reader.error(phrase, "how many are there in all? Say it of each kind")


def claim(phrase: Phrase, predicate: Layout, reader: Reader) -> Layout:
    """Return that a predicate holds of a subject, by the subject's determiner."""
    name = phrase.determiner.name
    if (left_out := _so_many_left_out(phrase, reader)) is not None:
        rest = referent(replace(phrase, modifiers=phrase.modifiers[:-1]), reader)
        return count_in_bounds(count_of(conj(rest, negate(predicate))), left_out, left_out)
    extreme = is_extreme(phrase)  # "two of the three largest circles", of which there are three
    subject = referent(phrase if extreme else replace(phrase, determiner=phrase.determiner._replace(of=None)), reader)
    truth = holds(
        phrase if not extreme else replace(phrase, determiner=phrase.determiner._replace(of=None)), subject, predicate
    )
    if name in ("only", "no", *QUANTIFIERS) or phrase.of_all:
        return truth
    both = conj(subject, predicate)
    earlier = reader.claimed if name != "the" and is_other(phrase) else None
    reader.claimed = both
    return truth if earlier is None or bounds_of(phrase) else conj(truth, _so_many_of(earlier, both))


def holds(phrase: Phrase, subject: Layout, predicate: Layout) -> Layout:
    """Return that a predicate holds of a set, of as many of it as a phrase's determiner says."""
    name, low, _, of = phrase.determiner
    if name == "only":
        every = Layout("quantify", "every", (predicate, subject))
        return conj(every, exists(conj(subject, predicate))) if low == 1 else every
    if name in QUANTIFIERS:
        return quantified(phrase.determiner, subject, predicate)
    if phrase.of_all:
        every = Layout("quantify", "every", (subject, predicate))
        return every if low is None else conj(count_in_bounds(count_of(subject), low, low), every)
    truth = there_are(conj(subject, predicate), phrase)
    return truth if of is None else conj(count_in_bounds(count_of(subject), of, of), truth)


def quantified(determiner: Determiner, subject: Layout, predicate: Layout) -> Layout:
    """Return of how many of a set a predicate holds: of every one, of most, of at least half."""
    name, low, high, _ = determiner
    if name != "half" or (low, high) == (None, None):
        return Layout("quantify", name, (subject, predicate))
    more, equal = (Layout("quantify", word, (subject, predicate)) for word in ("most", "half"))
    at_least = more if high == 0 else either(more, equal)
    return at_least if high is None else negate(at_least)


def _so_many_left_out(phrase: Phrase, reader: Reader) -> int | None:
    """Return of how many of all something does not hold: of "all circles but one"; None where that is not said."""
    last = phrase.modifiers[-1] if phrase.modifiers else None
    of_all = phrase.determiner.name == "every" or phrase.of_all
    if last is None or last.kind != "other_than" or len(last.operands) > 1 or not of_all:
        return None
    (left_out,) = last.operands
    if (
        left_out.premodifiers
        or left_out.modifiers
        or left_out.noun not in (SCENE, phrase.noun)
        or phrase.determiner.low
    ):
        return None
    return 1 if is_one(left_out, reader) else left_out.determiner.low if left_out.determiner.name == "numeral" else None


def _so_many_of(first: Layout, second: Layout, least: int = 2) -> Layout:
    """Return that one thing less is in a set, and another one in a second set, of which each is known to have some."""
    union = first if first == second else either(first, second)
    return Layout("compare", "at_least", (count_of(union), number(least)))


def compared(subjects: Sequence[Joined], modifier: Modifier, reader: Reader) -> Layout:
    """Return that subjects have the same, or all different, values of an attribute."""
    subjects = spread(subjects, reader)
    phrases = [joined.phrase for joined in subjects]
    if len(phrases) == 1 and phrases[0].determiner.name == "the" and not phrases[0].plural:
        raise reader.error(phrases[0], f'with what is its {modifier.name} compared? Say, for instance, "as the ..."')
    all_of_them = all(phrase.determiner.name in ALL_MEANT for phrase in phrases)
    if len(attributes := modifier.name.split()) > 1:
        if not all_of_them:
            raise reader.error(phrases[0], "that some are alike in several ways at once is not read; one way is")
        each = [compared(subjects, replace(modifier, name=name, negated=False), reader) for name in attributes]
        alike = all_of(each)
        return negate(alike) if modifier.negated else alike
    sets = [referent(phrase, reader) for phrase in phrases]
    different = modifier.kind == "different_each"
    if len(sets) == 2 and all(map(is_definite, phrases)):
        layout = Layout("agree", modifier.name, (sets[0], sets[1]))
        return negate(layout) if different != modifier.negated else layout
    if not all_of_them:
        return _some_compared(phrases, sets, modifier.name, different != modifier.negated, reader)
    values, count = _values_of(sets, modifier.name)
    if different:
        layout = Layout("compare", "equal", (values, count))
    else:
        layout = Layout("compare", "at_most", (values, number(1)))
    return negate(layout) if modifier.negated else layout


def among_themselves(modifier: Modifier) -> Callable[[Sequence[Joined], Modifier, Reader], Layout] | None:
    """Return what tells how things compare or are related among themselves; None of what is said of each alone."""
    if modifier.kind in EACH:
        return compared
    each_other = modifier.kind == "related" and modifier.operands[-1].determiner.name == "each_other"
    return mutual if each_other else None


def mutual(subjects: Sequence[Joined], modifier: Modifier, reader: Reader) -> Layout:
    """Return that things are in a relation to each other: each to another one, or some two of them."""
    if any(joined.conjunction == "or" for joined in subjects):
        raise reader.error(subjects[-1].phrase, "each other is said of several things, and one of these is meant")
    phrases = [phrase for _, phrase in spread(subjects, reader)]
    sets = [referent(phrase, reader) for phrase in phrases]
    if len(sets) == 2 and all(map(is_definite, phrases)):
        pairs = [(sets[0], sets[1]), (sets[1], sets[0])]
        each = [exists(conj(one, Layout("relate", modifier.name, (other,)))) for one, other in pairs]
        return negate(all_of(each)) if modifier.negated else all_of(each)
    two = len(sets) == 2 and all(one.determiner.name == "some" and not one.plural for one in phrases)
    if two and not modifier.negated and isinstance(reader.lexicon.relations[modifier.name].meaning, Gap):
        return exists(conj(sets[0], Layout("relate", modifier.name, (sets[1],))))
    name = phrases[0].determiner.name
    related = Layout("relate", modifier.name, (sets[0],))
    some = exists(conj(sets[0], related))
    if len(sets) == 1 and phrases[0].plural:
        if name == "no" or (modifier.negated and name in ALL_MEANT):
            return negate(some)
        if name in ALL_MEANT:
            return Layout("quantify", "every", (sets[0], related))
        if not modifier.negated and (name in ("some", "several") or phrases[0].determiner in TWO):
            return some
    raise reader.error(phrases[0], "each other? That is read of two things, of all, some, two or none of a kind")


def _values_of(sets: Sequence[Layout], attribute: str) -> tuple[Layout, Layout]:
    """Return how many values of an attribute there are in sets, and how many things."""
    union = any_of(sets)
    return Layout("distinct", attribute, (union,)), count_of(union)


def _some_compared(
    phrases: Sequence[Phrase], sets: Sequence[Layout], attribute: str, different: bool, reader: Reader
) -> Layout:
    """Return that some two have the same value, or other ones: "two circles", "no circles", "a circle and a star"."""
    values, count = _values_of(sets, attribute)
    unlike = Layout("compare", "at_least", (values, number(2)))
    if len(phrases) == 1:
        (phrase,) = phrases
        alike = Layout("compare", "fewer", (values, count))
        if phrase.determiner.name == "no" and phrase.determiner.low in (None, 2):
            return negate(unlike if different else alike)
        pair = phrase.determiner in TWO or phrase.determiner.name == "several"
        if pair or (phrase.determiner.name == "some" and phrase.plural):
            return unlike if different else alike
    elif len(phrases) == 2 and all(one.determiner.name in ONE and not one.plural for one in phrases):
        if different:
            return fold(["and"] * 3, [*(exists(one) for one in sets), unlike])
        some, other = sets if phrases[1].determiner.name == "the" else reversed(sets)
        return exists(conj(some, Layout("same", attribute, (other,))))
    raise reader.error(
        phrases[0],
        'that some are alike is read of "two", "some" or "no" things, or of a thing and another; not of these',
    )


def agreement(subject: Phrase, modifier: Modifier, reader: Reader) -> Layout | None:
    """Return "the circle has the same colour as the square" as ``agree``; None where it is about sets."""
    if modifier.kind not in ("same_as", "different_from") or len(modifier.operands) != 1:
        return None
    if subject.determiner.name != "the" or not all(is_definite(phrase) for phrase in (subject, *modifier.operands)):
        return None
    sets = tuple(unique(members(phrase, reader)) for phrase in (subject, *modifier.operands))
    agreeing = [Layout("agree", attribute, sets) for attribute in modifier.name.split()]
    same = all_of(agreeing)
    return negate(same) if (modifier.kind == "different_from") != modifier.negated else same
