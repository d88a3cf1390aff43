"""The charts of errors by group: a dot per group with its interval, the constant judge beside it; and what averages leave."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from s2f_core.figures import style
from s2f_core.figures.panels import SMALLEST_HEIGHT, between

MEASURES = {"sex": "sex, or gender label, right", "age": "age right within ten years", "years": "signed error of age, years",
            "morph": "ancestry morph right", "found": "true face in the top 10 %", "cosine": "cosine to the true feature"}
EXAGGERATED = {"sex": "sex is right for {v:+.3f} of the people more",
               "morph": "the ancestry morph is right for {v:+.3f} of the people more",
               "age": "its age is off by {v:+.1f} years more"}  # measure → words for its change


def by_group(found: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]) -> go.Figure:
    """Every group's number, a measure at a time by the menu; hollow marks are a judge who says the same of everybody."""
    figure = go.Figure()
    for place, (_, attributes) in enumerate(found.items()):
        groups = {f"{attribute}: {label}": one for attribute, some in attributes.items() for label, one in some.items()
                  if "value" in one}
        names = list(groups)[::-1]
        ones = [groups[name] for name in names]
        figure.add_scatter(y=names, x=[one["value"] for one in ones], mode="markers", name="faces from voices",
                           visible=place == 0, marker={"color": style.OURS, "size": 9}, error_x=between(ones),
                           hovertext=[f"n {one['n']}, [{one['low']:.3f}, {one['high']:.3f}]" for one in ones],
                           hovertemplate="%{y}<br>%{x:.3f} %{hovertext}<extra></extra>")
        figure.add_scatter(y=names, x=[one["baseline"] for one in ones], mode="markers", name="the same said of everybody",
                           visible=place == 0, marker={"color": style.BASELINE, "size": 9, "symbol": "circle-open"},
                           hovertemplate="%{y}<br>%{x:.3f} by a constant judge<extra></extra>")
    figure.update_layout(updatemenus=[_menu(list(found))], height=max(SMALLEST_HEIGHT, 160 + 19 * _longest(found)),
                         xaxis_title=MEASURES[next(iter(found))])
    return figure


def variance_kept(found: Mapping[str, Mapping[str, Mapping[str, Mapping[str, float]]]]) -> go.Figure:
    """Slope of readings on the truth by attribute, from faces and from voices; 1 is no pull to the mean."""
    figure = go.Figure()
    for source, colour in zip(found, (style.PAPER, style.OURS), strict=False):
        ones = {name.replace("_", " "): one["slope"] for name, one in found[source].items()}
        figure.add_scatter(y=list(ones), x=[one["value"] for one in ones.values()], mode="markers", name=source,
                           marker={"color": colour, "size": 10}, error_x=between(list(ones.values())),
                           hovertemplate="%{y}: %{x:.2f}<extra>" + source + "</extra>")
    figure.add_vline(x=1, line={"dash": "dot", "color": style.BASELINE}, annotation_text="the truth")
    return figure.update_layout(xaxis={"title": "units read per true unit", "rangemode": "tozero"}, height=SMALLEST_HEIGHT)


def _menu(measures: list[str]) -> dict[str, Any]:
    shown = {name: [one == name for one in measures for _ in range(2)] for name in measures}
    buttons = [{"label": MEASURES[name], "method": "update",
                "args": [{"visible": shown[name]}, {"xaxis.title.text": MEASURES[name]}]} for name in measures]
    return {"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom"}


def _longest(found: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> int:
    return max(sum("value" in one for some in attributes.values() for one in some.values()) for attributes in found.values())
