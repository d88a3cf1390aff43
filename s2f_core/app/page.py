"""The app as one widget: `open_app("laptop")` loads everything once and returns both tabs."""

from pathlib import Path

import ipywidgets as widgets
import torch

from s2f_core import config
from s2f_core.app.bench_tab import BenchTab
from s2f_core.app.listener import Listener
from s2f_core.app.shelf import open_shelf
from s2f_core.app.voice_tab import VoiceTab


class App:
    """Two tabs, `voice` and `bench`, in the widget `tabs`."""

    def __init__(self, root: Path, profile: str) -> None:
        listener = Listener.load(root, profile)
        shelf = open_shelf(root, profile, listener.main)
        torch.set_num_threads(1)  # one clip is too little for more, and several visitors share the cores
        self.voice, self.bench = VoiceTab(listener, shelf), BenchTab(listener, shelf, root / "data")
        self.tabs = widgets.Tab([self.voice.box, self.bench.box], titles=("Your voice", "Voice bench"))


def open_app(profile: str) -> App:
    """Load the networks, the shelf and the bank. Raises InputError where weights or corpus are missing."""
    return App(config.project_root(Path.cwd()), profile)
