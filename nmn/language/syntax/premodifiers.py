"""What stands before a noun, from its trees: adjectives, superlatives, ordinals, "other"."""

from functools import reduce

from lark import Token, Tree

from nmn.language.connect import either
from nmn.language.normalise import ORDINALS
from nmn.language.syntax.phrases import Premodifier
from nmn.language.trees import Node, is_token, name_of, rule
from nmn.layout import Layout
from nmn.lexicon import Lexicon

KINDS = {
    "OTHER": "other", "OTHERS": "other", "ORDINAL": "ordinal", "COMPARATIVE": "comparative",
    "SUPERLATIVE": "superlative", "SUPERLATIVE_PLACE": "superlative", "PLACE": "superlative",
}  # fmt: skip


def premodifier(node: Node, lexicon: Lexicon) -> Premodifier:
    """Read what stands before a noun."""
    if isinstance(node, Tree):
        only = node.children[0]
        return premodifier(only, lexicon) if rule(node) == "premodifier" else _adjectives(node, lexicon)
    name, kind = name_of(node), KINDS.get(node.type)
    if kind is None:
        return Premodifier("set", Layout("find", name))
    if kind == "other":
        return Premodifier(kind)
    return Premodifier(kind, name=str(1 + ORDINALS.index(name)) if kind == "ordinal" else name)


def grouped(premodifiers: list[Premodifier], lexicon: Lexicon) -> list[Premodifier]:
    """Return what stands before a noun, "large red or small blue" as either of two pairs.

    Values of one attribute are alternatives, with what stands about them of both: "large red or blue".
    """
    for place, (kind, layout, _) in enumerate(premodifiers):
        if kind != "set" or layout.module not in ("or", "and"):
            continue
        if any(part.module != "find" for part in layout.operands):
            continue
        first, last = place, place + 1
        while first and _is_value(premodifiers[first - 1]):
            first -= 1
        while last < len(premodifiers) and _is_value(premodifiers[last]):
            last += 1
        one, other = layout.operands
        groups = [[*_layouts(premodifiers[first:place]), one], [other, *_layouts(premodifiers[place + 1 : last])]]
        owners = [{lexicon.attribute_of[str(part.argument)] for part in group} for group in groups]
        beside = lexicon.attribute_of[str(one.argument)] == lexicon.attribute_of[str(other.argument)]
        if beside or len(groups[0]) + len(groups[1]) == 2 or not owners[0] & owners[1]:
            continue
        pairs = [reduce(lambda whole, part: Layout("and", None, (whole, part)), group) for group in groups]
        joined = Premodifier("set" if layout.module == "or" else "each", either(*pairs))
        return [*premodifiers[:first], joined, *premodifiers[last:]]
    return premodifiers


def _is_value(premodifier: Premodifier) -> bool:
    return premodifier.kind == "set" and premodifier.layout.module == "find"


def _layouts(premodifiers: list[Premodifier]) -> list[Layout]:
    return [one.layout for one in premodifiers]


def _adjectives(tree: Tree[Token], lexicon: Lexicon) -> Premodifier:
    """Read "not red", "red and large", "red or blue"; "red and blue", two values of one attribute, is of each."""
    if rule(tree) == "not_premodifier":
        return Premodifier("set", Layout("not", None, (Layout("find", name_of(tree.children[-1])),)))
    values = [child for child in tree.children if not is_token(child, "AND", "OR", "EITHER")]
    layouts, owners = [], []
    for child in values:
        value = child.children[0] if isinstance(child, Tree) and isinstance(child.children[0], Tree) else child
        negated = isinstance(value, Tree) and is_token(value.children[0], "NOT")
        token = value.children[-1] if isinstance(value, Tree) else value
        assert isinstance(token, Token)
        found = Layout("find", name_of(token))
        layouts.append(Layout("not", None, (found,)) if negated else found)
        owners.append((lexicon.attribute_of[name_of(token)], negated))
    clash = len(set(owners)) < len(owners) and not any(negated for _, negated in owners)
    either = rule(tree) == "any_premodifier"
    joined = layouts[0]
    for layout in layouts[1:]:
        joined = Layout("or" if either or clash else "and", None, (joined, layout))
    return Premodifier("each" if clash and not either else "set", joined)
