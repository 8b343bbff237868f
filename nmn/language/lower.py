"""Parse trees to layouts: sentences, which are lists of joined pieces, and questions for something else than yes or no.

A sentence's pieces are read left to right into clauses; a joined piece continues the clause before it or starts one of
its own. Each rule of a grammar has one entry in ``PIECES`` or ``QUERIES``; rules of one name mean the same in every
grammar.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from lark import Token, Tree

from nmn.errors import QuestionError
from nmn.language.attach import Choices, Joined, Modifier, attach_modifier, attach_phrase
from nmn.language.meaning import (
    agreement,
    claim,
    compared,
    conj,
    existences,
    fold,
    members,
    negate,
    number,
    referent,
    restriction,
)
from nmn.language.phrases import SCENE, Node, Reader, anything, is_token, name_of, number_of, rule, span_of
from nmn.layout import Layout
from nmn.lexicon import Lexicon

NUMERIC = {
    "more": "more",
    "fewer": "fewer",
    "equal": "equal",
    "unequal": "equal",
    "at_least": "at_least",
    "at_most": "at_most",
}


@dataclass
class Clause:
    """One clause in the making: its subjects, its predicate (a phrase for anything, with modifiers) or its truth."""

    kind: str
    tree: Tree[Token]
    conjunction: str = "and"
    subjects: list[Joined] = field(default_factory=list)
    predicate: list[Joined] | None = None
    negated: bool = False
    truth: Layout | None = None


def lower(tree: Tree[Token], question: str, lexicon: Lexicon, choices: Choices) -> Layout:
    """Return the layout of a parse tree, with the attachments that ``choices`` picks.

    Raises QuestionError where the words fit the grammar but mean nothing: "the second circle", "it" for nothing.
    """
    return _lower(tree, Reader(question, lexicon, choices))


def _lower(tree: Tree[Token], reader: Reader) -> Layout:
    if rule(tree) == "about":
        return _about(tree, reader)
    if rule(tree) in PIECES:
        tree = Tree("sentence", [tree])
    return QUERIES.get(rule(tree), sentence)(tree, reader)


def _about(tree: Tree[Token], reader: Reader) -> Layout:
    """Return what is asked of a thing that is introduced first: "there is a cube; what color is it?"."""
    introduced, asked = tree.children
    assert isinstance(introduced, Tree) and isinstance(asked, Tree)
    _lower(introduced, reader)
    return _lower(asked, reader)


def sentence(tree: Tree[Token], reader: Reader) -> Layout:
    """Return the truth of a statement or yes/no question, or the set that a bare referring expression names."""
    kind = rule(tree)
    trees = [child for child in tree.children if isinstance(child, Tree)]
    if kind == "untrue":
        return negate(sentence(trees[0], reader))
    if kind == "implies":
        condition, consequence = (sentence(part, reader) for part in trees)
        return Layout("or", None, (negate(condition), consequence))
    if kind == "either":
        first, second = (sentence(Tree("sentence", [part]), reader) for part in trees)
        return Layout("or", None, (first, second))
    if rule(trees[0]) == "sentence":
        return sentence(trees[0], reader)
    clauses = _clauses(trees, reader)
    if len(clauses) == 1 and clauses[0].kind == "fragment" and _refers(clauses[0].subjects):
        return union(clauses[0].subjects, reader)
    return fold([clause.conjunction for clause in clauses], [truth(clause, reader) for clause in clauses])


def _clauses(trees: Sequence[Tree[Token]], reader: Reader) -> list[Clause]:
    clauses: list[Clause] = []
    conjunction = "and"
    for tree in trees:
        if rule(tree) == "conj":
            conjunction = _conjunction(tree)
        else:
            PIECES[rule(tree)](clauses, tree, conjunction, reader)
    return clauses


def _conjunction(tree: Tree[Token]) -> str:
    return "or" if is_token(tree.children[0], "OR") else "and"


def _refers(subjects: Sequence[Joined]) -> bool:
    return all(joined.phrase.determiner.name in ("the", "bare", "every", "both") for joined in subjects)


def union(phrases: Sequence[Joined], reader: Reader) -> Layout:
    """Return the set of everything that a list of phrases refers to, whether joined by "and" or "or"."""
    return fold(["or"] * len(phrases), [referent(joined.phrase, reader) for joined in phrases])


# ---- pieces of a sentence -------------------------------------------------------------------------------------------


def _there_is(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    existent = tree.children[-1]
    assert isinstance(existent, Tree)
    kind = rule(existent)
    if kind in ("np", "determined"):
        subjects = reader.noun_phrase(existent)
    else:
        first, second = (reader.noun_phrase(part) for part in existent.children if isinstance(part, Tree))
        subjects = [*first, Joined("or" if kind != "pair_and" else "and", second[0].phrase)]
    negated = rule(tree) == "there_is_not" or kind == "pair_nor"
    clauses.append(Clause("there", tree, conjunction, subjects, negated=negated))


def _predicate_clause(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read subject and predicate; fragments just before are subjects too ("the circle and the square are red")."""
    start = next(index for index, child in enumerate(tree.children) if isinstance(child, Tree))
    subject, rest = tree.children[start], tree.children[start + 1 :]
    assert isinstance(subject, Tree)
    subjects = _phrases(subject, reader) if rule(subject) == "nps" else reader.noun_phrase(subject)
    if clauses and clauses[-1].kind == "fragment":
        before = clauses.pop()
        subjects = [*before.subjects, Joined(conjunction, subjects[0].phrase)]
        conjunction = before.conjunction
    parts = [part for part in rest if not is_token(part, "BE", "DO", "NOT")]
    predicate = reader.attached([Joined("and", anything())], parts)
    negated = rule(tree) == "negated_clause"
    clauses.append(Clause("predicate", tree, conjunction, subjects, predicate, negated))


def _inverted_clause(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    phrases = [phrase for subject in _trees(tree, "np") for phrase in reader.noun_phrase(subject)]
    clauses.append(Clause("inverted", tree, conjunction, [Joined("and", joined.phrase) for joined in phrases]))


def _fragment(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    phrase = tree.children[0]
    assert isinstance(phrase, Tree)
    clauses.append(Clause("fragment", tree, conjunction, reader.noun_phrase(phrase)))


def _more_np(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Continue a list of noun phrases, or the predicate, with one more."""
    clause = clauses[-1]
    parts = tree.children[0].children if rule(tree) == "more_np" else tree.children  # type: ignore[union-attr]
    core, *modifiers = (part for part in parts if not is_token(part, "NOT"))
    phrase = reader.core(core if rule(tree) == "more_np" else Tree("core", [core, modifiers.pop(0)]))
    if rule(tree) == "no_np":
        phrase = replace(phrase, determiner=phrase.determiner._replace(name="no"))
    _join_phrase(clause, Joined(conjunction, phrase), tree, reader)
    target = clause.subjects if clause.predicate is None else clause.predicate
    target[:] = reader.attached(target, modifiers)


def _join_phrase(clause: Clause, joined: Joined, tree: Tree[Token], reader: Reader) -> None:
    if clause.truth is not None:
        raise reader.error(tree, "a noun phrase cannot continue a comparison of numbers; start a new clause")
    if clause.predicate is not None:
        if clause.predicate[-1].phrase.modifiers[-1].kind == "related":
            _join_operand(clause, joined, reader)
        else:
            modifier = Modifier("nominal", operands=(joined.phrase,), joined=joined.conjunction)
            clause.predicate = attach_modifier(clause.predicate, modifier, Choices())
    else:
        nearest = clause.kind == "inverted" and bool(clause.subjects[-1].phrase.modifiers)
        clause.subjects = attach_phrase(clause.subjects, joined, reader.choices, nearest)


def _join_operand(clause: Clause, joined: Joined, reader: Reader) -> None:
    assert clause.predicate is not None
    phrases = attach_phrase(clause.predicate, joined, reader.choices, nearest_first=True)
    if len(phrases) > len(clause.predicate):
        modifier = Modifier("nominal", operands=(joined.phrase,), joined=joined.conjunction)
        phrases = attach_modifier(clause.predicate, modifier, Choices((0,)))
    clause.predicate = phrases


def _more_predicate(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    clause = clauses[-1]
    if clause.truth is not None:
        raise reader.error(tree, "this continues no noun phrase")
    if clause.predicate is not None:
        clause.predicate = _join_modifiers(clause.predicate, tree, conjunction, reader)
    else:
        clause.subjects = _join_modifiers(clause.subjects, tree, conjunction, reader)


def _join_modifiers(phrases: list[Joined], tree: Tree[Token], conjunction: str, reader: Reader) -> list[Joined]:
    first, *others = (part for part in tree.children if not is_token(part, "BE"))
    phrases = attach_modifier(phrases, reader.modifier(first, conjunction), reader.choices)
    return reader.attached(phrases, others)


def _gapped(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "... and the square blue": the rest of an inverted clause's subjects, or a clause without its verb."""
    last = clauses[-1] if clauses else None
    if last and last.kind == "inverted" and not last.subjects[-1].phrase.modifiers:
        clauses.pop()
        _predicate_clause(clauses, tree, conjunction, reader)
        clauses[-1].subjects = [*last.subjects, Joined(conjunction, clauses[-1].subjects[-1].phrase)]
        clauses[-1].conjunction = last.conjunction
    else:
        _predicate_clause(clauses, tree, conjunction, reader)


def _comparison_clause(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    comparison = tree.children[-1]
    assert isinstance(comparison, Tree)
    phrases = [reader.noun_phrase(part) for part in comparison.children if isinstance(part, Tree)]
    counts = tuple(Layout("count", None, (union(part, reader),)) for part in phrases)
    clauses.append(Clause("closed", tree, conjunction, truth=Layout("compare", rule(comparison), counts)))


def _numeric_clause(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    phrase, numeric = (child for child in tree.children if isinstance(child, Tree))
    left = Layout("count", None, (union(reader.noun_phrase(phrase), reader),))
    amount = next(
        child
        for child in numeric.children
        if not is_token(child, *["MORE_THAN", "FEWER_THAN", "EQUAL_TO", "EXACTLY", "NOT", "AT_LEAST", "AT_MOST"])
    )
    while isinstance(amount, Tree) and rule(amount) == "amount":
        amount = amount.children[0]
    if isinstance(amount, Token):
        right = number(number_of(amount))
    else:
        right = Layout("count", None, (union(reader.noun_phrase(amount), reader),))
    layout = Layout("compare", NUMERIC[rule(numeric)], (left, right))
    layout = negate(layout) if rule(numeric) == "unequal" else layout
    clauses.append(Clause("closed", tree, conjunction, truth=layout))


def _attribute_clause(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "the colour of the circle is the same as that of the square"."""
    phrases = [phrase for part in _trees(tree, "np") for phrase in reader.noun_phrase(part)]
    its = [token for token in tree.children if is_token(token, "ITS")]
    subject = reader.it(span_of(its[0])) if its else phrases[0].phrase
    kind = "different_each" if any(is_token(child, "DIFFERENT") for child in tree.children) else "same_each"
    pair = [Joined("and", replace(phrase, plural=False)) for phrase in (subject, phrases[-1].phrase)]
    clauses.append(Clause("closed", tree, conjunction, truth=compared(pair, Modifier(kind, _attribute(tree)), reader)))


PIECES: dict[str, Callable[[list[Clause], Tree[Token], str, Reader], None]] = {
    "there_is": _there_is,
    "there_is_not": _there_is,
    "predicate_clause": _predicate_clause,
    "negated_clause": _predicate_clause,
    "inverted_clause": _inverted_clause,
    "fragment": _fragment,
    "more_np": _more_np,
    "no_np": _more_np,
    "more_predicate": _more_predicate,
    "gapped": _gapped,
    "comparison_clause": _comparison_clause,
    "numeric_clause": _numeric_clause,
    "attribute_clause": _attribute_clause,
}


def truth(clause: Clause, reader: Reader) -> Layout:
    """Return the truth of a finished clause."""
    if clause.truth is not None:
        return clause.truth
    if clause.kind == "inverted":
        _split_predicate(clause, reader)
    if clause.predicate is None:
        layout = existences(clause.subjects, reader)
    else:
        layout = _claims(clause.subjects, clause.predicate[0].phrase.modifiers, reader)
    return negate(layout) if clause.negated else layout


def _split_predicate(clause: Clause, reader: Reader) -> None:
    """Take the last group of joined modifiers of "is the circle left of a square" as the predicate."""
    subject = clause.subjects[-1].phrase
    start = len(subject.modifiers) - 1
    while start > subject.sealed and subject.modifiers[start].joined:
        start -= 1
    if start < subject.sealed:
        raise QuestionError(
            reader.question, len(reader.question.rstrip()), len(reader.question.rstrip()),
            "the question stops before saying what is asked of it", reader.question.strip(),
            ("a predicate such as an adjective, a noun or a relation",),
        )  # fmt: skip
    predicate = replace(anything(), modifiers=subject.modifiers[start:])
    clause.predicate = [Joined("and", predicate)]
    clause.subjects[-1] = Joined(clause.subjects[-1].conjunction, replace(subject, modifiers=subject.modifiers[:start]))


def _claims(subjects: Sequence[Joined], modifiers: Sequence[Modifier], reader: Reader) -> Layout:
    """Return that the predicate holds of the subjects."""
    if len(modifiers) == 1:
        if modifiers[0].kind in ("same_each", "different_each"):
            return compared(subjects, modifiers[0], reader)
        agreeing = agreement(subjects[0].phrase, modifiers[0], reader) if len(subjects) == 1 else None
        if agreeing is not None:
            return agreeing
    predicate = restriction(modifiers, reader)
    claims = [claim(joined.phrase, predicate, reader) for joined in subjects]
    return fold([joined.conjunction for joined in subjects], claims)


# ---- questions for something else than yes or no --------------------------------------------------------------------


def _phrases(tree: Tree[Token], reader: Reader) -> list[Joined]:
    """Read an ``nps``: noun phrases joined, with modifiers joined to them."""
    first, *rest = tree.children
    assert isinstance(first, Tree)
    phrases = reader.noun_phrase(first)
    conjunction = "and"
    for child in rest:
        assert isinstance(child, Tree)
        if rule(child) == "conj":
            conjunction = _conjunction(child)
        elif rule(child) == "np":
            core, *modifiers = child.children
            joined = Joined(conjunction, reader.core(core))
            phrases = reader.attached(attach_phrase(phrases, joined, reader.choices, False), modifiers)
        else:
            phrases = _join_modifiers(phrases, child, conjunction, reader)
    return phrases


def _predicate_set(parts: Iterable[Node], reader: Reader) -> Layout:
    """Return the set that a predicate with everything joined to it holds of."""
    phrases = [Joined("and", anything())]
    conjunction = ""
    for part in parts:
        if isinstance(part, Tree) and rule(part) == "conj":
            conjunction = _conjunction(part)
        elif isinstance(part, Tree) and rule(part) == "more_predicate":
            phrases = _join_modifiers(phrases, part, conjunction, reader)
        elif isinstance(part, Tree) and rule(part) == "np":
            clause = Clause("predicate", part, predicate=phrases)
            _more_np([clause], Tree("more_np", [part]), conjunction, reader)
            assert clause.predicate is not None
            phrases = clause.predicate
        else:
            phrases = attach_modifier(phrases, reader.modifier(part), reader.choices)
    return restriction(phrases[0].phrase.modifiers, reader)


def _trees(tree: Tree[Token], *rules: str) -> list[Tree[Token]]:
    return [child for child in tree.children if isinstance(child, Tree) and rule(child) in rules]


def _named(tree: Tree[Token], *terminals: str) -> str:
    return next(name_of(child) for child in tree.children if isinstance(child, Token) and child.type in terminals)


def _attribute(tree: Tree[Token]) -> str:
    return _named(tree, "ATTRIBUTE", "THING_ATTRIBUTE")


def _after_be(tree: Tree[Token]) -> list[Node]:
    """Return what follows "is", or, where there is none, what follows the noun phrase."""
    places = [index for index, child in enumerate(tree.children) if is_token(child, "BE", "THERE")]
    nouns = [
        index for index, child in enumerate(tree.children) if isinstance(child, Tree) and rule(child) in ("np", "nps")
    ]
    start = places[-1] if places else nouns[0]
    rest = tree.children[start + 1 :]
    return [part for node in rest for part in (node.children if _is_predicates(node) else [node])]  # type: ignore[union-attr]


def _is_predicates(node: Node) -> bool:
    return isinstance(node, Tree) and rule(node) == "predicates"


def _how_many(tree: Tree[Token], reader: Reader) -> Layout:
    phrases = _phrases(_trees(tree, "nps")[0], reader)
    if rule(tree) == "how_many_there":
        phrases = reader.attached(phrases, _after_be(tree))
    predicate = _predicate_set(_after_be(tree), reader) if rule(tree) == "how_many_are" else SCENE
    counted = fold(["or"] * len(phrases), [members(joined.phrase, reader) for joined in phrases])
    return Layout("count", None, (conj(counted, predicate),))


def _how_many_values(tree: Tree[Token], reader: Reader) -> Layout:
    described = _trees(tree, "nps")
    phrases = union(_phrases(described[0], reader), reader) if described else SCENE
    return Layout("distinct", _attribute(tree), (phrases,))


def _describe(tree: Tree[Token], reader: Reader) -> Layout:
    return Layout("describe", _attribute(tree), (union(_phrases(_trees(tree, "nps")[0], reader), reader),))


def _describe_np(tree: Tree[Token], reader: Reader) -> Layout:
    return Layout("describe", _attribute(tree), (union(reader.noun_phrase(_trees(tree, "np")[0]), reader),))


def _describe_such(tree: Tree[Token], reader: Reader) -> Layout:
    """Return the attribute of what a predicate holds of; "which shapes are ..." asks for the things themselves."""
    asked = next(child for child in tree.children if is_token(child, "ATTRIBUTE", "THING_ATTRIBUTE"))
    predicate = _predicate_set(_after_be(tree), reader)
    if is_token(asked, "THING_ATTRIBUTE") and asked.value.plural:  # type: ignore[union-attr]
        return predicate
    return Layout("describe", _attribute(tree), (predicate,))


def _describe_how(tree: Tree[Token], reader: Reader) -> Layout:
    attribute = reader.lexicon.attribute_of[_named(tree, "ADJECTIVE")]
    return Layout("describe", attribute, (union(_phrases(_trees(tree, "nps")[0], reader), reader),))


def _describe_its(tree: Tree[Token], reader: Reader) -> Layout:
    return Layout("describe", _attribute(tree), (referent(reader.it(span_of(tree)), reader),))


def _kind(tree: Tree[Token], reader: Reader) -> str:
    """Return the attribute that "what is it" asks for: the one whose values are nouns; "made of": its material."""
    if is_token(list(tree.scan_values(lambda _: True))[-1], "MADE_OF"):
        if "material" not in reader.lexicon.attributes:
            raise reader.error(tree, 'this lexicon has no attribute "material", so nothing is made of something')
        return "material"
    for name, attribute in reader.lexicon.attributes.items():
        if attribute.noun:
            return name
    raise reader.error(tree, "no attribute of this lexicon has nouns for values, so ask for one by name")


def _describe_kind(tree: Tree[Token], reader: Reader) -> Layout:
    return Layout("describe", _kind(tree, reader), (union(_phrases(_trees(tree, "nps")[0], reader), reader),))


def _describe_kind_such(tree: Tree[Token], reader: Reader) -> Layout:
    return Layout("describe", _kind(tree, reader), (_predicate_set(_after_be(tree), reader),))


def _which_are(tree: Tree[Token], reader: Reader) -> Layout:
    phrases = reader.noun_phrase(_trees(tree, "np")[0])
    predicate = _predicate_set(_after_be(tree), reader)
    return conj(members(phrases[0].phrase, reader), predicate)


def _refer(tree: Tree[Token], reader: Reader) -> Layout:
    return union(_phrases(_trees(tree, "nps")[0], reader), reader)


def _is_related(tree: Tree[Token], reader: Reader) -> Layout:
    """Return SHAPES' only sentence: the first set and the chain of relations to the second overlap."""
    subject, *relations, last = tree.children[1:]
    assert isinstance(subject, Tree)
    reached = members(reader.core(last), reader) if isinstance(last, Tree) else Layout("find", name_of(last))
    for relation in reversed(relations):
        reached = Layout("relate", name_of(relation), (reached,))  # type: ignore[arg-type]
    return Layout("exists", None, (conj(members(reader.core(subject), reader), reached),))


QUERIES: dict[str, Callable[[Tree[Token], Reader], Layout]] = {
    "how_many": _how_many,
    "how_many_there": _how_many,
    "how_many_are": _how_many,
    "how_many_values": _how_many_values,
    "describe": lambda tree, reader: (_describe if _trees(tree, "nps") else _describe_np)(tree, reader),
    "describe_possessor": _describe_np,
    "describe_such": _describe_such,
    "describe_how": _describe_how,
    "describe_its": _describe_its,
    "describe_kind": _describe_kind,
    "describe_kind_such": _describe_kind_such,
    "which_are": _which_are,
    "refer": _refer,
    "is_related": _is_related,
}
