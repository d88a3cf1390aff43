"""Exaggeration (Figs. 1, 3 and 11–13 show exaggerated faces): how much of the true faces' variety reconstructions keep,
and what the authors' `exg` does to it.

Unstated: the formula of `exg`; v = mean + (1 + exg) · (v_s − mean) is inferred, and `factor` tests it.
"""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float64, Int, Int64, Num, UInt8
from scipy.special import stdtrit

from s2f_core.errors import InputError
from s2f_core.evaluate.intervals import TAIL, Estimate, Groups, Weights, percentile, person_index, resample

N_BLOCKS = 20  # groups of persons of the jackknife: 24 MB of sums for 224-pixel faces
MOST_IN_BLOCK = (2**32 - 1) // 255**2  # faces whose squares add up in 32 bits

Rows = Num[np.ndarray, "clips features"]
Draws = Float64[np.ndarray, " resamples"]


def variance_kept(original: Rows, reconstruction: Rows, *, groups: Groups = None, seed: int) -> Estimate:
    """Total variance of reconstructions over that of the true faces, row by row, in one space (embedding, landmarks).

    Interval over persons; 1 would be faces as varied as the true ones. Raises InputError where the true ones are equal.
    """
    return _ratio(_scatter(reconstruction, reconstruction), _scatter(original, original), len(original), groups, seed)


def factor(plain: Rows, exaggerated: Rows, *, groups: Groups = None, seed: int) -> Estimate:
    """The effective 1 + exg: slope of the exaggerated on the plain faces' differences from the mean face.

    Each side's own mean is taken, so that the slope is 1 + exg whichever mean the authors used, as far as the space is
    linear in v. Interval over persons; baseline 1, no exaggeration. Raises InputError where the plain faces are equal.
    """
    slope = _ratio(_scatter(plain, exaggerated), _scatter(plain, plain), len(plain), groups, seed)
    return Estimate(slope.value, slope.low, slope.high, slope.n, 1.0)


def person_blocks(groups: Groups, n: int, *, seed: int) -> Int64[np.ndarray, " clips"]:
    """Deal the persons of `n` clips at random into the N_BLOCKS blocks that `PixelMoments` leaves out in turn."""
    person = person_index(groups, n)
    dealt = np.random.default_rng([seed, n]).permutation(int(person.max()) + 1)
    return dealt[person] % N_BLOCKS


class PixelMoments:
    """Sums of 8-bit faces, added batch by batch and kept per block of persons: exact, and no face is held."""

    def __init__(self, height: int, width: int):
        self.counts = np.zeros(N_BLOCKS, dtype=np.int64)
        self.sums = np.zeros((2, N_BLOCKS, height, width, 3), dtype=np.uint32)  # of values, of their squares

    def add(self, faces: UInt8[np.ndarray, "faces height width rgb"], blocks: Int[np.ndarray, " faces"]) -> None:
        """Add a batch; `blocks` are its rows of `person_blocks`.

        Raises InputError on faces of another size, or where a block is full (its sums of squares reach 32 bits).
        """
        if faces.shape[1:] != self.sums.shape[2:]:
            raise InputError(f"faces of one set have one size; got {faces.shape[1:]} after {self.sums.shape[2:]}")
        for block in np.unique(blocks):
            chosen = faces[blocks == block]
            self.counts[block] += len(chosen)
            if self.counts[block] > MOST_IN_BLOCK:
                raise InputError(f"a block holds at most {MOST_IN_BLOCK} faces; measure a sample of this set")
            self.sums[0, block] += chosen.sum(0, dtype=np.uint32)
            self.sums[1, block] += (chosen.astype(np.uint16) ** 2).sum(0, dtype=np.uint32)

    def spread(self) -> Estimate:
        """Standard deviation of each value over the faces, averaged over pixels and channels, in grey levels of 255.

        Interval: jackknife over blocks of persons, Student's t. Raises InputError below two blocks.
        """
        value, left_out = self._leave_out()
        reach = _reach(left_out)
        return Estimate(value, value - reach, value + reach, int(self.counts.sum()))

    def _leave_out(self) -> tuple[float, Float64[np.ndarray, " left"]]:
        """The spread of all faces, and without each block that holds any in turn."""
        filled = np.flatnonzero(self.counts)
        if len(filled) < 2:
            raise InputError("the spread of faces needs at least two blocks of persons; add more faces first")
        n, sums = int(self.counts.sum()), self.sums.sum(1, dtype=np.int64)
        without = [_spread(sums - self.sums[:, block], n - int(self.counts[block])) for block in filled]
        return _spread(sums, n), np.array(without)


def spread_ratio(above: PixelMoments, below: PixelMoments) -> Estimate:
    """`above.spread()` over `below.spread()` of the same persons in the same blocks.

    Interval: the jackknife on the ratio's logarithm. Raises InputError where one side does not vary, or their blocks
    hold unlike numbers of faces.
    """
    if (above.counts != below.counts).any():
        raise InputError("the ratio of spreads needs the same persons on both sides; deal both with one person_blocks")
    (value, value_left), (divisor, divisor_left) = (side._leave_out() for side in (above, below))
    if not min(value, divisor, *value_left, *divisor_left) > 0:
        raise InputError("faces that are all alike have no ratio of spreads; check what was read")
    factor = math.exp(_reach(np.log(value_left / divisor_left)))
    ratio = value / divisor
    return Estimate(ratio, ratio / factor, ratio * factor, int(above.counts.sum()))


def _spread(sums: Int64[np.ndarray, "2 height width rgb"], n: int) -> float:
    return float(np.sqrt(np.maximum(n * sums[1] - sums[0] ** 2, 0)).mean() / n)


def _reach(left_out: Float64[np.ndarray, " left"]) -> float:
    """Half the width of the delete-a-group jackknife's interval."""
    n = len(left_out)
    error = math.sqrt((n - 1) / n * float(((left_out - left_out.mean()) ** 2).sum()))
    return float(stdtrit(n - 1, 1 - TAIL)) * error


def _scatter(a: Rows, b: Rows) -> Callable[[Weights], Draws]:
    """The trace of the weighted covariance between paired rows, as a function of the weights."""
    a, b = a - a.mean(0, dtype=np.float64), b - b.mean(0, dtype=np.float64)
    products = (a * b).sum(1)

    def trace(weights: Weights) -> Draws:
        size = weights.sum(1)
        return weights @ products / size - ((weights @ a) * (weights @ b)).sum(1) / size**2

    return trace


def _ratio(
    above: Callable[[Weights], Draws], below: Callable[[Weights], Draws], n: int, groups: Groups, seed: int
) -> Estimate:
    def ratio(weights: Weights) -> Draws:
        divisor = below(weights)
        return np.divide(above(weights), divisor, out=np.full_like(divisor, np.nan), where=divisor > 0)

    value, draws = resample(ratio, n, seed=seed, groups=groups)
    return percentile(float(value), draws, n)
