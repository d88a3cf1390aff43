"""Say in one screen whether `make paper` can run here, what is missing and what it would be for, and what to type next.

`s2f doctor`; or, where nothing is installed yet, `python3 -m s2f_core.doctor`: this module and `machine` need Python alone.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from s2f_core import machine
from s2f_core.errors import InputError
from s2f_core.machine import Facts, Recorded

NEEDED_BYTES = 2_000_000_000  # what `make paper` writes, with room to spare
EXTRAS = {  # extra of pyproject.toml → what goes without it, what brings it
    "judges": ("measuring faces and voices", "make setup"),
    "corpus": ("`make corpus` and `make checks`", "make extra"),
    "lab": ("`make lab`, tutorials and the app", "make setup"),
    "import": ("VGG-Face's weights from Keras", "make setup"),
    "dev": ("`make test`", "make setup"),
}
PROGRAMS = {  # program → what it is for; empty: for everything
    "git": "",
    "make": "",
    "npm": "`make assets` and `make voicebank`",
    "espeak-ng": "`make speech`",
}
AGAIN = "make --always-make setup"


@dataclass(frozen=True)
class Finding:
    """One line: `state` is ok, none (an optional part is absent), todo (`step` puts it right) or fail (nothing runs before)."""

    about: str
    state: str
    words: str
    step: str = ""


def findings(facts: Facts) -> list[Finding]:
    """What the facts mean, in the order in which it is put right."""
    return [*_environment(facts), *_tools(facts), _data(facts), *_results(facts), _browser(facts)]


def is_ready(found: list[Finding]) -> bool:
    """Whether `make paper` can run: nothing fails. What is to be done, it does itself."""
    return all(one.state != "fail" for one in found)


def next_step(found: list[Finding]) -> str:
    """The one command to type next: what fails first, then what is to be done, and where all is well, the lab."""
    steps = [one.step for state in ("fail", "todo") for one in found if one.state == state and one.step]
    return steps[0] if steps else "make lab"


def as_dict(facts: Facts) -> dict[str, Any]:
    """The report for programs: {ready, next, findings: [{about, state, words, step}]}."""
    found = findings(facts)
    return {"ready": is_ready(found), "next": next_step(found), "findings": [asdict(one) for one in found]}


def lines(facts: Facts) -> Iterator[str]:
    """The report for people."""
    found = findings(facts)
    for one in found:
        yield f"{one.state:<5} {one.about:<12} {one.words}" + (f": {one.step}" if one.step else "")
    yield ""
    yield "`make paper` can run here." if is_ready(found) else "`make paper` cannot run here yet."
    yield f"Next: {next_step(found)}"


def checkout(start: Path) -> Path:
    """The checkout that `start` lies in, found as `config.project_root` does. Raises InputError outside of one."""
    for folder in (start, *start.parents):
        if (folder / "params.yaml").is_file() and (folder / "pyproject.toml").is_file():
            return folder
    raise InputError(f"no checkout of the project at {start} or above it; run from inside one")


def _environment(facts: Facts) -> Iterator[Finding]:
    own = facts.own_environment
    yield Finding("Python", "ok" if own else "todo", facts.python + (", of .venv" if own else ", not the one of .venv"),
                  "" if own else "make setup")  # fmt: skip
    other = [f"{name} {facts.installed[name]} (locked: {version})" for name, version in facts.locked.items()
             if name in facts.installed and facts.installed[name].partition("+")[0] != version]  # fmt: skip
    if missing := _missing(facts, ""):  # a new environment `make paper` fills itself; one that was filled, it trusts
        yield Finding("packages", "fail" if own else "todo", f"{_some(missing)} not installed", AGAIN if own else "make setup")
    elif other:
        yield Finding("packages", "todo", f"other than locked: {_some(other)}", AGAIN)
    else:
        yield Finding("packages", "ok", f"{len(set(facts.locked) & set(facts.installed))} as locked")
    if whole := [extra for extra in EXTRAS if not _missing(facts, extra)]:
        yield Finding("extras", "ok", ", ".join(whole))
    for extra in (extra for extra in EXTRAS if extra not in whole):
        purpose, step = EXTRAS[extra]
        yield Finding(f"extra {extra}", "none", f"{_some(_missing(facts, extra))} not installed; for {purpose}", step)
    if facts.kernel:
        yield Finding("kernel", "ok", "python3 is this Python")
    elif not missing:
        yield Finding("kernel", "todo", "Jupyter's python3 is not this Python", AGAIN)


def _tools(facts: Facts) -> Iterator[Finding]:
    found = [name for name in PROGRAMS if facts.programs[name]]
    yield Finding("programs", "ok", ", ".join(found) or "none")
    for name in (name for name in PROGRAMS if name not in found):
        state, purpose = ("none", f"for {PROGRAMS[name]}") if PROGRAMS[name] else ("fail", "nothing runs without it")
        yield Finding(name, state, f"not found; {purpose}", f"install {name}" if state == "fail" else "")
    free = f"{facts.free_bytes / 1e9:.0f} GB free"
    if facts.free_bytes < NEEDED_BYTES:
        yield Finding("disk", "fail", free, f"make room: {NEEDED_BYTES / 1e9:.0f} GB are needed")
    yield Finding("machine", "ok", f"{facts.cores} cores, {free}")
    torch = f"torch {facts.installed.get('torch', 'is not installed')}"
    gpu = f"GPU: {', '.join(facts.gpus)}; {torch}" if facts.gpus else f"no GPU, and none is needed; {torch}"
    yield Finding("device", "ok" if facts.gpus else "none", gpu)


def _data(facts: Facts) -> Finding:
    if facts.data == "whole":
        return Finding("data", "ok", f"whole: {', '.join(facts.parts)}")
    words = "not here yet" if facts.data == "missing" else "not as data.dvc asks for"
    if absent := [name for name, here in facts.parts.items() if not here and facts.data != "missing"]:
        words += f"; without {', '.join(absent)}"
    if not facts.remote:
        return Finding("data", "fail", f"{words}, and dvc-remote/ does not hold it", "git checkout -- data.dvc dvc-remote")
    return Finding("data", "todo", words, "make data")


def _results(facts: Facts) -> Iterator[Finding]:
    for profile, found in (facts.results or {}).items():
        yield _result(profile, found, facts)
    if facts.results is None:
        yield Finding("results", "none", "not compared: dvc.lock or the package that reads it is missing")
    if facts.published is None:
        yield Finding("examples", "none", "the authors' released ones: not looked up, packages are missing")
    else:
        here, whole = facts.published
        words = f"{here:,} of {whole:,} of the authors' released clips fetched"
        step = "" if here == whole else "make paper PROFILE=published"
        yield Finding("examples", "ok" if here else "none", words, step)


def _result(profile: str, found: Recorded, facts: Facts) -> Finding:
    command = "make paper" if profile == "laptop" else f"make paper PROFILE={profile}"
    default = "todo" if profile == "laptop" else "none"  # what a reader is led to; the others are there for who wants them
    if not found.scorecard:
        return Finding(profile, default, "no results yet", command)
    if found.changed:
        return Finding(profile, default, f"stale: {_some(list(found.changed))} not as recorded", command)
    if found.missing:
        return Finding(profile, default, f"{found.missing} of {found.recorded} results not here", command)
    if not found.recorded:
        return Finding(profile, "ok", "results here, but dvc.lock records none to compare with")
    later = "; the code changed since, `make paper` looks whether that matters" if facts.code_changed else ""
    return Finding(profile, "ok", f"{found.recorded} results as recorded{later}")


def _browser(facts: Facts) -> Finding:
    if facts.browser is None:
        return Finding("Chrome", "none", "no Chrome or Chromium; for `make print` and tests of the site")
    if facts.programs["chromedriver"] is None:
        return Finding("Chrome", "none", f"{Path(facts.browser).name}, but no chromedriver; for tests of the site")
    return Finding("Chrome", "ok", f"{Path(facts.browser).name} and chromedriver")


def _missing(facts: Facts, extra: str) -> list[str]:
    return [name for name in facts.extras[extra] if name not in facts.installed]


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def report(start: Path, *, as_json: bool) -> int:
    """Print the report on the checkout that `start` lies in; return 0 where `make paper` can run, else 1."""
    facts = machine.look(checkout(start))
    print(json.dumps(as_dict(facts), indent=2) if as_json else "\n".join(lines(facts)))
    return 0 if is_ready(findings(facts)) else 1


if __name__ == "__main__":
    raise SystemExit(report(Path.cwd(), as_json="--json" in sys.argv[1:]))
