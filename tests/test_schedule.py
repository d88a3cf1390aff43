"""Learning rates are those of torch's schedulers, step by step; a config that cannot be followed is refused at the start."""

from collections.abc import Callable

import pytest
import torch
from tiny_training import config
from torch.optim import Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from s2f_core.errors import InputError
from s2f_core.training import schedule
from s2f_core.training.schedule import learning_rate

HIGHEST, N_STEPS, RISE = 0.004, 50, 12


def rates(n_steps: int, **changes: object) -> list[float]:
    block = config(learning_rate=HIGHEST, **changes)
    return [learning_rate(step, block, n_steps) for step in range(n_steps)]


def referee(n_steps: int, build: Callable[[Optimizer], LRScheduler]) -> list[float]:
    """Rates of a scheduler of torch's over `n_steps` steps."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=HIGHEST)
    scheduler, given = build(optimiser), []
    for _ in range(n_steps):
        given.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return given


def test_the_published_decay_drops_every_ten_thousand_steps() -> None:
    published = {step: learning_rate(step, config(learning_rate=1e-3), 637_500) for step in (0, 9_999, 10_000, 637_499)}
    assert published == pytest.approx({0: 1e-3, 9_999: 1e-3, 10_000: 9.5e-4, 637_499: 3.95e-5}, rel=1e-3)


def test_the_decay_is_step_lr_and_within_five_percent_of_the_smooth_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "DECAY_STEPS", 20)
    ours = rates(101, schedule="exponential")
    assert ours == pytest.approx(referee(101, lambda optimiser: lr_scheduler.StepLR(optimiser, 20, 0.95)), rel=1e-9)
    smooth = referee(101, lambda optimiser: lr_scheduler.ExponentialLR(optimiser, 0.95 ** (1 / 20)))
    ratios = [one / other for one, other in zip(ours, smooth, strict=True)]
    assert min(ratios) > 1 - 1e-9 and max(ratios) < 1 / 0.95


def test_warm_up_is_linear_lr_and_comes_on_top_of_the_decay() -> None:
    theirs = referee(N_STEPS, lambda optimiser: lr_scheduler.LinearLR(optimiser, 1 / RISE, 1.0, RISE - 1))
    assert rates(N_STEPS, schedule="exponential", warm_up_steps=RISE) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("rise", [0, RISE])
def test_cosine_is_cosine_annealing_after_the_warm_up(rise: int) -> None:
    theirs = referee(N_STEPS - rise, lambda optimiser: lr_scheduler.CosineAnnealingLR(optimiser, N_STEPS - rise))
    ours = rates(N_STEPS, schedule="cosine", warm_up_steps=rise)
    assert ours[rise:] == pytest.approx(theirs, rel=1e-9)
    assert ours[:rise] == pytest.approx([HIGHEST * (step + 1) / RISE for step in range(rise)])


@pytest.mark.parametrize("rise", [2, RISE, N_STEPS - 1])
def test_onecycle_is_one_cycle_lr(rise: int) -> None:
    theirs = referee(N_STEPS, lambda optimiser: lr_scheduler.OneCycleLR(
        optimiser, HIGHEST, N_STEPS, pct_start=rise / N_STEPS, cycle_momentum=False))
    assert rates(N_STEPS, schedule="onecycle", warm_up_steps=rise) == pytest.approx(theirs, rel=1e-9, abs=1e-15)


def test_epochs_count_whole_batches_and_steps_count_themselves() -> None:
    assert schedule.total_steps(config(unit="epochs", duration=3, batch_size=4), 22) == 15
    assert schedule.total_steps(config(unit="steps", duration=3, batch_size=4), 22) == 3
    assert schedule.total_steps(config(unit="epochs", duration=3, batch_size=22), 22) == 3


def test_a_training_without_a_batch_says_so() -> None:
    with pytest.raises(InputError, match="the training split is empty; run the stages before"):
        schedule.steps_per_epoch(config(), 0)
    with pytest.raises(InputError, match="a batch takes 4 examples, the training split has 3; lower batch_size"):
        schedule.steps_per_epoch(config(), 3)


def test_a_schedule_that_does_not_fit_says_so() -> None:
    with pytest.raises(InputError, match="cosine must end after its rise: 15 warm_up_steps do not fit in 15 steps"):
        schedule.total_steps(config(schedule="cosine", warm_up_steps=15), 22)
    with pytest.raises(InputError, match="onecycle rises over at least 2 warm_up_steps, got 1; write 30 % of the steps, 4"):
        schedule.total_steps(config(schedule="onecycle", warm_up_steps=1), 22)
    assert schedule.total_steps(config(schedule="exponential", warm_up_steps=99), 22) == 15


def test_a_batch_that_does_not_divide_and_a_decay_without_effect_are_refused() -> None:
    with pytest.raises(InputError, match="2 processes x accumulation 3; 4 examples do not divide by 6"):
        schedule.require_consistent(config(accumulation=3), 2)
    with pytest.raises(InputError, match=r"weight decay belongs to adamw, got 0\.1 for adam"):
        schedule.require_consistent(config(weight_decay=0.1), 1)
    schedule.require_consistent(config(accumulation=2, optimiser="adamw", weight_decay=0.1), 2)


def test_the_published_optimiser_and_adamw_are_torchs() -> None:
    weights = [torch.nn.Parameter(torch.zeros(1))]
    adam = schedule.optimiser(weights, config())
    assert type(adam) is torch.optim.Adam and adam.defaults["betas"] == (0.5, 0.999) and adam.defaults["eps"] == 1e-4
    adamw = schedule.optimiser(weights, config(optimiser="adamw", weight_decay=0.1))
    assert type(adamw) is torch.optim.AdamW and adamw.defaults["weight_decay"] == 0.1
