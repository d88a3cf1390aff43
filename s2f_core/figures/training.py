"""What a training left behind, as charts (after Fig. 9): losses while it learnt, and how it did on people it never saw."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import plotly.graph_objects as go
from IPython.display import display

from s2f_core.errors import InputError
from s2f_core.figures import style
from s2f_core.figures.chart import Chart

HIDDEN = ("step", "epoch", "examples", "learning_rate", "gradient_norm", "kind")  # of a row: not losses
Row = Mapping[str, Any]


class Told(Protocol):
    """What a training tells while it runs."""

    kind: str
    step: int
    values: Mapping[str, float]


def read_log(path: Path, kind: str) -> list[Row]:
    """Rows of a training's metrics.jsonl of one kind, 'training' or 'validation'. Raises InputError where there is none."""
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        raise InputError(f"{path} is missing; run the stage that trains it (make retrain)") from None
    return [row for row in rows if row["kind"] == kind]


def losses(runs: Mapping[str, Sequence[Row]], term: str = "total") -> go.Figure:
    """One term of the loss against the steps, a line for each training."""
    figure = go.Figure()
    for name, rows in runs.items():
        figure.add_scatter(x=[row["step"] for row in rows], y=[row[term] for row in rows], name=name, mode="lines",
                           hovertemplate="step %{x:,}: %{y:.4g}<extra>" + name + "</extra>")
    return figure.update_layout(xaxis_title="step", yaxis_title=f"loss, {term}")


def terms(rows: Sequence[Row]) -> go.Figure:
    """All terms of one training's loss on a logarithmic axis."""
    names = [name for name in rows[0] if name not in HIDDEN and all(row[name] > 0 for row in rows)]
    figure = go.Figure()
    for name in names:
        figure.add_scatter(x=[row["step"] for row in rows], y=[row[name] for row in rows], name=name, mode="lines",
                           line={"width": 3 if name == "total" else 1.5},
                           hovertemplate="step %{x:,}: %{y:.4g}<extra>" + name + "</extra>")
    figure.update_yaxes(type="log")
    return figure.update_layout(xaxis_title="step", yaxis_title="loss")


def validations(runs: Mapping[str, Sequence[Row]], metric: str, *, title: str, chance: float | None = None) -> go.Figure:
    """One metric of the validation people against the steps, a line for each training, and chance where it is known."""
    figure = go.Figure()
    for name, rows in runs.items():
        figure.add_scatter(x=[row["step"] for row in rows], y=[row[metric] for row in rows], name=name, mode="lines+markers",
                           hovertemplate="step %{x:,}: %{y:.3g}<extra>" + name + "</extra>")
    if chance is not None:
        figure.add_hline(y=chance, line={"dash": "dot", "color": style.BASELINE}, annotation_text="chance")
    return figure.update_layout(xaxis_title="step", yaxis_title=title)


class Live:
    """A report for a training in a notebook: one chart of a validation metric that grows while the training runs."""

    def __init__(self, name: str, metric: str, title: str) -> None:
        """Show the empty chart. `name` is the element's id, `metric` a key of the validations."""
        self._name, self._metric, self._title = name, metric, title
        self._rows: list[Row] = []
        self._shown = display(self._chart(), display_id=name)

    def __call__(self, event: Told) -> None:
        """Draw again after a validation; other events pass."""
        if event.kind == "validation":
            self._rows.append({"step": event.step, self._metric: event.values[self._metric]})
            self._shown.update(self._chart())

    def _chart(self) -> Chart:
        words = "".join(f"; at step {row['step']:,}: {row[self._metric]:.3g}" for row in self._rows[-1:])
        return Chart(validations({self._metric: self._rows}, self._metric, title=self._title), name=self._name,
                     alt=f"{self._title} of people never trained on, by step{words}.")
