"""The text forms of a layout: its own, which round-trips, and DOT and Mermaid for drawing programs."""

import re
from collections.abc import Sequence
from html import escape

from nmn.errors import LayoutError
from nmn.layout.graph import MAX_DEPTH, Call, Layout, call_label

TOKEN = re.compile(r"\s*([\w-]+|[\[\](),])")


def format_layout(layout: Layout) -> str:
    """Return the text form, such as ``describe[color](relate[left_of](find[circle]))``."""
    operands = ", ".join(format_layout(operand) for operand in layout.operands)
    return layout.label + (f"({operands})" if operands else "")


def parse_layout(text: str) -> Layout:
    """Read a layout from its text form; raise LayoutError with the place where it stops being one.

    >>> parse_layout("count(find[red])").kind
    <Kind.NUMBER: 'number'>
    """
    tokens = _tokens(text)
    layout, position = _read_call(text, tokens, 0, 0)
    if position != len(tokens):
        raise _error(text, tokens, position, "the end")
    return layout


def _tokens(text: str) -> list[tuple[str, int]]:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = TOKEN.match(text, position)
        if match is None:
            raise LayoutError(_caret(text, position, "a character that no layout has"))
        tokens.append((match[1], match.start(1)))
        position = match.end()
    return tokens


def _read_call(text: str, tokens: list[tuple[str, int]], position: int, depth: int) -> tuple[Layout, int]:
    if depth > MAX_DEPTH:
        raise LayoutError(f"a layout may be {MAX_DEPTH} calls deep, this one is deeper")
    module, position = _word(text, tokens, position, "a module's name"), position + 1
    argument = None
    if _at(tokens, position) == "[":
        argument = _word(text, tokens, position + 1, "an argument")
        position = _expect(text, tokens, position + 2, "]")
    operands = []
    if _at(tokens, position) == "(":
        while True:
            operand, position = _read_call(text, tokens, position + 1, depth + 1)
            operands.append(operand)
            if _at(tokens, position) != ",":
                break
        position = _expect(text, tokens, position, ")")
    return Layout(module, argument, tuple(operands)), position


def _at(tokens: list[tuple[str, int]], position: int) -> str | None:
    return tokens[position][0] if position < len(tokens) else None


def _word(text: str, tokens: list[tuple[str, int]], position: int, wanted: str) -> str:
    word = _at(tokens, position)
    if word is None or word in "[](),":
        raise _error(text, tokens, position, wanted)
    return word


def _expect(text: str, tokens: list[tuple[str, int]], position: int, wanted: str) -> int:
    if _at(tokens, position) != wanted:
        raise _error(text, tokens, position, f'"{wanted}"')
    return position + 1


def _error(text: str, tokens: list[tuple[str, int]], position: int, wanted: str) -> LayoutError:
    offset = tokens[position][1] if position < len(tokens) else len(text)
    return LayoutError(_caret(text, offset, f"expected {wanted} here"))


def _caret(text: str, offset: int, message: str) -> str:
    """Return the message over the text's neighbourhood of the offset, with a caret under it."""
    start = max(0, offset - 60)
    shown = text[start : offset + 20].replace("\n", " ")
    return f"{message}\n  {shown}\n  {' ' * (offset - start)}^"


def to_dot(layout: Layout, notes: Sequence[str] = ()) -> str:
    """Return the layout as a Graphviz digraph; edges run in the direction of data.

    ``notes``: for each call what is written under it, such as its value.
    """
    lines = ["digraph layout {", "  rankdir=BT;", "  node [shape=box, fontname=sans];"]
    for position, call in enumerate(layout.calls):
        note = "\\n" + notes[position].replace("\\", "\\\\").replace('"', '\\"') if notes else ""
        lines.append(f'  n{position} [label="{_node_label(call)}{note}", tooltip="{call.kind}"];')
        lines += [f"  n{operand} -> n{position};" for operand in call.operands]
    return "\n".join([*lines, "}"]) + "\n"


def to_mermaid(layout: Layout, notes: Sequence[str] = ()) -> str:
    """Return the layout as a Mermaid flowchart; edges run in the direction of data. ``notes``: as for ``to_dot``."""
    lines = ["flowchart BT"]
    for position, call in enumerate(layout.calls):
        note = "<br/>" + escape(notes[position]) if notes else ""
        lines.append(f'  n{position}["{_node_label(call)}{note}"]')
        lines += [f"  n{operand} --> n{position}" for operand in call.operands]
    return "\n".join(lines) + "\n"


def _node_label(call: Call) -> str:
    return call_label(call.module, call.argument)
