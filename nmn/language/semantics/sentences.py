"""Statements, yes/no questions and captions: lists of joined pieces to a truth, or to the set that a phrase names.

A sentence's pieces are read left to right into clauses; a joined piece continues the clause before it or starts one of
its own. Each rule of a grammar that is a piece has one entry in ``PIECES``.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from lark import Token, Tree

from nmn.language.connect import either, fold, negate
from nmn.language.semantics.claims import PLACES
from nmn.language.semantics.clause import Clause
from nmn.language.semantics.clauses import truths
from nmn.language.semantics.comparisons import CLOSED, value_clause
from nmn.language.semantics.continued import (
    goes_on_listing,
    is_open,
    more_np,
    no_np,
    other_thing,
    panel_said_before,
    said_before,
    so_said,
    with_verb_of,
)
from nmn.language.semantics.panels import PANEL_PIECES, Scope
from nmn.language.semantics.pronouns import (
    check_known,
    is_said_of_it,
    like_what,
    like_which,
    meant_by,
    note_said,
    refers,
)
from nmn.language.semantics.sets import union
from nmn.language.syntax.attach import attach_phrase
from nmn.language.syntax.choices import Choices
from nmn.language.syntax.joined import conjunction_of, goes_with_nearest, join_modifiers, phrases_of
from nmn.language.syntax.modifiers import beside
from nmn.language.syntax.panel_phrases import panel_phrase
from nmn.language.syntax.phrases import EXACTLY_ONE, OF_EACH, Determiner, Joined, Phrase, anything
from nmn.language.syntax.reader import Reader
from nmn.language.trees import Node, is_token, plural_verb, rule, span_of, tokens_of, trees_of
from nmn.layout import QUANTIFIERS, Kind, Layout

RELATIONS = (*PLACES, "at_side", "at_place")  # rules of what says where a thing is
CONTINUING = ("more_np", "no_np", "more_predicate")  # pieces that go on with the clause before them


def sentence(tree: Tree[Token], reader: Reader) -> Layout:
    """Return the truth of a statement or yes/no question, or the set that a bare referring expression names."""
    kind = rule(tree)
    trees = trees_of(tree)
    if kind == "untrue":
        return negate(stated(trees[0], reader))
    if kind == "implies":
        condition = stated(trees[0], reader)
        check_known(trees, reader)
        consequence = stated(trees[1], reader)
        return either(negate(condition), consequence)
    if kind == "either":
        first, second = (stated(Tree("sentence", [part]), reader) for part in trees)
        return either(first, second)
    if rule(trees[0]) == "sentence":
        return stated(trees[0], reader)
    clauses = _clauses(trees, reader)
    if len(clauses) == 1 and clauses[0].kind == "fragment" and refers(clauses[0].subjects):
        return union(clauses[0].subjects, reader)
    said = truths(clauses, reader)
    return fold([conjunction for conjunction, _ in said], [layout for _, layout in said])


def stated(tree: Tree[Token], reader: Reader) -> Layout:
    """Return the truth of a sentence within another; raise QuestionError where it only names something."""
    found = sentence(tree, reader)
    if found.kind is not Kind.TRUTH:
        raise reader.error(tree, 'this names something and says nothing of it: say, for instance, "there is ..."')
    return found


def _clauses(trees: Sequence[Tree[Token]], reader: Reader) -> list[Clause]:
    clauses: list[Clause] = []
    conjunction, fronted = "and", None
    for tree in trees:
        if rule(tree) == "conj":
            conjunction = conjunction_of(tree)
        else:
            before = len(clauses)
            said, brought_in = reader.said, reader.brought_in
            reader.kept = reader.kept and rule(tree) in CONTINUING
            if rule(tree) in CONTINUING and clauses:  # "each image contains a circle and a square left of it"
                reader.said = {}
                reader.brought_in = brought_in - {phrase.span for _, phrase in clauses[-1].subjects}
            PIECES[rule(tree)](clauses, tree, conjunction, reader)
            reader.said, reader.brought_in = said, brought_in
            if rule(tree) == "panel_within":
                fronted = clauses[-1].scope
            elif len(clauses) > before and clauses[-1].scope is None and not _names_panels(clauses[-1]):
                clauses[-1].scope = fronted  # "in the left image there is a circle and there is a square"
            note_said(clauses[-1], reader, fronted is not None and clauses[-1].scope is fronted)
    return clauses


def _names_panels(clause: Clause) -> bool:
    """Whether something in a clause is said to be in a panel."""
    phrases = [*(phrase for _, phrase in clause.subjects), *([clause.predicate] if clause.predicate else [])]
    return any(modifier.panel is not None for phrase in phrases for modifier in phrase.modifiers)


# ---- pieces of a sentence -------------------------------------------------------------------------------------------


def _there_is(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    existent = tree.children[-1]
    assert isinstance(existent, Tree)
    negated = rule(tree) == "there_is_not" or rule(existent) == "pair_nor"
    before = clauses[-1].subjects[-1].phrase if clauses and clauses[-1].kind == "there" else None
    with reader.at(antecedent=before):
        phrases = phrases_of(existent, reader)
    if rule(tree) == "there_is_not" and phrases[0].phrase.determiner == EXACTLY_ONE:
        phrases, negated = [_none_of(phrases[0]), *phrases[1:]], False
    clauses.append(Clause("there", conjunction, phrases, negated=negated, either=rule(existent) == "pair_or"))


def _fronted(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "left of the star is a circle", where a thing is introduced."""
    place, existent = trees_of(tree)
    modifier = reader.modifier(place)
    subjects = phrases_of(existent, reader)
    for _, phrase in subjects:
        if phrase.determiner.name in (*QUANTIFIERS, "the", "only"):
            raise reader.error(tree, "say first what it is of: ... is left of ...")
    of_each = modifier.kind == "related" and modifier.operands[-1].determiner.name in OF_EACH
    if of_each and len(subjects) == 1 and len(modifier.operands) == 1:  # "left of each square is a circle"
        has = replace(anything(), modifiers=(beside(modifier.name, subjects[0].phrase, reader),))
        each = [Joined("and", modifier.operands[0])]
        reader.one_for_each.add(subjects[0].phrase.span)
        clauses.append(Clause("predicate", conjunction, each, has))
        return
    clauses.append(Clause("there", conjunction, subjects, negated=rule(existent) == "pair_nor", place=modifier))


def _with_place_first(place: Tree[Token], rest: Sequence[Node], reader: Reader) -> Tree[Token]:
    """Return "left of it is a circle" as ``fronted``, from its place, its verb and what is there."""
    (relation, *more), (_, is_what, *modifiers) = place.children, rest
    while isinstance(relation, Tree) and rule(relation) == "simple" and len(relation.children) == 1:
        relation = relation.children[0]
    while isinstance(is_what, Tree) and rule(is_what) == "complete" and len(is_what.children) == 1:
        is_what = is_what.children[0]
    if more or rule(relation) not in RELATIONS or not isinstance(is_what, Tree) or rule(is_what) != "nominal":
        raise reader.error(place, "this continues no noun phrase")
    return Tree("fronted", [relation, Tree("np", [is_what.children[0], *modifiers])])


def _predicate_clause(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read subject and predicate; fragments just before are subjects too ("the circle and the square are red")."""
    start = next(index for index, child in enumerate(tree.children) if isinstance(child, Tree))
    subject, rest = tree.children[start], tree.children[start + 1 :]
    assert isinstance(subject, Tree)
    if rule(subject) == "more_predicate" and not (clauses and clauses[-1].kind == "fragment"):
        _fronted(clauses, _with_place_first(subject, rest, reader), conjunction, reader)
        return
    subjects, conjunction = _subjects(clauses, tree, subject, conjunction, reader)
    first = subjects[0].phrase
    subjects[0] = Joined("and", meant_by(first, reader))
    inside = reader.is_topic(first) or subjects[0].phrase.sealed > first.sealed or reader.text(first) in ("it", "its")
    parts = [part for part in rest if not is_token(part, "BE", "DO", "NOT", "EVERY")]
    if does_not := _does_not(tree):  # as in "is not ...": "some circles do not touch a square"
        parts[0] = Tree("not_relative", [parts[0]])
    like = like_what(subjects[-1].phrase, parts[0], clauses, reader)
    with reader.at(antecedent=like, subject=first.span):
        with reader.at(inside=inside):
            predicate = reader.attached(anything(), parts[:1])
        predicate = reader.attached(predicate, parts[1:])
    denied = rule(tree) == "negated_clause" and not does_not and not _confirms(tree, subjects)
    if _is_not_all(predicate, first):
        predicate, denied = _affirmed(predicate), not denied
    clause = Clause("predicate", conjunction, subjects, predicate, denied or rule(subject) == "pair_nor")
    _deny_subjects(clause, tree, subject)
    if clauses and not clause.negated and conjunction == "and" and is_said_of_it(clauses[-1], subject, reader):
        more, *others = predicate.modifiers
        said = clauses[-1].last
        clauses[-1].last = replace(said, modifiers=(*said.modifiers, replace(more, joined="but"), *others))
    else:
        clauses.append(clause)


def _does_not(tree: Tree[Token]) -> bool:
    """Whether a clause says "does not": "some circles do not touch a square"."""
    verbs = pairwise(tree.children) if rule(tree) == "negated_clause" else ()
    return any(is_token(one, "DO") and is_token(other, "NOT") for one, other in verbs)


def _deny_subjects(clause: Clause, tree: Tree[Token], subject: Tree[Token]) -> None:
    """Let "not one circle is" be "no circle is", "neither the circles nor the squares are" be "no circles, ... are"."""
    subjects = clause.subjects
    if (
        rule(tree) == "negated_clause"
        and is_token(tree.children[0], "NOT")
        and subjects[0].phrase.determiner == EXACTLY_ONE
    ):
        clause.subjects, clause.negated = [_none_of(subjects[0]), *subjects[1:]], not clause.negated
    elif rule(subject) == "pair_nor" and all(phrase.plural for _, phrase in subjects):
        clause.subjects, clause.negated = [Joined("and", _none_of(joined).phrase) for joined in subjects], False


def _other_does_not(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "... and the other does not touch the star"."""
    other = other_thing(tree.children[0])
    if other is None:
        raise reader.error(tree, "of panels only what they contain is read")
    _predicate_clause(clauses, Tree("negated_clause", [other, *tree.children[1:]]), conjunction, reader)


def _subjects(
    clauses: list[Clause], tree: Tree[Token], subject: Tree[Token], conjunction: str, reader: Reader
) -> tuple[list[Joined], str]:
    """Return the subjects of a predicate, with the fragment before it if there is one, and the conjunction before."""
    plural = plural_verb(tree.children, reader.question)
    if rule(subject) == "more_predicate":  # "the circle that is red ... and large is striped"
        before = clauses.pop()
        before.last = join_modifiers(before.last, subject, conjunction, reader)
        return before.subjects, before.conjunction
    with reader.at(antecedent=like_which(subject, reader)):
        subjects = phrases_of(subject, reader, plural)
    if not clauses or clauses[-1].kind != "fragment":
        return subjects, conjunction
    before = clauses.pop()
    found = before.subjects
    for join, phrase in [(conjunction, subjects[0].phrase), *subjects[1:]]:
        joined = Joined(conjunction if conjunction == "but" else join, phrase)
        found = attach_phrase(found, joined, reader.choices, goes_with_nearest(found, joined, plural))
        reader.noted(found[-1].phrase)  # "every shape but the star", which "they" are then
    return found, before.conjunction


def _is_not_all(predicate: Phrase, subject: Phrase) -> bool:
    """Whether a predicate is "not all circles", said of several."""
    first, *others = predicate.modifiers
    every = first.kind == "nominal" and first.operands[0].determiner.name == "every"
    return every and first.negated and subject.plural and not others


def _affirmed(predicate: Phrase) -> Phrase:
    return replace(predicate, modifiers=(replace(predicate.modifiers[0], negated=False),))


def _none_of(joined: Joined) -> Joined:
    """Return "no circle" of "one circle", before which a "not" stands."""
    return Joined(joined.conjunction, replace(joined.phrase, determiner=Determiner("no")))


def _confirms(tree: Tree[Token], subjects: list[Joined]) -> bool:
    """Whether a question denies only to ask for a yes: "isn't the star red?"; "are not all red?" does not."""
    be, denial = tree.children[:2]
    if not (is_token(be, "BE") and is_token(denial, "NOT")):
        return False
    return span_of(be)[1] == span_of(denial)[0] or subjects[0].phrase.determiner.name not in QUANTIFIERS


def _inverted_clause(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    with reader.at(antecedent=like_which(tree, reader)):
        subjects = [Joined("and", reader.noun_phrase(part, inverted=True)) for part in trees_of(tree, "np")]
    denied = bool(tokens_of(tree, "NOT")) and not _confirms(tree, subjects)
    plural = plural_verb(tree.children, reader.question)
    clauses.append(Clause("inverted", conjunction, subjects, negated=denied, plural=plural))


def _fragment(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    phrase = tree.children[0]
    assert isinstance(phrase, Tree)
    clauses.append(Clause("fragment", conjunction, [Joined("and", reader.noun_phrase(phrase))]))


def _more_predicate(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    clause = clauses[-1]
    if clause.truth is not None:
        raise reader.error(tree, "this continues no noun phrase")
    subject = clause.subjects[0].phrase.span if clause.predicate else reader.here.subject
    with reader.at(subject=subject):
        clause.last = join_modifiers(clause.last, tree, conjunction, reader)


def _gapped(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "... and the square blue": the rest of an inverted clause's subjects, or a clause without its verb."""
    last = clauses[-1] if clauses else None
    modifiers = last.subjects[-1].phrase.modifiers if last and last.kind == "inverted" else None
    first = trees_of(tree, "np")[0]
    listed = bool(modifiers) and goes_on_listing(last, conjunction, first)  # type: ignore[arg-type]
    if last and modifiers is not None and (not modifiers or is_open(modifiers[-1]) or listed):
        clauses.pop()
        _predicate_clause(clauses, tree, conjunction, reader)
        joined = Joined(conjunction, clauses[-1].subjects[-1].phrase)
        nearest = goes_with_nearest(last.subjects, joined, last.plural) if listed else None
        clauses[-1].subjects = attach_phrase(last.subjects, joined, reader.choices if listed else Choices(), nearest)
        clauses[-1].conjunction = last.conjunction
    else:
        _predicate_clause(clauses, tree, conjunction, reader)
        if last and last.truth is None and last.last.modifiers:
            clauses[-1].predicate = with_verb_of(last.last.modifiers[-1], clauses[-1], reader)


def _more_np(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Continue a list, or read "... and everything else blue", a clause without its verb, after what something is."""
    (phrase,) = trees_of(tree)
    core, *modifiers = phrase.children
    words = core.children if isinstance(core, Tree) else []
    is_else = len(words) > 2 and is_token(words[0], "EVERYTHING") and is_token(words[1], "OTHER")
    if is_else and clauses[-1].kind in ("predicate", "inverted"):
        everything, other, *adjectives = words
        subject: Node = Tree("np", [Tree("core", [everything, other])])
        said: list[Node] = [Tree("simple", [adjectives[0]]), *adjectives[1:], *modifiers]
        _predicate_clause(clauses, Tree("gapped", [subject, *said]), conjunction, reader)
    else:
        more_np(clauses, tree, conjunction, reader)


def _panel_within(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    panel, clause = trees_of(tree)
    if rule(clause) == "inverted_clause":  # "in the left image is a circle"
        clauses.append(Clause("there", conjunction, phrases_of(trees_of(clause, "np")[0], reader)))
    else:
        PIECES[rule(clause)](clauses, clause, conjunction, reader)
    clauses[-1].scope = Scope((panel_phrase(panel, reader),))


def _closed(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    clauses.append(Clause("closed", conjunction, truth=CLOSED[rule(tree)](tree, reader)))


PIECES: dict[str, Callable[[list[Clause], Tree[Token], str, Reader], None]] = {
    **PANEL_PIECES,
    "panel_within": _panel_within,
    "there_is": _there_is,
    "there_is_not": _there_is,
    "fronted": _fronted,
    "predicate_clause": _predicate_clause,
    "negated_clause": _predicate_clause,
    "inverted_clause": _inverted_clause,
    "fragment": _fragment,
    "more_np": _more_np,
    "no_np": no_np,
    "more_predicate": _more_predicate,
    "gapped": _gapped,
    "said_before": said_before,
    "so_said": so_said,
    "other_does_not": _other_does_not,
    "panel_said_before": panel_said_before,
    "value_clause": value_clause,
    **dict.fromkeys(CLOSED, _closed),
}
