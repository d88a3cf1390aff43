"""Training by several processes (not from the paper): `torchrun --nproc-per-node 4 …` runs the same loop, faster.

Every process computes its stretch of each batch; gradients are averaged; only the first writes and validates. Averaging
is done here, after the backward pass, not by DistributedDataParallel: a task calls its model as it likes, accumulation and
unused weights need no special case. The price: sending does not overlap with computing.
Batch norm sees the whole batch on GPUs (SyncBatchNorm). On processors, where PyTorch has no such layer, each process
normalises its own stretch, and the results differ from those of one process.
"""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from jaxtyping import Float
from torch import Tensor, nn

from s2f_core.errors import InputError

LONGEST_WAIT = timedelta(hours=2)  # of the others while the first process validates or writes; PyTorch's default is 10 minutes


@contextmanager
def joined(device: torch.device) -> Iterator[torch.device]:
    """Join the processes that torchrun started, if it did; yield the device of this one, of `device`'s kind.

    Where this process has joined before (a door may, around several trainings), nothing is started or ended.
    Raises: InputError where a GPU is asked for and none is found.
    """
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError("training on 'cuda' needs a GPU and a PyTorch built for it, and none is found; give the device 'cpu'")
    if dist.is_initialized() or not dist.is_torchelastic_launched():
        yield device
        return
    if device.type == "cuda":
        device = torch.device("cuda", dist.get_node_local_rank())
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=LONGEST_WAIT)
    try:
        yield device
    finally:
        dist.destroy_process_group()


def rank() -> int:
    """Number of this process, from 0; 0 where it is alone."""
    return dist.get_rank() if dist.is_initialized() else 0


def n_processes() -> int:
    """Number of processes that train together; 1 where this one is alone."""
    return dist.get_world_size() if dist.is_initialized() else 1


def is_first() -> bool:
    """Whether this process writes and validates."""
    return rank() == 0


def prepare(model: nn.Module, device: torch.device, *, channels_last: bool, compiled: bool) -> None:
    """Give every process the first one's weights, and on GPUs let batch norm see the batches of all; then speed up as asked."""
    if n_processes() > 1:
        if device.type == "cuda":
            nn.SyncBatchNorm.convert_sync_batchnorm(model)
        for tensor in (*model.parameters(), *model.buffers()):
            dist.broadcast(tensor.detach(), src=0)
    if channels_last:
        model.to(memory_format=torch.channels_last)
    if compiled:
        model.compile()  # in place, so that names of weights stay; it passes over a model that is a bare nn.Sequential


def gradient(
    loss: Callable[[Any], dict[str, Float[Tensor, ""]]], batches: Iterator[Any], weights: list[nn.Parameter], *,
    n_batches: int, seed: tuple[int, ...], device: torch.device,
) -> dict[str, float]:  # fmt: skip
    """Leave the gradient of the mean loss over all batches of all processes in `weights`; return the mean of each term.

    Args:
        loss: gives the terms of one batch, of which 'total' is differentiated.
        batches: of this process, of one size; one is in memory at a time.
        seed: sets torch's generators during the losses, together with the number of the process.
    """
    sums: dict[str, Any] = {}
    for weight in weights:
        weight.grad = None
    with seeded(*seed, rank(), device=device):
        for batch in batches:
            terms = loss(batch)
            (terms["total"] / n_batches).backward()
            for name, term in terms.items():
                sums[name] = sums.get(name, 0.0) + term.detach().double() / n_batches
    _average_gradients(weights, device)
    means = torch.stack(list(sums.values())).tolist()  # the one wait for the GPU in each step, to look at its losses
    return average(dict(zip(sums, means, strict=True)), device)


def average(values: Mapping[str, float], device: torch.device) -> dict[str, float]:
    """Mean of each value over the processes, all of which must give the same names."""
    if n_processes() == 1:
        return dict(values)
    numbers = torch.tensor(list(values.values()), dtype=torch.float64, device=device)
    dist.all_reduce(numbers)
    return dict(zip(values, (numbers / n_processes()).tolist(), strict=True))


def of_first(value: float, device: torch.device) -> float:
    """The first process's value, in all of them; they wait for it here."""
    if n_processes() == 1:
        return value
    number = torch.tensor([value], dtype=torch.float64, device=device)
    dist.broadcast(number, src=0)
    return number.item()


def require_same(value: float, device: torch.device, *, what: str) -> None:
    """Raise InputError, in all processes, where one has another value than the first."""
    differs = float(of_first(value, device) != value)
    if average({"differs": differs}, device)["differs"]:
        raise InputError(f"all processes must start from the same {what}, but one of them found another than the first; "
                         "give a folder on storage that every machine sees")


@contextmanager
def seeded(*numbers: int, device: torch.device) -> Iterator[None]:
    """Set torch's generators (of dropout) from `numbers` inside the block only; other rooms draw on as if it were not.

    Because each step is seeded by its number, a checkpoint need not hold the state of any generator.
    """
    state = np.random.SeedSequence(numbers).generate_state(1, np.uint64)
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.random.manual_seed(int(state[0]))
        yield


def _average_gradients(weights: list[nn.Parameter], device: torch.device) -> None:
    """Weights that no process used keep no gradient, as they would with one process."""
    if n_processes() == 1:
        return
    used = torch.tensor([one.grad is not None for one in weights], dtype=torch.int32, device=device)
    dist.all_reduce(used)
    for weight, n_users in zip(weights, used.tolist(), strict=True):
        if n_users:
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
            total = weight.grad.contiguous()  # channels_last is no order to send in
            dist.all_reduce(total)
            weight.grad.copy_(total / n_processes())


class StopSignal:
    """Which of SIGTERM and ^C (SIGINT) came; '' while neither did."""

    name = ""


@contextmanager
def stop_signals() -> Iterator[StopSignal]:
    """Note a SIGTERM or ^C instead of dying of it, so that a step can be ended and saved; the second one acts as usual.

    Only the main thread may listen to signals: in another one they act as usual from the start.
    """
    came = StopSignal()
    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    before = {number: signal.getsignal(number) or signal.SIG_DFL for number in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, frame: FrameType | None) -> None:
        came.name = signal.Signals(number).name
        restore()

    for number in before:
        signal.signal(number, note)
    try:
        yield came
    finally:
        restore()
