"""What code stands behind each stage of dvc.yaml: one small list of files and hashes per page or command.

A stage that depends on its list runs again exactly when something changes that it imports. Comments and docstrings do not
count: rewording one trains nothing anew.
"""

import ast
import functools
import hashlib
import io
import itertools
import shlex
import shutil
import tokenize
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from s2f_core import artifacts
from s2f_core.imports import PACKAGE, closure, data_read_by, imports, modules, notebook_tree, tree_of

LISTS = Path("results/code")
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def write(root: Path) -> None:
    """Write results/code/<page or command>.txt for all that the stages run: a line `hash  file` per file behind it."""
    shutil.rmtree(root / LISTS, ignore_errors=True)
    for line in sorted(set().union(*(expanded(stage, stage["cmd"]) for stage in stages(root).values()))):
        names = {path.relative_to(PACKAGE.parent).as_posix(): path for path in code_behind(line, root=root)}
        artifacts.write_text(root / list_of(line), "\n".join(f"{fingerprint(path)}  {name}" for name, path in names.items()))


def stages(root: Path) -> dict[str, dict[str, Any]]:
    """The stages of dvc.yaml as they are written."""
    return yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def expanded(stage: Mapping[str, Any], text: str) -> set[str]:
    """`text` with each combination of the stage's matrix filled in."""
    matrix = stage.get("matrix", {})
    combinations = [dict(zip(matrix, values, strict=True)) for values in itertools.product(*matrix.values())]
    return {functools.reduce(_filled, one.items(), text) for one in combinations}


def _filled(text: str, item: tuple[str, Any]) -> str:
    return text.replace(f"${{item.{item[0]}}}", str(item[1]))


def list_of(line: str) -> Path:
    """Where the list of a command line lies, named after its notebook or command. Raises ValueError for no `s2f` command."""
    match _words(line):
        case ["notebook", "run", source]:
            return LISTS / f"{Path(source).stem}.txt"
        case words:
            return LISTS / f"{'_'.join(words)}.txt"


def code_behind(line: str, *, root: Path) -> list[Path]:
    """Files of the package (modules, and the data they read) behind a stage's command line.

    The doors that only start things, cli.py and notebook.py, are left out: what they start makes the numbers.
    """
    match _words(line):
        case ["notebook", "run", source]:
            reached = closure(imports(notebook_tree(root / source)))
        case [group, command]:
            reached = closure(_reached_by_command(command, f"cli_{group}"))
        case [command]:
            reached = closure(_reached_by_command(command, "cli"))
    paths = {modules()[name] for name in reached} | set().union(*map(data_read_by, reached))
    return sorted(itertools.chain.from_iterable(_files(path) for path in paths))


@functools.cache
def fingerprint(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal; of a module, without its comments, docstrings and the blank lines between."""
    content = path.read_bytes()
    return hashlib.sha256(essence(content.decode()).encode() if path.suffix == ".py" else content).hexdigest()


def essence(source: str) -> str:
    """Python source without what changes nothing when it runs (nothing here reads docstrings). Raises SyntaxError."""
    lines = source.splitlines()
    dropped: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        row, column = token.start
        if token.type == tokenize.COMMENT:
            lines[row - 1] = lines[row - 1][:column].rstrip()
        if token.type == tokenize.NL and not lines[row - 1].strip():  # not the blank lines inside a string
            dropped.add(row)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            dropped |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return "\n".join(line for row, line in enumerate(lines, start=1) if row not in dropped)


def _words(line: str) -> list[str]:
    """The command without its options: ["site"], ["corpus", "assemble"] or ["notebook", "run", source]."""
    match shlex.split(line):
        case ["s2f", "notebook", "run", source, *_]:
            return ["notebook", "run", source]
        case ["s2f", group, command, *_] if (PACKAGE / f"cli_{group}.py").is_file():
            return [group, command]
        case ["s2f", command, *_]:
            return [command]
    raise ValueError(f"a stage runs `s2f`; got `{line}`; teach s2f_core/stage_code.py what it runs")


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file() and file.suffix != ".pyc"]


def _reached_by_command(command: str, group: str) -> set[str]:
    """Modules that the function of one `s2f` command in cli.py (or of its group in cli_<group>.py) imports, itself or through
    other functions there."""
    tree = tree_of(PACKAGE / f"{group}.py")
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    shared: dict[str, set[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                one = ast.Import([alias]) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, [alias], 0)
                shared[alias.asname or alias.name.partition(".")[0]] = imports(one)
    todo = [name for name, function in functions.items() if command in _command_names(function)]
    if not todo:
        raise ValueError(f"{group}.py has no command {command!r}")
    reached: set[str] = set()
    for name in todo:  # grows while it is walked
        reached |= imports(functions[name])
        used = {node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name)}
        reached |= set().union(*(shared[one] for one in used & set(shared)))
        todo += sorted(used & set(functions) - set(todo))
    return reached


def _command_names(function: ast.FunctionDef) -> set[str]:
    names = set()
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "app.command":
            given = [node.value for node in decorator.args if isinstance(node, ast.Constant)]
            names.add(str(given[0]) if given else function.name.replace("_", "-"))
    return names
