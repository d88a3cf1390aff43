"""Maps of feature spaces (Fig. 14): points in two dimensions, coloured by one attribute at a time, with faces to point at."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from IPython.display import HTML
from jaxtyping import UInt8
from PIL import Image

from s2f_core.figures import style

FACE_PX, COLUMNS, QUALITY = 48, 28, 60  # of a face on the sheet; faces in a row; of WebP
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")
SIZE_PX = 6


def coloured(points: Mapping[str, Sequence[float]], labels: Mapping[str, Sequence[str]], names: Sequence[str]) -> go.Figure:
    """A map with a menu of attributes; each value has its colour and, where the colours run out, another mark.

    Args:
        points: `x` and `y`, and `who`: rows of `labels` and `names` that the points belong to; without it, all in order.
        labels: attribute → value of every person.
        names: shown with the values when a point is pointed at; the face is too, where the page has `faces`.
    """
    who = points.get("who", range(len(points["x"])))
    figure, owners = go.Figure(), []
    for attribute, values in labels.items():
        own = [values[int(row)] for row in who]
        for place, value in enumerate(sorted(set(own))):
            chosen = [row for row, one in enumerate(own) if one == value]
            figure.add_scatter(
                x=[points["x"][row] for row in chosen], y=[points["y"][row] for row in chosen], mode="markers", name=value,
                visible=not owners or owners[0] == attribute, customdata=[int(who[row]) for row in chosen],
                hovertext=[names[int(who[row])] for row in chosen],
                hovertemplate="%{hovertext}<extra>" + f"{attribute}: {value}" + "</extra>",
                marker={"size": SIZE_PX, "color": style.PALETTE[place % len(style.PALETTE)],
                        "symbol": SYMBOLS[place // len(style.PALETTE)]})
            owners.append(attribute)
    buttons: list[dict[str, Any]] = [
        {"label": attribute, "method": "update", "args": [{"visible": [owner == attribute for owner in owners]}]}
        for attribute in labels]
    figure.update_xaxes(showticklabels=False, title="t-SNE, first axis (no unit)")
    figure.update_yaxes(showticklabels=False, title="t-SNE, second axis (no unit)", scaleanchor="x")
    menu = {"buttons": buttons, "x": 0, "xanchor": "left", "y": 1.12, "yanchor": "bottom"}
    return figure.update_layout(updatemenus=[menu], height=style.HEIGHT_PX + 120)


def faces(pictures: Sequence[UInt8[np.ndarray, "side side 3"]]) -> HTML:
    """A sheet of small faces that is not seen: the page's maps show the one whose point is pointed at (`charts.js`)."""
    sheet = Image.new("RGB", (COLUMNS * FACE_PX, -(-len(pictures) // COLUMNS) * FACE_PX))
    for place, picture in enumerate(pictures):
        small = Image.fromarray(picture).resize((FACE_PX, FACE_PX), Image.Resampling.LANCZOS)
        sheet.paste(small, (place % COLUMNS * FACE_PX, place // COLUMNS * FACE_PX))
    buffer = io.BytesIO()
    sheet.save(buffer, format="WEBP", quality=QUALITY, method=4)
    content = base64.b64encode(buffer.getvalue()).decode()
    return HTML(f'<img class="s2f-faces" alt="" hidden data-side="{FACE_PX}" data-columns="{COLUMNS}" '
                f'src="data:image/webp;base64,{content}">')
