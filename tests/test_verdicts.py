"""The verdict on a number: each branch of the rule, both edges of each tolerance, and what is refused."""

import math

import pytest

from s2f_core.evaluate.verdicts import Tolerance, judge


def verdict(kind: str, ours: float, low: float | None, high: float | None, *, paper: float | None = 0.5,
            baseline: float | None = 0.1) -> str:
    tolerance = Tolerance(kind=kind, value=0.05 if kind == "absolute" else None)
    return judge(tolerance, paper=paper, ours=ours, low=low, high=high, baseline=baseline)


@pytest.mark.parametrize(
    ("kind", "ours", "low", "high", "expected"),
    [
        ("absolute", 0.53, 0.40, 0.60, "reproduced"),
        ("absolute", 0.55, 0.52, 0.58, "reproduced"),  # on the edge, which binary floats put beyond it
        ("absolute", 0.5501, 0.52, 0.58, "shifted"),
        ("absolute", 0.30, 0.20, 0.40, "shifted"),  # same side of the baseline, too weak
        ("absolute", 0.90, 0.80, 1.00, "shifted"),  # same side, too strong
        ("absolute", 0.05, 0.01, 0.09, "contradicted"),  # wholly on the other side
        ("absolute", 0.15, 0.08, 0.25, "contradicted"),  # holds the baseline, not the paper's number
        ("absolute", 0.15, 0.10, 0.25, "contradicted"),  # touching the baseline is holding it
        ("absolute", 0.30, 0.05, 0.60, "untestable"),  # holds both
        ("absolute", 0.53, 0.05, 0.90, "reproduced"),  # the tolerance was on the number, and that is inside
        ("absolute", 0.30, None, None, "shifted"),  # no interval: exact
        ("interval", 0.45, 0.30, 0.60, "reproduced"),
        ("interval", 0.40, 0.30, 0.50, "reproduced"),  # on the edge
        ("interval", 0.60, 0.50, 0.70, "reproduced"),
        ("interval", 0.40, 0.30, 0.49, "shifted"),
        ("interval", 0.30, 0.05, 0.60, "untestable"),  # wide enough for both: must not pass
        ("interval", 0.10, 0.02, 0.20, "contradicted"),
        ("exact", 0.5, None, None, "reproduced"),
        ("exact", 0.1 + 0.4, None, None, "reproduced"),
        ("exact", 0.49, None, None, "contradicted"),
        ("above", 0.3, 0.2, 0.4, "reproduced"),
        ("above", 0.05, 0.0, 0.09, "contradicted"),
        ("above", 0.3, 0.1, 0.4, "untestable"),  # touching the baseline is holding it
        ("below", 0.05, 0.0, 0.09, "reproduced"),
        ("below", 0.3, 0.2, 0.4, "contradicted"),
        ("below", 0.05, 0.0, 0.12, "untestable"),
        ("below", 0.05, 0.0, 0.1, "untestable"),
        ("equal", 0.15, 0.05, 0.2, "reproduced"),
        ("equal", 0.15, 0.1, 0.2, "reproduced"),
        ("equal", 0.15, 0.11, 0.2, "contradicted"),
        ("equal", 0.05, 0.01, 0.09, "contradicted"),
    ],
)  # fmt: skip
def test_the_rule_gives_this_verdict(kind, ours, low, high, expected):
    assert verdict(kind, ours, low, high) == expected


@pytest.mark.parametrize(
    ("kind", "paper", "ours", "low", "high", "expected"),
    [
        ("absolute", -0.5, -0.3, -0.4, -0.2, "shifted"),  # same sign
        ("absolute", -0.5, 0.3, 0.2, 0.4, "contradicted"),
        ("absolute", 0.5, 0.02, -0.1, 0.1, "contradicted"),
        ("interval", 0.5, 0.3, -0.1, 0.6, "untestable"),
        ("interval", 0.0, 0.1, -0.1, 0.3, "reproduced"),  # the paper's number is the baseline: nothing to tell apart
        ("absolute", 0.0, 0.1, -0.1, 0.3, "untestable"),  # too coarse to say that it is zero
        ("exact", 0.0, 1.0, None, None, "contradicted"),  # zero has no side
    ],
)
def test_without_a_baseline_the_sign_decides(kind, paper, ours, low, high, expected):
    assert verdict(kind, ours, low, high, paper=paper, baseline=None) == expected


@pytest.mark.parametrize("name", ["paper", "ours", "low", "high", "baseline"])
@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_no_verdict_is_given_on_a_number_that_is_none(name, number):
    numbers = {"paper": 0.5, "ours": 0.5, "low": 0.4, "high": 0.6, "baseline": 0.1, name: number}
    with pytest.raises(ValueError, match="only finite numbers"):
        judge(Tolerance(kind="exact"), **numbers)


def test_no_verdict_is_given_without_what_it_compares_with():
    with pytest.raises(ValueError, match="against the paper's number; none came"):
        verdict("interval", 0.5, 0.4, 0.6, paper=None)
    with pytest.raises(ValueError, match="against a baseline; none came"):
        verdict("above", 0.5, 0.4, 0.6, baseline=None)
    with pytest.raises(ValueError, match="low ≤ high"):
        verdict("exact", 0.5, 0.6, 0.4)
