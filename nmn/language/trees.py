"""Nodes of parse trees: what rule or token each is, what it names and where it stands in the question."""

from collections.abc import Iterable

from lark import Token, Tree

from nmn.layout import Layout

Node = Tree[Token] | Token
SCENE, PANELS = Layout("scene"), Layout("panels")
ATTRIBUTES = ("ATTRIBUTE", "THING_ATTRIBUTE")
PLURAL_VERBS, SINGULAR_VERBS = ("are", "were", "do", "have", "lie"), ("is", "was", "does", "has", "lies")


def rule(node: Node) -> str:
    """Return the name of a tree's rule; nothing of a token."""
    return str(node.data) if isinstance(node, Tree) else ""


def name_of(node: Node) -> str:
    """Return the name that a token's phrase stands for."""
    assert isinstance(node, Token)
    return str(node.value.name)


def number_of(node: Node) -> int:
    """Return the number that a NUMBER, ONE or SINGLE token stands for."""
    return 1 if is_token(node, "ONE", "SINGLE") else int(name_of(node))


def is_plural(node: Node) -> bool:
    """Whether a token's phrase is the plural of a noun."""
    assert isinstance(node, Token)
    return bool(getattr(node.value, "plural", False))


def words_of(node: Node) -> list[Token]:
    """Return the tokens of a tree, in the order of the text."""
    return [node] if isinstance(node, Token) else list(node.scan_values(bool))


def children_of(node: Node) -> list[Node]:
    """Return the children of a tree; none of a token."""
    return node.children if isinstance(node, Tree) else []


def trees_of(node: Node, *rules: str) -> list[Tree[Token]]:
    """Return the children that are trees: of some rules, or all."""
    return [child for child in children_of(node) if isinstance(child, Tree) and (not rules or rule(child) in rules)]


def tokens_of(node: Node, *terminals: str) -> list[Token]:
    """Return the children that are tokens of some terminals."""
    return [child for child in children_of(node) if isinstance(child, Token) and child.type in terminals]


def span_of(node: Node) -> tuple[int, int]:
    """Return the offsets of the first and after the last letter of a tree, (0, 0) of an empty one."""
    tokens = words_of(node)
    return (tokens[0].start_pos or 0, tokens[-1].end_pos or 0) if tokens else (0, 0)


def is_token(node: Node, *terminals: str) -> bool:
    """Whether a node is a token of one of the terminals."""
    return isinstance(node, Token) and node.type in terminals


def plural_verb(nodes: Iterable[Node], question: str) -> bool | None:
    """Return whether the verb among some nodes is plural, None where it does not say."""
    for node in nodes:
        inner = node.children[0] if isinstance(node, Tree) and rule(node) in ("simple", "related") else node
        if not is_token(inner, "BE", "DO", "HAVE", "VERB"):
            continue
        start, end = span_of(inner)
        verb = question[start:end].lower().split()[0]
        if is_token(inner, "VERB"):
            return False if verb.endswith("s") else None if verb.endswith("ing") else True
        if verb in PLURAL_VERBS + SINGULAR_VERBS:
            return verb in PLURAL_VERBS
    return None
