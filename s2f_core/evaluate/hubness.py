"""Hubness of the top-k lists behind Fig. 7 and its 100 supplementary queries: do a few faces answer every voice?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from scipy.stats import skew

from s2f_core.errors import InputError
from s2f_core.evaluate.intervals import LEVEL, TAIL

N_RANDOM_LISTS = 1000


@dataclass(frozen=True)
class AgainstRandom:
    """What was seen beside what random lists give: their mean and the middle 95 % of them; n lists."""

    value: float
    expected: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Hubness:
    """How unevenly top-k lists use a gallery."""

    distinct: AgainstRandom
    largest: AgainstRandom
    skewness: AgainstRandom


def hubness(lists: Int[np.ndarray, "queries listed"], gallery_size: int, *, seed: int) -> Hubness:
    """Distinct faces in top-k lists, the most frequent face's occurrences, and the skewness of N_k over the gallery.

    A random list draws its k faces without replacement. N_k, how many lists a face is in, after Radovanović et al.
    2010; its skewness is 0 where every face occurs equally often. Raises InputError on a face outside the gallery.
    """
    if not lists.size or lists.min() < 0 or lists.max() >= gallery_size:
        raise InputError(f"lists hold gallery rows 0 … {gallery_size - 1}; got {lists.shape} with others or none")
    rng = np.random.default_rng([seed, gallery_size])
    seen = _list_statistics(lists, gallery_size)
    drawn = np.array(
        [_list_statistics(_random_lists(rng, *lists.shape, gallery_size), gallery_size) for _ in range(N_RANDOM_LISTS)]
    )
    low, high = np.quantile(drawn, [TAIL, LEVEL + TAIL], axis=0)
    expected = drawn.mean(0)
    expected[0] = gallery_size * (1 - (1 - lists.shape[1] / gallery_size) ** len(lists))  # exact
    columns = zip(seen, expected, low, high, strict=True)
    return Hubness(*(AgainstRandom(*map(float, numbers), len(lists)) for numbers in columns))


def _list_statistics(lists: Int[np.ndarray, "queries listed"], gallery_size: int) -> tuple[int, int, float]:
    times = np.bincount(lists.ravel(), minlength=gallery_size)
    return int((times > 0).sum()), int(times.max()), 0.0 if times.min() == times.max() else float(skew(times))


def _random_lists(
    rng: np.random.Generator, n_lists: int, k: int, gallery_size: int
) -> Int[np.ndarray, "queries listed"]:
    """Sample without replacement, all lists at once: Robert Floyd's k steps instead of a shuffled gallery per list."""
    lists = np.empty((n_lists, k), dtype=np.int64)
    for place, last in enumerate(range(gallery_size - k, gallery_size)):
        drawn = rng.integers(last + 1, size=n_lists)
        lists[:, place] = np.where((lists[:, :place] == drawn[:, None]).any(1), last, drawn)
    return lists
