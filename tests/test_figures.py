"""Tables, charts and the README's block: formatted from rows, never typed."""

from pathlib import Path

import pytest
from invented_evidence import evidence

from s2f_core import artifacts, verify
from s2f_core.errors import InputError
from s2f_core.evaluate.claims import read_scorecard
from s2f_core.figures import headline, page, panels, questions, tables

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def rows():
    given = evidence(identity=0.5)
    return verify.account(given, verify.evaluate(given))


NUMBERS = {None: "–", 5000: "5,000", 0.4744: "0.474", 45.82: "45.8", 1234.56: "1,234.6", 0.0: "0"}


@pytest.mark.parametrize(("value", "said"), NUMBERS.items())
def test_numbers_are_written_as_a_reader_wants_them(value, said) -> None:
    assert tables.number(value) == said


def test_a_row_is_named_on_an_axis_in_words(rows) -> None:
    row = next(row for row in rows if row.id == "fig05.published.nasal_index/voxceleb.exg0.7.within_sex")
    assert tables.short(row, after=2) == "nasal index, VoxCeleb, speech, exg 0.7, within sex"


def test_markdown_keeps_every_row_on_one_line_and_escapes_bars(rows) -> None:
    lines = tables.markdown(rows).splitlines()
    assert len(lines) == len(rows) + 2
    columns = {line.replace("\\|", "").count("|") for line in lines}
    assert len(columns) == 1


def test_a_forest_draws_each_measured_row_once_with_its_interval(rows) -> None:
    chosen = [row for row in rows if row.id.startswith("labels.gender.accuracy/")]
    figure = panels.forest(chosen, x_title="share")
    ours = [trace for trace in figure.data if trace.name.startswith("ours")]
    assert sum(len(trace.x) for trace in ours) == len(chosen) == 5
    reach = ours[0].x[0] + ours[0].error_x.array[0]
    assert reach == pytest.approx(chosen[0].high)


def test_recall_curves_end_at_all_queries_and_chance_is_the_diagonal() -> None:
    figure = panels.recall_curves({"a": [0.1, 0.5, 1.0]}, x_title="%")
    assert figure.data[0].x == figure.data[0].y
    assert figure.data[1].y[-1] == 100
    assert figure.data[1].y[20] == pytest.approx(100 / 3, abs=0.01)  # a tenth of the gallery


def test_a_page_saves_its_charts_and_its_table(tmp_path: Path, rows, monkeypatch) -> None:
    (tmp_path / "params.yaml").write_text("")
    verify.write(rows, {"confusions": {}}, root=tmp_path, profile="smoke")
    monkeypatch.chdir(tmp_path)
    here = page.open_page("tab03_retrieval", "smoke")
    here.chart("bars", panels.verdicts_by_page(rows), "bars")
    assert here.save() == [f"tab03_retrieval.{kind}" for kind in ("csv", "html", "json", "md")]
    assert list(artifacts.read_json(tmp_path / "results/smoke/figures/tab03_retrieval.json")) == ["tab03_retrieval-bars"]
    with pytest.raises(KeyError, match="tab03.6s.cos/rank.r1"):
        here.row("tab03.6s.cos/rank.r11")


def test_the_readmes_blocks_are_what_the_committed_scorecards_say() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    released, synthetic = (read_scorecard(ROOT / "results" / profile / "scorecard.json") for profile in ("published", "laptop"))
    assert headline.render(readme, headline.RESULTS, headline.block(released)) == readme
    assert headline.render(readme, headline.ANSWERS, headline.answers(synthetic)) == readme
    assert "labels.gender.accuracy/voxceleb.exg0.7" in {row.id for row in released}
    assert questions.NOT_MEASURED not in headline.answers(synthetic)


def test_a_readme_without_its_marks_is_refused() -> None:
    with pytest.raises(InputError, match="once each"):
        headline.render("# no marks", headline.RESULTS, "rows")
