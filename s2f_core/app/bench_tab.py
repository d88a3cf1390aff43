"""The tab 'Voice bench': a synthetic voice whose pitch, tract, breath, tempo and language are set by hand; the face follows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ipywidgets as widgets
import numpy as np

from s2f_core.app import bench, lookup, pictures
from s2f_core.app.bench import BREATH, LANGUAGES, TEMPO, Setting
from s2f_core.app.listener import Listener
from s2f_core.app.pictures import says, title
from s2f_core.app.shelf import Shelf
from s2f_core.app.voice_tab import WIDE
from s2f_core.data.audio import CLIP_SECONDS, SAMPLE_RATE_HZ
from s2f_core.synthesis.voice.catalogue import load_catalogue

LABELLED = {"description_width": "9rem"}


class BenchTab:
    """Its parts: menus `language` and `base`, sliders `f0`, `vtl`, `breath`, `tempo`, the button `reset`; `box` holds all."""

    def __init__(self, listener: Listener, shelf: Shelf, data: Path) -> None:
        self.listener, self.shelf, self.data = listener, shelf, data
        self._quiet = False
        self.language = widgets.Dropdown(options=[(words, name) for name, words in LANGUAGES.items()],
                                         description="Language", style=LABELLED, layout=WIDE)
        self.base = widgets.Dropdown(description="Base voice", style=LABELLED, layout=WIDE)
        self.f0 = _slider("Pitch, F0 (Hz)", step=1.0, readout=".0f")
        self.vtl = _slider("Vocal tract (cm)", step=0.1, readout=".1f")
        self.breath, self.tempo = (_slider(name, step=0.01, readout=".2f") for name in ("Breathiness", "Tempo"))
        (self.breath.min, self.breath.max), (self.tempo.min, self.tempo.max) = BREATH, TEMPO
        self.reset = widgets.Button(description="As the base voice is", layout=widgets.Layout(width="14rem"))
        self.drawn, self.heard = widgets.HTML(), widgets.HTML()
        self._offer(bench.base_voices(self.language.value)[0].name)
        self.language.observe(lambda change: self._other_language(), "value")
        self.base.observe(lambda change: self._other_base(), "value")
        self.reset.on_click(lambda button: self._other_base())
        for slider in (self.f0, self.vtl, self.breath, self.tempo):
            slider.observe(lambda change: self.show(), "value")
        self.box = widgets.VBox([self.language, self.base, self.f0, self.vtl, self.breath, self.tempo, self.reset, self.drawn,
                                 self.heard])
        self._other_base()

    @property
    def setting(self) -> Setting:
        """What the menus and sliders say."""
        return Setting(self.base.value, self.language.value, self.f0.value, self.vtl.value, self.breath.value, self.tempo.value)

    def show(self) -> None:
        """Say the sentence as set, draw the face that is heard beside the base voice's own, and then show the sound."""
        if self._quiet:
            return
        setting = self.setting
        samples = bench.say(setting, self.data)
        feature = self.listener.hear(samples)
        now, before = self.listener.draw(np.stack([feature, self._usual]))
        self.drawn.value = pictures.block(
            title("What the network draws"),
            pictures.row([
                pictures.face(pictures.webp(now), "as set", "Face drawn from the voice as set", large=True),
                pictures.face(pictures.webp(before), "the base voice as it is",
                              "Face drawn from the base voice as it is", large=True)]),
            says("What a slider does to the face is a property of this network and of the synthetic people it learnt from. It "
                 "says nothing about people who speak so.", "note"))
        self.heard.value = pictures.block(
            title("The voice"), says(_words(setting, len(samples) / SAMPLE_RATE_HZ)),
            pictures.player(samples, "the voice as set"), pictures.looks(samples, "the voice as set"),
            title("What a judge reads in what was heard"), pictures.bars(lookup.read(feature, self.shelf)))

    def _other_language(self) -> None:
        if not self._quiet:
            kept = self.base.value
            self._offer(bench.follow(kept, self.language.value))
            if self.base.value == kept:
                self._remember()
                self.show()
            else:
                self._other_base()

    def _offer(self, base: str) -> None:
        with self._quietly():
            self.base.options = [(_name(voice.name), voice.name) for voice in bench.base_voices(self.language.value)]
            self.base.value = base

    def _other_base(self) -> None:
        if self._quiet:
            return
        usual = bench.unchanged(self.base.value, self.language.value)
        with self._quietly():
            for slider, (low, high) in zip((self.f0, self.vtl), bench.limits(usual.base), strict=True):
                slider.min, slider.max = min(slider.min, low), high
                slider.min = low
            self.f0.value, self.vtl.value = usual.f0_hz, usual.vtl_cm
            self.breath.value, self.tempo.value = usual.breath, usual.tempo
        self._remember()
        self.show()

    def _remember(self) -> None:
        """What is heard of the base voice as it is."""
        self._usual = self.listener.hear(bench.say(bench.unchanged(self.base.value, self.language.value), self.data))

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Menus and sliders are set together: the face follows once, at the end."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before


def _slider(name: str, *, step: float, readout: str) -> widgets.FloatSlider:
    return widgets.FloatSlider(description=name, step=step, readout_format=readout, style=LABELLED, layout=WIDE)


def _name(base: str) -> str:
    voice = load_catalogue().voice(base)
    return f"{base}: {voice.sex} style, {voice.f0_hz:.0f} Hz, {voice.vtl_cm:.1f} cm, from {LANGUAGES[voice.origin]}"


def _words(setting: Setting, seconds: float) -> str:
    """Who says what."""
    voice = load_catalogue().voice(setting.base)
    others = " and ".join(LANGUAGES[one] for one in sorted(voice.languages) if one != setting.language)
    length = f"its first {CLIP_SECONDS:g} s are heard" if seconds >= CLIP_SECONDS else f"repeated to {CLIP_SECONDS:g} s"
    return (f"Base voice {setting.base}, of a speech synthesiser, which also speaks {others}; no recording of a person. It "
            f"says: “{bench.sentence(setting)[1]}” ({seconds:.1f} s, {length}).")
