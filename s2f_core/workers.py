"""Work spread over processes: results in order, models loaded once per process, and nobody left behind."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from s2f_core.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")


def completed(work: Callable[[Item], Result], items: Sequence[Item], *, processes: int) -> Iterator[Result]:
    """Yield `work(item)` of every item as each is done, by this process alone or by several.

    `work` and the items must be picklable; workers ignore ^C, which the parent handles, and end when it does.
    Raises InputError where `processes` is below 1 or a worker died.
    """
    if processes < 1:
        raise InputError(f"work is done by at least 1 process, not {processes}; give a positive number")
    processes = min(processes, len(items))
    if processes <= 1:
        yield from map(work, items)
        return
    with _pool(processes) as executor:
        try:
            for future in as_completed([executor.submit(work, item) for item in items]):
                yield future.result()
        except BrokenProcessPool:
            raise InputError(f"one of {processes} worker processes died (out of memory?); run again with fewer") from None


@contextlib.contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")  # forking a program that has threads (torch, a notebook) can hang
    executor = ProcessPoolExecutor(processes, mp_context=context, initializer=_start_worker)
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    """Leave ^C to the parent, which stops the pool, and follow it where it dies without a word."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
