"""The 13 craniofacial measures of Fig. 5(c) (12 published, philtrum width computed but left out) from 68 landmarks.

Unstated: every formula; the paper gives names only. Ours are L. G. Farkas's definitions (Anthropometry of the Head and
Face, 1994), whose names these are, on the nearest of the 68 iBUG points. Heights are vertical and widths horizontal
distances after levelling the eyes, in units of the distance between the eye centres.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

Coordinates = Float64[np.ndarray, "faces xy"]
Lengths = Float64[np.ndarray, " faces"]
Formula = Callable[[Mapping[str, Coordinates]], Lengths]

# Farkas's point → the landmarks (0-based, iBUG order, "right" is the person's) whose mean stands for it.
POINTS = {
    "n": (27,),  # nasion: top of the nose bridge
    "sn": (33,),  # subnasale: under the septum
    "al right": (31,),  # alare: outermost nostril point
    "al left": (35,),
    "sbal right": (31,),  # subalare: under the wing of the nose; the 68 points have no lower one than alare's
    "sbal left": (35,),
    "cph right": (50,),  # crista philtri: peak of the upper lip's bow
    "cph left": (52,),
    "ls": (51,),  # labiale superius: middle of the upper lip's upper border
    "ls right": (49,),  # the same border below subalare
    "ls left": (53,),
    "sto": (62, 66),  # stomion: where the lips meet
    "li": (57,),  # labiale inferius: middle of the lower lip's lower border
    "ch right": (48,),  # cheilion: corner of the mouth
    "ch left": (54,),
    "gn": (8,),  # gnathion: lowest point of the chin
    "go right": (4,),  # gonion: corner of the jaw
    "go left": (12,),
    "zy right": (1,),  # zygion: widest point of the cheekbones
    "zy left": (15,),
    "en right": (39,),  # endocanthion: inner corner of the eye
    "en left": (42,),
    "ex right": (36,),  # exocanthion: outer corner of the eye
    "ex left": (45,),
}
RIGHT_EYE, LEFT_EYE = slice(36, 42), slice(42, 48)


def _height(upper: str, lower: str) -> Formula:
    return lambda at: np.abs(at[lower][:, 1] - at[upper][:, 1])


def _width(point: str) -> Formula:
    return lambda at: np.abs(at[f"{point} left"][:, 0] - at[f"{point} right"][:, 0])


def _ratio(part: Formula, whole: Formula) -> Formula:
    def formula(at: Mapping[str, Coordinates]) -> Lengths:
        length = whole(at)
        return np.divide(part(at), length, out=np.full_like(length, np.nan), where=length > 0)

    return formula


def _lateral_lip(at: Mapping[str, Coordinates]) -> Lengths:
    return (_height("sbal right", "ls right")(at) + _height("sbal left", "ls left")(at)) / 2


def _nose_triangle(at: Mapping[str, Coordinates]) -> Lengths:
    right, left = at["al right"] - at["n"], at["al left"] - at["n"]
    return np.abs(right[:, 0] * left[:, 1] - right[:, 1] * left[:, 0]) / 2


@dataclass(frozen=True)
class Measure:
    """One measure: its formula on levelled points, the same in Farkas's terms, and the name in the authors' files."""

    formula: Formula
    reading: str
    printed: str


MEASURES = {
    "upper_lip_height": Measure(_height("sn", "sto"), "sn–sto, height", "upper_lip_height"),
    "philtrum_width": Measure(_width("cph"), "cph–cph, width", "philtrum_width"),
    "lateral_upper_lip_heights": Measure(
        _lateral_lip, "sbal–ls', height, mean of both sides", "lateral_upper_lip_heights"
    ),
    "jaw_width": Measure(_width("go"), "go–go, width", "jaw_width"),
    "nose_height": Measure(_height("n", "sn"), "n–sn, height", "nose_height"),
    "nose_width": Measure(_width("al"), "al–al, width", "nose_width"),
    "labio_oral_region": Measure(_width("ch"), "ch–ch, width of the mouth", "Labio_oral_region"),
    "mandibular_index": Measure(
        _ratio(_height("sto", "gn"), _width("go")), "sto–gn height / go–go width", "Mandibular_idx"
    ),
    "intercanthal_index": Measure(_ratio(_width("en"), _width("ex")), "en–en width / ex–ex width", "Intercanthal_idx"),
    "nasal_index": Measure(_ratio(_width("al"), _height("n", "sn")), "al–al width / n–sn height", "Nasal_index"),
    "vermilion_height_index": Measure(
        _ratio(_height("ls", "sto"), _height("sto", "li")), "ls–sto height / sto–li height", "Vermilion_height_idx"
    ),
    "mouth_face_width_index": Measure(
        _ratio(_width("ch"), _width("zy")), "ch–ch width / zy–zy width", "Mouth_face_with_idx"
    ),
    "nose_area": Measure(_nose_triangle, "area of the triangle n, al, al", "nose_area"),
}


def measures(landmarks: Float[np.ndarray, "faces landmark xy"]) -> dict[str, Lengths]:
    """All 13 measures of each face, in inter-ocular distances (the area in their square; indices are plain ratios).

    Invariant to shift, scale and roll. Where a point is missing (NaN), so are the measures that need it; all of
    them need the eyes, at two places.
    """
    points = landmarks.astype(np.float64)
    right, left = points[:, RIGHT_EYE].mean(1), points[:, LEFT_EYE].mean(1)
    across = left - right
    squared = (across**2).sum(1)[:, None]
    across = np.divide(across, squared, out=np.full_like(across, np.nan), where=squared > 0)
    down = np.stack([-across[:, 1], across[:, 0]], axis=1)
    from_middle = points - (right + left)[:, None] / 2
    level = np.stack([np.einsum("flx,fx->fl", from_middle, axis) for axis in (across, down)], axis=2)
    at = {name: level[:, list(chosen)].mean(1) for name, chosen in POINTS.items()}
    return {name: measure.formula(at) for name, measure in MEASURES.items()}
