"""Pairs of features of one speaker and of different ones (Fig. 10): sums by person, from which any person can be left out."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64, Int64, Shaped

SAME = ("segments of a clip", "clips of a speaker")
BIN_WIDTH = 0.01  # of the histograms of the cosine distance, 0…2
N_BINS = 200
BLOCK_CELLS = 2**21  # distances held at once (16 MiB of float64)
FEWEST_PERSONS = 3  # with pairs of a kind, for its interval over persons
DECIMALS = 12  # of a distance: what double precision knows of it, so that equal ones tie

Pairs = Float64[np.ndarray, " _"]  # distances, of as many pairs as there are
Leaves = Float64[np.ndarray, " leaves"]  # a number of all persons, then without each


class Kind:
    """Pairs of one kind: number, sum and sum of squares of the distances that each person is in.

    `met`: how many persons are in a pair, each of whom adds it. `wins` of different pairs over each kind of same pairs, by
    person: over all same pairs by the person's different pairs, by all different pairs over the person's same pairs, and by
    the person's over the person's.
    """

    def __init__(self, n_persons: int, met: int):
        self.sums, self.met, self.histogram = np.zeros((3, n_persons)), met, np.zeros(N_BINS, dtype=np.int64)
        self.values: list[Pairs] = []
        self.wins: dict[str, Float64[np.ndarray, "3 persons"]] = {}

    def add(self, person: int, distances: Pairs, first_met: Pairs) -> None:
        """Add all pairs of `person`; those `first_met` here are in no person's yet, and go to the histogram."""
        self.sums[:, person] += len(distances), distances.sum(), distances @ distances
        places = np.minimum((first_met / BIN_WIDTH).astype(np.int64), N_BINS - 1)
        self.histogram += np.bincount(places, minlength=N_BINS)

    def n_persons(self) -> int:
        """Persons who are in a pair."""
        return int((self.sums[0] > 0).sum())

    def enough(self) -> bool:
        """Whether there are persons enough for an interval."""
        return self.n_persons() >= FEWEST_PERSONS

    def leaves(self) -> tuple[Leaves, Leaves, Leaves]:
        """Number, mean and variance of the pairs."""
        whole = self.sums.sum(1, keepdims=True) / self.met
        n, total, squares = np.concatenate([whole, whole - self.sums], axis=1)
        return n, total / n, np.maximum(squares / n - (total / n) ** 2, 0)


def same_pairs(
    unit: Float64[np.ndarray, "rows features"], clips: Shaped[np.ndarray, " rows"], person: Int64[np.ndarray, " rows"]
) -> dict[str, Kind]:
    """Pairs of rows of one person, of the same clip and of two; rows of unit length, sorted by `person` 0, 1, …"""
    counts = np.bincount(person)
    found = {kind: Kind(len(counts), 1) for kind in SAME}
    for number, (size, stop) in enumerate(zip(counts, np.cumsum(counts), strict=True)):
        rows, (first, second) = slice(stop - size, stop), np.triu_indices(size, 1)
        distances = _apart(unit[rows], unit[rows])[first, second]
        within = clips[rows][first] == clips[rows][second]
        for kind, of_kind in zip(SAME, (within, ~within), strict=True):
            found[kind].add(number, distances[of_kind], distances[of_kind])
            found[kind].values.append(np.sort(distances[of_kind]))
    return found


def different_pairs(
    unit: Float64[np.ndarray, "rows features"], person: Int64[np.ndarray, " rows"],
    sex: Shaped[np.ndarray, " rows"] | None, same: dict[str, Kind],
) -> Kind:
    """Pairs of rows of two persons, of one known sex where `sex` is given, against the `same` pairs; rows as there."""
    n_persons = int(person[-1]) + 1
    found = Kind(n_persons, 2)
    every = {kind: np.sort(np.concatenate(one.values)) for kind, one in same.items()}
    reached = {kind: np.zeros(len(values) + 1) for kind, values in every.items()}
    found.wins = {kind: np.zeros((3, n_persons)) for kind in same}
    for group in [np.ones(len(unit), bool)] if sex is None else [sex == one for one in np.unique(sex) if one != ""]:
        for who, before, after in _met(unit[group], person[group]):
            distances = np.concatenate([before, after], axis=1).reshape(-1)
            found.add(who, distances, after.reshape(-1))
            for kind, wins in found.wins.items():
                wins[0, who] += _below(every[kind], distances, reached[kind])
                wins[2, who] += _below(same[kind].values[who], distances)
    for kind, wins in found.wins.items():
        over = np.cumsum(reached[kind][::-1])[::-1][1:] / found.met  # different pairs above each same pair
        owner = np.repeat(np.arange(n_persons), [len(values) for values in same[kind].values])
        by_value = np.argsort(np.concatenate(same[kind].values), kind="stable")
        wins[1] = np.bincount(owner[by_value], over, minlength=n_persons)
    return found


def _met(rows: Float64[np.ndarray, "rows features"], person: Int64[np.ndarray, " rows"]
         ) -> Iterator[tuple[int, Float64[np.ndarray, "block before"], Float64[np.ndarray, "block after"]]]:
    """Who, and the distances of some of their rows to all rows of the persons before them and after them."""
    step = max(1, BLOCK_CELLS // len(rows))
    for who in np.unique(person).tolist():
        start, stop = np.searchsorted(person, [who, who + 1])
        for first in range(start, stop, step):
            block = _apart(rows[first : min(first + step, stop)], rows)
            yield who, block[:, :start], block[:, stop:]


def _apart(a: Float64[np.ndarray, "a features"], b: Float64[np.ndarray, "b features"]) -> Float64[np.ndarray, "a b"]:
    return np.maximum(np.round(1 - a @ b.T, DECIMALS), 0)


def _below(values: Pairs, distances: Pairs, reached: Float64[np.ndarray, " places"] | None = None) -> float:
    """Pairs of a sorted value below a distance, ties half; counts in `reached` how many values each distance is above."""
    places = [np.searchsorted(values, distances, side=side) for side in ("left", "right")]
    if reached is not None:
        reached += sum(np.bincount(place, minlength=len(reached)) for place in places) / 2
    return float(sum(place.sum() for place in places)) / 2
