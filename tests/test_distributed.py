"""Two processes train as one does; alone, the same functions do nothing; seeds hold inside their block only."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from tiny_training import TinyTask, run
from torch import nn

from s2f_core import artifacts
from s2f_core.errors import InputError
from s2f_core.training import distributed, log

PROGRAM = Path(__file__).with_name("tiny_training.py")
CPU = torch.device("cpu")


def test_two_processes_give_the_losses_and_weights_of_one(tmp_path: Path) -> None:
    """Through torchrun, with two pieces of a batch in each process; the model has no batch norm, and a weight without use."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(PROGRAM), "once",
               str(tmp_path / "two"), '{"accumulation": 2, "patience": 1, "optimiser": "adamw", "weight_decay": 0.1}']
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROGRAM.parents[1])})
    assert done.returncode == 0, done.stderr
    _, result = run(tmp_path / "one", patience=1, optimiser="adamw", weight_decay=0.1)
    one, two = (log.read_rows(tmp_path / name / log.METRICS) for name in ("one", "two"))
    assert [row.pop("kind") for row in one] == [row.pop("kind") for row in two]
    for row, other in zip(one, two, strict=True):
        assert row == pytest.approx(other, rel=1e-5)
    best = f"best-{result.best_step:09d}.safetensors"
    weights, others = (artifacts.read_tensors(tmp_path / name / best)[0] for name in ("one", "two"))
    for name in weights:
        torch.testing.assert_close(torch.from_numpy(weights[name]), torch.from_numpy(others[name]), rtol=1e-4, atol=1e-6)
    assert others["unused"].tolist() == [1.0, 1.0, 1.0]


def test_alone_nothing_is_averaged_or_waited_for() -> None:
    with distributed.joined(CPU) as device:
        assert device == CPU and distributed.is_first() and distributed.n_processes() == 1
        assert distributed.average({"loss": 2.0}, device) == {"loss": 2.0}
        assert distributed.of_first(3.0, device) == 3.0
        distributed.require_same(3.0, device, what="checkpoint")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none is found; give the device 'cpu'"):
        run(tmp_path, device="cuda")


def test_a_model_is_prepared_as_asked() -> None:
    plain, asked = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)
    distributed.prepare(plain, CPU, channels_last=False, compiled=False)
    distributed.prepare(asked, CPU, channels_last=True, compiled=False)
    assert plain.weight.is_contiguous() and asked.weight.is_contiguous(memory_format=torch.channels_last)


def test_the_gradient_of_many_batches_is_that_of_their_mean() -> None:
    task = TinyTask()
    trained = list(task.model.parameters())
    batches = [task.batch(torch.arange(start, start + 4).numpy(), seed=0, epoch=0, step=0) for start in (0, 4, 8)]
    terms = distributed.gradient(task.loss, iter(batches), trained, n_batches=3, seed=(0, 0), device=CPU)
    means = [torch.stack([task.loss(batch)[name] for batch in batches]).mean() for name in terms]
    expected = torch.autograd.grad(means[list(terms).index("total")], trained, allow_unused=True)
    assert list(terms.values()) == pytest.approx([mean.item() for mean in means], rel=1e-6)
    for weight, gradient in zip(trained, expected, strict=True):
        assert (weight.grad is None) == (gradient is None)
        if gradient is not None:
            torch.testing.assert_close(weight.grad, gradient)


def test_a_seed_holds_in_its_block_and_leaves_others_alone() -> None:
    def dropped(*numbers: int) -> list[float]:
        with distributed.seeded(*numbers, device=CPU):
            return nn.functional.dropout(torch.ones(64)).tolist()

    first = dropped(1, 7)
    before = torch.get_rng_state()
    assert dropped(1, 7) == first != dropped(1, 8)
    assert first not in (dropped(7, 1), dropped(1, 7, 1))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_second_signal_acts_as_usual() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job has it ignored
    try:
        with distributed.stop_signals() as came:
            assert came.name == ""
            os.kill(os.getpid(), signal.SIGINT)
            assert came.name == "SIGINT"
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_signals_are_left_alone() -> None:
    handlers = []

    def enter() -> None:
        with distributed.stop_signals():
            handlers.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGTERM)]
