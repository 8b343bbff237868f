"""What stands before a noun, from its trees: adjectives, superlatives, ordinals, "other"."""

from functools import reduce

from lark import Token, Tree

from nmn.language.normalise import ORDINALS
from nmn.language.trees import Node, is_token, name_of, rule
from nmn.layout import Layout
from nmn.lexicon import Lexicon


def premodifier(node: Node, lexicon: Lexicon) -> tuple[str, object]:
    """Read what stands before a noun: (set, layout), (superlative, name), (ordinal, rank) or (other, None)."""
    if isinstance(node, Token):
        if node.type in ("OTHER", "OTHERS"):
            return "other", None
        if node.type in ("SUPERLATIVE", "SUPERLATIVE_PLACE", "PLACE"):
            return "superlative", name_of(node)
        if node.type == "ORDINAL":
            return "ordinal", 1 + ORDINALS.index(name_of(node))
        return "set", Layout("find", name_of(node))
    kind = rule(node)
    if kind in ("premodifier", "ordinal_premodifier", "other_premodifier"):
        return premodifier(node.children[0], lexicon)
    if kind == "superlative_premodifier":
        return "superlative", name_of(node.children[0])  # type: ignore[arg-type]
    if kind == "comparative_premodifier":
        return "comparative", name_of(node.children[0])  # type: ignore[arg-type]
    if kind == "not_premodifier":
        return "set", Layout("not", None, (Layout("find", name_of(node.children[1])),))  # type: ignore[arg-type]
    return _adjectives(node, kind, lexicon)


def grouped(premodifiers: list[tuple[str, object]], lexicon: Lexicon) -> list[tuple[str, object]]:
    """Return what stands before a noun, "large red or small blue" as either of two pairs.

    Values of one attribute are alternatives, with what stands about them of both: "large red or blue".
    """
    for place, (kind, layout) in enumerate(premodifiers):
        if kind != "set" or not isinstance(layout, Layout) or layout.module not in ("or", "and"):
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
        either = Layout("or", None, (pairs[0], pairs[1]))
        joined = ("set" if layout.module == "or" else "each", either)
        return [*premodifiers[:first], joined, *premodifiers[last:]]
    return premodifiers


def _is_value(premodifier: tuple[str, object]) -> bool:
    kind, layout = premodifier
    return kind == "set" and isinstance(layout, Layout) and layout.module == "find"


def _layouts(premodifiers: list[tuple[str, object]]) -> list[Layout]:
    return [layout for _, layout in premodifiers if isinstance(layout, Layout)]


def _adjectives(tree: Tree[Token], kind: str, lexicon: Lexicon) -> tuple[str, Layout]:
    """Read "red and large", "red or blue"; "red and blue", two values of one attribute, is ("each", either)."""
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
    either = kind == "any_premodifier"
    joined = layouts[0]
    for layout in layouts[1:]:
        joined = Layout("or" if either or clash else "and", None, (joined, layout))
    return "each" if clash and not either else "set", joined
