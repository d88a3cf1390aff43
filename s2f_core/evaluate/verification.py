"""Telling one person's clips from others': equal error rate and AUC of similarities (the paper states none; cf. Sec. 5)."""

import numpy as np
from jaxtyping import Bool, Float, Shaped

from s2f_core.errors import InputError
from s2f_core.evaluate.intervals import Estimate, percentile

N_RESAMPLES = 200  # of whole persons; each sorts every pair


def equal_error_rate(genuine: Float[np.ndarray, " pairs"], impostor: Float[np.ndarray, " others"]) -> float:
    """The error at the threshold where as many genuine pairs are refused as impostor pairs accepted.

    Args:
        genuine, impostor: similarities, larger is more alike.

    Raises:
        InputError: no pair on one side.
    """
    if not len(genuine) or not len(impostor):
        raise InputError(f"an error rate needs pairs of both kinds; got {len(genuine)} genuine, {len(impostor)} impostor")
    thresholds = np.unique(genuine)
    refused = np.searchsorted(np.sort(genuine), thresholds, side="left") / len(genuine)
    accepted = 1 - np.searchsorted(np.sort(impostor), thresholds, side="left") / len(impostor)
    nearest = np.abs(refused - accepted).argmin()
    return float((refused[nearest] + accepted[nearest]) / 2)


def area_under_curve(genuine: Float[np.ndarray, " pairs"], impostor: Float[np.ndarray, " others"]) -> float:
    """How often a genuine pair is more alike than an impostor pair, ties counted half."""
    order = np.sort(impostor)
    below = np.searchsorted(order, genuine, side="left") + np.searchsorted(order, genuine, side="right")
    return float(below.mean() / 2 / len(order))


def over_persons(
    statistic: str,
    similarity: Float[np.ndarray, "clips clips"],
    person: Shaped[np.ndarray, " clips"],
    *,
    among: Bool[np.ndarray, "clips clips"] | None = None,
    seed: int,
) -> Estimate:
    """A verification statistic over all pairs of clips, with its interval over resampled persons.

    Args:
        statistic: 'eer' or 'auc'.
        similarity: of each pair of clips, symmetric; a clip is never paired with itself.
        person: whose each clip is.
        among: which impostor pairs count; left out: all.

    Returns: the estimate; n is the number of persons, the baseline .5.
    """
    names, index = np.unique(person, return_inverse=True)
    upper = np.triu(np.ones(similarity.shape, bool), 1)
    same = index[:, None] == index
    genuine = np.argwhere(same & upper)
    impostor = np.argwhere(~same & upper & (True if among is None else among))
    compute = {"eer": equal_error_rate, "auc": area_under_curve}[statistic]
    rng = np.random.default_rng([seed, len(names)])

    def value(times: Float[np.ndarray, " persons"]) -> float:
        weight = times[index]
        chosen = [np.repeat(similarity[tuple(pairs.T)], (weight[pairs[:, 0]] * weight[pairs[:, 1]]).astype(int))
                  for pairs in (genuine, impostor)]
        return compute(*chosen) if all(map(len, chosen)) else float("nan")  # a resample without pairs of one kind tells nothing

    draws = [value(np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names)).astype(float))
             for _ in range(N_RESAMPLES)]
    return percentile(value(np.ones(len(names))), np.array(draws), len(names), 0.5)
