"""Nodes of parse trees: what rule or token each is, what it names and where it stands in the question."""

from collections.abc import Iterable

from lark import Token, Tree

from nmn.layout import Layout

Node = Tree[Token] | Token
SCENE = Layout("scene")
PLURAL_VERBS, SINGULAR_VERBS = ("are", "were", "do", "have"), ("is", "was", "does", "has")


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
