"""Batches in an order that only seed and epoch decide, made ahead of time by threads where asked (not from the paper).

Threads, no processes: what takes time in a batch (decoding, NumPy, torch) lets other threads run meanwhile, and a task,
which holds a model, need not be sent anywhere. A batch is a pure function of its indices, made by one thread as a whole, so
that the number of threads changes nothing but the time.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from s2f_core.errors import InputError

Batch = TypeVar("Batch")
OUT_OF_MEMORY = re.compile(r"not enough memory|can't allocate memory|out of memory", re.I)  # PyTorch's words
WRONG_SHAPE = re.compile(r"shape|size|dimension|channels", re.I)  # in PyTorch's and NumPy's messages about shapes
AHEAD = 2  # batches per worker made before they are asked for: one to hand over, one in the making


@dataclass(frozen=True)
class Piece:
    """The examples that one process computes at once, and where in the training."""

    step: int
    epoch: int
    indices: Int[np.ndarray, " batch"]


def order(n_examples: int, *, seed: int, epoch: int) -> Int[np.ndarray, " examples"]:
    """Return the order of the examples in one epoch, each once: a function of seed and epoch alone."""
    return np.random.default_rng((seed, epoch)).permutation(n_examples)


def pieces(
    n_examples: int, steps: range, *, seed: int, batch_size: int, accumulation: int, rank: int = 0, n_processes: int = 1
) -> Iterator[Piece]:
    """Yield what the process `rank` of `n_processes` computes in `steps`, `accumulation` pieces for each step.

    Batches are consecutive stretches of the epoch's order; an incomplete last one is dropped. Each process takes a
    stretch of each batch, so that all together see the examples that one process would see alone.
    """
    current, shuffled = -1, np.empty(0, dtype=np.int64)
    for step in steps:
        epoch, number = divmod(step, n_examples // batch_size)
        if epoch != current:
            current, shuffled = epoch, order(n_examples, seed=seed, epoch=epoch)
        batch = shuffled[number * batch_size : (number + 1) * batch_size]
        for part in np.split(np.split(batch, n_processes)[rank], accumulation):
            yield Piece(step, epoch, part)


def prefetched(make: Callable[[Piece], Batch], wanted: Iterator[Piece], *, n_workers: int) -> Iterator[Batch]:
    """Yield `make(piece)` of every piece, in order; made when asked for, or ahead by `n_workers` threads.

    Args:
        make: a pure function; it must not draw from torch's global generator, which threads share.

    Raises: InputError where `n_workers` is negative; what `make` raises comes through at its place in the order.
    """
    if n_workers < 0:
        raise InputError(f"batches are made by 0 (in line) or more threads, got {n_workers}; give 0 or a positive number")
    if n_workers == 0:
        yield from map(make, wanted)
        return
    waiting: deque[Future[Batch]] = deque()
    with ThreadPoolExecutor(n_workers, thread_name_prefix="batches") as threads:
        try:
            for piece in wanted:
                waiting.append(threads.submit(make, piece))
                if len(waiting) >= AHEAD * n_workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for batch in waiting:
                batch.cancel()


def pinned(batch: Any) -> Any:
    """The batch in memory that a GPU can fetch from while the processor works; only where there is a GPU."""
    return _each(batch, lambda tensor: tensor.pin_memory())


def to_device(batch: Any, device: torch.device, *, channels_last: bool = False) -> Any:
    """The batch on `device`: a tensor, or mappings, tuples and lists of them; all else stays as it is.

    Args:
        channels_last: store tensors with four axes (batch, channels, height, width) with their channels together.
    """
    def _moved(tensor: Tensor) -> Tensor:
        layout = torch.channels_last if channels_last and tensor.ndim == 4 else torch.preserve_format
        return tensor.to(device, non_blocking=device.type == "cuda", memory_format=layout)

    return _each(batch, _moved)


def shapes(batch: Any) -> str:
    """Words for an error: the shape of every tensor in the batch, in order."""
    found: list[str] = []
    _each(batch, lambda tensor: found.append(str(tuple(tensor.shape))))
    return ", ".join(found) or "no tensor"


@contextmanager
def explained(where: str) -> Iterator[list[str]]:
    """Turn what a batch can break into an InputError with the next step; other errors pass as they are.

    Yields a list, to which the block gives the batch's shapes in words when it knows them. Raises: InputError where
    memory ran out or shapes do not fit together.
    """
    seen: list[str] = []
    try:
        yield seen
    except InputError:
        raise
    except (RuntimeError, ValueError, MemoryError) as error:
        reason = " ".join(str(error).split())
        if isinstance(error, torch.OutOfMemoryError | MemoryError) or OUT_OF_MEMORY.search(reason):
            raise InputError(f"memory ran out at {where} ({reason[:200]}); lower batch_size, or raise accumulation, which cuts "
                             "the same batch into smaller pieces") from error
        if WRONG_SHAPE.search(reason):
            raise InputError(f"{where}: the examples do not fit the model ({reason}); the batch holds "
                             f"{', '.join(seen) or 'nothing yet'}: check which features the model was made for") from error
        raise


def _each(batch: Any, change: Callable[[Tensor], Any]) -> Any:
    if isinstance(batch, Tensor):
        return change(batch)
    if isinstance(batch, Mapping):
        return {name: _each(value, change) for name, value in batch.items()}
    if isinstance(batch, tuple | list):
        changed = [_each(value, change) for value in batch]
        return type(batch)(*changed) if hasattr(batch, "_fields") else type(batch)(changed)
    return batch
