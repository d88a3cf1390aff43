"""The doctor: what the facts mean, what is typed next, and that it looks at a checkout without anything installed."""

import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import ROOT, requirements
from test_packaging import pins

from s2f_core import doctor, machine
from s2f_core.errors import InputError
from s2f_core.figures import printing
from s2f_core.machine import Facts, Recorded

WELL = Facts(
    python="3.11.7", own_environment=True, locked={"numpy": "2.3", "torch": "2.13.0"},
    installed={"numpy": "2.3", "torch": "2.13.0+cpu"}, extras={"": ("numpy", "torch")} | dict.fromkeys(doctor.EXTRAS, ()),
    programs=dict.fromkeys(machine.PROGRAMS, "/bin/it"), browser="/bin/chromium", gpus=(), cores=2, free_bytes=10**11,
    data="whole", parts=dict.fromkeys(machine.PARTS, True), remote=True, kernel=True, published=(0, 1296), code_changed=False,
    results={"laptop": Recorded(True, 142)})  # fmt: skip


def but(**changes: Any) -> Facts:
    return dataclasses.replace(WELL, **changes)


def without(things: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: None if name in names else value for name, value in things.items()}


def test_where_all_is_well_the_lab_comes_next() -> None:
    found = doctor.findings(WELL)
    assert doctor.is_ready(found) and doctor.next_step(found) == "make lab"
    assert {one.state for one in found} == {"ok", "none"}


@pytest.mark.parametrize(("facts", "ready", "step"), [
    (but(installed={"torch": "2.13.0"}), False, doctor.AGAIN),  # .venv was set up and is broken: make would trust it
    (but(installed={}, own_environment=False), True, "make setup"),  # a fresh clone: make sets itself up
    (but(installed={"numpy": "2.4", "torch": "2.13.0"}), True, doctor.AGAIN),
    (but(kernel=False), True, doctor.AGAIN),
    (but(programs=without(WELL.programs, "git")), False, "install git"),
    (but(programs=without(WELL.programs, "npm", "espeak-ng", "chromedriver")), True, "make lab"),
    (but(browser=None), True, "make lab"),
    (but(free_bytes=10**9), False, "make room: 2 GB are needed"),
    (but(data="missing"), True, "make data"),
    (but(data="other", parts=WELL.parts | {"weights": False}), True, "make data"),
    (but(data="missing", remote=False), False, "git checkout -- data.dvc dvc-remote"),
    (but(data="missing", installed={"torch": "2.13.0"}), False, doctor.AGAIN),  # what fails comes before what is to be done
    (but(results={"laptop": Recorded(False)}), True, "make paper"),
    (but(results={"laptop": Recorded(True, 142, 30)}), True, "make paper"),
    (but(results={"laptop": Recorded(True, 142, 0, ("results/laptop/scorecard.json",))}), True, "make paper"),
    (but(results={"laptop": Recorded(True, 142), "published": Recorded(False)}), True, "make lab"),
    (but(results=None), True, "make lab"),
    (but(published=None), True, "make lab"),
])
def test_what_is_missing_decides_what_comes_next(facts: Facts, ready: bool, step: str) -> None:
    found = doctor.findings(facts)
    assert (doctor.is_ready(found), doctor.next_step(found)) == (ready, step)
    told = doctor.as_dict(facts)
    assert (told["ready"], told["next"]) == (ready, step) and json.loads(json.dumps(told)) == told
    words = list(doctor.lines(facts))
    assert words[-1] == f"Next: {step}" and ("cannot" in words[-2]) != ready
    assert len(words) <= 24, "one screen"


def words_of(facts: Facts, about: str) -> str:
    return " | ".join(f"{one.state} {one.words}" for one in doctor.findings(facts) if one.about == about)


def test_an_absent_part_says_what_it_would_be_for() -> None:
    absent = but(programs=without(WELL.programs, "npm", "espeak-ng"), browser=None,
                 extras=WELL.extras | {"corpus": ("numba",), "lab": ("jupyterlab",)})  # fmt: skip
    assert words_of(absent, "npm") == "none not found; for `make assets` and `make voicebank`"
    assert words_of(absent, "espeak-ng") == "none not found; for `make speech`"
    assert "for `make print`" in words_of(absent, "Chrome")
    assert words_of(absent, "extra corpus") == "none numba not installed; for `make corpus` and `make checks`"
    assert "tutorials" in words_of(absent, "extra lab")
    assert words_of(WELL, "device").startswith("none no GPU")
    assert words_of(but(gpus=("Model X",)), "device") == "ok GPU: Model X; torch 2.13.0+cpu"


def test_a_version_that_is_not_the_locked_one_is_named_and_a_build_of_it_is_not() -> None:
    assert words_of(WELL, "packages") == "ok 2 as locked"
    assert words_of(but(installed={"numpy": "2.4", "torch": "2.13.0+cpu"}), "packages") == (
        "todo other than locked: numpy 2.4 (locked: 2.3)")


def test_every_extra_is_explained() -> None:
    assert set(doctor.EXTRAS) == {extra for extra, needs in requirements().items() if needs} - {"base"}


def test_facts_agree_with_those_who_read_the_same_with_more_tools() -> None:
    facts = machine.look(ROOT)
    assert facts.locked == pins()
    assert facts.extras[""] == tuple(requirements()["base"])
    assert facts.installed["numpy"] == metadata.version("numpy")
    assert machine.profiles(ROOT) == list(yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["profiles"])
    assert machine.BROWSERS == printing.BROWSERS
    assert set(facts.results) == set(machine.profiles(ROOT))


def test_the_hash_of_a_folder_is_dvcs(tmp_path: Path) -> None:
    (tmp_path / "some" / "deep").mkdir(parents=True)
    for name in ("b.txt", "a.txt", "deep/z-ü.txt"):
        (tmp_path / "some" / name).write_text(name)
    for words in (["init", "--no-scm", "--quiet"], ["add", "--quiet", "some"]):
        subprocess.run([sys.executable, "-m", "dvc", *words], cwd=tmp_path, check=True, capture_output=True)
    assert f"md5: {machine.folder_hash(tmp_path / 'some')}.dir\n" in (tmp_path / "some.dvc").read_text()


def copy_of_a_checkout(folder: Path) -> None:
    for name in ("params.yaml", "pyproject.toml", "requirements.lock", "data.dvc", "dvc.lock"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    (folder / "s2f_core").symlink_to(ROOT / "s2f_core")


def test_it_runs_where_nothing_is_installed_and_writes_nothing(tmp_path: Path) -> None:
    copy_of_a_checkout(tmp_path)
    before = sorted(tmp_path.iterdir())
    done = subprocess.run([sys.executable, "-ISB", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv[1:] = "
                           "['--json']; import runpy; runpy.run_module('s2f_core.doctor', run_name='__main__')"],
                          cwd=tmp_path, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.stderr == ""
    told = {one["about"]: one for one in json.loads(done.stdout)["findings"]}
    assert told["data"]["state"] == "fail" and done.returncode == 1  # no remote in this copy
    assert "numpy" in told["packages"]["words"] and "packages are missing" in told["examples"]["words"]
    assert "not compared" in told["results"]["words"]
    assert sorted(tmp_path.iterdir()) == before


def test_results_are_compared_by_content_and_pages_too(tmp_path: Path) -> None:
    copy_of_a_checkout(tmp_path)
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    table = tmp_path / "results/laptop/figures/tab03_retrieval.md"
    table.parent.mkdir(parents=True)
    table.write_bytes((ROOT / "results/laptop/figures/tab03_retrieval.md").read_bytes())
    asis = machine.look(tmp_path).results["laptop"]
    table.write_text("?")
    spoilt = machine.look(tmp_path).results["laptop"]
    assert asis.missing == spoilt.missing == asis.recorded - 1 and not asis.scorecard
    assert set(spoilt.changed) - set(asis.changed) == {"results/laptop/figures/tab03_retrieval.md"}


def test_outside_of_a_checkout_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkout of the project at .*run from inside one"):
        doctor.checkout(tmp_path)


def test_it_is_quick() -> None:
    """Two seconds, on a machine that does nothing else; a slow or busy one may take three times that."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "s2f_core.doctor"], cwd=ROOT, capture_output=True, check=False)
    assert time.perf_counter() - start < 6
