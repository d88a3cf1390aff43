"""Praat's pitch, in two passes: a wide search, then one around what this voice does (Hirst 2007, De Looze & Hirst 2008)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from s2f_core.data.audio import SAMPLE_RATE_HZ

WIDE_HZ = 60.0, 500.0  # Hz; first pass: every adult voice
NARROW = 0.72, 1.9  # times the quartiles of the first pass: floor and ceiling of the second; after De Looze & Hirst
STEP_SECONDS = 0.005  # s
FEWEST_VOICED = 20  # steps; fewer say nothing about a voice


@dataclass(frozen=True)
class PitchTrack:
    """Pitch over time: seconds and Hz of each step, 0 Hz where there is none."""

    seconds: Float[np.ndarray, " steps"]
    hz: Float[np.ndarray, " steps"]
    floor_hz: float
    ceiling_hz: float

    @property
    def voiced(self) -> Float[np.ndarray, " voiced"]:
        """The steps with a pitch, in Hz."""
        return self.hz[self.hz > 0]

    def at(self, times: Float[np.ndarray, " times"]) -> Float[np.ndarray, " times"]:
        """Pitch at other times: ln Hz interpolated between voiced steps, 0 where the nearest step is unvoiced."""
        voiced = self.hz > 0
        if not voiced.any():
            return np.zeros(len(times))
        nearest = np.clip(np.round((times - self.seconds[0]) / STEP_SECONDS).astype(np.int64), 0, len(self.hz) - 1)
        inside = (times > self.seconds[0] - STEP_SECONDS) & (times < self.seconds[-1] + STEP_SECONDS)
        log_hz = np.interp(times, self.seconds[voiced], np.log(self.hz[voiced]))
        return np.where(voiced[nearest] & inside, np.exp(log_hz), 0.0)


def praat_pitch(samples: Float32[np.ndarray, " samples"]) -> PitchTrack:
    """Track the pitch of 16 kHz samples."""
    import parselmouth

    sound = parselmouth.Sound(np.asarray(samples, np.float64), SAMPLE_RATE_HZ)
    floor, ceiling = WIDE_HZ
    for _ in range(2):
        pitch = sound.to_pitch_ac(time_step=STEP_SECONDS, pitch_floor=floor, pitch_ceiling=ceiling)
        hz = pitch.selected_array["frequency"]
        voiced = hz[hz > 0]
        if len(voiced) < FEWEST_VOICED:
            break
        used = floor, ceiling
        low, high = np.percentile(voiced, [25, 75])
        floor, ceiling = max(50.0, NARROW[0] * low), min(600.0, NARROW[1] * high)
    else:
        floor, ceiling = used
    return PitchTrack(pitch.xs(), hz, floor, ceiling)
