"""What a joined piece goes on with: a list of noun phrases, a predicate, the verb of the clause before."""

from collections.abc import Sequence
from dataclasses import replace

from lark import Token, Tree

from nmn.language.semantics.clause import Clause
from nmn.language.semantics.extremes import is_the_only
from nmn.language.semantics.panels import Scope
from nmn.language.semantics.pronouns import meant_by, refers
from nmn.language.syntax.antecedents import is_like
from nmn.language.syntax.attach import attach_modifier, attach_phrase, leaves_out, right_edge
from nmn.language.syntax.choices import Choices
from nmn.language.syntax.joined import KNOWN, check_between, has_like
from nmn.language.syntax.panel_phrases import panel_phrase
from nmn.language.syntax.phrases import LISTED, Determiner, Joined, Modifier, Phrase, anything
from nmn.language.syntax.reader import Reader
from nmn.language.trees import Node, is_plural, is_token, rule, tokens_of, words_of
from nmn.layout import QUANTIFIERS


def more_np(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Continue a list of noun phrases, or the predicate, with one more."""
    clause = clauses[-1]
    with reader.at(antecedent=clause.last if clause.kind == "there" and conjunction != "but" else None):
        phrase, modifiers = reader.head(tree.children[0])
    if not is_like(tree.children[0]) and _is_clause(clause, phrase, modifiers):
        said = reader.attached(anything(), modifiers)
        clauses.append(Clause("predicate", conjunction, [Joined(conjunction, phrase)], said))
    else:
        _continue_list(clauses, Joined(conjunction, phrase), tree, modifiers, reader)


def no_np(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Continue with a noun phrase that is denied: "but not a square"."""
    clause = clauses[-1]
    phrase, modifiers = reader.head(tree.children[-1])
    _check_denied(clause, phrase, tree, reader)
    edge = right_edge(clause.last) if clause.truth is None else []
    known = phrase.determiner.name == "the"
    phrase_denied = replace(phrase, determiner=phrase.determiner._replace(name="no"))
    if known and len(edge) > 1 and edge[-2].modifiers[-1].kind in LISTED:  # "left of the square but not the star"
        denied = Modifier("nominal", operands=(phrase,), negated=True)
    elif clause.predicate is None and edge and _continues_relative(clause.last):
        denied = Modifier("nominal", operands=(phrase_denied,), verbless=True, relative=True, joined=conjunction)
    else:
        _continue_list(clauses, Joined(conjunction, phrase_denied), tree, modifiers, reader)
        return
    clause.last = reader.attached(attach_modifier(clause.last, denied, reader.choices), modifiers)


def _check_denied(clause: Clause, phrase: Phrase, tree: Tree[Token], reader: Reader) -> None:
    """Raise QuestionError for "but not the largest", "but not every square"."""
    if phrase.elided:
        raise reader.error(tree, 'the largest what? Say it with a noun, as in "but not the largest circle"')
    if phrase.determiner.name in (*QUANTIFIERS, "numeral", "number", "only", "several"):
        raise reader.error(tree, '"not every" and the like are not read here: say it in a clause of its own')
    if phrase.determiner.name == "the" and clause.predicate is not None:
        _check_said(clause.predicate, phrase, reader)


def _continue_list(
    clauses: list[Clause], joined: Joined, tree: Tree[Token], modifiers: Sequence[Node], reader: Reader
) -> None:
    """Join a noun phrase to a clause; after "there isn't a circle, but" it stands alone."""
    clause = clauses[-1]
    lacking = clause.kind == "there" and clause.negated
    if lacking and joined.conjunction == "but" and not leaves_out(clause.last, joined):
        clause = Clause("there", joined.conjunction, [joined], scope=clause.scope)
        clauses.append(clause)
    else:
        _join_phrase(clause, joined, tree, modifiers, reader)
    subject = clause.subjects[0].phrase if clause.kind == "inverted" else None
    clause.last = reader.attached(clause.last, modifiers, subject)


def _is_clause(clause: Clause, phrase: Phrase, modifiers: Sequence[Node]) -> bool:
    """Whether a noun phrase lacks its verb: "the circle is above the star and the star above the square"."""
    said = clause.last.modifiers if clause.predicate or clause.kind == "inverted" else ()
    last = said[-1] if said else None
    first = modifiers[0] if modifiers else None
    if last is None or last.kind != "related" or not isinstance(first, Tree) or rule(first) != "plain_modifier":
        return False
    named = [(one.determiner, one.noun, one.premodifiers) for one in (last.operands[-1], phrase)]
    again = named[0] == named[1] or any(is_token(one, "IT") for one in words_of(first))
    return again and phrase.determiner.name == "the" and not last.operands[-1].modifiers


def _continues_relative(phrase: Phrase) -> bool:
    """Whether a phrase ends in a relative clause, which "and not a circle" goes on with."""
    return any(one.modifiers and one.modifiers[-1].relative for one in right_edge(phrase))


def _check_said(predicate: Phrase, phrase: Phrase, reader: Reader) -> None:
    """Raise QuestionError for "is the star large and the blue circle", which says nothing of the circle."""
    extreme = any(one.kind != "set" for one in phrase.premodifiers) or is_the_only(phrase, reader)
    if predicate.modifiers[-1].kind == "is" and phrase.determiner.name in KNOWN and not extreme:
        raise reader.error(phrase, "what is said of this? Say it of each, or name both before what is said of them")


def _join_phrase(clause: Clause, joined: Joined, tree: Tree[Token], modifiers: Sequence[Node], reader: Reader) -> None:
    if clause.truth is not None:
        raise reader.error(tree, "a noun phrase cannot continue a comparison of numbers; start a new clause")
    if clause.predicate is not None:
        check_between(clause.predicate, joined, reader)
        last = clause.predicate.modifiers[-1]
        denied = joined.phrase.determiner.name == "no" and last.kind != "related"
        if clause.subjects and leaves_out(clause.subjects[-1].phrase, joined):
            clause.subjects = attach_phrase(clause.subjects, joined, reader.choices)
        elif (last.kind in LISTED or last.kind == "other_than") and not denied:
            _join_operand(clause, joined, reader)
        else:
            _check_said(clause.predicate, joined.phrase, reader)
            modifier = Modifier("nominal", operands=(joined.phrase,), verbless=True, joined=joined.conjunction)
            clause.predicate = attach_modifier(clause.predicate, modifier, Choices())
    else:
        check_between(clause.last, joined, reader)
        nearest = clause.kind == "inverted" and bool(clause.subjects[-1].phrase.modifiers)
        own = any(is_token(token, "IT") for token in words_of(tree))  # "... and the star left of it"
        alone = clause.kind == "there" or (clause.kind == "fragment" and not refers(clause.subjects))
        nearest = nearest or (alone and joined.phrase.determiner.name in KNOWN and not own)
        like = False if has_like(clause.subjects, modifiers) else nearest or None
        listed = len(clause.subjects)
        clause.subjects = attach_phrase(clause.subjects, joined, reader.choices, like)
        reader.noted(clause.last)
        if clause.either and joined.conjunction == "and" and len(clause.subjects) > listed:
            clause.subjects[-1] = joined._replace(conjunction="but")  # "a red or a blue circle and a star"


def _join_operand(clause: Clause, joined: Joined, reader: Reader) -> None:
    assert clause.predicate is not None
    operand = clause.predicate.modifiers[-1].operands[-1]
    if reader.is_free(operand) and operand.determiner.name == "every" and reader.is_free(joined.phrase):
        joined = Joined("and", replace(joined.phrase, determiner=operand.determiner))
    (_, predicate), *beside = attach_phrase([Joined("and", clause.predicate)], joined, reader.choices, nearest=True)
    if beside:
        modifier = Modifier("nominal", operands=(joined.phrase,), joined=joined.conjunction)
        predicate = attach_modifier(predicate, modifier, Choices())
    clause.predicate = predicate


def with_verb_of(before: Modifier, clause: Clause, reader: Reader) -> Phrase:
    """Return a predicate with the relation of the clause before: "each circle touches a square and each star a heart".

    That holds where it is of another kind than its subject, so that "is" cannot be the verb.
    """
    assert clause.predicate is not None
    predicate, (_, subject) = clause.predicate, clause.subjects[-1]
    first, *others = predicate.modifiers
    if before.kind not in LISTED or first.kind != "nominal" or not first.operands:
        return predicate
    noun, owners = first.operands[0].noun, reader.lexicon.attribute_of
    kinds = {owners.get(str(one.argument)) for one in (noun, subject.noun)}
    if noun == subject.noun or len(kinds) > 1 or None in kinds:
        return predicate
    reached = replace(before, operands=first.operands, operand_joins=(), negated=first.negated, joined=None)
    return replace(predicate, modifiers=(reached, *others))


def said_before(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "... but the square is not", which leaves out what was said of the subject before."""
    before = clauses[-1]
    if before.predicate is None:
        raise reader.error(tree, "what is said of this? Say it in full")
    predicate, denied = before.predicate, bool(tokens_of(tree, "NOT"))
    with reader.at(antecedent=before.subjects[-1].phrase):
        subject = meant_by(reader.noun_phrase(tree.children[0]), reader)
    first, *others = predicate.modifiers
    if first.kind in ("is", "nominal") and tokens_of(tree, "DO"):
        raise reader.error(tree, '"does" what? Of what something is, "is" or "is not" is due')
    if others and (first.negated or before.negated or (denied and subject.determiner.name != "the")):
        raise reader.error(tree, "what of this is said again? Say it in full")
    if not others:
        predicate, denied = replace(predicate, modifiers=(replace(first, negated=denied),)), False
    clauses.append(Clause("predicate", conjunction, [Joined("and", subject)], predicate, denied))


def so_said(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "... and so is the square", "... nor is the square": the same is said, or denied, of another."""
    how, verb, subject = tree.children
    before = clauses[-1]
    first = before.predicate.modifiers[0] if before.predicate else None
    none = before.negated or any(phrase.determiner.name == "no" for _, phrase in before.subjects)
    denied = first.negated or none if first is not None else none
    if denied == is_token(how, "SO"):
        word = "nor" if denied else "so"
        raise reader.error(tree, f'"{word}" is due after what is {"denied" if denied else "said"} before')
    conjunction = conjunction if is_token(how, "SO") else "and"
    again = [subject, verb] if is_token(how, "SO") else [subject, verb, Token("NOT", "not")]
    said = panel_said_before if rule(subject) == "panel_core" else said_before
    said(clauses, Tree("said_before", again), conjunction, reader)


def panel_said_before(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "... and the other does not", which leaves out what a panel was said to contain."""
    before = clauses[-1]
    if before.scope is None and (other := other_thing(tree.children[0])) is not None:
        said_before(clauses, Tree("said_before", [other, *tree.children[1:]]), conjunction, reader)
        return
    if before.scope is None or before.kind != "there":
        raise reader.error(tree, "what is said of this? Say it in full")
    scope = Scope((panel_phrase(tree.children[0], reader),))
    held = [  # after "contains no circle" another one does contain one
        Joined(join, replace(phrase, determiner=Determiner("some")) if phrase.determiner.name == "no" else phrase)
        for join, phrase in before.subjects
    ]
    clauses.append(Clause("there", conjunction, held, negated=bool(tokens_of(tree, "NOT")), scope=scope))


def other_thing(tree: Node) -> Tree[Token] | None:
    """Return "the other", which is read as of panels, as a noun phrase for a thing; None where a panel is named."""
    assert isinstance(tree, Tree)
    return Tree("np", [Tree("core", tree.children)]) if is_token(tree.children[-1], "OTHER") else None


def goes_on_listing(clause: Clause, conjunction: str, subject: Tree[Token]) -> bool:
    """Whether "or the star red" goes on with what "is the circle near the square" reaches, or with its subjects."""
    if clause.subjects[-1].phrase.modifiers[-1].kind not in LISTED:
        return False
    return conjunction == "or" or (clause.plural is True and not is_plural(words_of(subject)[-1]))


def is_open(modifier: Modifier) -> bool:
    """Whether a joined noun may go on with a modifier: "everything but ...", "that is not a circle ..."."""
    return modifier.kind == "other_than" or (modifier.kind == "nominal" and modifier.relative)
