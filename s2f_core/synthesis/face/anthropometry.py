"""Where the 68 landmarks lie on a synthetic face, and its measures in millimetres, exactly.

The points were picked on the template by geometry and by the names of its parts, never by a landmark detector:

- jaw (0–16): the outline of the face seen from the front, from eye level (0, 16) to the menton (8, the lowest point of the
  chin), at steps of equal length along it;
- brows (17–26): five even steps along the upper border of the twelve fitted brow meshes, which lies where the lid's fold meets
  the forehead;
- nose: the sellion (27, the deepest midline point between forehead and nose), the tip (30, the foremost), two even steps
  between; below, the foot of the columella (33, where the midline bends most), the lower outer end of the nostril
  (31, 35), and its inner end (32, 34);
- eyes (36–47): corners of the visible opening of the lids, and the lid margins at a third and two thirds between;
- mouth (48–67): the border of the mask of the lips: where it ends (48, 54), its peaks (50, 52) and middle (51, 57), half-way
  between (49, 53; 55, 56, 58, 59); inside, the margins where the lips meet: corners (60, 64), middle (62, 66), and below and
  above the peaks (61, 63, 65, 67).

All are numbers of vertices of hm08 on the person's left; the right side is their mirror image.
"""

import functools

import numpy as np
from jaxtyping import Float, Int64

from s2f_core.synthesis.face import camera
from s2f_core.synthesis.face.assets import HeadPack
from s2f_core.synthesis.face.identity import FaceIdentity
from s2f_core.synthesis.face.shape import eye_centres, head
from s2f_core.synthesis.face.view import View

MM_PER_DM = 100.0

# Landmark (iBUG order) → vertex of hm08, on the midline and on the person's left.
VERTEX_OF = {
    8: 747, 9: 7616, 10: 7593, 11: 7595, 12: 7597, 13: 11851, 14: 7039, 15: 7038, 16: 7575,
    22: 6984, 23: 6980, 24: 6979, 25: 6999, 26: 7030,
    27: 132, 28: 131, 29: 201, 30: 5054, 33: 317, 34: 7077, 35: 7055,
    42: 7769, 43: 6838, 44: 6784, 45: 6808, 46: 6825, 47: 6831,
    51: 466, 52: 7216, 53: 7208, 54: 10404, 55: 7166, 56: 7241, 57: 492,
    62: 474, 63: 7227, 64: 7191, 65: 7242, 66: 493,
}
# The same landmark on the other side.
MIRROR_OF = {
    **{left: 16 - left for left in range(9, 17)}, **{left: 43 - left for left in range(22, 27)}, 35: 31, 34: 32,
    42: 39, 43: 38, 44: 37, 45: 36, 46: 41, 47: 40, 52: 50, 53: 49, 54: 48, 55: 59, 56: 58, 63: 61, 64: 60, 65: 67,
}
# Further points of Farkas (Anthropometry of the Head and Face, 1994) that are none of the 68.
POINT_OF = {
    "zy": 7572,  # zygion: the widest point of the cheekbones
    "al": 11673,  # alare: the outermost point of the wing of the nose
    "lid upper": 6784, "lid lower": 6825,
}


def landmarks(pack: HeadPack, identity: FaceIdentity, view: View, size: int) -> Float[np.ndarray, "68 2"]:
    """Return the 68 landmarks in a rendered picture: x, y in pixels, the middle of the first pixel at (0, 0).

    Args:
        pack: the assets.
        identity: whose face.
        view: how it is seen, with its expression.
        size: side of the picture, px.
    """
    framed = camera.frame(pack, head(pack, identity, {}))
    points = head(pack, identity, view.expression)[_rows(pack)].astype(np.float64)
    projected = camera.project(camera.turn(points, view, framed), view, framed)
    return projected[:, :2] * size - 0.5


def measure(pack: HeadPack, identity: FaceIdentity) -> dict[str, float]:
    """Return the measures of a face at rest in mm (distances in space, not in a picture), indices as plain ratios.

    Their names are those of `evaluate.craniofacial` where it has them; all but the ratios are lengths.
    """
    vertices = head(pack, identity, {}).astype(np.float64) * MM_PER_DM
    at = vertices[_rows(pack)]
    left = {name: vertices[pack.number_of[number]] for name, number in POINT_OF.items()}
    right = {name: vertices[_mirrored(pack, number)] for name, number in POINT_OF.items()}
    stomion = (at[62] + at[66]) / 2
    eyes = eye_centres(pack, vertices)

    def between(a: Float[np.ndarray, "3"], b: Float[np.ndarray, "3"]) -> float:
        return float(np.linalg.norm(a - b))

    found = {
        "interpupillary": between(*eyes), "intercanthal": between(at[39], at[42]), "biocular": between(at[36], at[45]),
        "eye_opening": (between(left["lid upper"], left["lid lower"]) + between(right["lid upper"], right["lid lower"])) / 2,
        "brow_eye": (between(at[19], at[37]) + between(at[24], at[44])) / 2,
        "nose_width": between(left["al"], right["al"]), "nose_height": between(at[27], at[33]),
        "nose_protrusion": between(at[33], at[30]),
        "mouth_width": between(at[48], at[54]), "philtrum_width": between(at[50], at[52]),
        "upper_lip": between(at[51], stomion), "lower_lip": between(stomion, at[57]),
        "upper_lip_height": between(at[33], stomion),
        "lateral_upper_lip_heights": (between(at[31], at[49]) + between(at[35], at[53])) / 2,
        "face_height": between(at[27], at[8]), "lower_face_height": between(at[33], at[8]),
        "chin_height": between(at[57], at[8]),
        "stomion_chin": between(stomion, at[8]),
        "face_width": between(left["zy"], right["zy"]), "jaw_width": between(at[4], at[12]),
    }
    found["lip_height"] = found["upper_lip"] + found["lower_lip"]
    found["labio_oral_region"] = found["mouth_width"]
    found["mandibular_index"] = found["stomion_chin"] / found["jaw_width"]
    found["intercanthal_index"] = found["intercanthal"] / found["biocular"]
    found["nasal_index"] = found["nose_width"] / found["nose_height"]
    found["vermilion_height_index"] = found["upper_lip"] / found["lower_lip"]
    found["mouth_face_width_index"] = found["mouth_width"] / found["face_width"]
    return found


def _rows(pack: HeadPack) -> Int64[np.ndarray, "68"]:
    """Rows of the pack's vertices for the 68 landmarks."""
    rows = np.zeros(68, np.int64)
    for mark, number in VERTEX_OF.items():
        rows[mark] = pack.number_of[number]
        if mark in MIRROR_OF:
            rows[MIRROR_OF[mark]] = _mirrored(pack, number)
    return rows


@functools.lru_cache(maxsize=256)
def _mirrored(pack: HeadPack, number: int) -> int:
    """Row of the vertex on the other side: the template is symmetric, so it is the nearest to the mirror image."""
    image = pack.vertices[pack.number_of[number]] * np.array([-1, 1, 1], np.float32)
    return int(np.argmin(((pack.vertices - image) ** 2).sum(1)))
