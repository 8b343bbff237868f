"""What stands before a noun, from its trees: adjectives, superlatives, ordinals, "other"."""

from lark import Token, Tree

from nmn.language.normalise import ORDINALS
from nmn.language.trees import Node, is_token, name_of, rule
from nmn.layout import Layout
from nmn.lexicon import Lexicon


def premodifier(node: Node, lexicon: Lexicon) -> tuple[str, object]:
    """Read what stands before a noun: (set, layout), (superlative, name), (ordinal, rank) or (other, None)."""
    if isinstance(node, Token):
        if node.type == "OTHER":
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
    if kind == "not_premodifier":
        return "set", Layout("not", None, (Layout("find", name_of(node.children[1])),))  # type: ignore[arg-type]
    return _adjectives(node, kind, lexicon)


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
