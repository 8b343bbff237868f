"""Labels by the exact executor, a batch at a time: answers, which of them are sure, and the trace of every call."""

from collections.abc import Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmn.assembler.execute import Run, execute
from nmn.assembler.plan import KIND_PLACES, KINDS, plan
from nmn.assembler.trace import PRESUPPOSITIONS, SETS
from nmn.layout import Kind, Layout
from nmn.modules.library import Library
from nmn.regions import Regions

Integers = NDArray[np.int64]
SURE = 1e-7  # from 0 or 1; exact values are products of 0, 1/2 and 1, so that nothing is rounded
NONE = -1


def judge(
    layouts: Sequence[Layout], images: Sequence[int] | Integers, regions: Regions, library: Library
) -> tuple[Integers, NDArray[np.bool_]]:
    """Return the answer of each layout on its image as an integer, and whether it is sure.

    A truth is 0 or 1, an attribute the position of its one value, a set of objects or panels the sum of 2^i over it.
    Sure: nothing within the margins of truth could change it (see ``encode``), every presupposition holds surely, and
    an attribute has one value.
    """
    run = execute(plan(layouts, images, panels=regions.panels.count), library, regions)  # type: ignore[arg-type]
    answers, sure = _answers(run)
    return answers, sure & _presupposed(run)


def _answers(run: Run) -> tuple[Integers, NDArray[np.bool_]]:
    roots = run.plan.roots()
    kinds = np.array([layout.kind for layout in run.plan.layouts])
    answers, sure = np.full(len(roots), NONE), np.zeros(len(roots), bool)
    for kind in Kind:
        of_kind = np.flatnonzero(kinds == kind)
        if not len(of_kind):
            continue
        values = run.values[kind].numpy()[roots[of_kind]].astype(np.float64)
        if kind is Kind.TRUTH:
            values = values[:, None]
        whole = np.abs(values - np.round(values)).max(-1) < SURE
        rounded = np.round(values).astype(np.int64)
        if kind is Kind.TRUTH:
            answers[of_kind] = rounded[:, 0]
        elif kind in SETS:
            answers[of_kind] = rounded @ (1 << np.arange(rounded.shape[1]))
        else:
            answers[of_kind] = rounded.argmax(-1)
            whole &= rounded.sum(-1) == 1
        sure[of_kind] = whole
    return answers, sure


def _presupposed(run: Run) -> NDArray[np.bool_]:
    """Return, for each example, whether all that its calls presuppose surely holds."""
    wrong = np.zeros(int(run.plan.example_images.max(initial=-1)) + 1, bool)
    names = [word for _, word in run.plan.names]
    for step in run.plan.steps:
        keys = {key for key in PRESUPPOSITIONS if key[0] == step.module}
        if not keys or step.operand_kinds[0] is not Kind.ATTENTION:
            continue
        calls = slice(step.start, step.stop)
        sets = run.values[Kind.ATTENTION].numpy()[run.plan.operands[0][calls]]
        whole = np.abs(sets - np.round(sets)).max(-1) < SURE
        counts = np.round(sets).sum(-1)
        low, high = np.zeros(len(counts)), np.full(len(counts), np.inf)
        for _, word in keys:
            chosen = np.ones(len(counts), bool)
            if word is not None:
                place = names.index(word) if word in names else -2
                chosen = run.plan.arguments[calls] == place
            bounds = PRESUPPOSITIONS[step.module, word]
            low[chosen], high[chosen] = bounds[0], np.inf if bounds[1] is None else bounds[1]
        failed = ~(whole & (counts >= low) & (counts <= high))
        wrong[run.plan.images[calls][failed]] = True
    return ~wrong[run.plan.example_images]


def traces(run: Run) -> list[list[Any]]:
    """Return, for each example of a run, the value of each of its layout's calls: what a trace says, as plain data.

    A set is the list of its members, a truth a bool, a number an int, an attribute the list of its values' positions. A
    call that is asked of each panel alone has, if it is a set, the union; else the list of its values.
    """
    tables = [_plain(kind, run.values[kind].numpy()) for kind in KINDS]
    layouts = run.plan.layouts
    numbers = [[] if layout.asks_panels else run.plan.numbers(place) for place, layout in enumerate(layouts)]
    flat = np.fromiter(chain.from_iterable(numbers), np.int64)
    rows = run.plan.rows_of(np.repeat(np.arange(len(numbers)), [len(own) for own in numbers]), flat)
    seen = iter([tables[kind][row] for kind, row in zip(run.plan.kinds[flat].tolist(), rows.tolist(), strict=True)])
    return [
        _of_panels(run, place, tables) if layout.asks_panels else list(islice(seen, len(own)))
        for place, (layout, own) in enumerate(zip(layouts, numbers, strict=True))
    ]


def _of_panels(run: Run, example: int, tables: list[list[Any]]) -> list[Any]:
    """Return the values of the calls of a layout of which some are asked of each panel alone."""
    calls, rows = run.plan.layouts[example].calls, run.plan.rows(example)
    return [_seen(tables[KIND_PLACES[call.kind]], own, call.kind) for call, own in zip(calls, rows, strict=True)]


def _seen(table: list[Any], rows: tuple[int, ...], kind: Kind) -> Any:
    if len(rows) == 1:
        return table[rows[0]]
    values = [table[row] for row in rows]
    return sorted({member for value in values for member in value}) if kind in SETS else values


def _plain(kind: Kind, values: NDArray[np.float32]) -> list[Any]:
    if kind is Kind.TRUTH:
        return (values > 0.5).tolist()  # type: ignore[no-any-return]
    if kind is Kind.NUMBER:
        return values.argmax(-1).tolist()  # type: ignore[no-any-return]
    listed: list[list[int]] = [[] for _ in values]
    for row, place in zip(*(axis.tolist() for axis in np.nonzero(values > 0.5)), strict=True):
        listed[row].append(place)
    return listed
