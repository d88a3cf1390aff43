"""Faces of the corpora as WebP in memory (Sec. 4's frames and the decoder's normalised faces), byte-stable."""

import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from s2f_core.errors import InputError

CANONICAL_PX = 128  # side of a canonical face in the corpora; the compact decoder's picture. Differs: the paper's has 224
EFFORT = 6  # of the encoder, 0…6: smallest files, and the bytes depend on it


def encode(face: UInt8[np.ndarray, "height width 3"], *, quality: int) -> bytes:
    """Encode RGB, `quality` 0…100; the same pixels give the same bytes."""
    buffer = io.BytesIO()
    Image.fromarray(face).save(buffer, format="WEBP", quality=quality, method=EFFORT)
    return buffer.getvalue()


def decode(content: bytes) -> UInt8[np.ndarray, "height width 3"]:
    """Decode to RGB. Raises InputError on anything but a whole WebP picture."""
    try:
        with Image.open(io.BytesIO(content), formats=("WEBP",)) as image:
            return np.array(image.convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise InputError(f"not a whole WebP picture ({error}); delete the shard and run `dvc pull`") from None
