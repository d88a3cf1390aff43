"""A voice by hand: the bank's base voices say a sentence with the pitch, tract, breath and tempo that somebody sets."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from s2f_core.synthesis.studio import bank
from s2f_core.synthesis.voice.catalogue import BaseVoice, load_catalogue
from s2f_core.synthesis.voice.parameters import REACH_F0, REACH_VTL, VoiceParams
from s2f_core.synthesis.voice.speak import speak

SEED = 20190619  # of a clip's own variation, the same at every setting, so that only the setting changes
# How many reaches a base voice is bent, down and up; the corpus bends its own as far. A tract shortened by two reaches is not
# understood well: of six US voices PocketSphinx then misses 33 % of the words, by one 22 %, as they are 13 %.
PITCH_REACHES, TRACT_REACHES = (2.0, 2.0), (1.0, 2.0)
ADULT_F0_HZ, ADULT_VTL_CM = (75.0, 275.0), (13.0, 19.2)  # Hz, cm; the corpus' adults; below 12 cm the warp is not understood
BREATH, TEMPO = (0.0, 0.8), (0.65, 1.3)  # the limits of the corpus' voices
USUAL = {"f0_sd_st": 2.7, "formant_shifts": (0.0, 0.0, 0.0, 0.0), "jitter_pct": 0.1, "shimmer_pct": 0.5, "tremor": 0.0,
         "tilt_db_oct": -0.5, "blend": 0.0}  # what the sliders leave alone: a young voice's
LANGUAGES = {"en-us": "English (US)", "en-gb": "English (GB)", "es": "Spanish", "fr": "French", "hi": "Hindi",
             "it": "Italian", "ja": "Japanese", "pt-br": "Portuguese (BR)", "zh": "Chinese"}
Limits = tuple[float, float]


@dataclass(frozen=True)
class Setting:
    """Who says a sentence, in which language and how; units as in `VoiceParams`."""

    base: str
    language: str
    f0_hz: float
    vtl_cm: float
    breath: float = 0.1
    tempo: float = 1.0


def base_voices(language: str) -> Sequence[BaseVoice]:
    """Those that speak the language with a tract such as the corpus' adults have, of its own origin first."""
    some = [voice for voice in load_catalogue().voices.values()
            if language in voice.languages and ADULT_VTL_CM[0] <= voice.vtl_cm <= ADULT_VTL_CM[1]]
    return sorted(some, key=lambda voice: (voice.origin != language, voice.name))


def unchanged(base: str, language: str) -> Setting:
    """The base voice as it is."""
    voice = load_catalogue().voice(base)
    return Setting(base, language, voice.f0_hz, voice.vtl_cm)


def limits(base: str) -> tuple[Limits, Limits]:
    """Lowest and highest F0 (Hz) and tract length (cm) to which the base voice may be bent."""
    voice = load_catalogue().voice(base)
    down, up = math.exp(-PITCH_REACHES[0] * REACH_F0), math.exp(PITCH_REACHES[1] * REACH_F0)
    shorter, longer = math.exp(-TRACT_REACHES[0] * REACH_VTL), math.exp(TRACT_REACHES[1] * REACH_VTL)
    return (_clipped(voice.f0_hz * down, voice.f0_hz * up, ADULT_F0_HZ),
            _clipped(voice.vtl_cm * shorter, voice.vtl_cm * longer, ADULT_VTL_CM))


def follow(base: str, language: str) -> str:
    """Who speaks after another language was chosen: the same base voice where it can, else the first one of its sex."""
    voices = base_voices(language)
    if base in {voice.name for voice in voices}:
        return base
    sex = load_catalogue().voice(base).sex
    return next(voice.name for voice in voices if voice.sex == sex)


def sentence(setting: Setting) -> tuple[str, str]:
    """The held-out sentence that the base voice says: its id, and the words."""
    catalogue = load_catalogue()
    identity, *_ = catalogue.sentences_of(setting.base, setting.language, held_out=True)
    return identity, next(one.text for one in catalogue.sentences[setting.language] if one.id == identity)


def say(setting: Setting, data: Path) -> Float32[np.ndarray, " samples"]:
    """The sentence, 16 kHz, clean; the same setting gives the same samples. `data`: the project's data folder.

    Raises InputError where the bank is missing, or the base voice does not speak the language.
    """
    numbers = {name: getattr(setting, name) for name in ("f0_hz", "vtl_cm", "breath", "tempo")}
    voice = VoiceParams(base=(setting.base, setting.base), **numbers, **USUAL)
    return speak(bank(data), voice, setting.language, (sentence(setting)[0],), rng=np.random.default_rng(SEED))


def _clipped(low: float, high: float, adults: Limits) -> Limits:
    return max(adults[0], low), min(adults[1], high)
