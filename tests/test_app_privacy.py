"""What a visitor brings stays in memory, the app says what is missing, and its server is for this computer only."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT
from lab_visitor import PAGE, small_checkout

from s2f_core import artifacts
from s2f_core.app import serve
from s2f_core.app.listener import Listener
from s2f_core.app.page import App, open_app
from s2f_core.errors import InputError
from s2f_core.notebook import parameter_names, read

SPEECH = ROOT / "data" / "speech"
SPY = """
import os, sys
from pathlib import Path
from s2f_core.app.page import App
app = App(Path(sys.argv[1]), "smoke")
touched = []
def hook(event, arguments):
    if event == "open":
        mode, flags = arguments[1] or "", arguments[2] or 0
        if set(mode) & set("wax+") or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            touched.append(arguments)
    elif event in ("socket.connect", "socket.sendto", "subprocess.Popen", "tempfile.mkstemp", "os.rename", "os.mkdir"):
        touched.append((event, *arguments))
sys.addaudithook(hook)
content, widget = Path(sys.argv[2]).read_bytes(), app.voice.input
widget.receive(widget, {"kind": "file", "name": "voice.flac", "part": 0, "parts": 1}, [content])
recorded = b"\\0\\0\\0\\x3e\\0\\0\\0\\xbe" * 24_000
widget.receive(widget, {"kind": "recording", "name": "", "part": 0, "parts": 1}, [recorded])
print("Heard the recording" in app.voice.status.value, touched)
open(os.devnull, "w").close()
print(len(touched))
"""


def test_what_is_recorded_or_uploaded_is_never_written_or_sent(tmp_path: Path) -> None:
    root = small_checkout(tmp_path / "checkout")
    App(root, "smoke")  # looks at all faces, once
    folders = {name: tmp_path / name for name in ("home", "work", "temporary")}
    for folder in folders.values():
        folder.mkdir()
    environment = {**os.environ, "HOME": str(folders["home"]), "TMPDIR": str(folders["temporary"]), "OMP_NUM_THREADS": "2",
                   "PYTHONDONTWRITEBYTECODE": "1"}
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    done = subprocess.run([sys.executable, "-c", SPY, str(root), str(SPEECH / "english_low_7s.flac")], cwd=folders["work"],
                          env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["True []", "1"]  # and the spy sees a file that is opened to be written
    assert not [path for folder in folders.values() for path in folder.rglob("*")]
    assert before == {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


def test_without_weights_the_app_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "params.yaml").symlink_to(ROOT / "params.yaml")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="dvc pull"):
        open_app("laptop")
    with pytest.raises(InputError, match="dvc pull"):
        Listener.load(tmp_path, "laptop")


def test_the_server_serves_the_page_that_is_here() -> None:
    assert serve.NOTEBOOK == PAGE and parameter_names(read(ROOT / PAGE), name=PAGE.name) == {"profile": "laptop"}
    options = artifacts.read_json(serve.OPTIONS)
    assert options["Voila"]["ip"] == "127.0.0.1" and options["Voila"]["auto_token"] is True
    assert options["MappingKernelManager"]["cull_idle_timeout"] > 0
