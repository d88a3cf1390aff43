"""Charts and tables for a paper: SVG, PNG and PDF through kaleido and the reader's own Chrome; LaTeX; all in one archive."""

import io
import shutil
import zipfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from plotly.graph_objects import Figure
from plotly.io import from_json, to_image

from s2f_core import artifacts
from s2f_core.errors import InputError
from s2f_core.evaluate.claims import read_scorecard
from s2f_core.figures import tables

BROWSERS = ("chromium", "google-chrome", "chrome", "chromium-browser")
WIDTH_PX, SCALE = 900, 2  # a text column, twice as dense for PNG
KINDS = ("svg", "png", "pdf")
BUNDLE = "print.zip"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # of every file in the archive: the same files give the same archive


def browser() -> str:
    """The Chrome or Chromium on the PATH. Raises InputError where there is none, or no kaleido to drive it."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if find_spec("kaleido") is None or found is None:
        raise InputError("printing charts needs kaleido (pip install -e .[dev]) and a Chrome or Chromium on the PATH")
    return found


def export(folder: Path, *, on_progress: Callable[[int], None] | None = None) -> list[Path]:
    """Write every chart of `folder`/*.json in each of KINDS, `<name>.<kind>`; return the files."""
    written = []
    for name, figure in charts(folder).items():
        for kind in KINDS:
            path = folder / f"{name}.{kind}"
            artifacts.write_bytes(path, to_image(figure, format=kind, width=WIDTH_PX, scale=SCALE if kind == "png" else 1))
            written.append(path)
        if on_progress is not None:
            on_progress(1)
    return written


def write_tables(results: Path) -> list[Path]:
    """Write the rows of each page of a scorecard as `figures/<page>.tex`; return the files."""
    rows = read_scorecard(results / "scorecard.json")
    written = []
    for page in dict.fromkeys(row.page for row in rows):
        path = results / "figures" / f"{page}.tex"
        artifacts.write_text(path, tables.latex([row for row in rows if row.page == page], caption=page))
        written.append(path)
    return written


def bundle(results: Path, files: Sequence[Path]) -> Path:
    """Put files into `print.zip` of a profile's results, by name and without a folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            archive.writestr(zipfile.ZipInfo(path.name, LONG_AGO), path.read_bytes(), zipfile.ZIP_DEFLATED)
    artifacts.write_bytes(results / BUNDLE, buffer.getvalue())
    return results / BUNDLE


def charts(folder: Path) -> dict[str, Figure]:
    """Every chart of a profile's figures by name, on white paper."""
    found: dict[str, Figure] = {}
    for path in sorted(folder.glob("*.json")):
        for name, specification in artifacts.read_json(path).items():
            figure = from_json(artifacts.dumps(specification))
            found[name] = figure.update_layout(paper_bgcolor="white", plot_bgcolor="white")
    return found
