"""Which faces of a gallery are nearer than a bound: at the speed of single precision, with the answers of double (Table 3).

A matrix product in single precision settles nearly every pair. The few that lie within its worst-case rounding of the
bound are computed again in double precision, so that no rank depends on the fast product. Memory does not grow with the
number of pairs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int
from scipy.spatial.distance import cdist

from s2f_core.errors import InputError

Metric = Literal["cosine", "l2", "l1"]
TIE = 1e-11  # distances of unit-scale vectors closer than this are equal: beyond float64 rounding at 4,096 dimensions
QUERIES_AT_ONCE, FACES_AT_ONCE = 4096, 1024  # a tile of closeness; 16 MiB in single precision
PAIR_CELLS = 2**15  # numbers of each side held at once when pairs are computed again (256 KiB of float64)
DENSE = 1 / 64  # above this share of a tile, one product in double precision is faster than its pairs one by one
SINGLE_ULP = 2.0**-24  # largest relative rounding of one operation in single precision
MORE_ROUNDINGS = 16  # beside one a dimension: of the inputs, their scale, the faces' halved squares and the bound
UNDERFLOW = 2.0**-120  # more than a dimension can lose below the smallest single-precision number
NORMAL = (2.0**-80, 2.0**80)  # lengths whose scaling loses nothing in single precision


class Space:
    """Queries and a gallery on one scale. Closeness grows as faces come nearer, and orders as the metric does.

    It is q · g under cosine (unit vectors), q · g − |g|² / 2 under l2 (from the gallery's mean, the longest vector 1; half
    the squared distance but for q's own square), −|q − g|₁ under l1 (the longest vector 1).
    """

    def __init__(
        self, queries: Float[np.ndarray, "queries features"], gallery: Float[np.ndarray, "gallery features"], metric: Metric
    ):
        """Raises InputError on an empty side, NaN, infinity, or a zero vector under cosine."""
        if not (queries.size and gallery.size and all(map(_finite, (queries, gallery)))):
            raise InputError(f"retrieval needs finite features; got {queries.shape} × {gallery.shape}: drop missing faces")
        self.metric, self.sides = metric, (queries, gallery)
        self.dtype = np.result_type(queries, gallery, np.float32)
        # distances do not depend on the origin, and far from it the products lose digits
        middle = gallery.mean(0, dtype=np.float64) if metric == "l2" else np.zeros(gallery.shape[1])
        self.centre = middle.astype(self.dtype)
        lengths = [self._lengths(side) for side in self.sides]
        if metric == "cosine" and not min(length.min() for length in lengths) > 0:
            raise InputError("the cosine of a zero vector is undefined; drop such faces or use l2")
        scale = max(length.max() for length in lengths) or 1.0
        self.divisors = [length if metric == "cosine" else np.full_like(length, scale) for length in lengths]
        if not all(NORMAL[0] < divisor.min() and divisor.max() < NORMAL[1] for divisor in self.divisors):
            self.dtype = np.dtype(np.float64)
        unit = [length / divisor for length, divisor in zip(lengths, self.divisors, strict=True)]
        self.half_squares = unit[1] ** 2 / 2 if metric == "l2" else np.zeros(len(gallery))
        roundings = (queries.shape[1] + MORE_ROUNDINGS) * SINGLE_ULP
        most = 1.01 * roundings * (unit[0] * unit[1].max() + self.half_squares.max()) + queries.shape[1] * UNDERFLOW
        self.error = np.zeros(len(queries)) if metric == "l1" else most
        self.tie = TIE / 2 if metric == "l2" else TIE

    def of_pairs(self, rows: Int[np.ndarray, " pairs"], columns: Int[np.ndarray, " pairs"]) -> Float64[np.ndarray, " pairs"]:
        """Closeness of queries `rows` to gallery rows `columns`, pair by pair, in double precision."""
        found = np.empty(len(rows))
        step = max(1, PAIR_CELLS // len(self.centre))
        for start in range(0, len(rows), step):
            few = slice(start, start + step)
            query, face = self._centred(0, rows[few]), self._centred(1, columns[few])
            lengths = self.divisors[0][rows[few]], self.divisors[1][columns[few]]
            if self.metric == "l1":
                found[few] = -np.abs(np.subtract(query, face, out=query), out=query).sum(1) / lengths[1]
            else:
                found[few] = np.einsum("pf,pf->p", query, face) / lengths[0] / lengths[1] - self.half_squares[columns[few]]
        return found

    def tiles(self) -> Iterator["Tile"]:
        """Yield the closeness of all queries to the whole gallery, block by block; a tile holds until the next is asked for."""
        blocks = [_even_blocks(len(side), most)
                  for side, most in zip(self.sides, (QUERIES_AT_ONCE, FACES_AT_ONCE), strict=True)]
        room = np.empty(blocks[0][0].stop * blocks[1][0].stop, np.float32)
        halves = self.half_squares.astype(np.float32)
        for rows in blocks[0]:
            queries = None if self.metric == "l1" else self._single(0, rows)
            for columns in blocks[1]:
                if queries is None:
                    yield Tile(self, rows, columns, self.of_block(rows, columns))
                    continue
                shape = (rows.stop - rows.start, columns.stop - columns.start)
                closeness = room[: shape[0] * shape[1]].reshape(shape)
                np.matmul(queries, self._single(1, columns).T, out=closeness)
                if self.metric == "l2":
                    closeness -= halves[columns]
                yield Tile(self, rows, columns, closeness)

    def of_block(self, rows: slice, columns: slice) -> Float64[np.ndarray, "rows columns"]:
        """Closeness of a block of queries to a block of the gallery in double precision."""
        queries, gallery = (self._centred(side, which) / self.divisors[side][which, None]
                            for side, which in enumerate((rows, columns)))
        if self.metric == "l1":
            return -cdist(queries, gallery, "cityblock")
        return queries @ gallery.T - self.half_squares[columns]

    def _lengths(self, side: Float[np.ndarray, "vectors features"]) -> Float64[np.ndarray, " vectors"]:
        norm = 1 if self.metric == "l1" else 2
        return np.concatenate([np.linalg.norm(side[few].astype(np.float64) - self.centre, ord=norm, axis=1)
                               for few in _even_blocks(len(side), FACES_AT_ONCE)])

    def _centred(self, side: int, which: slice | Int[np.ndarray, " some"]) -> Float64[np.ndarray, "some features"]:
        vectors = self.sides[side][which].astype(np.float64)
        if self.metric == "l2":
            vectors -= self.centre
        return vectors

    def _single(self, side: int, which: slice) -> Float32[np.ndarray, "some features"]:
        vectors = self.sides[side][which].astype(self.dtype)
        if self.metric == "l2":
            vectors -= self.centre
        vectors /= self.divisors[side][which, None].astype(self.dtype)
        return vectors.astype(np.float32, copy=False)


@dataclass(frozen=True)
class Tile:
    """A block of queries against a block of the gallery; `closeness` is right within the queries' `space.error`."""

    space: Space
    rows: slice
    columns: slice
    closeness: Float[np.ndarray, "rows columns"]

    def within(self, least: Float64[np.ndarray, " rows"]) -> Bool[np.ndarray, "rows columns"]:
        """Which faces have at least the closeness `least` of their query, as double precision decides."""
        error, kind = self.space.error[self.rows], self.closeness.dtype
        surely = self.closeness > (least + error).astype(kind)[:, None]
        unsure = self.closeness >= (least - error).astype(kind)[:, None]
        places = np.flatnonzero(np.not_equal(unsure, surely, out=unsure))
        surely.reshape(-1)[places] = self.exactly(places) >= least[places // surely.shape[1]]
        return surely

    def exactly(self, places: Int[np.ndarray, " places"]) -> Float64[np.ndarray, " places"]:
        """Closeness at flat places of the tile in double precision."""
        if len(places) > DENSE * self.closeness.size:
            return self.space.of_block(self.rows, self.columns).reshape(-1)[places]
        row, column = np.divmod(places, self.closeness.shape[1])
        return self.space.of_pairs(self.rows.start + row, self.columns.start + column)


def _finite(side: Float[np.ndarray, "vectors features"]) -> bool:
    return all(np.isfinite(side[few]).all() for few in _even_blocks(len(side), FACES_AT_ONCE))


def _even_blocks(n: int, most: int) -> list[slice]:
    step = -(-n // -(-n // most))
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]
