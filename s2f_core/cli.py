"""The command line, `s2f`: every command parses, calls one room, and turns a user's error into one line and exit code 2.

Exit codes: 0 done · 1 the work failed · 2 the input or the call was wrong · 130 interrupted.
"""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from s2f_core import cli_audit, cli_corpus, cli_published, cli_reconstruct, cli_train, config
from s2f_core.errors import InputError
from s2f_core.progress import progress

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False,
                  help="Speech2Face, re-measured: fetch what the authors published, verify every claim, build the site.")
notebook_app = typer.Typer(no_args_is_help=True, help="Run pages strictly.")
weights_app = typer.Typer(no_args_is_help=True, help="Convert weights that you have and this project may not ship.")
app.add_typer(notebook_app, name="notebook")
app.add_typer(cli_published.fetch_app, name="fetch")
app.add_typer(weights_app, name="import-weights")
app.add_typer(cli_corpus.app, name="corpus")
app.add_typer(cli_train.app, name="train")
app.add_typer(cli_audit.app, name="audit")
app.command()(cli_corpus.show)
app.command()(cli_reconstruct.reconstruct)
app.command()(cli_published.train_published)

Profile = Annotated[str, typer.Option(help="smoke, laptop or published")]
Processes = Annotated[int, typer.Option(envvar="S2F_PROCESSES", help="0: one per core")]


@notebook_app.command("run")
def notebook_run(
    source: Annotated[Path, typer.Argument(help="the notebook to execute")],
    output: Annotated[Path, typer.Option("-o", "--output", help="where the executed notebook goes")],
    parameter: Annotated[list[str] | None, typer.Option("-p", "--parameter", help="NAME=VALUE, the value in YAML")] = None,
) -> None:
    """Execute one notebook; unknown or unread parameters are errors, the output appears whole or not at all."""
    from s2f_core import notebook

    notebook.run(source, output, dict(map(_parameter, parameter or [])), root=_root())


@weights_app.command("vgg-face")
def import_vgg_face(
    source: Annotated[Path, typer.Argument(help=".h5 (Keras), .mat (MatConvNet), .t7 (Torch7) or .pth")],
    output: Annotated[Path, typer.Option("-o", "--output", help="the converted weights")] = Path("vgg_face.safetensors"),
    order: Annotated[str | None, typer.Option(help="rgb or bgr, where the file's is not the usual one of its kind")] = None,
) -> None:
    """Convert VGG-Face's weights to safetensors and check them; nothing of the file is executed."""
    from s2f_core.models import vgg_face

    notes = vgg_face.convert(source, output, order=order)
    _say(*(f"{name}: {value}" for name, value in notes.items()), str(output))


@app.command()
def inventory(profile: Profile = "laptop") -> None:
    """Write what this reader has fetched to results/<profile>/inventory.json."""
    from s2f_core import measure

    measure.take_inventory(_root(), profile)


@app.command("measure")
def measure_all(profile: Profile = "laptop", processes: Processes = 0) -> None:
    """Measure the fetched faces and voices with independent judges; what was measured before is not measured again."""
    from s2f_core import measure

    root = _root()
    with progress("measure faces and voices", measure.n_to_measure(root, profile)) as advance:
        measure.measure(root, profile, processes=processes or os.cpu_count() or 1, on_progress=advance)


@app.command("verify")
def verify_claims(profile: Profile = "laptop", processes: Processes = 0) -> None:
    """Test every claim of the ledger that can be tested, write results/<profile>/scorecard.json and print it."""
    from s2f_core import verify
    from s2f_core.evaluate import chapters

    root = _root()
    inventory(profile)
    measure_all(profile, processes)
    evidence = verify.gather(root, profile)
    with progress("test the claims", len(chapters.CHAPTERS)) as advance:
        rows = verify.account(evidence, verify.evaluate(evidence, on_progress=advance))
    verify.write(rows, chapters.details(evidence), root=root, profile=profile)
    scorecard(profile)


@app.command()
def scorecard(profile: Profile = "laptop") -> None:
    """Print the scorecard of a profile, and where its site lies."""
    from rich.console import Console

    from s2f_core import measure
    from s2f_core.evaluate import claims
    from s2f_core.figures import tables

    folder = _root() / "results" / profile
    rows = claims.read_scorecard(folder / "scorecard.json")
    console = Console(width=None if sys.stdout.isatty() else 160)
    for part in tables.terminal(rows):
        console.print(part)
    if (folder / "site" / "index.html").is_file():
        _say(f"The site: {folder / 'site' / 'index.html'}")
    _say(*measure.notes(_root(), profile))


@app.command("print")
def print_charts(profile: Profile = "laptop") -> None:
    """Write charts as SVG, PNG and PDF, tables as LaTeX, and all of them as print.zip (needs kaleido and a Chrome)."""
    from s2f_core.figures import printing

    results = _root() / "results" / profile
    os.environ.setdefault("BROWSER_PATH", printing.browser())  # where kaleido looks first
    with progress("print the charts", len(printing.charts(results / "figures"))) as advance:
        files = printing.export(results / "figures", on_progress=advance)
    _say(f"For a paper: {printing.bundle(results, [*files, *printing.write_tables(results)])}")


@app.command()
def cards(profile: Profile = "laptop") -> None:
    """Write results/<profile>/cards: model card, data card and Croissant file, filled from the results."""
    from s2f_core import cards as door

    _say(*map(str, door.write(_root(), profile)))


@app.command()
def code() -> None:
    """Write results/code: for every page and command of dvc.yaml, the hashes of the code behind it."""
    from s2f_core import stage_code

    stage_code.write(_root())


@app.command()
def readme() -> None:
    """Write the README's block of results anew from the committed scorecards."""
    from s2f_core.figures import headline

    headline.write(_root())


@app.command()
def site(profile: Profile = "laptop") -> None:
    """Build results/<profile>/site/index.html from the executed pages."""
    from s2f_core import site as builder

    builder.build(_root(), profile)


def main() -> None:
    """Entry point: turn the errors that a user can cause into one line, and ^C into exit code 130."""
    from s2f_core.notebook import CellError

    try:
        app(standalone_mode=True)
    except InputError as error:
        _fail(str(error), code=2)
    except CellError as error:
        _fail(str(error), code=1)
    except KeyboardInterrupt:
        _fail("interrupted; run the same command again to go on", code=130)


def _fail(message: str, *, code: int) -> None:
    print(f"s2f: {message}", file=sys.stderr)
    raise SystemExit(code)


def _say(*lines: str) -> None:
    for line in lines:
        print(line, flush=True)


def _parameter(given: str) -> tuple[str, Any]:
    name, equals, value = given.partition("=")
    if not (equals and name.isidentifier()):
        raise InputError(f"-p takes NAME=VALUE; got {given!r}; write for example -p profile=laptop")
    return name, yaml.safe_load(value)


def _root() -> Path:
    return config.project_root(Path.cwd())


if __name__ == "__main__":
    main()
