"""Sound that a visitor brings, in memory from its first byte to its last: nothing here opens a file."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile
from jaxtyping import Float32

from s2f_core.data.audio import CLIP_SECONDS, MIN_SECONDS, SAMPLE_RATE_HZ, check_samples, read_bytes
from s2f_core.errors import InputError

LONGEST_S = 10.0  # s; of a recording or a file, the rest is not used
MOST_BYTES = 20 * 2**20  # of an uploaded file
RECORDING = "The recording"  # what messages call it


@dataclass(frozen=True, eq=False)
class Sound:
    """Some seconds of sound: `samples` at 16 kHz within ±1, as recorded; `person`: who speaks, where the corpus knows it."""

    name: str
    samples: Float32[np.ndarray, " samples"]
    person: str | None = None

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / SAMPLE_RATE_HZ

    def growing(self) -> Iterator[tuple[float, Float32[np.ndarray, " samples"]]]:
        """Its first 1, 2, … 6 s, as far as it goes, and what there is beyond the last whole second before the sixth."""
        whole = min(self.seconds, CLIP_SECONDS)
        for seconds in sorted({*range(1, int(whole) + 1), whole}):
            yield seconds, self.samples[: round(seconds * SAMPLE_RATE_HZ)]


def from_file(content: bytes, name: str) -> Sound:
    """Read an uploaded file of any format that libsndfile knows. Raises InputError as `read_bytes`, and for too large ones."""
    if len(content) > MOST_BYTES:
        raise InputError(f"{name} has {len(content) / 2**20:.0f} MB; up to {MOST_BYTES // 2**20} MB are read: cut it shorter")
    return Sound(name, read_bytes(content, name, seconds=LONGEST_S))


def from_recorder(content: bytes) -> Sound:
    """Read what the recorder sends: 32-bit floats, 16 kHz, mono. Raises InputError for silence, too few and no numbers."""
    if len(content) % 4:
        raise InputError(f"{RECORDING} came in pieces ({len(content)} bytes are no 32-bit numbers); record again")
    samples = np.frombuffer(content, "<f4")[: round(LONGEST_S * SAMPLE_RATE_HZ)].astype(np.float32)
    if len(samples) < MIN_SECONDS * SAMPLE_RATE_HZ:
        raise InputError(f"{RECORDING} lasts {len(samples) / SAMPLE_RATE_HZ:.2f} s; at least {MIN_SECONDS} s are needed: "
                         "record again and speak a little longer")
    check_samples(RECORDING, samples, SAMPLE_RATE_HZ)
    return Sound(RECORDING.lower(), samples)


def wav(samples: Float32[np.ndarray, " samples"]) -> bytes:
    """16-bit WAV, which every browser plays."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
    return buffer.getvalue()
