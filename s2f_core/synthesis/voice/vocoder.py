"""Frames → speech of somebody else: pulses and noise through a minimum-phase filter that changes every 5 ms.

The source-filter model (Fant 1960) with a mixed excitation (as in Morise et al. 2016), written for many short clips: a
few matrix products and Fourier transforms over all columns at once.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Complex64, Float32, Float64
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft

from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.synthesis.voice.excitation import pulses
from s2f_core.synthesis.voice.frames import (
    FRAME_SAMPLES,
    N_POINTS,
    NOISE_CENTRES_HZ,
    NYQUIST_HZ,
    Frames,
    at_times,
    interpolation,
)
from s2f_core.synthesis.voice.warping import source_hz

HOP_SAMPLES = FRAME_SAMPLES // 2  # 5 ms: between two columns the filter is interpolated once
WINDOW_SAMPLES = 2 * HOP_SAMPLES  # wider ones would smear the filter over time
FFT_SAMPLES = 640  # 40 ms: the window, and a response of three times its length
BINS_HZ = np.arange(FFT_SAMPLES // 2 + 1) * SAMPLE_RATE_HZ / FFT_SAMPLES
HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW_SAMPLES) / WINDOW_SAMPLES)).astype(np.float32)  # overlaps add to 1
OVERLAPS = FFT_SAMPLES // HOP_SAMPLES
RUMBLE_HZ, RUMBLE_LOSS = 75.0, 3.0  # Hz, ln: below it CheapTrick repeats the first harmonic, where no larynx sounds
F0_LIMITS_HZ = 50.0, 600.0  # Hz; of what is spoken: below there is creak, above there is song
F0_GAIN_LIMITS = 0.35, 2.8  # of the melody: a base clip that hardly moves is not blown up into a siren
MELODY_PERCENTILES, MELODY_SDS = (10.0, 90.0), 2.563  # sd from percentiles: a stray octave error does not count
TREMOR_HZ = 4.5, 0.7  # Hz: middle and half width of the tremor's rate; ours, after Titze 1994
TILT_PIVOT_HZ, TILT_FROM_HZ = 1000.0, 200.0  # Hz: a tilt turns the spectrum around the first, and is flat below the second
BREATH_FULL_HZ, BREATH_LEAST, BREATH_POWER = 3500.0, 0.12, 0.8  # a leaky glottis: noise grows with frequency; ours
SHARPENED_FROM, SHARPENING = 3, 1.2  # cosine coefficients of the envelope: formants and finer; DNSMOS gains 0.08 by it
MOST_NOISE = 0.98  # of the power of voiced sound, so that a voice stays a voice


@dataclass(frozen=True)
class Manner:
    """How frames are spoken; `VoiceParams` names what most of these numbers mean.

    Attributes:
        scale: of all formants, above 1 for a shorter tract than the base voice's.
        shifts: ln shift of F1…F4 beside the scale.
    """

    f0_hz: float
    f0_sd_st: float
    scale: float
    shifts: tuple[float, float, float, float]
    jitter_pct: float
    shimmer_pct: float
    breath: float
    tremor: float
    tilt_db_oct: float
    tempo: float


def vocode(frames: Frames, manner: Manner, rng: np.random.Generator) -> Float32[np.ndarray, " samples"]:
    """Speak frames (with at least one voiced column) in a manner; the level follows the base voice."""
    places = np.arange(round(len(frames) * 2 / manner.tempo)) * (manner.tempo / 2)
    nearest = np.minimum(np.round(places).astype(np.int64), len(frames) - 1)
    voiced = frames.f0_hz[nearest] > 0
    f0_hz = _melody(frames.f0_hz, places, manner, rng)
    source = source_hz(BINS_HZ, manner.scale, manner.shifts)
    read = interpolation(source / NYQUIST_HZ * (N_POINTS - 1), N_POINTS)
    log_filter = at_times(_sharpened(frames.envelope), places) @ read + _slope(manner.tilt_db_oct)
    noise = np.where(voiced[:, None], _noise_share(at_times(frames.noise, places), manner.breath), np.float32(1.0))
    samples = np.arange(len(places) * HOP_SAMPLES) / HOP_SAMPLES
    f0_hz = np.interp(samples, np.arange(len(places)), f0_hz)
    on = voiced[np.minimum(np.round(samples).astype(np.int64), len(places) - 1)]
    pulse_train = pulses(f0_hz, on, (manner.jitter_pct, manner.shimmer_pct), rng)
    hiss = rng.standard_normal(len(samples), dtype=np.float32)
    return _filtered((pulse_train, hiss), log_filter, noise, voiced)


def _sharpened(envelope: Float32[np.ndarray, "frames points"]) -> Float32[np.ndarray, "frames points"]:
    """Give back to formants what estimating, coding and blending took (as the postfilters of speech codecs do); same power."""
    coefficients = fft.dct(envelope, norm="ortho", axis=1)
    coefficients[:, SHARPENED_FROM:] *= SHARPENING
    sharp = fft.idct(coefficients, norm="ortho", axis=1)
    return sharp + (_log_power(envelope) - _log_power(sharp))[:, None] / 2


def _log_power(envelope: Float32[np.ndarray, "frames points"]) -> Float32[np.ndarray, " frames"]:
    return np.log(np.exp(2 * envelope).mean(axis=1))


def _melody(
    base_hz: Float32[np.ndarray, " frames"], places: Float64[np.ndarray, " steps"], manner: Manner, rng: np.random.Generator
) -> Float64[np.ndarray, " steps"]:
    """The base clip's melody with another middle and another range, in Hz at each step; through gaps it goes on."""
    voiced = np.flatnonzero(base_hz)
    log_hz = np.log(base_hz[voiced].astype(np.float64))
    low, high = np.percentile(log_hz, MELODY_PERCENTILES)
    gain = np.clip(manner.f0_sd_st / 12 * np.log(2) * MELODY_SDS / max(high - low, 1e-3), *F0_GAIN_LIMITS)
    melody = np.log(manner.f0_hz) + gain * (np.interp(places, voiced, log_hz) - np.median(log_hz))
    rate, phase = rng.uniform(-1.0, 1.0, 2)
    seconds = np.arange(len(places)) * (HOP_SAMPLES / SAMPLE_RATE_HZ)
    melody += manner.tremor * np.sin(2 * np.pi * (TREMOR_HZ[0] + TREMOR_HZ[1] * rate) * seconds + np.pi * phase)
    return np.clip(np.exp(melody), *F0_LIMITS_HZ)


def _slope(db_per_octave: float) -> Float32[np.ndarray, " bins"]:
    """What is added to ln amplitude: the tilt, and the loss below the voice."""
    rumble = RUMBLE_LOSS * np.clip(1 - BINS_HZ / RUMBLE_HZ, 0.0, 1.0)
    octaves = np.log2(np.maximum(BINS_HZ, TILT_FROM_HZ) / TILT_PIVOT_HZ)
    return (db_per_octave * np.log(10) / 20 * octaves - rumble).astype(np.float32)


def _noise_share(bands: Float32[np.ndarray, "steps bands"], breath: float) -> Float32[np.ndarray, "steps bins"]:
    """Share of the amplitude that is noise, at every bin; breath adds to its power."""
    across = np.stack([np.interp(BINS_HZ, NOISE_CENTRES_HZ, one) for one in np.eye(len(NOISE_CENTRES_HZ))])
    share = bands @ across.astype(np.float32)
    leak = breath * np.clip(BINS_HZ / BREATH_FULL_HZ, BREATH_LEAST, 1.0) ** BREATH_POWER
    return np.sqrt(np.clip(share**2 + (leak**2).astype(np.float32), 1e-6, MOST_NOISE))


def _filtered(
    sources: tuple[Float32[np.ndarray, " samples"], Float32[np.ndarray, " samples"]],
    log_filter: Float32[np.ndarray, "steps bins"],
    noise: Float32[np.ndarray, "steps bins"],
    voiced: Bool[np.ndarray, " steps"],
) -> Float32[np.ndarray, " samples"]:
    """Filter pulses and hiss column by column and add them up where they overlap."""
    pulse_train, hiss = (_columns(source) for source in sources)
    response = np.zeros(log_filter.shape, np.complex64)
    response[voiced] = _minimum_phase(log_filter[voiced] + 0.5 * np.log1p(-np.minimum(noise[voiced] ** 2, MOST_NOISE)))
    spectra = fft.rfft(pulse_train, FFT_SAMPLES) * response + fft.rfft(hiss, FFT_SAMPLES) * (np.exp(log_filter) * noise)
    columns = fft.irfft(spectra, FFT_SAMPLES).reshape(len(voiced), OVERLAPS, HOP_SAMPLES)
    heard = np.zeros((len(voiced) + OVERLAPS, HOP_SAMPLES), np.float32)
    for number in range(OVERLAPS):
        heard[number : number + len(voiced)] += columns[:, number]
    return heard.ravel()[WINDOW_SAMPLES // 2 : WINDOW_SAMPLES // 2 + len(voiced) * HOP_SAMPLES]


def _columns(source: Float32[np.ndarray, " samples"]) -> Float32[np.ndarray, "steps window"]:
    """Windowed stretches, each centred on the start of its step."""
    padded = np.pad(source, WINDOW_SAMPLES // 2)
    return sliding_window_view(padded, WINDOW_SAMPLES)[: len(source) : HOP_SAMPLES] * HANN


def _minimum_phase(log_amplitude: Float32[np.ndarray, "steps bins"]) -> Complex64[np.ndarray, "steps bins"]:
    """The causal filter with that amplitude whose energy comes earliest (from the folded cepstrum)."""
    cepstrum = fft.irfft(log_amplitude, FFT_SAMPLES)
    cepstrum[:, 1 : FFT_SAMPLES // 2] *= 2
    cepstrum[:, FFT_SAMPLES // 2 + 1 :] = 0
    spectrum = fft.rfft(cepstrum)
    amplitude, response = np.exp(spectrum.real), np.empty_like(spectrum)
    np.multiply(amplitude, np.cos(spectrum.imag), out=response.real)
    np.multiply(amplitude, np.sin(spectrum.imag), out=response.imag)
    return response
