"""How the code is written: small rooms with names, pointers into the paper, and nothing that hides or surprises."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from checkout import ROOT
from floors import DOORS

from s2f_core import config
from s2f_core.imports import PACKAGE, modules, names_imported, tree_of

SOURCES = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "tests").glob("*.py"), *(ROOT / "benchmarks").glob("*.py")])
NAMELESS = {"utils", "util", "common", "helpers", "helper", "misc", "base", "tools"}

# What → pattern of a dotted name as it stands in the source.
NOWHERE = {
    "runs text as code": r"eval|exec|compile|__import__|os\.(system|popen)|builtins\.(eval|exec)",
    "loads code with data": r"(pickle|marshal|shelve|dill|cloudpickle|joblib)(\..*)?",
    "loads any YAML object": r"yaml\.((unsafe|full)_load(_all)?|(Full|Unsafe)?Loader)",
    "seeds every room at once": r"torch\.(cuda\.)?manual_seed(_all)?|torch\.seed|random(\..*)?"
                                r"|(np|numpy)\.random\.(?!(default_rng|Generator|SeedSequence)\b).*",
}
IN_DOORS_ONLY = {
    "environment": r"os\.(environ|getenv|putenv)(\..*)?",
    "arguments": r"sys\.argv|argparse(\..*)?",
    "clock": r"time\.(time|time_ns|monotonic|perf_counter)|(datetime\.){1,2}(now|utcnow|today)",
    "terminal": r"print|input",
}


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def dotted_names(path: Path) -> Iterator[tuple[ast.AST, str]]:
    """Every name that the module loads or imports, with its dots: `os.environ`, however it was imported."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((node, name) for name in names_imported(node))
        elif isinstance(node, ast.Attribute | ast.Name):
            yield node, ast.unparse(node)


def calls(path: Path, *names: str) -> Iterator[tuple[ast.Call, dict[str, str]]]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and (not names or ast.unparse(node.func) in names):
            yield node, {str(given.arg): ast.unparse(given.value) for given in node.keywords}


def test_a_room_has_one_job_and_a_file_fits_in_the_head() -> None:
    long = {str(path.relative_to(ROOT)): lines for path in SOURCES
            if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 200}
    assert not long, "more than 200 lines"


def test_a_function_fits_on_a_screen() -> None:
    """At most 40 lines from `def` to the end; the docstring is not counted, nobody shall save on words."""
    long = []
    for path in SOURCES:
        for function in functions(path):
            words = function.body[0] if ast.get_docstring(function) else None
            lines = function.end_lineno - function.lineno + 1 - (words.end_lineno - words.lineno + 1 if words else 0)
            if lines > 40:
                long.append(f"{place(path, function)} {function.name}: {lines} lines")
    assert not long


def test_no_function_of_the_package_takes_more_than_five_positional_parameters() -> None:
    wide = []
    for path in modules().values():
        for function in functions(path):
            names = [parameter.arg for parameter in (*function.args.posonlyargs, *function.args.args)]
            if len(names) - (names[:1] in (["self"], ["cls"])) > 5:
                wide.append(f"{place(path, function)} {function.name}{names}")
    assert not wide


def test_no_room_is_without_a_job() -> None:
    assert not [path for path in SOURCES if path.stem in NAMELESS]


def test_every_module_says_what_it_is() -> None:
    assert not [str(path) for path in SOURCES if path.name != "__init__.py" and not ast.get_docstring(tree_of(path))]


def test_the_paper_is_the_index() -> None:
    """What measures, trains or decides names its place in the paper, or says that it has no counterpart there."""
    rooms = ("s2f_core.features.", "s2f_core.models.", "s2f_core.training.", "s2f_core.evaluate.")
    for module, path in modules().items():
        if module.startswith(rooms):
            words = ast.get_docstring(tree_of(path)) or ""
            assert re.search(r"\b(Table|Tab\.|Fig|Sec|Eq)|§|\bpaper\b", words), f"{module} points nowhere in the paper"


def test_the_shape_is_in_the_signature() -> None:
    """Public functions say `Float32[np.ndarray, "samples"]`; only tables of named arrays, as in files, are free."""
    bare = []
    for path in modules().values():
        for function in (one for one in functions(path) if not one.name.startswith("_")):
            given = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
            for annotation in (*(one.annotation for one in given if one.annotation), function.returns):
                text = ast.unparse(annotation) if annotation else ""
                left = re.sub(r"(dict|Mapping)\[str, [\w.]+\]|\w+\[[\w.]*(ndarray|Tensor), [^]]*\]", "", text)
                if re.search(r"\b(ndarray|Tensor)\b", left):
                    bare.append(f"{place(path, function)} {function.name}: {text}")
    assert not bare


@pytest.mark.parametrize("what", NOWHERE)
def test_nothing_in_the_package(what: str) -> None:
    found = [f"{place(path, node)} {name}" for path in modules().values() for node, name in dotted_names(path)
             if re.fullmatch(NOWHERE[what], name)]
    assert not found, what


@pytest.mark.parametrize("what", IN_DOORS_ONLY)
def test_only_the_doors_touch_the_street(what: str) -> None:
    inner = [path for module, path in modules().items() if module.split(".")[1] not in DOORS]
    found = [f"{place(path, node)} {name}" for path in inner for node, name in dotted_names(path)
             if re.fullmatch(IN_DOORS_ONLY[what], name)]
    assert not found, f"{what} outside the doors"


def test_errors_are_neither_swallowed_nor_asserted() -> None:
    found = []
    for path in modules().values():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Assert):
                found.append(f"{place(path, node)} assert: `python -O` removes it; raise an error with the next step")
            if isinstance(node, ast.ExceptHandler):
                caught = ast.unparse(node.type) if node.type else "everything"
                silent = all(isinstance(line, ast.Pass | ast.Continue) for line in node.body)
                if node.type is None or caught == "BaseException" or (caught == "Exception" and silent):
                    found.append(f"{place(path, node)} catches {caught}")
    assert not found


def test_loading_never_runs_code() -> None:
    assert issubclass(config.UniqueKeyLoader, yaml.SafeLoader)
    found = []
    for path in modules().values():
        found += [place(path, call) for call, given in calls(path, "yaml.load", "yaml.load_all")
                  if given.get("Loader") not in ("yaml.SafeLoader", "yaml.CSafeLoader", "UniqueKeyLoader")]
        found += [place(path, call) for call, given in calls(path, "torch.load") if given.get("weights_only") != "True"]
        found += [place(path, call) for call, given in calls(path)
                  if given.get("allow_pickle", "False") != "False" or given.get("shell", "False") != "False"]
    assert not found
