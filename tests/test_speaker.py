"""The speaker encoder is resemblyzer's to float precision, and loads from one file that explains itself."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from s2f_core import artifacts
from s2f_core.data.audio import read_clip
from s2f_core.errors import InputError
from s2f_core.features import speaker
from s2f_core.features.speaker import SpeakerEncoder, partial_starts

DATA = Path(__file__).resolve().parents[1] / "data"
WEIGHTS = DATA / "weights" / "ge2e.safetensors"


@pytest.fixture(scope="module")
def encoder() -> SpeakerEncoder:
    if not WEIGHTS.is_file():
        pytest.skip("data/weights is not here; run `dvc pull`")
    return speaker.load(WEIGHTS)


@pytest.fixture
def resemblyzer(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The original package; its voice-activity detector, which is not compared and seldom installs, left out."""
    pytest.importorskip("librosa", reason="librosa, which resemblyzer needs, is not installed")
    for name in ("webrtcvad", "scipy.ndimage.morphology"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setattr(sys.modules["scipy.ndimage.morphology"], "binary_dilation", None, raising=False)
    return pytest.importorskip("resemblyzer", reason="resemblyzer, the referee, is not installed")


def original_weights() -> Path:
    found = importlib.util.find_spec("resemblyzer")
    if found is None:
        pytest.skip("resemblyzer, whose weights were converted, is not installed")
    return Path(found.origin).with_name("pretrained.pt")


def noise(n_clips: int, n_samples: int, level: float = 0.05) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(0, level, (n_clips, n_samples))).float()


def chord() -> torch.Tensor:
    """Three seconds of a swelling harmonic tone of 140 Hz: the same numbers on every machine."""
    seconds = np.arange(48_000) / 16_000
    tones = sum(np.sin(2 * np.pi * 140 * k * seconds) / k for k in range(1, 20))
    return torch.from_numpy(0.1 * (1 + np.sin(2 * np.pi * 3 * seconds)) * tones).float()[None]


@pytest.mark.parametrize("n_samples", [8_000, 25_600, 40_000, 96_000, 100_001])
@pytest.mark.parametrize("level", [0.001, 0.2])
def test_it_is_resemblyzer(encoder: SpeakerEncoder, resemblyzer: ModuleType, n_samples: int, level: float) -> None:
    clip = noise(1, n_samples, level)
    louder = resemblyzer.normalize_volume(clip[0].numpy(), -30, increase_only=True)
    theirs = resemblyzer.VoiceEncoder("cpu", verbose=False).embed_utterance(louder)
    np.testing.assert_allclose(encoder.embed(clip)[0], theirs, atol=1e-5)


def test_a_known_sound_has_its_known_embedding(encoder: SpeakerEncoder) -> None:
    embedding = encoder.embed(chord())[0]
    strongest = embedding.argsort(descending=True)[:4]
    assert strongest.tolist() == [246, 122, 187, 243]
    np.testing.assert_allclose(embedding[strongest], [0.301793, 0.258525, 0.221963, 0.221481], atol=1e-4)


def test_embeddings_lie_on_the_unit_sphere_and_do_not_depend_on_the_batch(encoder: SpeakerEncoder) -> None:
    clips = noise(3, 48_000)
    embeddings = encoder.embed(clips)
    assert embeddings.shape == (3, 256) and not embeddings.requires_grad
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(3))
    for number in range(3):
        torch.testing.assert_close(encoder.embed(clips[number : number + 1])[0], embeddings[number], atol=1e-5, rtol=0)


def test_a_quiet_clip_is_raised_and_silence_stays_finite(encoder: SpeakerEncoder) -> None:
    torch.testing.assert_close(encoder.embed(0.01 * chord()), encoder.embed(0.001 * chord()), atol=1e-5, rtol=0)
    assert encoder.embed(torch.zeros(1, 48_000)).isfinite().all()


def test_a_voice_is_nearer_to_itself_than_to_others(encoder: SpeakerEncoder) -> None:
    clips = {path.stem: read_clip(path) for path in sorted((DATA / "speech").glob("*_*s*.*"))}
    low = clips.pop("english_low_7s")
    first, second, *others = encoder.embed(torch.from_numpy(np.stack([
        np.resize(low[:48_000], 96_000), np.resize(low[48_000:], 96_000), *clips.values()])))  # fmt: skip
    assert first @ second > 0.1 + max(float(first @ other) for other in others)


def test_stretches_of_1_6_s_overlap_and_a_mostly_empty_last_one_is_dropped() -> None:
    assert partial_starts(96_000) == [0, 77, 154, 231, 308, 385, 462]
    assert partial_starts(8_000) == [0]
    starts_by_length = {n: len(partial_starts(n)) for n in range(16_000, 64_000, 400)}
    assert sorted(starts_by_length.values()) == list(starts_by_length.values())
    for n_samples, n_starts in starts_by_length.items():
        last = (n_starts - 1) * 77 * 160
        assert n_starts == 1 or n_samples - last >= 0.75 * 25_600


def test_a_file_that_is_not_the_encoder_says_so(tmp_path: Path, encoder: SpeakerEncoder) -> None:
    with pytest.raises(InputError, match="is missing; run `dvc pull`"):
        speaker.load(tmp_path / "none.safetensors")
    tensors, meta = artifacts.read_tensors(WEIGHTS)
    broken = tmp_path / "broken.safetensors"
    artifacts.write_tensors(broken, tensors | {"linear.bias": tensors["linear.bias"] + 1}, meta)
    with pytest.raises(InputError, match="does not match the hash of its content"):
        speaker.load(broken)
    for content, config, reason in (
        ({"face": np.zeros(3)}, meta["config"], r"holds no speaker encoder \(Error\(s\) in loading state_dict"),
        (tensors, meta["config"] | {"mels": 40}, "holds no speaker encoder .*unexpected keyword argument 'mels'"),
        (tensors, None, "holds no speaker encoder"),
    ):
        artifacts.write_tensors(broken, content, {"config": config, "content_sha256": artifacts.content_hash(content)})
        with pytest.raises(InputError, match=reason):
            speaker.load(broken)


def test_the_stored_weights_are_what_converting_the_original_gives(tmp_path: Path, encoder: SpeakerEncoder) -> None:
    speaker.convert(original_weights(), tmp_path / "ge2e.safetensors")
    assert (tmp_path / "ge2e.safetensors").read_bytes() == WEIGHTS.read_bytes()


def test_only_the_original_is_converted(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"pretrained\.pt is missing; .* brings it"):
        speaker.convert(tmp_path / "pretrained.pt", tmp_path / "a.safetensors")
    (tmp_path / "pretrained.pt").write_bytes(b"anything")
    with pytest.raises(InputError, match=r"has SHA-256 ee0874170b7f…, resemblyzer 0\.1\.4's has 39373b86598f…"):
        speaker.convert(tmp_path / "pretrained.pt", tmp_path / "a.safetensors")
