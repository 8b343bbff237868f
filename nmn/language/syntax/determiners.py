"""What stands before a noun: articles, quantifiers and quantities, from their trees."""

from typing import TYPE_CHECKING

from lark import Token, Tree

from nmn.language.syntax.phrases import Determiner
from nmn.language.trees import is_token, name_of, number_of, rule, tokens_of, trees_of, words_of

if TYPE_CHECKING:
    from nmn.language.syntax.reader import Reader

DETERMINERS = {
    "A": "some", "THE": "the", "NO": "no", "EVERY": "every", "MOST": "most", "HALF": "half", "BOTH": "both",
    "NEITHER": "neither", "NONE": "no", "ONLY": "only", "SEVERAL": "several", "ANOTHER": "another", "SOMETHING": "some",
    "EVERYTHING": "every", "NOTHING": "no", "IT": "it",
}  # fmt: skip


NUMBERS = ("NUMBER", "ONE", "SINGLE")
# by how many those of which it holds are more than the others, at least and at most
HALVES = {"AT_LEAST_HALF": (0, None), "AT_MOST_HALF": (None, 0), "LESS_THAN_HALF": (None, -1)}


def determiner_of(tree: Tree[Token], reader: "Reader") -> Determiner:
    """Read a ``det``: an article, a quantifier or a quantity."""
    numbers, quantities = tokens_of(tree, *NUMBERS), trees_of(tree)
    partitive = is_token(tree.children[0], "A", "NO") and " of" in name_of(tree.children[0])
    count = number_of(numbers[0]) if numbers else None
    if quantities:
        bounds = quantity_of(quantities[0], reader)
        if partitive and bounds.name != "numeral":
            raise reader.error(tree, 'a plain number is read after "of the", such as "any of the three"')
        return Determiner("some", of=bounds.high) if partitive else bounds._replace(of=count)
    if numbers:
        if is_token(tree.children[0], "NO"):
            return Determiner("no", of=count) if partitive else Determiner("no", count)
        return Determiner("the", count)
    if len(tree.children) == 2:  # "only the"
        return Determiner("only", 1)
    word = words_of(tree)[0].type
    return Determiner("half", *HALVES[word]) if word in HALVES else Determiner(DETERMINERS[word])


def quantity_of(tree: Tree[Token], reader: "Reader") -> Determiner:
    """Read a number with its bounds, such as "at least two" or "between two and four"."""
    numbers = [number_of(token) for token in tokens_of(tree, *NUMBERS)]
    kind, low = rule(tree), numbers[0]
    if kind == "between" and numbers[1] < low:
        raise reader.error(tree, f"between {low} and {numbers[1]} lies nothing: the smaller number comes first")
    if kind == "one_or_other" and numbers[1] != low + 1:
        raise reader.error(tree, 'of numbers joined by "or" only neighbours are read, such as "two or three"')
    bounds = {
        "numeral": (low, low), "exactly": (low, low), "at_least": (low, None), "at_most": (None, low),
        "more_than": (low + 1, None), "fewer_than": (None, low - 1), "between": (low, numbers[-1]),
        "one_or_other": (low, numbers[-1]),
    }  # fmt: skip
    if kind == "fewer_than" and low == 0:
        raise reader.error(tree, "nothing is fewer than zero")
    return Determiner("numeral" if kind == "numeral" else "number", *bounds[kind])
