"""Charts and sentences of the identifiability audit: found shares by size of the gallery, and what the rows say in words."""

from collections.abc import Iterator, Mapping, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from s2f_core.evaluate.claims import Row
from s2f_core.figures import panels, style

AUDIT = "audit.identity."
WHAT = {"first": "the own face comes first", "tenth": "the own face is in the first 10 %"}
SYMBOLS = ("circle", "diamond", "square", "x", "triangle-up", "cross", "star")
VIEWS = {"exg0": "without exaggeration", "exg0.7": "exaggerated by 0.7", "exg1.4": "exaggerated by 1.4"}


def by_gallery(rows: Sequence[Row], known: Mapping[str, Mapping[str, float]]) -> go.Figure:
    """Shares of voices whose face comes first, and in the first 10 %, by size of the gallery; both axes logarithmic.

    Args:
        rows: of `audit.identity.found_*`, read as `<source>.among<size>`.
        known: size → 'first' and 'tenth': what somebody finds who knows sex and age band and hears nothing.
    """
    titles = [f"share of voices: {words}" for words in WHAT.values()]
    figure = make_subplots(1, 2, subplot_titles=titles, horizontal_spacing=0.1)
    for column, what in enumerate(WHAT, start=1):
        curves: dict[str, dict[int, Row]] = {}
        for row in rows:
            source, _, size = row.id.rpartition(".among")
            if source.startswith(f"{AUDIT}found_{what}/"):
                curves.setdefault(source.partition("/")[2], {})[int(size)] = row
        for place, (source, curve) in enumerate(curves.items()):
            _line(figure, source, {size: row.ours for size, row in curve.items()}, column,
                  mode="lines+markers", marker={"symbol": SYMBOLS[place % len(SYMBOLS)]},
                  error_y=panels.reach(list(curve.values())), line={"color": style.PALETTE[place % len(style.PALETTE)]})
        chance = {size: row.baseline for curve in curves.values() for size, row in curve.items()}
        told = {int(size): one[what] for size, one in known.items()}
        for name, line, dash in (("chance", chance, "dot"), ("told sex and age band, nothing heard", told, "dash")):
            _line(figure, name, line, column, mode="lines", line={"color": style.BASELINE, "dash": dash})
    figure.update_xaxes(type="log", title_text="faces in the gallery", tickvals=[100, 1000, 5000], tickformat=",")
    return figure.update_yaxes(type="log").update_layout(height=panels.SMALLEST_HEIGHT + 120)


def findings(rows: Sequence[Row], known: Mapping[str, Mapping[str, float]], *, source: str) -> str:
    """What the rows say, a sentence each as a Markdown list; for what was not measured nothing, and a word for nothing at all.

    Args:
        source: the variant of the voice encoder that is spoken of.
        known: as for `by_gallery`.
    """
    measured = {row.id.removeprefix(AUDIT): row for row in rows if row.ours is not None and row.id.startswith(AUDIT)}
    said = [*_of_voices(measured, known, source), *_of_members(measured, source), *_of_published(measured)]
    return "\n".join(f"- {one}" for one in said) or "Nothing was measured in this profile."


def _line(figure: go.Figure, name: str, points: Mapping[int, float | None], column: int, **looks: object) -> None:
    """One line of shares, zeros left out: a logarithm knows none."""
    figure.add_scatter(x=list(points), y=[value or None for value in points.values()], name=name.replace("_", " "),
                       legendgroup=name, showlegend=column == 1, row=1, col=column,
                       hovertemplate="among %{x:,}: %{y:.3g}<extra>" + name + "</extra>", **looks)


def _of_voices(rows: Mapping[str, Row], known: Mapping[str, Mapping[str, float]], source: str) -> Iterator[str]:
    if error := rows.get(f"eer/{source}.all"):
        yield (f"Asked whether a face is that of a voice, the heard feature errs in **{_percent(error)}** of pairs where "
               f"guessing errs in 50 %.")
    if (alike := rows.get(f"alike_percentile/{source}.alike")) and (error := rows.get(f"alike_eer/{source}.alike")):
        yield (f"Among people of the same sex and age band it errs in {_percent(error)}, and the own face is nearer than "
               f"**{_percent(alike)}** of the others, by chance 50 %.")
    if kin := rows.get(f"kin_percentile/{source}.kin"):
        yield f"With the same ancestry besides, the own face is nearer than {_percent(kin)} of them."
    sizes = [size for size in known if f"found_tenth/{source}.among{size}" in rows]
    if sizes:
        size, row = sizes[-1], rows[f"found_tenth/{source}.among{sizes[-1]}"]
        yield (f"The own face is in the first 10 % of {int(size):,} faces for **{_percent(row)}** of the voices; somebody who "
               f"is told sex and age band, and hears nothing, would find {100 * known[size]['tenth']:.0f} % there.")
    if bound := rows.get("bound_eer/f2f.alike"):
        yield f"The measure could tell more: of faces drawn from true features, among alike ones, it errs in {_percent(bound)}."


def _of_members(rows: Mapping[str, Row], source: str) -> Iterator[str]:
    for group in ("trained_clip", "new_clip"):
        auc, gain = (rows.get(f"{what}/{source}.{group}") for what in ("member_auc", "member_gain"))
        if auc and gain:
            clips = {"trained_clip": "clips that were trained on", "new_clip": "new clips of the same people"}[group]
            yield (f"By {clips}, a training speaker's face fits better than a test speaker's with probability "
                   f"{_number(auc)}; the shares in the first 10 % differ by {_number(gain, 100)} percentage points.")


def _of_published(rows: Mapping[str, Row]) -> Iterator[str]:
    for view, words in VIEWS.items():
        every, alike = (rows.get(f"{what}/voxceleb.{view}.{reading}") for what, reading in (
            ("eer", "all"), ("same_gender_eer", "same_gender")))
        if every and alike:
            yield (f"The authors' faces from speech, {words}: wrong in **{_percent(every)}** of pairs, within one gender "
                   f"label in {_percent(alike)}.")


def _percent(row: Row) -> str:
    return f"{_number(row, 100)} %"


def _number(row: Row, scale: int = 1) -> str:
    """The number and its interval."""
    digits = 1 if scale > 1 else 3
    return f"{scale * (row.ours or 0):.{digits}f} [{scale * (row.low or 0):.{digits}f}, {scale * (row.high or 0):.{digits}f}]"
