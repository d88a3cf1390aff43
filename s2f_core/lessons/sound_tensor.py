"""Tutorial 1: a student's whole front end beside the package's, and how a tensor is made audible again."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, Shaped

from s2f_core.features.spectrogram import FFT_SAMPLES, HOP_SAMPLES, POWER, WINDOW_SAMPLES, spectrogram
from s2f_core.lessons.feedback import hint_unless, numbers, returned, well_done
from s2f_core.lessons.sound import alike, parts, squeezed

HANN = np.hanning(WINDOW_SAMPLES + 1)[:-1]  # periodic: the next period begins where this one ends
SPARE = FFT_SAMPLES - WINDOW_SAMPLES
FEWEST = 1e-2  # of the windows' squares that add up at a sample: at the very edges there is nothing to average


def tensor(samples: Float[np.ndarray, " samples"], *, window: Float[np.ndarray, " window"] = HANN,
           zeros_in_front: int = 0) -> Float[np.ndarray, "frames freq 2"]:
    """The front end in NumPy, step by step; its options make mistakes on purpose, for `check_tensor` to know them."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW_SAMPLES)[::HOP_SAMPLES] * window
    return squeezed(parts(np.fft.rfft(np.pad(frames, ((0, 0), (zeros_in_front, 0))), FFT_SAMPLES)))


def _opened(values: Float[np.ndarray, "*axes"]) -> Float[np.ndarray, "*axes"]:
    """The power law undone: near zero it is so steep that rounding would look like a mistake."""
    return squeezed(values.astype(np.float64), 1 / POWER)


MISBUILT: tuple[tuple[Callable[[np.ndarray], np.ndarray], str], ...] = (
    (partial(tensor, window=np.ones(WINDOW_SAMPLES)),
     "no window lies over the frames: each begins and ends with a jump"),
    (partial(tensor, window=np.hanning(WINDOW_SAMPLES)),
     "nearly: np.hanning is symmetric, and the package's Hann window periodic: one point longer, and the last one left away"),
    (partial(tensor, zeros_in_front=SPARE // 2),
     "the zeros belong behind the 400 samples, not around them: that turns the angles"),
    (lambda samples: tensor(samples) * [1, -1],
     "the imaginary parts have the other sign: which way round does your transform turn?"),
    (lambda samples: _opened(tensor(samples)),
     "the spectrum is right, and the power law is missing"),
)


def check_tensor(make: Any) -> None:
    """Let a student's front end meet the package's on clips that it has not seen. Raises NotYet with what is different."""
    rng = np.random.default_rng(2)
    for n_samples in (8_000, 5_119):
        samples = rng.normal(0, 0.1, n_samples).astype(np.float32)
        found = numbers(returned(make, samples.copy()))
        found = found[0] if found.ndim == 4 and len(found) == 1 else found  # a batch of one will do
        right = spectrogram(torch.from_numpy(samples)[None])[0].numpy()
        _check_axes(found, right.shape, n_samples)
        opened, wanted = _opened(found), _opened(right)
        for wrong, hint in MISBUILT:
            hint_unless(not alike(opened, _opened(wrong(samples.astype(np.float64)))), hint)
        times = float(np.abs(opened).max() / np.abs(wanted).max())
        hint_unless(abs(times - 1) < 1e-3 or not alike(opened, times * wanted),
                    f"before the power law all your numbers are {times:.3g} times the package's: does something divide them?")
        hint_unless(alike(opened, wanted),
                    "right shape, wrong numbers; go through frame 0: the 400 samples, times the window, the transform, the law")
    well_done(f"{n_samples:,} samples become {right.shape}, the same numbers as from the package, up to rounding")


def _check_axes(found: Shaped[np.ndarray, "..."], shape: tuple[int, ...], n_samples: int) -> None:
    frames, bins, _ = shape
    hint_unless(found.dtype.kind != "c", "these numbers are complex still: real and imaginary part belong on a last axis")
    hint_unless(found.shape != (bins, frames, 2), "frequency comes first here; frames should")
    hint_unless(found.shape != (2, frames, bins), "real and imaginary part come first here; they should come last")
    hint_unless(found.ndim == 3, f"three axes are asked for (frames, bins, real and imaginary); yours is {found.shape}")
    hint_unless(found.shape[1] != WINDOW_SAMPLES // 2 + 1,
                f"{found.shape[1]} bins come from the {WINDOW_SAMPLES} samples alone; fill them up with zeros to {FFT_SAMPLES}")
    hint_unless(found.shape[1] != FFT_SAMPLES, "that is the whole transform; of real sound the upper half mirrors the lower")
    hint_unless(found.shape[0] != 1 + n_samples // HOP_SAMPLES, "so many frames come from centred windows; switch padding off")
    hint_unless(found.shape == shape, f"{n_samples:,} samples should become {shape}; yours is {found.shape}")


def heard_again(values: Float[np.ndarray, "frames freq 2"]) -> Float32[np.ndarray, " samples"]:
    """Sound from a tensor: the power law undone, frames transformed back and laid over each other, weighted by the window."""
    frames = np.fft.irfft(_opened(values) @ np.array([1, 1j]))[:, :WINDOW_SAMPLES] * HANN
    sound, weight = np.zeros((2, (len(frames) - 1) * HOP_SAMPLES + WINDOW_SAMPLES))
    for place, frame in enumerate(frames):
        here = slice(place * HOP_SAMPLES, place * HOP_SAMPLES + WINDOW_SAMPLES)
        sound[here] += frame
        weight[here] += HANN**2
    return np.clip(sound / np.maximum(weight, FEWEST), -1, 1).astype(np.float32)
