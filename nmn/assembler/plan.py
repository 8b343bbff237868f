"""Layouts of a batch to one plan: which calls there are, which run together, and where each value will lie.

All decisions are taken here, with integers only and no torch. Equal sub-layouts on the same image become one call;
calls of the same depth, module and kind become one step, whose values lie in consecutive rows of its kind's buffer
(dynamic batching over the union graph, Looks et al. 2017, section 2).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmn.layout import SIGNATURES, Argument, Kind, Layout

Integers = NDArray[np.int64]
KINDS = tuple(Kind)
MAX_OPERANDS = 3


@dataclass(frozen=True, slots=True)
class Step:
    """Calls ``start`` to ``stop`` of the plan, run by one function; their values fill ``rows`` of the kind's buffer.

    ``variant`` is the quantifier of a ``quantify`` step, whose argument chooses the computation, and else empty.
    """

    module: str
    variant: str
    kind: Kind
    operand_kinds: tuple[Kind, ...]
    start: int
    stop: int
    rows: slice


@dataclass(frozen=True)
class Plan:
    """A batch of layouts as steps over arrays with one entry a call, in the order of execution.

    ``images``: the image of each call; ``arguments``: its argument as an index into ``names``, -1 for none;
    ``operands``: rows of its operands in their kinds' buffers; ``sizes``: rows of each buffer. ``keys`` (sorted) and
    ``key_rows`` find the row of any call by image and structure; ``structures`` numbers the distinct sub-layouts.
    """

    layouts: tuple[Layout, ...]
    example_images: Integers
    steps: tuple[Step, ...]
    sizes: dict[Kind, int]
    images: Integers
    arguments: Integers
    operands: tuple[Integers, ...]
    names: tuple[tuple[Argument, str], ...]
    structures: dict[tuple[str, str | None, tuple[int, ...]], int]
    keys: Integers
    key_rows: Integers

    @property
    def calls(self) -> int:
        """Number of calls that are executed, after sharing."""
        return len(self.images)

    def rows(self, example: int) -> list[int]:
        """Return, for each of ``layouts[example].calls``, the row of its value in its kind's buffer."""
        numbers: list[int] = []
        for call in self.layouts[example].calls:
            key = (call.module, call.argument, tuple([numbers[operand] for operand in call.operands]))
            numbers.append(self.structures[key])
        keys = self.example_images[example] * len(self.structures) + np.array(numbers)
        return [int(row) for row in self.key_rows[np.searchsorted(self.keys, keys)]]

    def roots(self) -> Integers:
        """Return the row of each example's root in its kind's buffer."""
        return self.key_rows[np.searchsorted(self.keys, self.root_keys)]

    @property
    def root_keys(self) -> Integers:
        """The key of each example's root."""
        numbers = {layout: _number(layout, self.structures) for layout in set(self.layouts)}
        roots = np.fromiter((numbers[layout] for layout in self.layouts), np.int64, len(self.layouts))
        return self.example_images * len(self.structures) + roots

    @property
    def largest_number(self) -> int:
        """The largest numeral among the arguments."""
        return max((int(name) for argument, name in self.names if argument is Argument.NUMBER), default=0)


def plan(layouts: Sequence[Layout], images: Sequence[int] | None = None) -> Plan:
    """Plan the execution of ``layouts[i]`` on image ``images[i]`` (by default, image i).

    Every distinct layout is analysed once, however many images it runs on.
    """
    example_images = np.arange(len(layouts)) if images is None else np.asarray(images, np.int64)
    if len(example_images) != len(layouts):
        raise ValueError(f"{len(layouts)} layouts need as many images, got {len(example_images)}")
    table = _Structures()
    distinct = {layout: index for index, layout in enumerate(dict.fromkeys(layouts))}
    members = [table.add(layout) for layout in distinct]
    chosen = np.fromiter(map(distinct.__getitem__, layouts), np.int64, len(layouts))
    call_images, numbers = _spread(members, chosen, example_images)
    keys = np.unique(call_images * len(table) + numbers)
    return _arrange(tuple(layouts), example_images, table, keys)


class _Structures:
    """The distinct sub-layouts of a batch, numbered, with everything the plan needs of each."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, str | None, tuple[int, ...]], int] = {}
        self.layouts: list[Layout] = []
        self.operands: list[tuple[int, ...]] = []

    def __len__(self) -> int:
        return len(self.layouts)

    def add(self, layout: Layout) -> list[int]:
        """Number the layout's sub-layouts; return the numbers, the root's last."""
        seen: dict[int, int] = {}
        self._visit(layout, seen)
        return list(seen.values())

    def _visit(self, layout: Layout, seen: dict[int, int]) -> int:
        number = seen.get(id(layout))
        if number is None:
            operands = layout.operands
            below = tuple([self._visit(operand, seen) for operand in operands]) if operands else ()
            key = (layout.module, layout.argument, below)
            number = self.numbers.get(key)
            if number is None:
                number = self.numbers[key] = len(self.layouts)
                self.layouts.append(layout)
                self.operands.append(below)
            seen[id(layout)] = number
        return number


def _number(layout: Layout, numbers: dict[tuple[str, str | None, tuple[int, ...]], int]) -> int:
    below = tuple([_number(operand, numbers) for operand in layout.operands])
    return numbers[(layout.module, layout.argument, below)]


def _spread(members: list[list[int]], chosen: Integers, images: Integers) -> tuple[Integers, Integers]:
    """Return image and structure number of every call of every example, repetitions included."""
    sizes = np.fromiter(map(len, members), np.int64, len(members))
    flat = np.fromiter((number for numbers in members for number in numbers), np.int64, int(sizes.sum()))
    starts = np.cumsum(sizes) - sizes
    lengths = sizes[chosen]
    before = np.cumsum(lengths) - lengths
    within = np.arange(int(lengths.sum())) - np.repeat(before, lengths)
    return np.repeat(images, lengths), flat[np.repeat(starts[chosen], lengths) + within]


def _arrange(layouts: tuple[Layout, ...], images: Integers, table: _Structures, keys: Integers) -> Plan:
    """Order the calls by step, give each a row and find the rows of its operands."""
    size = max(1, len(table))
    groups, group_keys = _groups(table.layouts)
    arguments, names = _arguments(table.layouts)
    call_images, numbers = np.divmod(keys, size)
    order = np.argsort(groups[numbers], kind="stable")
    kinds = np.fromiter((KINDS.index(layout.kind) for layout in table.layouts), np.int64, len(table))[numbers]
    key_rows, sizes = _rows(kinds, order)
    operands = _operand_rows(table, keys, key_rows, call_images, numbers, order)
    steps = _steps(group_keys, groups[numbers[order]], key_rows[order])
    return Plan(
        layouts, images, steps, sizes, call_images[order], arguments[numbers[order]], operands, names,
        table.numbers, keys, key_rows,
    )  # fmt: skip


def _groups(layouts: list[Layout]) -> tuple[Integers, list[tuple[int, str, str, Kind, tuple[Kind, ...]]]]:
    """Return each structure's step as an index into the sorted (depth, module, variant, kind, operand kinds)."""
    keys = []
    for layout in layouts:
        variant = layout.argument or "" if SIGNATURES[layout.module].argument is Argument.QUANTIFIER else ""
        kinds = tuple([operand.kind for operand in layout.operands])
        keys.append((layout.depth, layout.module, variant, layout.kind, kinds))
    ordered = sorted(set(keys))
    index = {key: place for place, key in enumerate(ordered)}
    return np.fromiter((index[key] for key in keys), np.int64, len(keys)), ordered


def _arguments(layouts: list[Layout]) -> tuple[Integers, tuple[tuple[Argument, str], ...]]:
    names: dict[tuple[Argument, str], int] = {}
    indices = []
    for layout in layouts:
        argument = SIGNATURES[layout.module].argument
        if argument is None or layout.argument is None:
            indices.append(-1)
        else:
            indices.append(names.setdefault((argument, layout.argument), len(names)))
    return np.array(indices, np.int64), tuple(names)


def _rows(kinds: Integers, order: Integers) -> tuple[Integers, dict[Kind, int]]:
    """Return the row of every call (in the order of the keys) in its kind's buffer, and the buffers' sizes."""
    rows = np.empty(len(kinds), np.int64)
    sizes = {}
    for index, kind in enumerate(KINDS):
        of_kind = order[kinds[order] == index]
        rows[of_kind] = np.arange(len(of_kind))
        sizes[kind] = len(of_kind)
    return rows, sizes


def _operand_rows(
    table: _Structures, keys: Integers, key_rows: Integers, images: Integers, numbers: Integers, order: Integers
) -> tuple[Integers, ...]:
    below = np.full((len(table), MAX_OPERANDS), -1, np.int64)
    for number, operands in enumerate(table.operands):
        for place, operand in enumerate(operands):
            below[number, place] = operand
    rows = []
    for place in range(MAX_OPERANDS):
        operand = below[numbers, place]
        found = np.zeros(len(keys), np.int64)
        present = np.flatnonzero(operand >= 0)
        wanted = images[present] * len(table) + operand[present]
        found[present] = key_rows[np.searchsorted(keys, wanted)]
        rows.append(found[order])
    return tuple(rows)


def _steps(
    group_keys: list[tuple[int, str, str, Kind, tuple[Kind, ...]]], groups: Integers, rows: Integers
) -> tuple[Step, ...]:
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    stops = np.append(starts[1:], len(groups))
    steps = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        _, module, variant, kind, operand_kinds = group_keys[groups[start]]
        row = int(rows[start])
        steps.append(Step(module, variant, kind, operand_kinds, start, stop, slice(row, row + stop - start)))
    return tuple(steps)
