"""Any sound file becomes the encoder's input: its first 6 s at 16 kHz, mono, short clips repeated (Sec. 3)."""

import io
import math
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
import torch
from jaxtyping import Float32

from s2f_core.data.torchaudio_stub import load_torchaudio
from s2f_core.errors import InputError

SAMPLE_RATE_HZ = 16_000  # Hz; paper, Sec. 3
CLIP_SECONDS = 6.0  # s; paper, Sec. 3 (its ablation uses 3 s)
CLIP_SAMPLES = round(CLIP_SECONDS * SAMPLE_RATE_HZ)
MIN_SECONDS = 0.5  # s; ours: below it a clip is mostly its own repetitions
MIN_RATE_HZ, MAX_RATE_HZ = 4_000, 384_000  # Hz; ours: below, speech is lost; above, no recorder goes
MAX_CHANNELS = 64  # ours: the largest microphone arrays
MAX_PEAK = 16.0  # of full scale, ours: a float file beyond it holds integers, not samples within ±1
SLACK_SECONDS = 0.1  # s; ours: what an MP3 header may promise too much (one frame at 16 kHz is 0.072 s)
SLACK_BYTES = 8  # ours: writers that count their own header or pad byte wrongly are off by no more
HEAD_BYTES, TAIL_BYTES = 28, 1 << 16  # where a file says how long it is; an Ogg page is shorter than 64 KiB

# Resampler: windowed sinc, flat within 0.01 dB up to 7 kHz, images and aliases below -100 dB (tested with sweeps).
ZERO_CROSSINGS, ROLLOFF, KAISER_BETA = 64, 0.9475937167399596, 14.769656459379492  # resampy's "kaiser_best"
MARGIN_SECONDS = 0.02  # s; read beyond the clip so that the filter (≤ 17 ms each side) never meets a false end
MAX_PHASES = 640  # denominator of rate / 16 kHz: exact for every usual rate down to 11.025 kHz
BLOCK_FRAMES = 16_384  # decoded at a time: 4 MiB at 64 channels

# What libsndfile's error codes mean to whoever brought the file.
UNREADABLE = {1: "is not a sound file", 24: "states an impossible sample rate", 32: "has zero channels",
              33: "claims too many channels"}  # fmt: skip
# What a program writes that could not know the length (bytes in RIFF, frames in libsndfile): the file's end decides.
UNKNOWN_BYTES, UNKNOWN_FRAMES = 0xFFFFFFFF, 2**63 - 1


class _ForwardOnly(soundfile.SoundFile):
    """A sound file that is read from its start and never seeks.

    After each block soundfile seeks to where it already is. That makes an MP3 decoder drop the bits it had in store
    (wrong samples at every block's start, complaints on stderr) and fails in FLAC files that do not state a length.
    """

    def seekable(self) -> bool:
        return False


def read_clip(
    path: Path, *, root: Path | None = None, seconds: float = CLIP_SECONDS
) -> Float32[np.ndarray, " samples"]:
    """Read the first `seconds` of any file that libsndfile knows as 16 kHz mono; shorter ones are repeated to length.

    Only the frames needed are decoded, block by block: memory does not depend on the file's length or header.
    Unstated: how the authors mix channels down and resample; here the mean of the channels, and a Kaiser sinc.

    Args:
        path: wav, flac, ogg (Vorbis, Opus), mp3, …; any number of channels up to 64, any rate of 4-384 kHz.
        root: the corpus folder, where the path comes from a list: a path or symbolic link that leaves it is refused.

    Raises:
        InputError: missing, outside `root`, empty, not audio, cut short, damaged, an absurd header, NaN or infinite
            samples, silent, or shorter than 0.5 s. A file cut short behind the part used is noticed where its header
            (RIFF, RF64, AIFF) or its last page (Ogg) tells; in FLAC and MP3 the part used is then whole.
    """
    _check_place(path, root)
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be opened ({error.strerror}); check its permissions") from None
    with file:
        place, size = file.fileno(), os.fstat(file.fileno()).st_size
        _check_complete(path, os.pread(place, HEAD_BYTES, 0), os.pread(place, TAIL_BYTES, max(0, size - TAIL_BYTES)), size)
        return fit_clip(_decode(path, place, seconds), seconds)


def read_bytes(content: bytes, name: str, *, seconds: float = CLIP_SECONDS) -> Float32[np.ndarray, " samples"]:
    """As `read_clip`, of a sound file in memory, which messages call `name`; a shorter one is not repeated."""
    if not content:
        raise InputError(f"{name} is empty (0 bytes); choose another file")
    _check_complete(name, content[:HEAD_BYTES], content[-TAIL_BYTES:], len(content))
    return _decode(name, io.BytesIO(content), seconds)[: round(seconds * SAMPLE_RATE_HZ)]


def fit_clip(samples: Float32[np.ndarray, " _"], seconds: float = CLIP_SECONDS) -> Float32[np.ndarray, " samples"]:
    """Cut 16 kHz samples to `seconds`, or repeat them from their start to fill it, as the authors' released clips do.

    Of the 520 released 6-s files whose segment is shorter, 514 are such repeats, exact to the sample.
    """
    return np.resize(samples, round(seconds * SAMPLE_RATE_HZ))


def resample(samples: Float32[np.ndarray, " _"], rate_hz: int) -> Float32[np.ndarray, " _"]:
    """Bring samples at `rate_hz` to 16 kHz; a rate with no simple ratio to it is taken as the nearest that has one.

    (44,101 Hz becomes 44,100.9 Hz: the exact ratio would need a filter bank of gigabytes.)
    """
    ratio = Fraction(rate_hz, SAMPLE_RATE_HZ).limit_denominator(MAX_PHASES)
    if ratio == 1:
        return samples
    resampled = load_torchaudio().functional.resample(
        torch.from_numpy(samples),
        ratio.numerator,
        ratio.denominator,
        lowpass_filter_width=ZERO_CROSSINGS,
        rolloff=ROLLOFF,
        resampling_method="sinc_interp_kaiser",
        beta=KAISER_BETA,
    )
    return resampled.numpy()


def _check_place(path: Path, root: Path | None) -> None:
    """Refuse a path that leaves `root`, is missing, no file, or empty (os.path follows every link and never raises)."""
    real = Path(os.path.realpath(path))
    if root is not None and not real.is_relative_to(os.path.realpath(root)):
        raise InputError(f"{path} leads out of the corpus folder {root}, to {real}; copy the file into the corpus")
    if not os.path.exists(path):
        raise InputError(f"{path} is missing; check the path, or fetch the file again")
    if not os.path.isfile(path):
        raise InputError(f"{path} is a folder or a device; name one sound file")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty (0 bytes); fetch the file again")


def _check_complete(path: Path | str, head: bytes, tail: bytes, size: int) -> None:
    """Refuse a file that ends before its header says, which libsndfile would take for a shorter recording."""
    claimed = 0
    if head[:4] in (b"RIFF", b"FORM"):
        claimed = int.from_bytes(head[4:8], "little" if head[:4] == b"RIFF" else "big")
    elif head[:4] == b"RF64" and head[12:16] == b"ds64":
        claimed = int.from_bytes(head[20:28], "little")
    elif head[:4] == b"OggS":
        last_page = tail[tail.rfind(b"OggS") :]
        if not last_page[5:6] or not last_page[5] & 4:
            raise InputError(f"{path} is cut short: its last Ogg page does not end the stream; fetch the file again")
    if claimed != UNKNOWN_BYTES and claimed + 8 > size + SLACK_BYTES:
        raise InputError(
            f"{path} is cut short: its header claims {claimed + 8:,} bytes and it holds {size:,}; fetch the file again"
        )


def _decode(path: Path | str, source: int | io.BytesIO, seconds: float) -> Float32[np.ndarray, " _"]:
    """Decode the first `seconds` and the resampler's margin to mono at 16 kHz, checked."""
    try:  # by descriptor or from memory: libsndfile then looks at the content, not at the name's ending
        sound = _ForwardOnly(source, closefd=False)
    except soundfile.LibsndfileError as error:
        what = UNREADABLE.get(error.code, "has a damaged or unknown header")
        raise InputError(f"{path} {what} (libsndfile: {error.error_string}); convert it to wav or flac") from None
    with sound:
        rate_hz = sound.samplerate
        if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
            raise InputError(f"{path} claims {rate_hz:,} Hz; rates of {MIN_RATE_HZ:,}-{MAX_RATE_HZ:,} Hz are read")
        if sound.channels > MAX_CHANNELS:
            raise InputError(f"{path} claims {sound.channels} channels; up to {MAX_CHANNELS} are read, so mix it down")
        n_wanted = min(sound.frames, math.ceil((seconds + MARGIN_SECONDS) * rate_hz))
        samples = _read_mono(path, sound, n_wanted)
        if sound.frames != UNKNOWN_FRAMES and len(samples) < n_wanted - SLACK_SECONDS * rate_hz:
            raise InputError(
                f"{path} is cut short: its header claims {sound.frames / rate_hz:,.2f} s and decoding ends after "
                f"{len(samples) / rate_hz:.2f} s; fetch the file again"
            )
    check_samples(path, samples, rate_hz)
    return resample(samples, rate_hz)


def _read_mono(path: Path | str, sound: soundfile.SoundFile, n_frames: int) -> Float32[np.ndarray, " _"]:
    """Read up to `n_frames`, a block at a time, as the mean of the channels."""
    mono, n_read = np.empty(n_frames, np.float32), 0
    try:
        while n_block := min(BLOCK_FRAMES, n_frames - n_read):
            block = sound.read(n_block, dtype="float32", always_2d=True)
            if not len(block):
                break
            mono[n_read : n_read + len(block)] = block.mean(axis=1)
            n_read += len(block)
    except soundfile.LibsndfileError as error:
        raise InputError(
            f"{path} cannot be decoded beyond {n_read / sound.samplerate:.2f} s (libsndfile: {error.error_string}): "
            "it is cut short or damaged; fetch the file again"
        ) from None
    return mono[:n_read]


def check_samples(path: Path | str, samples: Float32[np.ndarray, " _"], rate_hz: int) -> None:
    """Refuse what would train or embed nonsense: too short, not finite, not samples within ±1, or silent."""
    if len(samples) < MIN_SECONDS * rate_hz:
        raise InputError(f"{path} holds {len(samples) / rate_hz:.2f} s; at least {MIN_SECONDS} s of speech are needed")
    if n_bad := len(samples) - np.isfinite(samples).sum():
        raise InputError(f"{path} holds {n_bad:,} NaN or infinite samples; write the file again from its source")
    peak = np.abs(samples).max()
    if peak == 0:
        raise InputError(f"{path} is silent: all its first {len(samples) / rate_hz:.2f} s are zero; use another clip")
    if peak > MAX_PEAK:
        raise InputError(f"{path} reaches {peak:,.0f} where samples lie within ±1; divide by its full scale")
