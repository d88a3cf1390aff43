"""The static site of a profile: the scorecard in front, the executed pages behind it; no server, network or date."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from itables import options as itables_options
from plotly.offline import get_plotlyjs

from s2f_core import artifacts, provenance, site_pages
from s2f_core.errors import InputError
from s2f_core.evaluate.claims import read_scorecard
from s2f_core.figures.chart import draw_script

LEDGER = Path(__file__).with_name("ledger")

# What a browser would load by itself when it opens a page. Links that a reader may click are not among it.
LOADS_FROM_ELSEWHERE = re.compile(
    r"""(?:\b(?:src|srcset|poster)\s*=\s*["']?|<link\b[^>]*?\bhref\s*=\s*["']?|\burl\(\s*["']?|"""
    r"""(?:@import|\bfrom|\bimport)\s*\(?\s*["'])((?:https?:)?//[^\s"'<>)]+)""")


def build(root: Path, profile: str, *, ledger: Path = LEDGER, quiet: bool = True) -> Path:
    """Build results/<profile>/site from the scorecard and the executed pages; return its index.html.

    The site appears whole or not at all: until the new one is complete the old one stays. Rows whose page does not
    exist, or whose claim is not in the ledger, carry words instead of a dead link, and stderr repeats it.

    Args:
        root: the checkout.
        ledger: folder of the ledger's YAML files.
        quiet: keep Sphinx's progress to itself.

    Raises:
        InputError: no scorecard, a page that Sphinx cannot set without a warning, or one that loads from the network.
    """
    results = root / "results" / profile
    rows = read_scorecard(results / "scorecard.json")
    with tempfile.TemporaryDirectory(dir=results, prefix=".site.") as folder:
        source, built = Path(folder) / "source", Path(folder) / "site"
        titles = _copy_sources(source, results / "pages", ledger)
        site_pages.write_pages(source, rows, titles, profile)
        _run_sphinx(source, built, profile, root, quiet)
        _refuse_network(built)
        _swap(built, results / "site", Path(folder) / "old")
    return results / "site" / "index.html"


def _copy_sources(source: Path, pages: Path, ledger: Path) -> dict[str, str]:
    """Lay out settings, scripts, executed pages and ledger for Sphinx; return the pages' titles by stem."""
    shutil.copytree(site_pages.ASSETS / "static", source / "_static")
    shutil.copytree(site_pages.ASSETS / "templates" / "sphinx", source / "_templates")
    shutil.copy(site_pages.ASSETS / "conf.py", source)
    bundle = Path(itables_options.dt_bundle)  # DataTables with its licences, as one module and one style sheet
    shutil.copy(bundle.with_suffix(".css"), source / "_static" / "datatables.css")
    artifacts.write_text(source / "_static" / "datatables.js", _as_script(bundle.read_text(encoding="utf-8")))
    artifacts.write_text(source / "_static" / "plotly.min.js", get_plotlyjs())
    artifacts.write_text(source / "_static" / "charts.js", draw_script())
    titles = {}
    for page in sorted(pages.glob("*.ipynb")):
        if not page.name.endswith(".failed.ipynb"):
            artifacts.write_bytes(source / "pages" / page.name, page.read_bytes())
            titles[page.stem] = _title(page)
    for file in sorted(ledger.glob("*.yaml")):
        artifacts.write_bytes(source / "ledger" / file.name, file.read_bytes())
    return titles


def _as_script(module: str) -> str:
    """A classic script that offers a module's exports as a promise: opened from a folder, a browser imports no file."""
    return (f"window.s2fDataTables = import(URL.createObjectURL(new Blob([{json.dumps(module)}], "
            '{type: "text/javascript"})));')


def _title(page: Path) -> str:
    """The first heading of a notebook, or its stem."""
    for cell in artifacts.read_json(page)["cells"]:
        found = re.search(r"^# +(.+)$", "".join(cell["source"]), re.MULTILINE)
        if cell["cell_type"] == "markdown" and found:
            return found[1].strip()
    return page.stem


def _run_sphinx(source: Path, built: Path, profile: str, root: Path, quiet: bool) -> None:
    """Build in a process of its own, for Sphinx leaves marks on the one it runs in. A warning is an error."""
    version = provenance.stamp(root)["packages"]["s2f-core"] or "not installed"
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", *(["-q"] if quiet else []),
               "-d", str(built.with_name("doctrees")), "-D", f"release={version}", "-A", f"profile={profile}",
               str(source), str(built)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0", "PYTHONHASHSEED": "0", "NO_COLOR": "1"}
    done = subprocess.run(command, env=environment, text=True, check=False, stderr=subprocess.PIPE)
    if done.returncode:
        words = [line.replace(f"{source}{os.sep}", "").strip() for line in done.stderr.splitlines() if line.strip()]
        raise InputError("Sphinx refuses the pages; repair the notebook and run its stage again: "
                         + " | ".join(words[:5]))
    # What Sphinx and the theme keep for themselves: notes, templates, source maps, languages that no page speaks.
    for left in (built / ".buildinfo", *built.rglob("*.map"), *built.glob("_static/*macros.html")):
        left.unlink(missing_ok=True)
    shutil.rmtree(built / "_static" / "locales", ignore_errors=True)


def _refuse_network(built: Path) -> None:
    """Raise InputError where a page or style sheet would load something from another host."""
    for path in sorted([*built.rglob("*.html"), *built.rglob("*.css")]):
        if found := LOADS_FROM_ELSEWHERE.search(path.read_text(encoding="utf-8")):
            raise InputError(f"{path.relative_to(built)} would load {found[1][:80]}; a page must hold what it shows: "
                             "embed it in the notebook and run its stage again")


def _swap(new: Path, place: Path, old: Path) -> None:
    """Put `new` in its `place`, with what was there moved aside to `old`, or back where the move fails."""
    if place.exists():
        place.rename(old)
    try:
        new.rename(place)
    except OSError:
        if old.exists():
            old.rename(place)
        raise
