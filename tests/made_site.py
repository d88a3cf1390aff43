"""A small profile for the tests of the site: a ledger, a scorecard with every verdict and tier, two executed pages."""

from pathlib import Path

import nbformat
import plotly.graph_objects as go
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from s2f_core import artifacts, site
from s2f_core.evaluate.claims import Row, write_scorecard
from s2f_core.evaluate.verdicts import Verdict
from s2f_core.figures.chart import Chart

PROFILE = "smoke"
N_ROWS = 60
VERDICTS: tuple[Verdict, ...] = ("reproduced", "shifted", "contradicted", "untestable")
UNLISTED = "text.unlisted"
HOSTILE = 'a statement with <script>alert("hello")</script> & </td></table> in it and a ' + "w" * 150 + "ord"
REASON = "nobody released <what> it needs"
LEDGER = """# The rows of the tests
claims:
  - statement: a claim whose id does not come first
    id: fig04.first
  - {id: "tab03.inline", statement: a claim on one line}
  - id: text.hostile
"""


def row(number: int) -> Row:
    """One of N_ROWS rows: verdicts in turn, ids and pages in turn, every number another."""
    verdict = VERDICTS[number % 4]
    measured = verdict != "untestable"
    claim, page = (("fig04.first", "fig04_attributes"), ("tab03.inline", "tab03_retrieval"),
                   ("text.hostile" if number < N_ROWS - 1 else UNLISTED, "claims"))[number % 3]
    return Row(
        id=f"{claim}/reading_{number}", kind="figure", source="Fig. 4(a)", page=page, unit="share of faces",
        statement=HOSTILE if number % 3 == 2 else f"statement number {number}", verdict=verdict,
        tier="ABC"[number % 3] if measured else "D", paper=round(0.5 + number / 100, 2),
        baseline=0.25 if number % 2 else None, n=100 + number if measured else None,
        ours=1234.5 - 7 * (number * 17 % N_ROWS) if measured else None,
        low=-1.5 if measured else None, high=2000.25 if measured else None, reason=None if measured else REASON)


def chart(name: str) -> Chart:
    figure = go.Figure(go.Scatter(x=[1, 2, 5, 10], y=[5.2, 8.1, 12.4, 16.9], name="ours </script>"))
    figure.update_layout(title="Recall <b>at K</b>", yaxis_title="recall (%)", width=900,
                         xaxis_title="K, the length of the list in which the true face is looked for")
    return Chart(figure, name=name, alt='Recall "rises" with K')


def page(path: Path, *cells: nbformat.NotebookNode) -> None:
    """An executed page as the runner leaves it."""
    made = new_notebook(cells=list(cells), metadata={"language_info": {"name": "python"}})
    for number, cell in enumerate(made.cells):
        cell.id = f"cell-{number}"
    artifacts.write_text(path, nbformat.writes(made))


def shown(source: str, **bundle: object) -> nbformat.NotebookNode:
    output = new_output("execute_result", data={**bundle, "text/plain": "a thing"}, execution_count=1)
    return new_code_cell(source, outputs=[output], execution_count=1)


def results(root: Path) -> Path:
    """Write results/smoke under `root`, all but the page tab03_retrieval; return the ledger's folder."""
    folder = root / "results" / PROFILE
    write_scorecard(folder / "scorecard.json", [row(number) for number in range(N_ROWS)])
    drawn = [new_code_cell("page.chart()", execution_count=1, outputs=[new_output(
        "execute_result", data=dict(chart(f"fig04_attributes-{name}")._repr_mimebundle_()), execution_count=1)])
        for name in ("first", "second")]
    words = "# Figure 4 · attributes\n\nAgreement beyond chance: $\\kappa = \\frac{p_o - p_e}{1 - p_e}$."
    page(folder / "pages" / "fig04_attributes.ipynb", new_markdown_cell(words), *drawn)
    page(folder / "pages" / "claims.ipynb", new_markdown_cell("# Every claim"),
         shown("table", **{"text/html": "<table class='dataframe'><tr><td>zebra</td></tr></table>"}))
    page(folder / "pages" / "fig07_retrieval.failed.ipynb", new_markdown_cell("# Half a page"))
    artifacts.write_text(root / "ledger" / "made.yaml", LEDGER)
    return root / "ledger"


def build(root: Path) -> Path:
    """The folder of the site made from `results`."""
    return site.build(root, PROFILE, ledger=results(root)).parent
