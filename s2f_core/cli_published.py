"""`s2f fetch published` and `s2f train-published`: the authors' released examples, and small models made of them here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from s2f_core import config
from s2f_core.progress import progress

if TYPE_CHECKING:
    from s2f_core.training.log import Event

fetch_app = typer.Typer(no_args_is_help=True, help="Bring data that this project may not ship.")


@fetch_app.command("published", epilog="Example: s2f fetch published; from a copy: s2f fetch published --from DIR")
def fetch_published(
    source: Annotated[Path | None, typer.Option("--from", help="a local copy in the layout of the authors' page")] = None,
    if_needed: Annotated[bool, typer.Option(help="be content with what is already here")] = False,
) -> None:
    """Fetch the authors' released examples (real people) into a cache folder outside the repository, checked by hash."""
    from s2f_core import measure
    from s2f_core.data.corpora import published_fetch, published_manifest

    home = measure.published_home()
    found = published_manifest.inventory(home)
    if if_needed and source is None and any(count.present for count in found.clips.values()):
        return  # a reader who brought a part by hand is not sent to the network for the rest
    with progress("fetch the published examples", len(published_manifest.manifest())) as advance:
        found = published_fetch.fetch(home, source=source, on_progress=advance)
    for line in (f"The authors' examples lie in {home}, outside the repository.", *published_manifest.missing_report(found)):
        typer.echo(line)


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
