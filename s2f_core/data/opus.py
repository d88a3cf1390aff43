"""Speech as Ogg Opus in memory: small, and the same samples give the same bytes; the corpora's sound (Sec. 4's clips)."""

import io
import struct

import numpy as np
import soundfile
from jaxtyping import Float32

from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.errors import InputError

BITRATE_BPS = 12_000  # ours: the lowest at which Opus keeps all 8 kHz; 1.5 kB a second
LOWEST_BPS, HIGHEST_BPS = 6_000, 256_000  # libsndfile maps its compression level 1…0 onto these, one channel
SERIAL = 0x53324600  # of every stream; libsndfile draws one from the clock
PAGE = b"OggS"
SERIAL_AT, CHECKSUM_AT, SEGMENTS_AT, BODY_AT = 14, 22, 26, 27  # bytes within a page's header (RFC 3533)
POLYNOMIAL = 0x04C11DB7  # of Ogg's checksum


def encode(samples: Float32[np.ndarray, " samples"]) -> bytes:
    """Encode 16 kHz mono samples within ±1. Raises InputError where there are none or one is not finite."""
    if not len(samples) or not np.isfinite(samples).all():
        raise InputError(f"sound to encode must hold finite samples; got {len(samples)} with "
                         f"{int((~np.isfinite(samples)).sum())} NaN or infinite: render it again")
    buffer = io.BytesIO()
    level = 1 - (BITRATE_BPS - LOWEST_BPS) / (HIGHEST_BPS - LOWEST_BPS)
    with soundfile.SoundFile(buffer, "w", SAMPLE_RATE_HZ, 1, format="OGG", subtype="OPUS", compression_level=level) as file:
        file.write(samples)
    return _with_serial(buffer.getvalue())


def decode(content: bytes) -> Float32[np.ndarray, " samples"]:
    """Decode what `encode` wrote. Raises InputError on anything else."""
    try:
        samples, rate_hz = soundfile.read(io.BytesIO(content), dtype="float32")
    except soundfile.LibsndfileError as error:
        raise InputError(f"not a sound that libsndfile reads ({error}); fetch the shard again") from None
    if rate_hz != SAMPLE_RATE_HZ or samples.ndim != 1:
        raise InputError(f"a clip of the corpus has {SAMPLE_RATE_HZ} Hz and one channel; this has {rate_hz} Hz and shape "
                         f"{samples.shape}: make the shard again")
    return samples


def _with_serial(stream: bytes) -> bytes:
    """The stream with its serial number replaced in every page, and each page's checksum computed anew."""
    pages, at = bytearray(stream), 0
    while at < len(pages):
        if pages[at : at + 4] != PAGE:
            raise InputError(f"an Ogg page must begin at byte {at}; libsndfile wrote something else: report its version")
        sizes = pages[at + BODY_AT : at + BODY_AT + pages[at + SEGMENTS_AT]]
        end = at + BODY_AT + len(sizes) + sum(sizes)
        struct.pack_into("<I", pages, at + SERIAL_AT, SERIAL)
        struct.pack_into("<I", pages, at + CHECKSUM_AT, 0)
        struct.pack_into("<I", pages, at + CHECKSUM_AT, _checksum(pages[at:end]))
        at = end
    return bytes(pages)


def _table_entry(byte: int) -> int:
    register = byte << 24
    for _ in range(8):
        register = ((register << 1) ^ POLYNOMIAL if register & 0x80000000 else register << 1) & 0xFFFFFFFF
    return register


_TABLE = tuple(map(_table_entry, range(256)))


def _checksum(page: bytes | bytearray) -> int:
    """Ogg's CRC-32: most significant bit first, no final complement (zlib's is the mirror image)."""
    register = 0
    for byte in page:
        register = ((register << 8) & 0xFFFFFFFF) ^ _TABLE[(register >> 24) ^ byte]
    return register
