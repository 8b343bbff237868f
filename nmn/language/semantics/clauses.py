"""Finished clauses to truths: what of a clause is its predicate, and that it holds of the clause's subjects."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from nmn.errors import QuestionError
from nmn.language.connect import all_of, conj, count_of, fold, negate
from nmn.language.semantics.claims import agreement, among_themselves, claim, count_in_bounds
from nmn.language.semantics.clause import Clause
from nmn.language.semantics.extremes import is_the_only
from nmn.language.semantics.panels import OTHER_THAN_WHICH, Scope, and_other, in_their_panels, placed, scoped_existences
from nmn.language.semantics.sets import members, restriction, spread, union
from nmn.language.syntax.attach import with_last
from nmn.language.syntax.panel_phrases import is_other_panel, panel_set
from nmn.language.syntax.phrases import ALL_MEANT, EACH, OF_EACH, Joined, Modifier, Phrase, anything, is_other
from nmn.language.syntax.reader import Reader
from nmn.language.trees import SCENE
from nmn.layout import QUANTIFIERS, Layout


def truths(clauses: Sequence[Clause], reader: Reader) -> list[tuple[str, Layout]]:
    """Return the truths of a sentence's clauses, each with the conjunction before it."""
    found: list[tuple[str, Layout]] = []
    for place, clause in enumerate(clauses):
        if place and _says_again(clauses[place - 1], clause):
            raise reader.error(clause.subjects[0].phrase, 'the same of the one and of the other? Say "both ..."')
        other = clause.scope.phrases[-1] if clause.scope else None
        if other is None or not is_other_panel(other) or not place or clause.conjunction == "or":
            found.append((clause.conjunction, truth(clause, reader)))
            continue
        before = clauses[place - 1]
        if before.scope is None or len(before.scope.phrases) > 1 or before.scope.there:
            raise reader.error(other, OTHER_THAN_WHICH)
        first, second = (partial(_truth_of_panel, part, reader) for part in (before, clause))
        both = and_other(before.scope.phrases[0], first, second, other, reader)
        found[-1] = (found[-1][0], both)
    return found


def _existence_said(clause: Clause, reader: Reader) -> Layout | None:
    """Return "circles are present", "a star is not visible" as of what there is; None of any other predicate."""
    assert clause.predicate is not None
    modifiers = clause.predicate.modifiers
    counted = all(phrase.determiner.name not in (*QUANTIFIERS, "only") for _, phrase in clause.subjects)
    if len(modifiers) > 1 or modifiers[0].layout != SCENE or not counted:
        return None
    there = scoped_existences(clause.subjects, reader)
    return negate(there) if modifiers[0].negated else there


def _says_again(before: Clause, clause: Clause) -> bool:
    """Whether "one circle is red and the other is red", where "one" means exactly one."""
    if before.predicate is None or clause.predicate is None or clause.negated or before.negated:
        return False
    if clause.conjunction == "or" or before.subjects[0].phrase.determiner.name != "numeral":
        return False
    subject = clause.subjects[0].phrase
    one = subject.determiner.name == "the" and not subject.plural and is_other(subject)
    return one and before.predicate.modifiers == clause.predicate.modifiers


def _truth_of_panel(clause: Clause, reader: Reader, panel: Phrase) -> Layout:
    return truth(replace(clause, scope=Scope((panel,))), reader)


def truth(clause: Clause, reader: Reader) -> Layout:
    """Return the truth of a finished clause."""
    if clause.kind == "inverted" and len(clause.subjects) > 1 and all(map(_predicated, clause.subjects)):
        parts = [Clause("inverted", subjects=[Joined("and", joined.phrase)]) for joined in clause.subjects]
        layout = fold([join for join, _ in clause.subjects], [truth(part, reader) for part in parts])
    elif clause.kind == "inverted":
        return truth(_split_predicate(clause, reader), reader)
    elif clause.truth is not None:
        layout = clause.truth
    elif clause.predicate is None:
        layout = _there(clause, reader)
    elif clause.negated and (alike := _denied_alike(clause.predicate)) is not None:
        return truth(replace(clause, predicate=alike, negated=False), reader)
    else:
        clause = _with_exceptions_moved(clause)
        there = _existence_said(clause, reader)
        layout = _claims(clause.subjects, clause.last.modifiers, reader) if there is None else there
    layout = negate(layout) if clause.negated else layout
    return clause.scope.of(layout, reader) if clause.scope else layout


def _there(clause: Clause, reader: Reader) -> Layout:
    """Return that the subjects are there, where the clause says."""
    subjects = [  # "above the star is a circle and a square below it" says of the square itself where it is
        Joined(join, phrase if place and phrase.modifiers else placed(phrase, clause.place))
        for place, (join, phrase) in enumerate(clause.subjects)
    ]
    kinds = all(phrase.plural and phrase.determiner.name == "bare" for _, phrase in subjects)
    if clause.negated and kinds:  # "without circles and squares": neither
        subjects = [Joined("or", phrase) for _, phrase in subjects]
    layout = scoped_existences(subjects, reader, alone=clause.scope is not None)
    last = subjects[-1].phrase
    here = clause.scope is None and not any(modifier.panel for modifier in last.modifiers)
    if here and not clause.negated and last.determiner.name in ("some", "another"):
        reader.claimed = members(last, reader)  # so that "another star is red" is not this one
    return layout


def _denied_alike(predicate: Phrase) -> Phrase | None:
    """Return "do not have the same colour" as a predicate that is denied of things together; None of any other."""
    first, *others = predicate.modifiers
    if others or first.kind not in EACH:
        return None
    return replace(predicate, modifiers=(replace(first, negated=not first.negated),))


def _predicated(joined: Joined) -> bool:
    """Whether a subject brings its predicate: "is something red and something blue"."""
    phrase = joined.phrase
    starts = sum(modifier.joined is None for modifier in phrase.modifiers)
    relative = any(modifier.relative for modifier in phrase.modifiers)
    return phrase.noun == SCENE and not phrase.premodifiers and starts == 1 and not relative


def _split_predicate(clause: Clause, reader: Reader) -> Clause:
    """Take the last group of joined modifiers of "is the circle left of a square" as the predicate."""
    subject = clause.subjects[-1].phrase
    start = len(subject.modifiers) - 1
    while start > subject.sealed and (subject.modifiers[start].joined or subject.modifiers[start].kind == "other_than"):
        start -= 1
    if start < subject.sealed or subject.modifiers[start].relative:
        raise QuestionError(
            reader.question, len(reader.question.rstrip()), len(reader.question.rstrip()),
            "the question stops before saying what is asked of it", reader.question.strip(),
            ("a predicate such as an adjective, a noun or a relation",),
        )  # fmt: skip
    predicate = replace(anything(), modifiers=subject.modifiers[start:])
    subjects = with_last(clause.subjects, replace(subject, modifiers=subject.modifiers[:start]))
    return replace(clause, kind="predicate", subjects=subjects, predicate=predicate)


def _with_exceptions_moved(clause: Clause) -> Clause:
    """Leave what a predicate ends in leaves out, "every circle is red except the blue one", out of the subjects."""
    first, *others = clause.last.modifiers
    exceptions = tuple(modifier for modifier in others if modifier.kind == "other_than" and not modifier.joined)
    if not exceptions or any(phrase.determiner.name in ("only", "no") for _, phrase in clause.subjects):
        return clause
    rest = (first, *(modifier for modifier in others if modifier not in exceptions))
    subjects = [
        Joined(join, replace(phrase, modifiers=(*phrase.modifiers, *exceptions))) for join, phrase in clause.subjects
    ]
    return replace(clause, subjects=subjects, predicate=replace(clause.last, modifiers=rest))


def _predicate_of(phrase: Phrase, modifiers: Sequence[Modifier], reader: Reader) -> Layout:
    """Return the set in which a predicate puts a subject."""
    name = phrase.determiner.name
    places = [modifier.panel for modifier in (*phrase.modifiers, *modifiers) if modifier.panel is not None]
    if len({panel_set(place, reader) for place in places}) > 1 and phrase.determiner.name != "only":
        raise reader.error(places[-1], "nothing is in two panels, and relations are read of things in one")
    several = name in OF_EACH or phrase.of_all
    of_all = phrase if several and not any(one.negated or one.joined == "or" for one in modifiers) else None
    with reader.at(of_all=of_all, of_none=name in ("no", "neither")):
        return restriction(modifiers, reader, several=phrase.plural and name != "no")


def _numbers_known(subjects: Sequence[Joined], reader: Reader) -> list[Layout]:
    """Return that there are two circles, which "the two circles touch" takes to be so."""
    known = [phrase for _, phrase in subjects if phrase.determiner.name == "the" and phrase.determiner.low is not None]
    counts = [(count_of(members(phrase, reader)), phrase.determiner.low) for phrase in known]
    return [count_in_bounds(count, low, low) for count, low in counts]


def _else_than(subjects: Sequence[Joined], modifiers: Sequence[Modifier], reader: Reader) -> Layout | None:
    """Return what "everything else" leaves out of several subjects, all of them: "the star and the circle are above
    everything else"; None of one subject, which is never related to itself.
    """
    phrases = [phrase for _, phrase in subjects]
    operands = [operand for modifier in modifiers for operand in modifier.operands]
    else_ = [one for one in operands if is_other(one) and one.determiner.name in OF_EACH]
    if not else_ or (len(phrases) == 1 and not phrases[0].plural):
        return None
    if any(phrase.determiner.name not in ALL_MEANT for phrase in phrases):
        raise reader.error(else_[0], "other than each of them, or other than all of them? Say it of each by what it is")
    return union(subjects, reader)


def _check_kind(subject: Phrase, modifiers: Sequence[Modifier], reader: Reader) -> None:
    """Raise QuestionError for "is the circle red and a star left of it", where "it" would be left of itself."""
    kinds = [operand for modifier in modifiers if modifier.kind == "nominal" for operand in modifier.operands]
    reached = [operand for kind in kinds for inner in kind.modifiers for operand in inner.operands]
    for operand in reached:
        if reader.stands_for.get(operand.span) == subject.span:
            raise reader.error(operand, "nothing is beside itself: say what is there in a clause of its own")


def _claims(subjects: Sequence[Joined], modifiers: Sequence[Modifier], reader: Reader) -> Layout:
    """Return that the predicate holds of the subjects."""
    for _, phrase in subjects:
        _check_kind(phrase, modifiers, reader)
    denied = len(modifiers) == 1 and modifiers[0].kind == "nominal" and modifiers[0].negated
    if denied and is_the_only(modifiers[0].operands[0], reader):  # "is not the only red shape"
        return negate(_claims(subjects, [replace(modifiers[0], negated=False)], reader))
    if len(modifiers) == 1:
        if (places := in_their_panels(subjects, modifiers[0], reader)) is not None:
            return places
        if (among := among_themselves(modifiers[0])) is not None:
            return all_of([*_numbers_known(subjects, reader), among(subjects, modifiers[0], reader)])
        agreeing = agreement(subjects[0].phrase, modifiers[0], reader) if len(subjects) == 1 else None
        if agreeing is not None:
            return agreeing
    subjects = spread(subjects, reader)
    with reader.at(else_than=_else_than(subjects, modifiers, reader)):
        predicates = [_predicate_of(phrase, modifiers, reader) for _, phrase in subjects]
    claims = [claim(phrase, found, reader) for (_, phrase), found in zip(subjects, predicates, strict=True)]
    found = fold([joined.conjunction for joined in subjects], claims)
    if len(modifiers) == 1 and modifiers[0].kind == "nominal" and not modifiers[0].negated:
        nominal = modifiers[0].operands[0]
        only = is_the_only(nominal, reader)
        if only and nominal.plural:
            return conj(found, Layout("quantify", "every", (predicates[0], union(subjects, reader))))
        if only:
            return conj(found, count_in_bounds(count_of(members(nominal, reader)), 1, 1))
    return found
