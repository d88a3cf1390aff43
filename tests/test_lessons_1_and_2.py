"""Checks of tutorials 1 and 2: right answers pass by any road, and each typical wrong one gets the hint that names it."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.signal
import torch
from torch.nn import functional

from s2f_core.features.spectrogram import spectrogram
from s2f_core.lessons import encoder, encoder_facts, sound, sound_tensor
from s2f_core.lessons.feedback import NotYet
from s2f_core.models.voice_encoder import VoiceEncoder, laptop, paper

Check = Callable[[Any], None]
FRAMES, BIN, LAW, LOUDNESS = sound.check_frames, sound.check_bin, sound.check_power_law, sound.check_loudness
TENSOR, PLACES, COUNT = sound_tensor.check_tensor, encoder.check_positions, encoder.check_parameters
SHARE, FIELD, NORM = encoder.check_share, encoder.check_receptive_field, encoder.check_batch_norm
SQUEEZED = sound.squeezed


def frames_by_laying_windows(n_samples: int) -> int:
    return len([first for first in range(0, n_samples, 160) if first + 400 <= n_samples])


def law_by_pairs(spectrum: np.ndarray) -> list:
    flat = [[math.copysign(abs(part) ** 0.3, part) for part in (one.real, one.imag)] for one in spectrum.ravel()]
    return np.reshape(flat, (*spectrum.shape, 2)).tolist()


def law_in_torch(spectrum: np.ndarray) -> torch.Tensor:
    parts = torch.view_as_real(torch.from_numpy(spectrum)).float()
    return parts.sign() * parts.abs() ** 0.3


def tensor_by_scipy(samples: np.ndarray, window: str = "hann", **changes: Any) -> np.ndarray:
    window = scipy.signal.get_window(window, 400)
    asked = {"nperseg": 400, "noverlap": 240, "nfft": 512, "boundary": None, "padded": False, **changes}
    spectra = scipy.signal.stft(samples, window=window, **asked)[2].T * window.sum()
    return sound.squeezed(sound.parts(spectra))


def field_from_the_end(layers: list) -> int:
    seen = 1
    for kernel, stride in layers[::-1]:
        seen = (seen - 1) * stride + kernel
    return seen


def norm_in_torch(hidden: np.ndarray) -> torch.Tensor:
    return functional.batch_norm(torch.from_numpy(hidden).float(), None, None, training=True, eps=1e-3)


@pytest.mark.parametrize(("check", "answer", "found"), [
    (FRAMES, lambda n: 1 + (n - 400) // 160, "598 frames"),
    (FRAMES, frames_by_laying_windows, "298 in 3 s"),
    (FRAMES, lambda n: np.float32(math.floor((n - 240) / 160)), "598"),
    (BIN, 32, "loudest in bin 32"), (BIN, [1_000 / 31.25], "bin 32"), (BIN, torch.tensor(32), "32"),
    (LAW, lambda s: sound.squeezed(sound.parts(s)), "zero"),
    (LAW, law_by_pairs, "zero"), (LAW, law_in_torch, "zero"),
    (LOUDNESS, 0.1**0.3, "half as large"), (LOUDNESS, 0.5, "half"),
    (TENSOR, sound_tensor.tensor, "same numbers"), (TENSOR, tensor_by_scipy, "same numbers"),
    (TENSOR, lambda x: spectrogram(torch.from_numpy(x)[None]), "same numbers"),
    (PLACES, lambda n, kernel, stride: (n - kernel) // stride + 1, "595"),
    (PLACES, lambda n, kernel, stride: len(range(0, n - kernel + 1, stride)), "595"),
    (COUNT, lambda i, o: o * (16 * i + 3), "2,098,688"),
    (SHARE, (57 * 512 + 1) * 4096 / 148_062_976, "80.7%"), (SHARE, 0.81, "148,062,976"),
    (FIELD, field_from_the_end, "259 frames and 31 bins"),
    (FIELD, lambda layers: encoder_facts.stained(layers, 300)[:, 0].sum(), "259"),
    (NORM, lambda h: encoder.normed(h, (0, 2, 3)), "PyTorch"), (NORM, norm_in_torch, "PyTorch"),
])
def test_a_right_answer_passes_by_any_road(check: Check, answer: Any, found: str, capsys: pytest.CaptureFixture[str]) -> None:
    check(answer)
    said = capsys.readouterr().out
    assert said.startswith("✓ ") and found in said


@pytest.mark.parametrize(("check", "answer", "hint"), [
    (FRAMES, lambda n: n // 160, "hang over"), (FRAMES, lambda n: 1 + n // 160, "centred"),
    (FRAMES, lambda n: (n - 400) // 160, "one is missing"), (FRAMES, lambda n: n // 400, "overlap"),
    (FRAMES, lambda n: math.ceil((n - 400) / 160) + 1, "rounds up"),
    (FRAMES, lambda n: 1 + (n - 512) // 160, "takes 400 samples"),
    (FRAMES, lambda n: 1 + (n - 400) / 160, "part of a window"),
    (FRAMES, lambda n: 598, "48,000 samples"),
    (BIN, 33, "bin 0"), (BIN, 25, "longer"), (BIN, 64, "twice too far"),
    (BIN, 16, "half the sample rate"), (BIN, 1_000 / (8_000 / 257), "one step less"),
    (BIN, 31.25, "width of a step"), (BIN, 100, "3,125 Hz"), (BIN, [1, 2], "one number"),
    (BIN, "32", "numbers are asked for"), (BIN, ..., "still open"),
    (LAW, lambda s: s**0.3, "turns its angle"),
    (LAW, lambda s: np.abs(s) ** 0.3 * np.exp(1j * np.angle(s)), "keeps the angle"),
    (LAW, lambda s: sound.parts(np.abs(s) ** 0.3 * np.exp(1j * np.angle(s))), "keeps the angle"),
    (LAW, lambda s: np.abs(s) ** 0.3, "two are asked for"),
    (LAW, lambda s: SQUEEZED(np.stack([s.real, s.imag])), "last one"),
    (LAW, lambda s: SQUEEZED(np.stack([s.imag, s.real], axis=-1)), "before the real"),
    (LAW, lambda s: np.abs(sound.parts(s)) ** 0.3, "sign"),
    (LAW, lambda s: SQUEEZED(sound.parts(s), 0.5), "square root"),
    (LAW, lambda s: SQUEEZED(sound.parts(s), 1 / 0.3), "way back"),
    (LAW, lambda s: np.where(sound.parts(s) < 0, np.nan, 1), "NaN"),
    (LAW, sound.parts, "nothing is squeezed"), (LAW, lambda s: ..., "still open"),
    (LAW, lambda s: s.reel, "AttributeError"), (LAW, lambda s: None, "return"),
    (LAW, 0.3, "a function is asked for"),
    (LAW, lambda s: SQUEEZED(sound.parts(s)) * 2, "8 − 1j"),
    (LOUDNESS, 0.1, "behind the power law"), (LOUDNESS, 0.01, "power of the sound"),
    (LOUDNESS, 0.01**0.3, "factor of 100 in power"), (LOUDNESS, 10**0.3, "upside down"),
    (LOUDNESS, 1, "equally loud"), (LOUDNESS, -6, "decibels"), (LOUDNESS, 0.7, "is not it"),
    (TENSOR, lambda x: sound_tensor.tensor(x).swapaxes(0, 1), "frequency comes first"),
    (TENSOR, lambda x: np.moveaxis(sound_tensor.tensor(x), -1, 0), "come last"),
    (TENSOR, lambda x: np.hypot(*np.moveaxis(sound_tensor.tensor(x), -1, 0)), "three axes"),
    (TENSOR, lambda x: sound_tensor.tensor(x) @ [1, 1j], "complex"),
    (TENSOR, lambda x: tensor_by_scipy(x, nfft=400), "zeros to 512"),
    (TENSOR, lambda x: tensor_by_scipy(x, return_onesided=False), "mirrors"),
    (TENSOR, lambda x: tensor_by_scipy(np.pad(x, 200)), "centred"),
    (TENSOR, lambda x: sound_tensor.tensor(x)[:-1], "should become"),
    (TENSOR, lambda x: tensor_by_scipy(x, "boxcar"), "no window"),
    (TENSOR, lambda x: sound_tensor.tensor(x, window=np.hanning(400)), "symmetric"),
    (TENSOR, lambda x: sound_tensor.tensor(x, zeros_in_front=56), "not around"),
    (TENSOR, lambda x: sound_tensor.tensor(x) * [1, -1], "other sign"),
    (TENSOR, lambda x: SQUEEZED(sound_tensor.tensor(x), 1 / 0.3), "power law is missing"),
    (TENSOR, lambda x: sound_tensor.tensor(x / 200), "0.005 times"),
    (TENSOR, lambda x: sound_tensor.tensor(x[::-1].copy()), "frame 0"),
])
def test_a_wrong_answer_to_tutorial_1_is_named(check: Check, answer: Any, hint: str) -> None:
    with pytest.raises(NotYet, match=hint):
        check(answer)


@pytest.mark.parametrize(("check", "answer", "hint"), [
    (PLACES, lambda n, k, s: n - k + 1, "steps of one"),
    (PLACES, lambda n, k, s: n // s, "hang"), (PLACES, lambda n, k, s: (n - k) // s, "one is missing"),
    (PLACES, lambda n, k, s: math.ceil(n / s), "with padding"),
    (PLACES, lambda n, k, s: (n - k + 1) // s, "nearly"),
    (PLACES, lambda n, k, s: math.ceil((n - k) / s) + 1, "rounds up"),
    (PLACES, lambda n, k, s: (n - k) / s + 1, "part of a place"),
    (PLACES, lambda n, k, s: 595, "Draw it"),
    (COUNT, lambda i, o: 16 * i * o, "more numbers"), (COUNT, lambda i, o: i * o, "Count for one filter"),
    (COUNT, lambda i, o: 16 * i * o + o, "batch norm learn"),
    (COUNT, lambda i, o: 16 * i * o + 2 * o, "bias"),
    (COUNT, lambda i, o: 16 * i * o + 5 * o, "measured, not learnt"),
    (COUNT, lambda i, o: 16 * i * o + i + 2 * o, "each channel that leaves"),
    (COUNT, lambda i, o: 16 * o + 3 * o, "all channels that enter"),
    (COUNT, lambda i, o: 4 * i * o + 3 * o, "four bins wide"),
    (SHARE, 80.74, "per cent"), (SHARE, 0.1133, "second"), (SHARE, 0.9207, "both"),
    (SHARE, 512 * 4096 / 148_062_976, "averaged away"), (SHARE, 0.8074 / 0.1926, "all others"),
    (SHARE, 0.5, "is not it"),
    (FIELD, lambda layers: 1 + sum(k - 1 for k, _ in layers), "without strides"),
    (FIELD, lambda layers: sum(k for k, _ in layers), "overlap"),
    (FIELD, lambda layers: field_from_the_end(layers[::-1]), "other way round"),
    (FIELD, lambda layers: math.prod(s for _, s in layers), "how far apart"),
    (FIELD, lambda layers: 1 + sum((k - 1) * math.prod(s for _, s in layers[: place + 1])
                                                            for place, (k, _) in enumerate(layers)), "own stride"),
    (FIELD, lambda layers: 259, "draw the first"),
    (NORM, lambda h: encoder.normed(h, (2, 3)), "instance norm"),
    (NORM, lambda h: encoder.normed(h, (1, 2, 3)), "layer norm"),
    (NORM, lambda h: (h - h.mean()) / h.std(), "one mean for everything"),
    (NORM, lambda h: (h - h.mean(0)) / h.std(0), "each place for itself"),
    (NORM, lambda h: encoder.normed(h, (0, 2)), "bins apart"),
    (NORM, lambda h: encoder.normed(h, (0, 1, 2)), "the second one"),
    (NORM, lambda h: h - h.mean((0, 2, 3), keepdims=True), "not 1 yet"),
    (NORM, lambda h: (h - h.mean((0, 2, 3), keepdims=True)) / h.var((0, 2, 3), keepdims=True), "variance"),
    (NORM, lambda h: h.mean((0, 2, 3)), "shape"), (NORM, lambda h: h, "each channel"),
])
def test_a_wrong_answer_to_tutorial_2_is_named(check: Check, answer: Any, hint: str) -> None:
    with pytest.raises(NotYet, match=hint):
        check(answer)


def test_the_sound_comes_back_from_its_tensor() -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 8_000).astype(np.float32)
    again = sound_tensor.heard_again(spectrogram(torch.from_numpy(samples)[None])[0].numpy())
    np.testing.assert_allclose(again[160:-160], samples[160 : len(again) - 160], atol=1e-4)


def test_what_is_dyed_is_what_the_package_counts() -> None:
    for config in (paper(), laptop()):
        layers = [layer[1:] for layer in encoder_facts.axis_of(config, 0)]
        assert encoder_facts.stained(layers, 598)[:, 0].sum() == config.least_frames()
        bins = encoder_facts.stained([layer[1:] for layer in encoder_facts.axis_of(config, 1)], 257)
        assert bins.shape[1] == config.bins()


def test_operations_are_two_for_each_weight_at_each_place() -> None:
    counted, rows = encoder_facts.operations(paper()), {"conv7": (31 * 236, 16 * 256 * 512), "fc1": (1, 57 * 512 * 4096)}
    assert {name: counted[name] for name in rows} == {name: 2 * places * weights for name, (places, weights) in rows.items()}
    assert sum(counted.values()) == pytest.approx(178e9, rel=0.01)


def test_half_the_channels_are_half_the_channels() -> None:
    narrow = encoder_facts.narrowed(paper(), 2)
    assert [conv.channels * 2 for conv in narrow.convs] == [conv.channels for conv in paper().convs]
    assert encoder_facts.n_parameters(VoiceEncoder(encoder_facts.narrowed(paper(), 64))) < 2e7


def test_without_batch_norm_the_default_draw_makes_voices_alike() -> None:
    clips = torch.randn(2, 259, 257, 2, generator=torch.Generator().manual_seed(0))
    draws = ("batch norm", *encoder_facts.DRAWS)
    end = {draw: encoder_facts.differences(draw, clips, seed=1, divisor=64)["fc2"] for draw in draws}
    assert min(end, key=end.get) == "PyTorch's default" and end["batch norm"] > 20 * end["PyTorch's default"]
