"""When each call of a batch runs, so that few steps are needed: a list schedule over the union of all layouts."""

from itertools import chain

import numpy as np
from numpy.typing import NDArray

from nmn.assembler.views import Integers

DEAR = ("between", "relate_count", "ordinal", "count", "quantify", "distinct")  # a step of these costs most
WAIT = 0.1  # part of its calls by which a dear module is behind the others


def scheduled(groups: Integers, below: Integers, dear: NDArray[np.bool_]) -> Integers:
    """Return the step in which each structure runs.

    ``groups``: structures of one group may run together; ``below``: the operands of each, -1 for none; ``dear``: those
    that should rather wait for others of their group.

    A list schedule (Graham 1966): next runs the group of which the largest share of what is left is ready, so that it
    seldom has to run again. To find the best order is hard (on-the-fly batching, Neubig et al. 2017, section 3.2).
    """
    kinds, of_group = np.unique(groups, return_inverse=True)
    waiting = np.zeros(len(kinds))
    waiting[of_group[dear]] = WAIT
    group_of, left, waits = of_group.tolist(), np.bincount(of_group).tolist(), waiting.tolist()
    users: list[list[int]] = [[] for _ in group_of]
    missing = (below >= 0).sum(1).tolist()
    ready: dict[int, list[int]] = {}
    for structure, operands in enumerate(below.tolist()):
        if not missing[structure]:
            ready.setdefault(group_of[structure], []).append(structure)
        for operand in operands:
            if operand >= 0:
                users[operand].append(structure)
    steps, step = np.empty(len(groups), np.int64), 0
    while ready:
        group = max(ready, key=lambda group: len(ready[group]) / left[group] - waits[group])
        running = ready.pop(group)
        left[group] -= len(running)
        steps[running] = step
        step += 1
        for user in chain.from_iterable([users[structure] for structure in running]):
            missing[user] -= 1
            if not missing[user]:
                ready.setdefault(group_of[user], []).append(user)
    return steps
