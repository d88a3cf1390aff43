"""Attribute agreement (Fig. 4 and its supplement): accuracy, balanced accuracy, Cohen's κ and ± 1 class, from labels or
from a published row-normalised confusion matrix, beside the majority class and chance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float64, Int64, Num, Shaped

from s2f_core.errors import InputError
from s2f_core.evaluate.intervals import (
    N_RESAMPLES,
    Estimate,
    Groups,
    Weights,
    multinomial_tables,
    percentile,
    proportion_clustered,
    resample,
    wilson_bounds,
)


@dataclass(frozen=True)
class Agreement:
    """Agreement of two labellings of the same faces; every baseline says what knowing nothing gives.

    Baselines: accuracy, the majority class for everyone; balanced, 1 / classes that occur; κ, 0; within_one, the best
    single class for everyone; recall of a class, how often it is predicted at all. `expected` is the accuracy of
    independent labels with the same margins.
    """

    accuracy: Estimate
    balanced: Estimate
    kappa: Estimate
    within_one: Estimate | None  # only where the classes are ordered
    recall: dict[str, Estimate]  # of each class that occurs
    majority: str
    expected: float


def confusion(
    true: Shaped[np.ndarray, " clips"], predicted: Shaped[np.ndarray, " clips"], classes: Sequence[str]
) -> Int64[np.ndarray, "classes classes"]:
    """Count faces by true class (rows) and predicted class (columns). Raises InputError on labels outside `classes`."""
    table = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(table, (_places(true, classes), _places(predicted, classes)), 1)
    return table


def agreement(
    true: Shaped[np.ndarray, " clips"],
    predicted: Shaped[np.ndarray, " clips"],
    classes: Sequence[str],
    *,
    ordered: bool = False,
    seed: int,
    groups: Groups = None,
) -> Agreement:
    """Agreement of labels, with intervals over persons. Raises InputError on unknown labels or where κ is undefined."""
    row, column = _places(true, classes), _places(predicted, classes)
    table = confusion(true, predicted, classes)
    cells = np.eye(table.size)[row * len(classes) + column]

    def statistics(weights: Weights) -> Float[np.ndarray, "resamples 4"]:
        return _statistics((weights @ cells).reshape(-1, *table.shape))

    _, draws = resample(statistics, len(true), seed=seed, groups=groups)
    summary = _summary(table / table.sum(), draws, len(true), classes)
    recall = {
        name: proportion_clustered(
            column[row == index] == index,
            None if groups is None else groups[row == index],
            baseline=float(np.mean(column == index)),
        )
        for index, name in enumerate(classes)
        if (row == index).any()
    }
    near = proportion_clustered(np.abs(row - column) <= 1, groups, baseline=summary.within_one.baseline)
    hits = proportion_clustered(row == column, groups, baseline=summary.accuracy.baseline)
    return replace(summary, accuracy=hits, within_one=near if ordered else None, recall=recall)


def from_matrix(
    matrix: Num[np.ndarray, "classes classes"],
    shares: Num[np.ndarray, " classes"],
    n: int,
    classes: Sequence[str],
    *,
    ordered: bool = False,
    decimals: int = 2,
    seed: int,
) -> Agreement:
    """Agreement from a matrix printed with `decimals` digits, rows normalised, and the classes' shares (or counts).

    Rows are scaled to sum to 1 (printed ones sum to .98–1.02). The interval is a parametric bootstrap: printed cells
    are jittered within their rounding, then `n` faces are drawn from shares × cells.
    Unstated: n (Fig. 4 prints none), so it is the caller's assumption.
    Raises InputError on negative cells, empty rows, classes without share, or n < 1.
    """
    if n < 1 or (matrix < 0).any() or not (matrix.sum(1) > 0).all() or not (shares > 0).all():
        raise InputError(
            f"n ≥ 1, cells ≥ 0, rows and shares > 0 make a confusion matrix; got n = {n}, {matrix.tolist()}"
        )
    half = 0.5 * 10.0**-decimals
    jitter = np.random.default_rng([seed, len(classes)]).uniform(-half, half, (N_RESAMPLES, *matrix.shape))
    cells = np.concatenate([matrix[None], np.maximum(matrix + jitter, 0)])
    cells /= cells.sum(2, keepdims=True)
    prior = shares / shares.sum()
    joint = cells * prior[:, None]
    summary = _summary(joint[0], _statistics(multinomial_tables(joint[1:], n, seed=seed)), n, classes)
    recall = {}
    for index, name in enumerate(classes):
        share, in_row = float(cells[0, index, index]), n * float(prior[index])
        baseline = float(joint[0, :, index].sum())
        recall[name] = Estimate(share, *wilson_bounds(share, in_row), round(in_row), baseline)
    return replace(summary, within_one=summary.within_one if ordered else None, recall=recall)


def kappa(said: Shaped[np.ndarray, " people"], true: Shaped[np.ndarray, " people"], weights: Weights
          ) -> Float64[np.ndarray, " resamples"]:
    """Cohen's κ of what was said with what is true, of people weighted in many ways; 0 where all are of one class.

    Plain agreement would not do: a judge that says one class of everybody is right where that one is frequent.
    """
    size = weights.sum(1)
    agreed = weights @ (said == true) / size
    expected = sum((weights @ (said == name) / size) * (weights @ (true == name) / size) for name in np.unique(true))
    left = 1 - np.asarray(expected, dtype=np.float64)
    return np.divide(agreed - expected, left, out=np.zeros_like(left), where=left > 0)


def _places(labels: Shaped[np.ndarray, " clips"], classes: Sequence[str]) -> Int64[np.ndarray, " clips"]:
    place = {name: index for index, name in enumerate(classes)}
    strange = sorted(set(labels.tolist()) - place.keys(), key=str)
    if strange or not len(labels):
        raise InputError(f"labels must be among {list(classes)}; got {strange or 'none'}: map or drop the others first")
    return np.array([place[label] for label in labels.tolist()], dtype=np.int64)


def _statistics(tables: Float64[np.ndarray, "resamples classes classes"]) -> Float64[np.ndarray, "resamples 4"]:
    """Accuracy, balanced accuracy (over the classes that occur), κ (NaN where undefined) and the share within ± 1."""
    joint = tables / tables.sum((1, 2), keepdims=True)
    true, predicted = joint.sum(2), joint.sum(1)
    hits = np.diagonal(joint, axis1=1, axis2=2)
    accuracy, expected = hits.sum(1), (true * predicted).sum(1)
    recall = np.divide(hits, true, out=np.zeros_like(true), where=true > 0)
    kappa = np.divide(accuracy - expected, 1 - expected, out=np.full_like(expected, np.nan), where=expected < 1)
    near = (joint * np.tri(joint.shape[1], k=1) * np.tri(joint.shape[1], k=1).T).sum((1, 2))
    return np.stack([accuracy, recall.sum(1) / (true > 0).sum(1), kappa, near], axis=1)


def _summary(
    joint: Float64[np.ndarray, "classes classes"],
    draws: Float64[np.ndarray, "resamples 4"],
    n: int,
    classes: Sequence[str],
) -> Agreement:
    """The statistics of a joint distribution with percentile intervals; recalls are the caller's."""
    true, predicted = joint.sum(1), joint.sum(0)
    adjacent = np.tri(len(true), k=1) * np.tri(len(true), k=1).T
    baselines = (float(true.max()), 1 / int((true > 0).sum()), 0.0, float((adjacent @ true).max()))
    accuracy, balanced, kappa, near = (
        percentile(float(value), column, n, baseline)
        for value, column, baseline in zip(_statistics(joint[None])[0], draws.T, baselines, strict=True)
    )
    majority, expected = classes[int(true.argmax())], float(true @ predicted)
    return Agreement(accuracy, balanced, kappa, near, {}, majority, expected)
