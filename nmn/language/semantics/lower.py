"""Parse trees to layouts: which rules are sentences, which are questions, which introduce a thing and then ask."""

from dataclasses import replace

from lark import Token, Tree

from nmn.language.connect import conj
from nmn.language.semantics.queries import QUERIES
from nmn.language.semantics.sentences import sentence, stated
from nmn.language.semantics.sets import referent
from nmn.language.syntax.choices import Choices
from nmn.language.syntax.phrases import Determiner
from nmn.language.syntax.reader import Reader
from nmn.language.trees import is_token, rule, trees_of, words_of
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
    return QUERIES.get(rule(tree), sentence)(tree, reader)


def _about(tree: Tree[Token], reader: Reader) -> Layout:
    """Return what is asked of a thing that is introduced, "there is a cube; what color is it?", or both statements."""
    introduced, asked = trees_of(tree)
    if rule(asked) not in QUERIES and not is_token(words_of(asked)[0], "BE", "DO", "DOES_CONTAIN"):
        first = stated(introduced, reader)
        reader.landmarks = []
        return conj(first, stated(asked, reader))
    _lower(introduced, reader)
    reader.landmarks = []
    if not any(is_token(token, "SAME") for token in words_of(asked)):  # nothing is the same as itself
        _make_known(reader)
    return _lower(asked, reader)


def _make_known(reader: Reader) -> None:
    """Let "a star", "two stars" that were introduced be "the star", "the stars" from then on."""
    for place, phrase in enumerate(reader.mentioned):
        if (phrase.determiner.name, phrase.plural) in (("some", False), ("numeral", True)):
            reader.mentioned[place] = replace(phrase, determiner=Determiner("the"))
    if reader.mentioned and not reader.mentioned[0].plural:
        reader.claimed = referent(reader.mentioned[0], reader)
