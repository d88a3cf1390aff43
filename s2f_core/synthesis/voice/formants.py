"""Praat's formants with a ceiling that fits the tract, and the tract's length from how far apart they are.

Formant spacing: Reby & McComb 2003, ΔF = Σ k·Fₖ / Σ k² with k = ½, 3/2, 5/2, 7/2; length = c / 2ΔF. Burg's method finds five
formants below its ceiling only if the ceiling suits the tract: it starts from what a voice of that pitch usually has, and
is then corrected once, a little, by the length found.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Float32

from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.synthesis.voice.pitch import PitchTrack

SOUND_CM_PER_S = 35_000.0  # cm/s, in the warm, moist air of a tract; as in Reby & McComb 2003
ORDERS = np.array([0.5, 1.5, 2.5, 3.5])
FIVE_FORMANTS = 5.15  # spacings below the ceiling: five formants, and a little room above the fifth; ours
CEILING_HZ, CEILING_F0_HZ, CEILING_POWER = 5000.0, 120.0, 0.28  # first ceiling by pitch: 5000 Hz for men, 5800 for women
CEILING_LIMITS_HZ = 4600.0, 6600.0
CORRECTION = 0.06  # of the first ceiling: the most that the second may differ, or it would follow a formant found wrongly
LOUD_PERCENTILE = 40.0  # voiced steps louder than this are taken for vowels; ours
STEP_SECONDS = 0.01


def spacing_length_cm(formants_hz: Float[np.ndarray, " 4"]) -> float:
    """The length of the tract, in cm, whose neutral formants are spaced as F1…F4 are."""
    return float(SOUND_CM_PER_S / (2 * (ORDERS @ formants_hz) / (ORDERS @ ORDERS)))


def praat_formants(samples: Float32[np.ndarray, " samples"], track: PitchTrack) -> Float[np.ndarray, " 4"]:
    """Median F1…F4 (Hz) over the loud voiced steps; NaN where there are none."""
    import parselmouth

    sound = parselmouth.Sound(np.asarray(samples, np.float64), SAMPLE_RATE_HZ)
    times = np.arange(STEP_SECONDS, len(samples) / SAMPLE_RATE_HZ - STEP_SECONDS, STEP_SECONDS)
    times = times[track.at(times) > 0]
    power = np.array([np.square(samples[max(0, place - 200) : place + 200]).mean()
                      for place in np.round(times * SAMPLE_RATE_HZ).astype(int)])
    times = times[power > np.percentile(power, LOUD_PERCENTILE)] if len(times) else times
    if not len(times):
        return np.full(4, np.nan)
    usual = np.clip(CEILING_HZ * (np.median(track.voiced) / CEILING_F0_HZ) ** CEILING_POWER, *CEILING_LIMITS_HZ)
    first = _medians(sound, times, usual)
    implied = FIVE_FORMANTS * SOUND_CM_PER_S / (2 * spacing_length_cm(first))
    return _medians(sound, times, np.clip(implied, usual * (1 - CORRECTION), usual * (1 + CORRECTION)))


def _medians(sound: Any, times: Float[np.ndarray, " times"], ceiling_hz: float) -> Float[np.ndarray, " 4"]:
    found = sound.to_formant_burg(
        time_step=STEP_SECONDS, max_number_of_formants=5, maximum_formant=min(float(ceiling_hz), SAMPLE_RATE_HZ / 2))
    values = np.array([[found.get_value_at_time(k, time) for k in (1, 2, 3, 4)] for time in times])
    return np.median(values[np.isfinite(values).all(axis=1)], axis=0)
