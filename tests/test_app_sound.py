"""Sound in memory: the same samples and the same refusals as from a file, and a clip that grows second by second."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from checkout import ROOT
from test_audio import tone
from test_audio_refused import REFUSED

from s2f_core.app import sound
from s2f_core.app.sound import Sound
from s2f_core.data.audio import fit_clip, read_bytes, read_clip
from s2f_core.errors import InputError

SPEECH = [path for path in sorted((ROOT / "data" / "speech").glob("*")) if path.suffix != ".md"]

OF_PATHS = {"missing", "name too long", "a folder", "a pipe", "empty"}  # refused before their content is read


@pytest.mark.parametrize("path", SPEECH, ids=lambda path: path.name)
def test_a_file_in_memory_gives_the_samples_of_the_file_on_disk(path: Path) -> None:
    for seconds in (3.0, 6.0):
        np.testing.assert_array_equal(fit_clip(read_bytes(path.read_bytes(), path.name, seconds=seconds), seconds),
                                      read_clip(path, seconds=seconds))


def test_all_formats_of_speech_are_among_the_clips() -> None:
    assert {path.suffix for path in SPEECH} == {".wav", ".flac", ".opus", ".mp3"}


@pytest.mark.parametrize("what", [what for what in REFUSED if what not in OF_PATHS])
def test_what_is_refused_on_disk_is_refused_in_memory_in_the_same_words(tmp_path: Path, what: str) -> None:
    path = REFUSED[what][0](tmp_path)
    with pytest.raises(InputError) as on_disk:
        read_clip(path)
    with pytest.raises(InputError) as in_memory:
        read_bytes(path.read_bytes(), str(path))
    assert str(in_memory.value) == str(on_disk.value)


def test_an_empty_and_a_large_file_are_refused() -> None:
    with pytest.raises(InputError, match=r"voice\.wav is empty \(0 bytes\); choose another"):
        sound.from_file(b"", "voice.wav")
    with pytest.raises(InputError, match=r"voice\.wav has 21 MB; up to 20 MB are read: cut it"):
        sound.from_file(bytes(21 * 2**20), "voice.wav")


def test_an_upload_keeps_its_first_ten_seconds_and_is_not_repeated() -> None:
    for seconds, kept in ((0.7, 0.7), (12.0, 10.0)):
        buffer = io.BytesIO()
        soundfile.write(buffer, tone(300, seconds), 16_000, format="WAV", subtype="FLOAT")
        clip = sound.from_file(buffer.getvalue(), "a.wav")
        assert clip.seconds == pytest.approx(kept)
        np.testing.assert_array_equal(clip.samples, tone(300, seconds)[: len(clip.samples)])


def test_a_recording_arrives_as_it_was_sent() -> None:
    clip = sound.from_recorder(tone(200, 11).tobytes())
    np.testing.assert_array_equal(clip.samples, tone(200, 10))
    assert clip.person is None


with_nan = tone(200, 1)
with_nan[3] = np.nan


@pytest.mark.parametrize(("content", "reason"), [
    (tone(200, 1).tobytes()[:-2], "came in pieces"), (tone(200, 0.3).tobytes(), r"lasts 0\.30 s; at least 0\.5 s"),
    (b"", r"lasts 0\.00 s"), (bytes(64_000), "is silent"), (with_nan.tobytes(), "holds 1 NaN or infinite"),
    ((30_000 * tone(200, 1)).tobytes(), "reaches 15,000 where samples lie within"),
], ids=["pieces", "short", "nothing", "silent", "nan", "integers"])  # fmt: skip
def test_a_recording_that_is_none_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=f"^The recording {reason}"):
        sound.from_recorder(content)


@pytest.mark.parametrize(("seconds", "steps"), [
    (7.0, [1, 2, 3, 4, 5, 6]), (6.0, [1, 2, 3, 4, 5, 6]), (3.5, [1, 2, 3, 3.5]), (2.0, [1, 2]), (0.6, [0.6])])
def test_a_clip_grows_by_whole_seconds_up_to_its_end_or_the_sixth(seconds: float, steps: list[float]) -> None:
    samples = tone(200, seconds)
    grown = list(Sound("a", samples).growing())
    assert [one for one, _ in grown] == steps
    for one, part in grown:
        np.testing.assert_array_equal(part, samples[: round(one * 16_000)])


def test_what_is_played_is_what_was_heard() -> None:
    played, rate_hz = soundfile.read(io.BytesIO(sound.wav(tone(200, 1))), dtype="float32")
    assert rate_hz == 16_000
    np.testing.assert_allclose(played, tone(200, 1), atol=2**-15)
