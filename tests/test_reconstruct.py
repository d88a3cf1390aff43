"""Faces from voices and pictures: batched or not, looped as the data are, from any sound file, with the note inside."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from made_set import DRAWN_PX, FACE_PX, FEATURE, randomly, write_ge2e, write_set
from PIL import Image

from s2f_core.data.audio import fit_clip, read_clip
from s2f_core.errors import InputError
from s2f_core.features.spectrogram import spectrogram
from s2f_core.models.face_decoder import FaceDecoder
from s2f_core.models.voice_encoder import VoiceEncoder
from s2f_core.reconstruct import BATCH, NOTE, Reconstructor

SPEECH = Path(__file__).resolve().parents[1] / "data" / "speech"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = write_set(tmp_path_factory.mktemp("weights") / "set", "6s", "3s", "speaker")
    write_ge2e(written.parent / "ge2e.safetensors")
    return written


@pytest.fixture(scope="module", params=["6s", "speaker"])
def reconstructor(folder: Path, request: pytest.FixtureRequest) -> Reconstructor:
    return Reconstructor.load(folder, request.param)


@pytest.fixture(scope="module")
def six(folder: Path) -> Reconstructor:
    return Reconstructor.load(folder)


def tones(n_clips: int, n_samples: int) -> torch.Tensor:
    """Clips that differ in pitch."""
    pitch_hz = 100 + 70 * torch.arange(n_clips)[:, None]
    return 0.3 * torch.sin(2 * torch.pi * pitch_hz * torch.arange(n_samples) / 16_000) + 0.01 * randomly(3, n_clips, n_samples)


def pictures(n_faces: int) -> torch.Tensor:
    """Pictures that differ in colour."""
    rng = np.random.default_rng(4)
    colours = rng.integers(0, 156, (n_faces, 1, 1, 3)) + rng.integers(0, 100, (n_faces, FACE_PX, FACE_PX, 3))
    return torch.from_numpy(colours.astype(np.uint8))


def test_many_voices_are_heard_as_each_alone(reconstructor: Reconstructor) -> None:
    clips = tones(BATCH + 2, 20_000)
    features = reconstructor.hear(clips)
    assert features.shape == (BATCH + 2, FEATURE) and features.dtype == torch.float32
    alone = torch.cat([reconstructor.hear(clip[None]) for clip in clips])
    torch.testing.assert_close(features, alone, atol=1e-4, rtol=1e-4)
    assert features.std(dim=0).min() > 1e-3  # far above the tolerance: voices differ


def test_many_faces_are_seen_and_drawn_as_each_alone(six: Reconstructor) -> None:
    faces = pictures(BATCH + 2)
    features = six.see(faces)
    assert features.shape == (BATCH + 2, FEATURE) and features.dtype == torch.float32
    torch.testing.assert_close(features, torch.cat([six.see(face[None]) for face in faces]), atol=1e-5, rtol=1e-5)
    drawn = six.draw(features)
    assert drawn.shape == (BATCH + 2, DRAWN_PX, DRAWN_PX, 3) and drawn.dtype == torch.uint8
    alone = torch.cat([six.draw(feature[None]) for feature in features])
    torch.testing.assert_close(drawn.short(), alone.short(), atol=1, rtol=0)
    assert (drawn.short() - drawn[0].short()).abs()[1:].amax(dim=(1, 2, 3)).min() > 5


@pytest.mark.parametrize("n_samples", [8_000, 20_000, 48_000, 96_000, 110_000])
def test_clips_are_looped_or_cut_as_the_data_are(folder: Path, six: Reconstructor, n_samples: int) -> None:
    clip = tones(1, n_samples)[0]
    fitted = torch.from_numpy(fit_clip(clip.numpy()))[None]
    encoder = VoiceEncoder.load(folder / "voice_encoder_6s.safetensors")
    torch.testing.assert_close(six.hear(clip[None]), encoder(spectrogram(fitted)), atol=1e-5, rtol=1e-5)


def test_exaggeration_moves_the_picture_and_minus_one_is_the_mean_face(folder: Path, six: Reconstructor) -> None:
    features = 3 * randomly(5, 3, FEATURE)
    mean = FaceDecoder.load(folder / "face_decoder.safetensors")(six.networks.mean.mean[None]).image
    expected = (255 * mean[0].clamp(0, 1)).round().permute(1, 2, 0)
    for face in six.draw(features, -1.0):
        torch.testing.assert_close(face.float(), expected, atol=1, rtol=0)
    plain, more = six.draw(features), six.draw(features, 1.4)
    centre = six.networks.mean.mean
    assert torch.equal(more, six.draw(centre + 2.4 * (features - centre)))
    assert not torch.equal(plain, more)


def test_what_cannot_be_heard_or_drawn_is_refused(six: Reconstructor) -> None:
    bad = tones(2, 20_000)
    bad[1, 5] = torch.nan
    for clips, reason in ((bad, "some are NaN"), (tones(1, 7_999), "at least 0.5 s at 16 kHz; got 7999 samples")):
        with pytest.raises(InputError, match=reason):
            six.hear(clips)
    with pytest.raises(InputError, match=r"takes RGB pictures \(batch, 3, 32, 32\)"):
        six.see(pictures(1)[:, :30, :30])
    with pytest.raises(InputError, match="features must be finite"):
        six.draw(torch.full((1, FEATURE), torch.inf))
    with pytest.raises(InputError, match="has 6 features, not 5"):
        six.draw(randomly(1, 1, 5))


@pytest.mark.parametrize(("name", "subtype"), [("a.wav", "PCM_16"), ("a.flac", "PCM_16"), ("a.ogg", "VORBIS"),
                                               ("a.mp3", "MPEG_LAYER_III")])  # fmt: skip
def test_any_sound_file_stereo_and_at_44_1_khz(six: Reconstructor, tmp_path: Path, name: str, subtype: str) -> None:
    samples, rate_hz = soundfile.read(SPEECH / "french_high_2s_stereo.wav")
    assert (rate_hz, samples.shape[1]) == (44_100, 2)
    soundfile.write(tmp_path / name, samples, rate_hz, subtype=subtype)
    face = six.voice_to_face(tmp_path / name)
    assert face.image.shape == (DRAWN_PX, DRAWN_PX, 3) and face.image.dtype == np.uint8
    assert face.recorded_s == pytest.approx(2.0, abs=0.1) and face.clip_s == 6.0 and face.repeated
    original = six.voice_to_face(SPEECH / "french_high_2s_stereo.wav").features
    other = six.voice_to_face(SPEECH / "english_low_7s.flac").features
    assert np.linalg.norm(face.features - original) < 0.5 * np.linalg.norm(other - original)


def test_the_first_seconds_are_used_as_many_as_the_encoder_takes(folder: Path) -> None:
    path = SPEECH / "english_low_7s.flac"
    for variant, seconds in (("3s", 3.0), ("6s", 6.0), ("speaker", 6.0)):
        made = Reconstructor.load(folder, variant)
        face = made.voice_to_face(path, 0.7)
        samples = torch.from_numpy(read_clip(path, seconds=seconds))[None]
        assert (face.clip_s, face.recorded_s, face.repeated, face.variant) == (seconds, 7.0, False, variant)
        np.testing.assert_allclose(face.features, made.hear(samples)[0].numpy(), atol=1e-5)
        np.testing.assert_array_equal(face.image, made.draw(torch.from_numpy(face.features)[None], 0.7)[0].numpy())


def test_a_file_that_states_no_length_is_heard_and_says_so(six: Reconstructor, tmp_path: Path) -> None:
    """As a program writes a FLAC into a pipe: its header's count of samples is zero."""
    content = bytearray((SPEECH / "english_low_7s.flac").read_bytes())
    assert content[:4] == b"fLaC"
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    (tmp_path / "piped.flac").write_bytes(content)
    face = six.voice_to_face(tmp_path / "piped.flac")
    assert face.recorded_s is None and face.repeated is None
    np.testing.assert_array_equal(face.features, six.voice_to_face(SPEECH / "english_low_7s.flac").features)


def test_silence_and_noise_that_is_no_sound_are_refused(six: Reconstructor, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(16_000), 16_000)
    (tmp_path / "text.wav").write_text("hello, hello, hello")
    for name, reason in (("silent.wav", "is silent"), ("text.wav", "is not a sound file"), ("none.wav", "is missing")):
        with pytest.raises(InputError, match=reason):
            six.voice_to_face(tmp_path / name)


def test_the_picture_carries_the_note_and_nothing_of_the_speaker(six: Reconstructor) -> None:
    path = SPEECH / "spanish_low_3s.mp3"
    face = six.voice_to_face(path, 1.4)
    content = face.png()
    assert content == six.voice_to_face(path, 1.4).png()
    with Image.open(io.BytesIO(content)) as picture:
        np.testing.assert_array_equal(np.array(picture), face.image)
        assert picture.text == {"Software": "s2f", "Disclaimer": NOTE, "s2f:variant": "6s", "s2f:exaggerate": "1.4",
                                "s2f:model": six.networks.sha256}  # fmt: skip
        assert set(picture.info) == set(picture.text)
    assert path.stem.encode() not in content


def test_the_note_is_short_and_says_what_the_picture_is_not() -> None:
    assert NOTE.count(". ") + 1 <= 4 and NOTE.isascii()
    for said in ("not the face of the person", "no likeness, no identity and no evidence", "Do not use it to identify"):
        assert said in NOTE
