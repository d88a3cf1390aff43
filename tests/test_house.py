"""The house stands: imports go down only, importing does nothing, and the README's tree is what lies on disk."""

import os
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from checkout import ROOT, import_names, requirements, tracked_files
from floors import DOORS, FLOORS

from s2f_core.imports import PACKAGE, closure, imports, modules, tree_of

COMPUTING = ("s2f_core.features", "s2f_core.models", "s2f_core.training", "s2f_core.reconstruct")


def floor(module: str) -> int:
    room = module.split(".")[1]
    found = [number for number, rooms in enumerate(FLOORS) if room in rooms]
    if not found:
        pytest.fail(f"{module} stands on no floor: give the room {room!r} one in FLOORS of tests/floors.py")
    return found[0]


def test_imports_go_down_only() -> None:
    floors = {module: floor(module) for module in modules()}
    upward = [f"{module} (floor {floors[module]}) imports {other} (floor {floors[other]})"
              for module, path in modules().items() for other in sorted(imports(tree_of(path)))
              if floors[other] > floors[module]]
    assert not upward


def test_no_room_needs_itself() -> None:
    try:
        TopologicalSorter({module: imports(tree_of(path)) for module, path in modules().items()}).prepare()
    except CycleError as error:
        pytest.fail("a circle of imports: " + " → ".join(error.args[1]))


def test_drawing_never_computes() -> None:
    for module in modules():
        if module.startswith("s2f_core.figures."):
            assert not [name for name in closure({module}) if name.startswith(COMPUTING)], module


def test_making_people_and_judging_them_know_nothing_of_each_other() -> None:
    """And only doors make people: what trains or evaluates reads shards, as it would with anybody's corpus."""
    for module, path in modules().items():
        others = imports(tree_of(path))
        if module.startswith("s2f_core.synthesis."):
            assert not [name for name in others if name.startswith("s2f_core.features.")], module
        elif module.split(".")[1] not in DOORS:
            assert not [name for name in others if name.startswith("s2f_core.synthesis.")], module


def test_init_files_are_empty() -> None:
    """A re-export would tie every room to every other, and each stage to all code. The top one may say what this is."""
    for path in PACKAGE.rglob("__init__.py"):
        body = tree_of(path).body
        allowed = 1 if path.parent == PACKAGE else 0
        assert len(body) <= allowed and all(hasattr(node, "value") for node in body), path.relative_to(ROOT)


IMPORT_ALL = """
import importlib, os, sys
blocked, modules = sys.argv[1].split(","), sys.argv[2:]
class Absent:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"{name} belongs to an extra: import it inside the function that needs it")
sys.meta_path.insert(0, Absent)
before = dict(os.environ)
for module in modules:
    importlib.import_module(module)
if dict(os.environ) != before:
    print("importing changed the environment")
"""


def test_importing_every_module_does_nothing_and_needs_no_extra(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("home", "work", "temporary")}
    for folder in folders.values():
        folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "S2F_"))}
    environment |= {"HOME": str(folders["home"]), "TMPDIR": str(folders["temporary"]), "PYTHONPATH": str(ROOT),
                    "PYTHONDONTWRITEBYTECODE": "1"}
    extras = {name for extra, needs in requirements().items() if extra not in ("base", "dev")
              for distribution in needs for name in import_names(distribution)}
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL, ",".join(extras), *modules()],
                          cwd=folders["work"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout + done.stderr == ""
    assert not [path for folder in folders.values() for path in folder.rglob("*")]


def readme_tree() -> dict[str, str]:
    """Path → phrase, from the README's tree.

    The tree is the first fenced block under a heading with 'tree' or 'What is where' in it. A line is one or more
    paths, one space between them, then two or more spaces and a phrase. Paths start at the top; folders end with a
    slash. Every top-level entry and every folder of modules stands there; files further down may.
    """
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^#+ [^\n]*(?:\btree\b|what is where)[^\n]*\n.*?^```\w*\n(.*?)^```", text, re.S | re.M | re.I)
    assert found, "README.md has no fenced block under a heading with 'tree' or 'What is where'"
    tree: dict[str, str] = {}
    for line in filter(str.strip, found[1].splitlines()):
        paths, _, phrase = line.partition("  ")
        assert phrase.strip(), f"no phrase (after two spaces) in the README's tree: {line!r}"
        for path in paths.split():
            assert path not in tree, f"{path} stands in the README's tree twice"
            tree[path] = phrase.strip()
    return tree


def test_the_readmes_tree_is_what_lies_on_disk() -> None:
    files = tracked_files()
    folders = {"/".join(path.split("/")[:depth]) + "/" for path in files for depth in range(1, path.count("/") + 1)}
    top = {path.split("/")[0] + ("/" if "/" in path else "") for path in files}
    rooms = {f"{Path(path).parent.as_posix()}/" for path in files if re.fullmatch(r"s2f_core/.+/__init__\.py", path)}
    tree = set(readme_tree())
    assert not sorted(tree - set(files) - folders), "in the README's tree, but not tracked"
    assert not sorted((top | rooms) - tree), "missing from the README's tree"


def test_the_readme_is_a_front_hall_not_a_house() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 180
