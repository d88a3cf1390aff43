"""Work over processes: the same results in the same order, errors that come through, and nothing done for nobody."""

import os
import signal

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from s2f_core import workers
from s2f_core.errors import InputError


def squared(number: int) -> int:
    return number * number


def refused(number: int) -> int:
    raise InputError(f"number {number} is refused")


def threads(_: int) -> int:
    np.ones((64, 64)) @ np.ones((64, 64))
    return max(pool["num_threads"] for pool in threadpool_info())


def killed(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_order_however_many_work(processes: int) -> None:
    assert list(workers.spread(squared, range(7), processes=processes)) == [0, 1, 4, 9, 16, 25, 36]


def test_nothing_to_do_starts_nobody() -> None:
    assert list(workers.spread(squared, [], processes=4)) == []


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_of_the_work_is_the_callers(processes: int) -> None:
    with pytest.raises(InputError, match="number 1 is refused"):
        list(workers.spread(refused, [1, 2], processes=processes))


def test_a_killed_worker_and_no_worker_are_said() -> None:
    with pytest.raises(InputError, match="one of 2 worker processes died"):
        list(workers.spread(killed, [1, 2], processes=2))
    with pytest.raises(InputError, match="at least 1 process, not 0"):
        list(workers.spread(squared, [1], processes=0))


@pytest.mark.parametrize("processes", [1, 2])
def test_an_item_is_worked_on_by_one_thread(processes: int) -> None:
    assert list(workers.spread(threads, [1, 2], processes=processes)) == [1, 1]
