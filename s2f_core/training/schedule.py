"""How long, how fast and in what pieces a model is trained: the block of params.yaml, and step → learning rate.

As published (Sec. 3, implementation details): Adam with β1 = 0.5 and ε = 1e-4, learning rate 0.001 with 'exponential decay
rate of 0.95 at every 10,000 iterations', batch size 8, 3 epochs. Unstated: β2 (PyTorch's 0.999 is usual) and whether the
decay is a stair or smooth; the words are taken literally, as a stair, from which the smooth curve differs by at most 5 %.
Differs: AdamW, the cosine and the one-cycle schedule, warm-up and clipping, for compact models on two cores.
"""

import math
from collections.abc import Iterable
from typing import Literal

import torch
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from torch import nn
from torch.optim import Optimizer

from s2f_core.config import Block
from s2f_core.errors import InputError

DECAY = 0.95  # of the learning rate, as published
DECAY_STEPS = 10_000  # steps between decays, as published
ONE_CYCLE_START = 1 / 25  # of the highest rate; OneCycleLR's default
ONE_CYCLE_END = ONE_CYCLE_START / 1e4  # of the highest rate; OneCycleLR's default


class TrainingConfig(Block):
    """Everything that decides the numbers of a training. In YAML write 1.0e-4: 1e-4 is text there."""

    seed: NonNegativeInt  # of the order of examples, of augmentation and of dropout
    unit: Literal["epochs", "steps"]
    duration: PositiveInt  # in that unit
    batch_size: PositiveInt  # examples behind one step, over all processes
    accumulation: PositiveInt  # pieces in which each process computes its share of a batch, to save memory
    optimiser: Literal["adam", "adamw"]
    learning_rate: PositiveFloat  # the highest of the schedule
    beta1: NonNegativeFloat
    beta2: NonNegativeFloat
    epsilon: PositiveFloat
    weight_decay: NonNegativeFloat  # for adamw; 0.0 for adam
    schedule: Literal["exponential", "cosine", "onecycle"]
    warm_up_steps: NonNegativeInt  # of linear rise; for onecycle the steps of its rise, at least 2
    clip_norm: NonNegativeFloat  # longest gradient, over all weights; 0.0: as long as it is
    precision: Literal["float32", "bfloat16"]  # of what autocast lowers; weights and validation stay float32
    channels_last: bool  # memory order of pictures; faster on some machines, sums may round otherwise
    compiled: bool  # by torch.compile; needs a C++ compiler
    validate_every: PositiveInt  # steps; the last step is always validated
    patience: NonNegativeInt  # validations without a new best before stopping early; 0: never stop early
    checkpoint_every: PositiveInt  # steps
    checkpoint_seconds: NonNegativeFloat  # as well after so long; 0.0: by steps only
    log_every: PositiveInt  # steps; a row holds means over them


def steps_per_epoch(config: TrainingConfig, n_examples: int) -> int:
    """Number of whole batches; the examples left over are not the same ones in the next epoch.

    Raises: InputError where there is no example, or fewer than a batch takes.
    """
    if n_examples == 0:
        raise InputError("training needs examples, and the training split is empty; run the stages before, or check the split")
    if n_examples < config.batch_size:
        raise InputError(f"a batch takes {config.batch_size} examples, the training split has {n_examples}; lower batch_size")
    return n_examples // config.batch_size


def total_steps(config: TrainingConfig, n_examples: int) -> int:
    """Number of optimiser steps in the whole training. Raises InputError where the schedule does not fit in them."""
    per_epoch = steps_per_epoch(config, n_examples)
    n_steps = config.duration * per_epoch if config.unit == "epochs" else config.duration
    if config.schedule != "exponential" and config.warm_up_steps >= n_steps:
        raise InputError(f"the schedule {config.schedule} must end after its rise: {config.warm_up_steps} warm_up_steps do not "
                         f"fit in {n_steps} steps; lower warm_up_steps or raise duration")
    if config.schedule == "onecycle" and config.warm_up_steps < 2:
        raise InputError(f"onecycle rises over at least 2 warm_up_steps, got {config.warm_up_steps}; write 30 % of the steps, "
                         f"{max(2, round(0.3 * n_steps))}")
    return n_steps


def require_consistent(config: TrainingConfig, n_processes: int) -> None:
    """Raise InputError where a batch cannot be cut into equal pieces, or the optimiser would ignore a number."""
    n_pieces = n_processes * config.accumulation
    if config.batch_size % n_pieces:
        raise InputError(f"a batch is cut into equal pieces, {n_processes} processes x accumulation {config.accumulation}; "
                         f"{config.batch_size} examples do not divide by {n_pieces}: change batch_size or accumulation")
    if config.optimiser == "adam" and config.weight_decay:
        raise InputError(f"weight decay belongs to adamw, got {config.weight_decay} for adam; write 0.0 or optimiser: adamw")


def learning_rate(step: int, config: TrainingConfig, n_steps: int) -> float:
    """Learning rate of the step with this number (from 0) of `n_steps`: a function of nothing else."""
    highest, rise = config.learning_rate, config.warm_up_steps
    if config.schedule == "onecycle":
        if step < rise:
            return _half_cosine(ONE_CYCLE_START * highest, highest, step / (rise - 1))
        return _half_cosine(highest, ONE_CYCLE_END * highest, (step - rise + 1) / (n_steps - rise))
    warmth = min(1.0, (step + 1) / rise) if rise else 1.0
    if config.schedule == "exponential":
        return warmth * highest * DECAY ** (step // DECAY_STEPS)
    return warmth * _half_cosine(highest, 0.0, max(0, step - rise) / (n_steps - rise))


def optimiser(weights: Iterable[nn.Parameter], config: TrainingConfig) -> Optimizer:
    """Return Adam or AdamW over `weights`; the learning rate is set at each step."""
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config.optimiser]
    betas = (config.beta1, config.beta2)
    return kind(weights, lr=config.learning_rate, betas=betas, eps=config.epsilon, weight_decay=config.weight_decay)


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))
