"""Many rows through networks: some at a time, blocks side by side, one thread each, with progress."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Shaped

from s2f_core.progress import progress

ROWS = 32  # at once in each thread
Result = TypeVar("Result")


def in_blocks(work: Callable[[Shaped[np.ndarray, "block ..."]], Result], rows: Shaped[np.ndarray, "rows ..."], title: str
              ) -> list[Result]:
    """What `work` makes of each block of rows, in order, without gradients.

    A network shares little work among threads where its layers are small: two blocks on a thread each take the time of one on
    both, and the numbers are the same to the last bit.
    """
    threads = torch.get_num_threads()

    def one(first: int) -> Result:
        with torch.inference_mode():  # a setting of each thread
            return work(rows[first : first + ROWS])

    torch.set_num_threads(1)
    try:
        with progress(title, len(rows)) as advance, ThreadPoolExecutor(threads) as pool:
            found = []
            for number, result in enumerate(pool.map(one, range(0, len(rows), ROWS))):
                found.append(result)
                advance(min(ROWS, len(rows) - number * ROWS))
            return found
    finally:
        torch.set_num_threads(threads)
