"""Picks among readings: a run of the lowering takes the first of each, further runs replay it with others."""

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

Option = TypeVar("Option")
Result = TypeVar("Result")


@dataclass
class Choices:
    """The picks of one run: the first options by default, else as the prefix says; what was offered is recorded."""

    prefix: tuple[int, ...] = ()
    offered: list[int] = field(default_factory=list)

    def pick(self, options: Sequence[Option]) -> Option:
        """Return one of the options, which come in order of preference."""
        place = len(self.offered)
        self.offered.append(len(options))
        return options[self.prefix[place] if place < len(self.prefix) else 0]


def all_runs(
    run: Callable[[Choices], Result], failure: type[Exception], seconds: float
) -> Iterator[tuple[int, Result | None]]:
    """Yield (cost, result) of every run in order of cost, the number of steps away from the first options.

    A run that raises ``failure`` yields None. Ends early, after a last item with cost -1, when the time is up: that of
    the processor, so that a busy machine reads alike.
    """
    deadline = time.thread_time() + seconds
    queue: list[tuple[int, int, tuple[int, ...]]] = [(0, 0, ())]
    order = 0
    while queue:
        if time.thread_time() > deadline:
            yield -1, None
            return
        cost, _, prefix = heapq.heappop(queue)
        choices = Choices(prefix)
        try:
            yield cost, run(choices)
        except failure:
            yield cost, None
        for place in range(len(prefix), len(choices.offered)):
            for option in range(1, choices.offered[place]):
                order += 1
                chosen = prefix + (0,) * (place - len(prefix)) + (option,)
                heapq.heappush(queue, (cost + option, order, chosen))
