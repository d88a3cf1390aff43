"""`s2f doctor`: can `make paper` run here, what is missing, what to type next."""

from pathlib import Path
from typing import Annotated

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="{ready, next, findings: [{about, state, words, step}]}")] = False,
) -> None:
    """Say on one screen what is installed, what lies here, and what to type next; exit code 1 where `make paper` cannot run.

    Where `s2f` itself does not start: python3 -m s2f_core.doctor
    """
    from s2f_core import doctor as door

    raise typer.Exit(door.report(Path.cwd(), as_json=as_json))
