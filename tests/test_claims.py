"""Ledger and scorecard: slips are named, a row accounts for itself, and what is written comes back."""

import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from s2f_core.artifacts import write_json
from s2f_core.errors import InputError
from s2f_core.evaluate.claims import (
    Claim,
    Row,
    cell,
    compare,
    load_ledger,
    read_scorecard,
    untestable,
    write_scorecard,
)

CLAIM: dict[str, Any] = {
    "id": "tab09.recall", "page": "tab03_retrieval", "kind": "table", "statement": "Half are found.", "value": 0.5,
    "unit": "share", "baseline": 0.1, "protocol": "Counted.", "source": "Table 9", "tier": "A",
    "tolerance": {"kind": "absolute", "value": 0.05},
}  # fmt: skip
FULL = """\
defaults: {page: claims, kind: text, unit: s, protocol: p, source: s, tier: C}
claims:
  - {id: a.b, statement: s, value: 1, tolerance: {kind: exact}}
"""


def claim(**changes: Any) -> Claim:
    return Claim.model_validate({**CLAIM, **changes})


def test_a_row_takes_from_the_claim_what_is_not_given():
    row = compare(claim(), reading="by_rank", ours=0.52, n=100, low=0.42, high=0.62)
    assert (row.id, row.paper, row.baseline) == ("tab09.recall/by_rank", 0.5, 0.1)
    assert (row.verdict, row.tier, row.statement) == ("reproduced", "A", "Half are found.")
    other = compare(claim(), reading="by_judge", ours=0.2, n=100, low=0.15, high=0.25, paper=0.3, baseline=0.0,
                    statement="Read otherwise.", tier="B")
    assert (other.paper, other.baseline, other.statement, other.verdict, other.tier) == (
        0.3, 0.0, "Read otherwise.", "shifted", "B")  # fmt: skip


def test_a_measurement_that_decides_nothing_says_so():
    row = compare(claim(), reading="few", ours=0.3, n=4, low=0.05, high=0.7)
    assert row.verdict == "untestable" and "interval of n = 4 holds both" in row.reason


def test_a_claim_of_several_numbers_is_compared_cell_by_cell():
    several = claim(value=[[0.9, 0.1], [0.2, 0.8]], rows=["m", "f"], cols=["m", "f"])
    assert cell(several, "f", "m") == 0.2
    row = compare(several, reading="f.m", paper=cell(several, "f", "m"), ours=0.22, n=50, low=0.15, high=0.3)
    assert row.verdict == "reproduced"
    with pytest.raises(ValueError, match="against the paper's number"):
        compare(several, reading="all", ours=0.2, n=50, low=0.1, high=0.3)


@pytest.mark.parametrize("labels", [("x", "m"), ("m", "x"), ("m", None)])
def test_a_wrong_label_is_refused(labels):
    with pytest.raises(InputError, match="has no label"):
        cell(claim(value=[[0.9, 0.1], [0.2, 0.8]], rows=["m", "f"], cols=["m", "f"]), *labels)


def test_a_vector_has_no_columns():
    vector = claim(value=[1, 2], rows=["a", "b"])
    assert cell(vector, "b") == 2
    with pytest.raises(InputError, match="has no label 'c'"):
        cell(vector, "b", "c")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n": None}, "needs n, low and high, or a reason"),
        ({"low": None, "high": None}, "needs n, low and high, or a reason"),
        ({"low": None, "reason": "r"}, "an interval has low ≤ high"),
        ({"low": 0.7}, "an interval has low ≤ high"),
        ({"verdict": "untestable"}, "always needs the reason"),
        ({"tier": "D"}, "a tier other than D"),
        ({"ours": None, "reason": "r"}, "needs a number of ours"),
        ({"ours": math.nan}, "finite number"),
        ({"n": 0}, "greater than 0"),
        ({"id": "no reading"}, "match pattern"),
        ({"surprise": 1}, "Extra inputs"),
    ],
)
def test_a_row_that_does_not_account_for_itself_is_refused(changes, message):
    whole = compare(claim(), reading="by_rank", ours=0.52, n=100, low=0.42, high=0.62).model_dump()
    Row.model_validate(whole)
    with pytest.raises(ValidationError, match=message):
        Row.model_validate({**whole, **changes})


def test_every_claim_of_tier_d_gives_its_row_from_the_ledger_alone():
    closed = [claim for claim in load_ledger().values() if claim.tier == "D"]
    assert closed and all(untestable(claim).reason == claim.reason for claim in closed)


def test_a_testable_claim_is_not_passed_over_without_a_reason():
    with pytest.raises(ValidationError, match="always needs the reason"):
        untestable(claim())
    row = untestable(claim(), "These pictures are not in the copy.", reading="judge")
    assert (row.id, row.verdict, row.tier, row.ours) == ("tab09.recall/judge", "untestable", "A", None)


def test_the_scorecard_comes_back_as_written_and_in_order(tmp_path):
    rows = [untestable(claim(), "why", reading="z"), compare(claim(), reading="a", ours=0.5, n=9, low=0.4, high=0.6)]
    write_scorecard(tmp_path / "scorecard.json", rows)
    assert read_scorecard(tmp_path / "scorecard.json") == rows
    with pytest.raises(ValueError, match=r"rows share ids: \['tab09.recall/z'\]"):
        write_scorecard(tmp_path / "scorecard.json", [rows[0], rows[0]])


def test_a_scorecard_of_another_version_is_refused(tmp_path):
    write_json(tmp_path / "scorecard.json", [{"id": "a.b/c"}])
    with pytest.raises(InputError, match="no scorecard of this version .*run `s2f verify` again"):
        read_scorecard(tmp_path / "scorecard.json")
    with pytest.raises(InputError, match="is missing"):
        read_scorecard(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("tolerance: {kind: exact}", "tolerence: {kind: exact}", r"^book\.yaml: claim 'a\.b': .*mean 'tolerance'"),
        (", tolerance: {kind: exact}", "", r"claim 'a\.b': tolerance: Field required"),
        ("kind: exact", "kind: exact, valeu: 1", r"tolerance\.valeu: .*did you mean 'value'"),
        ("kind: exact", "kind: absolute", "'absolute' needs a value"),
        ("kind: exact", "kind: exact, value: 1", "no other kind has one"),
        ("value: 1,", "", "kind 'exact' needs a value to compare with"),
        ("value: 1,", "value: .nan,", "value.*finite"),
        ("value: 1,", "value: one,", "valid number"),
        ("value: 1,", "value: 1, value: 2,", "'value' is written twice"),
        ("value: 1,", "value: [1, 2], rows: [x],", "rows must name each line"),
        ("value: 1,", "value: [1, 2], rows: [x, x],", "rows must name each line"),
        ("value: 1,", "value: [[1, 2]],", "a matrix needs rows and cols"),
        ("value: 1,", "value: [[1, 2]], rows: [x], cols: [x],", "cols must name each column"),
        ("page: claims", "page: fig4_attributes", "did you mean 'fig04_attributes'"),
        ("id: a.b", "id: A.b", "match pattern"),
        ("tier: C", "tier: D", "tier D .* needs a reason"),
        ("tier: C", "tier: E", "'A', 'B', 'C' or 'D'"),
        ("claims:\n", "clams:\n", "unknown key 'clams'; did you mean 'claims'"),
        ("claims:\n  - {", "claims:\n  - x\n  - {", "must hold `claims`, a list of mappings"),
        ("exact}}\n", "exact}}\n  - {id: a.b, statement: t, value: 2, tolerance: {kind: exact}}\n", "already"),
    ],
)  # fmt: skip
def test_a_slip_in_the_ledger_is_named_with_its_repair(tmp_path: Path, old, new, message):
    assert old in FULL
    (tmp_path / "book.yaml").write_text(FULL, encoding="utf-8")
    assert list(load_ledger(tmp_path)) == ["a.b"]
    (tmp_path / "book.yaml").write_text(FULL.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_ledger(tmp_path)


def test_a_folder_without_a_ledger_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="holds no claims"):
        load_ledger(tmp_path)
