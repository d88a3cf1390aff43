"""Makes the five test clips in data/speech with the espeak-ng speech synthesiser: `python tests/make_speech.py`.

The same espeak-ng (1.51 made what is stored) and libsndfile give the same bytes.
"""

import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

SPOKEN_RATE_HZ = 22_050  # espeak-ng's own
OGG_SERIAL = 1  # libsndfile draws a random number for each stream; ours is fixed
OGG_POLYNOMIAL = 0x04C11DB7  # of the checksum in each Ogg page


@dataclass(frozen=True)
class Clip:
    """One clip: who says what, and how it is stored."""

    name: str
    voice: str
    text: str
    seconds: float
    rate_hz: int
    subtype: str
    channels: int = 1


CLIPS = (
    Clip("english_low_7s.flac", "en-us+m3", "The tide comes in twice a day, and twice a day it goes out again. Nobody "
         "on the island needs a clock, they look at the boats and know when it is time for bread.", 7.0, 16_000,
         "PCM_16"),
    Clip("french_high_2s_stereo.wav", "fr+f2", "Le pain est encore chaud, prenez-en deux tranches avec du beurre.", 2.0,
         44_100, "PCM_16", channels=2),
    Clip("german_high_4s.opus", "de+f4", "Am Morgen liegt Nebel über dem Fluss, gegen Mittag scheint die Sonne auf die "
         "alten Brücken der Stadt.", 4.0, 48_000, "OPUS"),
    Clip("spanish_low_3s.mp3", "es+m7", "El tren de las ocho llega siempre tarde, pero nadie se queja en la estación.",
         3.0, 22_050, "MPEG_LAYER_III"),
    Clip("english_high_1s_telephone.wav", "en-gb+f5", "Please hold the line, someone will be with you.", 0.9, 8_000,
         "ULAW"),
)  # fmt: skip


def speak(clip: Clip) -> np.ndarray:
    """Synthesise the text; returns (samples, channels) at the clip's rate, the second channel at half the level."""
    command = ["espeak-ng", "-v", clip.voice, "--stdout", clip.text]
    spoken = subprocess.run(command, capture_output=True, check=True).stdout
    samples, rate_hz = soundfile.read(io.BytesIO(spoken))
    if rate_hz != SPOKEN_RATE_HZ:
        raise ValueError(f"espeak-ng speaks at {rate_hz} Hz; {SPOKEN_RATE_HZ} was expected")
    onset = np.flatnonzero(np.abs(samples) > 0.01)[0]
    samples = resample_poly(samples[onset:], clip.rate_hz, SPOKEN_RATE_HZ)[: round(clip.seconds * clip.rate_hz)]
    if len(samples) < round(clip.seconds * clip.rate_hz):
        raise ValueError(f"{clip.name} is spoken in {len(samples) / clip.rate_hz:.2f} s, less than {clip.seconds}")
    return samples[:, None] * [1.0, 0.5][: clip.channels]


def ogg_checksum(page: bytes) -> int:
    """Return the CRC-32 that Ogg uses: most significant bit first, no inversion."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1) ^ (OGG_POLYNOMIAL if value & 0x80000000 else 0)
        value &= 0xFFFFFFFF
    return value


def with_fixed_serial(stream: bytes) -> bytes:
    """Return the Ogg stream with OGG_SERIAL in every page, checksums made right."""
    pages, start = [], 0
    while start < len(stream):
        n_segments = stream[start + 26]
        end = start + 27 + n_segments + sum(stream[start + 27 : start + 27 + n_segments])
        page = bytearray(stream[start:end])
        page[14:18], page[22:26] = OGG_SERIAL.to_bytes(4, "little"), bytes(4)
        page[22:26] = ogg_checksum(page).to_bytes(4, "little")
        pages.append(bytes(page))
        start = end
    return b"".join(pages)


def main(folder: Path) -> None:
    """Write every clip into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for clip in CLIPS:
        form = {"opus": "OGG"}.get(clip.name.rpartition(".")[2], clip.name.rpartition(".")[2].upper())
        stored = io.BytesIO()
        soundfile.write(stored, speak(clip), clip.rate_hz, format=form, subtype=clip.subtype)
        content = with_fixed_serial(stored.getvalue()) if form == "OGG" else stored.getvalue()
        (folder / clip.name).write_bytes(content)
        print(f"{clip.name}: {len(content):,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "data" / "speech")
