"""Numbers with 95 % intervals, which the paper leaves out of Table 3, Fig. 4 and Fig. 5(c)."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Num, Shaped
from scipy.special import ndtri, stdtrit

from s2f_core.errors import InputError

LEVEL = 0.95  # of every interval
TAIL = (1 - LEVEL) / 2
N_RESAMPLES = 2000
BLOCK_CELLS = 2**22  # weights held at once (32 MiB of float64)

Groups = Shaped[np.ndarray, " clips"] | None  # whose clip each row is; None: every row is another person
Weights = Float64[np.ndarray, "resamples clips"]


@dataclass(frozen=True)
class Estimate:
    """A measured number, its 95 % interval, the rows it rests on, and what knowing nothing would give."""

    value: float
    low: float
    high: float
    n: int
    baseline: float | None = None

    def numbers(self) -> dict[str, float]:
        """Value, interval and n for a chart, to four decimals."""
        return {"value": round(self.value, 4), "low": round(self.low, 4), "high": round(self.high, 4), "n": self.n}


def wilson(successes: int, n: int, *, baseline: float | None = None) -> Estimate:
    """Share of `n` independent trials, Wilson's interval. Raises InputError unless 0 ≤ successes ≤ n and n ≥ 1."""
    if n < 1 or not 0 <= successes <= n:
        raise InputError(f"a share needs 0 ≤ successes ≤ n and n ≥ 1; got {successes} of {n}: count again")
    return Estimate(successes / n, *wilson_bounds(successes / n, n), n, baseline)


def wilson_bounds(share: float, n: int | float) -> tuple[float, float]:
    """Wilson's bounds for a share seen in `n` trials; `n` may be an effective, fractional number."""
    z = float(ndtri(1 - TAIL))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (0.0 if share == 0 else centre - reach), (1.0 if share == 1 else centre + reach)


def proportion_clustered(
    hits: Bool[np.ndarray, " clips"], groups: Groups, *, baseline: float | None = None
) -> Estimate:
    """Share of hits where clips of one person (`groups`) resemble each other: Wilson's interval on the effective n.

    The effective n is the number of independent clips with the same variance as these (Korn and Graubard 1998: sandwich
    variance between persons, Student's t with persons − 1), at most n; with no hit or only hits, the number of persons.
    A percentile bootstrap covers only .78–.92 for rare hits, this .90–.98 (simulated, 130 persons of 1–4 clips).
    """
    n = len(hits)
    if groups is None:
        return wilson(int(hits.sum()), n, baseline=baseline)
    person = person_index(groups, n)
    n_persons = int(person.max()) + 1
    share = float(hits.mean())
    if n_persons < 2 or share in (0.0, 1.0):
        return Estimate(share, *wilson_bounds(share, n_persons), n, baseline)
    deviation = np.bincount(person, hits) - share * np.bincount(person)
    variance = n_persons / (n_persons - 1) * float(deviation @ deviation) / n**2
    small_sample = (float(ndtri(1 - TAIL)) / float(stdtrit(n_persons - 1, 1 - TAIL))) ** 2
    one_clip = share * (1 - share) * small_sample
    effective = one_clip / max(variance, one_clip / n)
    return Estimate(share, *wilson_bounds(share, effective), n, baseline)


def fisher_z(r: int | float, n: int) -> Estimate:
    """Pearson's r of `n` independent pairs, R. A. Fisher's z interval. Raises InputError unless |r| ≤ 1 and n ≥ 4."""
    if not abs(r) <= 1 or n < 4:
        raise InputError(f"Fisher's interval needs |r| ≤ 1 and n ≥ 4; got r = {r}, n = {n}: give more pairs")
    if abs(r) == 1:
        return Estimate(float(r), float(r), float(r), n, 0.0)
    reach = float(ndtri(1 - TAIL)) / math.sqrt(n - 3)
    return Estimate(float(r), math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach), n, 0.0)


def difference(a: Estimate, b: Estimate) -> Estimate:
    """`a` − `b` of independent samples; the intervals' arms add in quadrature (R. G. Newcombe 1998). Baseline 0."""
    value = a.value - b.value
    low = value - math.hypot(a.value - a.low, b.high - b.value)
    high = value + math.hypot(a.high - a.value, b.value - b.low)
    return Estimate(value, low, high, a.n + b.n, 0.0)


def person_index(groups: Groups, n: int) -> Shaped[np.ndarray, " clips"]:
    """Number the persons 0, 1, …; without `groups` each clip is one. Raises InputError where the lengths differ."""
    if n < 1 or (groups is not None and len(groups) != n):
        came = n if groups is None else len(groups)
        raise InputError(f"one person per clip and at least one clip are needed; got {came} persons for {n} clips")
    return np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]


def resampled_weights(n: int, *, seed: int, n_resamples: int = N_RESAMPLES, groups: Groups = None) -> Iterator[Weights]:
    """Yield, in blocks of bounded memory, how often each of `n` clips occurs in each resample of whole persons."""
    person = person_index(groups, n)
    n_persons = int(person.max()) + 1
    rng = np.random.default_rng([seed, n_persons])
    rows_at_once = max(1, BLOCK_CELLS // n)
    for start in range(0, n_resamples, rows_at_once):
        rows = min(rows_at_once, n_resamples - start)
        drawn = rng.integers(n_persons, size=(rows, n_persons)) + n_persons * np.arange(rows)[:, None]
        times = np.bincount(drawn.ravel(), minlength=rows * n_persons).reshape(rows, n_persons)
        yield times[:, person].astype(np.float64)


def resample(
    statistic: Callable[[Weights], Float[np.ndarray, "resamples ..."]], n: int, *, seed: int, n_resamples: int = N_RESAMPLES,
    groups: Groups = None,
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "resamples ..."]]:
    """Evaluate a statistic of weighted clips once on all clips and on every resample: (value, draws), vectorised."""
    blocks = resampled_weights(n, seed=seed, n_resamples=n_resamples, groups=groups)
    draws = np.concatenate([statistic(weights) for weights in blocks])
    return np.asarray(statistic(np.ones((1, n)))[0]), draws


def percentile(value: float, draws: Float[np.ndarray, " resamples"], n: int, baseline: float | None = None) -> Estimate:
    """The percentile interval of bootstrap draws; draws in which the statistic is undefined (NaN) are left out.

    Raises InputError where the statistic is undefined on the data itself or on more than half of the draws.
    """
    defined = draws[~np.isnan(draws)]
    if math.isnan(value) or 2 * len(defined) < len(draws):
        raise InputError(f"the statistic is undefined on these {n} rows (constant or too few): give more varied rows")
    low, high = np.quantile(defined, [TAIL, 1 - TAIL])
    return Estimate(float(value), float(low), float(high), n, baseline)


def bootstrap(
    statistic: Callable[..., float],
    arrays: Sequence[Shaped[np.ndarray, "clips ..."]],
    *,
    seed: int,
    n_resamples: int = N_RESAMPLES,
    groups: Groups = None,
) -> Estimate:
    """Percentile interval of any `statistic(*arrays)`; persons (`groups`) are drawn whole, one call per resample."""
    n = len(arrays[0])
    rows = np.arange(n)
    draws = [
        statistic(*(array[np.repeat(rows, times)] for array in arrays))
        for weights in resampled_weights(n, seed=seed, n_resamples=n_resamples, groups=groups)
        for times in weights.astype(np.int64)
    ]
    return percentile(float(statistic(*arrays)), np.array(draws, dtype=np.float64), n)


def mean(values: Num[np.ndarray, " clips"], *, seed: int, groups: Groups = None) -> Estimate:
    """Mean with the bootstrap interval over persons: `bootstrap(np.mean, …)`, vectorised."""
    value, draws = resample(lambda w: w @ values / w.sum(1), len(values), seed=seed, groups=groups)
    return percentile(float(value), draws, len(values))


def over_trainings(values: Float64[np.ndarray, "trainings persons"], *, baseline: float | None = None) -> Estimate:
    """Mean of what several trainings say of the same test persons; the interval is of another training and other persons.

    Each training is on people drawn anew with replacement, so that trainings differ as they would on other people (Efron 1979):
    Student's t on their standard deviation, not on its mean's, and the normal arm over persons, added in quadrature. Of a
    single training the interval is of persons only.
    """
    k, n = values.shape
    between = float(stdtrit(k - 1, 1 - TAIL)) * float(values.mean(1).std(ddof=1)) if k > 1 else 0.0
    over_persons = float(ndtri(1 - TAIL)) * float(values.mean(0).std(ddof=1)) / math.sqrt(n)
    value, reach = float(values.mean()), math.hypot(between, over_persons)
    least, most = (0.0, 1.0) if np.isin(values, (0, 1)).all() else (-math.inf, math.inf)  # a share stays one
    return Estimate(value, max(least, value - reach), min(most, value + reach), n, baseline)


def median(values: Num[np.ndarray, " clips"], *, seed: int, groups: Groups = None) -> Estimate:
    """Median with the bootstrap interval over persons: `bootstrap(np.median, …)`, vectorised."""
    order = np.argsort(values)

    def weighted_median(weights: Weights) -> Float[np.ndarray, " resamples"]:
        reached = np.cumsum(weights[:, order], axis=1)
        size = reached[:, -1:]
        lower, upper = ((reached < place).sum(1) for place in ((size + 1) // 2, size // 2 + 1))
        return (values[order[lower]] + values[order[upper]]) / 2

    value, draws = resample(weighted_median, len(values), seed=seed, groups=groups)
    return percentile(float(value), draws, len(values))


def multinomial_tables(
    joint: Float[np.ndarray, "resamples classes classes"], n: int, *, seed: int
) -> Float64[np.ndarray, "resamples classes classes"]:
    """Draw one table of `n` faces from each joint distribution: the parametric bootstrap of a published matrix."""
    rng = np.random.default_rng([seed, n])
    flat = joint.reshape(len(joint), -1)
    return rng.multinomial(n, flat / flat.sum(1, keepdims=True)).reshape(joint.shape).astype(np.float64)
