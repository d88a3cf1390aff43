"""The loop trains any task, stops when it should, and says what went wrong with the last checkpoint still whole."""

import itertools
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_training import Scripted, TinyTask, run, weights, written

from s2f_core.errors import InputError
from s2f_core.training import loader, log
from s2f_core.training.log import Event, TrainingResult


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    run(folder, TinyTask(plain=False))
    return written(folder)


def test_it_learns(tmp_path: Path) -> None:
    task = TinyTask()
    before = task.validate()["error"]
    result = run(tmp_path, task, duration=60, learning_rate=0.02, validate_every=100, checkpoint_every=200)[1]
    assert result.n_steps == 300 and result.best["error"] < 0.2 * before
    assert not task.model.training and task.validate() == pytest.approx(result.best)


def test_it_is_the_loop_that_one_would_write(tmp_path: Path) -> None:
    task, _ = run(tmp_path, unit="steps", duration=10, schedule="onecycle", warm_up_steps=4, validate_every=10)
    other = TinyTask()
    optimiser = torch.optim.Adam(other.model.parameters(), betas=(0.5, 0.999), eps=1e-4)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.01, 10, pct_start=0.4, cycle_momentum=False)
    for piece in loader.pieces(22, range(10), seed=3, batch_size=4, accumulation=1):
        optimiser.zero_grad()
        other.loss(other.batch(piece.indices, seed=3, epoch=piece.epoch, step=piece.step))["total"].backward()
        optimiser.step()
        scheduler.step()
    torch.testing.assert_close(weights(task), weights(other))


@pytest.mark.parametrize("accumulation", [2, 4])
def test_pieces_of_a_batch_give_the_gradient_of_the_batch(tmp_path: Path, accumulation: int) -> None:
    once, _ = run(tmp_path / "once")
    pieces, _ = run(tmp_path / "pieces", accumulation=accumulation)
    torch.testing.assert_close(weights(pieces), weights(once), rtol=1e-4, atol=1e-5)


def test_weights_that_no_loss_uses_are_left_alone(tmp_path: Path) -> None:
    task, _ = run(tmp_path, optimiser="adamw", weight_decay=0.5, duration=1)
    assert task.model.unused.tolist() == [1.0, 1.0, 1.0]


def test_a_long_gradient_is_cut_to_the_norm(tmp_path: Path) -> None:
    """With a huge ε, Adam's first step is the gradient times learning rate / ε."""
    def moved(clip_norm: float) -> float:
        given = dict(unit="steps", duration=1, learning_rate=1e3, epsilon=1e3, clip_norm=clip_norm)
        return (weights(run(tmp_path / str(clip_norm), **given)[0]) - weights(TinyTask())).norm().item()

    assert moved(0.0) == moved(100.0) > 1.0
    assert moved(0.5) == pytest.approx(0.5, rel=0.01)


def test_bfloat16_lowers_the_training_and_neither_weights_nor_validation(tmp_path: Path) -> None:
    task, seen = TinyTask(), []
    task.model.register_forward_hook(lambda module, given, made: seen.append(made.dtype))
    run(tmp_path, task, unit="steps", duration=1, precision="bfloat16")
    assert seen == [torch.bfloat16, torch.float32] and weights(task).dtype == torch.float32


def test_workers_change_no_byte(tmp_path: Path, whole: dict[str, bytes]) -> None:
    run(tmp_path, TinyTask(plain=False), n_workers=3)
    assert written(tmp_path) == whole


def test_the_last_run_of_a_finished_training_does_nothing(tmp_path: Path) -> None:
    first, result = run(tmp_path)
    before, events = written(tmp_path), []
    again, same = run(tmp_path, report=events.append)
    assert same == result and torch.equal(weights(again), weights(first)) and written(tmp_path) == before
    assert [event.kind for event in events] == ["start"]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_the_step_and_saves_it(tmp_path: Path, whole: dict[str, bytes], name: str) -> None:
    def interrupt(event: Event) -> None:
        if event.kind == "step" and event.step == 5:
            os.kill(os.getpid(), signal.Signals[name])

    before = signal.getsignal(signal.Signals[name])
    with pytest.raises(InputError, match=f"stopped by {name} after step 5 of 15, which is saved in .*run the same command"):
        run(tmp_path, TinyTask(plain=False), report=interrupt)
    assert signal.getsignal(signal.Signals[name]) is before
    events: list[Event] = []
    run(tmp_path, TinyTask(plain=False), report=events.append)
    assert (events[0].kind, events[0].step) == ("start", 5)
    assert written(tmp_path) == whole


def breaking(step: int, change: Callable[[dict[str, torch.Tensor]], None]) -> TinyTask:
    """A task whose batch of one step (from 0) is changed."""
    task = TinyTask(plain=False)
    healthy = task.batch

    def batch(indices: np.ndarray, **where: int) -> dict[str, torch.Tensor]:
        made = healthy(indices, **where)
        if where["step"] == step:
            change(made)
        return made

    task.batch = batch
    return task


@pytest.mark.parametrize(("change", "message"), [
    (lambda batch: batch["wanted"].fill_(float("nan")), "^square is nan at step 8, nothing of which is kept"),
    (lambda batch: batch["inputs"].fill_(float("inf")), "^(size|square) is nan at step 8"),
    (lambda batch: batch.update(inputs=batch["inputs"][:, :5]), r"^step 8: .*\(4x5 and 6x8\).*holds \(4, 5\), \(4, 2\)"),
    (lambda batch: batch.update(inputs=torch.empty(2**50)), "^memory ran out at step 8"),
])  # fmt: skip
def test_a_bad_batch_is_named_and_the_last_checkpoint_goes_on(
    tmp_path: Path, whole: dict[str, bytes], change: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        run(tmp_path, breaking(7, change))
    run(tmp_path, TinyTask(plain=False))
    assert written(tmp_path) == whole


def test_no_example_and_too_few_are_refused(tmp_path: Path) -> None:
    for n_examples, message in ((0, "the training split is empty"), (3, "a batch takes 4 examples")):
        with pytest.raises(InputError, match=message):
            run(tmp_path / "x", TinyTask(n_examples=n_examples))
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("errors", "higher", "patience", "n_steps", "best"), [
    ([3.0, 2.0, 2.0, 5.0, 1.0], False, 2, 4, 2),  # equal is not better
    ([3.0, 2.0, 4.0, 3.0, 1.0], True, 2, 5, 3),
    ([3.0, 4.0, 5.0, 6.0, 7.0], False, 0, 5, 1),  # never early
    ([1.0, 2.0, 0.5, 2.0, 0.2], False, 2, 5, 5),  # patience begins anew
])  # fmt: skip
def test_it_stops_after_patience_and_leaves_the_best_weights(
    tmp_path: Path, errors: list[float], higher: bool, patience: int, n_steps: int, best: int
) -> None:
    task = Scripted(errors, higher_is_better=higher)
    result = run(tmp_path, task, unit="steps", duration=5, validate_every=1, patience=patience)[1]
    assert result == TrainingResult(n_steps, n_steps < 5, best, {"error": errors[best - 1]}, {"error": errors[n_steps - 1]})
    assert torch.equal(weights(task), task.seen[best - 1])


def test_batches_are_for_training_and_validation_is_not(tmp_path: Path) -> None:
    task = Scripted([1.0, 2.0])
    run(tmp_path, task, unit="steps", duration=4, validate_every=2)
    assert task.modes == [*[(True, False)] * 2, (False, True)] * 2


def test_a_validation_without_its_metric_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must give a finite 'error' to find the best weights; it gave {'error': nan}"):
        run(tmp_path, Scripted([float("nan")]))


def test_rows_are_means_and_curves_are_the_rows(tmp_path: Path) -> None:
    run(tmp_path / "each", log_every=1)
    run(tmp_path / "some", log_every=4)
    each, some = ([row for row in log.read_rows(tmp_path / name / log.METRICS) if row.pop("kind") == "training"]
                  for name in ("each", "some"))
    for row, rows in zip(some, (each[:4], each[4:8], each[8:12], each[12:]), strict=True):
        means = {name: np.mean([one[name] for one in rows]) for name in ("total", "square", "size", "gradient_norm")}
        assert row == pytest.approx(rows[-1] | means)
    assert (each[5]["epoch"], each[5]["examples"], each[5]["learning_rate"]) == (1, 24, 0.01)
    curve = (tmp_path / "some" / log.CURVES / "training" / "square.tsv").read_text().splitlines()
    assert curve == ["step\tsquare", *(f"{row['step']}\t{json.dumps(row['square'])}" for row in some)]


def test_the_door_hears_of_everything(tmp_path: Path) -> None:
    events: list[Event] = []
    run(tmp_path, report=events.append, unit="steps", duration=4, validate_every=2, checkpoint_every=3)
    assert [(event.kind, event.step) for event in events] == [
        ("start", 0), ("step", 1), ("step", 2), ("validation", 2), ("step", 3), ("checkpoint", 3), ("step", 4),
        ("validation", 4), ("checkpoint", 4)]  # fmt: skip
    assert all(event.n_steps == 4 for event in events) and set(events[3].values) == {"error", "largest"}


def test_the_clock_makes_checkpoints_and_goes_to_a_file_of_its_own(tmp_path: Path) -> None:
    events: list[Event] = []
    seconds = itertools.count(100.0, 10.0)
    run(tmp_path, report=events.append, clock=lambda: next(seconds), checkpoint_every=1000, checkpoint_seconds=45.0)
    assert [event.step for event in events if event.kind == "checkpoint"] == [5, 10, 15]
    assert log.read_rows(tmp_path / log.TIMES)[0] == {"step": 3, "seconds": 30.0}
