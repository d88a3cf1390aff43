"""A training of a second, for the tests of the loop: as a module, as a program under torchrun, and killed at any line.

`tiny_training.py once FOLDER CHANGES` trains once, with a JSON object of changes to the config.
`tiny_training.py kill FOLDER N` trains in FOLDER/whole, then N times in FOLDER/<line>, killed at a line of the package's
code, at N lines spread over the whole training, and resumed.
"""

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import mse_loss

from s2f_core.training.log import TIMES, TrainingResult
from s2f_core.training.loop import train
from s2f_core.training.schedule import TrainingConfig

N_EXAMPLES, N_INPUTS = 22, 6  # at batch size 4 two examples are left over in each epoch

CONFIG = dict(
    seed=3, unit="epochs", duration=3, batch_size=4, accumulation=1, optimiser="adam", learning_rate=0.01, beta1=0.5,
    beta2=0.999, epsilon=1e-4, weight_decay=0.0, schedule="exponential", warm_up_steps=0, clip_norm=0.0, precision="float32",
    channels_last=False, compiled=False, validate_every=4, patience=0, checkpoint_every=2, checkpoint_seconds=0.0, log_every=3,
)  # fmt: skip


EARLY = dict(learning_rate=0.3, validate_every=2, patience=2)  # changes that stop it after 14 of 15 steps, the best being 10


def config(**changes: Any) -> TrainingConfig:
    return TrainingConfig(**{**CONFIG, **changes})


class TinyTask:
    """Learn a fixed linear map from noisy inputs."""

    data_hash = "noise of seed 1"
    metric = "error"
    higher_is_better = False

    def __init__(self, *, plain: bool = True, n_examples: int = N_EXAMPLES) -> None:
        """Build the same weights each time; unless plain, with the layers that carry more state than weights."""
        generator = np.random.default_rng(1)
        self.n_examples = n_examples
        self.inputs = generator.normal(size=(n_examples, N_INPUTS)).astype(np.float32)
        self.wanted = (self.inputs @ generator.normal(size=(N_INPUTS, 2))).astype(np.float32)
        extra = [] if plain else [nn.BatchNorm1d(8), nn.Dropout(0.3)]
        self.model = nn.Sequential(nn.Linear(N_INPUTS, 8, bias=False), nn.ReLU(), *extra, nn.Linear(8, 2, bias=False))
        with torch.no_grad():
            for weight in self.model.parameters():
                if weight.ndim == 2:
                    weight.copy_(torch.from_numpy(generator.normal(0, 0.4, weight.shape)))
        self.model.register_parameter("unused", nn.Parameter(torch.ones(3)))

    def batch(self, indices: np.ndarray, *, seed: int, epoch: int, step: int) -> dict[str, torch.Tensor]:
        noise = [np.random.default_rng((seed, epoch, index)).normal(0, 0.1, N_INPUTS) for index in indices.tolist()]
        noisy = (self.inputs[indices] + np.stack(noise)).astype(np.float32)
        return {"inputs": torch.from_numpy(noisy), "wanted": torch.from_numpy(self.wanted[indices])}

    def loss(self, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        given = self.model(batch["inputs"])
        square, size = mse_loss(given, batch["wanted"]), given.abs().mean()
        return {"total": square + 0.01 * size, "square": square, "size": size}

    def validate(self) -> dict[str, float]:
        given = self.model(torch.from_numpy(self.inputs))
        error = mse_loss(given, torch.from_numpy(self.wanted))
        return {"error": error.item(), "largest": given.abs().max().item()}


def no_clock() -> float:
    return 0.0


def run(folder: Path, task: TinyTask | None = None, **changes: Any) -> tuple[TinyTask, TrainingResult]:
    """Train `task` with changes to the config, or to what else `train` takes."""
    task = task or TinyTask()
    given = {name: changes.pop(name) for name in ("report", "clock", "n_workers", "device") if name in changes}
    return task, train(task, config(**changes), folder, **{"clock": no_clock, **given})


def weights(task: TinyTask) -> torch.Tensor:
    return torch.cat([weight.detach().flatten() for weight in task.model.parameters()])


def written(folder: Path) -> dict[str, bytes]:
    """All that a training leaves, without the times."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != TIMES)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


class Scripted(TinyTask):
    """Validates as written down, and keeps the weights of each validation."""

    def __init__(self, errors: list[float], *, higher_is_better: bool = False) -> None:
        super().__init__(plain=False)
        self.errors, self.higher_is_better = iter(errors), higher_is_better
        self.seen: list[torch.Tensor] = []
        self.modes: list[tuple[bool, bool]] = []

    def batch(self, indices: np.ndarray, **where: int) -> dict[str, torch.Tensor]:
        self.modes.append((self.model.training, torch.is_inference_mode_enabled()))
        return super().batch(indices, **where)

    def validate(self) -> dict[str, float]:
        self.seen.append(weights(self).clone())
        self.modes.append((self.model.training, torch.is_inference_mode_enabled()))
        return {"error": next(self.errors)}


def in_a_fork(work: Callable[[], object]) -> int:
    """Do `work` in a child that has all modules already; return how it ended, as os.waitstatus_to_exitcode says it."""
    child = os.fork()
    if child == 0:
        work()
        sys.stdout.flush()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def train_counting_lines(folder: Path, last: int = 0) -> int:
    """Train, and return how many lines of the package that took; die at line number `last`, as kill -9 would."""
    lines = itertools.count(1)
    n_lines = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal n_lines
        if "s2f_core" not in frame.f_code.co_filename:
            return None
        if event == "line":
            n_lines = next(lines)
            if n_lines == last:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    run(folder, TinyTask(plain=False), **EARLY)
    sys.settrace(None)
    return n_lines


def kill_everywhere(folder: Path, n_kills: int) -> None:
    torch.optim.Adam(TinyTask().model.parameters())  # its first use imports much, here once for all children
    in_a_fork(lambda: (folder / "lines").write_text(str(train_counting_lines(folder / "whole"))))
    n_lines = int((folder / "lines").read_text())
    for line in np.linspace(1, n_lines, n_kills).round().astype(int).tolist():
        killed = in_a_fork(lambda line=line: train_counting_lines(folder / str(line), line))
        resumed = in_a_fork(lambda line=line: run(folder / str(line), TinyTask(plain=False), **EARLY))
        print(line, killed, resumed)


if __name__ == "__main__":
    mode, folder, *rest = sys.argv[1:]
    if mode == "kill":
        kill_everywhere(Path(folder), int(rest[0]))
    else:
        run(Path(folder), **json.loads(rest[0]))
