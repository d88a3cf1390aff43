"""A voice's pitch and tract in plain numpy: rougher than Praat's (`judge`), for tests and pages that must do without it."""

import numpy as np
from jaxtyping import Float, Float32
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.synthesis.voice.formants import spacing_length_cm

WINDOW_SAMPLES, HOP_SAMPLES = round(0.040 * SAMPLE_RATE_HZ), round(0.010 * SAMPLE_RATE_HZ)
F0_LIMITS_HZ = 60.0, 450.0
LEAST_PERIODIC = 0.55  # normalised autocorrelation at the period; ours
OCTAVE_COST = 0.03  # per octave that a candidate lies lower: of two equal ones the higher is the voice (Boersma 1993)
QUIET_POWER = 0.05  # of the loudest frame: below, nothing is measured
LPC_ORDER = 16  # two poles per formant below Nyquist
WIDEST_HZ, LOWEST_FORMANT_HZ = 500.0, 200.0  # Hz; broader or lower resonances are none of a tract


def light_measure(samples: Float32[np.ndarray, " samples"]) -> dict[str, float]:
    """Median F0 (Hz), its sd (semitones) and the tract's length (cm) from formant spacing; NaN where nothing is voiced."""
    frames = sliding_window_view(samples.astype(np.float64), WINDOW_SAMPLES)[::HOP_SAMPLES]
    power = np.square(frames).mean(axis=1)
    frames = frames[power > QUIET_POWER * power.max()] * np.hanning(WINDOW_SAMPLES)
    f0_hz = _f0(frames)
    voiced = f0_hz > 0
    if not voiced.any():
        return dict.fromkeys(("f0_hz", "f0_sd_st", "vtl_cm"), float("nan"))
    middle = float(np.median(f0_hz[voiced]))
    return {"f0_hz": middle, "f0_sd_st": float((12 * np.log2(f0_hz[voiced] / middle)).std()),
            "vtl_cm": spacing_length_cm(_formants(frames[voiced]))}


def _f0(frames: Float[np.ndarray, "frames window"]) -> Float[np.ndarray, " frames"]:
    """The period with the largest autocorrelation, in Hz; 0 where it is small."""
    n = 2 * WINDOW_SAMPLES
    correlation = fft.irfft(np.abs(fft.rfft(frames, n)) ** 2)[:, :WINDOW_SAMPLES]
    hann = np.hanning(WINDOW_SAMPLES)
    correlation /= fft.irfft(np.abs(fft.rfft(hann, n)) ** 2)[:WINDOW_SAMPLES]
    correlation /= np.maximum(correlation[:, :1], 1e-20)
    lags = np.arange(round(SAMPLE_RATE_HZ / F0_LIMITS_HZ[1]), round(SAMPLE_RATE_HZ / F0_LIMITS_HZ[0]))
    worth = correlation[:, lags] - OCTAVE_COST * np.log2(lags / lags[0])
    best = lags[worth.argmax(axis=1)]
    rows = np.arange(len(frames))
    left, middle, right = (correlation[rows, best + side] for side in (-1, 0, 1))
    between = 0.5 * (left - right) / np.minimum(left - 2 * middle + right, -1e-9)
    return np.where(middle > LEAST_PERIODIC, SAMPLE_RATE_HZ / (best + np.clip(between, -0.5, 0.5)), 0.0)


def _formants(frames: Float[np.ndarray, "frames window"]) -> Float[np.ndarray, " 4"]:
    """Median F1…F4 over the frames that show four: the resonances of linear prediction."""
    sharp = np.diff(frames, axis=1)
    correlation = fft.irfft(np.abs(fft.rfft(sharp, 2 * WINDOW_SAMPLES)) ** 2)[:, : LPC_ORDER + 1]
    lags = np.abs(np.arange(LPC_ORDER)[:, None] - np.arange(LPC_ORDER))
    matrix = correlation[:, lags] + 1e-6 * correlation[:, :1, None] * np.eye(LPC_ORDER)
    prediction = np.linalg.solve(matrix, correlation[:, 1:, None])[..., 0]
    companion = np.zeros((len(frames), LPC_ORDER, LPC_ORDER))
    companion[:, 0] = prediction
    companion[:, np.arange(1, LPC_ORDER), np.arange(LPC_ORDER - 1)] = 1.0
    poles = np.linalg.eigvals(companion)
    hz = np.angle(poles) * SAMPLE_RATE_HZ / (2 * np.pi)
    width_hz = -np.log(np.maximum(np.abs(poles), 1e-9)) * SAMPLE_RATE_HZ / np.pi
    found = np.sort(np.where((hz > LOWEST_FORMANT_HZ) & (width_hz < WIDEST_HZ), hz, np.inf), axis=1)[:, :4]
    whole = found[np.isfinite(found).all(axis=1)]
    return np.median(whole, axis=0) if len(whole) else np.full(4, np.nan)
