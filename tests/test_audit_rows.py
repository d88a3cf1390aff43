"""The audits as they are shipped and committed: judged on test people only, every row with what it takes to read it."""

import json

import pytest
from checkout import ROOT

from s2f_core.data import experiments
from s2f_core.evaluate.claims import Row, read_scorecard
from s2f_core.figures.questions import NOT_MEASURED, QUESTIONS

LAPTOP = ROOT / "results/laptop/scorecard.json"
FEWEST = 20


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return [row for row in read_scorecard(LAPTOP) if row.id.startswith("audit.")]


def test_there_are_rows_enough_and_each_has_interval_baseline_and_people(rows: list[Row]) -> None:
    measured = [row for row in rows if row.ours is not None and "exact count" not in (row.reason or "")]
    assert len(measured) >= 30
    for row in measured:
        assert None not in (row.low, row.high, row.baseline), row.id
        assert row.n is not None and row.n >= FEWEST, row.id


def test_no_measure_is_of_people_that_a_network_was_trained_on() -> None:
    """But for those that ask whether training people are known better, and say so of each row."""
    found = experiments.read_all(ROOT / "data/audits/laptop")
    assert len(found.tables()) == 5
    for table in (found.worlds, found.crossed, found.sweep):
        assert {name.partition("-")[0] for name in table.person.tolist()} == {"test"}, type(table).__name__
    split = {group: {name.partition("-")[0] for name in found.members.person[found.members.group == group].tolist()}
             for group in ("trained clip", "new clip", "others")}
    assert split == {"trained clip": {"train"}, "new clip": {"train"}, "others": {"test"}}


def test_a_planted_pull_is_recovered_and_none_is_found_without_a_tie(rows: list[Row]) -> None:
    found = {row.id: row for row in rows}
    tied = found["audit.language.follows/speaker.follows_0.9.majority_0.34"]
    free = found["audit.language.none/speaker.follows_0.majority_0.34"]
    assert tied.low > 0 and free.low < 0 < free.high


@pytest.mark.parametrize("profile", ["laptop", "published"])
def test_where_ours_disagrees_the_row_says_why(profile: str) -> None:
    silent = [row.id for row in read_scorecard(ROOT / "results" / profile / "scorecard.json")
              if row.verdict in ("contradicted", "shifted") and not row.reason]
    assert not silent


@pytest.mark.parametrize("profile", ["laptop", "published"])
def test_a_statement_is_read_at_a_glance(profile: str) -> None:
    rows = read_scorecard(ROOT / "results" / profile / "scorecard.json")
    assert not [row.id for row in rows if len(row.statement.split()) > 25]


def test_every_question_of_the_critics_is_answered_from_rows_and_has_its_section() -> None:
    rows = read_scorecard(LAPTOP)
    for question in QUESTIONS:
        page = json.loads((ROOT / f"notebooks/audits/{question.page}.ipynb").read_text(encoding="utf-8"))
        lines = "\n".join("".join(cell["source"]) for cell in page["cells"] if cell["cell_type"] == "markdown").splitlines()
        assert f"## {question.text}" in lines
        answer = question.answered(rows)
        assert "[" in answer and question.answered([]) == NOT_MEASURED
