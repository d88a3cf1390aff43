"""Clips per second from 6-s waveforms to compressed spectrograms, ours and three others in turns in one run.

    python benchmarks/sound.py [--json PATH]

(a) one clip after the other with librosa or NumPy, sign(x)·|x|^0.3, stacked into a batch for the network: what public
    re-implementations of the paper run, on the one thread they use;
(b) torchaudio.transforms.Spectrogram on the same batch, then the same formula (and, to be strict, our fast one).
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import librosa
import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from s2f_core import artifacts
from s2f_core.data.audio import CLIP_SAMPLES
from s2f_core.data.torchaudio_stub import load_torchaudio
from s2f_core.features.spectrogram import FFT_SAMPLES, HOP_SAMPLES, POWER, WINDOW_SAMPLES, compress, spectrogram

BATCH = 8  # clips, as in the paper's training
REPEATS = 10  # batches per measurement
ROUNDS = 9
TARGETS = {"(a) librosa loop": 10.0, "(b) torchaudio": 1.0}
HANN = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)


def power_law(spectrum: np.ndarray) -> np.ndarray:
    """Compress real and imaginary parts as re-implementations write it down."""
    real, imaginary = spectrum.real, spectrum.imag
    parts = (np.sign(real) * np.abs(real) ** POWER, np.sign(imaginary) * np.abs(imaginary) ** POWER)
    return np.stack(parts, axis=-1)


def librosa_loop(waveforms: torch.Tensor) -> torch.Tensor:
    """(a) with librosa.stft."""
    stft = partial(librosa.stft, n_fft=FFT_SAMPLES, hop_length=HOP_SAMPLES, win_length=WINDOW_SAMPLES, window="hann")
    return torch.from_numpy(np.stack([power_law(stft(clip).T) for clip in waveforms.numpy()]))


def numpy_loop(hann: np.ndarray, waveforms: torch.Tensor) -> torch.Tensor:
    """(a) with numpy.fft.rfft on framed samples, in the precision of the window."""
    framed = (sliding_window_view(clip, WINDOW_SAMPLES)[::HOP_SAMPLES] * hann for clip in waveforms.numpy())
    return torch.from_numpy(np.stack([power_law(np.fft.rfft(frames, FFT_SAMPLES)) for frames in framed]))


def torchaudio_batch(transform: torch.nn.Module, strict: bool, waveforms: torch.Tensor) -> torch.Tensor:
    """(b), with the plain formula or, if `strict`, with our compression."""
    parts = torch.view_as_real(transform(waveforms))
    return compress(parts) if strict else parts.sign() * parts.abs().pow(POWER)


def clips_per_second(method: Callable[[torch.Tensor], torch.Tensor], waveforms: torch.Tensor) -> float:
    """Run REPEATS batches and return the speed by wall clock."""
    start = time.perf_counter()
    for _ in range(REPEATS):
        method(waveforms)
    return REPEATS * len(waveforms) / (time.perf_counter() - start)


def measure(n_threads: int) -> dict[str, list[float]]:
    """Return each method's speeds, one for each round, the methods taking turns."""
    torch.set_num_threads(n_threads)
    waveforms = torch.from_numpy(np.random.default_rng(0).normal(0, 0.1, (BATCH, CLIP_SAMPLES)).astype(np.float32))
    transform = load_torchaudio().transforms.Spectrogram(
        n_fft=FFT_SAMPLES, win_length=WINDOW_SAMPLES, hop_length=HOP_SAMPLES, power=None, center=False
    )
    methods = {
        "ours": spectrogram,
        "(a) librosa loop": librosa_loop,
        "(a) NumPy loop, single precision": partial(numpy_loop, HANN),
        "(a) NumPy loop, np.hanning as it is": partial(numpy_loop, np.hanning(WINDOW_SAMPLES)),
        "(b) torchaudio": partial(torchaudio_batch, transform, False),
        "(b) torchaudio, our compression": partial(torchaudio_batch, transform, True),
    }
    for method in methods.values():
        method(waveforms)
    speeds: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(ROUNDS):
        for name, method in methods.items():
            speeds[name].append(clips_per_second(method, waveforms))
    return speeds


def main() -> None:
    """Run, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    wanted = parser.parse_args()
    print(f"sound front end, batches of {BATCH} clips of 6 s, median of {ROUNDS} rounds (smallest-largest)")
    table = []
    for n_threads in sorted({1, torch.get_num_threads()}):
        speeds = measure(n_threads)
        for name, taken in speeds.items():
            ratios = [ours / other for ours, other in zip(speeds["ours"], taken, strict=True)]
            row = {"threads": n_threads, "method": name, "clips_per_s": statistics.median(taken),
                   "ours_is_times": statistics.median(ratios)}  # fmt: skip
            table.append(row)
            target = f"   (target ≥ {TARGETS[name]:g}×)" if name in TARGETS else ""
            print(f"  {n_threads} torch thread{'s'[: n_threads > 1]:1}  {name:36} {row['clips_per_s']:7.0f} clips/s  "
                  f"ours is {row['ours_is_times']:5.2f}× ({min(ratios):.2f}-{max(ratios):.2f}){target}")  # fmt: skip
    if wanted.json:
        artifacts.write_json(wanted.json, {"batch": BATCH, "rounds": ROUNDS, "targets": TARGETS, "methods": table})


if __name__ == "__main__":
    main()
