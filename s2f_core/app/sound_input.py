"""The button that records and the place where files are dropped: their bytes come in parts, straight into memory."""

from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

import anywidget
import traitlets

from s2f_core.app import sound
from s2f_core.app.sound import Sound
from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.errors import InputError

KINDS = ("recording", "file")


def _text(name: str) -> str:
    return resources.files("s2f_core.app").joinpath(name).read_text(encoding="utf-8")


class SoundInput(anywidget.AnyWidget):
    """Calls `on_sound` with what a visitor recorded or chose, `on_trouble` with the error where that is no clip.

    The sound is no part of the widget's state, which a notebook could save: it travels in messages and is forgotten.
    """

    _esm = _text("sound_input.js")
    _css = _text("page.css")
    longest_s = traitlets.Float(sound.LONGEST_S).tag(sync=True)
    rate_hz = traitlets.Int(SAMPLE_RATE_HZ).tag(sync=True)
    most_bytes = traitlets.Int(sound.MOST_BYTES).tag(sync=True)

    def __init__(self, on_sound: Callable[[Sound], None], on_trouble: Callable[[InputError], None]) -> None:
        super().__init__()
        self._on_sound, self._on_trouble = on_sound, on_trouble
        self._parts: list[bytes] = []
        self.on_msg(self.receive)

    def receive(self, widget: Any, content: Any, buffers: Sequence[Any]) -> None:
        """Take one part of a recording or a file; with the last one, read it."""
        if not isinstance(content, dict) or content.get("kind") not in KINDS or len(buffers) != 1:
            return
        if content.get("part") == 0:
            self._parts = []
        if content.get("part") != len(self._parts):
            return  # a part of something that was refused before
        self._parts.append(bytes(buffers[0]))
        whole = len(self._parts) == content.get("parts")
        if not whole and sum(map(len, self._parts)) <= sound.MOST_BYTES:
            return
        received, self._parts = b"".join(self._parts), []
        try:
            clip = (sound.from_recorder(received) if content["kind"] == "recording"
                    else sound.from_file(received, str(content.get("name", ""))[:100] or "The file"))
        except InputError as error:
            self._on_trouble(error)
        else:
            self._on_sound(clip)
