"""How much of what the oracle reads an encoder reads: the bar for a trained encoder (the paper has no oracle; cf. Sec. 5)."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from jaxtyping import Float64, Shaped

from s2f_core.errors import InputError
from s2f_core.evaluate.intervals import TAIL, Estimate, Groups, Weights, percentile, resample

Columns = Float64[np.ndarray, "people columns"]
Statistic = Callable[[Weights], Float64[np.ndarray, " resamples"]]


def share_of_oracle(
    ours: Shaped[np.ndarray, "ours ..."],
    oracle: Shaped[np.ndarray, "oracles ..."],
    truth: Shaped[np.ndarray, "people ..."],
    *,
    of: Literal["accuracy", "r"],
    within: Shaped[np.ndarray, " people"] | None = None,
    groups: Groups = None,
    seed: int,
) -> Estimate:
    """Our accuracy or r over the oracle's on the same rows; both are taken of the same resamples of persons.

    Several columns (measures) give the ratio of the mean r's. `within` takes r of the deviations from each group's mean,
    such as each sex's. Baseline: the majority label for everyone, or r = 0. Raises InputError on missing numbers, on rows
    that do not match, and where the oracle's own interval reaches 0, so that there is nothing to have a share of.
    """
    if not ours.shape == oracle.shape == truth.shape:
        raise InputError(f"ours, the oracle's and the truth go row by row; got {ours.shape}, {oracle.shape}, {truth.shape}")
    *sides, right = (side.reshape(len(side), -1) for side in (ours, oracle, truth))
    if of == "accuracy":
        known = max(float(np.mean(right == label)) for label in np.unique(right))
        statistics = [_accuracy((side == right).mean(1)) for side in sides]
    elif not all(np.isfinite(side).all() for side in (*sides, right)):
        raise InputError("r needs every number on both sides; leave out people of whom one is missing")
    else:
        known, statistics = 0.0, [_mean_r(side.astype(np.float64), right.astype(np.float64), within) for side in sides]
    value, draws = resample(lambda w: np.stack([one(w) for one in statistics], axis=1), len(right), seed=seed, groups=groups)
    if not (value[1] > 0 and np.nanquantile(draws[:, 1], TAIL) > 0):
        raise InputError(f"the oracle's {of} of {value[1]:.3f} is not above 0 for certain, and has no share; add people")
    return percentile(float(value[0] / value[1]), draws[:, 0] / draws[:, 1], len(right), known / float(value[1]))


def _accuracy(hits: Float64[np.ndarray, " people"]) -> Statistic:
    return lambda weights: weights @ hits / weights.sum(1)


def _mean_r(x: Columns, y: Columns, within: Shaped[np.ndarray, " people"] | None) -> Statistic:
    """Pearson's r of weighted people, averaged over columns; about the mean of each group of `within`."""
    group = np.zeros(len(x), dtype=int) if within is None else np.unique(within, return_inverse=True)[1]
    member = (group[:, None] == np.arange(group.max() + 1)).astype(np.float64)
    x, y = (side - side.mean(0) for side in (x, y))
    sums = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)
    flat = (member[:, :, None, None] * sums[:, None]).reshape(len(x), -1)

    def statistic(weights: Weights) -> Float64[np.ndarray, " resamples"]:
        n, x, y, xx, yy, xy = np.moveaxis((weights @ flat).reshape(-1, member.shape[1], *sums.shape[1:]), 2, 0)
        n = np.maximum(n, 1)  # a group without people has sums of 0
        xx, yy, xy = ((square - a * b / n).sum(1) for square, a, b in ((xx, x, x), (yy, y, y), (xy, x, y)))
        scale = np.sqrt(np.maximum(xx * yy, 0))
        return np.divide(xy, scale, out=np.full_like(xy, np.nan), where=scale > 0).mean(1)

    return statistic
