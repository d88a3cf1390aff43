"""`s2f scorecard`, `s2f print`, `s2f readme`: show and bundle what the stages made."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from s2f_core import cli_options, config
from s2f_core.progress import progress

Profile = cli_options.Profile
AsJson = Annotated[bool, typer.Option(
    "--json", help="print the rows instead: [{id, kind, source, statement, paper, ours, n, low, high, baseline, verdict, …}]"
)]  # fmt: skip


def scorecard(profile: Profile = "laptop", as_json: AsJson = False) -> None:
    """Print the scorecard of a profile, and where its site lies."""
    from s2f_core.evaluate import claims

    path = _root() / "results" / profile / "scorecard.json"
    rows = claims.read_scorecard(path)
    if as_json:
        typer.echo(path.read_text(encoding="utf-8").rstrip())
        return
    from rich.console import Console

    from s2f_core import measure
    from s2f_core.figures import tables

    console = Console(width=None if sys.stdout.isatty() else 160)
    for part in tables.terminal(rows):
        console.print(part)
    if (page := path.parent / "site" / "index.html").is_file():
        typer.echo(f"The site: {page}", err=True)
    for line in measure.notes(_root(), profile):
        typer.echo(line, err=True)


def print_charts(profile: Profile = "laptop") -> None:
    """Write charts as SVG, PNG and PDF, tables as LaTeX, and all of them as print.zip (needs kaleido and a Chrome)."""
    from s2f_core.figures import printing

    results = _root() / "results" / profile
    os.environ.setdefault("BROWSER_PATH", printing.browser())  # where kaleido looks first
    with progress("print the charts", len(printing.charts(results / "figures"))) as advance:
        files = printing.export(results / "figures", on_progress=advance)
    typer.echo(printing.bundle(results, [*files, *printing.write_tables(results)]))


def readme() -> None:
    """Write the README's block of results anew from the committed scorecards."""
    from s2f_core.figures import headline

    headline.write(_root())


def _root() -> Path:
    return config.project_root(Path.cwd())
