"""Tutorial 1, from samples to the tensor: what its checks ask, and the typical wrong answers that they know."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped

from s2f_core.data.audio import CLIP_SAMPLES, SAMPLE_RATE_HZ
from s2f_core.features.spectrogram import FFT_SAMPLES, FREQ_BINS, HOP_SAMPLES, POWER, WINDOW_SAMPLES, n_frames, spectrogram
from s2f_core.lessons.feedback import hint_unless, number, numbers, returned, well_done

HALF = CLIP_SAMPLES // 2
LENGTHS = (CLIP_SAMPLES, HALF, 400, 559, 560, 16_001, 16_239)  # samples that `check_frames` asks about
MISCOUNTED: tuple[tuple[Callable[[int], float], str], ...] = (
    (lambda n: n // HOP_SAMPLES,
     "that lays a window at every hop, also where it would hang over the clip's end"),
    (lambda n: n // HOP_SAMPLES + 1,
     "those are centred windows, the default of many libraries, with padding in front; here window 0 begins at sample 0"),
    (lambda n: (n - WINDOW_SAMPLES) // HOP_SAMPLES,
     "one is missing; how many windows does a clip give that is exactly as long as one window?"),
    (lambda n: 1 - (WINDOW_SAMPLES - n) // HOP_SAMPLES,
     "that rounds up, and the last window would need padding; a window counts where all of it fits"),
    (lambda n: 1 + (n - FFT_SAMPLES) // HOP_SAMPLES,
     f"a window takes {WINDOW_SAMPLES} samples from the clip; {FFT_SAMPLES} is its length with the zeros put behind them"),
    (lambda n: n // WINDOW_SAMPLES,
     "that sets windows side by side; they overlap, for the next one begins a hop later"),
    (lambda n: 1 + (n - WINDOW_SAMPLES) / HOP_SAMPLES,
     "a part of a window is no window; how do you get whole numbers?"),
)

HZ_PER_BIN = SAMPLE_RATE_HZ / FFT_SAMPLES
ASKED_HZ = 1_000
MISPLACED = (
    (ASKED_HZ / HZ_PER_BIN + 1, "counted from one, perhaps; bin 0 stands for 0 Hz"),
    (ASKED_HZ * WINDOW_SAMPLES / SAMPLE_RATE_HZ, "those steps follow from the window's samples; the transform is longer"),
    (2 * ASKED_HZ / HZ_PER_BIN, f"twice too far: {FFT_SAMPLES} points share the whole sample rate, not half of it"),
    (ASKED_HZ / HZ_PER_BIN / 2, "half the way: the bins that are kept reach up to half the sample rate only"),
    (2 * ASKED_HZ * FREQ_BINS / SAMPLE_RATE_HZ, f"nearly; {FREQ_BINS} bins from 0 Hz up have one step less between them"),
    (HZ_PER_BIN, "that is the width of a step in Hz; how many of them make 1,000 Hz?"),
)

QUIETER = 0.1  # amplitudes 20 dB down
MISHEARD = (
    (QUIETER, "so it goes for the samples and the spectrum; the tensor lies behind the power law"),
    (QUIETER**2, "so it goes for the power of the sound; the tensor is made of compressed amplitudes"),
    (QUIETER ** (2 * POWER), "20 dB are a factor of 100 in power; which factor is that in amplitude?"),
    (QUIETER**-POWER, "upside down: quieter sound gives smaller numbers"),
    (1.0, "nothing in this front end makes all clips equally loud; what does the power law do to a factor?"),
    (20 * POWER, "those are decibels; which factor of amplitude are they?"),
    (-20 * POWER, "those are decibels; which factor of amplitude are they?"),
)


def check_frames(count: Any) -> None:
    """Ask for the frames of clips of several lengths in samples. Raises NotYet with what a wrong rule does."""
    said = [number(returned(count, n_samples)) for n_samples in LENGTHS]
    for rule, hint in MISCOUNTED:
        hint_unless(said != [rule(n_samples) for n_samples in LENGTHS], f"{said[0]:g} frames in 6 s: {hint}")
    for n_samples, found in zip(LENGTHS, said, strict=True):
        hint_unless(found == n_frames(n_samples),
                    f"{found:g} frames in {n_samples:,} samples? Draw windows from sample 0 on, and count those that fit")
    well_done(f"{said[0]:g} frames in 6 s, as in the paper's Table 1, and {said[1]:g} in 3 s")


def check_bin(answer: Any) -> None:
    """Which of the 257 bins holds 1 kHz. Raises NotYet with what a wrong one comes from."""
    found = number(answer)
    for wrong, hint in MISPLACED:
        hint_unless(abs(found - wrong) > 1e-3, f"bin {found:g}: {hint}")
    hint_unless(found * HZ_PER_BIN == ASKED_HZ, f"bin {found:g} would stand for {found * HZ_PER_BIN:,.0f} Hz; a step is the "
                                                "sample rate over the length of the transform")
    tone = torch.sin(2 * torch.pi * ASKED_HZ / SAMPLE_RATE_HZ * torch.arange(WINDOW_SAMPLES))
    spectrum = squeezed(spectrogram(tone[None])[0, 0].numpy(), 1 / POWER)
    loudest = int(np.hypot(*spectrum.T).argmax())
    well_done(f"bin {found:g}; a tone of 1 kHz, sent through the package's spectrogram, is loudest in bin {loudest}")


def check_loudness(answer: Any) -> None:
    """By which factor the tensor shrinks where the sound is turned down by 20 dB. Raises NotYet with what a wrong one is."""
    found, right = number(answer), QUIETER**POWER
    for wrong, hint in MISHEARD:
        hint_unless(abs(found - wrong) > 2e-3, f"{found:.3g}: {hint}")
    hint_unless(abs(found - right) < 5e-3, f"{found:.3g} is not it; send the factor of the amplitudes through the power law")
    well_done(f"× {right:.3f}: samples {1 / QUIETER:.0f} times smaller give numbers about half as large")


def parts(spectrum: Shaped[np.ndarray, "*axes"]) -> Float[np.ndarray, "*axes 2"]:
    """Real and imaginary parts side by side on a new last axis."""
    return np.stack([spectrum.real, spectrum.imag], axis=-1)


def squeezed(values: Float[np.ndarray, "*axes"], power: float = POWER) -> Float[np.ndarray, "*axes"]:
    """sgn(x)|x|^power in NumPy, plain and slow: the other road to `spectrogram.compress`."""
    return np.sign(values) * np.abs(values) ** power


def alike(one: Shaped[np.ndarray, "..."], other: Shaped[np.ndarray, "..."]) -> bool:
    """Whether two arrays have one shape and the same numbers, up to what single precision leaves of the largest."""
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=0, atol=1e-4 * max(np.abs(other).max(), 1e-9)))


def _angle_kept(spectrum: Shaped[np.ndarray, "*axes"]) -> Shaped[np.ndarray, "*axes"]:
    return np.abs(spectrum) ** POWER * np.exp(1j * np.angle(spectrum))


TURNED = "a power of a complex number turns its angle too; the paper treats real and imaginary part as two numbers, one by one"
ANGLE = "that squeezes the length and keeps the angle, as some do; the paper treats real and imaginary part as two numbers"
MISSHAPED: tuple[tuple[Callable[[np.ndarray], np.ndarray], str], ...] = (
    (lambda s: s**POWER, TURNED),
    (lambda s: parts(s**POWER), TURNED),
    (_angle_kept, ANGLE),
    (lambda s: parts(_angle_kept(s)), ANGLE),
    (lambda s: np.abs(s) ** POWER, "that is one number for each cell, its squeezed length; two are asked for"),
    (lambda s: np.moveaxis(squeezed(parts(s)), -1, 0), "right numbers, wrong axis: the parts belong on the last one"),
    (lambda s: squeezed(parts(s))[..., ::-1], "right numbers, but the imaginary part stands before the real one"),
    (lambda s: np.abs(squeezed(parts(s))), "all numbers are positive: what became of the sign?"),
    (lambda s: squeezed(parts(s), 0.5), "that is a square root; the paper's exponent is smaller"),
    (lambda s: squeezed(parts(s), 1 / POWER), "that is the way back: it spreads what the law should squeeze"),
    (parts, "real and imaginary part are there, but nothing is squeezed yet"),
)


def check_power_law(law: Any) -> None:
    """Give the law complex arrays with all signs and a zero. Raises NotYet with what a wrong law does."""
    rng = np.random.default_rng(1)
    for shape in ((4, 3), (2, 5, 2)):
        spectrum = rng.normal(0, 3, shape) + 1j * rng.normal(0, 3, shape)
        spectrum.flat[0] = 0
        found, right = numbers(returned(law, spectrum.copy())), squeezed(parts(spectrum))
        hint_unless(not np.isnan(found).any(),
                    "there are NaN in it: a negative number has no such power; set its sign aside and give it back at the end")
        for wrong, hint in MISSHAPED:
            hint_unless(not alike(found, wrong(spectrum)), hint)
        hint_unless(found.shape == right.shape, f"{shape} should become {right.shape}; yours is {found.shape}")
        hint_unless(alike(found, right), f"right shape, wrong numbers; of 8 − 1j the real part becomes {8**POWER:.3f}")
    well_done("signs kept, sizes squeezed, and zero is still zero")
