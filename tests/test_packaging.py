"""What is declared is what is used, in one place and one version each, and no file belongs to one machine."""

import ast
import importlib.metadata
import re
import sys
from pathlib import Path

import pytest
import yaml
from checkout import OPTIONAL, ROOT, import_names, project, requirements, tracked_files
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from s2f_core.imports import PACKAGE, modules, names_imported, notebook_tree, tree_of

TESTS = sorted((ROOT / "tests").glob("*.py"))
BENCHMARKS = sorted((ROOT / "benchmarks").glob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
# Needed, but imported by none of our lines: where each is called instead, and by which words.
TOOLS = {
    "dvc": ("Makefile", "dvc repro"),
    "ruff": ("Makefile", "ruff check"),
    "jupyterlab": ("Makefile", "jupyter lab --"),
    "beartype": ("pyproject.toml", "--jaxtyping-packages=s2f_core,beartype.beartype"),
    "tabulate": ("s2f_core/figures/tables.py", "to_markdown"),  # pandas imports it there
}


# Imported inside functions: by the checks of the corpus, whose referees are in `dev`, and by the builder of the voice bank,
# which has an environment of its own (requirements-voicebank.lock and the Makefile).
CHECKED_WITH = {"parselmouth", "librosa"}
BUILT_WITH = {"onnx", "pyworld"}


def third_party(names: set[str]) -> set[str]:
    """Top-level names that are neither Python's, nor ours, nor files of tests and benchmarks."""
    ours = {"s2f_core", *(path.stem for path in (*TESTS, *BENCHMARKS))}
    return {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - ours


def imported_on_import(path: Path) -> set[str]:
    """Names that a module imports when it is imported itself: everything outside functions."""
    names: set[str] = set()
    todo: list[ast.AST] = [tree_of(path)]
    while todo:
        node = todo.pop()
        names |= names_imported(node) if isinstance(node, ast.Import | ast.ImportFrom) else set()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            todo += ast.iter_child_nodes(node)
    return third_party(names)


def importable(*extras: str) -> set[str]:
    return {name for extra in extras for distribution in requirements()[extra] for name in import_names(distribution)}


def named_in_strings() -> set[str]:
    """Words that the package passes on as text: `find_spec("name")`, `python -m name`, Sphinx's extensions."""
    paths = [path for path in PACKAGE.rglob("*.py") if path.name != "provenance.py"]  # which lists names to look up
    return {node.value for path in (*paths, *BENCHMARKS) for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)}


LOCKS = ("requirements.lock", "requirements-corpus.lock")  # a reader's, and what making the corpus adds


def pins(*locks: str) -> dict[str, str]:
    """Name → version in the lock files, by default in all."""
    lines = [line for lock in locks or LOCKS for line in (ROOT / lock).read_text(encoding="utf-8").splitlines()]
    pinned = [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]
    assert not [line for line in pinned if not re.fullmatch(r"[\w.-]+==[\w.!]+", line)], "each line is name==version"
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in pinned)}


def test_what_the_package_imports_at_once_is_in_the_base_dependencies() -> None:
    undeclared = {module: sorted(names) for module, path in modules().items()
                  if (names := imported_on_import(path) - importable("base"))}
    assert not undeclared, "declare it, or import it inside the function that needs it"


def test_what_the_package_and_its_pages_import_later_is_declared_too() -> None:
    allowed = importable("base", "judges", "corpus", "import", "scale") | CHECKED_WITH | BUILT_WITH
    used = {str(path): third_party(names_imported(tree_of(path))) for path in modules().values()}
    used |= {str(path): third_party(names_imported(notebook_tree(path))) for path in NOTEBOOKS}
    assert not {path: sorted(names - allowed) for path, names in used.items() if names - allowed}


def test_what_tests_and_benchmarks_import_is_declared() -> None:
    used = {path.name: third_party(names_imported(tree_of(path))) - importable(*requirements())
            for path in (*TESTS, *BENCHMARKS)}
    assert not {name: sorted(names) for name, names in used.items() if names}


def test_every_dependency_earns_its_place() -> None:
    used = set().union(*(names_imported(tree_of(path)) for path in (*PACKAGE.rglob("*.py"), *TESTS, *BENCHMARKS)),
                       *(names_imported(notebook_tree(path)) for path in NOTEBOOKS))
    used = {name.split(".")[0] for name in used} | named_in_strings()
    idle = {name for needs in requirements().values() for name in needs if not import_names(name) & used}
    assert not sorted(idle - set(TOOLS)), "nothing imports these: use them or delete them"
    assert not sorted(set(TOOLS) - idle), "these are imported: take them off the list TOOLS"


@pytest.mark.parametrize("tool", TOOLS)
def test_a_dependency_that_nobody_imports_is_called_where_the_list_says(tool: str) -> None:
    file, words = TOOLS[tool]
    assert words in (ROOT / file).read_text(encoding="utf-8")


def test_every_dependency_is_declared_once_with_a_sentence() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    names = [name for needs in requirements().values() for name in needs]
    assert len(names) == len(set(names))
    for name in names:
        assert re.search(rf'^\s*"{name}[^"]*",\s+# [A-Z][^#]+[.]$', text, flags=re.M | re.I), f"no sentence for {name}"


def test_the_extra_all_holds_every_other_extra() -> None:
    [everything] = [Requirement(line) for line in project()["optional-dependencies"]["all"]]
    assert (everything.name, everything.extras) == (project()["name"], set(requirements()) - {"base", "all"})


def test_the_lock_pins_every_dependency_inside_its_bounds() -> None:
    locked = pins()
    needs = {name: one for group in requirements().values() for name, one in group.items()}
    assert not sorted(set(needs) - set(locked))
    assert not [f"{name}=={locked[name]}: {one}" for name, one in needs.items() if locked[name] not in one.specifier]


def test_a_reader_is_not_asked_for_what_only_the_corpus_needs() -> None:
    light, heavy = pins("requirements.lock"), pins("requirements-corpus.lock")
    assert not set(light) & set(heavy)
    assert {canonicalize_name(name) for name in OPTIONAL} <= set(heavy)


def test_the_lock_also_pins_what_the_dependencies_need() -> None:
    locked = pins()
    installed = {canonicalize_name(one.name) for one in importlib.metadata.distributions()}
    for name in sorted(installed & set(locked)):  # some are for other systems only
        lines = importlib.metadata.distribution(name).requires or []
        needs = [one for one in map(Requirement, lines) if not one.marker or one.marker.evaluate({"extra": ""})]
        assert not [str(one) for one in needs if canonicalize_name(one.name) not in locked], f"needed by {name}"


def test_the_lock_serves_every_machine() -> None:
    """No local version: torch==2.x+cpu would exist for one kind of machine, on one server."""
    assert "torch" in pins()
    assert not [name for name, version in pins().items() if "+" in version]


def test_environment_yml_adds_no_version_of_its_own() -> None:
    document = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert set(document) == {"name", "channels", "dependencies"}
    [pip] = [entry for entry in document["dependencies"] if isinstance(entry, dict)]
    assert pip == {"pip": ["-r requirements.lock", "-e .[all]"]}
    conda = [entry for entry in document["dependencies"] if isinstance(entry, str)]
    assert [entry for entry in conda if not entry.isalpha()] == [f"python{project()['requires-python']}"]
    assert {"git", "make", "pip"} <= set(conda)


def test_the_citation_names_the_version_that_is_installed() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["version"], citation["license"]) == (project()["version"], project()["license"])


@pytest.mark.parametrize(("what", "pattern"), [
    ("a package server", r"\b(?:pypi|pythonhosted|pytorch|npmjs|anaconda)\.org|index-ur[l]"),
    ("a path of one machine", r"(?<![\w.*-])/(?:work|root|home|Users)/[\w.]"),
], ids=["server", "path"])
def test_no_file_names(what: str, pattern: str) -> None:
    found = []
    for path in tracked_files():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content[:8192]:
            found += [f"{path}: {match[0].decode()}" for match in re.finditer(pattern.encode(), content)]
    assert not found, what
