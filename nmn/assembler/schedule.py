"""When each call of a batch runs, so that few steps are needed: a list schedule over the union of all layouts."""

import numpy as np
from numpy.typing import NDArray

from nmn.assembler.views import Integers

PASSING = ("unique",)  # modules whose value is their operand's, which who uses it may read as well
# by which part of its calls a module is behind the others: those whose steps cost most, and what nothing waits for
WAITS = {
    **dict.fromkeys(("between", "nearest", "farthest", "relate_count", "ordinal"), 0.1),
    **dict.fromkeys(("count", "quantify", "distinct", "commonest", "rarest"), 0.1),
    **dict.fromkeys(PASSING, 9.0),
}
LAST = 0.3  # the same of truths, numbers and attributes, which few sets are made of: they rather wait


def scheduled(groups: Integers, below: Integers, waits: NDArray[np.float64]) -> Integers:
    """Return the step in which each structure runs.

    ``groups``: structures of one group may run together; ``below``: the operands of each, -1 for none; ``waits``: how
    far each should rather wait for others of its group (see WAITS and LAST).

    A list schedule (Graham 1966): next runs the group of which the largest share of what is left is ready, so that it
    seldom has to run again. To find the best order is hard (on-the-fly batching, Neubig et al. 2017, section 3.2).
    """
    kinds, of_group = np.unique(groups, return_inverse=True)
    behind = np.zeros(len(kinds))
    behind[of_group] = waits
    group_of, left, late = of_group.tolist(), np.bincount(of_group).tolist(), behind.tolist()
    missing = (below >= 0).sum(1).tolist()
    users, first = _users(below)
    ready: dict[int, list[int]] = {}
    for structure, operands in enumerate(missing):
        if not operands:
            ready.setdefault(group_of[structure], []).append(structure)
    steps, step = np.empty(len(groups), np.int64), 0
    while ready:
        group = max(ready, key=lambda group: len(ready[group]) / left[group] - late[group])
        running = ready.pop(group)
        left[group] -= len(running)
        steps[running] = step
        step += 1
        for structure in running:
            for user in users[first[structure] : first[structure + 1]]:
                missing[user] -= 1
                if not missing[user]:
                    ready.setdefault(group_of[user], []).append(user)
    return steps


def _users(below: Integers) -> tuple[list[int], list[int]]:
    """Return the users of all structures, one structure's after the other's, and where those of each begin."""
    users, places = np.nonzero(below >= 0)
    operands = below[users, places]
    first = np.concatenate([[0], np.cumsum(np.bincount(operands, minlength=len(below)))])
    return users[np.argsort(operands, kind="stable")].tolist(), first.tolist()
