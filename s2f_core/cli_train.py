"""`s2f train …`: train one model of a profile. By two processes: `torchrun -m --nproc-per-node 2 s2f_core.cli train …`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2f_core import cli_options, config
from s2f_core.progress import progress

if TYPE_CHECKING:
    from s2f_core.training.log import Event, Report, TrainingResult

app = typer.Typer(no_args_is_help=True, help="Train the models on a profile's corpus; ^C and again goes on.")

Profile = cli_options.PeopleProfile


@app.command(epilog="Example: s2f train face-encoder --profile smoke")
def face_encoder(profile: Profile = "laptop") -> None:
    """Train the compact face encoder on the faces of the corpus."""
    from s2f_core import train

    _run("face encoder", lambda report: train.train_face_encoder(_root(), profile, report=report))


@app.command(epilog="Example: s2f train face-decoder --profile smoke")
def face_decoder(profile: Profile = "laptop") -> None:
    """Train the face decoder on the face encoder's features."""
    from s2f_core import train

    _run("face decoder", lambda report: train.train_face_decoder(_root(), profile, report=report))


@app.command(epilog="Example: s2f train voice-encoder 6s --profile smoke")
def voice_encoder(
    variant: Annotated[str, typer.Argument(
        autocompletion=cli_options.complete_variant, help="one of `voice_encoder.variants` in params.yaml"
    )],
    profile: Profile = "laptop",
) -> None:
    """Train one variant of the voice encoder against the frozen face models."""
    from s2f_core import train

    _run(f"voice encoder {variant}", lambda report: train.train_voice_encoder(_root(), profile, variant, report=report))


def _run(title: str, work: "Callable[[Report], TrainingResult]") -> None:
    """Show a bar over the steps; say validations and notices as they come, and the best at the end."""
    from s2f_core.training.log import words

    with _Told(title) as told:
        result = work(told)
    typer.echo(f"{title}: {result.n_steps:,} steps, best at {result.best_step:,}: {words(result.best)}")


class _Told:
    """A report that draws a bar; the number of steps is known when the training starts."""

    def __init__(self, title: str) -> None:
        self._title, self._bar, self._done = title, None, 0

    def __enter__(self) -> "_Told":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.__exit__(None, None, None)

    def __call__(self, event: "Event") -> None:
        if event.kind == "start":
            self.__exit__()
            self._bar, self._done = progress(self._title, event.n_steps), 0
            self._advance = self._bar.__enter__()
        self._advance(event.step - self._done)
        self._done = event.step
        if event.kind == "notice":
            typer.echo(event.text, err=True)
        elif event.kind == "validation":
            from s2f_core.training.log import words

            typer.echo(f"step {event.step:,}: {words(event.values)}", err=True)


def _root() -> Path:
    return config.project_root(Path.cwd())
