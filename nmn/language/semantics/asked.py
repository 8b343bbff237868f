"""What a question asks: what follows its verb, as a set, and the things that are named to choose from."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from lark import Token, Tree

from nmn.language.connect import conj
from nmn.language.semantics.clause import Clause
from nmn.language.semantics.continued import more_np
from nmn.language.semantics.sets import restriction, union
from nmn.language.syntax.joined import conjunction_of, join_modifiers
from nmn.language.syntax.phrases import Joined, anything
from nmn.language.syntax.reader import Reader
from nmn.language.trees import ATTRIBUTES, Node, is_token, name_of, rule, words_of
from nmn.layout import Layout


def predicate_set(parts: Iterable[Node], reader: Reader, several: bool = False) -> Layout:
    """Return the set that a predicate with everything joined to it holds of, of one thing or of several."""
    phrase = replace(anything(), plural=several)
    conjunction = ""
    for part in parts:
        if rule(part) == "conj":
            conjunction = conjunction_of(part)
        elif isinstance(part, Tree) and rule(part) == "more_predicate":
            if is_token(words_of(part)[0], "WHICH"):  # "which circle is red and which is blue"
                raise reader.error(part, "a second question seems to start here; ask one at a time")
            phrase = join_modifiers(phrase, part, conjunction, reader)
        elif rule(part) == "np":
            clause = Clause("predicate", predicate=phrase)
            more_np([clause], Tree("more_np", [part]), conjunction, reader)
            phrase = clause.last
        else:
            phrase = reader.attached(phrase, [part])
    return restriction(phrase.modifiers, reader, several)


def after_be(tree: Tree[Token]) -> list[Node]:
    """Return what follows "is", or, where there is none, what follows the noun phrase or the attribute."""
    marks = [index for index, child in enumerate(tree.children) if is_token(child, "BE", "THERE")]
    asked = (
        place
        for place, child in enumerate(tree.children)
        if rule(child) in ("np", "nps") or is_token(child, *ATTRIBUTES)
    )
    start = marks[-1] if marks else next(asked)
    rest: list[Node] = []
    for node in tree.children[start + 1 :]:
        rest += node.children if isinstance(node, Tree) and rule(node) == "predicates" else [node]
    return rest


def superlative_said(parts: Sequence[Node]) -> str | None:
    """Return the superlative that a predicate consists of, with or without "the"."""
    said = [word for part in parts for word in words_of(part) if word.type != "THE"]
    if len(said) == 1 and is_token(said[0], "SUPERLATIVE", "SUPERLATIVE_PLACE"):
        return name_of(said[0])
    return None


def offers(parts: Sequence[Node], reader: Reader) -> bool:
    """Whether a comma comes before things to choose from: "touches the star, the circle or the square"."""
    joined = [place for place, part in enumerate(parts) if rule(part) == "conj"]
    things = [parts[place + 1] for place in joined if isinstance(parts[place + 1], Tree)]
    return len(things) > 1 and reader.text(parts[joined[0]]) == "," and all(rule(part) == "np" for part in things)


def chosen(tree: Tree[Token], reader: Reader) -> tuple[list[Node], Layout]:
    """Return what is asked and the things to choose from; raise QuestionError where they are not named."""
    said, among = choice(after_be(tree), reader)
    if among is None:
        raise reader.error(tree, 'which of them? Say, for instance, "the circle or the square"')
    return said, among


def choice(parts: Sequence[Node], reader: Reader) -> tuple[list[Node], Layout | None]:
    """Return what is asked and the things to choose from: "is red, the circle or the square", None without any."""
    ends = [place for place, part in enumerate(parts) if rule(part) == "conj"]
    offered = [part for place in ends for part in parts[place + 1 : place + 2]]
    joined = [parts[place] for place in ends]
    listed = len(offered) > 1 and len(parts) == ends[0] + 2 * len(ends) and all(rule(part) == "np" for part in offered)
    if not listed or any(conjunction_of(one) != "or" for one in joined):
        return list(parts), None
    things = [Joined("and", reader.noun_phrase(part)) for part in offered]
    if any(phrase.determiner.name != "the" or phrase.plural for _, phrase in things):
        return list(parts), None
    return list(parts[: ends[0]]), union(things, reader)


def most_of(said: Sequence[Node], among: Layout, reader: Reader) -> Layout:
    """Return those of the things to choose from of which a predicate holds, or that are the most so."""
    if (extreme := superlative_said(said)) is not None:
        return Layout("superlative", extreme, (among,))
    with reader.at(among=among):
        return conj(among, predicate_set(said, reader))
