"""Charts as SVG and PNG for print, through kaleido and the reader's own Chrome; the site itself needs neither."""

import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from plotly.graph_objects import Figure
from plotly.io import from_json, to_image

from s2f_core import artifacts
from s2f_core.errors import InputError

BROWSERS = ("chromium", "google-chrome", "chrome", "chromium-browser")
WIDTH_PX, SCALE = 900, 2  # a text column, twice as dense for PNG


def browser() -> str:
    """The Chrome or Chromium on the PATH. Raises InputError where there is none, or no kaleido to drive it."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if find_spec("kaleido") is None or found is None:
        raise InputError("printing charts needs kaleido (pip install -e .[dev]) and a Chrome or Chromium on the PATH")
    return found


def export(folder: Path, *, on_progress: Callable[[int], None] | None = None) -> list[Path]:
    """Write every chart of `folder`/*.json as `<name>.svg` and `<name>.png`; return the files."""
    written = []
    for name, figure in charts(folder).items():
        for kind in ("svg", "png"):
            path = folder / f"{name}.{kind}"
            artifacts.write_bytes(path, to_image(figure, format=kind, width=WIDTH_PX, scale=SCALE if kind == "png" else 1))
            written.append(path)
        if on_progress is not None:
            on_progress(1)
    return written


def charts(folder: Path) -> dict[str, Figure]:
    """Every chart of a profile's figures by name, on white paper."""
    found: dict[str, Figure] = {}
    for path in sorted(folder.glob("*.json")):
        for name, specification in artifacts.read_json(path).items():
            figure = from_json(artifacts.dumps(specification))
            found[name] = figure.update_layout(paper_bgcolor="white", plot_bgcolor="white")
    return found
