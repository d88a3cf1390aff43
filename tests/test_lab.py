"""The lab: its first page lists every notebook, and `make lab` opens it so that the first figure is drawn, offline."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import chromium
import nbformat
import pytest
from checkout import ROOT, project

from s2f_core import notebook

NOTEBOOKS = ROOT / "notebooks"
START = NOTEBOOKS / "00_start_here.ipynb"
CURVES = "return document.querySelectorAll('.js-plotly-plot .main-svg .scatterlayer path.js-line').length"
# Whoever starts the tests in the background gives them a shell that ignores ^C, and they would hand that on.
AS_IN_A_TERMINAL = ("import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
                    "os.execvp('bash', ['bash', '-c', sys.argv[1]])")
FRONT = ("params.yaml", "pyproject.toml", "requirements.lock", "requirements-corpus.lock", "data.dvc", "dvc.lock", "s2f_core",
         "data", "results")  # fmt: skip


def text_of(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def links() -> list[str]:
    return re.findall(r"\]\(([\w/]+\.ipynb)\)", text_of(START))


def test_the_contents_list_every_notebook_and_lead_nowhere_else() -> None:
    there = {name for path in NOTEBOOKS.rglob("*.ipynb")
             if "checkpoint" not in (name := path.relative_to(NOTEBOOKS).as_posix())}  # fmt: skip
    assert not sorted(set(links()) - there), "links to no page"
    assert not sorted(there - {START.name} - set(links())), "pages that the contents leave out"


def test_a_lesson_takes_the_minutes_that_it_says_itself() -> None:
    """Where a lesson says it: **Time:** 25 minutes."""
    rows = re.findall(r"\]\((tutorials/\w+\.ipynb)\) \|.*\| (\d+) \|$", text_of(START), flags=re.M)
    assert [name for name, _ in rows] == sorted(name for name in links() if name.startswith("tutorials/"))
    said = {name: re.search(r"\*\*(?:Time|Takes).{0,20}?(\d+) min", text_of(NOTEBOOKS / name)) for name, _ in rows
            if (NOTEBOOKS / name).is_file()}  # fmt: skip
    assert not {name: said[name][1] for name, minutes in rows if said.get(name) and said[name][1] != minutes}


@pytest.fixture
def front(tmp_path: Path) -> Path:
    """A checkout to work in: all that the first page reads, and its own copy of the notebooks."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in FRONT:
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(NOTEBOOKS, folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return folder


@pytest.mark.parametrize("there", [True, False])
def test_the_first_page_runs_with_results_and_without(front: Path, there: bool, tmp_path: Path) -> None:
    if not there:
        (front / "results").unlink()
    notebook.run(front / "notebooks" / START.name, tmp_path / "out.ipynb", {}, root=front)
    shown = (tmp_path / "out.ipynb").read_text(encoding="utf-8")
    assert ("application/vnd.plotly.v1+json" in shown) == there
    assert ("No results of 'laptop' yet. In a terminal: make paper PROFILE=laptop" in shown) != there
    assert re.search(r"Next: (make|git|install)", shown)
    assert not (front / "results").exists() or there


@contextlib.contextmanager
def lab(folder: Path, home: Path) -> Iterator[str]:
    """Run the command behind `make lab` in `folder`; yield the address that it prints. ^C must end it, without a question."""
    extra = "--no-browser --allow-root --ServerApp.port=0 --LabApp.expose_app_in_browser=True"
    planned = subprocess.run(["make", "--dry-run", "--no-print-directory", "lab", f"LAB_ARGS={extra}"], cwd=ROOT,
                             capture_output=True, text=True, check=True)  # fmt: skip
    *prepared, command = [line for line in planned.stdout.replace("\\\n", " ").splitlines() if "jupyter lab" in line]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "XDG_"))}
    environment |= {"HOME": str(home), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for line in prepared:
        subprocess.run(["bash", "-c", line], env=environment, check=True, capture_output=True)
    with subprocess.Popen([sys.executable, "-c", AS_IN_A_TERMINAL, f"exec env {command}"], cwd=folder, env=environment,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:  # fmt: skip
        try:
            said = []
            while not (found := re.search(r"http://(?:localhost|127\.0\.0\.1):\d+/lab\S+token=\w{20,}", "".join(said))):
                said.append(server.stdout.readline())
                assert said[-1], "".join(said)
            yield found[0]
        finally:
            server.send_signal(signal.SIGINT)
            try:
                rest = server.communicate(timeout=60)[0]
            finally:
                server.kill()  # what has ended is not killed
        assert server.returncode == 0 and "(y/[n])" not in rest, rest


@pytest.fixture
def driver(tmp_path: Path):
    chromium.need_a_browser()
    browser = chromium.started(tmp_path / "browser", "--window-size=1400,3000")
    browser.get("about:blank")
    browser.get_log("performance")  # the browser's own start page
    yield browser
    browser.quit()


def test_make_lab_opens_the_first_page_and_draws_the_first_figure(front: Path, driver, tmp_path: Path) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    start = time.perf_counter()
    with lab(front, tmp_path / "home") as address:
        assert address.partition("?")[0].endswith(f"/lab/tree/notebooks/{START.name}")
        driver.get(address)
        wait = WebDriverWait(driver, 60, poll_frequency=0.2)
        wait.until(lambda _: driver.execute_script(
            "const page = window.jupyterapp?.shell?.currentWidget;"
            "return page?.context?.isReady && page.sessionContext.session?.kernel?.status === 'idle'"))  # fmt: skip
        kernel = "return window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.name"
        assert driver.execute_script(kernel) == "python3"
        driver.execute_script("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        wait.until(lambda _: driver.execute_script(CURVES) >= 2, "no figure was drawn")
        assert time.perf_counter() - start < 60
        text = driver.execute_script("return document.body.innerText")
        assert "official Jupyter news" not in text and "Select Kernel" not in text
        assert sys.prefix in driver.execute_async_script(
            "const done = arguments[0], kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;"
            "const asked = kernel.requestExecute({code: 'import sys; print(sys.prefix)'});"
            "asked.onIOPub = (said) => said.header.msg_type === 'stream' && done(said.content.text)")
        sent = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
        asked = [one["params"]["request"]["url"] for one in sent if one["method"] == "Network.requestWillBeSent"]
        here = re.match(r"http://[^/]+", address)[0]
        assert len(asked) > 20
        assert not [url for url in asked if not url.startswith((f"{here}/", "data:", "blob:", "chrome-extension:"))]


def test_what_a_hosted_editor_installs_is_what_is_locked() -> None:
    made = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    assert made["postCreateCommand"].split()[:2] == ["make", "setup"]
    assert not re.search(r"==|pip|conda|npm", json.dumps(made))
    assert made["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"].endswith("/.venv/bin/python")
    version = re.match(r"python:(\d+)\.(\d+)-", made["image"])
    oldest = re.search(r"(\d+)\.(\d+)", project()["requires-python"])
    assert tuple(map(int, version.groups())) >= tuple(map(int, oldest.groups()))
