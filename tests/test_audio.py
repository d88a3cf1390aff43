"""Any sound file becomes 6 s at 16 kHz, and every file that is not speech says why it is refused."""

import os
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import chirp

from s2f_core.data import audio
from s2f_core.data.audio import CLIP_SAMPLES, SAMPLE_RATE_HZ, fit_clip, read_clip, resample

ROOT = Path(__file__).resolve().parents[1]
SPEECH = ROOT / "data" / "speech"


def tone(hz: float, seconds: float, rate_hz: int = SAMPLE_RATE_HZ) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def level_db(samples: np.ndarray) -> float:
    """Level of the middle, in dB of the level that `tone` has."""
    middle = samples[len(samples) // 10 : -len(samples) // 10].astype(np.float64)
    return 20 * np.log10(np.sqrt(np.mean(middle**2)) * np.sqrt(2) / 0.5)


def wav(
    path: Path, *, seconds: float = 1, rate_hz: int = 16_000, channels: int = 1, claimed: int | None = None
) -> Path:
    """A 16-bit WAV built by hand, so that its header can say what no writer would."""
    content = b"\x00\x10" * round(seconds * 16_000)
    claimed = len(content) if claimed is None else claimed
    layout = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * 2 & 0xFFFFFFFF, 2 * channels, 16)
    head = b"WAVEfmt " + struct.pack("<I", 16) + layout + b"data" + struct.pack("<I", claimed)
    path.write_bytes(b"RIFF" + struct.pack("<I", min(36 + claimed, 0xFFFFFFFF)) + head + content)
    return path


def test_the_derived_constants_are_the_papers() -> None:
    assert (audio.SAMPLE_RATE_HZ, audio.CLIP_SECONDS, audio.CLIP_SAMPLES) == (16_000, 6, 96_000)


@pytest.mark.parametrize(("name", "subtype"), [("a.wav", "PCM_16"), ("a.wav", "FLOAT"), ("a.flac", "PCM_24"),
                                               ("a.ogg", "VORBIS"), ("a.ogg", "OPUS"), ("a.mp3", "MPEG_LAYER_III"),
                                               ("a.aiff", "PCM_16"), ("a.rf64", "PCM_16")])  # fmt: skip
@pytest.mark.parametrize(("rate_hz", "channels"), [(16_000, 1), (48_000, 2)])
def test_every_format_rate_and_channel_count_gives_the_same_tone(
    tmp_path: Path, name: str, subtype: str, rate_hz: int, channels: int
) -> None:
    samples = np.repeat(tone(440, 7, rate_hz)[:, None], channels, axis=1)
    soundfile.write(tmp_path / name, samples, rate_hz, format=name[2:].upper(), subtype=subtype)
    clip = read_clip(tmp_path / name)
    assert clip.shape == (CLIP_SAMPLES,) and clip.dtype == np.float32
    assert abs(level_db(clip)) < 0.3
    assert np.argmax(np.abs(np.fft.rfft(clip))) == 440 * 6


def test_channels_are_averaged(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([tone(300, 6), tone(900, 6), 0 * tone(1, 6)], 1), 16_000, "FLOAT")
    np.testing.assert_allclose(read_clip(tmp_path / "a.wav"), (tone(300, 6) + tone(900, 6)) / 3, atol=1e-7)


def test_a_long_file_gives_its_beginning_and_a_short_one_is_repeated_to_the_sample(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, 7 * 16_000).astype(np.float32)
    soundfile.write(tmp_path / "long.wav", samples, 16_000, "FLOAT")
    np.testing.assert_array_equal(read_clip(tmp_path / "long.wav"), samples[:CLIP_SAMPLES])
    np.testing.assert_array_equal(read_clip(tmp_path / "long.wav", seconds=3.0), samples[:48_000])
    soundfile.write(tmp_path / "short.wav", samples[:25_001], 16_000, "FLOAT")
    np.testing.assert_array_equal(read_clip(tmp_path / "short.wav"), np.tile(samples[:25_001], 4)[:CLIP_SAMPLES])


def test_fitting_leaves_a_clip_of_the_right_length_as_it_is() -> None:
    np.testing.assert_array_equal(fit_clip(tone(100, 6)), tone(100, 6))
    np.testing.assert_array_equal(fit_clip(np.float32([1, 2, 3]), seconds=8 / 16_000), [1, 2, 3, 1, 2, 3, 1, 2])


def test_the_cut_end_of_a_long_file_is_resampled_as_if_the_file_went_on(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(500, 8, 44_100), 44_100, "FLOAT")
    np.testing.assert_allclose(read_clip(tmp_path / "a.wav")[-200:], tone(500, 6)[-200:], atol=1e-5)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 44_101, 48_000, 96_000])
def test_sines_across_the_band_keep_their_level(rate_hz: int) -> None:
    """To 0.01 dB, up to 7 kHz or 87 % of the file's own band: read off the middle second, where 1 Hz is one bin."""
    pitches = np.linspace(50, 0.87 * min(rate_hz, 16_000) / 2, 20).round().astype(int)
    resampled = resample(sum(tone(hz, 1.2, rate_hz) for hz in pitches), rate_hz)
    levels = np.abs(np.fft.rfft(resampled[1_600:17_600]))[pitches] / 4_000
    assert np.abs(20 * np.log10(levels)).max() < 0.01


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000, 96_000])
def test_a_sweep_beyond_the_band_leaves_no_alias(rate_hz: int) -> None:
    seconds = np.arange(2 * rate_hz) / rate_hz
    sweep = 0.5 * chirp(seconds, 8_200, 2, 0.49 * rate_hz)
    assert level_db(resample(sweep.astype(np.float32), rate_hz)) < -100


def test_upsampling_leaves_no_image() -> None:
    spectrum = np.abs(np.fft.rfft(np.hanning(16_000) * resample(tone(3_000, 1, 8_000), 8_000)))
    assert 20 * np.log10(spectrum[4_000:].max() / spectrum.max()) < -100


def test_the_stored_clips_are_speech_at_a_common_length() -> None:
    if not SPEECH.is_dir():
        pytest.skip("data/speech is not here; run `dvc pull`")
    clips = {path.name: read_clip(path, root=SPEECH) for path in SPEECH.iterdir() if path.suffix != ".md"}
    assert len(clips) == 5
    for name, clip in clips.items():
        assert clip.shape == (CLIP_SAMPLES,) and 0.1 < np.abs(clip).max() <= 1, name
    np.testing.assert_array_equal(*np.split(clips["french_high_2s_stereo.wav"][:64_000], 2))


def test_an_mp3_is_decoded_in_blocks_as_in_one_piece_and_without_complaints(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 7 * 16_000)
    soundfile.write(tmp_path / "a.mp3", noise, 16_000)
    clip = read_clip(tmp_path / "a.mp3")
    assert capfd.readouterr().err == ""
    np.testing.assert_allclose(clip, soundfile.read(tmp_path / "a.mp3", dtype="float32")[0][:CLIP_SAMPLES], atol=1e-6)


def test_hours_of_audio_cost_the_memory_of_seconds(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", rate_hz=48_000, claimed=2 * 48_000 * 3600 * 5)
    os.truncate(path, 44 + 2 * 48_000 * 3600 * 5)  # the rest is a hole: the disk holds one second
    tracemalloc.start()
    read_clip(path)
    assert tracemalloc.get_traced_memory()[1] < 8e6
    tracemalloc.stop()


def test_a_stream_whose_writer_could_not_know_its_length_is_read_to_its_end(tmp_path: Path) -> None:
    np.testing.assert_array_equal(
        read_clip(wav(tmp_path / "a.wav", claimed=0xFFFFFFFF)), read_clip(wav(tmp_path / "b.wav"))
    )


def test_torchaudio_loads_only_when_needed_and_without_its_extension() -> None:
    program = (
        "import sys, numpy as np\n"
        "from s2f_core.data import audio\n"
        "assert 'torchaudio' not in sys.modules\n"
        "class Broken:\n"
        "    @staticmethod\n"
        "    def find_spec(name, path=None, target=None):\n"
        "        if name == 'torchaudio._extension': raise OSError('libcudart.so.13: cannot open shared object file')\n"
        "sys.meta_path.insert(0, Broken)\n"
        "print(len(audio.resample(np.ones(48_000, np.float32), 48_000)))\n"
    )
    command, environment = [sys.executable, "-W", "error", "-c", program], os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("16000\n", "")
