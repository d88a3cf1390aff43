"""What the larynx gives: a pulse per cycle, each a little early or late, loud or soft, exact to fractions of a sample."""

import numpy as np
from jaxtyping import Bool, Float32, Float64

from s2f_core.data.audio import SAMPLE_RATE_HZ

SINC_SAMPLES = 8  # on each side of a pulse: a Hann-windowed sinc, flat to 0.1 dB up to 7 kHz
# Praat's jitter (mean |T₁ - T₂| / T) of normal deviates is 2/√π of their sd when two neighbours differ independently;
# moving a pulse changes two periods in opposite directions, √3 times as much again. Shimmer knows only the first.
JITTER_OF_SD, SHIMMER_OF_SD = 2 / np.sqrt(np.pi) * np.sqrt(3.0), 2 / np.sqrt(np.pi)
LEAST_PULSE = 0.1  # of its neighbours: no shimmer removes a pulse


def pulses(
    f0_hz: Float64[np.ndarray, " samples"],
    voiced: Bool[np.ndarray, " samples"],
    irregular_pct: tuple[float, float],
    rng: np.random.Generator,
) -> Float32[np.ndarray, " samples"]:
    """A train of pulses of equal power per second, whatever the pitch.

    Args:
        irregular_pct: jitter and shimmer as Praat measures them, in %.
    """
    cycles = np.cumsum(f0_hz / SAMPLE_RATE_HZ)
    before = np.flatnonzero(np.diff(np.floor(cycles)) > 0)  # the last sample before each pulse
    into = (np.floor(cycles[before + 1]) - cycles[before]) / (cycles[before + 1] - cycles[before])
    spoken = voiced[before]
    times, period = (before + into)[spoken], (SAMPLE_RATE_HZ / f0_hz[before])[spoken]
    jitter, shimmer = rng.standard_normal((2, len(times)))
    times = times + jitter * period * (irregular_pct[0] / 100 / JITTER_OF_SD)
    strength = np.sqrt(period) * np.maximum(LEAST_PULSE, 1 + shimmer * (irregular_pct[1] / 100 / SHIMMER_OF_SD))
    return _band_limited(times, strength, len(f0_hz))


def _band_limited(
    times: Float64[np.ndarray, " pulses"], strength: Float64[np.ndarray, " pulses"], n_samples: int
) -> Float32[np.ndarray, " samples"]:
    """Place each pulse at its fractional sample."""
    around = np.arange(1 - SINC_SAMPLES, SINC_SAMPLES + 1)
    whole = np.floor(times)
    offset = around - (times - whole)[:, None]
    shape = np.sinc(offset) * (0.5 + 0.5 * np.cos(np.pi * offset / SINC_SAMPLES)) * strength[:, None]
    place = (whole[:, None].astype(np.int64) + around).ravel()
    inside = (place >= 0) & (place < n_samples)
    return np.bincount(place[inside], shape.ravel()[inside], n_samples).astype(np.float32)
