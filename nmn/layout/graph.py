"""The Layout: a question's meaning as a typed, immutable graph of module calls.

A ``Layout`` is one call with its operands, which are layouts themselves; equal sub-layouts are one call of the graph.
It cannot be built ill-typed.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from nmn.errors import LayoutError
from nmn.layout.signature import (
    COMPARISONS,
    MAX_NUMBER,
    QUANTIFIERS,
    SIDES,
    Argument,
    Kind,
    of_panels,
    signature_of,
)
from nmn.notebook import html_of

if TYPE_CHECKING:
    import networkx

MAX_DEPTH = 200
MAX_SIZE = 10_000
WORD = re.compile(r"[\w-]+")
CLOSED_ARGUMENTS = {Argument.COMPARISON: COMPARISONS, Argument.QUANTIFIER: QUANTIFIERS, Argument.SIDE: SIDES}
CONNECTED = (Kind.ATTENTION, Kind.PANELS, Kind.TRUTH)  # what connectives join


class Call(NamedTuple):
    """One node of a layout's graph; ``operands`` are positions of earlier calls in ``Layout.calls``."""

    module: str
    argument: str | None
    operands: tuple[int, ...]
    kind: Kind
    depth: int


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """One module call and, through its operands, the whole layout below it.

    ``kind`` is the kind of its value, ``depth`` 0 for a call without operands and else 1 + the deepest operand.
    ``size`` is the number of calls written out as a tree, ``label`` the call without its operands (``find[red]``),
    ``asks_panels`` whether some call of it is a ``where``.
    Raises LayoutError where the call does not fit ``SIGNATURES``.

    >>> red_circle = Layout("and", None, (Layout("find", "red"), Layout("find", "circle")))
    >>> str(Layout("exists", None, (red_circle,)))
    'exists(and(find[red], find[circle]))'
    """

    module: str
    argument: str | None = None
    operands: tuple["Layout", ...] = ()
    kind: Kind = field(init=False, repr=False)
    depth: int = field(init=False, repr=False)
    size: int = field(init=False, repr=False)
    label: str = field(init=False, repr=False)
    asks_panels: bool = field(init=False, repr=False)
    _hash: int = field(init=False, repr=False)
    _calls: tuple[Call, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        kind = _check_call(self.module, self.argument, self.operands)
        depth, size, asks_panels = 0, 1, False
        for operand in self.operands:
            depth = max(depth, operand.depth + 1)
            size += operand.size
            asks_panels |= operand.asks_panels
        if depth > MAX_DEPTH or size > MAX_SIZE:
            raise LayoutError(f"a layout may be {MAX_DEPTH} calls deep and {MAX_SIZE:,} calls large, this one is more")
        if asks_panels and self.module == "where":
            raise LayoutError("a where asks of one panel alone, so no where can stand below it")
        note = object.__setattr__
        note(self, "kind", kind)
        note(self, "depth", depth)
        note(self, "size", size)
        note(self, "label", call_label(self.module, self.argument))
        note(self, "asks_panels", asks_panels or self.module == "where")
        note(self, "_hash", hash((self.module, self.argument, self.operands)))
        note(self, "_calls", ())

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Layout) or hash(self) != hash(other):
            return False
        return (self.module, self.argument, self.operands) == (other.module, other.argument, other.operands)

    def __reduce__(self) -> tuple[Any, ...]:
        return Layout, (self.module, self.argument, self.operands)

    def __repr__(self) -> str:
        return f"parse_layout({str(self)!r})"

    def __str__(self) -> str:
        from nmn.layout.text import format_layout

        return format_layout(self)

    def _repr_html_(self) -> str:
        return html_of(self)

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls of the graph, operands before the calls that use them, the root last, each distinct one once."""
        if not self._calls:
            calls: list[Call] = []
            _append_calls(self, {}, calls)
            object.__setattr__(self, "_calls", tuple(calls))
        return self._calls

    def to_networkx(self) -> "networkx.DiGraph[int]":
        """Return the graph with a node per call and an edge from each operand to its user, in the direction of data.

        Nodes are positions in ``calls`` and carry ``module``, ``argument``, ``kind`` and ``depth``; edges carry
        ``operand``, the tuple of the operand positions they feed (two where a call uses the same operand twice).
        """
        import networkx

        graph: networkx.DiGraph[int] = networkx.DiGraph()
        for position, call in enumerate(self.calls):
            graph.add_node(position, module=call.module, argument=call.argument, kind=str(call.kind), depth=call.depth)
            for operand in dict.fromkeys(call.operands):
                places = tuple(place for place, other in enumerate(call.operands) if other == operand)
                graph.add_edge(operand, position, operand=places)
        return graph


def call_label(module: str, argument: str | None) -> str:
    """Return ``find[red]`` or ``and``: a call without its operands."""
    return module if argument is None else f"{module}[{argument}]"


def asked(layout: Layout) -> list[tuple[bool, bool]]:
    """Return, for each call of a layout, whether it is asked of the whole image and whether of each panel alone."""
    calls = layout.calls
    outside, inside = ([False] * len(calls) for _ in range(2))
    outside[-1] = True
    for place in range(len(calls) - 1, -1, -1):
        for operand in calls[place].operands:
            if calls[place].module == "where":
                inside[operand] = True
            else:
                outside[operand] |= outside[place]
                inside[operand] |= inside[place]
    return list(zip(outside, inside, strict=True))


def _append_calls(layout: Layout, positions: dict[Layout, int], calls: list[Call]) -> int:
    position = positions.get(layout)
    if position is None:
        operands = tuple([_append_calls(operand, positions, calls) for operand in layout.operands])
        position = positions[layout] = len(calls)
        calls.append(Call(layout.module, layout.argument, operands, layout.kind, layout.depth))
    return position


def _check_call(module: str, argument: str | None, operands: tuple[Layout, ...]) -> Kind:
    """Return the kind of the call's value, or raise LayoutError."""
    signature = signature_of(module)
    _check_argument(module, argument, signature.argument)
    kinds = tuple([operand.kind for operand in operands])
    if signature.output is not None:
        if kinds != signature.operands and not (signature.of_panels and kinds == of_panels(signature)):
            wanted = ", ".join(signature.operands) or "none"
            wanted += f") or ({', '.join(of_panels(signature))}" if signature.of_panels else ""
            raise LayoutError(f"{module} takes operands ({wanted}), got ({', '.join(kinds)})")
        return signature.output
    if len(kinds) != len(signature.operands) or len(set(kinds)) > 1 or kinds[0] not in CONNECTED:
        wanted = f"{len(signature.operands)} attentions, as many panels or as many truths"
        raise LayoutError(f"{module} takes {wanted}, got ({', '.join(kinds)})")
    return kinds[0]


def _check_argument(module: str, argument: str | None, wanted: Argument | None) -> None:
    if wanted is None:
        if argument is not None:
            raise LayoutError(f"{module} takes no argument, got [{argument}]")
    elif argument is None:
        raise LayoutError(f"{module} needs an argument: {module}[{wanted}]")
    elif wanted is Argument.NUMBER:
        if not (argument.isascii() and argument.isdigit() and str(int(argument[:9])) == argument):
            raise LayoutError(f"{module} takes a numeral such as [3], got [{argument}]")
        if int(argument) > MAX_NUMBER:
            raise LayoutError(f"{module} takes numerals up to {MAX_NUMBER}, got [{argument}]")
    elif wanted in CLOSED_ARGUMENTS:
        if argument not in CLOSED_ARGUMENTS[wanted]:
            raise LayoutError(f"{module} takes one of {', '.join(CLOSED_ARGUMENTS[wanted])}, got [{argument}]")
    elif not WORD.fullmatch(argument):
        raise LayoutError(f"{module} takes one word of letters, digits, _ and -, got [{argument}]")
