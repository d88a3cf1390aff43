"""JupyterLab and Voilà on a free port of this computer, and visitors with a headless Chromium, for the tests of the app."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import chromium
from checkout import ROOT

PAGE = Path("notebooks", "app", "try_your_voice.ipynb")
JUPYTERLAB = ("-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", "--allow-root",
              "--LabApp.expose_app_in_browser=True",
              "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None",
              "--LabApp.extension_manager=readonly")
VOILA = ("-m", "s2f_core.app.serve")
PATIENCE_S = 90  # for a kernel that loads everything on a busy machine
TOKEN = re.compile(r"http://127\.0\.0\.1:\d+/\S*token=\w+")


def small_checkout(folder: Path) -> Path:
    """A checkout with the smoke profile's app and this one's data: what is written beside the page is not written here."""
    page = folder / PAGE
    page.parent.mkdir(parents=True)
    for name in ("params.yaml", "data"):
        (folder / name).symlink_to(ROOT / name)
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert 'profile = \\"laptop\\"' in text
    page.write_text(text.replace('profile = \\"laptop\\"', 'profile = \\"smoke\\"'), encoding="utf-8")
    return folder


@contextmanager
def served(line: Sequence[str], *, home: Path, cwd: Path) -> Iterator[str]:
    """Run a server of this environment's Python; yields its address with the token. Its settings are its own."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"), "OMP_NUM_THREADS": "2",
                   "JUPYTER_RUNTIME_DIR": str(home / "run"), "JUPYTER_DATA_DIR": str(home / "share")}
    log = home / "server.log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("wb") as file:
        server = subprocess.Popen([sys.executable, *line, f"--port={port}"], cwd=cwd, env=environment, stdout=file, stderr=file)
        try:
            until(lambda: TOKEN.search(log.read_text(errors="replace")) or server.poll() is not None, "an address")
            found = TOKEN.search(log.read_text(errors="replace"))
            assert found, log.read_text(errors="replace")
            yield found[0]
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=30)


def until(done: Callable[[], Any], what: str, *, seconds: float = PATIENCE_S) -> Any:
    """Wait until `done` returns something true, and return it."""
    end = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < end, f"no {what} in {seconds} s"
        time.sleep(0.1)
    return found


class Visitor:
    """Somebody with a browser of their own; `microphone`: a wav that speaks into it."""

    def __init__(self, profile: Path, *, microphone: Path | None = None, width: int = 1280) -> None:
        heard = () if microphone is None else (
            "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}%noloop")
        self.driver = chromium.started(profile, "--mute-audio", *heard)
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 1400, "deviceScaleFactor": 1, "mobile": width < 600})

    def run(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def until(self, script: str, *, seconds: float = PATIENCE_S) -> Any:
        return until(lambda: self.run(script), script, seconds=seconds)

    def find(self, css: str) -> Any:
        return self.driver.find_element("css selector", css)

    def app(self) -> None:
        """Wait until the app stands in the page."""
        self.until("return !!document.querySelector('.s2f-record')")

    def choose_file(self, path: Path) -> None:
        self.find(".s2f-drop input").send_keys(str(path))

    def says(self, words: str) -> str:
        """Wait for a line of the app that holds these words; returns its text."""
        return self.until(f"return [...document.querySelectorAll('.s2f p, .s2f-state')].map((one) => one.innerText)"
                          f".find((text) => text.includes({words!r}))")

    def largest_face(self) -> str:
        """The picture itself, as its address holds it, of the largest face that can be seen."""
        return self.until("return [...document.querySelectorAll('.s2f-large img')].filter((one) => one.offsetParent)"
                          ".map((one) => one.src)[0]")

    def another_face(self, before: str) -> str:
        """Wait until the largest face is another picture."""
        return until(lambda: (now := self.largest_face()) != before and now, "other face")

    def tab(self, name: str) -> None:
        self.run(f"return [...document.querySelectorAll('.jupyter-widgets .lm-TabBar-tab')].find((one) => one.innerText"
                 f".includes({name!r}))").click()

    def slide(self, label: str, keys: str) -> None:
        """Press arrow keys on the handle of the slider with that label."""
        handle = self.run("return [...document.querySelectorAll('.widget-slider')].find((one) => one.innerText"
                          f".includes({label!r})).querySelector('.noUi-handle')")
        handle.send_keys(keys)

    def answered_from_elsewhere(self) -> list[str]:
        """Addresses beyond this computer from which anything came, since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [one["params"]["response"]["url"] for one in messages if one["method"] == "Network.responseReceived"]
        return [url for url in urls if not re.match(r"https?://127\.0\.0\.1:|data:|blob:|chrome", url)]


def run_all(visitor: Visitor, address: str, page: Path = PAGE) -> None:
    """Open the page in JupyterLab and run all its cells, as a reader does from the menu."""
    base, _, token = address.partition("?")
    visitor.driver.get(f"{base.removesuffix('/lab')}/lab/tree/{page.as_posix()}?{token}")
    visitor.until("return !!window.jupyterapp && jupyterapp.shell.currentWidget?.context?.isReady"
                  " && jupyterapp.shell.currentWidget.context.sessionContext.isReady")
    visitor.run("jupyterapp.commands.execute('notebook:run-all-cells')")
