"""Processes that share work: started afresh, one thread of arithmetic each, gone when the one that started them is."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread


def worker_pool(workers: int) -> ProcessPoolExecutor:
    """Return a pool of processes that do not outlive this one, however it ends.

    The pool's own would: each holds the writing end of the queue that it waits on, so one whose parent was killed
    waits for ever.
    """
    return ProcessPoolExecutor(workers, get_context("spawn"), _begin)


def _begin() -> None:
    import torch

    torch.set_num_threads(1)
    Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
