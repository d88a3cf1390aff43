"""What can be read off the pixels of a canonical face without a trained model: colours of skin and hair, and hair's length.

For Fig. 13's cartoons. The places are fractions of the face's own size, found from its 68 landmarks; colours are medians of
small patches. It works on plain backgrounds and frontal faces, as canonical ones are, and on nothing else.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from s2f_core.errors import InputError
from s2f_core.features.landmarks import N_LANDMARKS

JAW_LEFT, JAW_RIGHT, CHIN, NOSTRILS, NOSE_TOP, MOUTH = 2, 14, 8, (31, 35), 27, (48, 54)  # dlib's numbers from 0
BESIDE = 0.14  # widths of the face beside the jaw, where long hair hangs
ABOVE = (0.78, 0.9)  # heights chin to nose root above the root, above the hairline of most
PATCH = 0.05  # half the side of a patch, in widths of the face
BALD = 45  # of 255 in RGB: colours nearer to each other are one
CORNER = 0.06  # of the picture's side: background

Colour = UInt8[np.ndarray, " rgb"]


class Appearance(NamedTuple):
    """Colours in RGB; `long_hair`: the places beside the jaw look more like what is above the forehead than like background."""

    skin: Colour
    hair: Colour
    long_hair: bool

    @property
    def bald(self) -> bool:
        """Where hair should be lies skin."""
        return not self.long_hair and bool(np.linalg.norm(self.hair.astype(float) - self.skin) < BALD)


def appearance(face: UInt8[np.ndarray, "side side 3"], landmarks_px: Float[np.ndarray, "68 2"]) -> Appearance:
    """Measure one face. Raises InputError for landmarks that are not 68 or not finite."""
    if landmarks_px.shape != (N_LANDMARKS, 2) or not np.isfinite(landmarks_px).all():
        raise InputError(f"an appearance needs {N_LANDMARKS} finite landmarks; got {landmarks_px.shape}; detect the face first")
    width = float(np.linalg.norm(landmarks_px[JAW_RIGHT] - landmarks_px[JAW_LEFT]))
    root, height = landmarks_px[NOSE_TOP], float(landmarks_px[CHIN][1] - landmarks_px[NOSE_TOP][1])
    radius = max(1, round(PATCH * width))
    cheeks = [(landmarks_px[jaw] + landmarks_px[nose]) / 2 for jaw, nose in zip((JAW_LEFT, JAW_RIGHT), NOSTRILS, strict=True)]
    tops = [root - (0, part * height) for part in np.linspace(*ABOVE, 4)]
    mouth = float(np.mean([landmarks_px[point][1] for point in MOUTH]))
    sides = [np.array([landmarks_px[jaw][0] + sign * BESIDE * width, mouth])
             for jaw, sign in ((JAW_LEFT, -1), (JAW_RIGHT, 1))]
    skin, hair, beside = (_colour(face, places, radius) for places in (cheeks, tops, sides))
    edge = max(1, round(CORNER * len(face)))
    background = np.median(np.concatenate([face[:edge, :edge], face[:edge, -edge:]]).reshape(-1, 3), axis=0)
    long_hair = bool(np.linalg.norm(beside - hair) < np.linalg.norm(beside - background))
    return Appearance(skin.astype(np.uint8), (beside if long_hair else hair).astype(np.uint8), long_hair)


def _colour(face: UInt8[np.ndarray, "side side 3"], places: list[np.ndarray], radius: int) -> Float[np.ndarray, " rgb"]:
    """Median colour around some places; those outside of the picture are moved to its edge."""
    found = []
    for x, y in places:
        column, row = (int(np.clip(round(float(at)), radius, len(face) - radius - 1)) for at in (x, y))
        found.append(face[row - radius : row + radius + 1, column - radius : column + radius + 1].reshape(-1, 3))
    return np.median(np.concatenate(found), axis=0)
