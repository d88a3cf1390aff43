"""The networks as drawings: the pipeline of Fig. 2 with the sizes of its parts, and where a network's parameters sit."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from s2f_core.figures import style

HALF_WIDTH, HALF_HEIGHT = 0.225, 0.35  # of a box
ROWS = 5
PIXELS_PER_ROW = 110
SIZES = ("paper", "laptop")  # both are said of each part


class Box(NamedTuple):
    """A part of the pipeline: where it stands, and which network it is, if any."""

    name: str
    column: float
    row: int
    network: str | None = None
    trained: bool = False


BOXES = (
    Box("voice", 0.25, 0), Box("spectrogram", 0.25, 1), Box("voice encoder", 0.25, 2, "voice encoder", True),
    Box("v<sub>s</sub>, feature heard", 0.25, 3), Box("face in the wild", 0.75, 0),
    Box("face recogniser", 0.75, 2, "face encoder"), Box("v<sub>f</sub>, feature seen", 0.75, 3),
    Box("face decoder", 0.25, 4, "face decoder"), Box("face from speech", 0.75, 4),
)
ARROWS = ((0, 1), (1, 2), (2, 3), (4, 5), (5, 6), (3, 7), (7, 8))  # from box to box
COMPARED = (3, 6)  # by the losses


def pipeline(networks: Mapping[str, Mapping[str, Any]]) -> go.Figure:
    """Fig. 2 with the sizes of our modules; `networks`: `architecture.networks` of the evaluate floor, as stored."""
    figure = go.Figure()
    for box in BOXES:
        colour = style.VERMILLION if box.trained else style.BLUE if box.network else style.LINE
        figure.add_shape(type="rect", x0=box.column - HALF_WIDTH, x1=box.column + HALF_WIDTH, y0=box.row - HALF_HEIGHT,
                         y1=box.row + HALF_HEIGHT, line={"color": colour, "width": 3 if box.trained else 2})
        figure.add_annotation(x=box.column, y=box.row, text="<br>".join(_told(box, networks)), align="center")
    for start, end in ARROWS:
        _arrow(figure, BOXES[start], BOXES[end])
    _arrow(figure, BOXES[COMPARED[0]], BOXES[COMPARED[1]], both=True, said="losses")
    told = [box for box in BOXES if box.network]
    figure.add_scatter(x=[box.column for box in told], y=[box.row for box in told], mode="markers", showlegend=False,
                       marker={"size": 60, "opacity": 0}, hovertext=[_hover(box, networks) for box in told],
                       hovertemplate="%{hovertext}<extra></extra>")
    figure.update_xaxes(visible=False, range=[0, 1], fixedrange=True)
    figure.update_yaxes(visible=False, range=[ROWS - 0.5, -0.5], fixedrange=True)
    return figure.update_layout(height=ROWS * PIXELS_PER_ROW)


def parameters(layers: Sequence[Sequence[Any]]) -> go.Figure:
    """Bars: the parameters of each layer (name, …, parameters), from the input downwards, on a logarithmic axis."""
    learnt = [(f"{number}. {name}", count) for number, (name, *_, count) in enumerate(layers) if count]
    figure = go.Figure()
    figure.add_bar(y=[name for name, _ in learnt], x=[count for _, count in learnt], orientation="h", marker_color=style.OURS,
                   hovertemplate="%{y}: %{x:,} parameters<extra></extra>")
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(type="log")
    return figure.update_layout(height=130 + style.ROW_PX * len(learnt), xaxis_title="parameters (logarithmic)")


def _told(box: Box, networks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The lines in a box: its name, and its numbers at the paper's size and at ours."""
    heard, drawn = ([networks[f"{part}, {size}"] for size in SIZES] for part in ("voice encoder", "face decoder"))
    lines = {
        "voice": ["6 s at 16 kHz"], "spectrogram": [" × ".join(map(str, heard[0]["input"]))],
        "v<sub>s</sub>, feature heard": [_pair(one["output"][0] for one in heard)],
        "v<sub>f</sub>, feature seen": [_pair(one["output"][0] for one in heard)],
        "face from speech": [_pair(f"{one['output'][1]} px" for one in drawn)],
    }.get(box.name, [])
    if box.network:
        lines = [_pair(_millions(networks[f"{box.network}, {size}"]["parameters"]) for size in SIZES)]
        lines.append("trained" if box.trained else "fixed")
    return [f"<b>{box.name}</b>", *lines]


def _hover(box: Box, networks: Mapping[str, Mapping[str, Any]]) -> str:
    parts = [f"{size}: {networks[f'{box.network}, {size}']['parameters']:,} parameters, "
             f"{networks[f'{box.network}, {size}']['gflop']:g} GFLOP" for size in SIZES]
    return "<br>".join([f"<b>{box.name}</b>", *parts])


def _pair(values: Any) -> str:
    return " | ".join(f"{value:,}" if isinstance(value, int) else value for value in values)


def _millions(count: int) -> str:
    return f"{count / 1e6:.3g} M"


def _arrow(figure: go.Figure, start: Box, end: Box, *, both: bool = False, said: str = "") -> None:
    """An arrow between the edges of two boxes, below or beside each other."""
    across = start.row == end.row
    x0, x1 = (start.column + HALF_WIDTH, end.column - HALF_WIDTH) if across else (start.column, end.column)
    y0, y1 = (start.row, end.row) if across else (start.row + HALF_HEIGHT, end.row - HALF_HEIGHT)
    figure.add_annotation(x=x1, y=y1, ax=x0, ay=y0, xref="x", yref="y", axref="x", ayref="y", showarrow=True, arrowhead=2,
                          arrowcolor=style.INK, arrowside="end+start" if both else "end", startarrowhead=2, text="")
    if said:
        figure.add_annotation(x=(x0 + x1) / 2, y=(y0 + y1) / 2, text=said, yshift=-14)
