"""The tab 'Your voice': bring a sound; see it, the faces drawn from it, what stands near them, and what they are not."""

import time

import ipywidgets as widgets
import numpy as np
from jaxtyping import Float32

from s2f_core.app import lookup, pictures
from s2f_core.app.listener import VARIANTS, Listener
from s2f_core.app.pictures import says, title
from s2f_core.app.shelf import Shelf
from s2f_core.app.sound import Sound
from s2f_core.app.sound_input import SoundInput
from s2f_core.data import opus
from s2f_core.data.audio import CLIP_SECONDS
from s2f_core.errors import InputError
from s2f_core.models.trained_set import VARIANT
from s2f_core.reconstruct import NOTE

NEAREST = 5  # faces of the gallery that are shown
EXAGGERATION = (-1.0, 1.4)  # the mean face, and the authors' largest
NOBODY = "– choose –"
WIDE = widgets.Layout(width="calc(100% - 4px)", max_width="42rem")  # a widget has margins


class VoiceTab:
    """Its parts: `input`, `voices` (of the corpus), `status`, `exaggeration`, and what is shown; `box` holds all."""

    def __init__(self, listener: Listener, shelf: Shelf) -> None:
        self.listener, self.shelf = listener, shelf
        self.features: Float32[np.ndarray, "faces feature"] | None = None
        self.captions: list[str] = []
        self.input = SoundInput(self.take, self.refuse)
        self.voices = widgets.Dropdown(options=[(NOBODY, ""), *((self.who(one), one) for one in shelf.voices)],
                                       description="or a test voice", style={"description_width": "initial"}, layout=WIDE)
        self.voices.observe(self._chosen, "value")
        self.status = widgets.HTML()
        self.exaggeration = widgets.FloatSlider(
            value=0.0, min=EXAGGERATION[0], max=EXAGGERATION[1], step=0.1, description="Exaggeration", disabled=True,
            readout_format=".1f", style={"description_width": "initial"}, layout=WIDE)
        self.exaggeration.observe(lambda change: self._draw(), "value")
        self.heard, self.drawn, self.around = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.box = widgets.VBox([self.input, self.voices, self.status, self.heard, self.exaggeration, self.drawn, self.around])

    def who(self, person: str) -> str:
        """A test person in words."""
        truth = self.shelf.truth[self.shelf.ids.index(person)]
        return f"{person}: {truth['sex']}, {truth['age']:.0f} years, {truth['language']}"

    def take(self, clip: Sound) -> None:
        """Hear a sound and show what comes of it; until all of it is ready, what was shown stays."""
        self.status.value = pictures.block(says(f"Listening to {clip.name} …"))
        self.voices.value = clip.person or ""  # of another sound, the menu names nobody
        began = time.perf_counter()
        try:
            self._show(clip)
        except InputError as error:
            self.refuse(error)
            return
        self.status.value = pictures.block(says(f"Heard {clip.name} in {time.perf_counter() - began:.1f} s. {_used(clip)}"))

    def refuse(self, error: InputError) -> None:
        """Say in a line why there is nothing new; what was shown stays."""
        self.status.value = pictures.block(f'<div role="alert">{says(_sentence(str(error)), "error")}</div>')

    def _chosen(self, change: dict[str, str]) -> None:
        person = change["new"]
        if person:
            self.take(Sound(person, opus.decode(self.shelf.voices[person]), person))

    def _show(self, clip: Sound) -> None:
        variants = self.listener.hear_all(clip.samples)
        grown = [(seconds, self.listener.hear(part)) for seconds, part in clip.growing()]
        heard = pictures.block(title("The sound"), pictures.player(clip.samples, clip.name),
                               pictures.looks(clip.samples, clip.name))
        around = self._around(variants[VARIANT], clip.person)
        self.features = np.stack([*variants.values(), *(feature for _, feature in grown)])
        self.captions = [*(f"{name}: {VARIANTS[name]}" for name in variants), *(f"{seconds:.3g} s" for seconds, _ in grown)]
        self._draw()
        self.heard.value, self.around.value = heard, around
        self.exaggeration.disabled = False

    def _draw(self) -> None:
        """All faces anew, as the slider says; the first is the paper's variant."""
        if self.features is None:
            return
        amount = self.exaggeration.value
        drawn = self.listener.draw(self.features, amount)
        faces = [pictures.face(pictures.webp(face), words, f"Face drawn from the voice, {words}, exaggeration {amount:.1f}")
                 for face, words in zip(drawn, self.captions, strict=True)]
        n_variants = len(self.listener.sets)
        largest = pictures.face(pictures.webp(drawn[0]), f"exaggeration {amount:.1f}",
                                f"Face drawn from the voice, exaggeration {amount:.1f}", large=True)
        self.drawn.value = pictures.block(
            title("A usual face for such a voice, not the speaker's"), pictures.row([largest]), says(NOTE, "note"),
            title("As the clip grows"),
            says(f"Each from that many seconds alone, repeated to fill the {CLIP_SECONDS:g} s that the network takes."),
            pictures.row(faces[n_variants:]),
            title("Variants side by side"), says("The same sound through networks that were trained in other ways."),
            pictures.row(faces[:n_variants]))

    def _around(self, feature: Float32[np.ndarray, " feature"], person: str | None) -> str:
        near = lookup.nearest(feature, self.shelf, NEAREST)
        faces = [pictures.face(self.shelf.faces[one.row], f"{place}. {one.id}, {one.angle:.0f}°",
                               f"Synthetic face, number {place} of the nearest, {one.angle:.0f} degrees away")
                 for place, one in enumerate(near, start=1)]
        return pictures.block(
            title(f"The nearest of {len(self.shelf.ids):,} synthetic faces"),
            says("Nobody here exists. The angle says how far a face is from what was heard; 90° is unrelated."),
            pictures.row(faces), *self._true(feature, person),
            title("What a judge reads in what was heard"), pictures.bars(lookup.read(feature, self.shelf)))

    def _true(self, feature: Float32[np.ndarray, " feature"], person: str | None) -> list[str]:
        if person is None:
            return [says("A rank of the true face can be told for voices of the corpus only.")]
        found = lookup.place(feature, self.shelf, person)
        own = pictures.face(self.shelf.faces[self.shelf.ids.index(person)], f"true face of {person}",
                            f"The true face of {person}, who is synthetic")
        return [says(f"The true face comes at number {found.rank:,} of {found.gallery:,}, which is in the first "
                     f"{found.percent:.1f} %. Guessing gives number {found.by_chance:,.1f} on average, and the first 10 % for "
                     "10 % of the voices."), pictures.row([own])]


def _used(clip: Sound) -> str:
    if clip.seconds >= CLIP_SECONDS:
        return f"The face is drawn from the first {CLIP_SECONDS:g} s of {clip.seconds:.1f} s."
    return f"{clip.seconds:.1f} s were repeated to {CLIP_SECONDS:g} s."


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"
