"""What "it", "they" and "one" stand for in a sentence, by what its clauses say."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from lark import Token, Tree

from nmn.language.semantics.claims import among_themselves
from nmn.language.semantics.clause import Clause
from nmn.language.semantics.sets import restriction, union
from nmn.language.syntax.antecedents import COUNTING, as_said, is_like, named_again
from nmn.language.syntax.panel_phrases import in_panel
from nmn.language.syntax.phrases import (
    ALL_MEANT,
    EXACTLY_ONE,
    LISTED,
    OF_EACH,
    Determiner,
    Joined,
    Modifier,
    Phrase,
)
from nmn.language.syntax.reader import Reader
from nmn.language.trees import Node, is_token, name_of, rule, words_of
from nmn.layout import Layout


def note_said(clause: Clause, reader: Reader, fronted: bool) -> None:
    """Remember of which things "it" and "they" are said next: after "two circles are red" of those that are red.

    A pronoun whose antecedent is "two circles" stands for all that the clause says of them (Evans 1980, "Pronouns").
    After "the star is red and the circle is blue" an "it" may be either, after "the star is red and the circle touches
    it" the star again (centering, Grosz et al. 1995).
    ``fronted``: the panels of the clause are those of the clauses after it, too ("in each image there is ...").
    """
    if not clause.subjects:
        return
    (_, phrase), *others = clause.subjects
    reached = clause.predicate.modifiers[-1] if clause.predicate else None
    reader.named = [clause.subjects[-1].phrase, *(reached.operands if reached and reached.kind in LISTED else ())]
    determiners = ("some",) if clause.predicate is None or reader.kept else ("some", "the")
    brought_in = {one.span for _, one in clause.subjects if one.determiner.name in determiners}
    reader.brought_in = reader.brought_in | brought_in
    reader.together = partial(_all_of, clause, reader) if others else None
    partitive = " of the " in reader.text(phrase)  # "some of the circles are red and some of them are blue"
    if not clause.negated and phrase.determiner.name in COUNTING:
        said = partial(_as_said, clause, reader, fronted)
        if clause.predicate is not None:
            reader.told[phrase.span] = said
        if not partitive:
            reader.said[phrase.span] = said


def _as_said(clause: Clause, reader: Reader, fronted: bool) -> Phrase:
    """Return the first subject of a clause with what the clause says of it."""
    phrase, panels = clause.subjects[0].phrase, () if fronted or not clause.scope else clause.scope.phrases
    of_each = [panel for panel in panels if panel.determiner.name in OF_EACH] or panels[1:]
    if of_each:
        raise reader.error(of_each[0], "which of them is meant afterwards? Say what holds of each in one clause")
    modifiers = [in_panel(panel, "and") for panel in panels]
    if clause.place is not None:
        modifiers.append(replace(clause.place, joined="and"))
    said = clause.predicate.modifiers if clause.predicate else ()
    if any(among_themselves(modifier) is not None for modifier in said):
        raise reader.error(
            phrase, "which of them these are is not known afterwards: say what holds of them in one clause"
        )
    if said:
        modifiers.append(Modifier("is", layout=restriction(said, reader), joined="and"))
    return replace(phrase, modifiers=(*phrase.modifiers, *modifiers))


def _all_of(clause: Clause, reader: Reader) -> Layout:
    """Return what "they" are after "there is a circle and a square", "the circle and the square are red": both."""
    subjects, (_, last) = clause.subjects, clause.subjects[-1]
    denied = clause.negated or any(join == "or" or phrase.determiner.name == "no" for join, phrase in subjects)
    said = clause.predicate.modifiers if clause.predicate else ()
    reached = [operand for modifier in said for operand in modifier.operands if operand.plural]
    named = clause.predicate is not None and refers(subjects) and not reached
    if not (clause.kind == "there" or named) or denied:
        raise reader.error(last, '"they" may be these or others: say which')
    known = [phrase if phrase.plural else replace(phrase, determiner=Determiner("the")) for _, phrase in subjects]
    return union([Joined("and", phrase) for phrase in known], reader)


def refers(subjects: Sequence[Joined]) -> bool:
    """Whether noun phrases name things, rather than say that there are some."""
    return all(joined.phrase.determiner.name in ALL_MEANT for joined in subjects)


def check_known(trees: Sequence[Tree[Token]], reader: Reader) -> None:
    """Raise QuestionError for "if a shape is red, it is a star", which is said of every one of them."""
    its = [word for word in words_of(trees[1]) if is_token(word, "IT", "ITS")]
    some = reader.topic is not None and reader.topic.determiner.name == "some"
    if its and some and any(rule(part) == "predicate_clause" for part in trees[0].iter_subtrees()):
        raise reader.error(its[0], 'any of several may be meant: say, for instance, "every red shape is a star"')


def one_of_several(one: Phrase, reader: Reader) -> Phrase | None:
    """Return "one" in "there are two large circles and one is red" as one of those; None where there are none."""
    several = [phrase for phrase in reader.mentioned if phrase.plural and phrase.determiner.name in COUNTING]
    if not several:
        return None
    _check_known_which(several[-1], reader)
    return replace(named_again(several[-1], one.determiner, one.span), plural=False)


def _check_known_which(phrase: Phrase, reader: Reader) -> None:
    """Raise QuestionError where nothing says which these are: "two circles touch and one is red"."""
    as_said(phrase, reader)


def meant_by(subject: Phrase, reader: Reader) -> Phrase:
    """Return what a subject means that says it in short: "any", "one", "the circle" that was introduced."""
    if reader.is_free(subject) and (subject.span[0] == 0 or reader.free):  # of the whole sentence, so no question
        if subject.determiner.of is not None:
            raise reader.error(subject, 'one of them or each? Say "one of the three" or "each of the three"')
        reader.free = True
        return replace(subject, determiner=Determiner("every"))
    if subject.determiner.name == "bare" and reader.text(subject) == "one":  # "one circle is red and one is blue"
        one = one_of_several(subject, reader) or subject
        return replace(one, determiner=EXACTLY_ONE)
    return introduced(subject, reader) or subject


def introduced(phrase: Phrase, reader: Reader) -> Phrase | None:
    """Return what "the circle" is after "there is a circle left of the star"; None where it is not that one."""
    topic = reader.topic
    if topic is None or phrase.determiner != Determiner("the") or phrase.premodifiers or phrase.modifiers:
        return None
    same = (topic.noun, topic.plural) == (phrase.noun, phrase.plural) and topic.span != phrase.span
    alike = [one for one in reader.mentioned if one.noun == phrase.noun and one.span != phrase.span]
    if not same or len(alike) > 1 or topic.determiner.name not in COUNTING:
        return None
    return named_again(as_said(topic, reader), phrase.determiner, phrase.span)


def is_said_of_it(clause: Clause, subject: Tree[Token], reader: Reader) -> bool:
    """Whether "it" is the very thing that a clause says to be there: "a circle is below the star and it is red"."""
    words = words_of(subject)
    if clause.kind != "predicate" or clause.negated or len(words) != 1 or not is_token(words[0], "IT"):
        return False
    (_, phrase), *more = clause.subjects
    known = reader.is_topic(phrase) and reader.text(words[0]) == "it"
    return known and not more and phrase.determiner.name == "some"


def like_what(subject: Phrase, predicate: Node, clauses: Sequence[Clause], reader: Reader) -> Phrase | None:
    """Return what "one" in a predicate is another of: the star in "the star is a blue one".

    In "the circle touches a square and the star touches a red one" it is the square.
    """
    if _is_kind(predicate):
        return subject
    said = clauses[-1].predicate.modifiers[-1] if clauses and clauses[-1].predicate else None
    if said is not None and said.kind in LISTED and "one" not in reader.text(subject).split():
        return said.operands[-1]
    return subject if is_like(predicate) else reader.here.antecedent


def like_which(subject: Tree[Token], reader: Reader) -> Phrase | None:
    """Return what "the blue one" is another of: what the clause before names by its colour too, else its subject.

    After "the star touches the red circle" it is a circle.
    """
    owners = reader.lexicon.attribute_of
    asked = {owners.get(name_of(word)) for word in words_of(subject) if is_token(word, "ADJECTIVE")}
    return next((one for one in reader.named if asked & _attributes(one, reader)), next(iter(reader.named), None))


def _attributes(phrase: Phrase, reader: Reader) -> set[str | None]:
    """Return the attributes that the adjectives of a phrase are values of."""
    calls = [call for one in phrase.premodifiers if one.kind in ("set", "each") for call in one.layout.calls]
    return {reader.lexicon.attribute_of.get(str(call.argument)) for call in calls if call.module == "find"}


def _is_kind(node: Node) -> bool:
    """Whether a predicate is a noun: "the star is a blue one"."""
    while isinstance(node, Tree) and rule(node) in ("complete", "bare_predicate", "simple"):
        node = node.children[-1]
    return rule(node) == "nominal"
