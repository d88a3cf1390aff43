"""What a paper can take over: tables that LaTeX reads, and an archive that is the same for the same files."""

import zipfile
from pathlib import Path

from s2f_core.evaluate.claims import read_scorecard
from s2f_core.figures import printing, tables

RESULTS = Path(__file__).resolve().parents[1] / "results" / "laptop"


def test_a_table_holds_every_row_and_nothing_that_latex_would_take_for_a_command(tmp_path: Path) -> None:
    rows = [row for row in read_scorecard(RESULTS / "scorecard.json") if row.page == "tab03_retrieval"]
    text = tables.latex(rows, caption="tab03_retrieval")
    body = text.split("\\endlastfoot")[-1]
    assert body.count("\\\\") == len(rows) and "\\begin{longtable}" in text and "tab03\\_retrieval" in text
    assert not [line for line in body.splitlines() if "%" in line.replace("\\%", "") or "#" in line.replace("\\#", "")]
    (tmp_path / "scorecard.json").write_bytes((RESULTS / "scorecard.json").read_bytes())
    written = printing.write_tables(tmp_path)
    assert tmp_path / "figures" / "tab03_retrieval.tex" in written and all(path.is_file() for path in written)


def test_signs_are_escaped_once() -> None:
    assert "a_b & 5 % {x} \\".translate(tables.LATEX) == "a\\_b \\& 5 \\% \\{x\\} \\textbackslash{}"


def test_the_archive_is_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    files = [tmp_path / "b.tex", tmp_path / "a.svg"]
    for path in files:
        path.write_text(path.name, encoding="utf-8")
    first = printing.bundle(tmp_path, files).read_bytes()
    assert printing.bundle(tmp_path, files[::-1]).read_bytes() == first
    with zipfile.ZipFile(tmp_path / printing.BUNDLE) as archive:
        assert archive.namelist() == ["a.svg", "b.tex"] and archive.read("b.tex") == b"b.tex"
