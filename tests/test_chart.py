"""A chart is data with a name: the same figure gives the same bytes, in the house's colours; nothing in it escapes."""

import json
import re

import made_site
import numpy as np
import plotly.graph_objects as go

from s2f_core.figures import style
from s2f_core.figures.chart import PLOTLY_MIME, Chart, to_html_document


def specification(html: str) -> dict:
    [text] = re.findall(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)
    return json.loads(text)


def test_a_notebook_keeps_the_chart_as_json_and_as_an_element_that_the_site_draws() -> None:
    bundle = made_site.chart("fig04_attributes-recall")._repr_mimebundle_()
    assert set(bundle) == {PLOTLY_MIME, "text/html"}
    assert bundle["text/html"].startswith(
        '<figure class="s2f-chart" id="fig04_attributes-recall" '
        'aria-label="Recall &quot;rises&quot; with K"><script type="application/json">{')
    assert specification(bundle["text/html"]) == bundle[PLOTLY_MIME]
    assert set(bundle[PLOTLY_MIME]) == {"data", "layout"}


def test_text_in_a_chart_cannot_end_its_element() -> None:
    html = made_site.chart("a-b").to_html()
    assert html.count("</script>") == 1
    assert specification(html)["data"][0]["name"] == "ours </script>"


def test_the_same_figure_gives_the_same_bytes_however_it_was_put_together() -> None:
    one = go.Figure(go.Bar(x=["a", "b"], y=np.array([1.5, np.nan])), {"title": "T", "height": 300})
    two = go.Figure(go.Bar(y=np.array([1.5, np.nan]), x=["a", "b"])).update_layout(height=300).update_layout(title="T")
    assert Chart(one, "a-b", "c").to_html() == Chart(two, "a-b", "c").to_html()


def test_every_chart_wears_the_house_template_and_the_figure_keeps_its_own() -> None:
    figure = go.Figure(go.Bar(y=[1]), {"template": "plotly_dark"})
    drawn = Chart(figure, "a-b", "c").to_json_dict()["layout"]["template"]["layout"]
    assert drawn["colorway"] == list(style.PALETTE) and drawn["paper_bgcolor"] == "rgba(0,0,0,0)"
    assert figure.layout.template.layout.paper_bgcolor == "rgb(17,17,17)"


def test_a_document_of_charts_needs_one_file_beside_it() -> None:
    html = to_html_document([made_site.chart("a-b"), made_site.chart("a-c")], title="<a>", plotly_js="plotly.min.js")
    assert re.findall(r'<script[^>]* src="([^"]+)"', html) == ["plotly.min.js"]
    assert "<title>&lt;a&gt;</title>" in html and html.count('<figure class="s2f-chart"') == 2
    assert len(html) < 50_000


def luminance(colour: str) -> float:
    channels = [int(colour[place:place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def test_every_colour_of_a_series_stands_out_from_white_and_from_black_paper() -> None:
    """Contrast by WCAG 2.2: 4.5 for text, 3 for shapes; orange and sky on white only reach 2 and have marks as well."""
    for colour in (*style.PALETTE, *style.VERDICT_COLOURS.values()):
        assert 1.05 / (luminance(colour) + 0.05) >= 2 and (luminance(colour) + 0.05) / 0.05 >= 3
    assert 1.05 / (luminance(style.INK) + 0.05) >= 4.5 <= (luminance(style.INK) + 0.05) / 0.05
    assert len(set(style.VERDICT_MARKS.values())) == len(set(style.VERDICT_SYMBOLS.values())) == 4
