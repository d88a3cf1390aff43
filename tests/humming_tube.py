"""A tube that hums: the simplest speech, whose pitch and length are known, for the tests of synthetic voices."""

import numpy as np

from s2f_core.synthesis.voice.frames import FRAME_SECONDS, N_POINTS, POINTS_HZ, Frames


def vowel(seconds: float = 1.5, length_cm: float = 16.0) -> Frames:
    """A tube that hums: formants at odd multiples of c/4L, a melody of a few semitones, silence in the middle."""
    n = round(seconds / FRAME_SECONDS)
    envelope = np.zeros(N_POINTS)
    for number in range(1, 6):
        centre = (2 * number - 1) * 35_000 / (4 * length_cm)
        envelope += 2.5 * np.exp(-0.5 * ((POINTS_HZ - centre) / 150) ** 2)
    envelope -= POINTS_HZ / 2000
    f0 = (130 * np.exp(0.12 * np.sin(np.arange(n) / 9))).astype(np.float32)
    f0[n // 2 : n // 2 + 5] = 0
    return Frames(f0, np.tile(envelope, (n, 1)).astype(np.float32), np.full((n, 5), 0.05, np.float32))
