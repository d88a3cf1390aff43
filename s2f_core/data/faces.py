"""Face pictures: file ↔ upright RGB array (Sec. 3 crops faces to FACE_PX); owns the image constants of the project."""

import io
import math
import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from s2f_core.artifacts import write_bytes
from s2f_core.errors import InputError

FACE_PX = 224  # side of a face picture: VGG-Face's input (Parkhi et al. 2015), and of every face the authors released
MAX_SIDE_PX = 4 * FACE_PX  # larger pictures are scaled down on reading: the detector's time and memory grow with area
MIN_SIDE_PX = 40  # the smallest face that a detector here can find (80 px for HOG, which looks at twice the size)
MAX_PIXELS = 50_000_000  # no camera picture of a face is larger; bounds the memory of a decoder to about 0.6 GB
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")

# Centres of the picture-left eye, the picture-right eye and the mouth in an aligned face, as fractions of its side:
# rounded means over the canonical faces in data/faces.
ALIGNED_ANCHORS = ((0.366, 0.399), (0.634, 0.399), (0.5, 0.688))

_BROKEN = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, OverflowError, struct.error, zlib.error)


def read_face(path: Path, *, root: Path | None = None) -> UInt8[np.ndarray, "height width 3"]:
    """Read the first frame of a picture as RGB, turned upright by its EXIF tag and at most MAX_SIDE_PX wide and high.

    Transparent parts are laid on white, grey and palette pictures become RGB, 16-bit grey keeps its upper eight bits;
    colour profiles and damaged EXIF blocks are ignored. Pictures that need no scaling keep their pixels.

    Args:
        path: the file.
        root: where given, the folder that the file must really lie in, symbolic links followed.

    Raises:
        InputError: outside `root`, missing, no regular file, empty, no picture, more than MAX_PIXELS, narrower than
            MIN_SIDE_PX after scaling, corrupt or cut short, 32-bit pixels; each with its own message.
    """
    _check_file(path, root)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's on size (our limit is lower) and on damaged EXIF blocks (see above)
        with _opened(path) as image:
            _check_size(path, image.size)
            return _scaled_rgb(_decoded(path, image))


def write_face(path: Path, face: UInt8[np.ndarray, "height width 3"]) -> None:
    """Write a face as PNG, whole or not at all; the same pixels give the same bytes.

    Raises InputError on a name without .png: a PNG called .jpg misleads whoever opens it.
    """
    if path.suffix.lower() != ".png":
        raise InputError(f"faces are written as PNG, but the name is {path.name}; end it with .png")
    buffer = io.BytesIO()
    Image.fromarray(face).save(buffer, format="PNG")
    write_bytes(path, buffer.getvalue())


def align(
    image: UInt8[np.ndarray, "height width 3"], anchors: Float[np.ndarray, "3 2"]
) -> UInt8[np.ndarray, "224 224 3"]:
    """Turn, scale and shift a picture (no shear) so that its anchors come closest to ALIGNED_ANCHORS; white outside.

    Unstated: the paper's crop margin and alignment; ours places the anchors as the canonical faces have them.

    Args:
        image: RGB.
        anchors: centres (x, y) in pixels of the picture-left eye, the picture-right eye and the mouth.
    """
    source = anchors.astype(np.float64) @ (1, 1j) + (0.5 + 0.5j)  # as complex numbers, pixel corners at integers
    target = np.array(ALIGNED_ANCHORS) @ (1, 1j) * FACE_PX
    centred = target - target.mean()
    turn = np.vdot(centred, source - source.mean()) / np.vdot(centred, centred)  # least squares, target → source
    shift = source.mean() - turn * target.mean()
    finer = max(1, math.ceil(abs(turn)))  # sample a shrinking picture densely, then average: no aliasing
    step = turn / finer
    affine = (step.real, -step.imag, shift.real, step.imag, step.real, shift.imag)
    size = (FACE_PX * finer, FACE_PX * finer)
    moved = Image.fromarray(image).transform(
        size, Image.Transform.AFFINE, affine, Image.Resampling.BICUBIC, fillcolor="white"
    )
    return np.array(moved.reduce(finer))


def _check_file(path: Path, root: Path | None) -> None:
    real = os.path.realpath(path)
    if root is not None and not Path(real).is_relative_to(os.path.realpath(root)):
        raise InputError(f"{path} leads to {real}, outside {root}; copy the picture into the folder")
    if not path.exists():
        raise InputError(f"{path} is missing; check the name, or fetch the pictures again")
    if not path.is_file():
        raise InputError(f"{path} is not a regular file; name a picture")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty (0 bytes); get it again")


def _check_size(path: Path, size: tuple[int, int]) -> None:
    """Refuse by the header alone what is too large to decode or too small to hold a face."""
    width, height = size
    if width * height > MAX_PIXELS:
        raise InputError(
            f"{path} is too large: {width}×{height} px, at most {MAX_PIXELS:,} pixels are read; scale it down"
        )
    scale = min(1.0, MAX_SIDE_PX / max(size))
    if min(size) * scale < MIN_SIDE_PX:
        raise InputError(
            f"{path} is too small: {width}×{height} px; a face needs {MIN_SIDE_PX} px on the shorter side when the"
            f" longer has at most {MAX_SIDE_PX}; use a larger picture or crop it to the face"
        )


def _opened(path: Path) -> Image.Image:
    """Read the header."""
    try:
        return Image.open(path, formats=FORMATS)
    except UnidentifiedImageError:
        raise InputError(f"{path} is not a picture in {', '.join(FORMATS)}; convert it to one of these") from None
    except Image.DecompressionBombError as error:
        raise InputError(f"{path} is too large ({error}); scale it down") from None
    except _BROKEN as error:
        raise InputError(f"{path} cannot be opened as a picture ({error}); get it again") from None


def _decoded(path: Path, image: Image.Image) -> Image.Image:
    """Read the pixels and turn them upright."""
    try:
        image.draft(None, (MAX_SIDE_PX, MAX_SIDE_PX))  # lets the JPEG decoder skip detail that scaling drops
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
    except _BROKEN as error:
        raise InputError(f"{path} is corrupt or cut short ({error}); get it again") from None
    if image.mode in ("I", "F"):
        raise InputError(f"{path} has 32-bit pixels, whose range is not stated; save it with 8 bits per channel")
    return image


def _scaled_rgb(image: Image.Image) -> UInt8[np.ndarray, "height width 3"]:
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))  # Pillow's own conversion clips at 255
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX), Image.Resampling.LANCZOS)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return np.array(image)
