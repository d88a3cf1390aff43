"""What this machine and this checkout hold, looked up with Python's own library: it works where nothing is installed yet."""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

PROGRAMS = ("git", "make", "npm", "espeak-ng", "chromedriver", "nvidia-smi")
BROWSERS = ("chromium", "google-chrome", "chrome", "chromium-browser")  # as figures.printing looks for them
PARTS = ("corpus", "weights", "voicebank", "head", "audits", "faces", "speech")  # folders of data/
READ_WHOLE_BYTES = 5_000_000  # recorded files up to this size are compared by content, larger ones by size


@dataclass(frozen=True)
class Recorded:
    """What of a profile's results lies here, beside what dvc.lock says of them."""

    scorecard: bool
    recorded: int = 0  # files and folders that dvc.lock names
    missing: int = 0
    changed: tuple[str, ...] = ()  # results and pages that are not as recorded


@dataclass(frozen=True)
class Facts:
    """What was found; a value is None where it could not be looked up."""

    python: str
    own_environment: bool  # this Python is the one in .venv
    locked: Mapping[str, str]  # distribution → version in requirements.lock and requirements-corpus.lock
    installed: Mapping[str, str]
    extras: Mapping[str, tuple[str, ...]]  # extra, "" for what everything needs → distributions
    programs: Mapping[str, str | None]  # name → path
    browser: str | None
    gpus: tuple[str, ...]
    cores: int
    free_bytes: int
    data: str  # whole, other or missing
    parts: Mapping[str, bool]  # folder of data/ → is there
    remote: bool  # the remote inside the repository holds what data.dvc asks for
    kernel: bool  # Jupyter's `python3` is this environment's own
    published: tuple[int, int] | None  # the authors' clips: fetched, of
    code_changed: bool | None  # since the results were recorded
    results: Mapping[str, Recorded] | None  # profile → results; None: dvc.lock cannot be read


def look(root: Path) -> Facts:
    """Look at the machine and at the checkout at `root`. Nothing is written, nothing is asked of a network."""
    programs = {name: shutil.which(name) for name in PROGRAMS}
    lock = _yaml(root / "dvc.lock")
    return Facts(
        python=platform.python_version(),
        own_environment=Path(sys.prefix).resolve() == (root / ".venv").resolve(),
        locked=_pins(root / "requirements.lock") | _pins(root / "requirements-corpus.lock"),
        installed={_plain(one.name): one.version for one in metadata.distributions() if one.name},
        extras=_extras(root),
        programs=programs,
        browser=next(filter(None, map(shutil.which, BROWSERS)), None),
        gpus=_gpus(programs["nvidia-smi"]),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        free_bytes=shutil.disk_usage(root).free,
        data=_state_of_data(root),
        parts={name: any((root / "data" / name).glob("*")) for name in PARTS},
        remote=(root / "dvc-remote" / "files" / "md5" / _asked(root)[:2] / _asked(root)[2:]).is_file(),
        kernel=_own_kernel(),
        published=_published(),
        code_changed=None if lock is None else _hash_of(lock, "code", "s2f_core") != f"{folder_hash(root / 's2f_core')}.dir",
        results=None if lock is None else {name: _recorded(root, lock, name) for name in profiles(root)},
    )  # fmt: skip


def profiles(root: Path) -> list[str]:
    """The profiles of params.yaml, read without a YAML library."""
    text = (root / "params.yaml").read_text(encoding="utf-8")
    return re.findall(r"^  (\w+):", text.partition("\nprofiles:\n")[2], flags=re.M)


def folder_hash(folder: Path) -> str:
    """MD5 of a folder's content and names, as DVC computes it; Python's caches left out."""
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    listed = sorted((path.relative_to(folder).as_posix(), _md5(path)) for path in files)
    return hashlib.md5(json.dumps([{"md5": one, "relpath": name} for name, one in listed]).encode()).hexdigest()


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    pins = (line.partition("#")[0].strip().partition("==") for line in lines)
    return {_plain(name): version for name, equals, version in pins if equals}


def _extras(root: Path) -> dict[str, tuple[str, ...]]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {group: tuple(_plain(re.match(r"[\w.-]+", line)[0]) for line in lines)  # type: ignore[index]
            for group, lines in groups.items() if group != "all"}  # fmt: skip


def _gpus(program: str | None) -> tuple[str, ...]:
    if program is None:
        return ()
    try:
        done = subprocess.run([program, "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(done.stdout.split("\n")[:-1]) if done.returncode == 0 else ()


def _asked(root: Path) -> str:
    """The hash of data/ that data.dvc asks for."""
    return re.search(r"md5: (\w+\.dir)", (root / "data.dvc").read_text(encoding="utf-8"))[1]  # type: ignore[index]


def _state_of_data(root: Path) -> str:
    if not any((root / "data").glob("*")):
        return "missing"
    return "whole" if f"{folder_hash(root / 'data')}.dir" == _asked(root) else "other"


def _own_kernel() -> bool:
    spec = Path(sys.prefix) / "share" / "jupyter" / "kernels" / "python3" / "kernel.json"
    return spec.is_file() and json.loads(spec.read_text(encoding="utf-8"))["argv"][0] in ("python", sys.executable)


def _published() -> tuple[int, int] | None:
    try:
        from s2f_core import measure
    except ImportError:
        return None
    found = measure.inventory(measure.published_home()).clips.values()
    return sum(one.present for one in found), sum(one.expected for one in found)


def _yaml(path: Path) -> dict[str, Any] | None:
    try:
        import yaml
    except ImportError:
        return None
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader) if hasattr(yaml, "CSafeLoader") else yaml.safe_load(text)


def _hash_of(lock: Mapping[str, Any], stage: str, path: str) -> str | None:
    found = [one["md5"] for one in lock["stages"].get(stage, {}).get("deps", ()) if one["path"] == path]
    return found[0] if found else None


def _recorded(root: Path, lock: Mapping[str, Any], profile: str) -> Recorded:
    """Compare the results of one profile, and the notebooks behind them, with dvc.lock."""
    stages = [stage for name, stage in lock["stages"].items() if re.search(rf"@{profile}(-|$)", name)]
    results = {one["path"]: one for stage in stages for one in stage.get("outs", ())}
    pages = {one["path"]: one for stage in stages for one in stage.get("deps", ()) if one["path"].startswith("notebooks/")}
    here = {path for path in results if (root / path).exists()}
    compared = {path: one for path, one in {**results, **pages}.items() if path in here | set(pages)}
    return Recorded((root / "results" / profile / "scorecard.json").is_file(), len(results), len(results) - len(here),
                    tuple(_changed(root, compared)))  # fmt: skip


def _changed(root: Path, recorded: Mapping[str, Any]) -> Iterator[str]:
    for path, one in recorded.items():
        file = root / path
        if file.is_dir():
            continue  # gigabytes of clips: there is enough
        small = file.is_file() and one["size"] <= READ_WHOLE_BYTES
        if not file.is_file() or file.stat().st_size != one["size"] or small and _md5(file) != one["md5"]:
            yield path
