"""Parse trees to layouts: which rules are sentences, which are questions, which introduce a thing and then ask."""

from lark import Token, Tree

from nmn.language.attach import Choices
from nmn.language.phrases import Reader
from nmn.language.queries import QUERIES
from nmn.language.sentences import PIECES, sentence
from nmn.language.trees import rule
from nmn.layout import Layout
from nmn.lexicon import Lexicon


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
