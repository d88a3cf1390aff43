"""S2F → true-face retrieval (Table 3, Fig. 7): ranks, recall by rank and by percent of the gallery, median rank.

Differs: the paper's Table 3 prints "R@K" beside a Random row of K %, which is recall in the top K *percent*; here both
readings exist under their own names, each with the chance that belongs to it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Int64, Shaped
from scipy.stats import hypergeom

from s2f_core.errors import InputError
from s2f_core.evaluate.intervals import Estimate, Groups, median, proportion_clustered
from s2f_core.evaluate.nearness import Metric, Space, Tile
from s2f_core.evaluate.shortlist import Shortlist

Same = Literal["left_out", "hit"]
FOUND_PERCENT = 10.0  # of the gallery, within which a true face counts as found where nothing else is said; the last of Table 3
People = tuple[Shaped[np.ndarray, " queries"], Shaped[np.ndarray, " gallery"]]


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
    mates = None if people is None else _Mates(*people)
    if mates is not None and not (mates.queries == mates.gallery[truth]).all():
        raise InputError("a true face belongs to another person than its query: align `truth` and `people`")
    space = Space(queries, gallery, metric)
    best = mates is not None and same == "hit"
    own = mates.closest(space) if best else space.of_pairs(np.arange(len(queries)), truth)
    found = np.ones(len(queries), dtype=np.int64)
    for tile in space.tiles():
        rivals = tile.within(own[tile.rows] - space.tie)
        if mates is None:
            here = np.flatnonzero((tile.columns.start <= truth[tile.rows]) & (truth[tile.rows] < tile.columns.stop))
            rivals[here, truth[tile.rows][here] - tile.columns.start] = False
        else:
            rivals &= mates.others(tile)
        found[tile.rows] += [np.count_nonzero(row) for row in rivals]
    of_person = np.ones(len(queries), dtype=np.int64) if mates is None else mates.count()
    right = of_person if best else np.ones_like(of_person)
    return Ranking(found, len(gallery) - of_person + right, right)


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
    """Gallery rows of the `k` nearest faces, nearest first, equals in the gallery's order; with `people`, only of others.

    Raises InputError where fewer than `k` faces are left for a query.
    """
    mates = None if people is None else _Mates(*people)
    if not 1 <= k <= len(gallery) - (0 if mates is None else mates.count().max(initial=0)):
        raise InputError(f"lists of {k} do not fit a gallery of {len(gallery)}; ask for fewer or enlarge it")
    space = Space(queries, gallery, metric)
    lists = Shortlist(space, len(queries), k)
    for tile in space.tiles():
        if mates is not None:
            tile.closeness[~mates.others(tile)] = -np.inf
        lists.add(tile)
    return lists.settle()


def recall_at_rank(ranking: Ranking, k: int, *, groups: Groups = None) -> Estimate:
    """Share of queries whose true face is among the first `k` faces; baseline: a random order of the same gallery."""
    within = np.full(len(ranking.ranks), k)
    chance = float(_chance_within(ranking, within).mean())
    return proportion_clustered(ranking.ranks <= within, groups, baseline=chance)


def recall_at_percent(ranking: Ranking, percent: int | float, *, groups: Groups = None) -> Estimate:
    """Share of queries whose true face is in the first `percent` % of their gallery; baseline: a random order of it.

    The baseline is the exact chance of those `places`, a little under `percent` %.
    """
    chance = float(_chance_within(ranking, places(ranking.gallery, percent)).mean())
    return proportion_clustered(found(ranking, percent), groups, baseline=chance)


def found(ranking: Ranking, percent: int | float = FOUND_PERCENT) -> Bool[np.ndarray, " queries"]:
    """Whether each query's true face is in the first `percent` % of its gallery."""
    return ranking.ranks <= places(ranking.gallery, percent)


def places(gallery: Int[np.ndarray, " queries"], percent: int | float) -> Int64[np.ndarray, " queries"]:
    """How many faces the first `percent` % of galleries of these sizes are.

    Unstated: how the paper rounds; here the whole faces that fit, so that never more than `percent` % is looked at.
    """
    return np.floor(gallery * percent / 100 + 1e-9).astype(np.int64)


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


class _Mates:
    """Who is whose: the person of each query and of each gallery face as a number."""

    def __init__(self, queries: Shaped[np.ndarray, " queries"], gallery: Shaped[np.ndarray, " gallery"]):
        number = np.unique(np.concatenate([queries, gallery]), return_inverse=True)[1]
        self.queries, self.gallery = number[: len(queries)], number[len(queries) :]

    def count(self) -> Int[np.ndarray, " queries"]:
        return np.bincount(self.gallery, minlength=self.queries.max(initial=-1) + 1)[self.queries]

    def others(self, tile: Tile) -> Bool[np.ndarray, "rows columns"]:
        return self.queries[tile.rows, None] != self.gallery[None, tile.columns]

    def closest(self, space: Space) -> Float64[np.ndarray, " queries"]:
        """Closeness of each query to the best of its own person's faces."""
        order = np.argsort(self.gallery, kind="stable")
        first, last = (np.searchsorted(self.gallery[order], self.queries, side=side) for side in ("left", "right"))
        faces = (order[start:stop] for start, stop in zip(first, last, strict=True))
        return np.array([space.of_pairs(np.full(len(mine), row), mine).max() for row, mine in enumerate(faces)])
