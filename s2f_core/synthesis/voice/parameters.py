"""The numbers of a voice, and how sex, age, body and face make them: VoiceTraits → VoiceParams.

Tables of F0 by age: Peterson & Barney 1952, Shipp & Hollien 1972, Stoicheff 1981, Nishio & Niimi 2008, Stathopoulos et al.
2011; vocal-tract length: Fitch & Giedd 1999; adult tracts do not grow (Vorperian et al. 2009). Voice quality by age: Linville
2001, Ramig & Ringel 1983 (it follows the body's age, not the calendar's). Sizes of what has no source are ours.

Adults only: below a tract of about 12 cm the vocoder's warp leaves the range in which its speech stays intelligible, and
nobody needs a child's voice turned into a face.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from s2f_core.synthesis.voice.catalogue import BaseVoice, Catalogue

F0_HZ = {"male": ((18, 123), (25, 119), (45, 111), (65, 119), (75, 131), (85, 144)),
         "female": ((18, 218), (25, 216), (45, 204), (55, 194), (65, 189), (85, 189))}  # (years, Hz)
F0_SPREAD = {"male": 0.15, "female": 0.12}  # sd of ln F0 within sex and age
VTL_CM = {"male": 17.0, "female": 14.6}
VTL_SPREAD = 0.041  # sd of ln tract length within sex
FORMANT_SPREAD = (0.050, 0.050, 0.050, 0.050)  # sd of the ln shift of F1…F4 beside the tract's; ours
OLD_FROM, OLD_SPAN = 55, 20  # years: ageing of the voice is 0 at 55 and 1 at 75
REACH_VTL, REACH_F0 = 0.10, 0.30  # how far (ln) a base voice may lie from the voice made of it; ours
LARGEST_BLEND = 0.4  # share of the second base voice


@dataclass(frozen=True)
class VoiceTraits:
    """What a voice follows from; `z` holds F0, vocal-tract length and F1…F4 as standard normals within sex."""

    sex: str
    age: float
    language: str
    native_accent: bool
    first_language: str
    z: Mapping[str, float]


@dataclass(frozen=True)
class VoiceParams:
    """A voice by number.

    Attributes:
        f0_hz, f0_sd_st: median in Hz and spread in semitones of the fundamental frequency.
        vtl_cm: vocal-tract length.
        formant_shifts: ln shift of F1…F4 beside what the tract's length does.
        jitter_pct, shimmer_pct: cycle-to-cycle variation of period and amplitude, in %.
        breath: share of noise in the voiced sound, 0…1; `tremor`: depth of a 4-5 Hz wave in ln F0.
        tilt_db_oct: added slope of the spectrum. `tempo`: 1 as the base voice speaks.
        base: two voices of the bank, blended with the share `blend` of the second.
    """

    f0_hz: float
    f0_sd_st: float
    vtl_cm: float
    formant_shifts: tuple[float, float, float, float]
    jitter_pct: float
    shimmer_pct: float
    breath: float
    tremor: float
    tilt_db_oct: float
    tempo: float
    base: tuple[str, str]
    blend: float


def voice_of(rng: np.random.Generator, traits: VoiceTraits, catalogue: Catalogue) -> VoiceParams:
    """Draw the voice of somebody with `traits`. Individual variation comes from `rng` alone."""
    woman = float(traits.sex == "female")
    own = rng.standard_normal(8)
    old = max(0.0, (traits.age - OLD_FROM) / OLD_SPAN * (1 + 0.35 * own[0]))
    young = min(1.0, (traits.age - 18) / 40)
    f0, vtl = f0_of(traits.sex, traits.age, traits.z["F0"]), vtl_of(traits.sex, traits.z["vocal-tract length"])
    shifts = [spread * traits.z[f"F{k}"] for k, spread in enumerate(FORMANT_SPREAD, start=1)]
    shifts[0] -= 0.02 * old
    base, blend = _choose_base(rng, traits, (f0, vtl), catalogue)
    return VoiceParams(
        f0_hz=f0, f0_sd_st=float(np.clip(2.7 + 0.3 * woman + 0.5 * old + 0.6 * own[1], 1.4, 5.5)),
        vtl_cm=vtl, formant_shifts=tuple(shifts),
        jitter_pct=max(0.0, 0.10 + 1.0 * old + 0.15 * own[2]), shimmer_pct=max(0.0, 0.5 + 5.0 * old + 0.7 * own[3]),
        breath=float(np.clip(0.06 + 0.05 * woman + 0.28 * old + 0.05 * own[4], 0, 0.8)),
        tremor=0.015 * max(0.0, old - 0.5),
        tilt_db_oct=-0.5 * woman - 0.9 * old - 0.4 * young + 1.0 * float(own[5]),
        tempo=float(np.clip((1.06 - 0.12 * young) * (1 - 0.11 * old) + 0.06 * own[6], 0.65, 1.3)), base=base, blend=blend)


def f0_of(sex: str, age: float, z: float) -> float:
    """Median fundamental frequency in Hz of somebody who lies `z` standard deviations from their like."""
    return float(np.interp(age, *zip(*F0_HZ[sex], strict=True))) * math.exp(F0_SPREAD[sex] * z)


def vtl_of(sex: str, z: float) -> float:
    """Vocal-tract length in cm of somebody who lies `z` standard deviations from their sex's mean."""
    return VTL_CM[sex] * math.exp(VTL_SPREAD * z)


def _choose_base(
    rng: np.random.Generator, traits: VoiceTraits, wanted: tuple[float, float], catalogue: Catalogue
) -> tuple[tuple[str, str], float]:
    """Two base voices of the sex that speak the language, the first with the accent where there is one, and the blend.

    Voices near the wanted F0 and tract length are likelier, so that the vocoder has little to bend. The second speaks the
    same two languages and the same sentences, so that the blend is one voice in both; without such a one there is no blend.
    """
    fitting = [voice for voice in catalogue.voices.values()
               if voice.sex == traits.sex and traits.language in voice.languages]
    accents = [voice for voice in fitting if (voice.origin == traits.language) == traits.native_accent]
    if not traits.native_accent:
        accents = [voice for voice in accents if voice.origin == traits.first_language] or accents
    first = _near(rng, accents or fitting, wanted)
    others = [voice for voice in fitting if voice.languages == first.languages and voice.name != first.name]
    if not others:
        return (first.name, first.name), 0.0
    return (first.name, _near(rng, others, wanted).name), float(rng.uniform(0, LARGEST_BLEND))


def _near(rng: np.random.Generator, voices: list[BaseVoice], wanted: tuple[float, float]) -> BaseVoice:
    f0, vtl = wanted
    distance = np.array([(math.log(voice.vtl_cm / vtl) / REACH_VTL) ** 2 + (math.log(voice.f0_hz / f0) / REACH_F0) ** 2
                         for voice in voices])
    weight = np.exp(-0.5 * (distance - distance.min()))
    return voices[rng.choice(len(voices), p=weight / weight.sum())]
