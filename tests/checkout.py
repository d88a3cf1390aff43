"""The checkout under test: where it lies, which of its files belong to it, and what it declares to need."""

import functools
import importlib.metadata
import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pathspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]


@functools.cache
def tracked_files() -> tuple[str, ...]:
    """Paths of the project's files: what git tracks, or (in an unpacked archive) what .gitignore lets through."""
    git = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False)
    listed = [path for path in git.stdout.split("\0") if path and (ROOT / path).is_file()]
    return tuple(sorted(listed or _walk()))


def _walk() -> list[str]:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = pathspec.GitIgnoreSpec.from_lines([*lines, ".git/", "/.dvc/tmp/", "/.dvc/cache/"])
    found = []
    for folder, folders, files in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        folders[:] = [name for name in folders if not ignored.match_file(f"{(here / name).as_posix()}/")]
        found += [(here / name).as_posix() for name in files if not ignored.match_file((here / name).as_posix())]
    return found


@functools.cache
def project() -> dict[str, Any]:
    """The table `project` of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@functools.cache
def requirements() -> dict[str, dict[str, Requirement]]:
    """Extra ('base' for none) → name → requirement, as pyproject.toml declares them; extras made of extras left out."""
    groups = {"base": project()["dependencies"], **project()["optional-dependencies"]}
    parsed = {group: [Requirement(line) for line in lines] for group, lines in groups.items()}
    return {group: {canonicalize_name(one.name): one for one in needs if one.name != project()["name"]}
            for group, needs in parsed.items()}


# Top-level names of what only the extra `corpus` brings: `make test` checks a reader's environment, which goes without.
OPTIONAL = {"opencv-python-headless": "cv2", "pocketsphinx": "pocketsphinx", "speechmos": "speechmos"}


@functools.cache
def import_names(distribution: str) -> frozenset[str]:
    """What an installed distribution lets one import: names of its top-level folders and files of code."""
    if distribution in OPTIONAL:
        return frozenset([OPTIONAL[distribution]])
    record = importlib.metadata.distribution(distribution).read_text("RECORD") or ""
    files = [line.split(",")[0].split("/") for line in record.splitlines()]
    code = [parts for parts in files if len(parts) < 3 and parts[-1].endswith((".py", ".so", ".pyd"))]
    return frozenset(parts[0].split(".")[0] for parts in code if parts[0] != "..")
