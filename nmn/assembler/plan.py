"""Layouts of a batch to one plan: which calls there are, which run together, and where each value will lie.

All decisions are taken here, with integers only and no torch. Equal sub-layouts on the same image become one call;
calls of the same module and kind that are ready together become one step, whose values lie in consecutive rows of its
kind's buffer (dynamic batching over the union graph, Looks et al. 2017, section 2). What uses a call that only passes
its operand on, such as ``unique``, reads that operand, so that it need not wait.

A call below a ``where`` is executed once for each panel. What a call sees is its *view* of its image: view 0 is the
whole image, view 1 + p its panel p alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmn.assembler.schedule import LAST, PASSING, WAITS, scheduled
from nmn.assembler.views import Integers, Structure, for_each_panel, in_views, views_of
from nmn.layout import SIGNATURES, Argument, Kind, Layout, signature_of

KINDS = tuple(Kind)
KIND_PLACES = {kind: place for place, kind in enumerate(KINDS)}
SET_PLACES = [KIND_PLACES[kind] for kind in (Kind.ATTENTION, Kind.PANELS)]
SORTED = (Argument.QUANTIFIER, Argument.RELATION, Argument.SUPERLATIVE)  # calls of a step lie in the order of these


@dataclass(frozen=True, slots=True)
class Step:
    """Calls ``start`` to ``stop`` of the plan, run by one function; their values fill ``rows`` of the kind's buffer.

    ``words`` are the different arguments of a step whose arguments choose the computation (see SORTED), and ``sizes``
    how many calls have each, one word's after the other's; else empty.
    """

    module: str
    kind: Kind
    operand_kinds: tuple[Kind, ...]
    words: tuple[str, ...]
    sizes: tuple[int, ...]
    start: int
    stop: int
    rows: slice


@dataclass(frozen=True)
class Plan:
    """A batch of layouts as steps over arrays with one entry a call, in the order of execution.

    ``images`` and ``views``: what each call sees; ``panels``: how many panels ``where`` asks in every image, 0 where no
    layout has one, so that every view is 0; ``arguments``: its argument as an index into ``names``, -1 for none;
    ``operands``: rows of its operands, past PASSING ones, in their kinds' buffers; ``sizes``: rows of each buffer. The
    distinct sub-layouts are numbered, ``kinds`` are those of their values and ``example_roots`` the numbers of the
    examples' own; ``members`` are the numbers within each distinct layout, ``chosen`` which of these each example has;
    ``keys`` (sorted) and ``key_rows`` find the row of any call by image and number.
    """

    layouts: tuple[Layout, ...]
    example_images: Integers
    example_roots: Integers
    steps: tuple[Step, ...]
    sizes: dict[Kind, int]
    images: Integers
    views: Integers
    panels: int
    arguments: Integers
    operands: tuple[Integers, ...]
    names: tuple[tuple[Argument, str], ...]
    kinds: Integers
    members: tuple[list[int], ...]
    chosen: Integers
    keys: Integers
    key_rows: Integers

    @property
    def calls(self) -> int:
        """Number of calls that are executed, after sharing."""
        return len(self.images)

    def rows(self, example: int) -> list[tuple[int, ...]]:
        """Return, for each of ``layouts[example].calls``, its rows in its kind's buffer: one for each view.

        A call that is asked of the whole image alone has one row, a call below a ``where`` one for each panel; a call
        that is asked of both has the row of the whole image first.
        """
        layout, numbers = self.layouts[example], self.numbers(example)
        first = self.example_images[example] * (1 + self.panels)
        if not layout.asks_panels:
            return [(row,) for row in self._find(first, np.array(numbers)).tolist()]
        return [
            tuple(self._find(first + np.array(views), np.array(number)).tolist())
            for number, views in zip(numbers, views_of(layout, self.panels), strict=True)
        ]

    def numbers(self, example: int) -> list[int]:
        """Return the number of each of ``layouts[example].calls`` among the distinct sub-layouts."""
        return list(dict.fromkeys(self.members[self.chosen[example]]))

    def rows_of(self, examples: Integers, numbers: Integers) -> Integers:
        """Return the rows of calls that are asked of the whole image, by their examples and their numbers."""
        return self._find(self.example_images[examples] * (1 + self.panels), numbers)

    def roots(self) -> Integers:
        """Return the row of each example's root in its kind's buffer."""
        return self._find(self.example_images * (1 + self.panels), self.example_roots)

    def _find(self, seen: Integers, numbers: Integers) -> Integers:
        return self.key_rows[np.searchsorted(self.keys, seen * len(self.kinds) + numbers)]

    @property
    def largest_number(self) -> int:
        """The largest numeral among the arguments."""
        return max((int(name) for argument, name in self.names if argument is Argument.NUMBER), default=0)


def plan(layouts: Sequence[Layout], images: Sequence[int] | None = None, panels: int = 1) -> Plan:
    """Plan the execution of ``layouts[i]`` on image ``images[i]`` (by default, image i).

    ``panels``: how many panels the images have, those of the image with most (``Regions.panels.count``). Every distinct
    layout is analysed once, however many images it runs on.
    """
    example_images = _checked_images(len(layouts), range(len(layouts)) if images is None else images)
    structures = _Structures()
    distinct: dict[Layout, int] = {}
    chosen = np.array([distinct.setdefault(layout, len(distinct)) for layout in layouts], np.int64)
    members = [structures.add(layout) for layout in distinct]
    roots = np.fromiter([numbers[-1] for numbers in members], np.int64, len(members))[chosen]
    panels = panels if any(layout.asks_panels for layout in distinct) else 0
    seen = members
    if panels:
        seen = [
            in_views(layout, numbers, len(structures), panels)
            for layout, numbers in zip(distinct, members, strict=True)
        ]
    keys = _keys(seen, chosen, example_images, len(structures) * (1 + panels))
    return _arrange(_Batch(tuple(layouts), example_images, roots, members, chosen), structures, keys, panels)


def _checked_images(layouts: int, images: Sequence[int]) -> Integers:
    numbers = np.asarray(images)
    if len(numbers) != layouts:
        raise ValueError(f"{layouts} layouts need as many images, got {len(numbers)}")
    if len(numbers) and (numbers.dtype.kind not in "iu" or numbers.min() < 0):
        raise ValueError(f"images are numbered by integers from 0, got {numbers.tolist()[:5]}")
    return numbers.astype(np.int64)


class _Structures:
    """The distinct sub-layouts of a batch, numbered, operands before the calls that use them."""

    def __init__(self) -> None:
        self.numbers: dict[Structure, int] = {}
        self.layouts: list[Layout] = []
        self.flat_operands: list[int] = []

    def __len__(self) -> int:
        return len(self.layouts)

    def add(self, layout: Layout) -> list[int]:
        """Number the layout's sub-layouts; return the numbers, some of them repeated, the root's last.

        The hot loop of planning: one dictionary look-up a call.
        """
        members: list[int] = []
        _number(layout, self.numbers, self.layouts, self.flat_operands, members)
        return members


def _number(
    layout: Layout, numbers: dict[Structure, int], layouts: list[Layout], flat: list[int], members: list[int]
) -> int:
    """Return a layout's number, a new one for a new structure, and note it after those of its operands.

    A function of the module: one within ``add`` would hold itself, and with it the batch until the collector comes.
    """
    operands = layout.operands
    key: Structure
    if not operands:
        key = (layout.label,)
    elif len(operands) == 1:
        key = (layout.label, _number(operands[0], numbers, layouts, flat, members))
    elif len(operands) == 2:
        first = _number(operands[0], numbers, layouts, flat, members)
        key = (layout.label, first, _number(operands[1], numbers, layouts, flat, members))
    else:
        key = (layout.label, *[_number(operand, numbers, layouts, flat, members) for operand in operands])
    number = numbers.get(key)
    if number is None:
        number = numbers[key] = len(layouts)
        layouts.append(layout)
        flat.extend(key[1:])  # type: ignore[arg-type]
    members.append(number)
    return number


class _Batch(NamedTuple):
    """What a plan says of its examples: see there."""

    layouts: tuple[Layout, ...]
    images: Integers
    roots: Integers
    members: list[list[int]]
    chosen: Integers


@dataclass(frozen=True)
class _Table:
    """What the plan needs of each structure, as arrays; found once for each distinct label, not for each structure.

    ``groups``: which step it belongs to; ``order``: that, then its argument where calls are sorted by it. ``shifts``:
    how many views further each of its operands is asked, None where all are asked in its own view.
    """

    layouts: list[Layout]
    kinds: Integers
    groups: Integers
    order: Integers
    arguments: Integers
    below: Integers
    shifts: Integers | None
    names: tuple[tuple[Argument, str], ...]


def _table(structures: _Structures, panels: int) -> _Table:
    layouts, labels = structures.layouts, dict[str, int]()
    of_label = np.fromiter([labels.setdefault(layout.label, len(labels)) for layout in layouts], np.int64, len(layouts))
    firsts = [layouts[index] for index in np.unique(of_label, return_index=True)[1]]
    signatures = [signature_of(layout.module) for layout in firsts]
    arity = np.array([len(signature.operands) for signature in signatures], np.int64)[of_label]
    below = np.full((len(layouts), max([1, *(len(signature.operands) for signature in signatures)])), -1, np.int64)
    below[np.arange(below.shape[1]) < arity[:, None]] = structures.flat_operands
    outputs = [-1 if signature.output is None else KIND_PLACES[signature.output] for signature in signatures]
    kinds = _connective_kinds(np.array(outputs, np.int64)[of_label], below)
    arguments, names = _arguments(firsts)
    below = _past(np.array([layout.module in PASSING for layout in firsts], bool)[of_label], below)
    below, shifts = for_each_panel(below, layouts, panels) if panels else (below, None)
    places = {name: place for place, name in enumerate(SIGNATURES)}
    modules = np.array([places[layout.module] for layout in firsts], np.int64)[of_label]
    operand_kinds = np.where(below[:, 0] < 0, 0, kinds[below[:, 0]])
    waits = np.array([WAITS.get(layout.module, 0.0) for layout in firsts], np.float64)[of_label]
    waits += LAST * ~(np.isin(kinds, SET_PLACES) | (below[:, 0] < 0))
    groups = scheduled((modules * len(KINDS) + kinds) * len(KINDS) + operand_kinds, below, waits)
    sort = np.array([signature.argument in SORTED for signature in signatures], bool)[of_label]
    order = groups * (1 + len(names)) + np.where(sort, arguments[of_label] + 1, 0)
    return _Table(layouts, kinds, groups, order, arguments[of_label], below, shifts, names)


def _connective_kinds(kinds: Integers, below: Integers) -> Integers:
    """Give "and", "or" and "not" (-1 so far) the kind of their first operand, from the leaves upwards."""
    while (unknown := np.flatnonzero(kinds < 0)).size:
        kinds[unknown] = kinds[below[unknown, 0]]
    return kinds


def _past(passing: NDArray[np.bool_], below: Integers) -> Integers:
    """Return the operands of each structure, past those that are passing to what these pass on."""
    while (through := (below >= 0) & passing[below]).any():
        below = np.where(through, below[below, 0], below)
    return below


def _arguments(layouts: list[Layout]) -> tuple[Integers, tuple[tuple[Argument, str], ...]]:
    """Return each layout's argument as an index into the names, -1 for none."""
    names: dict[tuple[Argument, str], int] = {}
    indices = []
    for layout in layouts:
        argument, word = SIGNATURES[layout.module].argument, layout.argument
        indices.append(-1 if argument is None or word is None else names.setdefault((argument, word), len(names)))
    return np.array(indices, np.int64), tuple(names)


def _keys(members: list[list[int]], chosen: Integers, images: Integers, structures: int) -> Integers:
    """Return the sorted keys, ``image * structures + number``, of the distinct calls of all examples."""
    sizes = np.fromiter(map(len, members), np.int64, len(members))
    flat = np.fromiter(chain.from_iterable(members), np.int64, int(sizes.sum()))
    starts = np.cumsum(sizes) - sizes
    lengths = sizes[chosen]
    before = np.cumsum(lengths) - lengths
    places = np.arange(int(lengths.sum())) + np.repeat(starts[chosen] - before, lengths)
    keys = np.repeat(images * structures, lengths) + flat[places]
    keys.sort()
    return np.asarray(keys[np.flatnonzero(np.diff(keys, prepend=-1))])


def _arrange(batch: _Batch, structures: _Structures, keys: Integers, panels: int) -> Plan:
    """Order the calls by step, give each a row and find the rows of its operands."""
    table = _table(structures, panels)
    seen, numbers = np.divmod(keys, max(1, len(structures)))
    order = np.argsort(table.order[numbers], kind="stable")
    key_rows, sizes = _rows(table.kinds[numbers], order)
    operand_keys = table.below[numbers] + seen[:, None] * len(structures)
    if table.shifts is not None:
        operand_keys += table.shifts[numbers] * len(structures)
    operands = _operand_rows(table.below[numbers] >= 0, operand_keys, keys, key_rows, order)
    ordered = numbers[order]
    steps = _steps(table, ordered, key_rows[order], panels)
    call_images, views = np.divmod(seen[order], 1 + panels)
    return Plan(
        batch.layouts, batch.images, batch.roots, steps, sizes, call_images, views, panels, table.arguments[ordered],
        operands, table.names, table.kinds, tuple(batch.members), batch.chosen, keys, key_rows,
    )  # fmt: skip


def _rows(kinds: Integers, order: Integers) -> tuple[Integers, dict[Kind, int]]:
    """Return the row of every call (in the order of the keys) in its kind's buffer, and the buffers' sizes."""
    rows = np.empty(len(kinds), np.int64)
    sizes = {}
    for place, kind in enumerate(KINDS):
        of_kind = order[kinds[order] == place]
        rows[of_kind] = np.arange(len(of_kind))
        sizes[kind] = len(of_kind)
    return rows, sizes


def _operand_rows(
    there: NDArray[np.bool_], operand_keys: Integers, keys: Integers, key_rows: Integers, order: Integers
) -> tuple[Integers, ...]:
    """Return, for each operand place, the row of each call's operand, in the order of execution; 0 for none."""
    rows = []
    for place in range(there.shape[1]):
        present = np.flatnonzero(there[:, place])
        found = np.zeros(len(keys), np.int64)
        found[present] = key_rows[np.searchsorted(keys, operand_keys[present, place])]
        rows.append(found[order])
    return tuple(rows)


def _steps(table: _Table, numbers: Integers, rows: Integers, panels: int) -> tuple[Step, ...]:
    groups = table.groups[numbers]
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    stops = np.append(starts, len(groups))[1:]
    steps = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        layout = table.layouts[numbers[start]]
        kinds = tuple(operand.kind for operand in layout.operands) * (panels if layout.module == "where" else 1)
        words: tuple[str, ...] = ()
        sizes: tuple[int, ...] = ()
        if SIGNATURES[layout.module].argument in SORTED:
            places, counts = np.unique(table.arguments[numbers[start:stop]], return_counts=True)
            words, sizes = tuple(table.names[place][1] for place in places.tolist()), tuple(counts.tolist())
        row = int(rows[start])
        steps.append(Step(layout.module, layout.kind, kinds, words, sizes, start, stop, slice(row, row + stop - start)))
    return tuple(steps)
