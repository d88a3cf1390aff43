"""Run one notebook with papermill, strictly: `s2f notebook run SOURCE -o OUTPUT -p name value`.

Papermill alone accepts misspelt parameters, uses whatever kernel a name finds, leaves half-written notebooks and stores
times in them. Here an unknown or unread parameter is an error, the kernel is this environment's own Python, the output
appears whole or not at all, times go into a record beside it, and what cells say on stderr, such as progress, to the terminal.
"""

import ast
import contextlib
import importlib.util
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat

from s2f_core import artifacts, provenance
from s2f_core.config import nearest
from s2f_core.errors import InputError

KERNEL = "s2f-own-python"
LANGUAGE = {"display_name": "Python 3", "language": "python"}
PARAMETERS_TAG = "parameters"


class CellError(RuntimeError):
    """A cell of a notebook failed. The message holds the cell, its error and where the partial notebook lies."""


def parameter_names(notebook: nbformat.NotebookNode, *, name: str) -> dict[str, Any]:
    """The declared parameters and their defaults. Raises InputError unless one tagged cell holds only literals."""
    cells = [cell for cell in notebook.cells if _is_parameters(cell)]
    if len(cells) != 1:
        raise InputError(f"{name}: exactly one code cell must carry the tag {PARAMETERS_TAG!r}; {len(cells)} do")
    declared: dict[str, Any] = {}
    for statement in _parse(cells[0], name=name).body:
        try:
            [target] = statement.targets  # type: ignore[attr-defined]
            declared[target.id] = ast.literal_eval(statement.value)  # type: ignore[attr-defined]
        except (AttributeError, ValueError, TypeError):
            line = ast.unparse(statement)
            raise InputError(f"{name}: the parameters cell may hold only `name = literal`; it holds `{line}`") from None
    return declared


def check_parameters(notebook: nbformat.NotebookNode, given: Mapping[str, Any], *, name: str) -> None:
    """Refuse a given parameter that the notebook does not declare, and a declared one that no later cell reads."""
    declared = parameter_names(notebook, name=name)
    for parameter in given:
        if parameter not in declared:
            raise InputError(f"{name} has no parameter {parameter!r}; {nearest(parameter, declared)}")
    read = _names_read_after_parameters(notebook, name=name)
    for parameter in declared:
        if parameter not in read:
            raise InputError(f"{name}: no later cell reads the parameter {parameter!r}; use it or delete it")


def run(source: Path, output: Path, parameters: Mapping[str, Any], *, root: Path) -> None:
    """Execute `source` from the folder `root` and write the executed notebook to `output`.

    Beside it: `<stem>.run.json`, when it ran, how long each cell took and what made it. After a failing cell the
    notebook so far is kept as `<stem>.failed.ipynb` and `output` is not touched. Interrupted, nothing is written.

    Raises:
        InputError: no such notebook, unknown or unread parameter, no kernel in this environment.
        CellError: a cell failed.
    """
    notebook = read(source)
    check_parameters(notebook, parameters, name=source.name)
    failed = output.with_suffix(".failed.ipynb")
    failed.unlink(missing_ok=True)
    started, clock = datetime.now(UTC), time.perf_counter()
    with _terminated_like_interrupted(), tempfile.TemporaryDirectory() as folder, _own_kernel(Path(folder)):
        scratch = Path(folder) / "page.ipynb"
        error = _execute(source, scratch, parameters, root)
        executed = nbformat.read(scratch, as_version=4)
        seconds = [cell.metadata.papermill.duration for cell in executed.cells if cell.cell_type == "code"]
        target = failed if error else output
        artifacts.write_text(target, nbformat.writes(normalise(executed)))
    record = {"notebook": source.name, "parameters": dict(parameters), "started": started.isoformat(timespec="seconds"),
              "seconds": round(time.perf_counter() - clock, 2), "cell_seconds": seconds, "failed": error is not None}
    provenance.write(output.with_suffix(".run.json"), record, root=root)
    if error:
        raise CellError(f"{error}\nthe notebook so far: {failed}")


def read(source: Path) -> nbformat.NotebookNode:
    """Read a notebook, version 4. Raises InputError where it is missing or is none."""
    try:
        notebook = nbformat.read(source, as_version=4)
        nbformat.validate(notebook)  # reading alone only logs what is wrong
    except FileNotFoundError:
        raise InputError(f"no notebook at {source}; the pages lie in notebooks/") from None
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError, TypeError) as error:
        fault = str(error).splitlines()[0][:80]
        raise InputError(f"{source} is not a notebook ({fault}); restore it from git") from None
    return notebook


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Strip what differs between two runs of a page: times, papermill's and the kernel's marks, random cell ids, stderr."""
    notebook.metadata = nbformat.NotebookNode(kernelspec={"name": "python3", **LANGUAGE}, language_info={"name": "python"})
    for number, cell in enumerate(notebook.cells):
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.NotebookNode({"tags": tags} if tags else {})
        cell.id = f"cell-{number}"
        if cell.cell_type == "code":
            cell.outputs = [shown for shown in cell.outputs if shown.get("name") != "stderr"]
            for shown in cell.outputs:
                shown.get("metadata", {}).pop("papermill", None)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def _is_parameters(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "code" and PARAMETERS_TAG in cell.metadata.get("tags", [])


def _parse(cell: nbformat.NotebookNode, *, name: str) -> ast.Module:
    try:
        return ast.parse(cell.source)
    except SyntaxError as error:
        raise InputError(f"{name}: `{(error.text or cell.source).strip()}` is not plain Python ({error.msg}); "
                         "correct it, and put no % or ! lines in a page") from None


def _names_read_after_parameters(notebook: nbformat.NotebookNode, *, name: str) -> set[str]:
    names: set[str] = set()
    behind = False
    for cell in notebook.cells:
        if _is_parameters(cell):
            behind = True
        elif behind and cell.cell_type == "code":
            nodes = ast.walk(_parse(cell, name=name))
            names |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return names


def _execute(source: Path, scratch: Path, parameters: Mapping[str, Any], root: Path) -> str | None:
    """Run papermill; return None, or the words for the cell that failed."""
    literal = str(source).replace("{", "{{").replace("}", "}}")  # papermill fills in braces, in paths too
    import papermill  # slow to import: only when a page really runs
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    try:
        papermill.execute_notebook(literal, scratch, dict(parameters), kernel_name=KERNEL, language="python",
                                   cwd=str(root), progress_bar={"desc": source.stem}, stderr_file=sys.stderr)
    except PapermillExecutionError as error:
        return f"{source.name}, cell {error.exec_count}:\n{error.source}\n{error.ename}: {error.evalue}"
    except DeadKernelError:
        return f"{source.name}: the kernel died (out of memory or a crash) in the cell\n{_last_started(scratch).source}"
    last = _last_started(scratch)
    return f"{source.name}: a cell left before the page's end\n{last.source}" if last.metadata.papermill.exception else None


def _last_started(scratch: Path) -> nbformat.NotebookNode:
    cells = nbformat.read(scratch, as_version=4).cells
    return [cell for cell in cells if cell.metadata.papermill.start_time][-1]


@contextlib.contextmanager
def _own_kernel(folder: Path) -> Iterator[None]:
    """Register, for this run only, a kernel that is this very Python, with no start-up files of the user."""
    if importlib.util.find_spec("ipykernel") is None:
        raise InputError(f"no Jupyter kernel: {sys.executable} cannot import ipykernel; run `make setup`")
    # Below errors, a kernel only warns that it speaks TCP, which it does with this process alone.
    spec = {"argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"],
            **LANGUAGE}
    artifacts.write_text(folder / "kernels" / KERNEL / "kernel.json", json.dumps(spec))
    changes = {"JUPYTER_PATH": str(folder), "IPYTHONDIR": str(folder / "ipython"), "PYTHONSTARTUP": "",
               "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM end the run as ^C does, so that the kernel is shut down and the scratch folder removed."""
    try:
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:  # not the main thread: signals are not ours to handle
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
