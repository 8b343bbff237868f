"""How benchmarks time: the median of several windows."""

import gc
import statistics
import time
from collections.abc import Callable

WINDOWS = 7


def median_seconds(work: Callable[[], object], windows: int = WINDOWS) -> float:
    """Return the median wall time of some work over several windows, after one that is not counted."""
    work()
    seconds = []
    for _ in range(windows):
        gc.collect()
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)
