"""Checks of lesson 7, second part: what thirteen tests give by chance, and how far a correlation is known."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.special import ndtri

from s2f_core.evaluate.intervals import fisher_z
from s2f_core.lessons.feedback import answered, hint_unless, number, numbers, returned, well_done

N_TESTS, ALPHA = 13, 0.05
CASES = ((0.38, 968), (-0.2, 30), (0.9, 10))  # r, n


def check_by_chance(by_chance: Any, at_least_one: Any) -> None:
    """Significant results to expect of thirteen tests where nothing is there, and the chance of any. Raises NotYet."""
    answered(by_chance, at_least_one)
    many, some = number(by_chance), number(at_least_one)
    for wrong, hint in ((ALPHA, "so many for one test; thirteen were made"),
                        ((N_TESTS - 1) * ALPHA, "twelve were printed; how many were computed?"),
                        (N_TESTS * (1 - ALPHA), "so many come out as they should: not significant"),
                        (1 - (1 - ALPHA) ** N_TESTS, "that is the chance that there is any; how many are there on average?"),
                        (1, "a number of tests on average need not be whole")):
        hint_unless(abs(many - wrong) > 1e-3, f"{many:g}: {hint}")
    hint_unless(abs(many - N_TESTS * ALPHA) < 0.006, f"{many:g} is not it: each of the tests errs with the same probability")
    for wrong, hint in ((N_TESTS * ALPHA, "chances of events that may happen together do not add up"),
                        ((1 - ALPHA) ** N_TESTS, "that is the chance that none is significant"),
                        (ALPHA**N_TESTS, "that is the chance that all thirteen are"),
                        (1 - ALPHA**N_TESTS, "that is the chance that not all thirteen are; ask for none of them first"),
                        (1 - (1 - ALPHA) ** (N_TESTS - 1), "twelve were printed; how many were computed?")):
        hint_unless(abs(some - wrong) > 2e-3, f"{some:.3g}: {hint}")
    hint_unless(some <= 1, f"a chance is a share, between 0 and 1; {some:g} is not")
    right = 1 - (1 - ALPHA) ** N_TESTS
    hint_unless(abs(some - right) < 0.006, f"{some:.3g} is not it: what is the chance that thirteen tests all stay silent?")
    well_done(f"{N_TESTS * ALPHA:.2f} on average, and at least one with a chance of {right:.0%}, if they were independent")


def _ends(rule: Callable[[float, int], Sequence[float]]) -> list[float]:
    return [end for r, n in CASES for end in rule(r, n)]


def _in_z(r: float, reach: float) -> tuple[float, float]:
    return math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach)


Z, Z_ONE_SIDED = float(ndtri(0.975)), float(ndtri(0.95))
INTERVAL_MISTAKES = (
    (lambda r, n: _in_z(r, Z / math.sqrt(n)), "a correlation loses three people, not none: look below the root again"),
    (lambda r, n: (r - Z / math.sqrt(n - 3), r + Z / math.sqrt(n - 3)),
     "these are arms of z; r must go there first, and come back"),
    (lambda r, n: (math.atanh(r) - Z / math.sqrt(n - 3), math.atanh(r) + Z / math.sqrt(n - 3)),
     "this is the interval of z = arctanh r; bring its ends back to r"),
    (lambda r, n: (r - Z * (1 - r * r) / math.sqrt(n - 1), r + Z * (1 - r * r) / math.sqrt(n - 1)),
     "this one has arms of equal length, though r cannot pass 1; the transformation is there to bend it"),
    (lambda r, n: _in_z(r, Z_ONE_SIDED / math.sqrt(n - 3)), "this holds 90 %: each side leaves out 2.5 % of a 95 % interval"),
    (lambda r, n: _in_z(r, 1 / math.sqrt(n - 3)), "this is one standard error to each side, about 68 %"),
    (lambda r, n: _in_z(r, Z / (n - 3)), "the error falls with the root of the number of people"),
    (lambda r, n: _in_z(r, Z / math.sqrt(n - 3))[::-1], "the lower end comes first"),
)


def check_interval(interval: Any) -> None:
    """Ask for the 95 % interval of three correlations. Raises NotYet with what a wrong rule does."""
    said = [numbers(returned(interval, r, n)) for r, n in CASES]
    hint_unless(all(one.shape == (2,) for one in said), "return two numbers, the lower and the upper end")
    found = np.concatenate(said)
    for rule, hint in INTERVAL_MISTAKES:
        hint_unless(not np.allclose(found, _ends(rule), atol=2e-4), f"[{found[0]:.3f}, {found[1]:.3f}]: {hint}")
    for (r, n), ends in zip(CASES, said, strict=True):
        right = fisher_z(r, n)
        hint_unless(np.allclose(ends, (right.low, right.high), atol=2e-3),
                    f"r = {r} of {n} people: [{ends[0]:.3f}, {ends[1]:.3f}] is not it; go to z, one arm each way, and back")
    well_done("three intervals as the package computes them; of ten people even r = .9 leaves much open")
