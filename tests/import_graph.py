"""Who imports whom in s2f_core, read from the sources without running them, for the tests of floors and stages.

`python tests/import_graph.py` prints for every stage of dvc.yaml the code that it must depend on.
"""

import ast
import functools
import itertools
import json
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "s2f_core"

# From the ground up. A room may import from its own floor and from those before it; each door is a floor of its own,
# so that `cli` may open every other door and none opens `cli`.
FLOORS = (
    {"errors", "artifacts", "config", "provenance", "workers", "memory"},
    {"data"},
    {"features", "synthesis"},  # fixed, not trained by us; neither sees the other (tests/test_house.py)
    {"models"},    # what we train
    {"training"},
    {"reconstruct"},
    {"evaluate"},
    {"figures"},
    {"progress"}, {"notebook"}, {"measure"}, {"verify"}, {"site_pages"}, {"site"},
    {"corpus"}, {"train"},
    {"train_published"}, {"held_out"}, {"samples"}, {"voicebank"}, {"corpus_measures"}, {"corpus_checks"},
    {"show"},
    {"cli_corpus"}, {"cli_reconstruct"}, {"cli_train"}, {"cli_published"}, {"cli"},
)
DOORS = set().union(*FLOORS[FLOORS.index({"figures"}) + 1:])


@functools.cache
def modules() -> dict[str, Path]:
    """Dotted name → file. The empty `__init__` files are left out; a folder without one holds data, not modules."""
    files = [path for path in sorted(PACKAGE.rglob("*.py")) if (path.parent / "__init__.py").is_file()]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in files if path.stem != "__init__"}


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def notebook_tree(path: Path) -> ast.Module:
    """The code cells of a notebook as one module."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ast.parse("\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"), str(path))


def names_imported(node: ast.AST) -> set[str]:
    """Every dotted name that an import anywhere below `node` may bring: modules, and what is taken from them."""
    names: set[str] = set()
    for statement in ast.walk(node):
        if isinstance(statement, ast.Import):
            names |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            if statement.level:
                raise ValueError(f"`{ast.unparse(statement)}`: write `from s2f_core...`, which shows the floor")
            names |= {str(statement.module)} | {f"{statement.module}.{alias.name}" for alias in statement.names}
    return names


def imports(node: ast.AST) -> set[str]:
    """The modules of s2f_core imported anywhere below `node`, inside functions too."""
    return names_imported(node) & set(modules())


def closure(names: Iterable[str]) -> set[str]:
    """The modules `names` and all that they import, directly or not."""
    reached: set[str] = set()
    todo = set(names)
    while todo:
        name = todo.pop()
        reached.add(name)
        todo |= imports(tree_of(modules()[name])) - reached
    return reached


@functools.cache
def packaged_data() -> set[Path]:
    """Files in the package that are no modules; of a folder without modules, the folder."""
    found: set[Path] = set()
    for path in PACKAGE.rglob("*"):
        if path.is_file() and path not in modules().values() and path.name != "__init__.py" and path.suffix != ".pyc":
            outer = [folder for folder in path.parents if PACKAGE in folder.parents and not any(
                module.is_relative_to(folder) for module in modules().values())]
            found.add(outer[-1] if outer else path)
    return found


def data_read_by(name: str) -> set[Path]:
    """The packaged data whose file or folder name stands in a string of the module."""
    strings = {node.value for node in ast.walk(tree_of(modules()[name]))
               if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    parts = {part for text in strings for part in (*text.split("/"), *text.split("."))}
    return {path for path in packaged_data() if path.name in parts}


def reached_by_command(command: str, group: str = "cli") -> set[str]:
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


def reached_by_shell(line: str) -> set[str]:
    """Modules behind a stage's command line.

    The doors that only start things, cli.py and notebook.py, are left out: what they start makes the numbers.
    """
    match shlex.split(line):
        case ["s2f", "notebook", "run", source, *_]:
            return closure(imports(notebook_tree(ROOT / source)))
        case ["s2f", group, command, *_] if (PACKAGE / f"cli_{group}.py").is_file():
            return closure(reached_by_command(command, f"cli_{group}"))
        case ["s2f", command, *_]:
            return closure(reached_by_command(command))
    raise ValueError(f"no `s2f` command: {line}; teach tests/import_graph.py what it runs")


def stages() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def expanded(stage: Mapping[str, Any], text: str) -> set[str]:
    """`text` with each combination of the stage's matrix filled in."""
    matrix = stage.get("matrix", {})
    combinations = [dict(zip(matrix, values, strict=True)) for values in itertools.product(*matrix.values())]
    return {functools.reduce(_filled, one.items(), text) for one in combinations}


def _filled(text: str, item: tuple[str, Any]) -> str:
    return text.replace(f"${{item.{item[0]}}}", str(item[1]))


def code_needed(stage: Mapping[str, Any]) -> set[str]:
    """The files of s2f_core (modules, and the data they read) behind a stage; for a matrix, behind any of its runs."""
    reached = set().union(*(reached_by_shell(line) for line in expanded(stage, stage["cmd"])))
    files = {modules()[name] for name in reached} | set().union(*(data_read_by(name) for name in reached))
    return {path.relative_to(ROOT).as_posix() for path in files}


def main() -> None:
    """Print the deps of every stage; a stage whose notebook or command does not exist yet is named with the reason."""
    for name, stage in stages().items():
        print(f"  {name}:\n    deps:")
        try:
            print("\n".join(f"      - {path}" for path in sorted(code_needed(stage))))
        except (FileNotFoundError, ValueError) as error:
            print(f"      # {error}")


if __name__ == "__main__":
    main()
