"""Nodes of parse trees: what rule or token each is, what it names and where it stands in the question."""

from lark import Token, Tree

from nmn.layout import Layout

Node = Tree[Token] | Token
SCENE = Layout("scene")


def rule(tree: Tree[Token]) -> str:
    """Return the rule's name without the prefix that an import adds."""
    return str(tree.data).rpartition("__")[2]


def name_of(token: Token) -> str:
    """Return the name that a token's phrase stands for."""
    return str(token.value.name)


def number_of(token: Token) -> int:
    """Return the number that a NUMBER, ONE or SINGLE token stands for."""
    return 1 if token.type in ("ONE", "SINGLE") else int(name_of(token))


def span_of(node: Node) -> tuple[int, int]:
    """Return the offsets of the first and after the last letter of a tree, (0, 0) of an empty one."""
    tokens = [node] if isinstance(node, Token) else list(node.scan_values(lambda _: True))
    return (tokens[0].start_pos or 0, tokens[-1].end_pos or 0) if tokens else (0, 0)


def is_token(node: Node, *terminals: str) -> bool:
    """Whether a node is a token of one of the terminals."""
    return isinstance(node, Token) and node.type in terminals
