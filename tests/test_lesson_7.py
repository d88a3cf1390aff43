"""Lesson 7: every check takes right answers by several roads, and knows the typical wrong ones by name."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from s2f_core.evaluate import corpus, correlation
from s2f_core.lessons import confounding, confounding_checks, significance_checks
from s2f_core.lessons.feedback import NotYet

RNG = np.random.default_rng(3)
SEX = RNG.permutation(np.repeat(["female", "male"], [150, 250]))


def solution_within(x: Any, y: Any, group: Any) -> float:
    left = [side - sum((group == one) * side[group == one].mean() for one in np.unique(group)) for side in (x, y)]
    return np.corrcoef(*left)[0, 1]


def by_residuals(x: Any, y: Any, group: Any) -> np.ndarray:
    return np.corrcoef(*(confounding.held_still(side, group) for side in (x, y)))[:1, 1]


def mean_of_rs(x: Any, y: Any, group: Any) -> float:
    return float(np.mean([np.corrcoef(x[group == one], y[group == one])[0, 1] for one in np.unique(group)]))


def in_place(x: Any, y: Any, group: Any) -> float:
    for one in np.unique(group):
        x[group == one] -= x[group == one].mean()
        y[group == one] -= y[group == one].mean()
    return float(np.corrcoef(x, y)[0, 1])


def shuffled(values: Any, group: Any, rng: np.random.Generator) -> Any:
    dealt = np.array(values)
    for one in np.unique(group):
        dealt[group == one] = rng.permutation(dealt[group == one])
    return dealt


def in_blocks(values: Any, group: Any, rng: np.random.Generator) -> Any:
    return np.concatenate([rng.permutation(values[group == one]) for one in np.unique(group)])


def in_z(r: float, arm: float) -> np.ndarray:
    return np.tanh(np.arctanh(r) + np.array([-arm, arm]))


def not_undone(r: float, n: int) -> tuple[float, float]:
    return math.atanh(r) - 1.96 / math.sqrt(n - 3), math.atanh(r) + 1.96 / math.sqrt(n - 3)


def test_right_answers_of_lesson_7_pass() -> None:
    for apart in (2 * math.sqrt(0.38 / 0.62), np.float32(1.57), "1.57" and 1.57):
        confounding_checks.check_gap(apart)
    for within in (solution_within, by_residuals):
        confounding_checks.check_within_r(within)
    confounding_checks.check_shuffle(shuffled)
    confounding_checks.check_shuffle(lambda *given: shuffled(*given).tolist())
    significance_checks.check_by_chance(0.65, 1 - 0.95**13)
    significance_checks.check_by_chance(np.float32(0.65), 0.49)
    significance_checks.check_interval(lambda r, n: in_z(r, 1.96 / (n - 3) ** 0.5))


@pytest.mark.parametrize(("check", "answer", "hint"), [
    (confounding_checks.check_gap, (math.sqrt(0.38 / 0.62),), "from the middle"),
    (confounding_checks.check_gap, (4 * 0.38 / 0.62,), "square of the distance"),
    (confounding_checks.check_gap, (2 * math.sqrt(0.38),), "below the line"),
    (confounding_checks.check_gap, (0.38,), "r itself"),
    (confounding_checks.check_gap, (3.0,), "would give r ="),
    (confounding_checks.check_gap, (...,), "still open"),
    (confounding_checks.check_within_r, (lambda x, y, g: np.corrcoef(x, y)[0, 1],), "pooled r"),
    (confounding_checks.check_within_r, (mean_of_rs,), "small group counts as much"),
    (confounding_checks.check_within_r, (in_place,), "changes the arrays"),
    (confounding_checks.check_within_r, (lambda x, y, g: np.corrcoef(corpus.within(x, g), y)[0, 1],), "one of the two sides"),
    (confounding_checks.check_within_r, (lambda x, y, g: x / "2",), "stops with"),
    (confounding_checks.check_within_r, (lambda x, y, g: None,), "returns nothing"),
    (confounding_checks.check_shuffle, (lambda v, g, rng: rng.permutation(v),), "numbers of other groups"),
    (confounding_checks.check_shuffle, (in_blocks,), "one behind the other"),
    (confounding_checks.check_shuffle, (lambda v, g, rng: v,), "nobody's number moved"),
    (confounding_checks.check_shuffle, (lambda v, g, rng: shuffled(v, g, np.random.default_rng(0)),), "anew"),
    (confounding_checks.check_shuffle, (lambda v, g, rng: rng.choice(v, len(v)),), "without replacement"),
    (significance_checks.check_by_chance, (0.6, 0.5), "twelve were printed"),
    (significance_checks.check_by_chance, (0.05, 0.5), "one test"),
    (significance_checks.check_by_chance, (0.65, 0.65), "do not add up"),
    (significance_checks.check_by_chance, (0.65, 0.95**13), "none is significant"),
    (significance_checks.check_by_chance, (0.65, ...), "still open"),
    (significance_checks.check_interval, (not_undone,), "interval of z"),
    (significance_checks.check_interval, (lambda r, n: in_z(r, 1.96 / n**0.5),), "three people"),
    (significance_checks.check_interval, (lambda r, n: in_z(r, 1.645 / (n - 3) ** 0.5),), "90 %"),
    (significance_checks.check_interval, (lambda r, n: in_z(r, 1.96 / (n - 3) ** 0.5)[::-1],), "lower end"),
    (significance_checks.check_interval, (lambda r, n: r,), "two numbers"),
])
def test_wrong_answers_of_lesson_7_are_known(check: Callable[..., None], answer: tuple[Any, ...], hint: str) -> None:
    with pytest.raises(NotYet, match=hint):
        check(*answer)


@dataclass(frozen=True)
class Crowd:
    """People of whom age, and not height, is in both measures; shoes nobody wears."""

    age: np.ndarray
    facts: tuple[dict[str, Any], ...] = ({"attributes": dict.fromkeys(("source", "sex", "age", "height_cm"))},)

    def attribute(self, name: str) -> np.ndarray:
        return {"sex": SEX, "age": self.age, "height_cm": np.cos(np.arange(len(SEX)) * 1e3)}[name]


def test_a_confounder_is_what_shows_in_both() -> None:
    age = RNG.uniform(18, 85, len(SEX))
    sides = [{"a": age / 20 + RNG.standard_normal(len(SEX)), "b": RNG.standard_normal(len(SEX))} for _ in range(2)]
    confounding_checks.check_confounder("age", Crowd(age), *sides)
    for name, hint in (("sex", "already"), ("height_cm", "but not both"), ("shoes", "none of them"), (..., "still open")):
        with pytest.raises(NotYet, match=hint):
            confounding_checks.check_confounder(name, Crowd(age), *sides)


def test_holding_sex_still_is_the_packages_r_within_sex() -> None:
    x = RNG.standard_normal(len(SEX)) + 2 * (SEX == "male")
    y = 0.3 * x + RNG.standard_normal(len(SEX))
    theirs = correlation.correlate({"a_b": x}, {"a_b": y}, sex=SEX, seed=0, n_resamples=10, n_permutations=10)["a_b"]
    assert confounding.tied({"a_b": x}, {"a_b": y}, SEX)["a b"].value == pytest.approx(theirs.within_sex.value)
    assert confounding.tied({"a_b": x}, {"a_b": y})["a b"].value == pytest.approx(theirs.pooled.value)


def test_false_alarms_come_at_the_rate_that_was_set() -> None:
    sides = [{str(name): RNG.standard_normal(len(SEX)) for name in range(13)} for _ in range(2)]
    counts = confounding.n_by_chance(*sides, SEX, alpha=0.05, n_shuffles=400, seed=0)
    assert np.mean(counts) == pytest.approx(0.65, abs=0.15)


def test_the_printed_correlations_are_the_papers() -> None:
    found = confounding.published()
    assert (len(found), found["philtrum width"].value, found["nasal index"].n) == (13, 0.038, 968)
