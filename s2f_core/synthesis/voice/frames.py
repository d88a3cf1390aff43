"""What a voice is stored as and spoken from: pitch, spectral envelope and share of noise, a column every 10 ms."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from s2f_core.data.audio import SAMPLE_RATE_HZ

FRAME_SECONDS = 0.010  # s; ours: half of it gains nothing that the vocoder could make audible, and costs twice the space
FRAME_SAMPLES = round(FRAME_SECONDS * SAMPLE_RATE_HZ)
NYQUIST_HZ = SAMPLE_RATE_HZ / 2
N_POINTS = 96  # of the envelope, evenly from 0 Hz to Nyquist; ours: 84 Hz apart, as fine as the harmonics of a deep voice
NOISE_EDGES_HZ = (0.0, 1000.0, 2000.0, 3500.0, 5500.0, NYQUIST_HZ)  # bands of the share of noise; ours
NOISE_CENTRES_HZ = tuple((low + high) / 2 for low, high in zip(NOISE_EDGES_HZ, NOISE_EDGES_HZ[1:], strict=False))


@dataclass(frozen=True)
class Frames:
    """Speech without its phases.

    Attributes:
        f0_hz: (frames,) Hz, 0 where the voice is silent or whispers.
        envelope: (frames, points) ln amplitude on N_POINTS points from 0 Hz to Nyquist.
        noise: (frames, bands) share of the amplitude that is noise, 0…1, in the bands of NOISE_EDGES_HZ.
    """

    f0_hz: Float32[np.ndarray, " frames"]
    envelope: Float32[np.ndarray, "frames points"]
    noise: Float32[np.ndarray, "frames bands"]

    def __len__(self) -> int:
        return len(self.f0_hz)

    @property
    def seconds(self) -> float:
        """How long it lasts as spoken."""
        return len(self) * FRAME_SECONDS


POINTS_HZ = np.linspace(0.0, NYQUIST_HZ, N_POINTS)


def interpolation(positions: Float[np.ndarray, " out"], n: int) -> Float32[np.ndarray, "n out"]:
    """Weights W so that `values @ W` reads rows of n values at fractional `positions` (linear, ends held)."""
    held = np.clip(positions, 0.0, n - 1.0)
    low = np.minimum(held.astype(np.int64), n - 2)
    share = held - low
    weights = np.zeros((n, len(positions)), np.float32)
    columns = np.arange(len(positions))
    weights[low, columns] = 1.0 - share
    weights[low + 1, columns] += share
    return weights


def at_times(
    values: Float32[np.ndarray, "frames columns"], places: Float[np.ndarray, " out"]
) -> Float32[np.ndarray, "out columns"]:
    """Rows of `values` at fractional frame numbers (linear, ends held)."""
    held = np.clip(places, 0.0, len(values) - 1.0)
    low = np.minimum(held.astype(np.int64), max(0, len(values) - 2))
    share = (held - low).astype(np.float32)[:, None]
    high = np.minimum(low + 1, len(values) - 1)
    return values[low] * (1 - share) + values[high] * share
