"""The one training loop behind face encoder, face decoder and voice encoder (Sec. 3), which knows none of them.

What is trained, on what and towards what, a `Task` says. The loop's promise: on a processor, with the same number of threads
and processes, a training that was interrupted at any moment, however often, gives the weights and the log of one that was
not, bit for bit. No operation met so far needs torch.use_deterministic_algorithms for that. On a GPU sums that are made by
atomic additions (backwards through grid_sample) and cuDNN's choice of algorithms move last digits from run to run.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from s2f_core.errors import InputError
from s2f_core.training import distributed, loader, schedule
from s2f_core.training.checkpoint import Checkpoints
from s2f_core.training.log import Event, Log, Progress, Report, Surroundings, TrainingResult, ignore, require_finite
from s2f_core.training.schedule import TrainingConfig


@runtime_checkable  # tests check signatures while they run
class Task(Protocol):
    """What is trained: a model, its examples, its loss and its judge."""

    model: nn.Module
    n_examples: int  # of the training split
    data_hash: str  # of the training and validation data: a resumed training must not change them
    metric: str  # of those that `validate` gives, the one that decides which weights are best
    higher_is_better: bool

    def batch(self, indices: Int[np.ndarray, " batch"], *, seed: int, epoch: int, step: int) -> Any:
        """Return the examples as tensors, or mappings, tuples, lists of them; augmented by (seed, epoch, index) alone.

        Called by several threads at once where there are workers; must not draw from torch's global generator.
        """

    def loss(self, batch: Any) -> dict[str, Float[Tensor, ""]]:
        """Return what is minimised as 'total' and any named terms, each a mean over the examples of the batch."""

    def validate(self) -> dict[str, float]:
        """Return metrics of the validation split; the model is in evaluation mode, on its device, without gradients."""


def train(
    task: Task, config: TrainingConfig, folder: Path, *, clock: Callable[[], float], device: str = "cpu", n_workers: int = 0,
    report: Report = ignore,
) -> TrainingResult:  # fmt: skip
    """Train `task.model`, or go on where a training in `folder` was interrupted; leave the best weights in the model.

    Args:
        folder: where checkpoints, metrics.jsonl and curves/ go, and what is resumed from.
        clock: the door's clock in seconds (time.monotonic), for checkpoints by time and times.jsonl; it decides no number.
        device: 'cpu' or 'cuda'; under torchrun each process takes the GPU of its local rank.
        n_workers: threads that make batches ahead; 0: none.

    Raises:
        InputError: no batch fits in the split, the folder holds another training, a loss is not finite, memory ran out, the
            model refuses a batch, or SIGTERM or ^C came (its step is ended and saved). Whole checkpoints stay.
    """
    with distributed.joined(torch.device(device)) as place, distributed.stop_signals() as stop:
        schedule.require_consistent(config, distributed.n_processes())
        run = _Run(task, config, folder, Surroundings(place, clock, report, stop))
        run.resume()
        run.advance(n_workers)
        return run.finish()


class _Run:
    """One training while it runs."""

    def __init__(self, task: Task, config: TrainingConfig, folder: Path, around: Surroundings) -> None:
        self.task, self.config, self.folder, self.around = task, config, folder, around
        self.per_epoch = schedule.steps_per_epoch(config, task.n_examples)
        self.n_steps = schedule.total_steps(config, task.n_examples)
        self.model = task.model.to(around.device)
        distributed.prepare(self.model, around.device, channels_last=config.channels_last, compiled=config.compiled)
        self.weights = [one for one in self.model.parameters() if one.requires_grad]
        self.optimiser = schedule.optimiser(self.weights, config)
        origin = {"config": config.model_dump(), "data": task.data_hash}
        machine = {"threads": torch.get_num_threads(), "processes": distributed.n_processes()}
        self.checkpoints = Checkpoints(folder, origin, machine)
        self.progress = Progress()
        self.log: Log | None = None  # the first process's only
        self.started = self.saved_at = around.clock()

    @property
    def finished(self) -> bool:
        return self.progress.stopped_early or self.progress.step == self.n_steps

    def tell(self, kind: str, text: str = "", **values: float) -> None:
        if distributed.is_first():
            self.around.report(Event(kind, self.progress.step, self.n_steps, values, text))

    def resume(self) -> None:
        loaded = self.checkpoints.load(self.model, self.optimiser)
        if loaded:
            self.progress = loaded.progress
        distributed.require_same(float(self.progress.step), self.around.device, what="checkpoint")
        if distributed.is_first():
            self.checkpoints.sweep(self.progress.step)
            self.log = Log(self.folder, n_bytes=loaded.log_bytes if loaded else 0)
        self.tell("start")
        for notice in loaded.notices if loaded else ():
            self.tell("notice", notice)

    def advance(self, n_workers: int) -> None:
        wanted = loader.pieces(
            self.task.n_examples, range(self.progress.step, self.n_steps), seed=self.config.seed, rank=distributed.rank(),
            batch_size=self.config.batch_size, accumulation=self.config.accumulation, n_processes=distributed.n_processes(),
        )  # fmt: skip
        self.model.train()
        with closing(loader.prefetched(self._make, wanted, n_workers=n_workers)) as batches:
            while not self.finished:
                with loader.explained(f"step {self.progress.step + 1}") as seen:
                    self._step(batches, seen)
                self._after_step()

    def finish(self) -> TrainingResult:
        done = self.progress
        distributed.of_first(float(done.best_step), self.around.device)  # wait until it has written them
        self.checkpoints.load_best(self.model.eval(), done.best_step)
        return TrainingResult(done.step, done.step < self.n_steps, done.best_step, done.best, done.last)

    def _make(self, piece: loader.Piece) -> Any:
        batch = self.task.batch(piece.indices, seed=self.config.seed, epoch=piece.epoch, step=piece.step)
        return loader.pinned(batch) if self.around.device.type == "cuda" else batch

    def _step(self, batches: Iterator[Any], seen: list[str]) -> None:
        """One step of the optimiser, unless a term or a gradient is not finite."""
        config, step = self.config, self.progress.step
        for group in self.optimiser.param_groups:
            group["lr"] = schedule.learning_rate(step, config, self.n_steps)
        share = (self._moved(batch, seen) for batch in islice(batches, config.accumulation))
        terms = distributed.gradient(self._loss, share, self.weights, n_batches=config.accumulation, seed=(config.seed, step),
                                     device=self.around.device)
        norm = nn.utils.get_total_norm([one.grad for one in self.weights if one.grad is not None])
        terms["gradient_norm"] = norm.item()
        require_finite(terms, step + 1)
        if config.clip_norm:
            nn.utils.clip_grads_with_norm_(self.weights, config.clip_norm, norm)
        self.optimiser.step()
        self.progress.took(terms)

    def _moved(self, batch: Any, seen: list[str]) -> Any:
        seen[:] = [loader.shapes(batch)]
        return loader.to_device(batch, self.around.device, channels_last=self.config.channels_last)

    def _loss(self, batch: Any) -> dict[str, Float[Tensor, ""]]:
        with torch.autocast(self.around.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            return self.task.loss(batch)

    def _after_step(self) -> None:
        step, config, now = self.progress.step, self.config, self.around.clock()
        last = step == self.n_steps
        self.tell("step")
        if step % config.log_every == 0 or last:
            means = self.progress.means()
            if self.log:
                self.log.add("training", step, self._where() | means)
                self.log.add_time(step, now - self.started)
        if step % config.validate_every == 0 or last:
            self._validate()
        stop = distributed.average({"stop": float(bool(self.around.stop.name))}, self.around.device)["stop"] > 0
        late = 0 < config.checkpoint_seconds <= now - self.saved_at
        if self.log and (self.finished or stop or late or step % config.checkpoint_every == 0):
            self.checkpoints.save(self.model, self.optimiser, self.progress, log_bytes=self.log.n_bytes)
            self.saved_at = now
            self.tell("checkpoint")
        if stop and not self.finished:
            raise InputError(f"training was stopped by {self.around.stop.name or 'another process'} after step {step} of "
                             f"{self.n_steps}, which is saved in {self.folder}; run the same command again to go on")

    def _where(self) -> dict[str, int | float]:
        step = self.progress.step
        rate = schedule.learning_rate(step - 1, self.config, self.n_steps)
        return {"epoch": (step - 1) // self.per_epoch, "examples": step * self.config.batch_size, "learning_rate": rate}

    def _validate(self) -> None:
        metrics, name, step = {self.task.metric: math.nan}, self.task.metric, self.progress.step
        self.model.eval()
        if self.log:
            with torch.inference_mode(), loader.explained(f"the validation after step {step}"):
                metrics = {key: float(value) for key, value in self.task.validate().items()}
            if not math.isfinite(metrics.get(name, math.nan)):
                raise InputError(f"validation must give a finite {name!r} to find the best weights; it gave {metrics}")
            self.log.add("validation", step, {"epoch": (step - 1) // self.per_epoch, **metrics})
            self.log.write_curves()
        metrics[name] = distributed.of_first(metrics[name], self.around.device)
        self.model.train()
        higher, patience = self.task.higher_is_better, self.config.patience
        if self.progress.judge(metrics, name, higher_is_better=higher, patience=patience) and self.log:
            self.checkpoints.save_best(self.model, self.progress)
        self.tell("validation", **metrics)
