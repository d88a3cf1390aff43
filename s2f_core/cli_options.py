"""What many commands of `s2f` take, checked here and completed by the shell: a profile, processes, the names of variants.

The command modules give these a name of their own (`Profile = cli_options.Profile`): a stage lists the code that its command
reaches, and how a profile is typed is no part of it.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from s2f_core import config
from s2f_core.errors import InputError

RELEASED = "published"  # the profile of the authors' examples


def profiles() -> list[str]:
    """The profiles of the checkout's params.yaml. Raises InputError outside of a checkout."""
    return list(_params().get("profiles", {}))


def variants() -> list[str]:
    """The voice encoders of the checkout's params.yaml, by name. Raises InputError outside of a checkout."""
    return [str(name) for name in _params().get("base", {}).get("voice_encoder", {}).get("variants", {})]


def known_profile(given: str) -> str:
    """`given`, if it is a profile; asked before a command starts, so that a misspelt one makes no folder in results/."""
    if given not in (known := profiles()):
        raise InputError(f"unknown profile {given!r}; {config.nearest(given, known)}")
    return given


def profile_with_people(given: str) -> str:
    """`given`, if it is a profile with a synthetic corpus: the released examples would silently get the laptop's."""
    if known_profile(given) == RELEASED:
        raise InputError(f"the profile {RELEASED!r} has no synthetic people; take smoke or laptop (models of the released "
                         "examples: s2f train-published)")
    return given


def known_number(given: int) -> int:
    """`given`, if it is a number of processes."""
    if given < 0:
        raise InputError(f"--processes takes 0 (one per core) or more; got {given}; write for example --processes 2")
    return given


def complete_profile(incomplete: str) -> list[str]:
    """Profiles that start so; none outside of a checkout, where a shell has nobody to tell."""
    try:
        return [name for name in profiles() if name.startswith(incomplete)]
    except InputError:
        return []


def complete_variant(incomplete: str) -> list[str]:
    """Variants that start so; none outside of a checkout."""
    try:
        return [name for name in variants() if name.startswith(incomplete)]
    except InputError:
        return []


def _params() -> dict[str, Any]:
    return config.read_yaml(config.project_root(Path.cwd()) / config.PARAMS_FILE) or {}


Profile = Annotated[str, typer.Option(
    metavar="PROFILE", callback=known_profile, autocompletion=complete_profile, help="one of `profiles` in params.yaml"
)]  # fmt: skip
PeopleProfile = Annotated[str, typer.Option(
    metavar="PROFILE", callback=profile_with_people, autocompletion=complete_profile, help="smoke or laptop"
)]  # fmt: skip
Processes = Annotated[int, typer.Option(envvar="S2F_PROCESSES", callback=known_number, help="0: one per core")]
