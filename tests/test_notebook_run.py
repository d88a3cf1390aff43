"""Pages that run: where the kernel comes from, what is kept, and what a failure or an interruption leaves behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from made_notebook import page, printed

from s2f_core import notebook

ROOT = Path(__file__).resolve().parents[1]
PARAMETERS = {"seed": 7, "rate": 0.5, "name": "it's {odd}", "flags": [True, None], "table": {"a": 1}}
# Leaves the kernel's process id, then works for longer than any test waits.
SLEEPER = ("from pathlib import Path\nimport os, time\npath = Path(pid_file)\n"
           "path.with_suffix('.part').write_text(str(os.getpid()))\npath.with_suffix('.part').rename(path)\ntime.sleep(600)")
RUN = """
import sys
from pathlib import Path
from s2f_core import notebook
folder, pid_file = Path(sys.argv[1]), sys.argv[2]
notebook.run(folder / "page.ipynb", folder / "out" / "page.ipynb", {"pid_file": pid_file}, root=folder)
"""


# One page executed twice in a hostile home; the tests below look at what came of it.

@dataclass(frozen=True)
class Executed:
    first: Path
    second: Path
    facts: dict[str, Any]  # what the page saw from inside
    home: Path
    before: dict[str, str]


def hostile_home(home: Path) -> Path:
    """A user's own start-up files, and a kernel called python3 that cannot start."""
    (home / ".ipython/profile_default/startup").mkdir(parents=True)
    (home / ".ipython/profile_default/startup/00.py").write_text("intruder = 'IPython'")
    (home / "startup.py").write_text("intruder = 'PYTHONSTARTUP'")
    (home / ".local/share/jupyter/kernels/python3").mkdir(parents=True)
    broken = {"argv": ["/nowhere/python"], "display_name": "broken", "language": "python"}
    (home / ".local/share/jupyter/kernels/python3/kernel.json").write_text(json.dumps(broken))
    return home


def listing(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() if path.is_file() else "" for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Executed:
    folder = tmp_path_factory.mktemp("run {with} braces")
    home = hostile_home(folder / "home")
    source = page(
        folder / "page.ipynb",
        "import json, os, sys\nfacts = {'executable': sys.executable, 'cwd': os.getcwd()}",
        "facts['intruder'] = globals().get('intruder')",
        "print(json.dumps({**facts, 'seen': dict(seed=seed, rate=rate, name=name, flags=flags, table=table)}))",
        parameters="seed = 1\nrate = 1.0\nname = ''\nflags = []\ntable = {}",
        kernelspec={"name": "does-not-exist", "display_name": "none", "language": "python"})
    before = listing(home)
    (folder / "out").mkdir()
    (folder / "out/first.failed.ipynb").write_text("left by an earlier, failed run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("PYTHONSTARTUP", str(home / "startup.py"))
        patch.setenv("JUPYTER_PREFER_ENV_PATH", "0")  # the user's kernels come before those of this environment
        for name in ("IPYTHONDIR", "JUPYTER_PATH", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "XDG_DATA_HOME"):
            patch.delenv(name, raising=False)
        environment = dict(os.environ)
        for stem in ("first", "second"):
            notebook.run(source, folder / "out" / f"{stem}.ipynb", PARAMETERS, root=folder)
        assert dict(os.environ) == environment
    facts = json.loads(printed(folder / "out/first.ipynb"))
    return Executed(folder / "out/first.ipynb", folder / "out/second.ipynb", facts, home, before)


def test_the_kernel_is_this_python_whatever_kernels_the_user_or_the_notebook_names(executed: Executed) -> None:
    assert executed.facts["executable"] == sys.executable
    assert executed.facts["cwd"] == str(executed.first.parents[1])


def test_the_users_start_up_files_do_not_run_and_nothing_is_left_in_the_home(executed: Executed) -> None:
    assert executed.facts["intruder"] is None
    assert listing(executed.home) == executed.before


def test_parameters_arrive_with_their_types(executed: Executed) -> None:
    assert executed.facts["seen"] == PARAMETERS


def test_two_runs_give_the_same_bytes_without_times_or_kernels(executed: Executed) -> None:
    assert executed.first.read_bytes() == executed.second.read_bytes()
    made = nbformat.read(executed.first, as_version=4)
    assert made.metadata.kernelspec.name == "python3"
    assert "papermill" not in made.metadata
    assert [cell.metadata for cell in made.cells if cell.metadata] == [{"tags": ["parameters"]},
                                                                       {"tags": ["injected-parameters"]}]


def test_the_record_beside_the_page_holds_times_versions_and_parameters(executed: Executed) -> None:
    record = json.loads(executed.first.with_suffix(".run.json").read_text())
    assert (record["notebook"], record["parameters"], record["failed"]) == ("page.ipynb", PARAMETERS, False)
    assert len(record["cell_seconds"]) == 5  # parameters, injected parameters and three cells
    assert 0 < sum(record["cell_seconds"]) <= record["seconds"]
    assert record["started"].endswith("+00:00")
    assert record["made_by"]["packages"]["numpy"]


def test_a_good_run_clears_away_the_failed_one_before_it(executed: Executed) -> None:
    names = sorted(path.name for path in executed.first.parent.iterdir())
    assert names == ["first.ipynb", "first.run.json", "second.ipynb", "second.run.json"]


# Pages that fail.

@pytest.mark.parametrize(("cell", "message"), [
    ("ratio = seed / 0", r"page\.ipynb, cell 3:\nratio = seed / 0\nZeroDivisionError: division by zero\n"),
    ("import os; os._exit(1)", r"the kernel died .* in the cell\nimport os; os\._exit\(1\)\n"),
    ("raise SystemExit", r"a cell left before the page's end\nraise SystemExit\n"),
], ids=["raises", "dies", "exits"])
def test_a_failing_cell_is_shown_and_the_output_is_not_touched(tmp_path: Path, cell: str, message: str) -> None:
    output = tmp_path / "out" / "page.ipynb"
    output.parent.mkdir()
    output.write_text("the last good run")
    source = page(tmp_path / "page.ipynb", "print('so far', seed)", cell, "print('later')")
    with pytest.raises(notebook.CellError, match=f"{message}the notebook so far: .*page\\.failed\\.ipynb") as raised:
        notebook.run(source, output, {}, root=tmp_path)
    assert "\x1b" not in str(raised.value), "colour codes in a message"
    assert output.read_text() == "the last good run"
    assert printed(output.with_suffix(".failed.ipynb")) == "so far 1\n"
    assert json.loads(output.with_suffix(".run.json").read_text())["failed"] is True


# Runs that are interrupted.

def test_progress_goes_to_the_terminal_as_it_comes_and_into_no_page(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = "import sys\nfor done in range(parts):\n    print(f'{done} of {parts}', file=sys.stderr)\nprint('all', parts)"
    source = page(tmp_path / "page.ipynb", code, parameters="parts = 3")
    notebook.run(source, tmp_path / "out.ipynb", {}, root=tmp_path)
    [cell] = [one for one in nbformat.read(tmp_path / "out.ipynb", as_version=4).cells if "range" in one.source]
    assert "2 of 3" in capfd.readouterr().err and [one.text for one in cell.outputs] == ["all 3\n"]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")  # where a container has no init, an ended process stays as a zombie
    return not stat.is_file() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_an_interrupted_run_leaves_nothing_half_written(tmp_path: Path, ending: signal.Signals) -> None:
    source = page(tmp_path / "page.ipynb", SLEEPER, parameters="pid_file = ''")
    pid_file, scratch = tmp_path / "pid", tmp_path / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", RUN, str(tmp_path), str(pid_file)], env=environment,
                          stderr=subprocess.PIPE) as process:
        wait_until(lambda: pid_file.exists() or process.poll() is not None, "the page to start")
        process.send_signal(ending)
        _, errors = process.communicate(timeout=60)
    kernel = int(pid_file.read_text())
    assert process.returncode not in (0, 1), errors.decode()
    wait_until(lambda: not is_running(kernel), "the kernel to end")
    assert not (tmp_path / "out").exists()
    if ending == signal.SIGTERM:
        assert list(scratch.iterdir()) == []
    assert source.exists()
