"""Lists of noun phrases and modifiers that conjunctions join: what sentences and questions share."""

from dataclasses import replace

from lark import Token, Tree

from nmn.language.attach import Joined, attach_modifier, attach_phrase
from nmn.language.phrases import Reader
from nmn.language.trees import is_token, name_of, rule

# determiners of what is taken to be there, so that nothing says "there is" of it
KNOWN = ("the", "every", "both")


def conjunction_of(tree: Tree[Token]) -> str:
    """Return "and", "or" or "but" of a ``conj``."""
    (token,) = tree.children
    if is_token(token, "OR"):
        return "or"
    return "but" if name_of(token) == "but" else "and"  # type: ignore[arg-type]


def phrases_of(tree: Tree[Token], reader: Reader) -> list[Joined]:
    """Read a noun phrase, a list of them, or "both ... and", "either ... or", "neither ... nor"."""
    if rule(tree) == "nps":
        return joined_phrases(tree, reader)
    if not rule(tree).startswith("pair_"):
        return reader.noun_phrase(tree)
    first, second = (reader.noun_phrase(part) for part in tree.children if isinstance(part, Tree))
    return [*first, Joined("and" if rule(tree) == "pair_and" else "or", second[0].phrase)]


def join_modifiers(phrases: list[Joined], tree: Tree[Token], conjunction: str, reader: Reader) -> list[Joined]:
    """Attach a modifier that a conjunction joins, and the modifiers after it."""
    first, *others = (part for part in tree.children if not is_token(part, "BE"))
    simple = first is tree.children[0] and isinstance(first, Tree) and rule(first) == "simple"
    verbless = simple and not any(is_token(part, "HAVE", "NOT") for part in first.children)  # type: ignore[union-attr]
    with reader.within_clause():
        modifier = replace(reader.modifier(first, conjunction), verbless=verbless)
    phrases = attach_modifier(phrases, modifier, reader.choices)
    return reader.attached(phrases, others)


def joined_phrases(tree: Tree[Token], reader: Reader, counted: bool = False) -> list[Joined]:
    """Read an ``nps``: noun phrases joined, with modifiers joined to them; ``counted``: how many there are is asked."""
    first, *rest = tree.children
    assert isinstance(first, Tree)
    phrases = reader.noun_phrase(first)
    conjunction = "and"
    for child in rest:
        assert isinstance(child, Tree)
        if rule(child) == "conj":
            conjunction = conjunction_of(child)
        elif rule(child) == "np":
            phrase, modifiers = reader.head(child)
            joined = Joined(conjunction, phrase)
            nearest = counted and phrase.determiner.name in KNOWN
            phrases = reader.attached(attach_phrase(phrases, joined, reader.choices, nearest), modifiers)
        else:
            phrases = join_modifiers(phrases, child, conjunction, reader)
    return phrases


def trees_of(tree: Tree[Token], *rules: str) -> list[Tree[Token]]:
    """Return the children that are trees of some rules."""
    return [child for child in tree.children if isinstance(child, Tree) and rule(child) in rules]


def named(tree: Tree[Token], *terminals: str) -> str:
    """Return the name that the first child of some terminals stands for."""
    return next(name_of(child) for child in tree.children if isinstance(child, Token) and child.type in terminals)


def attribute_of_tree(tree: Tree[Token]) -> str:
    """Return the attribute that a clause or question names."""
    return named(tree, "ATTRIBUTE", "THING_ATTRIBUTE")
