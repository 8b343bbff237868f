"""Processes that share work: started afresh, one thread of arithmetic each, gone when the one that started them is."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from threading import Thread, current_thread, main_thread


def worker_pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool of processes that do not outlive this one, however it ends.

    The pool's own would: each holds the writing end of the queue that it waits on, so one whose parent was killed
    waits for ever. An interruption is the parent's alone: they finish what they are at, and say nothing.
    """
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin)
    with _interruptions_ignored():
        for _ in range(workers):  # each starts one
            pool.submit(os.getpid)
    return pool


@contextmanager
def _interruptions_ignored() -> Iterator[None]:
    """Ignore Ctrl-C, as do the processes that are started meanwhile for as long as they live."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin() -> None:
    import torch

    torch.set_num_threads(1)
    Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
