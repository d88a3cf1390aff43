"""Checks of tutorial 6: right answers pass by any road, and each typical wrong one gets the hint that names it."""

from collections.abc import Callable
from math import comb
from typing import Any

import numpy as np
import pytest
import torch
from checkout import ROOT
from scipy.stats import binom, binomtest, hypergeom

from s2f_core import artifacts
from s2f_core.evaluate import intervals, retrieval
from s2f_core.evaluate.claims import load_ledger
from s2f_core.lessons import recall, recall_readings
from s2f_core.lessons.feedback import NotYet

RANK, CHANCE, INTERVAL, SEX = recall.check_rank, recall.check_chance, recall.check_interval, recall_readings.check_told_sex


def rank_by_sorting(closeness: np.ndarray, own: int) -> int:
    return len(closeness) - sorted(closeness).index(closeness[own])


def chance_by_steps(k: int, n: int, right: int) -> float:
    missed = 1.0
    for place in range(min(k, n)):
        missed *= max(n - right - place, 0) / (n - place)
    return 1 - missed


def by_scipy(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    return tuple(binomtest(hits, n).proportion_ci(level, method="wilson"))


@pytest.mark.parametrize(("check", "answer", "found"), [
    (RANK, rank_by_sorting, "ties against"), (RANK, lambda c, own: np.float64((c >= c[own]).sum()), "from 1"),
    (CHANCE, chance_by_steps, "0.2 % among 5,000"),
    (CHANCE, lambda k, n, right: float(hypergeom.sf(0, n, right, min(k, n))), "10 % among 100"),
    (INTERVAL, lambda hits, n: list(intervals.wilson_bounds(hits / n, n)), "two hits of a hundred"),
    (INTERVAL, lambda hits, n: torch.tensor(by_scipy(hits, n)), "0.6%"), (SEX, 0.2, "twice"),
    (SEX, np.float32(1 / 5), "twice"), (SEX, torch.tensor([0.2]), "twice"),
])
def test_right_answers_pass(check: Callable, answer: Any, found: str, capsys: pytest.CaptureFixture) -> None:
    check(answer)
    assert found in (said := capsys.readouterr().out) and said.startswith("✓")


@pytest.mark.parametrize(("check", "answer", "hint"), [
    (RANK, lambda c, own: (c > c[own]).sum(), "forgets the true face"),
    (RANK, lambda c, own: (c < c[own]).sum() + 1, "wrong end"), (RANK, lambda c, own: (c >= c[own]).sum() + 1, "twice"),
    (RANK, lambda c, own: np.argsort(-c)[own] + 1, "argsort"),
    (RANK, lambda c, own: (c > c[own]).sum() + 1, "one face would be first"),
    (RANK, lambda c, own: np.argmax(c) + 1, "whoever"),
    (RANK, lambda c, own: 1 + (c > c[own]).sum() + ((c == c[own]).sum() - 1) / 2, "middle"),
    (RANK, lambda c, own: sorted(range(len(c)), key=lambda face: -c[face]).index(own) + 1, "gallery's order"),
    (RANK, lambda c, own: 3, "at least as close"), (CHANCE, lambda k, n, right: k / 100, "with 100"),
    (CHANCE, lambda k, n, right: 1 / n, "K = 1"), (CHANCE, lambda k, n, right: k / n, "nobody looks at more"),
    (CHANCE, lambda k, n, right: min(k / n, 1), "meet none"), (CHANCE, lambda k, n, right: right * k / n, "on average"),
    (CHANCE, lambda k, n, right: 1 - (1 - right / n) ** k, "back after"),
    (CHANCE, lambda k, n, right: 100 * chance_by_steps(k, n, right), "per cent"), (CHANCE, lambda k, n, right: 0.5, "by lot"),
    (CHANCE, lambda k, n, right: 1 - chance_by_steps(k, n, right), "miss"),
    (CHANCE, lambda k, n, right: 1 - comb(n - right, k) / comb(n, k), "ZeroDivisionError"),
    (INTERVAL, recall.textbook, "textbook"),
    (INTERVAL, lambda hits, n: by_scipy(hits, n, 0.9), "90 %"),
    (INTERVAL, lambda hits, n: by_scipy(hits, n, 0.68269), "68 %"),
    (INTERVAL, lambda hits, n: intervals.wilson_bounds(hits / n, n)[::-1], "upper bound stands first"),
    (INTERVAL, lambda hits, n: [100 * one for one in intervals.wilson_bounds(hits / n, n)], "per cent"),
    (INTERVAL, lambda hits, n: hits / n, "two numbers"), (INTERVAL, lambda hits, n: (0, 1), "take the formula apart"),
    (SEX, 0.1, "among all"), (SEX, 0.5, "coin"), (SEX, 20, "share"), (SEX, 0.05, "half as many"), (SEX, 0.3, "2,500"),
    (SEX, ..., "open"),
])
def test_each_typical_wrong_answer_gets_its_hint(check: Callable, answer: Any, hint: str) -> None:
    with pytest.raises(NotYet, match=hint):
        check(answer)


@pytest.mark.parametrize(("by_rank", "by_percent", "reading", "hint"), [
    ([False] * 4, np.ones(4), "percent", None),
    ([0, 0, 0, 0], [True] * 4, " Percent", None),
    ([True] * 4, [False] * 4, "percent", "one side"),
    ([True] * 4, [1, 0, 1, 1], "percent", "by rank it is otherwise"),
    ([False] * 4, [1, 0, 1, 1], "percent", "by percent it is otherwise"),
    ([False] * 4, [True] * 4, "rank", "fifty times"), ([False] * 4, [True] * 4, "gallery of 100", "4,849"),
    ([False] * 4, [True] * 4, ..., "write reading"),
    ([False], [True], "percent", "each K"),
    (..., [True] * 4, "percent", "open"),
])
def test_table_3_is_read_by_counting(by_rank: Any, by_percent: Any, reading: Any, hint: str | None) -> None:
    ledger = load_ledger()
    shown = ledger["fig07.ranks"].value, dict(zip((1, 2, 5, 10), ledger["tab03.6s.cos"].value, strict=True))
    if hint is None:
        return recall_readings.check_reading(by_rank, by_percent, reading, *shown)
    with pytest.raises(NotYet, match=hint):
        recall_readings.check_reading(by_rank, by_percent, reading, *shown)


def test_the_reading_is_the_scorecards() -> None:
    """Two roads: the lesson's booleans, and the intervals of the committed rows."""
    ledger, rows = load_ledger(), artifacts.read_json(ROOT / "results" / "laptop" / "scorecard.json")
    printed = dict(zip((1, 2, 5, 10), ledger["tab03.6s.cos"].value, strict=True))
    kept = {row["id"]: row["low"] <= row["paper"] <= row["high"] for row in rows if row["id"].startswith("tab03.6s.cos/")}
    for reading, inside in recall_readings.fits(ledger["fig07.ranks"].value, printed).items():
        assert inside == [kept[f"tab03.6s.cos/{reading}.r{k}"] for k in printed]


def test_who_is_told_a_kind_finds_what_lots_within_the_kind_find() -> None:
    """Seven faces of one kind and three of another, counted by hand; four are looked at."""
    kinds = np.array([0, 0, 1, 0, 1, 1, 0, 0, 0, 0])
    assert recall_readings.told_here(kinds, 1, 40) == pytest.approx(4 / 7)
    assert recall_readings.told_here(kinds, 3, 40) == pytest.approx((4 / 7 + 4 / 7 + 1) / 3)
    assert recall_readings.told([0.5, 0.5], 10) == pytest.approx(0.2)
    assert recall_readings.told([0.97, 0.03], 10) == pytest.approx(0.13)
    assert (recall_readings.kinds_of("aab", [1, 2, 1]) == [0, 1, 2]).all()


def test_an_interval_misses_as_often_as_simulated_counts_say() -> None:
    hits = np.arange(101)
    outside = [not low <= 0.02 <= high for low, high in (recall.textbook(one, 100) for one in hits.tolist())]
    assert recall_readings.left_out(recall.textbook, 0.02, 100) == pytest.approx(binom.pmf(hits, 100, 0.02) @ outside)


def test_a_rank_against_ties_is_the_retrievals() -> None:
    closeness = np.random.default_rng(1).integers(0, 4, (20, 9)).astype(float)
    for row in closeness:
        ranking = retrieval.ranks(np.zeros((1, 1)), (9 - row)[:, None], np.array([4]), "l2")
        assert ranking.ranks[0] == rank_by_sorting(row, 4)
