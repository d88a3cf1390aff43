"""What a training knows of itself (not from the paper): counters, rows of numbers, curves for DVC, times beside them.

`metrics.jsonl` holds a row per `log_every` steps and per validation, `curves/<kind>/<name>.tsv` the same numbers as
`dvc plots` and any spreadsheet read them: dvclive's layout, written here, since dvclive itself would bring its own idea of
steps, resuming and clocks. Nothing in these depends on the clock or on interruptions: the same training gives the same bytes.
`times.jsonl` says how long it took; it is not comparable, and nothing reads it back.
"""

import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch

from s2f_core import artifacts
from s2f_core.errors import InputError
from s2f_core.training.distributed import StopSignal

METRICS, TIMES, CURVES = "metrics.jsonl", "times.jsonl", "curves"


@dataclass(frozen=True)
class Event:
    """What a training tells its door while it runs, for a progress bar or a line of text."""

    kind: Literal["start", "step", "validation", "checkpoint", "notice"]
    step: int  # steps done; at the start those done before an interruption
    n_steps: int
    values: Mapping[str, float] = field(default_factory=dict)  # of a validation
    text: str = ""  # of a notice: something that the user should know


Report = Callable[[Event], None]


def words(values: Mapping[str, float]) -> str:
    """Metrics in one line, for a terminal."""
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())


@dataclass(frozen=True)
class Surroundings:
    """What is not the training's own: where it computes, and what it hears from and tells its door."""

    device: torch.device
    clock: Callable[[], float]
    report: Report
    stop: StopSignal


@dataclass
class Progress:
    """How far a training is; all that its next step depends on beside weights and moments."""

    step: int = 0  # steps done
    best_step: int = 0  # 0: not validated yet
    best: dict[str, float] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)  # the last validation
    n_waited: int = 0  # validations since the best
    stopped_early: bool = False  # no more steps
    n_summed: int = 0  # steps in `sums`
    sums: dict[str, float] = field(default_factory=dict)  # of what the next row of the log will be the mean of

    def took(self, values: Mapping[str, float]) -> None:
        """Count one step and what it measured."""
        self.step += 1
        self.n_summed += 1
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in values.items()}

    def means(self) -> dict[str, float]:
        """Means over the steps since the last call."""
        means = {name: total / self.n_summed for name, total in self.sums.items()}
        self.n_summed, self.sums = 0, {}
        return means

    def judge(self, metrics: dict[str, float], name: str, *, higher_is_better: bool, patience: int) -> bool:
        """Note a validation; return whether metric `name` is the best so far. Equal is not better.

        After `patience` validations without a new best the training stops early; 0: never.
        """
        sign = 1 if higher_is_better else -1
        better = self.best_step == 0 or sign * metrics[name] > sign * self.best[name]
        self.last = metrics
        self.n_waited = 0 if better else self.n_waited + 1
        self.stopped_early = 0 < patience <= self.n_waited
        if better:
            self.best, self.best_step = metrics, self.step
        return better


@dataclass(frozen=True)
class TrainingResult:
    """How a training ended; the task's model then holds the best weights. Other processes than the first know only `metric`."""

    n_steps: int
    stopped_early: bool
    best_step: int
    best: dict[str, float]
    final: dict[str, float]


class Log:
    """The rows of one training; opened anew, those after the last checkpoint are cut off."""

    def __init__(self, folder: Path, *, n_bytes: int) -> None:
        """Keep the first `n_bytes` of the metrics. Raises InputError where the file has lost some of them."""
        self._metrics, self._times, self._curves = folder / METRICS, folder / TIMES, folder / CURVES
        folder.mkdir(parents=True, exist_ok=True)
        self._metrics.touch()
        if self.n_bytes < n_bytes:
            raise InputError(f"{self._metrics} has {self.n_bytes} bytes, the checkpoint beside it counts on {n_bytes}; "
                             f"delete {folder} to train from the start")
        os.truncate(self._metrics, n_bytes)
        for half in self._curves.glob("*/.*.tsv.*"):  # left by a killed process
            half.unlink()

    @property
    def n_bytes(self) -> int:
        """Length of the metrics file, for a checkpoint to remember."""
        return self._metrics.stat().st_size

    def add(self, kind: Literal["training", "validation"], step: int, values: Mapping[str, int | float]) -> None:
        """Write one row; the file is whole after each."""
        _append(self._metrics, {"kind": kind, "step": step, **values})

    def add_time(self, step: int, seconds: float) -> None:
        """Write how long this run has taken until `step`."""
        _append(self._times, {"step": step, "seconds": round(seconds, 3)})

    def write_curves(self) -> None:
        """Write one table `step, value` for each kind of row and each number in it."""
        curves: dict[tuple[str, str], list[str]] = {}
        for row in read_rows(self._metrics):
            kind, step = row.pop("kind"), row.pop("step")
            for name, value in row.items():
                curves.setdefault((kind, name), [f"step\t{name}"]).append(f"{step}\t{value!r}")
        for (kind, name), lines in curves.items():
            artifacts.write_text(self._curves / kind / f"{name}.tsv", "\n".join(lines))


def require_finite(values: Mapping[str, float], step: int) -> None:
    """Raise InputError where a term of the loss or a gradient's norm is NaN or infinite in `step` (counted from 1)."""
    for name in sorted(values, key=lambda name: name == "total"):  # the term that made the total so says more
        if not math.isfinite(values[name]):
            raise InputError(f"{name} is {values[name]} at step {step}, nothing of which is kept; the last checkpoint stays: "
                             "look at that batch, or train in another folder with a lower learning_rate, more warm_up_steps "
                             "or a clip_norm")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """All rows of a metrics file. Raises InputError naming the line that is no JSON."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise InputError(f"{path}, line {number}, is not JSON ({error}); delete the file and train again") from None
    return rows


def ignore(event: Event) -> None:
    """Report nothing to nobody."""


def _append(path: Path, row: Mapping[str, Any]) -> None:
    with path.open("ab") as file:
        file.write(json.dumps(row, allow_nan=False).encode() + b"\n")
