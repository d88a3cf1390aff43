"""Which base voices the bank holds and what they speak: enough to sample persons where the bank itself is not needed."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from s2f_core.errors import InputError


@dataclass(frozen=True)
class BaseVoice:
    """A voice of the bank.

    Attributes:
        origin: the language of the style that it was made from; speaking another one, it has that accent.
        styles: synthesiser style → share.
        f0_hz, vtl_cm: median fundamental frequency and vocal-tract length, as measured on its clips.
        languages: language → the group of training sentences that the bank holds of it.
    """

    name: str
    sex: str
    origin: str
    styles: Mapping[str, float]
    f0_hz: float
    vtl_cm: float
    languages: Mapping[str, str]


@dataclass(frozen=True)
class Sentence:
    """Some words; group 'A' and 'B' are for training and validation, 'test' is held out."""

    id: str
    group: str
    text: str


@dataclass(frozen=True)
class Catalogue:
    """Every base voice by name, and the sentences of each language."""

    voices: Mapping[str, BaseVoice]
    sentences: Mapping[str, tuple[Sentence, ...]]

    def voice(self, name: str) -> BaseVoice:
        """The voice of that name. Raises InputError where the bank has none."""
        if name not in self.voices:
            raise InputError(f"no base voice {name!r} in the catalogue; it holds {len(self.voices)}, such as "
                             f"{next(iter(self.voices))!r}")
        return self.voices[name]

    def sentences_of(self, name: str, language: str, *, held_out: bool) -> tuple[str, ...]:
        """Ids of the sentences that the voice speaks in `language`: the held-out ones, or those for training."""
        group = self.voice(name).languages[language]
        ids = [one.id for one in self.sentences[language] if one.group == ("test" if held_out else group)]
        return tuple(ids[:2] if group == "A" else ids[1:]) if held_out else tuple(ids)


@functools.cache
def load_catalogue() -> Catalogue:
    """Read the catalogue that lies in the package."""
    text = resources.files("s2f_core.synthesis.voice").joinpath("catalogue.json").read_text(encoding="utf-8")
    document = json.loads(text)
    sentences = {language: tuple(Sentence(identity, entry["group"], entry["text"]) for identity, entry in entries.items())
                 for language, entries in document["sentences"].items()}
    return Catalogue({voice["name"]: BaseVoice(**voice) for voice in document["voices"]}, sentences)
