"""The k nearest faces of each query, collected tile by tile (the lists of Fig. 7 and of the paper's 100 further queries)."""

import numpy as np
from jaxtyping import Float, Float64, Int, Int64

from s2f_core.evaluate.nearness import DENSE, Space, Tile

GROUP = 16  # entries whose maximum stands for them while a list's bound is sought
WAITING = 8  # candidates a place of the lists that wait for double precision; more are settled at once


class Shortlist:
    """Lists of the `k` nearest gallery rows of every query, by closeness in double precision, ties by gallery row.

    Candidates are what a tile cannot rule out: at least `k` faces so far reach `bound` less the tile's error.
    """

    def __init__(self, space: Space, n_queries: int, k: int):
        self.space, self.k = space, k
        self.closeness = np.full((n_queries, k), -np.inf)
        self.faces = np.zeros((n_queries, k), dtype=np.int64)
        self.maxima = np.full((n_queries, k), -np.inf, dtype=np.float64 if space.metric == "l1" else np.float32)
        self.waiting: list[tuple[Int64[np.ndarray, " some"], Int64[np.ndarray, " some"]]] = []
        self.n_waiting = 0

    def add(self, tile: Tile) -> None:
        """Take the candidates of a tile; −∞ in its closeness is a face that may not be listed."""
        least = self._bound(tile)
        places = np.flatnonzero(tile.closeness >= np.maximum(least, np.finfo(least.dtype).min)[:, None])
        row, column = np.divmod(places, tile.closeness.shape[1])
        rows, faces = tile.rows.start + row, tile.columns.start + column
        if len(places) > DENSE * tile.closeness.size:
            self._merge(rows, faces, tile.exactly(places))
            return
        self.waiting.append((rows, faces))
        self.n_waiting += len(rows)
        if self.n_waiting > WAITING * self.closeness.size:
            self.settle()

    def settle(self) -> Int64[np.ndarray, "queries k"]:
        """Decide what waits, and return the lists, nearest first."""
        if self.waiting:
            rows, faces = (np.concatenate(column) for column in zip(*self.waiting, strict=True))
            self.waiting, self.n_waiting = [], 0
            self._merge(rows, faces, self.space.of_pairs(rows, faces))
        return self.faces

    def _bound(self, tile: Tile) -> Float[np.ndarray, " rows"]:
        """A closeness that `k` faces of each query reach as far as the tiles could tell, less twice their error.

        Whole groups of entries stand in it by their maximum, which is much faster than the k-th largest of all entries.
        """
        entries, n_groups = tile.closeness, tile.closeness.shape[1] // GROUP
        if n_groups >= self.k:
            entries = entries[:, : n_groups * GROUP].reshape(len(entries), GROUP, n_groups).max(1)
        held = np.concatenate([self.maxima[tile.rows], entries], axis=1)
        self.maxima[tile.rows] = np.partition(held, -self.k, axis=1)[:, -self.k :]
        return self.maxima[tile.rows].min(1) - (2 * self.space.error[tile.rows]).astype(held.dtype)

    def _merge(
        self, rows: Int[np.ndarray, " some"], faces: Int[np.ndarray, " some"], closeness: Float64[np.ndarray, " some"]
    ) -> None:
        touched = np.unique(rows)
        rows = np.concatenate([np.repeat(touched, self.k), rows])
        faces = np.concatenate([self.faces[touched].reshape(-1), faces])
        closeness = np.concatenate([self.closeness[touched].reshape(-1), closeness])
        order = np.lexsort((faces, -closeness, rows))
        best = order[np.searchsorted(rows[order], touched)[:, None] + np.arange(self.k)]
        self.closeness[touched], self.faces[touched] = closeness[best], faces[best]
