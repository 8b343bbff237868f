"""Layouts as CLEVR's functional programs (Johnson et al. 2017, appendix; metadata.json of clevr-dataset-gen).

A program is a list of nodes {"function", "inputs", "value_inputs"}, inputs being positions of earlier nodes, written
out as a tree. CLEVR relates to one object, compares counts with counts and has neither negation nor numerals: what
needs more has no program. A ``unique`` within a set is taken for the set, since a generated scene fulfils it.
"""

from collections.abc import Callable
from typing import Any

from nmn.layout import Kind, Layout
from nmn.lexicon import Lexicon

RELATIONS = {"left_of": "left", "right_of": "right", "below": "front", "above": "behind"}
PROPERTIES = {"size": "size", "color": "color", "texture": "material", "shape": "shape"}
COMPARISONS = {"equal": "equal_integer", "fewer": "less_than", "more": "greater_than"}


class NoProgramError(ValueError):
    """CLEVR has no function for a call."""


def program(layout: Layout, lexicon: Lexicon) -> list[dict[str, Any]] | None:
    """Return a layout's program, or None where CLEVR's functions cannot say it.

    >>> from nmn.layout import parse_layout
    >>> from nmn.lexicon import load_lexicon
    >>> [node["function"] for node in program(parse_layout("count(find[red])"), load_lexicon("world"))]
    ['scene', 'filter_color', 'count']
    """
    written = Program(lexicon)
    try:
        written.answer(layout)
    except NoProgramError:
        return None
    return written.nodes


class Program:
    """A program in the making; each method appends what a layout needs and returns the position of its last node."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.nodes: list[dict[str, Any]] = []

    def node(self, function: str, *inputs: int, value: str | None = None) -> int:
        """Append a node."""
        values = [] if value is None else [value]
        self.nodes.append({"inputs": list(inputs), "function": function, "value_inputs": values})
        return len(self.nodes) - 1

    def answer(self, layout: Layout) -> int:
        """Append a question: a count, a truth or a property."""
        if layout.module in ("count", "exists") and layout.operands[0].kind is Kind.ATTENTION:
            return self.node({"count": "count", "exists": "exist"}[layout.module], self.set(layout.operands[0]))
        if layout.module == "describe":
            return self.query(layout.argument, layout.operands[0])
        if layout.module == "agree":
            inputs = [self.query(layout.argument, operand) for operand in layout.operands]
            return self.node(f"equal_{self.property(layout.argument)}", *inputs)
        counts = all(operand.module == "count" for operand in layout.operands)
        if layout.module == "compare" and layout.argument in COMPARISONS and counts:
            return self.node(COMPARISONS[layout.argument], *[self.answer(operand) for operand in layout.operands])
        raise NoProgramError(layout.label)

    def query(self, attribute: str | None, layout: Layout) -> int:
        """Append a query for a property of one object."""
        return self.node(f"query_{self.property(attribute)}", self.one(layout))

    def one(self, layout: Layout) -> int:
        """Append one object; only a ``unique`` is one."""
        if layout.module != "unique":
            raise NoProgramError(layout.label)
        return self.node("unique", self.set(layout.operands[0]))

    def set(self, layout: Layout) -> int:
        """Append a set of objects."""
        sets: dict[str, Callable[[], int]] = {
            "scene": lambda: self.node("scene"),
            "unique": lambda: self.set(layout.operands[0]),
            "and": lambda: self.all_of(list(conjuncts(layout))),
            "find": lambda: self.all_of([layout]),
            "or": lambda: self.node("union", *[self.set(operand) for operand in layout.operands]),
            "same": lambda: self.node(f"same_{self.property(layout.argument)}", self.one(layout.operands[0])),
            "relate": lambda: self.relate(layout),
        }
        if layout.module not in sets:
            raise NoProgramError(layout.label)
        return sets[layout.module]()

    def relate(self, layout: Layout) -> int:
        """Append what stands in a relation to one object."""
        if layout.argument not in RELATIONS:
            raise NoProgramError(layout.label)
        return self.node("relate", self.one(layout.operands[0]), value=RELATIONS[layout.argument])

    def all_of(self, parts: list[Layout]) -> int:
        """Append an intersection: filters by value, on what the other parts have in common."""
        others = [part for part in parts if part.module != "find"]
        last = self.set(others[0]) if others else self.node("scene")
        for other in others[1:]:
            last = self.node("intersect", last, self.set(other))
        for part in parts:
            if part.module == "find":
                name = self.property(self.lexicon.attribute_of.get(part.argument or ""))
                last = self.node(f"filter_{name}", last, value=part.argument)
        return last

    def property(self, attribute: str | None) -> str:
        """Return CLEVR's name of an attribute."""
        if attribute not in PROPERTIES:
            raise NoProgramError(f"{attribute}")
        return PROPERTIES[attribute]


def conjuncts(layout: Layout) -> list[Layout]:
    """Return the parts of nested ``and`` calls, those of a ``unique`` among them, which is the set that it is of."""
    if layout.module == "unique":
        return conjuncts(layout.operands[0])
    if layout.module != "and":
        return [layout]
    return [part for operand in layout.operands for part in conjuncts(operand)]
