"""The charts of the audits: the pull of language by world, sex by pitch and tract, what treatments gain and cost, noise."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from s2f_core.figures import style
from s2f_core.figures.panels import SMALLEST_HEIGHT, between

ASIDE = 0.02  # so that intervals at one place do not lie on each other
NETS = {"laptop": "compact encoder", "speaker": "on speaker embeddings"}
TREATMENTS = {"nothing": "untreated", "balanced": "balanced sampling", "reweighted": "reweighted",
              "reversed": "gradient reversal"}


def pull_of_language(worlds: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Move of the ancestry score against the tie of language and ancestry in training: a line per share, a panel per net."""
    nets = list(dict.fromkeys(str(one["net"]) for one in worlds))
    figure = make_subplots(1, max(1, len(nets)), subplot_titles=[NETS.get(net, net) for net in nets], shared_yaxes=True)
    for column, net in enumerate(nets, start=1):
        of_net = [one for one in worlds if one["net"] == net]
        for place, share in enumerate(sorted({one["majority"] for one in of_net})):
            line = [one for one in of_net if one["majority"] == share and one["paired"]]
            aside = [{**one, "at": one["follows"] + ASIDE * (place - 1)} for one in line]
            _add(figure, aside, f"majority {share:.0%}", style.PALETTE[place % len(style.PALETTE)], column)
        others = [{**one, "at": one["follows"] + 2 * ASIDE} for one in of_net if not one["paired"]]
        _add(figure, others, "voice of somebody else", style.BASELINE, column, symbol="x")
    figure.add_hline(y=0, line={"dash": "dot", "color": style.BASELINE})
    figure.update_xaxes(title_text="tie of language to ancestry")
    figure.update_yaxes(title_text="move of the ancestry score", col=1)
    return figure.update_layout(height=SMALLEST_HEIGHT + 100)


def _add(figure: go.Figure, line: Sequence[Mapping[str, Any]], name: str, colour: str, column: int,
         *, symbol: str = "circle") -> None:
    if line:
        figure.add_scatter(
            x=[one["at"] for one in line], y=[one["value"] for one in line], name=name, legendgroup=name,
            showlegend=column == 1, mode="lines+markers", marker={"color": colour, "symbol": symbol, "size": 9},
            error_y=between(line), row=1, col=column,
            hovertext=[f"tie {one['follows']:g}, Cramér's V {one['associated']:.2f}, {one['n_trainings']} trainings, "
                       f"n {one['n']}" for one in line],
            hovertemplate="%{y:.3f}<br>%{hovertext}<extra>" + name + "</extra>")


def sex_map(found: Mapping[str, Any]) -> go.Figure:
    """Share of speakers whose face is a woman's, over pitch and length of the vocal tract."""
    figure = go.Figure()
    figure.add_heatmap(x=[f"{one:g}" for one in found["f0_hz"]], y=[f"{one:g}" for one in found["vtl_cm"]], z=found["share"],
                       zmin=0, zmax=1, colorscale=style.SEQUENTIAL, colorbar={"title": "women's faces"},
                       texttemplate="%{z:.2f}",
                       hovertemplate="%{x} Hz, %{y} cm: %{z:.2f} of speakers<extra></extra>")
    figure.update_xaxes(type="category", title="pitch, Hz")
    figure.update_yaxes(type="category", title="vocal tract, cm")
    return figure.update_layout(height=SMALLEST_HEIGHT + 60)


def wrong_sex(errors: Mapping[str, Mapping[str, Mapping[str, float]]]) -> go.Figure:
    """Share of people drawn with the other sex's face, by what of their voice was changed; women and men."""
    figure = go.Figure()
    for sex, colour in zip(errors, (style.ORANGE, style.OURS), strict=False):
        bars = errors[sex]
        figure.add_bar(x=list(bars), y=[one["value"] for one in bars.values()], name=sex, marker_color=colour,
                       error_y=between(list(bars.values())), hovertemplate="%{x}: %{y:.2f}<extra>" + sex + "</extra>")
    figure.add_hline(y=0.5, line={"dash": "dot", "color": style.BASELINE}, annotation_text="guessing")
    return figure.update_layout(barmode="group", xaxis_title="changed to the other sex's", yaxis={
        "title": "share with the other sex's face", "range": [0, 1]})


def trade_off(treatments: Mapping[str, Mapping[str, Mapping[str, float]]]) -> go.Figure:
    """What a treatment gains and costs: pull of language along, true faces found up; and the majority's reach on hover."""
    figure = go.Figure()
    for place, (how, one) in enumerate(treatments.items()):
        figure.add_scatter(
            x=[one["language"]["value"]], y=[one["found"]["value"]], name=TREATMENTS.get(how, how), mode="markers",
            marker={"size": 12, "color": style.PALETTE[place % len(style.PALETTE)]},
            error_x=between([one["language"]]), error_y=between([one["found"]]),
            hovertemplate="pull %{x:.3f}, found %{y:.3f}<br>" + f"sex right {one['sex']['value']:.3f}, others taken for the "
            f"majority {one['taken']['value']:.3f}<extra>{TREATMENTS.get(how, how)}</extra>")
    figure.add_hline(y=0.1, line={"dash": "dot", "color": style.BASELINE}, annotation_text="chance")
    figure.add_vline(x=0, line={"dash": "dot", "color": style.BASELINE})
    return figure.update_layout(xaxis_title="move of the ancestry score with the language (less is better)",
                                yaxis_title="true face in the top 10 %", height=SMALLEST_HEIGHT + 100)


def sounds(found: Mapping[str, Mapping[str, Sequence[float]]]) -> go.Figure:
    """Each sound that is no voice: how far its face lies from the mean face, and the sex it shows."""
    figure = go.Figure()
    for name, one in found.items():
        figure.add_scatter(x=list(one["apart"]), y=list(one["woman"]), mode="markers", name=name,
                           hovertemplate="distance %{x:.2f}, score %{y:.2f}<extra>" + name + "</extra>")
    figure.add_vline(x=1, line={"dash": "dot", "color": style.BASELINE}, annotation_text="voices")
    figure.add_hline(y=0.5, line={"dash": "dot", "color": style.BASELINE})
    return figure.update_layout(xaxis_title="distance from the mean face, in mean distances of voices",
                                yaxis_title="score of 'female'", height=SMALLEST_HEIGHT + 60)
