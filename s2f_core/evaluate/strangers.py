"""Own pairs against strangers' pairs, and places in random galleries: "no specific individuals" as numbers (page, Sec. 5).

The paper gives one gallery and no verification. A place in a gallery means little without its size, and says less than an
error rate, which needs none.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int, Int64, Shaped
from scipy.special import ndtri, stdtrit
from scipy.stats import hypergeom

from s2f_core.errors import InputError
from s2f_core.evaluate.intervals import TAIL, Estimate, Groups, Weights, percentile, person_index, resample, wilson_bounds
from s2f_core.evaluate.retrieval import Ranking

Square = Float64[np.ndarray, "clips clips"]
Persons = Shaped[np.ndarray, " clips"]
Counts = Int64[np.ndarray, "clips thresholds"]
REACH = 4.0  # over √persons: how far refused and accepted may lie apart at a threshold where a resample's can be equal


@dataclass(frozen=True)
class Apart:
    """How well own pairs are told from strangers': equal error rate, baseline .5, and d′, baseline 0; n own pairs.

    `d_prime`: difference of the mean similarities over the root of the mean of both variances.
    """

    eer: Estimate
    d_prime: Estimate


def told_apart(
    similarity: Square, person: Persons, *, among: Bool[np.ndarray, "clips clips"] | None = None, seed: int, n_resamples: int
) -> Apart:
    """Is this the face of this voice? The own face of each voice against faces of other people, at one threshold for all.

    Intervals resample persons whole, with the pairs they are in as speaker and as face: a stranger's pair weighs the sum of
    both persons' weights less one, the first order of their product. Voices without strangers are left out.

    Args:
        similarity: of voice (row) and face (column), larger is more alike; the diagonal is the own face.
        person: whose each row, and each column, is.
        among: which pairs count if they are strangers'; left out: all.

    Raises InputError where nobody has a stranger.
    """
    strangers = person[:, None] != person
    strangers = strangers if among is None else strangers & among
    rows = np.flatnonzero(strangers.any(1))
    if not len(rows):
        raise InputError("no voice has a stranger to be told from; add people, or count more of them as strangers")
    own = np.diag(similarity)[rows]
    thresholds = np.unique(own)
    accepted = _times_reached(similarity, strangers, thresholds)
    sums = sum(_moments(side, those) for side, those in ((similarity, strangers), (similarity.T, strangers.T)))
    total = [each.sum(0) / 2 for each in (accepted, sums)]  # each pair was counted for both of its persons
    refused = (own[:, None] < thresholds).astype(np.float64)
    apart = np.abs(refused.mean(0) - total[0] / total[1][0])
    near = apart <= max(REACH / np.sqrt(len(np.unique(person))), apart.min())
    refused, accepted, total[0] = refused[:, near], accepted[:, near], total[0][near]
    mine = np.stack([np.ones_like(own), own, own**2], axis=1)

    def statistic(weights: Weights) -> Float64[np.ndarray, "resamples 2"]:
        n, *others = (weights @ sums - total[1]).T
        n_own, *moments = (weights[:, rows] @ mine).T
        some = (n > 0) & (n_own > 0)  # a resample without pairs of one kind tells nothing
        n, n_own = (np.where(some, size, np.nan) for size in (n, n_own))
        wrong = (weights[:, rows] @ refused) / n_own[:, None], (weights @ accepted - total[0]) / n[:, None]
        place = np.abs(wrong[0] - wrong[1]).argmin(1)[:, None]
        eer = (np.take_along_axis(wrong[0], place, 1) + np.take_along_axis(wrong[1], place, 1))[:, 0] / 2
        (mean, variance), (far, far_variance) = _mean_variance(n_own, *moments), _mean_variance(n, *others)
        pooled = np.sqrt((variance + far_variance) / 2)
        return np.stack([eer, (mean - far) / np.where(pooled > 0, pooled, np.nan)], axis=1)

    value, draws = resample(statistic, len(person), seed=seed, n_resamples=n_resamples, groups=person)
    return Apart(*(percentile(float(value[k]), draws[:, k], len(rows), baseline) for k, baseline in enumerate((0.5, 0.0))))


def in_part(ranking: Ranking, size: int, places: int) -> Float64[np.ndarray, " queries"]:
    """Probability that the true face is among the first `places` of a gallery of itself and others by lot, `size` in all.

    Exact, from its rank in the whole gallery: those before it that are drawn are hypergeometric, so nothing is drawn here.
    Raises InputError where a whole gallery is smaller, or `places` is not between 1 and `size`.
    """
    if not 1 <= places <= size <= ranking.gallery.min():
        raise InputError(f"{places} places, {size} faces and {ranking.gallery.min()} in all must not fall; ask for fewer")
    pairs, which = np.unique(np.stack([ranking.gallery, ranking.ranks]), axis=1, return_inverse=True)
    return hypergeom.cdf(places - 1, pairs[0] - 1, pairs[1] - 1, size - 1).astype(np.float64)[which.reshape(-1)]


def share_found(chances: Float64[np.ndarray, " queries"], groups: Groups, *, baseline: float) -> Estimate:
    """Mean of each query's probability of being found, Wilson's interval on the n that has this variance between persons.

    As `intervals.proportion_clustered`, of probabilities in place of hits: these vary less, so that this n may be above the
    number of queries. With nothing or everything found, it is the number of persons.
    """
    person, n = person_index(groups, len(chances)), len(chances)
    n_persons, share = int(person.max()) + 1, min(float(chances.mean()), 1.0)
    deviation = np.bincount(person, chances - share)
    variance = float(deviation @ deviation) / n**2 * n_persons / max(n_persons - 1, 1)
    if n_persons < 2 or variance <= 0:
        return Estimate(share, *wilson_bounds(share, n_persons), n, baseline)
    small_sample = (float(ndtri(1 - TAIL)) / float(stdtrit(n_persons - 1, 1 - TAIL))) ** 2
    return Estimate(share, *wilson_bounds(share, share * (1 - share) * small_sample / variance), n, baseline)


def nearer_than(
    similarity: Float64[np.ndarray, "voices faces"], among: Bool[np.ndarray, "voices faces"], own: Int[np.ndarray, " voices"]
) -> tuple[Ranking, Float64[np.ndarray, " voices"]]:
    """The own face among some others: its rank, ties against it, and the share of those others that it is nearer than.

    Args:
        among: which faces are the others; the own one counts as its own always.
        own: column of the own face.

    Raises InputError where a voice has no others.
    """
    rows = np.arange(len(own))
    others = among.copy()
    others[rows, own] = False
    n = others.sum(1)
    if not n.min(initial=1):
        raise InputError(f"{(n == 0).sum()} voices have no other face to be compared with; leave them out")
    mine = similarity[rows, own][:, None]
    nearer, equal = ((others & where).sum(1) for where in (similarity > mine, similarity == mine))
    return Ranking(1 + nearer + equal, n + 1, np.ones_like(n)), 1 - (nearer + equal / 2) / n


def kind_alone(kinds: Int[np.ndarray, " faces"], n_people: int, size: int, places: int) -> float:
    """Share that somebody finds who is told the kind of each speaker, and draws lots among the faces of that kind.

    Args:
        kinds: of all faces, those of the `n_people` speakers first.
        size, places: of galleries of the own face and others by lot, and how many of it are looked at.
    """
    mates, times = np.unique(np.bincount(kinds)[kinds[:n_people]] - 1, return_counts=True)
    met = np.arange(size)
    chance = hypergeom.pmf(met, len(kinds) - 1, mates[:, None], size - 1)
    return float(np.average(chance @ np.minimum(places / (met + 1), 1), weights=times))


def _times_reached(similarity: Square, strangers: Bool[np.ndarray, "clips clips"], thresholds: Shaped[np.ndarray, " thresholds"]
                   ) -> Counts:
    """How many of each clip's strangers' pairs, as voice and as face, reach each threshold."""
    n, size = len(similarity), len(thresholds) + 1
    row, column = np.nonzero(strangers)
    place = np.searchsorted(thresholds, similarity[row, column], side="right")
    counts = sum(np.bincount(index * size + place, minlength=n * size) for index in (row, column)).reshape(n, size)
    return counts[:, :0:-1].cumsum(1)[:, ::-1]


def _moments(similarity: Square, strangers: Bool[np.ndarray, "clips clips"]) -> Float64[np.ndarray, "clips 3"]:
    """Number, sum and sum of squares of each row's strangers' pairs."""
    kept = np.where(strangers, similarity, 0)
    return np.stack([strangers.sum(1), kept.sum(1), (kept**2).sum(1)], axis=1)


def _mean_variance(n: Shaped[np.ndarray, " resamples"], total: Shaped[np.ndarray, " resamples"],
                   squares: Shaped[np.ndarray, " resamples"]) -> tuple[np.ndarray, np.ndarray]:
    mean = total / n
    return mean, np.maximum(squares / n - mean**2, 0)
