"""S2F → true-face retrieval (Table 3, Fig. 7): ranks, recall by rank and by percent of the gallery, median rank.

Differs: the paper's Table 3 prints "R@K" beside a Random row of K %, which is recall in the top K *percent*; here both
readings exist under their own names, each with the chance that belongs to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Shaped
from scipy.spatial.distance import cdist
from scipy.stats import hypergeom

from s2f_core.errors import InputError
from s2f_core.evaluate.intervals import Estimate, Groups, median, proportion_clustered

Metric = Literal["cosine", "l2", "l1"]
Same = Literal["left_out", "hit"]
People = tuple[Shaped[np.ndarray, " queries"], Shaped[np.ndarray, " gallery"]]
BLOCK_CELLS = 2**22  # distances held at once (32 MiB of float64)
TIE = 1e-11  # distances of unit-scale vectors closer than this are equal: beyond float64 rounding at 4,096 dimensions


@dataclass(frozen=True)
class Ranking:
    """Per query: the 1-based rank of the true face, the gallery faces it was ranked among, how many count as right."""

    ranks: Int[np.ndarray, " queries"]
    gallery: Int[np.ndarray, " queries"]
    right: Int[np.ndarray, " queries"]


def ranks(
    queries: Float[np.ndarray, "queries features"],
    gallery: Float[np.ndarray, "gallery features"],
    truth: Int[np.ndarray, " queries"],
    metric: Metric,
    *,
    people: People | None = None,
    same: Same = "left_out",
) -> Ranking:
    """Rank of each query's true face, gallery row `truth`, exactly and over the whole gallery.

    Ties count against us: rank = 1 + rivals that are closer or equally close, so that one average face scores worst.
    With `people` (whose clip each query is, whose face each gallery row), other faces of the query's own person are
    "left_out" of the ranking, or each is a "hit" and the best of them is ranked. Without, they are rivals.

    Raises InputError on an empty side, NaN, a zero vector under cosine, or a true face that is not the query's person.
    """
    mates = None if people is None else _same_person(people)
    if mates is not None and not mates[np.arange(len(truth)), truth].all():
        raise InputError("a true face belongs to another person than its query: align `truth` and `people`")
    found, sizes, right = (np.empty(len(queries), dtype=np.int64) for _ in range(3))
    for rows, distances in _distances(queries, gallery, metric):
        own = distances[np.arange(len(distances)), truth[rows]]
        if mates is None:
            rivals = np.arange(len(gallery)) != truth[rows, None]
        else:
            rivals = ~mates[rows]
            if same == "hit":
                own = np.where(rivals, np.inf, distances).min(1)
        found[rows] = 1 + (rivals & (distances <= own[:, None] + TIE)).sum(1)
        right[rows] = (~rivals).sum(1) if same == "hit" else 1
        sizes[rows] = rivals.sum(1) + right[rows]
    return Ranking(found, sizes, right)


def printed_ranks(ranks: Int[np.ndarray, " queries"], gallery_size: int) -> Ranking:
    """Ranks that somebody printed, one right face each, one gallery. Raises InputError on a rank outside it."""
    if not len(ranks) or ranks.min() < 1 or ranks.max() > gallery_size:
        raise InputError(f"printed ranks lie between 1 and the gallery's {gallery_size}; check what was read")
    return Ranking(ranks, np.full(len(ranks), gallery_size), np.ones(len(ranks), dtype=np.int64))


def top(
    queries: Float[np.ndarray, "queries features"],
    gallery: Float[np.ndarray, "gallery features"],
    k: int,
    metric: Metric,
    *,
    people: People | None = None,
) -> Int[np.ndarray, "queries k"]:
    """Gallery rows of the `k` nearest faces, nearest first; with `people`, only faces of other persons.

    Raises InputError where fewer than `k` faces are left for a query.
    """
    mates = np.zeros((len(queries), len(gallery)), dtype=bool) if people is None else _same_person(people)
    if not 1 <= k <= len(gallery) - mates.sum(1).max(initial=0):
        raise InputError(f"lists of {k} do not fit a gallery of {len(gallery)}; ask for fewer or enlarge it")
    lists = np.empty((len(queries), k), dtype=np.int64)
    for rows, distances in _distances(queries, gallery, metric):
        distances = np.where(mates[rows], np.inf, distances)
        nearest = np.argpartition(distances, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(distances, nearest, 1), axis=1, kind="stable")
        lists[rows] = np.take_along_axis(nearest, order, 1)
    return lists


def recall_at_rank(ranking: Ranking, k: int, *, groups: Groups = None) -> Estimate:
    """Share of queries whose true face is among the first `k` faces; baseline: a random order of the same gallery."""
    places = np.full(len(ranking.ranks), k)
    chance = float(_chance_within(ranking, places).mean())
    return proportion_clustered(ranking.ranks <= places, groups, baseline=chance)


def recall_at_percent(ranking: Ranking, percent: int | float, *, groups: Groups = None) -> Estimate:
    """Share of queries whose true face is in the first `percent` % of their gallery; baseline: a random order of it.

    Unstated: how the paper rounds; here the whole faces that fit, floor(gallery · percent / 100), so that never
    more than `percent` % is looked at; the baseline is the exact chance of that number, a little under `percent` %.
    """
    places = np.floor(ranking.gallery * percent / 100 + 1e-9).astype(np.int64)
    chance = float(_chance_within(ranking, places).mean())
    return proportion_clustered(ranking.ranks <= places, groups, baseline=chance)


def median_rank(ranking: Ranking, *, seed: int, groups: Groups = None) -> Estimate:
    """Median rank of the true face with the bootstrap interval over persons; baseline: that of random orders."""
    estimate = median(ranking.ranks, seed=seed, groups=groups)
    kinds, times = np.unique(np.stack([ranking.gallery, ranking.right]), axis=1, return_counts=True)
    places = np.arange(1, kinds[0].max() + 1)
    one_of = [hypergeom.sf(0, size, right, np.minimum(places, size)) for size, right in kinds.T]
    reached = np.average(one_of, axis=0, weights=times)
    lower, upper = (int((reached < half).argmin()) + 1 for half in (0.5 - 1e-9, 0.5 + 1e-9))
    return Estimate(estimate.value, estimate.low, estimate.high, estimate.n, (lower + upper) / 2)


def _chance_within(ranking: Ranking, places: Int[np.ndarray, " queries"]) -> Float64[np.ndarray, " queries"]:
    """Probability that a random order puts one of the `right` faces of the gallery among the first `places`."""
    return hypergeom.sf(0, ranking.gallery, ranking.right, np.minimum(places, ranking.gallery))


def _same_person(people: People) -> Bool[np.ndarray, "queries gallery"]:
    queries, gallery = people
    return queries[:, None] == gallery[None, :]


def _distances(
    queries: Float[np.ndarray, "queries features"], gallery: Float[np.ndarray, "gallery features"], metric: Metric
) -> Iterator[tuple[slice, Float64[np.ndarray, "block gallery"]]]:
    """Yield query rows and their distances to the whole gallery; bounded memory, unit scale (only order counts)."""
    queries, gallery = (side.astype(np.float64) for side in (queries, gallery))
    if not (queries.size and gallery.size and np.isfinite(queries).all() and np.isfinite(gallery).all()):
        raise InputError(f"retrieval needs finite features; got {queries.shape} × {gallery.shape}: drop missing faces")
    if metric == "l2":  # distances do not depend on the origin; the Gram form below loses digits far from it
        queries, gallery = queries - gallery.mean(0), gallery - gallery.mean(0)
    norms = [np.linalg.norm(side, ord=1 if metric == "l1" else 2, axis=1) for side in (queries, gallery)]
    if metric == "cosine" and not min(norm.min() for norm in norms) > 0:
        raise InputError("the cosine of a zero vector is undefined; drop such faces or use l2")
    scale = max(norm.max() for norm in norms) or 1.0
    queries, gallery = (
        side / (norm[:, None] if metric == "cosine" else scale)
        for side, norm in zip((queries, gallery), norms, strict=True)
    )
    squares = (gallery**2).sum(1)
    step = max(1, BLOCK_CELLS // len(gallery))
    for start in range(0, len(queries), step):
        block = queries[start : start + step]
        if metric == "l1":
            distances = cdist(block, gallery, "cityblock")
        elif metric == "l2":
            distances = (block**2).sum(1)[:, None] + squares - 2 * block @ gallery.T
        else:
            distances = 1 - block @ gallery.T
        yield slice(start, start + len(block)), distances
