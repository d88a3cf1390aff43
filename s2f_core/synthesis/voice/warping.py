"""Another vocal tract: where each frequency that is spoken is read in the envelope of the base voice."""

import numpy as np
from jaxtyping import Float64

from s2f_core.synthesis.voice.frames import NYQUIST_HZ

SCALE_LIMITS = 0.78, 1.35  # of the formants; ours: beyond, speech recognisers and listeners lose the words
STRAIGHT_TO_HZ = 5500.0  # Hz; up to here the scale is exact (F1…F4 and above), beyond it the map bends to end at Nyquist
# Where F1…F4 of a neutral tract between a man's and a woman's lie (Hz), and how far around them a shift reaches (octaves).
FORMANTS_HZ = (550.0, 1500.0, 2600.0, 3700.0)
REACH_OCTAVES = (0.45, 0.30, 0.22, 0.20)
# What each formant weighs when a tract's length is estimated from formant spacing (Reby & McComb 2003): k²/Σk².
SPACING_WEIGHTS = tuple(k**2 / sum(j**2 for j in (0.5, 1.5, 2.5, 3.5)) for k in (0.5, 1.5, 2.5, 3.5))


def own_pattern(shifts: tuple[float, ...]) -> tuple[float, ...]:
    """Formant shifts (ln) without the part that a longer or shorter tract would explain: that belongs to its length."""
    common = sum(weight * shift for weight, shift in zip(SPACING_WEIGHTS, shifts, strict=True))
    return tuple(shift - common for shift in shifts)


def source_hz(
    spoken_hz: Float64[np.ndarray, " bins"], scale: float, shifts: tuple[float, ...]
) -> Float64[np.ndarray, " bins"]:
    """Map frequencies of the speech to be made to those of the base voice.

    Args:
        spoken_hz: ascending, 0 Hz to Nyquist.
        scale: of all formants, above 1 for a shorter tract; held within SCALE_LIMITS.
        shifts: ln shift of F1…F4 beside the scale.
    """
    scale = float(np.clip(scale, *SCALE_LIMITS))
    knee = STRAIGHT_TO_HZ * min(1.0, scale)
    source = np.interp(spoken_hz, [0.0, knee, NYQUIST_HZ], [0.0, knee / scale, NYQUIST_HZ])
    octaves = np.log2(np.maximum(source, 20.0))
    for centre, reach, shift in zip(FORMANTS_HZ, REACH_OCTAVES, shifts, strict=True):
        source = source * np.exp(-shift * np.exp(-0.5 * ((octaves - np.log2(centre)) / reach) ** 2))
    return np.clip(np.maximum.accumulate(source), 0.0, NYQUIST_HZ)
