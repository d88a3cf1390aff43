"""The lists of code behind stages: nothing that runs is left out, and what changes nothing does not count."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT

from s2f_core import stage_code
from s2f_core.imports import PACKAGE, closure, modules

SOURCE = '''"""What it is."""

TEXT = """one

two"""  # why

def double(x):
    """Twice `x`."""
    return 2 * x  # not 3
'''
LOADED = """
import sys
from s2f_core import cli
try:
    cli.app(sys.argv[1:])
except SystemExit as end:
    assert not end.code
print("\\n".join(name for name in sys.modules if name.startswith("s2f_core.")))
"""


@pytest.mark.parametrize(("before", "after"), [
    ("What it is.", "What it does."), ("Twice `x`.", "Double.\n\n    More."), ("# not 3", "# not 4"), ("  # why", ""),
    ("\n\ndef", "\n\n\n# A heading.\ndef")])
def test_words_about_the_code_do_not_count(before: str, after: str) -> None:
    assert before in SOURCE
    assert stage_code.essence(SOURCE.replace(before, after)) == stage_code.essence(SOURCE)


@pytest.mark.parametrize(("before", "after"), [("2 * x", "3 * x"), ("one\n\ntwo", "one\ntwo"), ('"""one', '"""# one')])
def test_all_that_can_change_a_number_counts(before: str, after: str) -> None:
    assert before in SOURCE
    assert stage_code.essence(SOURCE.replace(before, after)) != stage_code.essence(SOURCE)


def bare(tree: ast.Module) -> ast.Module:
    """The tree without docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, stage_code.DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return tree


def test_without_its_words_every_module_is_the_same_program() -> None:
    compared = 0
    for path in modules().values():
        source = path.read_text(encoding="utf-8")
        tree = bare(ast.parse(source))
        if all(node.body for node in ast.walk(tree) if isinstance(node, stage_code.DOCUMENTED)):  # else: no more Python
            assert ast.dump(ast.parse(stage_code.essence(source))) == ast.dump(tree), path
            compared += 1
    assert compared > 0.9 * len(modules())


def test_what_a_command_loads_stands_in_its_list(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    (tmp_path / "dvc.yaml").write_bytes((ROOT / "dvc.yaml").read_bytes())
    line = "s2f inventory --profile smoke"
    done = subprocess.run([sys.executable, "-c", LOADED, *line.split()[1:]], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    listed = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
              for path in stage_code.code_behind(line, root=ROOT)}
    starters = {name for name in modules() if name.split(".")[1].startswith("cli")}  # what only starts things, by name
    starts = closure({"s2f_core.config", "s2f_core.errors", "s2f_core.progress", "s2f_core.notebook"})
    assert set(done.stdout.split()) & set(modules()) - starters - starts <= listed
    assert "s2f_core.measure" in listed & set(done.stdout.split())


def test_lists_are_the_same_bytes_each_time_and_name_every_file_with_its_hash(tmp_path: Path) -> None:
    for name in ("dvc.yaml", "notebooks"):
        (tmp_path / name).symlink_to(ROOT / name)
    stage_code.write(tmp_path)
    first = {path.name: path.read_bytes() for path in (tmp_path / stage_code.LISTS).iterdir()}
    stage_code.write(tmp_path)
    assert first == {path.name: path.read_bytes() for path in (tmp_path / stage_code.LISTS).iterdir()}
    lines = dict(reversed(line.split("  ")) for line in first["tab03_retrieval.txt"].decode().splitlines())
    assert lines["s2f_core/figures/panels.py"] == stage_code.fingerprint(PACKAGE / "figures/panels.py")
    assert not [name for name in lines if name.startswith("s2f_core/models")]
