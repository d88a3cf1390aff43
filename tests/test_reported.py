"""What the published numbers say by themselves: one test per finding, and the account of every claim."""

import pytest
from invented_evidence import PARAMS

from s2f_core import verify
from s2f_core.evaluate import chapters, reported
from s2f_core.evaluate.claims import load_ledger
from s2f_core.evaluate.evidence import Evidence


@pytest.fixture(scope="module")
def evidence():
    return Evidence(load_ledger(), PARAMS)


@pytest.fixture(scope="module")
def rows(evidence):
    return {row.id: row for row in verify.account(evidence, verify.evaluate(evidence, chapters.REPORTED))}


def test_table_3_is_recall_in_per_cent_of_the_gallery_and_not_at_a_rank(rows) -> None:
    for k in PARAMS.top_ranks:
        assert rows[f"tab03.6s.cos/percent.r{k}"].verdict == "reproduced"
        assert rows[f"tab03.6s.cos/rank.r{k}"].verdict in ("shifted", "contradicted")
        assert rows[f"tab03.random/rank.r{k}"].verdict == "contradicted"
    assert rows["tab03.6s.cos/percent.r10"].ours == 46
    assert rows["tab03.6s.cos/rank.r10"].ours == 2


def test_weighted_by_the_class_shares_ethnicity_and_age_do_not_beat_the_majority(rows) -> None:
    for attribute, ours, majority in (("ethnicity", 0.474, 0.502), ("age", 0.287, 0.294)):
        row = rows[f"fig04.{attribute}.above_majority/ori_s2f"]
        assert (round(row.ours, 3), round(row.baseline, 3)) == (ours, majority)
        assert row.verdict != "reproduced"
    assert round(rows["fig04.gender.kappa/ori_s2f"].ours, 2) == 0.87


def test_the_printed_correlations_fit_962_to_970_faces(rows) -> None:
    row = rows["fig05.n/implied"]
    assert (row.low, row.high, row.paper, row.verdict) == (962, 970, 1000, "contradicted")


def test_a_recomputed_p_is_that_of_scipys_pearson_test() -> None:
    from scipy.stats import pearsonr

    x, y = [1.0, 2.0, 3.0, 4.0, 6.0], [2.0, 1.0, 4.0, 3.0, 7.0]
    r, p = pearsonr(x, y)
    assert reported.two_sided_p(r, 5) == pytest.approx(p)


def test_every_claim_has_a_row_and_every_row_its_numbers_or_its_reason(evidence, rows) -> None:
    assert {name.partition("/")[0] for name in rows} == set(evidence.ledger)
    assert len(rows) >= 120
    for row in rows.values():
        assert row.reason or None not in (row.n, row.low, row.high)


def test_what_is_not_fetched_is_untestable_and_says_how_to_get_it(rows) -> None:
    assert "make paper PROFILE=published" in rows["text.no_individuals/paper"].reason
    assert rows["tab02.cos.6s.mean/paper"].verdict == "untestable"
