"""Every file that cannot be a speech clip is refused with the reason, whatever its header claims."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from test_audio import tone, wav

from s2f_core.data.audio import read_clip
from s2f_core.errors import InputError


def stored(path: Path, samples: np.ndarray, rate_hz: int = 16_000, subtype: str = "FLOAT") -> Path:
    soundfile.write(path, samples, rate_hz, subtype=subtype)
    return path


def cut(path: Path, part: float = 0.5) -> Path:
    os.truncate(path, round(part * path.stat().st_size))
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def flac_claiming(path: Path, n_frames: int) -> Path:
    """A FLAC file of 4 s whose header states another length (the low 36 bits of its bytes 18 to 25)."""
    content = bytearray(stored(path, tone(220, 4), subtype="PCM_16").read_bytes())
    fields = int.from_bytes(content[18:26], "big")
    content[18:26] = (fields >> 36 << 36 | n_frames).to_bytes(8, "big")
    return written(path, bytes(content))


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


with_bad_sample = tone(200, 1)
with_bad_sample[5] = np.nan
with_infinity = tone(200, 1)
with_infinity[7:9] = np.inf, -np.inf

REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda path: path / "none.wav", r"none\.wav is missing; check the path"),
    "name too long": (lambda path: path / ("a" * 300), "is missing; check the path"),
    "a folder": (lambda path: folder(path / "a.wav"), "is a folder or a device; name one sound file"),
    "a pipe": (lambda path: pipe(path / "a.wav"), "is a folder or a device; name one sound file"),
    "empty": (lambda path: written(path / "a.wav", b""), r"is empty \(0 bytes\); fetch"),
    "text": (lambda path: written(path / "a.wav", b"not audio\n" * 99), "is not a sound file .*; convert it"),
    "noise": (lambda path: written(path / "a.mp3", np.random.default_rng(0).bytes(9_999)), "is not a sound file"),
    "raw": (lambda path: written(path / "a.raw", b"\0\1" * 9_999), "is not a sound file"),
    "header only": (lambda path: cut(wav(path / "a.wav"), 0.0011), "cut short: its header claims 32,044 bytes and it "),
    "no data chunk": (lambda path: written(path / "a.wav", b"RIFF\x1c\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x80>\0\0\0}\0\0"
                                           b"\2\0\x10\0"), "has a damaged or unknown header .*data"),
    "wav cut": (lambda path: cut(wav(path / "a.wav")), "cut short: its header claims 32,044 bytes and it holds 16,022"),
    "wav cut late": (lambda path: cut(wav(path / "a.wav", seconds=9), 0.9), "cut short: its header claims 288,044 byt"),
    "wav of hours": (lambda path: wav(path / "a.wav", claimed=0x7FFFFFF0), "claims 2,147,483,676 bytes and it holds 3"),
    "aiff cut": (lambda path: cut(stored(path / "a.aiff", tone(200, 2))), "cut short: its header claims"),
    "rf64 cut": (lambda path: cut(stored(path / "a.rf64", tone(200, 2))), "cut short: its header claims"),
    "flac cut": (lambda path: cut(stored(path / "a.flac", tone(200, 4), subtype="PCM_16")),
                 r"cannot be decoded beyond \d\.\d\d s .*lost sync.*: it is cut short or damaged"),
    "flac of hours": (lambda path: flac_claiming(path / "a.flac", 2**36 - 1),
                      r"claims 4,294,967\.30 s and decoding ends after 4\.00 s"),
    "mp3 cut": (lambda path: cut(stored(path / "a.mp3", tone(200, 4), subtype="MPEG_LAYER_III")),
                r"claims 4\.00 s and decoding ends after [12]\.\d\d s"),
    "ogg cut": (lambda path: cut(stored(path / "a.ogg", tone(200, 4), subtype="VORBIS")), "last Ogg page does not end"),
    "zero channels": (lambda path: wav(path / "a.wav", channels=0), "has zero channels"),
    "thousands of channels": (lambda path: wav(path / "a.wav", channels=9_000), "claims too many channels"),
    "65 channels": (lambda path: wav(path / "a.wav", channels=65), "claims 65 channels; up to 64 are read"),
    "a rate of zero": (lambda path: wav(path / "a.wav", rate_hz=0), "states an impossible sample rate"),
    "1 GHz": (lambda path: wav(path / "a.wav", rate_hz=10**9), "claims 1,000,000,000 Hz; rates of 4,000-384,000 Hz"),
    "1 kHz": (lambda path: wav(path / "a.wav", rate_hz=1_000), "claims 1,000 Hz; rates of 4,000-384,000 Hz"),
    "no samples": (lambda path: wav(path / "a.wav", seconds=0), "holds 0.00 s; at least 0.5 s"),
    "0.4 s": (lambda path: stored(path / "a.wav", tone(200, 0.4)), "holds 0.40 s; at least 0.5 s of speech are needed"),
    "NaN": (lambda path: stored(path / "a.wav", with_bad_sample), "holds 1 NaN or infinite samples"),
    "infinity": (lambda path: stored(path / "a.wav", with_infinity), "holds 2 NaN or infinite samples"),
    "silence": (lambda path: stored(path / "a.wav", 0 * tone(1, 1)), r"is silent: all its first 1\.00 s are zero"),
    "opposite channels": (lambda path: stored(path / "a.wav", np.stack([tone(9, 1), -tone(9, 1)], 1)), "is silent"),
    "integers as floats": (lambda path: stored(path / "a.wav", 30_000 * tone(200, 1)), "reaches 15,000 where samples"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_is_no_clip_is_refused_with_the_reason(tmp_path: Path, what: str) -> None:
    make, reason = REFUSED[what]
    with pytest.raises(InputError, match=reason) as raised:
        read_clip(make(tmp_path))
    assert str(tmp_path) in str(raised.value) and "\n" not in str(raised.value)


def test_a_file_that_may_not_be_opened_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    path = wav(tmp_path / "a.wav")
    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(InputError, match=r"cannot be opened \(Permission denied\)"):
        read_clip(path)


def test_a_flac_stream_of_unstated_length_is_read_to_its_end(tmp_path: Path) -> None:
    path = flac_claiming(tmp_path / "a.flac", 0)
    np.testing.assert_allclose(read_clip(path)[:64_000], tone(220, 4), atol=1e-4)


def test_nothing_outside_the_corpus_is_read(tmp_path: Path) -> None:
    corpus = folder(tmp_path / "corpus")
    inside, outside = wav(corpus / "a.wav"), wav(tmp_path / "b.wav")
    (corpus / "link.wav").symlink_to(outside)
    (corpus / "circle.wav").symlink_to(corpus / "circle.wav")
    (corpus / "alias.wav").symlink_to(inside)
    (tmp_path / "corpus_too").mkdir()
    for path in (corpus / "link.wav", outside, corpus / ".." / "b.wav", wav(tmp_path / "corpus_too" / "c.wav")):
        with pytest.raises(InputError, match="leads out of the corpus folder"):
            read_clip(path, root=corpus)
    with pytest.raises(InputError, match=r"circle\.wav is missing"):
        read_clip(corpus / "circle.wav", root=corpus)
    np.testing.assert_array_equal(read_clip(corpus / "alias.wav", root=corpus), read_clip(inside))


def test_damaged_bytes_end_in_a_clip_or_a_reason(tmp_path: Path) -> None:
    """Random damage to files of every kind; anything but InputError fails."""
    random = np.random.default_rng(0)
    files = [stored(tmp_path / name, tone(200, 1), subtype=subtype).read_bytes() for name, subtype in
             [("a.wav", "PCM_16"), ("a.flac", "PCM_16"), ("a.ogg", "VORBIS"), ("b.ogg", "OPUS"), ("a.aiff", "PCM_16")]]
    n_read = 0
    for number in range(200):
        content = bytearray(files[number % len(files)])
        for place in random.integers(0, [len(content), 64][number % 2], 8):
            content[place] = random.integers(256)
        try:
            clip = read_clip(written(tmp_path / "damaged", bytes(content)))
        except InputError:
            continue
        n_read += 1
        assert clip.shape == (96_000,) and np.isfinite(clip).all()
    assert 10 < n_read < 190
