"""`s2f train-published`: small models of the authors' released examples, trained and tested on the reader's machine."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from s2f_core import config

if TYPE_CHECKING:
    from s2f_core.training.log import Event


def train_published() -> None:
    """Train voice encoder and face decoder on what `s2f measure --profile published` measured; print how well they do.

    The models stay in the cache folder beside the examples, for they are made of real people; numbers go to results/.
    """
    from s2f_core import train_published as door

    folder, tests = door.train(config.project_root(Path.cwd()), report=_tell)
    for name, readings in tests.items():
        for reading, one in readings.items():
            typer.echo(f"{name} {reading}: {one.value:.1%} [{one.low:.1%}, {one.high:.1%}], n {one.n:,}, "
                       f"by chance {one.baseline:.1%}")
    typer.echo(f"The models lie in {folder}, outside the repository; s2f reconstruct CLIP --model {folder}")


def _tell(event: "Event") -> None:
    """Say notices and validations as they come."""
    if event.kind == "notice":
        typer.echo(event.text, err=True)
    elif event.kind == "validation":
        from s2f_core.training.log import words

        typer.echo(f"face decoder, step {event.step:,} of {event.n_steps:,}: {words(event.values)}", err=True)
