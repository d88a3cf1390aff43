"""Work spread over processes: results in order, models loaded once per process, and nobody left behind."""

import functools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from s2f_core.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")


def spread(
    work: Callable[[Item], Result], items: Sequence[Item], *, processes: int, prepare: Callable[[], object] = tuple
) -> Iterator[Result]:
    """Yield `work(item)` of every item, in order, done by this process alone or by several that are gone when this ends.

    Each item is worked on by one thread: libraries that start more would wait for each other on cores that other
    processes use, and sums could come out differently with another number of cores.

    Args:
        work: with the items picklable where there are several processes; what it returns must not depend on how many.
        prepare: called once in each worker before its first item, to load what all items need; the default does nothing.

    Raises:
        InputError: `processes` is below 1, or a worker died.
    """
    if processes < 1:
        raise InputError(f"work is done by at least 1 process, not {processes}; give a positive number")
    processes = min(processes, len(items))
    work = functools.partial(_on_one_thread, work)
    if processes <= 1:
        yield from map(work, items)
        return
    context = multiprocessing.get_context("spawn")  # forking a program that has threads (torch, a notebook) can hang
    executor = ProcessPoolExecutor(processes, mp_context=context, initializer=_start_worker, initargs=(prepare,))
    try:
        yield from executor.map(work, items)
    except BrokenProcessPool:
        raise InputError(
            f"one of {processes} worker processes died (out of memory?); run again with fewer processes"
        ) from None
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _on_one_thread(work: Callable[[Item], Result], item: Item) -> Result:
    from threadpoolctl import threadpool_limits  # sets a variable of the environment when imported

    with threadpool_limits(1):
        return work(item)


def _start_worker(prepare: Callable[[], object]) -> None:
    """Leave ^C to the parent, which stops the pool, and follow it where it dies without a word."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    prepare()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
