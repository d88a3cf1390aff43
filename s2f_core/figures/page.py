"""One page: what a notebook in notebooks/figures or notebooks/audits reads, shows and saves under results/<profile>/figures."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from IPython.display import HTML, Markdown
from plotly.graph_objects import Figure
from plotly.offline import get_plotlyjs

from s2f_core import artifacts, config
from s2f_core.evaluate.claims import Claim, Row, load_ledger, read_scorecard
from s2f_core.figures import tables
from s2f_core.figures.chart import Chart, to_html_document

PLOTLY_JS = "plotly.min.js"


@dataclass
class Page:
    """The evidence that a page may draw, and what it has drawn so far.

    Attributes:
        stem: name of the notebook, its stage and its results.
        rows: the scorecard's rows of this page.
        all_rows: the whole scorecard.
        detail: arrays behind the charts, by name; empty where nothing was measured.
        ledger: the published numbers.
    """

    stem: str
    folder: Path
    rows: list[Row]
    all_rows: list[Row]
    detail: dict[str, Any]
    ledger: dict[str, Claim]
    charts: list[Chart] = field(default_factory=list)

    def chart(self, name: str, figure: Figure, alt: str) -> Chart:
        """Keep a chart for `save` and return it for display. `alt` says in words what a reader should see in it."""
        chart = Chart(figure, name=f"{self.stem}-{name}", alt=alt)
        self.charts.append(chart)
        return chart

    def table(self, prefix: str = "") -> HTML:
        """The rows of this page whose id starts with `prefix`, formatted: paper | ours [95 %] | n | baseline | verdict."""
        return HTML(tables.html([row for row in self.rows if row.id.startswith(prefix)]))

    def says(self, template: str, **values: float | int | str) -> Markdown:
        """A sentence whose numbers are formatted in from the data, never typed."""
        return Markdown(template.format(**values))

    def row(self, identity: str) -> Row:
        """One row by its id. Raises KeyError naming the ids of this page that resemble it."""
        found = {row.id: row for row in self.all_rows}
        if identity not in found:
            raise KeyError(f"no row {identity!r}; {config.nearest(identity, list(found))}")
        return found[identity]

    def save(self) -> list[str]:
        """Write the page's charts (JSON and HTML) and table (CSV and Markdown); return the names written."""
        figures = {chart.name: chart.to_json_dict() for chart in self.charts}
        artifacts.write_json(self.folder / f"{self.stem}.json", figures)
        html = to_html_document(self.charts, title=self.stem, plotly_js=PLOTLY_JS)
        artifacts.write_text(self.folder / f"{self.stem}.html", html)
        artifacts.write_text(self.folder / f"{self.stem}.csv", tables.csv(self.rows))
        artifacts.write_text(self.folder / f"{self.stem}.md", tables.markdown(self.rows))
        script = self.folder / PLOTLY_JS
        if not script.is_file():
            artifacts.write_text(script, get_plotlyjs())
        return sorted(path.name for path in self.folder.glob(f"{self.stem}.*"))


def open_page(stem: str, profile: str) -> Page:
    """Read what the stages before wrote for `profile`. Raises InputError naming the stage where it is missing."""
    results = config.project_root(Path.cwd()) / "results" / profile
    rows = read_scorecard(results / "scorecard.json")
    detail = artifacts.read_json(results / "detail.json")
    mine = [row for row in rows if row.page == stem]
    return Page(stem, results / "figures", mine, rows, detail, load_ledger())
