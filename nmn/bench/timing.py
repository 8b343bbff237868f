"""How benchmarks time: the median of several windows."""

import gc
import statistics
import time
from collections.abc import Callable

WINDOWS = 7


def paired_seconds(*works: Callable[[], object], windows: int = WINDOWS) -> list[list[float]]:
    """Return the wall times of some works, run in turn in each of several windows, after one that is not counted.

    Works of one window ran next to each other, so the ratio of their times holds on a machine whose speed drifts.
    """
    for work in works:
        work()
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(windows):
        for work, times in zip(works, seconds, strict=True):
            gc.collect()
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
    return seconds


def median_seconds(work: Callable[[], object], windows: int = WINDOWS) -> float:
    """Return the median wall time of some work over several windows, after one that is not counted."""
    return statistics.median(paired_seconds(work, windows=windows)[0])
