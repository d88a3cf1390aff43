"""Speech → frames, when the bank is built: pitch by Praat, envelope and noise by WORLD; both are needed only here.

WORLD: Morise, Yokomori & Ozawa 2016 (CheapTrick for the envelope, D4C for the share of noise). Pitch: Boersma 1993.
"""

import numpy as np
from jaxtyping import Float32

from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.errors import InputError
from s2f_core.synthesis.voice.frames import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    NOISE_EDGES_HZ,
    NYQUIST_HZ,
    POINTS_HZ,
    Frames,
)
from s2f_core.synthesis.voice.pitch import praat_pitch

FFT_SAMPLES = 1024  # of CheapTrick and D4C; admits voices down to 71 Hz
LOWEST_HZ = 71.0  # Hz; below it CheapTrick's window no longer fits
QUIET_PEAK = 0.02  # of the peak, over 10 ms: quieter than that at either end is silence
KEPT_SECONDS = 0.05  # s of the silence that stays at either end
FLOOR_POWER = 1e-10  # power density: the quietest that the envelope says


def trim(samples: Float32[np.ndarray, " samples"]) -> Float32[np.ndarray, " samples"]:
    """Cut the silence at both ends down to 50 ms. Raises InputError where nothing is left."""
    loud = np.abs(samples) > QUIET_PEAK * np.abs(samples).max(initial=0.0)
    blocks = np.flatnonzero(np.add.reduceat(loud, np.arange(0, len(loud), FRAME_SAMPLES)) > 4) if len(loud) else []
    if not len(blocks):
        raise InputError("a rendered clip is silent; render it again, or drop its voice from the catalogue")
    kept = round(KEPT_SECONDS * SAMPLE_RATE_HZ)
    return samples[max(0, blocks[0] * FRAME_SAMPLES - kept) : (blocks[-1] + 1) * FRAME_SAMPLES + kept]


def analyse(samples: Float32[np.ndarray, " samples"]) -> Frames:
    """Take speech apart."""
    import pyworld

    wave = np.ascontiguousarray(samples, np.float64)
    times = np.arange(0.0, len(wave) / SAMPLE_RATE_HZ, FRAME_SECONDS)
    track = praat_pitch(samples)
    f0 = track.at(times)
    heard = np.where(f0 > 0, np.maximum(f0, LOWEST_HZ), 0.0)
    power = pyworld.cheaptrick(wave, heard, times, SAMPLE_RATE_HZ, fft_size=FFT_SAMPLES)
    noise = pyworld.d4c(wave, heard, times, SAMPLE_RATE_HZ, fft_size=FFT_SAMPLES)
    bins_hz = np.linspace(0.0, NYQUIST_HZ, FFT_SAMPLES // 2 + 1)
    log_amplitude = 0.5 * np.log(np.maximum(power, FLOOR_POWER))
    envelope = np.stack([np.interp(POINTS_HZ, bins_hz, row) for row in log_amplitude])
    bands = [(bins_hz >= low) & (bins_hz <= high) for low, high in zip(NOISE_EDGES_HZ, NOISE_EDGES_HZ[1:], strict=False)]
    shares = np.stack([noise[:, band].mean(axis=1) for band in bands], axis=1)
    return Frames(*(column.astype(np.float32) for column in (f0, envelope, shares)))
