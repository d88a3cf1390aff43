"""From a clean voice to a recording: room, microphone, noise and level, all made from numbers, nothing recorded.

The room is the direct sound, a few early reflections and a tail of noise that decays, high frequencies sooner (Moorer 1979).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32, Float64
from scipy import fft

from s2f_core.data.audio import SAMPLE_RATE_HZ

Noise = Literal["none", "white", "pink", "brown", "hum"]
NOISES: tuple[Noise, ...] = ("none", "white", "pink", "brown", "hum")
NOISE_SHARES = (0.30, 0.10, 0.30, 0.20, 0.10)  # of the recordings; ours
SLOPES = {"white": 0.0, "pink": 0.5, "brown": 1.0, "hum": 0.5}  # amplitude falls with frequency to this power
HUM_HZ, N_HUM, HUM_SHARE = 50.0, 6, 0.7  # mains, its harmonics, and how much of the power they have
DRY_SHARE = 0.25  # of the recordings are made close to the mouth in a dead room; ours
RT60_SECONDS, DISTANCE_M = (0.15, 0.70), (0.2, 2.0)  # s, m; living rooms and offices (Kuttruff 2009), a phone to a table
CRITICAL_M_PER_ROOT = 0.057 * np.sqrt(60.0)  # m·√s: critical distance · √RT60 of a room of 60 m³ (Kuttruff 2009)
N_EARLY, EARLY_SECONDS, EARLY_SHARE = 8, (0.003, 0.040), 0.4  # reflections, their delays, their share of the echoes' power
DAMPING_HZ = 4000.0  # Hz; there the tail decays twice as fast as at the bottom; ours
LOW_CUT_HZ, HIGH_CUT_HZ = (30.0, 180.0), (3800.0, 8000.0)  # Hz; from studio microphones to telephones
FULL_BAND_SHARE = 0.5  # of the recordings keep all frequencies; ours
TILT_SPREAD_DB_OCT = 0.8  # sd of a microphone's slope; ours
SNR_DB, LEVEL_DB = (12.0, 40.0), (-34.0, -20.0)  # dB: to the voice's power, and of the recording to full scale
CLIPPED_SHARE, DRIVE = 0.06, (1.5, 4.0)  # of the recordings are overdriven, and how much over full scale
PIVOT_HZ, LEAST_HZ = 1000.0, 50.0  # Hz: where the microphone's slope turns, and below which it stays
PEAK = 0.99  # of full scale


@dataclass(frozen=True)
class Condition:
    """How a clip was recorded, as JSON can hold it.

    Attributes:
        rt60_s: time in which the room's echoes lose 60 dB; 0 for no room. `distance_m`: mouth to microphone.
        low_cut_hz, high_cut_hz: where the microphone's response is 3 dB down; 0 for none. `mic_tilt_db_oct`: its slope.
        noise: its kind, 'none' for silence. `snr_db`: the voice's power to it.
        level_db: RMS of the recording to full scale; where that would pass it, the recording is quieter.
        drive: how far over full scale the peaks went before a soft limiter; 0 for no limiter.
    """

    rt60_s: float
    distance_m: float
    low_cut_hz: float
    high_cut_hz: float
    mic_tilt_db_oct: float
    noise: Noise
    snr_db: float
    level_db: float
    drive: float


def sample_condition(rng: np.random.Generator) -> Condition:
    """Draw a recording's condition: from a good microphone in a dead room to a noisy telephone."""
    dry, full_band, clipped = rng.random(3) < (DRY_SHARE, FULL_BAND_SHARE, CLIPPED_SHARE)
    ranges = RT60_SECONDS, np.log(DISTANCE_M), np.log(LOW_CUT_HZ), np.log(HIGH_CUT_HZ), SNR_DB, LEVEL_DB, DRIVE
    rt60, distance, low, high, snr, level, drive = (float(rng.uniform(*one)) for one in ranges)
    noise = NOISES[rng.choice(len(NOISES), p=NOISE_SHARES)]
    return Condition(
        rt60_s=0.0 if dry else rt60, distance_m=float(np.exp(distance)),
        low_cut_hz=0.0 if full_band else float(np.exp(low)), high_cut_hz=0.0 if full_band else float(np.exp(high)),
        mic_tilt_db_oct=TILT_SPREAD_DB_OCT * float(rng.standard_normal()), noise=noise, snr_db=snr, level_db=level,
        drive=drive if clipped else 0.0)


def record(
    samples: Float32[np.ndarray, " samples"], condition: Condition, *, rng: np.random.Generator
) -> Float32[np.ndarray, " samples"]:
    """Record 16 kHz samples under a condition; the length stays, what the room says afterwards is cut off.

    `rng` decides the echoes and the noise, nothing else.
    """
    heard = samples.astype(np.float64)
    if condition.rt60_s > 0:
        echoes = _echoes(condition, rng)
        n = fft.next_fast_len(len(heard) + len(echoes), real=True)
        heard = heard + fft.irfft(fft.rfft(heard, n) * fft.rfft(echoes, n), n)[: len(heard)]
    if condition.noise != "none":
        hiss = _noise(condition.noise, len(heard), rng)
        heard = heard + hiss * (_rms(heard) / max(_rms(hiss), 1e-12) * 10 ** (-condition.snr_db / 20))
    heard = _through_microphone(heard, condition)
    peak = max(float(np.abs(heard).max(initial=0.0)), 1e-12)
    if condition.drive > 0:
        heard = np.tanh(heard * (condition.drive / peak))
        peak = max(float(np.abs(heard).max()), 1e-12)
    gain = min(10 ** (condition.level_db / 20) / max(_rms(heard), 1e-12), PEAK / peak)
    return (heard * gain).astype(np.float32)


def _rms(samples: Float64[np.ndarray, " samples"]) -> float:
    return float(np.sqrt(np.square(samples).mean()))


def _echoes(condition: Condition, rng: np.random.Generator) -> Float64[np.ndarray, " samples"]:
    """The room's answer to a click, without the direct sound, whose power is 1."""
    power = (condition.distance_m / CRITICAL_M_PER_ROOT) ** 2 * condition.rt60_s
    seconds = np.arange(round(condition.rt60_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    decay = np.exp(-np.log(1000.0) / condition.rt60_s * seconds)  # 60 dB
    bright, dull = rng.standard_normal((2, len(seconds)))
    bins_hz = fft.rfftfreq(len(seconds), 1 / SAMPLE_RATE_HZ)
    low_pass = 1 / np.sqrt(1 + (bins_hz / DAMPING_HZ) ** 4)
    late = fft.irfft(fft.rfft(bright) * (1 - low_pass), len(seconds)) * decay**2
    late += fft.irfft(fft.rfft(dull) * low_pass, len(seconds)) * decay
    late[: round(EARLY_SECONDS[0] * SAMPLE_RATE_HZ)] = 0.0
    early = np.zeros(len(seconds))
    places = np.round(rng.uniform(*EARLY_SECONDS, N_EARLY) * SAMPLE_RATE_HZ).astype(np.int64)
    early[places] = rng.choice([-1.0, 1.0], N_EARLY) * decay[places]
    shares = np.sqrt([EARLY_SHARE * power, (1 - EARLY_SHARE) * power])
    return sum(share * part / np.sqrt(np.square(part).sum()) for share, part in zip(shares, (early, late), strict=True))


def _noise(kind: Noise, n_samples: int, rng: np.random.Generator) -> Float64[np.ndarray, " samples"]:
    """Noise of one kind, at no particular level."""
    bins_hz = np.maximum(fft.rfftfreq(n_samples, 1 / SAMPLE_RATE_HZ), LEAST_HZ)
    noise = fft.irfft(fft.rfft(rng.standard_normal(n_samples)) * bins_hz ** -SLOPES[kind], n_samples)
    if kind != "hum":
        return noise
    seconds = np.arange(n_samples)[:, None] / SAMPLE_RATE_HZ
    harmonics = np.arange(1, N_HUM + 1)
    mains = (np.sin(2 * np.pi * (HUM_HZ * harmonics * seconds + rng.random(N_HUM))) / harmonics).sum(axis=1)
    return np.sqrt(1 - HUM_SHARE) * noise / _rms(noise) + np.sqrt(HUM_SHARE) * mains / _rms(mains)


def _through_microphone(samples: Float64[np.ndarray, " samples"], condition: Condition) -> Float64[np.ndarray, " samples"]:
    """Cut and tilt the spectrum, without delay."""
    bins_hz = fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ)
    octaves = np.log2(np.maximum(bins_hz, LEAST_HZ) / PIVOT_HZ)
    gain = 10 ** (condition.mic_tilt_db_oct / 20 * octaves)
    if condition.low_cut_hz > 0:
        gain = gain / np.sqrt(1 + (condition.low_cut_hz / np.maximum(bins_hz, 1.0)) ** 4)
    if condition.high_cut_hz > 0:
        gain = gain / np.sqrt(1 + (bins_hz / condition.high_cut_hz) ** 8)
    return fft.irfft(fft.rfft(samples) * gain, len(samples))
