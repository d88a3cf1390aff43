"""`s2f audit …`: the experiments behind the audits; their tables are shipped, `make retrain-audits` makes them anew."""

import os
from pathlib import Path

import typer

from s2f_core import cli_options, config
from s2f_core.progress import progress

app = typer.Typer(no_args_is_help=True, help="Make the audits' experiments anew; ^C and again goes on.")

Profile = cli_options.PeopleProfile
Processes = cli_options.Processes


@app.command(epilog="Example: s2f audit listen --profile smoke")
def listen(profile: Profile = "laptop", processes: Processes = 0) -> None:
    """Let the shown voice encoder hear pitches set by hand, people of its training, and noise."""
    from s2f_core import listening

    root = _root()
    with progress("render what is heard", listening.n_jobs(root, profile)) as advance:
        listening.listen(root, profile, processes=processes or os.cpu_count() or 1, on_progress=advance)


@app.command(epilog="Example: s2f audit worlds --profile smoke")
def worlds(profile: Profile = "laptop", processes: Processes = 0) -> None:
    """Train small voice encoders in worlds with another tie of language and ancestry morph, and let test people be heard."""
    from s2f_core import speaking
    from s2f_core import worlds as door

    stage = door.Stage(_root(), profile)
    jobs = stage.jobs()
    with progress("render the worlds' clips", sum(map(len, jobs))) as advance:
        speaking.make(jobs, processes=processes or os.cpu_count() or 1, on_progress=advance)
    with progress("train in the worlds", len(stage.left())) as advance:
        door.train(stage, on_progress=advance)


def _root() -> Path:
    return config.project_root(Path.cwd())
