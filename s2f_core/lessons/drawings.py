"""Two kinds of chart that the lessons on confounding and on mistakes share: numbers with intervals, and what chance gives."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Shaped

from s2f_core.evaluate.intervals import Estimate
from s2f_core.figures import style
from s2f_core.figures.chart import Chart

SYMBOLS = ("circle", "diamond", "square", "x")
SPREAD = 0.5  # of the height of a line, over which the kinds of number share it
SMALLEST_PX, MORE_PX = 260, 150


def dots(series: Mapping[str, Mapping[str, Estimate]], *, name: str, x_title: str, alt: str, chance: float | None = 0.0
         ) -> Chart:
    """Numbers with their intervals: a line for each label, a mark for each kind of number; `chance` as a dotted line."""
    labels = list(dict.fromkeys(label for some in series.values() for label in some))
    figure = go.Figure()
    for place, (kind, some) in enumerate(series.items()):
        shift = SPREAD * ((place + 0.5) / len(series) - 0.5)
        figure.add_scatter(
            x=[one.value for one in some.values()], y=[labels.index(label) + shift for label in some], name=kind,
            mode="markers", marker={"color": style.PALETTE[place], "symbol": SYMBOLS[place], "size": 9},
            error_x={"type": "data", "symmetric": False, "array": [one.high - one.value for one in some.values()],
                     "arrayminus": [one.value - one.low for one in some.values()], "thickness": 1.5},
            hovertext=[f"{label}<br>{one.value:.2f} [{one.low:.2f}, {one.high:.2f}], n = {one.n}"
                       for label, one in some.items()], hovertemplate="%{hovertext}<extra>" + kind + "</extra>")
    if chance is not None:
        figure.add_vline(x=chance, line={"dash": "dot", "color": style.BASELINE})
    figure.update_yaxes(tickvals=list(range(len(labels))), ticktext=labels, range=[len(labels) - 0.4, -0.6])
    figure.update_layout(height=max(SMALLEST_PX, MORE_PX + style.ROW_PX * len(labels)), xaxis_title=x_title)
    return Chart(figure, name=name, alt=alt)


def shuffles(drawn: Mapping[str, Float[np.ndarray, " shuffles"]], found: float, *, name: str, x_title: str, alt: str) -> Chart:
    """What shuffled people give, a histogram for each way of shuffling, and what the people as they are give, as a line."""
    figure = go.Figure()
    for place, (kind, values) in enumerate(drawn.items()):
        figure.add_histogram(x=values.tolist(), name=kind, marker_color=style.PALETTE[place], opacity=0.75,
                             xbins={"size": 0.01}, hovertemplate="%{x}: %{y}<extra>" + kind + "</extra>")
    figure.add_vline(x=found, line={"color": style.VERMILLION, "width": 3}, annotation_text="people as they are")
    figure.update_layout(barmode="overlay", xaxis_title=x_title, yaxis_title="shuffles", height=style.HEIGHT_PX - 60)
    return Chart(figure, name=name, alt=alt)


def two_groups(x: Float[np.ndarray, " people"], y: Float[np.ndarray, " people"], group: Shaped[np.ndarray, " people"], *,
               name: str, alt: str, titles: tuple[str, str]) -> Chart:
    """One dot a person, one colour and mark a group, the means of the groups as large marks."""
    figure = go.Figure()
    for place, label in enumerate(np.unique(group)):
        own = group == label
        colour = {"color": style.PALETTE[place], "symbol": SYMBOLS[place]}
        figure.add_scatter(x=x[own].round(3).tolist(), y=y[own].round(3).tolist(), mode="markers", name=str(label),
                           marker=colour | {"size": 5, "opacity": 0.5})
        figure.add_scatter(x=[float(x[own].mean())], y=[float(y[own].mean())], mode="markers", showlegend=False,
                           name=f"mean of {label}", marker=colour | {"size": 18, "line": {"width": 2, "color": style.INK}})
    figure.update_layout(xaxis_title=titles[0], yaxis_title=titles[1])
    return Chart(figure, name=name, alt=alt)
