"""The command line, `s2f`: every command parses, calls one room, and turns a user's error into one line and exit code 2."""

import contextlib
import os
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from s2f_core import (
    cli_audit,
    cli_corpus,
    cli_doctor,
    cli_manners,
    cli_options,
    cli_published,
    cli_reconstruct,
    cli_results,
    cli_train,
    config,
)
from s2f_core.errors import InputError
from s2f_core.progress import progress

CODES = """Exit codes: 0 done; 1 the work failed; 2 the input or the call was wrong; 130 interrupted, run it again to go on.

Results go to stdout, progress and notices to stderr. COMMAND --help shows an example; s2f doctor says what to type first."""

app = typer.Typer(no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, epilog=CODES,
                  context_settings={"help_option_names": ["-h", "--help"]},
                  help="Speech2Face, re-measured: fetch what the authors published, verify every claim, build the site.")
notebook_app = typer.Typer(no_args_is_help=True, help="Run pages strictly.")
weights_app = typer.Typer(no_args_is_help=True, help="Convert weights that you have and this project may not ship.")
app.command(epilog="Example: s2f doctor; for a script: s2f doctor --json")(cli_doctor.doctor)
app.add_typer(notebook_app, name="notebook")
app.add_typer(cli_published.fetch_app, name="fetch")
app.add_typer(weights_app, name="import-weights")
app.add_typer(cli_corpus.app, name="corpus")
app.add_typer(cli_train.app, name="train")
app.add_typer(cli_audit.app, name="audit")
app.command(epilog="Example: s2f show test-00007 --play")(cli_corpus.show)
app.command(epilog="Example: s2f reconstruct data/speech/english_low_7s.flac -o face.png")(cli_reconstruct.reconstruct)
app.command(epilog="Example: s2f train-published")(cli_published.train_published)
app.command(epilog="Example: s2f scorecard --profile published; its rows: s2f scorecard --json")(cli_results.scorecard)
app.command("print", epilog="Example: s2f print --profile laptop")(cli_results.print_charts)
app.command(epilog="Example: s2f readme")(cli_results.readme)

Profile = cli_options.Profile
PeopleProfile = cli_options.PeopleProfile
Processes = cli_options.Processes


def _version(asked: bool) -> bool:
    if asked:
        typer.echo(f"s2f {metadata.version('s2f-core')}")
        raise typer.Exit
    return asked


@app.callback()
def s2f(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="print it, leave")] = False,
        ) -> None:  # fmt: skip
    """Take what stands before a command."""


@notebook_app.command("run", epilog="Example: s2f notebook run notebooks/figures/tab03_retrieval.ipynb -o page.ipynb "
                                    "-p profile=laptop")  # fmt: skip
def notebook_run(
    source: Annotated[Path, typer.Argument(help="the notebook to execute")],
    output: Annotated[Path, typer.Option("-o", "--output", help="where the executed notebook goes")],
    parameter: Annotated[list[str] | None, typer.Option("-p", "--parameter", help="NAME=VALUE, the value in YAML")] = None,
    solved: Annotated[bool, typer.Option("--solved", help="with the exercises of a tutorial solved")] = False,
    as_json: Annotated[bool, typer.Option(
        "--json", help="print the record: {notebook, parameters, started, seconds, cell_seconds, failed, made_by}"
    )] = False,
) -> None:  # fmt: skip
    """Execute one notebook; unknown or unread parameters are errors, the output appears whole or not at all."""
    from s2f_core import notebook
    from s2f_core.lessons import solutions

    with solutions.solved_file(source) if solved else contextlib.nullcontext(source) as page:
        notebook.run(page, output, dict(map(_parameter, parameter or [])), root=_root())
    if as_json:
        _say(output.with_suffix(".run.json").read_text(encoding="utf-8").rstrip())


@weights_app.command("vgg-face", epilog="Example: s2f import-weights vgg-face vgg_face.t7 -o vgg_face.safetensors")
def import_vgg_face(
    source: Annotated[Path, typer.Argument(help=".h5 (Keras), .mat (MatConvNet), .t7 (Torch7) or .pth")],
    output: Annotated[Path, typer.Option("-o", "--output", help="the converted weights")] = Path("vgg_face.safetensors"),
    order: Annotated[str | None, typer.Option(help="rgb or bgr, where the file's is not the usual one of its kind")] = None,
) -> None:
    """Convert VGG-Face's weights to safetensors and check them; nothing of the file is executed."""
    from s2f_core.models import vgg_face

    notes = vgg_face.convert(source, output, order=order)
    _say(*(f"{name}: {value}" for name, value in notes.items()), str(output))


@app.command(epilog="Example: s2f inventory --profile published --json")
def inventory(
    profile: Profile = "laptop",
    as_json: Annotated[bool, typer.Option("--json", help="print it, too: {missing, and for `published` all counts}")] = False,
) -> None:
    """Write what this reader has fetched to results/<profile>/inventory.json."""
    from s2f_core import measure

    measure.take_inventory(_root(), profile)
    if as_json:
        _say((_root() / "results" / profile / "inventory.json").read_text(encoding="utf-8").rstrip())


@app.command("measure", epilog="Example: s2f measure --profile published --processes 2")
def measure_all(profile: Profile = "laptop", processes: Processes = 0) -> None:
    """Measure the fetched faces and voices with independent judges; what was measured before is not measured again."""
    from s2f_core import measure

    root = _root()
    with progress("measure faces and voices", measure.n_to_measure(root, profile)) as advance:
        measure.measure(root, profile, processes=processes or os.cpu_count() or 1, on_progress=advance)


@app.command("verify", epilog="Example: s2f verify --profile published; its rows: s2f verify --json")
def verify_claims(profile: Profile = "laptop", processes: Processes = 0, as_json: cli_results.AsJson = False) -> None:
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
    cli_results.scorecard(profile, as_json)


@app.command(epilog="Example: s2f cards --profile laptop")
def cards(profile: PeopleProfile = "laptop") -> None:
    """Write results/<profile>/cards: model card, data card and Croissant file, filled from the results."""
    from s2f_core import cards as door

    _say(*map(str, door.write(_root(), profile)))


@app.command(epilog="Example: s2f code")
def code() -> None:
    """Write results/code: for every page and command of dvc.yaml, the hashes of the code behind it."""
    from s2f_core import stage_code

    stage_code.write(_root())


@app.command(epilog="Example: s2f site --profile laptop")
def site(profile: Profile = "laptop") -> None:
    """Build results/<profile>/site/index.html from the executed pages."""
    from s2f_core import site as builder

    builder.build(_root(), profile)


def main() -> None:
    """Entry point; leaves with an exit code."""
    cli_manners.run(app)


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
