"""Tutorial 6, reading R@K: the checks of its formulas, which are the rank, the chance and the interval."""

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
from jaxtyping import Float64
from scipy.special import ndtri

from s2f_core.evaluate import retrieval
from s2f_core.evaluate.intervals import TAIL, wilson_bounds
from s2f_core.lessons.feedback import hint_unless, number, numbers, returned, well_done

Rank = Callable[[Float64[np.ndarray, " faces"], int], Any]
Chance = Callable[[int, int, int], Any]
Interval = Callable[[int, int], Any]

# Closeness of each face, and which one is the true face: without ties, and with.
NEAR = (((0.2, 0.9, 0.4, 0.7), 3), ((0.5, 0.1, 0.3), 0), ((-0.3, 0.2, -0.9, 0.1, 0.0), 2), ((0.4,), 0),
        ((0.1, 0.8, 0.6, 0.3, 0.5, 0.2), 4))
TIED = (((0.7, 0.2, 0.7, 0.9, 0.7), 2), ((0.5, 0.5, 0.5, 0.5, 0.5, 0.5), 0), ((0.3, 0.3, 0.1), 1), ((0.6, 0.4, 0.4, 0.4), 3))
BACKWARDS = "you count from the wrong end: a larger closeness means more alike"
ARGSORT = "argsort says which face stands at a place; you are asked at which place a face stands"
MISRANKED: tuple[tuple[Rank, str], ...] = (
    (lambda c, own: int((c > c[own]).sum()),
     "that counts the faces in front and forgets the true face itself: the best rank is 1, and yours would be 0"),
    (lambda c, own: int((c < c[own]).sum()) + 1, BACKWARDS),
    (lambda c, own: int((c <= c[own]).sum()), BACKWARDS),
    (lambda c, own: int((c >= c[own]).sum()) + 1,
     "one too many: the true face is as close as itself, and you count it twice"),
    (lambda c, own: int(np.argsort(-c)[own]) + 1, ARGSORT),
    (lambda c, own: int(np.argsort(c)[own]) + 1, ARGSORT),
    (lambda c, own: int(np.argmax(c)) + 1, "that is where the closest face stands in the gallery, whoever it is"),
)
LISTED = "among equals you take the gallery's order: a gallery that lists the true faces first would then do the finding"
MISTIED: tuple[tuple[Rank, str], ...] = (
    (lambda c, own: 1 + int((c > c[own]).sum()),
     "equally close faces count for you there: a model that gives everybody one face would be first for every voice. Let them "
     "count against"),
    (lambda c, own: 1 + int((c > c[own]).sum()) + (int((c == c[own]).sum()) - 1) / 2,
     "that puts the true face in the middle of its equals, which is right on average; here they are to count against, so that "
     "nothing is won by saying the same for everybody"),
    (lambda c, own: 1 + int(np.flatnonzero(np.argsort(-c, kind="stable") == own)[0]), LISTED),
    (lambda c, own: 1 + int(np.flatnonzero(np.argsort(c, kind="stable")[::-1] == own)[0]), LISTED),
)


def check_rank(rank: Rank) -> None:
    """Rank true faces without and with ties. Raises NotYet with what a wrong rule does."""
    for cases, wrongs in ((NEAR, MISRANKED), (TIED, MISTIED)):
        said = [number(returned(rank, np.array(closeness), own)) for closeness, own in cases]
        for wrong, hint in wrongs:
            hint_unless(said != [wrong(np.array(closeness), own) for closeness, own in cases], hint)
        for (closeness, own), found in zip(cases, said, strict=True):
            hint_unless(found == _rank(np.array(closeness), own),
                        f"{found:g} for a true face with closeness {closeness[own]} among {list(closeness)}: how many others "
                        "are at least as close? The true face comes behind them")
    well_done("the rank, from 1, with ties against the model, as s2f_core.evaluate.retrieval counts it")


def _rank(closeness: Float64[np.ndarray, " faces"], own: int) -> int:
    """By the package: faces are points on a line, and the query stands beyond the closest of them."""
    apart = closeness.max() + 1 - closeness
    return int(retrieval.ranks(np.zeros((1, 1)), apart[:, None], np.array([own]), "l1").ranks[0])


# How many faces are looked at, how many there are, how many of them are right.
GALLERIES = ((1, 5_000, 1), (10, 5_000, 1), (10, 100, 1), (5, 20, 3), (2, 40, 4), (30, 20, 1), (7, 7, 2))
MET = ("that adds up the chances of the right faces, and so counts an order with two of them in front twice: it is how many "
       "are met on average. What is the chance to meet none?")
MISGUESSED: tuple[tuple[Callable[[int, int, int], float], str], ...] = (
    (lambda k, n, right: 100 * _chance(k, n, right), "the chance is asked for as a share between 0 and 1, not in per cent"),
    (lambda k, n, right: k / 100, "K per cent is what the paper's table prints; what has this gallery to do with 100?"),
    (lambda k, n, right: 1 / n, "that is the chance at K = 1; with every further face that is looked at it grows"),
    (lambda k, n, right: k / n,
     "right with one right face and a K that fits into the gallery. But nobody looks at more faces than there are, and with "
     "several right ones it is enough to meet any of them"),
    (lambda k, n, right: min(k / n, 1.0),
     "right with one right face. With several it is enough to meet any of them: what is the chance to meet none?"),
    (lambda k, n, right: min(right * k / n, 1.0), MET),
    (lambda k, n, right: right * k / n, MET),
    (lambda k, n, right: 1 - (1 - right / n) ** k,
     "that puts each face back after looking at it; a list of K faces holds none of them twice"),
    (lambda k, n, right: 1 - _chance(k, n, right), "that is the chance to miss"),
)


def check_chance(chance: Chance) -> None:
    """Ask for the chance of several galleries. Raises NotYet with what a wrong formula does."""
    said = [number(returned(chance, *gallery)) for gallery in GALLERIES]
    for wrong, hint in MISGUESSED:
        hint_unless(not np.allclose(said, [wrong(*gallery) for gallery in GALLERIES], rtol=0, atol=1e-9), hint)
    for (k, n, right), found in zip(GALLERIES, said, strict=True):
        hint_unless(abs(found - _chance(k, n, right)) < 1e-9,
                    f"{found:.4g} for the first {k} of {n:,} faces, {right} of them right: draw a few thousand orders by lot "
                    "and count, if you do not trust your formula")
    well_done(f"R@10 by guessing is {100 * said[1]:.1f} % among 5,000 faces, and {100 * said[2]:.0f} % among 100")


def _chance(k: int, n: int, right: int) -> float:
    found = retrieval.Ranking(np.array([1]), np.array([n]), np.array([right]))
    return retrieval.recall_at_rank(found, k).baseline or 0.0


COUNTED = ((2, 100), (46, 100), (0, 100), (100, 100), (1, 7), (350, 700))  # hits, queries
Z = float(ndtri(1 - TAIL))


def textbook(hits: int, n: int, z: float = Z) -> tuple[float, float]:
    """Share ± z standard errors, whose faults the page shows."""
    share = hits / n
    reach = z * sqrt(share * (1 - share) / n)
    return share - reach, share + reach


def _wilson(hits: int, n: int, z: float = Z, *, shrunk: bool = True) -> np.ndarray:
    share, grown = hits / n, 1 + z * z / n if shrunk else 1
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (share + z * z / (2 * n) + reach * np.array([-1, 1])) / grown


WALD = ("that is the textbook's interval, share ± 1.96 standard errors: for 0 hits of 100 it has no width at all, as if you "
        "knew, and for 2 it reaches below zero. Wilson asks the other way round: which true shares make such a count likely "
        "enough?")
MISBOUNDED: tuple[tuple[Callable[[int, int], Any], str], ...] = (
    (textbook, WALD),
    (lambda hits, n: np.clip(textbook(hits, n), 0, 1), WALD),
    (lambda hits, n: textbook(hits, n, 1.0), "that is one standard error to each side: some 68 %, and no width at 0 hits"),
    (lambda hits, n: _wilson(hits, n, 1.0), "the form is right, but with z = 1 it covers only some 68 %"),
    (lambda hits, n: _wilson(hits, n, float(ndtri(0.95))), "the form is right, but this z leaves 5 % out on each side: 90 %"),
    (lambda hits, n: _wilson(hits, n)[::-1], "the upper bound stands first"),
    (lambda hits, n: 100 * _wilson(hits, n), "these are per cent; shares between 0 and 1 are asked for"),
    (lambda hits, n: _wilson(hits, n, shrunk=False),
     "the division by 1 + z²/n is missing: where all were found, your upper bound lies above 1"),
)


def check_interval(interval: Interval) -> None:
    """Ask for Wilson's bounds of several counts. Raises NotYet with what a wrong interval does."""
    said = [numbers(returned(interval, hits, n)).ravel() for hits, n in COUNTED]
    hint_unless(all(len(bounds) == 2 for bounds in said), "two numbers are asked for, the lower and the upper bound")
    for wrong, hint in MISBOUNDED:
        hint_unless(not np.allclose(said, [wrong(hits, n) for hits, n in COUNTED], rtol=0, atol=5e-4), hint)
    for (hits, n), bounds in zip(COUNTED, said, strict=True):
        hint_unless(np.allclose(bounds, wilson_bounds(hits / n, n), rtol=0, atol=1e-3),
                    f"[{bounds[0]:.3f}, {bounds[1]:.3f}] for {hits} of {n} is not it: take the formula apart, first the "
                    "middle, then the reach, and both over 1 + z²/n")
    well_done("two hits of a hundred say: between {:.1%} and {:.1%}".format(*wilson_bounds(0.02, 100)))
