"""Correlation of measures between two renderings of the same people (Fig. 5(c)): pooled, within sex, against shuffled
persons; and the n that fit a printed pair of r and p."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int64, Shaped
from scipy.special import betainc

from s2f_core.errors import InputError
from s2f_core.evaluate.intervals import (
    LEVEL,
    N_RESAMPLES,
    Estimate,
    Groups,
    Weights,
    percentile,
    person_index,
    resample,
)

FEWEST_PAIRS = 4
SHUFFLES_AT_ONCE = 256
LARGEST_N = 10_000

Columns = Float64[np.ndarray, "clips measures"]
Measured = Mapping[str, Float[np.ndarray, " clips"]]


@dataclass(frozen=True)
class Correlation:
    """One measure's correlation; `band` holds 95 % of |r| when whole persons are shuffled, `p` is that test's."""

    pooled: Estimate
    within_sex: Estimate | None  # of the deviations from each sex's mean: sex partialled out
    by_sex: dict[str, Estimate]  # each sex with at least FEWEST_PAIRS persons and pairs
    band: float
    p: float


@dataclass(frozen=True)
class _Pairs:
    """Both sides, standardised over the complete pairs (1 in `valid`) and 0 in the others."""

    x: Columns
    y: Columns
    valid: Columns


def correlate(
    a: Measured,
    b: Measured,
    *,
    groups: Groups = None,
    sex: Shaped[np.ndarray, " clips"] | None = None,
    seed: int,
    n_resamples: int = N_RESAMPLES,
    n_permutations: int = N_RESAMPLES,
) -> dict[str, Correlation]:
    """Pearson's r per measure of `a` with the same measure of `b`, row by row; pairs with a NaN are left out.

    Intervals are percentile bootstraps over persons (`groups`), all measures and sexes on the same resamples. A `sex`
    of "" is unknown: such clips count in the pooled r only. Raises InputError where the measures differ, or one is
    constant or has fewer than FEWEST_PAIRS pairs.
    """
    pairs = _pairs(a, b)
    person = person_index(groups, len(pairs.x))
    sexes = [] if sex is None else [each for each in np.unique(sex) if each != ""]
    member = np.stack([np.ones(len(person)), *(sex == each for each in sexes)], axis=1)
    value, draws = resample(_weighted_r(pairs, member), len(person), seed=seed, n_resamples=n_resamples, groups=groups)
    shuffled = _shuffled(pairs, person, n_permutations, np.random.default_rng([seed, n_permutations]))
    sizes = _sizes(pairs.valid, person, member)
    found = {}
    for index, name in enumerate(a):
        pooled, within, *by_sex = (
            percentile(float(r), r_drawn, int(n), 0.0) if n else None
            for r, r_drawn, n in zip(value[:, index], draws[:, :, index].T, sizes[:, index], strict=True)
        )
        reached = int((shuffled[:, index] >= abs(pooled.value) - 1e-12).sum())
        found[name] = Correlation(
            pooled,
            within,
            {str(each): estimate for each, estimate in zip(sexes, by_sex, strict=True) if estimate},
            float(np.nanquantile(shuffled[:, index], LEVEL)),
            (1 + reached) / (1 + n_permutations),
        )
    return found


def implied_n(r: Float[np.ndarray, " pairs"], p: Float[np.ndarray, " pairs"], *, decimals: int = 3) -> range:
    """Every n at which each printed r and its printed two-sided p (Student's t, n − 2) both round to what is printed.

    Empty where no single n fits all pairs; ends at LARGEST_N where nothing bounds it above (every p printed as 0).
    """
    half = 0.5 * 10.0**-decimals + 1e-12
    sizes = np.arange(3, LARGEST_N + 1)
    fits = np.ones(len(sizes), dtype=bool)
    for strength, chance in zip(np.abs(r), p, strict=True):
        edges = (min(1.0, strength + half), max(0.0, strength - half))
        least, most = (betainc((sizes - 2) / 2, 0.5, 1 - edge**2) for edge in edges)
        fits &= (least <= chance + half) & (most >= chance - half)
    found = sizes[fits]
    return range(int(found[0]), int(found[-1]) + 1) if len(found) else range(0)


def _pairs(a: Measured, b: Measured) -> _Pairs:
    if not a or list(a) != list(b):
        raise InputError(f"both sides need the same measures in one order; got {list(a)} and {list(b)}")
    sides = [np.stack(list(side.values()), axis=1).astype(np.float64) for side in (a, b)]
    valid = np.isfinite(sides[0]) & np.isfinite(sides[1])
    n = valid.sum(0)
    if n.min() < FEWEST_PAIRS:
        raise InputError(f"{list(a)[n.argmin()]}: r needs {FEWEST_PAIRS} pairs, {n.min()} are complete: add faces")
    standard = []
    for side in sides:
        centred = np.where(valid, side - np.where(valid, side, 0).sum(0) / n, 0)
        spread = np.sqrt((centred**2).sum(0) / n)
        if (spread == 0).any():
            raise InputError(f"{list(a)[spread.argmin()]} is one value for all faces and has no r; drop it")
        standard.append(centred / spread)
    return _Pairs(standard[0], standard[1], valid.astype(np.float64))


def _weighted_r(
    pairs: _Pairs, member: Float64[np.ndarray, "clips sets"]
) -> Callable[[Weights], Float64[np.ndarray, "resamples kinds measures"]]:
    """r of weighted clips: pooled, within sex, each sex; `member` says who is in each set: everyone, then each sex."""
    sums = np.stack([pairs.valid, pairs.x, pairs.y, pairs.x**2, pairs.y**2, pairs.x * pairs.y], axis=1)
    # every weighted sum in one matrix product: (resamples, clips) @ (clips, sets · sums · measures)
    flat = (member[:, :, None, None] * sums[:, None]).reshape(len(member), -1)

    def statistic(weights: Weights) -> Float64[np.ndarray, "resamples kinds measures"]:
        about_mean = _centred((weights @ flat).reshape(-1, member.shape[1], *sums.shape[1:]))
        within = about_mean[:, 1:].sum(1, keepdims=True)
        return _r(np.concatenate([about_mean[:, :1], within, about_mean[:, 1:]], axis=1))

    return statistic


def _sizes(
    valid: Columns, person: Int64[np.ndarray, " clips"], member: Float64[np.ndarray, "clips sets"]
) -> Float64[np.ndarray, "kinds measures"]:
    """Pairs behind each kind of r and measure; 0 where too few, or too few persons, for that kind to be given."""
    everyone, *each = member.T @ valid
    persons = np.array([len(np.unique(person[of_set > 0])) for of_set in member.T[1:]])
    kinds = np.array([sum(each, np.zeros_like(everyone)), *each])
    enough = np.minimum(kinds, np.array([persons.sum(), *persons])[:, None]) >= FEWEST_PAIRS
    return np.vstack([everyone, np.where(enough, kinds, 0)])


def _centred(sums: Float64[np.ndarray, "*rest 6 measures"]) -> Float64[np.ndarray, "*rest 3 measures"]:
    """From the sums of 1, x, y, x², y², xy to those of x², y², xy about the means; 0 where nothing was summed."""
    n, x, y, xx, yy, xy = np.moveaxis(sums, -2, 0)
    share = np.divide(1, n, out=np.zeros_like(n), where=n > 0)
    return np.stack([xx - x * x * share, yy - y * y * share, xy - x * y * share], axis=-2)


def _r(centred: Float64[np.ndarray, "*rest 3 measures"]) -> Float64[np.ndarray, "*rest measures"]:
    xx, yy, xy = np.moveaxis(centred, -2, 0)
    spread = np.sqrt(np.maximum(xx * yy, 0))
    return np.divide(xy, spread, out=np.full_like(xy, np.nan), where=spread > 1e-9)


def _shuffled(
    pairs: _Pairs, person: Int64[np.ndarray, " clips"], n: int, rng: np.random.Generator
) -> Float64[np.ndarray, "shuffles measures"]:
    """|r| after giving each person another's clips, taken in turn where the two have unlike numbers of clips."""
    order = np.argsort(person, kind="stable")
    sizes = np.bincount(person)
    first = np.cumsum(sizes) - sizes
    turn = np.empty(len(person), dtype=np.int64)
    turn[order] = np.arange(len(person)) - first[person[order]]
    found = []
    for start in range(0, n, SHUFFLES_AT_ONCE):
        other = rng.permuted(np.tile(np.arange(len(sizes)), (min(SHUFFLES_AT_ONCE, n - start), 1)), axis=1)[:, person]
        clip = first[other] + turn % sizes[other]
        found.append(np.abs(_r_given(pairs, order[clip])))
    return np.concatenate(found)


def _r_given(pairs: _Pairs, clip: Int64[np.ndarray, "shuffles clips"]) -> Float64[np.ndarray, "shuffles measures"]:
    """r of each clip's x with the y of the clip it is given, over the pairs in which both are known."""
    sums = np.empty((len(clip), 6, pairs.x.shape[1]))
    for index in range(pairs.x.shape[1]):
        x, valid = pairs.x[:, index], pairs.valid[:, index]
        y, known = pairs.y[clip, index], pairs.valid[clip, index]
        sums[:, [0, 1, 3], index] = known @ np.stack([valid, x, x * x], axis=1)
        sums[:, [2, 5], index] = y @ np.stack([valid, x], axis=1)
        sums[:, 4, index] = y * y @ valid
    return _r(_centred(sums))
