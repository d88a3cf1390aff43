"""The charts of the pages, drawn from scorecard rows and the ledger; nothing is computed here that a row does not hold."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from s2f_core.evaluate.claims import Claim, Row
from s2f_core.figures import style, tables

SMALLEST_HEIGHT = 320


def verdicts_by_page(rows: Sequence[Row]) -> go.Figure:
    """Stacked bars: how many rows of each page have each verdict."""
    pages = sorted({row.page for row in rows}, reverse=True)
    figure = go.Figure()
    for verdict, colour in style.VERDICT_COLOURS.items():
        counts = Counter(row.page for row in rows if row.verdict == verdict)
        figure.add_bar(y=pages, x=[counts[page] for page in pages], name=verdict, marker_color=colour, orientation="h",
                       hovertemplate="%{y}: %{x} " + verdict + "<extra></extra>")
    return figure.update_layout(barmode="stack", height=_height(len(pages)), xaxis_title="rows of the scorecard")


def forest(rows: Sequence[Row], *, x_title: str, after: int = 1, decimals: int = 2) -> go.Figure:
    """Our numbers with intervals, the paper's beside them and the baseline as a tick: one line per row.

    Args:
        after: how many parts of the rows' ids go without saying (`tables.short`).
    """
    names = [tables.short(row, after=after) for row in rows]
    figure = go.Figure()
    if not rows:
        figure.add_annotation(text="Nothing measured in this profile:<br>make paper PROFILE=published", x=0.5, y=0.5,
                              xref="paper", yref="paper", showarrow=False)
        return figure.update_layout(height=SMALLEST_HEIGHT, xaxis_visible=False, yaxis_visible=False)
    figure.add_scatter(y=names, x=[row.baseline for row in rows], mode="markers", name="baseline",
                       marker={"symbol": "line-ns-open", "size": 14, "color": style.BASELINE},
                       hovertemplate=f"baseline %{{x:.{decimals}f}}<extra></extra>")
    figure.add_scatter(y=names, x=[row.paper for row in rows], mode="markers", name="paper",
                       marker={"symbol": "diamond", "color": style.PAPER, "size": 10},
                       hovertemplate=f"paper %{{x:.{decimals}f}}<extra></extra>")
    for verdict, colour in style.VERDICT_COLOURS.items():
        chosen = [(name, row) for name, row in zip(names, rows, strict=True) if row.verdict == verdict and row.ours is not None]
        if chosen:
            figure.add_scatter(
                y=[name for name, _ in chosen], x=[row.ours for _, row in chosen], mode="markers", name=f"ours, {verdict}",
                marker={"symbol": style.VERDICT_SYMBOLS[verdict], "color": colour, "size": 9},
                error_x=reach([row for _, row in chosen]) | {"color": colour},
                hovertext=[f"{row.id}<br>{tables.ours(row)}, n = {tables.number(row.n)}" for _, row in chosen],
                hovertemplate="%{hovertext}<extra></extra>")
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    return figure.update_layout(height=_height(len(set(names))), xaxis_title=x_title)


def matrices(tables_of: Mapping[str, Sequence[Sequence[float]]], labels: Sequence[str]) -> go.Figure:
    """Confusion matrices side by side: shares as printed, counts divided by their row; rows are the first picture's label."""
    figure = make_subplots(1, len(tables_of), subplot_titles=list(tables_of), horizontal_spacing=0.08)
    for column, table in enumerate(tables_of.values(), start=1):
        cells = np.array(table, dtype=float)
        shares = cells if cells.max() <= 1 else cells / np.maximum(cells.sum(1, keepdims=True), 1)
        figure.add_heatmap(z=shares.tolist(), x=list(labels), y=list(labels), zmin=0, zmax=1, coloraxis="coloraxis",
                           text=shares.round(2).tolist(), texttemplate="%{text:.2f}", row=1, col=column,
                           hovertemplate="%{y} → %{x}: %{z:.2f}<extra></extra>")
    figure.update_yaxes(autorange="reversed", showticklabels=False)
    figure.update_yaxes(title_text="first picture", showticklabels=True, col=1)
    figure.update_xaxes(title_text="second picture")
    return figure.update_layout(coloraxis={"cmin": 0, "cmax": 1, "colorscale": "Cividis"}, height=SMALLEST_HEIGHT + 40)


def recall_curves(curves: Mapping[str, Sequence[float]], *, x_title: str) -> go.Figure:
    """Share of queries whose true face lies within each share of the gallery, one curve each, chance as the diagonal.

    Args:
        curves: name → rank of the true face / gallery size, per query.
    """
    grid = np.linspace(0, 1, 201)
    figure = go.Figure()
    figure.add_scatter(x=(100 * grid).tolist(), y=(100 * grid).tolist(), mode="lines", name="chance",
                       line={"color": style.BASELINE, "dash": "dot"})
    for name, relative in curves.items():
        reached = np.searchsorted(np.sort(relative), grid, side="right") / len(relative)
        figure.add_scatter(x=(100 * grid).tolist(), y=(100 * reached).round(3).tolist(), mode="lines", name=name,
                           hovertemplate="first %{x:.1f} %: %{y:.1f} % of queries<extra>" + name + "</extra>")
    figure.update_xaxes(range=[0, 100])
    figure.update_yaxes(range=[0, 100])
    return figure.update_layout(xaxis_title=x_title, yaxis_title="% of queries found")


def rank_strip(ranks: Sequence[float], gallery: int) -> go.Figure:
    """Each printed rank as a mark on a logarithmic axis, with the place that guessing would reach in half of the queries."""
    figure = go.Figure()
    order = np.sort(np.array(ranks))
    share = 100 * np.arange(1, len(order) + 1) / len(order)
    figure.add_scatter(x=order.tolist(), y=share.tolist(), mode="markers", name="printed ranks", marker_color=style.OURS,
                       hovertemplate="rank %{x}: %{y:.0f} % of queries at or before it<extra></extra>")
    guesses = np.unique(np.geomspace(1, gallery, 60).round())
    figure.add_scatter(x=guesses.tolist(), y=(100 * guesses / gallery).tolist(), mode="lines", name="chance",
                       line={"color": style.BASELINE, "dash": "dot"})
    figure.update_xaxes(type="log", range=[0, float(np.log10(gallery))])
    return figure.update_layout(xaxis_title=f"rank of the true face among {gallery:,} (logarithmic)",
                                yaxis_title="% of queries found")


def two_readings(by_rank: Sequence[Row], by_percent: Sequence[Row], ks: Sequence[str]) -> go.Figure:
    """Table 3's line beside the 100 printed ranks, K read as a rank and as per cent of the gallery."""
    figure = go.Figure()
    figure.add_bar(x=list(ks), y=[row.paper for row in by_rank], name="paper, R@K", marker_color=style.PAPER)
    for name, rows, colour in (("K as per cent", by_percent, style.GREEN), ("K as a rank", by_rank, style.VERMILLION)):
        figure.add_bar(x=list(ks), y=[row.ours for row in rows], name=f"printed ranks, {name}", marker_color=colour,
                       error_y=reach(rows) | {"color": style.INK}, hovertext=[tables.ours(row) for row in rows],
                       hovertemplate="%{hovertext}<extra></extra>")
    figure.add_scatter(x=list(ks), y=[row.baseline for row in by_percent], mode="markers", name="chance, K as per cent",
                       marker={"symbol": "line-ew", "size": 60, "line": {"width": 2, "color": style.INK}})
    return figure.update_layout(barmode="group", yaxis={"title": "% of queries", "rangemode": "nonnegative"})


def statistics(files: Mapping[str, Claim]) -> go.Figure:
    """The thirteen correlations of each statistics file: what landmark detector and exaggeration change."""
    figure = go.Figure()
    for name, claim in files.items():
        figure.add_scatter(y=[label.replace("_", " ") for label in claim.rows or ()], x=[line[0] for line in claim.value],
                           mode="markers", name=name, hovertemplate="r = %{x:.3f}<extra>" + name + "</extra>")
    figure.update_yaxes(autorange="reversed")
    return figure.update_layout(xaxis_title="Pearson r, F2F against S2F", height=_height(13))


def histograms(shares: Mapping[str, Sequence[float]], *, bin_width: float, x_title: str) -> go.Figure:
    """Shares of pairs by distance, one stepped line for each kind of pair."""
    figure = go.Figure()
    last = max((place for one in shares.values() for place, share in enumerate(one) if share), default=0)
    for name, one in shares.items():
        middles = [round(bin_width * (place + 0.5), 6) for place in range(last + 1)]
        figure.add_scatter(x=middles, y=list(one[: last + 1]), name=name, mode="lines", line_shape="hvh",
                           hovertemplate="%{x:.2f}: %{y:.3f}<extra>" + name + "</extra>")
    return figure.update_layout(xaxis_title=x_title, yaxis_title="share of pairs")


def grouped(values: Mapping[str, Mapping[str, float]], *, y_title: str, baseline: float | None = None) -> go.Figure:
    """Bars of one height per group and name: the groups along the axis, one colour per name; a dotted line for the baseline."""
    figure = go.Figure()
    names = list(dict.fromkeys(name for group in values.values() for name in group))
    for name in names:
        figure.add_bar(x=list(values), y=[group.get(name) for group in values.values()], name=name,
                       hovertemplate="%{x}: %{y:.3g}<extra>" + name + "</extra>")
    if baseline is not None:
        figure.add_hline(y=baseline, line={"dash": "dot", "color": style.BASELINE}, annotation_text=f"{baseline:g}")
    return figure.update_layout(barmode="group", yaxis_title=y_title, height=SMALLEST_HEIGHT + 60)


def spreads(values: Mapping[str, Mapping[str, float]]) -> go.Figure:
    """How much drawings of each source vary over people: `value` in grey levels, with `low` and `high` of its interval."""
    figure = go.Figure()
    figure.add_bar(x=list(values), y=[one["value"] for one in values.values()], marker_color=style.OURS,
                   error_y=between(list(values.values())),
                   hovertemplate="%{x}: %{y:.2f} grey levels<extra></extra>")
    return figure.update_layout(yaxis_title="standard deviation, grey levels", height=SMALLEST_HEIGHT + 60)


def by_seconds(curves: Mapping[str, Mapping[str, Mapping[str, float]]], *, y_title: str, baseline: float) -> go.Figure:
    """A share, with its interval, against seconds of speech, a line for each network; a dotted line for the baseline."""
    figure = go.Figure()
    for name, curve in curves.items():
        figure.add_scatter(x=[int(one) for one in curve], y=[one["value"] for one in curve.values()], name=name,
                           mode="lines+markers", error_y=between(list(curve.values())),
                           hovertemplate="%{x} s: %{y:.3f}<extra>" + name + "</extra>")
    figure.add_hline(y=baseline, line={"dash": "dot", "color": style.BASELINE}, annotation_text="chance")
    return figure.update_layout(xaxis_title="seconds of speech", yaxis={"title": y_title, "rangemode": "tozero"})


def reach(rows: Sequence[Row]) -> dict[str, object]:
    """Error bars from the rows' intervals; none where a number is exact."""
    return between([{"value": row.ours, "low": row.ours if row.low is None else row.low,
                      "high": row.ours if row.high is None else row.high} if row.ours is not None
                     else {"value": 0, "low": 0, "high": 0} for row in rows])


def between(intervals: Sequence[Mapping[str, float]]) -> dict[str, object]:
    """Error bars from `low` to `high` around each `value`."""
    return {"type": "data", "symmetric": False, "thickness": 1.5, "width": 3,
            "array": [one["high"] - one["value"] for one in intervals],
            "arrayminus": [one["value"] - one["low"] for one in intervals]}


def _height(n_lines: int) -> int:
    return max(SMALLEST_HEIGHT, 130 + style.ROW_PX * n_lines)
