"""A voice by number says sentences: the bank's frames, bent to the voice, vocoded and joined with pauses."""

import dataclasses

import numpy as np
from jaxtyping import Float32

from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.errors import InputError
from s2f_core.synthesis.voice.bank import VoiceBank
from s2f_core.synthesis.voice.parameters import VoiceParams
from s2f_core.synthesis.voice.vocoder import Manner, vocode
from s2f_core.synthesis.voice.warping import own_pattern

SPREAD_F0, SPREAD_TEMPO = 0.02, 0.03  # sd of ln, from clip to clip of one person; ours
SPREAD_TILT_DB_OCT = 0.3  # sd; ours
PRESENCE_DB_OCT = 1.5  # added to every tilt: ageing, sex and blends darken a voice on average; DNSMOS gains 0.1 by it
PAUSE_SECONDS = 0.30, 0.60  # between sentences, at tempo 1; ours
LEVEL_DB = -26.0  # RMS of the clip to full scale, the usual level of speech (ITU-T P.56)
PEAK = 0.99  # of full scale


def speak(
    bank: VoiceBank, params: VoiceParams, language: str, sentences: tuple[str, ...], *, rng: np.random.Generator
) -> Float32[np.ndarray, " samples"]:
    """Say one or more sentences, 16 kHz mono; the same arguments give the same samples.

    F0, tempo and tilt vary a little from call to call (sd 2 %, 3 %, 0.3 dB per octave), as from one recording to the next.

    Raises:
        InputError: no sentence, or one that the bank does not hold of the base voices.
    """
    if not sentences:
        raise InputError("there is nothing to say; name at least one sentence of the catalogue")
    manner = _manner(bank, params, rng)
    spoken: list[np.ndarray] = []
    for sentence in sentences:
        if spoken:
            pause = rng.uniform(*PAUSE_SECONDS) / manner.tempo
            spoken.append(np.zeros(round(pause * SAMPLE_RATE_HZ), np.float32))
        spoken.append(vocode(bank.blend(params.base, params.blend, language, sentence), manner, rng))
    return levelled(np.concatenate(spoken))


def levelled(samples: Float32[np.ndarray, " samples"]) -> Float32[np.ndarray, " samples"]:
    """At the usual level of speech; a clip with rare peaks is a little quieter."""
    rms = np.sqrt(np.square(samples).mean(dtype=np.float64))
    gain = min(10 ** (LEVEL_DB / 20) / max(rms, 1e-9), PEAK / max(float(np.abs(samples).max()), 1e-9))
    return samples * np.float32(gain)


def _manner(bank: VoiceBank, params: VoiceParams, rng: np.random.Generator) -> Manner:
    """The parameters as the vocoder takes them, with this clip's variation."""
    f0, tempo, tilt = rng.standard_normal(3)
    names = {field.name for field in dataclasses.fields(Manner)} & {field.name for field in dataclasses.fields(params)}
    manner = Manner(
        **{name: getattr(params, name) for name in sorted(names)},
        scale=bank.catalogue.voice(params.base[0]).vtl_cm / params.vtl_cm, shifts=own_pattern(params.formant_shifts))
    return dataclasses.replace(
        manner, f0_hz=params.f0_hz * float(np.exp(SPREAD_F0 * f0)), tempo=params.tempo * float(np.exp(SPREAD_TEMPO * tempo)),
        tilt_db_oct=params.tilt_db_oct + PRESENCE_DB_OCT + SPREAD_TILT_DB_OCT * float(tilt))
