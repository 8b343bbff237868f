"""Clauses that are complete at once: comparisons of numbers and of attributes, "the colour of the circle is red"."""

from dataclasses import replace

from lark import Token, Tree

from nmn.language.connect import conj, negate, number
from nmn.language.lexer import ATTRIBUTES
from nmn.language.semantics.clause import Clause
from nmn.language.semantics.panel_comparisons import compared_in_panels
from nmn.language.semantics.sets import restriction, union
from nmn.language.semantics.truths import compared, count_in_bounds
from nmn.language.syntax.antecedents import it
from nmn.language.syntax.determiners import quantity_of
from nmn.language.syntax.joined import attribute_of_tree, trees_of
from nmn.language.syntax.modifiers import value_of
from nmn.language.syntax.phrases import Joined, Modifier, anything
from nmn.language.syntax.reader import Reader
from nmn.language.trees import SCENE, is_token, name_of, number_of, rule, span_of
from nmn.layout import Layout


def comparison_clause(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "there are more circles than squares", "there aren't as many circles as squares"."""
    comparison = tree.children[-1]
    assert isinstance(comparison, Tree)
    truth, denied = compared_in_panels(comparison, reader), rule(tree) == "comparison_denied"
    as_many = reader.question[: span_of(comparison)[0]].lower().rstrip().endswith("as many")
    if denied and rule(comparison) == "equal" and as_many:  # so that there are fewer
        truth, denied = Layout("compare", "fewer", truth.operands), False
    clauses.append(Clause("closed", conjunction, truth=truth, negated=denied))


def compared_clause(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "more circles than squares are red"."""
    comparison, *said = (child for child in tree.children if isinstance(child, Tree) or not is_token(child, "BE"))
    assert isinstance(comparison, Tree)
    truth = compared_in_panels(comparison, reader)
    ((_, such),) = reader.attached([Joined("and", anything())], said)
    predicate = restriction(such.modifiers, reader, several=True)
    if truth.module != "compare" or any(side.module != "count" for side in truth.operands):
        raise reader.error(comparison, "of how many of each is this said? Say it in a clause of each")
    sides = tuple(Layout("count", None, (conj(side.operands[0], predicate),)) for side in truth.operands)
    clauses.append(Clause("closed", conjunction, truth=Layout("compare", truth.argument, sides)))


def numeric_clause(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "the number of circles is at least two"."""
    phrase, numeric = (child for child in tree.children if isinstance(child, Tree))
    left = Layout("count", None, (union(reader.noun_phrase(phrase), reader),))
    amount = numeric.children[-1]
    if isinstance(amount, Tree) and rule(amount) == "amount":
        amount = amount.children[0]
    if isinstance(amount, Token):
        right = number(number_of(amount))
    else:
        right = Layout("count", None, (union(reader.noun_phrase(amount), reader),))
    if rule(numeric) == "unequal":
        layout = negate(Layout("compare", "equal", (left, right)))
    else:
        layout = Layout("compare", rule(numeric), (left, right))
    clauses.append(Clause("closed", conjunction, truth=layout))


def attribute_clause(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "the colour of the circle is the same as that of the square"."""
    attributes = [token for token in tree.children if is_token(token, *ATTRIBUTES)]
    if len({name_of(token) for token in attributes}) > 1:  # type: ignore[arg-type]
        raise reader.error(attributes[-1], "one attribute is compared with another")
    phrases = [phrase for part in trees_of(tree, "np") for phrase in reader.noun_phrase(part)]
    its = [token for token in tree.children if is_token(token, "ITS")]
    subject = it(reader, span_of(its[0])) if its else phrases[0].phrase
    kind = "different_each" if any(is_token(child, "DIFFERENT") for child in tree.children) else "same_each"
    pair = [Joined("and", replace(phrase, plural=False)) for phrase in (subject, phrases[-1].phrase)]
    clauses.append(Clause("closed", conjunction, truth=compared(pair, Modifier(kind, attribute_of_tree(tree)), reader)))


def values_clause(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "there are three different colors"."""
    (values,) = trees_of(tree, "values")
    bounds = quantity_of(values.children[0], reader)  # type: ignore[arg-type]
    truth = count_in_bounds(Layout("distinct", attribute_of_tree(values), (SCENE,)), bounds.low, bounds.high)
    clauses.append(Clause("closed", conjunction, truth=truth))


def value_clause(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "the colour of the circle is red"."""
    subjects = reader.noun_phrase(trees_of(tree, "np")[0])
    predicate = replace(anything(), modifiers=(value_of(tree, reader),))
    clauses.append(Clause("predicate", conjunction, subjects, [Joined("and", predicate)]))
