"""Tutorial 3, a face as points and texture: what the page calls, and the charts of points and of a bent grid.

Pictures are arrays (rows, columns, RGB) with 0 black and 1 white; points are x, y in pixels, whole numbers being pixel centres.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import torch
from IPython.display import HTML
from jaxtyping import Float
from PIL import Image
from torch.nn.functional import grid_sample

from s2f_core.data.corpora import synthetic
from s2f_core.figures import people, style
from s2f_core.models.face_decoder import shown
from s2f_core.models.warp import from_pixels, warp

CORPUS = "laptop"
STEP_PX = 4  # grid of the warp, as the package's decoder has it: a face in milliseconds
# Which of the 68 points follow one another along a line: jaw, brows, bridge and wings of the nose, eyes, outer and inner lips.
LINES = (range(17), range(17, 22), range(22, 27), range(27, 31), range(31, 36), (*range(36, 42), 36), (*range(42, 48), 42),
         (*range(48, 60), 48), (*range(60, 68), 60))

Picture = Float[np.ndarray, "rows columns 3"]


def some_people(root: Path, n_people: int) -> list[synthetic.Speaker]:
    """The first of the corpus's test people, who do not exist."""
    return list(islice(synthetic.speakers(synthetic.home(root, CORPUS), "test"), n_people))


def sampled(picture: Picture, x: Float[np.ndarray, "*places"], y: Float[np.ndarray, "*places"]
            ) -> Float[np.ndarray, "*places 3"]:
    """Colours of a picture at x, y in pixels, by torch's bilinear sampling; outside of it its edge goes on."""
    places = np.stack([2 * (x + 0.5) / picture.shape[1] - 1, 2 * (y + 0.5) / picture.shape[0] - 1], axis=-1)
    wanted = torch.from_numpy(places.reshape(1, 1, -1, 2)).double()
    found = grid_sample(_tensor(picture), wanted, padding_mode="border", align_corners=False)
    return found[0, :, 0].T.numpy().reshape(*x.shape, 3)


def warped(picture: Picture, source: Float[np.ndarray, "points 2"], target: Float[np.ndarray, "points 2"], *,
           step_px: int = STEP_PX) -> Picture:
    """Move what a square picture shows at the points `source` to the points `target`, in pixels: `s2f_core.models.warp`."""
    side = len(picture)
    places = (from_pixels(torch.from_numpy(np.asarray(one, np.float64))[None], side) for one in (source, target))
    return warp(_tensor(picture), *places, step_px=step_px)[0].permute(1, 2, 0).numpy()


def side_by_side(pictures: Sequence[Picture], alt: str, *, columns: int = 0, scale: int = 2) -> HTML:
    """Pictures beside each other, enlarged, in rows of `columns` (0: one row), with words for who cannot see them."""
    bytes_of = list(shown(torch.cat([_tensor(one) for one in pictures])).numpy())
    sheet = people.contact_sheet(bytes_of, columns=columns or len(pictures))
    larger = sheet.resize((sheet.width * scale, sheet.height * scale), Image.Resampling.BICUBIC)
    return people.shown(larger, alt)


def cloud(points: Float[np.ndarray, "people points 2"], side_px: int) -> go.Figure:
    """Everybody's landmarks as dots, and their mean as a face."""
    figure = go.Figure()
    flat = points.reshape(-1, 2).round(1)
    figure.add_scatter(x=flat[:, 0].tolist(), y=flat[:, 1].tolist(), mode="markers", name="everybody", hoverinfo="skip",
                       marker={"size": 3, "color": style.BASELINE})
    x, y = _strokes(points.mean(0))
    figure.add_scatter(x=x, y=y, mode="lines+markers", name="mean of all", marker_size=4,
                       hovertemplate="x %{x:.1f}, y %{y:.1f}<extra></extra>")
    return _square(figure, side_px)


def bent_grid(source: Float[np.ndarray, "points 2"], target: Float[np.ndarray, "points 2"],
              look: Float[np.ndarray, "rows columns 2"], *, every: int) -> go.Figure:
    """Where the output's pixels look, as an even grid bent by the spline, with the points that it takes to each other."""
    figure = go.Figure()
    lines = [*look[::every], *look[:, ::every].transpose(1, 0, 2)]
    x, y = (_joined([line[:, axis] for line in lines]) for axis in (0, 1))
    figure.add_scatter(x=x, y=y, mode="lines", name="the output's grid, where it looks", hoverinfo="skip",
                       line={"width": 1, "color": style.BASELINE})
    ends = np.stack([target, source], axis=1)
    figure.add_scatter(x=_joined(ends[..., 0]), y=_joined(ends[..., 1]), mode="lines", name="displacement of a landmark",
                       line={"color": style.ORANGE}, hoverinfo="skip")
    marks = (("landmarks in the output", target, style.BLUE), ("landmarks in the picture", source, style.VERMILLION))
    for name, points, colour in marks:
        figure.add_scatter(x=points[:, 0].round(2).tolist(), y=points[:, 1].round(2).tolist(), mode="markers", name=name,
                           marker={"size": 5, "color": colour}, hovertemplate="x %{x:.1f}, y %{y:.1f}<extra></extra>")
    return _square(figure, look.shape[1])


def against_people(counts: Sequence[int], curves: Mapping[str, Sequence[float]], y_title: str) -> go.Figure:
    """Curves over the number of people, which grows by factors."""
    figure = go.Figure()
    for name, curve in curves.items():
        figure.add_scatter(x=list(counts), y=[round(float(one), 3) for one in curve], mode="lines+markers", name=name,
                           hovertemplate="%{x} people: %{y:.2f}<extra>" + name + "</extra>")
    figure.update_xaxes(type="log", tickvals=list(counts), title="people averaged")
    return figure.update_layout(yaxis={"title": y_title, "rangemode": "tozero"})


def _strokes(points: Float[np.ndarray, "points 2"]) -> tuple[list[float | None], list[float | None]]:
    strokes = [points[list(line)] for line in LINES]
    return _joined([stroke[:, 0] for stroke in strokes]), _joined([stroke[:, 1] for stroke in strokes])


def _joined(lines: Sequence[Float[np.ndarray, " values"]]) -> list[float | None]:
    """Lines as one list with gaps between them, as plotly wants it."""
    return [value for line in lines for value in (*np.round(line, 2).tolist(), None)]


def _square(figure: go.Figure, side_px: int) -> go.Figure:
    figure.update_xaxes(range=[-0.5, side_px - 0.5], constrain="domain", title="x, px")
    figure.update_yaxes(range=[side_px - 0.5, -0.5], scaleanchor="x", title="y, px")
    return figure.update_layout(height=style.HEIGHT_PX + 140)


def _tensor(picture: Picture) -> Float[torch.Tensor, "1 3 rows columns"]:
    return torch.from_numpy(np.ascontiguousarray(picture, np.float64)).permute(2, 0, 1)[None]
