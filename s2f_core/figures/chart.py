"""A chart for a page: JSON for Jupyter, and an element that the site, or one HTML file, draws with a local plotly."""

import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from plotly.graph_objects import Figure

from s2f_core.figures.style import FONT, TEMPLATE

PLOTLY_MIME = "application/vnd.plotly.v1+json"

DOCUMENT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 1rem auto; max-width: 60rem; padding: 0 1rem; font-family: {font}; }}
body {{ background: Canvas; color: CanvasText; }}
.s2f-chart {{ margin: 0 0 2rem; min-width: 0; }}
.s2f-chart:not(.s2f-drawn)::before {{ content: "Chart, drawn by JavaScript: " attr(aria-label); }}
</style>
<script defer src="{plotly_js}"></script>
</head>
<body>
{figures}
<script>
{script}</script>
</body>
</html>
"""


@dataclass(frozen=True)
class Chart:
    """One plotly figure in the house template.

    Attributes:
        figure: data and layout; its template is replaced by the house's.
        name: `<stem>-<panel>`, unique on its page: the element's id.
        alt: what a reader should see in the chart, in words; its accessible name.
    """

    figure: Figure
    name: str
    alt: str

    def to_json_dict(self) -> dict[str, Any]:
        """Data and layout as plain JSON with sorted keys: the same figure gives the same bytes."""
        dressed = Figure(self.figure).update_layout(template=TEMPLATE)
        return json.loads(json.dumps(json.loads(dressed.to_json(engine="json")), sort_keys=True))

    def to_html(self) -> str:
        """The figure element; the specification inside can end neither its script element nor the page."""
        specification = json.dumps(self.to_json_dict(), separators=(",", ":")).replace("<", "\\u003c")
        name, alt = html.escape(self.name), html.escape(self.alt)
        return (f'<figure class="s2f-chart" id="{name}" aria-label="{alt}">'
                f'<script type="application/json">{specification}</script></figure>')

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Mapping[str, Any]:
        """What a notebook keeps of the chart: no plotly.js, no picture."""
        return {PLOTLY_MIME: self.to_json_dict(), "text/html": self.to_html()}


def draw_script() -> str:
    """The script that draws every `.s2f-chart` of a page; it expects plotly.min.js before it."""
    return resources.files("s2f_core.figures").joinpath("charts.js").read_text(encoding="utf-8")


def to_html_document(charts: Iterable[Chart], title: str, plotly_js: str) -> str:
    """One page of charts that opens from a folder without a server.

    Args:
        charts: drawn one below the other.
        title: of the document.
        plotly_js: where plotly.min.js lies, relative to the document.
    """
    return DOCUMENT.format(title=html.escape(title), font=FONT, plotly_js=html.escape(plotly_js), script=draw_script(),
                           figures="\n".join(chart.to_html() for chart in charts))
