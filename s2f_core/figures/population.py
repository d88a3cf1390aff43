"""Charts of the synthetic population: its causal graph, its distributions, and what of it was checked."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import plotly.graph_objects as go

from s2f_core.figures import style

SEX_COLOURS = {"female": style.ORANGE, "male": style.BLUE}
SEX_SYMBOLS = {"female": "circle", "male": "diamond"}
MARK_AT = 0.62  # of an arrow's way: where its mark stands


class ArrowLike(Protocol):
    """What is drawn of an arrow of the causal graph."""

    cause: str
    effect: str
    strength: float
    unit: str
    source: str


def causal_graph(arrows: Sequence[ArrowLike], *, face: Collection[str]) -> go.Figure:
    """Causes in the middle, what they do to the face on the left, to the voice on the right; marks tell strength and source.

    Args:
        face: the effects that are seen.
    """
    place = _places(arrows, face)
    figure = go.Figure()
    marks = []
    for arrow in arrows:
        (x0, y0), (x1, y1) = place[arrow.cause], place[arrow.effect]
        figure.add_annotation(x=x1, y=y1, ax=x0, ay=y0, xref="x", yref="y", axref="x", ayref="y", showarrow=True, arrowhead=2,
                              arrowwidth=1, arrowcolor=style.LINE, standoff=6, startstandoff=6, text="")
        marks.append((x0 + MARK_AT * (x1 - x0), y0 + MARK_AT * (y1 - y0)))
    figure.add_scatter(
        x=[x for x, _ in marks], y=[y for _, y in marks], mode="markers", name="arrow",
        marker={"size": 7, "color": [style.VERMILLION if arrow.unit == "r" else style.SKY for arrow in arrows]},
        hovertext=[f"{arrow.cause} → {arrow.effect}<br>{arrow.strength:+g} {arrow.unit}<br>{arrow.source}" for arrow in arrows],
        hovertemplate="%{hovertext}<extra></extra>")
    sides = ["middle left" if x < 0 else "top center" if x == 0 else "middle right" for x, _ in place.values()]
    figure.add_scatter(x=[x for x, _ in place.values()], y=[y for _, y in place.values()], mode="markers+text", name="quantity",
                       text=list(place), textposition=sides, marker={"size": 9, "color": style.GREEN},
                       hovertemplate="%{text}<extra></extra>")
    figure.update_xaxes(visible=False, range=[-2.2, max(x for x, _ in place.values()) + 0.9])
    figure.update_yaxes(visible=False)
    return figure.update_layout(height=760, showlegend=False)


def _places(arrows: Sequence[ArrowLike], face: Collection[str]) -> dict[str, tuple[float, float]]:
    """x: the longest chain of causes, −1 for what is seen; y: spread evenly, an effect near the middle of its causes."""
    causes = defaultdict(list)  # in the order of the arrows: a set's order would move the picture from run to run
    for arrow in arrows:
        causes[arrow.effect].append(arrow.cause)
    names = list(dict.fromkeys(name for arrow in arrows for name in (arrow.cause, arrow.effect)))
    depth = dict.fromkeys(names, 0)
    for _ in names:  # as often as the longest chain could be
        depth |= {effect: max(depth[effect], 1 + max(depth[cause] for cause in causes[effect])) for effect in causes}
    depth |= {name: -1 for name in names if name in face}
    place: dict[str, tuple[float, float]] = {}
    for level in sorted(set(depth.values()), key=lambda level: (level < 0, level)):  # causes before what they move
        members = [name for name in names if depth[name] == level]
        if level:
            members.sort(key=lambda name: -float(np.mean([place[cause][1] for cause in causes[name]])))
        for number, name in enumerate(members):
            place[name] = (float(level), 1 - (number + 0.5) / len(members))
    return place


def ages(people: Sequence[Mapping[str, Any]]) -> go.Figure:
    """How many persons of each sex in each decade; `people` are the attributes of the shards."""
    figure = go.Figure()
    for sex, colour in SEX_COLOURS.items():
        counts = Counter(int(person["age"] // 10 * 10) for person in people if person["sex"] == sex)
        decades = sorted(counts)
        figure.add_bar(x=[f"{decade}s" for decade in decades], y=[counts[decade] for decade in decades], name=sex,
                       marker_color=colour, hovertemplate="%{y} in their %{x}<extra>" + sex + "</extra>")
    return figure.update_layout(barmode="group", xaxis_title="age", yaxis_title="persons")


def voices(people: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Fundamental frequency against vocal-tract length: what is asked of the vocoder; `people` are facts of the shards."""
    figure = go.Figure()
    for sex, colour in SEX_COLOURS.items():
        chosen = [person for person in people if person["attributes"]["sex"] == sex]
        figure.add_scatter(
            x=[person["voice"]["vtl_cm"] for person in chosen], y=[person["voice"]["f0_hz"] for person in chosen],
            mode="markers", name=sex, marker={"color": colour, "symbol": SEX_SYMBOLS[sex], "size": 6, "opacity": 0.6},
            hovertext=[f"{person['speaker_id']}, {person['attributes']['age']:.0f}" for person in chosen],
            hovertemplate="%{hovertext}: %{x:.1f} cm, %{y:.0f} Hz<extra></extra>")
    figure.update_yaxes(type="log")
    return figure.update_layout(xaxis_title="vocal-tract length (cm)", yaxis_title="F0 (Hz, logarithmic)")


def languages(people: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Share of each language among the persons of each ancestry morph: the only way from ancestry to the voice."""
    morphs = sorted({person["morph"] for person in people})
    names = sorted({person["language"] for person in people})
    counts = np.array([[sum(person["morph"] == morph and person["language"] == name for person in people) for name in names]
                       for morph in morphs], float)
    shares = counts / counts.sum(1, keepdims=True)
    hover = "%{y}, %{x}: %{z:.2f} (%{customdata:.0f} persons)<extra></extra>"
    figure = go.Figure(go.Heatmap(z=shares.tolist(), x=names, y=morphs, zmin=0, texttemplate="%{z:.2f}", coloraxis="coloraxis",
                                  customdata=counts.tolist(), hovertemplate=hover))
    return figure.update_layout(xaxis_title="language spoken", yaxis_title="largest ancestry morph")


def measures(people: Sequence[Mapping[str, Any]], names: Sequence[str]) -> go.Figure:
    """Distributions of the mesh's measures in mm, by sex; a dropdown chooses the measure."""
    figure = go.Figure()
    for name in names:
        for sex, colour in SEX_COLOURS.items():
            values = [person["measures_mm"][name] for person in people if person["attributes"]["sex"] == sex]
            counts, edges = np.histogram(values, bins=24)
            figure.add_scatter(x=((edges[:-1] + edges[1:]) / 2).round(2).tolist(), y=counts.tolist(), name=sex,
                               line_color=colour, mode="lines+markers", marker={"symbol": SEX_SYMBOLS[sex]},
                               visible=name == names[0],
                               hovertemplate="%{x:.1f} mm: %{y} persons<extra>" + sex + "</extra>")
    buttons = [{"label": name.replace("_", " "), "method": "update",
                "args": [{"visible": [other == name for other in names for _ in SEX_COLOURS]}]} for name in names]
    menu = {"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.15, "yanchor": "bottom"}
    return figure.update_layout(updatemenus=[menu], xaxis_title="mm", yaxis_title="persons", margin={"t": 90})


def correlations(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Found correlations with intervals beside those that the world asks for; one line per row of the checks."""
    names = [row["statement"] for row in rows]
    figure = go.Figure()
    figure.add_scatter(y=names, x=[row["bound"] for row in rows], mode="markers", name="asked for",
                       marker={"symbol": "diamond-open", "size": 11, "color": style.PAPER},
                       hovertemplate="%{x:.3f}<extra></extra>")
    figure.add_scatter(
        y=names, x=[row["value"] for row in rows], mode="markers", name="found", marker={"color": style.OURS, "size": 7},
        error_x={"type": "data", "symmetric": False, "thickness": 1.5, "width": 3,
                 "array": [row["high"] - row["value"] for row in rows],
                 "arrayminus": [row["value"] - row["low"] for row in rows]},
        hovertext=[f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}], n = {row['n']:,}" for row in rows],
        hovertemplate="%{hovertext}<extra></extra>")
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    return figure.update_layout(height=130 + style.ROW_PX * len(rows), xaxis_title="Pearson r")
