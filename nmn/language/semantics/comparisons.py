"""Clauses that are complete at once: comparisons of numbers and of attributes, "the colour of the circle is red"."""

from collections.abc import Callable
from dataclasses import replace

from lark import Token, Tree

from nmn.language.connect import conj, count_of, either, exists, negate, number
from nmn.language.semantics.claims import compared, count_in_bounds
from nmn.language.semantics.clause import Clause
from nmn.language.semantics.panel_comparisons import compared_in_panels, panel_compares
from nmn.language.semantics.sets import referent, restriction
from nmn.language.syntax.antecedents import it
from nmn.language.syntax.determiners import quantity_of
from nmn.language.syntax.joined import attribute_of_tree
from nmn.language.syntax.modifiers import value_of
from nmn.language.syntax.phrases import Joined, Modifier, anything, is_other
from nmn.language.syntax.reader import Reader
from nmn.language.trees import (
    ATTRIBUTES,
    SCENE,
    is_token,
    name_of,
    number_of,
    rule,
    span_of,
    tokens_of,
    trees_of,
    words_of,
)
from nmn.layout import Layout


def _comparison_clause(tree: Tree[Token], reader: Reader) -> Layout:
    """Read "there are more circles than squares", "there aren't as many circles as squares"."""
    comparison = tree.children[-1]
    assert isinstance(comparison, Tree)
    truth, denied = compared_in_panels(comparison, reader), rule(tree) == "comparison_denied"
    as_many = reader.question[: span_of(comparison)[0]].lower().rstrip().endswith("as many")
    if denied and rule(comparison) == "equal" and as_many:  # so that there are fewer
        return Layout("compare", "fewer", truth.operands)
    return negate(truth) if denied else truth


def compared_clause(tree: Tree[Token], reader: Reader) -> Layout:
    """Read "more circles than squares are red"."""
    words = ("BE", "THERE", "HOW_MANY")
    comparison, *said = (child for child in tree.children if isinstance(child, Tree) or not is_token(child, *words))
    assert isinstance(comparison, Tree)
    truth = compared_in_panels(comparison, reader)
    if not said:
        return truth
    predicate = restriction(reader.attached(anything(), said).modifiers, reader, several=True)
    if truth.module != "compare" or any(side.module != "count" for side in truth.operands):
        raise reader.error(comparison, "of how many of each is this said? Say it in a clause of each")
    sides = tuple(count_of(conj(side.operands[0], predicate)) for side in truth.operands)
    return Layout("compare", truth.argument, sides)


def _numeric_clause(tree: Tree[Token], reader: Reader) -> Layout:
    """Read "the number of circles is at least two"."""
    phrase, numeric = trees_of(tree)
    left = count_of(referent(reader.noun_phrase(phrase), reader))
    things = trees_of(numeric.children[-1], "np")
    right = (
        number(number_of(words_of(numeric)[-1]))
        if not things
        else count_of(referent(reader.noun_phrase(things[0]), reader))
    )
    if rule(numeric) == "unequal":
        return negate(Layout("compare", "equal", (left, right)))
    return Layout("compare", rule(numeric), (left, right))


def _attribute_clause(tree: Tree[Token], reader: Reader) -> Layout:
    """Read "the colour of the circle is the same as that of the square"."""
    attributes = tokens_of(tree, *ATTRIBUTES)
    if len({name_of(token) for token in attributes}) > 1:
        raise reader.error(attributes[-1], "one attribute is compared with another")
    phrases = [reader.noun_phrase(part) for part in trees_of(tree, "np")]
    its = tokens_of(tree, "ITS")
    subject = it(reader, span_of(its[0])) if its else phrases[0]
    kind = "different_each" if tokens_of(tree, "DIFFERENT") else "same_each"
    pair = [Joined("and", replace(phrase, plural=False)) for phrase in (subject, phrases[-1])]
    return compared(pair, Modifier(kind, attribute_of_tree(tree)), reader)


def _values_clause(tree: Tree[Token], reader: Reader) -> Layout:
    """Read "there are three different colors"."""
    (values,) = trees_of(tree, "values")
    bounds = quantity_of(trees_of(values)[0], reader)
    return count_in_bounds(Layout("distinct", attribute_of_tree(values), (SCENE,)), bounds.low, bounds.high)


def value_clause(clauses: list[Clause], tree: Tree[Token], conjunction: str, reader: Reader) -> None:
    """Read "the colour of the circle is red"."""
    subject = reader.noun_phrase(trees_of(tree, "np")[0])
    predicate = replace(anything(), modifiers=(value_of(tree, reader),))
    clauses.append(Clause("predicate", conjunction, [Joined("and", subject)], predicate))


def _closer_clause(tree: Tree[Token], reader: Reader) -> Layout:
    """Read "the circle is closer to the star than the square", "... closer to the star than to the square"."""
    to_either, parts = rule(tree) == "closer_to_clause", trees_of(tree, "np")
    phrases = [reader.noun_phrase(part) for part in parts[:2]]
    with reader.at(antecedent=phrases[1] if to_either else phrases[0]):  # "than the blue one"
        phrases.append(reader.noun_phrase(parts[2]))
    for phrase in phrases:
        if phrase.determiner.name != "the" or phrase.plural or is_other(phrase):
            raise reader.error(phrase, 'distances are compared of single things: say, for instance, "the star"')
    subject, one, other = (referent(phrase, reader) for phrase in phrases)
    closer, thing = (one, subject) if to_either else (subject, one)
    module = "nearest" if tokens_of(tree, "CLOSER_TO") else "farthest"
    foremost = Layout(module, None, (either(closer, other), thing))
    return conj(exists(conj(closer, foremost)), negate(exists(conj(other, foremost))))


CLOSED: dict[str, Callable[[Tree[Token], Reader], Layout]] = {
    "comparison_clause": _comparison_clause,
    "comparison_denied": _comparison_clause,
    "compared_clause": compared_clause,
    "numeric_clause": _numeric_clause,
    "attribute_clause": _attribute_clause,
    "values_clause": _values_clause,
    "closer_clause": _closer_clause,
    "closer_to_clause": _closer_clause,
    "panel_compares": panel_compares,
}
