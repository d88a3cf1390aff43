"""The spectrogram is the paper's: SciPy's transform, NumPy's 64-bit power law, and 598×257×2 for 6 s."""

import numpy as np
import pytest
import scipy.signal
import torch

from s2f_core.errors import InputError
from s2f_core.features import spectrogram as room
from s2f_core.features.spectrogram import compress, n_frames, spectrogram


def noise(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(0, 0.1, shape)).to(dtype)


def scipy_stft(waveforms: np.ndarray) -> np.ndarray:
    """Complex spectra (batch, frames, freq), windows laid without padding, SciPy's scaling by the window undone."""
    window = scipy.signal.get_window("hann", 400)
    _, _, spectra = scipy.signal.stft(
        waveforms, window=window, nperseg=400, noverlap=240, nfft=512, boundary=None, padded=False
    )
    return np.swapaxes(spectra * window.sum(), 1, 2)


def power_law(spectra: np.ndarray) -> np.ndarray:
    parts = np.stack([spectra.real, spectra.imag], axis=-1)
    return np.sign(parts) * np.abs(parts) ** 0.3


def test_the_derived_constants_are_the_papers() -> None:
    assert (room.WINDOW_SAMPLES, room.HOP_SAMPLES, room.FREQ_BINS, room.CLIP_FRAMES) == (400, 160, 257, 598)


@pytest.mark.parametrize(("seconds", "frames"), [(6, 598), (3, 298)])
def test_the_shapes_are_those_of_the_papers_table(seconds: int, frames: int) -> None:
    assert spectrogram(noise(2, seconds * 16_000)).shape == (2, frames, 257, 2)


def test_it_is_scipys_transform_under_a_64_bit_power_law() -> None:
    waveforms = noise(3, 48_000, dtype=torch.float64)
    np.testing.assert_allclose(spectrogram(waveforms), power_law(scipy_stft(waveforms.numpy())), atol=1e-7)


def test_in_single_precision_the_transform_is_scipys_to_float_precision() -> None:
    """The power law is undone first: its slope at zero is infinite, so that rounding there shows enlarged."""
    waveforms = noise(2, 96_000)
    ours, theirs = spectrogram(waveforms).double(), scipy_stft(waveforms.double().numpy())
    restored = torch.view_as_complex(ours.sign() * ours.abs() ** (1 / 0.3))
    np.testing.assert_allclose(restored, theirs, atol=1e-5 * np.abs(theirs).max())


def test_the_compression_is_the_64_bit_power_law_on_33_decades() -> None:
    sizes = torch.logspace(-16, 17, 10_000)
    values = torch.cat([sizes, -sizes])
    exact = values.double().numpy()
    np.testing.assert_allclose(compress(values), np.sign(exact) * np.abs(exact) ** 0.3, rtol=4e-6)


def test_compressed_zero_is_zero_and_what_is_nearly_zero_stays_so() -> None:
    assert torch.equal(compress(torch.zeros(3)), torch.zeros(3))
    assert compress(torch.tensor([1e-19, -1e-30, 1e-40])).abs().max() < 2.1e-6


@pytest.mark.parametrize("n_samples", [400, 559, 560, 561, 8_000, 16_001])
def test_every_window_that_fits_is_a_frame_and_no_other(n_samples: int) -> None:
    waveforms = noise(1, n_samples)
    starts = range(0, n_samples - 399, 160)
    assert spectrogram(waveforms).shape[1] == n_frames(n_samples) == len(starts)
    last = power_law(scipy_stft(waveforms[:, starts[-1] : starts[-1] + 400].double().numpy()))
    np.testing.assert_allclose(spectrogram(waveforms)[:, -1:], last, atol=2e-3)


def test_a_clip_does_not_depend_on_its_batch() -> None:
    waveforms = noise(5, 20_000)
    for number, waveform in enumerate(waveforms):
        torch.testing.assert_close(spectrogram(waveform[None])[0], spectrogram(waveforms)[number], rtol=0, atol=0)


def test_the_waveforms_are_left_alone_and_may_be_a_view() -> None:
    waveforms = noise(2, 40_000)
    before = waveforms.clone()
    every_second = spectrogram(waveforms[:, ::2])
    assert torch.equal(waveforms, before)
    torch.testing.assert_close(every_second, spectrogram(waveforms[:, ::2].contiguous()), rtol=0, atol=0)


def test_no_clips_give_no_spectrograms() -> None:
    assert spectrogram(torch.zeros(0, 16_000)).shape == (0, 98, 257, 2)


def test_a_waveform_shorter_than_a_window_is_refused() -> None:
    with pytest.raises(InputError, match=r"needs 400 samples \(25 ms\); got 399"):
        spectrogram(torch.zeros(1, 399))


def test_gradients_flow_and_are_finite_in_silence() -> None:
    waveforms = noise(1, 560, dtype=torch.float64).requires_grad_()
    torch.testing.assert_close(spectrogram(waveforms), spectrogram(waveforms.detach()), rtol=0, atol=1e-12)
    kept = (spectrogram(waveforms).detach().abs() > 0.3).to(waveforms.dtype)  # away from the infinite slope at zero
    assert torch.autograd.gradcheck(lambda values: spectrogram(values) * kept, waveforms, fast_mode=True)
    silence = torch.zeros(1, 560, requires_grad=True)
    spectrogram(silence).sum().backward()
    assert silence.grad.isfinite().all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_a_gpu_gives_what_the_cpu_gives() -> None:
    waveforms = noise(4, 96_000)
    on_gpu = spectrogram(waveforms.cuda())
    assert on_gpu.is_cuda
    restored = [values.double().sign() * values.double().abs() ** (1 / 0.3) for values in
                (on_gpu.cpu(), spectrogram(waveforms))]  # fmt: skip
    torch.testing.assert_close(*restored, rtol=0, atol=1e-4)
