"""Who imports whom in s2f_core, read from the sources without running them."""

import ast
import functools
import json
from collections.abc import Iterable
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


@functools.cache
def modules() -> dict[str, Path]:
    """Dotted name → file. The empty `__init__` files are left out; a folder without one holds data, not modules."""
    files = [path for path in sorted(PACKAGE.rglob("*.py")) if (path.parent / "__init__.py").is_file()]
    return {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in files if path.stem != "__init__"}


@functools.cache
def tree_of(path: Path) -> ast.Module:
    """The file as Python reads it."""
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


@functools.cache
def imports_of(name: str) -> set[str]:
    """The modules of s2f_core that one of them imports itself."""
    return imports(tree_of(modules()[name]))


def closure(names: Iterable[str]) -> set[str]:
    """The modules `names` and all that they import, directly or not."""
    reached: set[str] = set()
    todo = set(names)
    while todo:
        name = todo.pop()
        reached.add(name)
        todo |= imports_of(name) - reached
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


@functools.cache
def data_read_by(name: str) -> set[Path]:
    """The packaged data whose file or folder name stands in a string of the module."""
    strings = {node.value for node in ast.walk(tree_of(modules()[name]))
               if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    parts = {part for text in strings for part in (*text.split("/"), *text.split("."))}
    return {path for path in packaged_data() if path.name in parts}
