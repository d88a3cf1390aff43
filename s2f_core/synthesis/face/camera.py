"""Where a point of the head falls in the picture: one perspective camera for the renderer and for the landmarks."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from s2f_core.data.faces import ALIGNED_ANCHORS
from s2f_core.synthesis.face.assets import HeadPack
from s2f_core.synthesis.face.shape import eye_centres
from s2f_core.synthesis.face.view import View

DISTANCE_DM = 14.0  # from the camera to the eyes: a portrait lens, little distortion
SIDE_DM = 2.33  # what the picture's side spans at the eyes, for the template: eye centres then lie on ALIGNED_ANCHORS
TEMPLATE_IPD_DM, TEMPLATE_EYE_CHIN_DM = 0.6155, 1.12
IPD_SHARE = 0.4  # the framing follows the distance between the eyes by this share, that from eyes to chin by the rest
EYE_LEVEL = ALIGNED_ANCHORS[0][1]  # of the picture's side, from its top
PIVOT_DM = np.array([0.0, -0.2, -0.6])  # about which the head turns, seen from the middle between the eyes
CHIN = 747  # menton in hm08


@dataclass(frozen=True, eq=False)
class Frame:
    """What the camera is set up by: the head at rest, so that an expression does not move the camera.

    Attributes:
        eyes: the middle between the eye centres, dm.
        size: size of the face relative to the template.
    """

    eyes: Float[np.ndarray, "3"]
    size: float


def frame(pack: HeadPack, rest: Float[np.ndarray, "vertices 3"]) -> Frame:
    """Return the framing of a head at rest."""
    left, right = eye_centres(pack, rest).astype(np.float64)
    middle = (left + right) / 2
    ipd = float(np.linalg.norm(left - right)) / TEMPLATE_IPD_DM
    eye_chin = float(middle[1] - rest[pack.number_of[CHIN], 1]) / TEMPLATE_EYE_CHIN_DM
    return Frame(middle, IPD_SHARE * ipd + (1 - IPD_SHARE) * eye_chin)


def rotation(view: View) -> Float[np.ndarray, "3 3"]:
    """Return the head's rotation: yaw (to the person's left), then pitch (down), then roll."""
    (cy, sy), (cx, sx), (cz, sz) = ((math.cos(a), math.sin(a)) for a in (view.yaw, view.pitch, view.roll))
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    roll = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return roll @ pitch @ yaw


def turn(points: Float[np.ndarray, "points 3"], view: View, framed: Frame) -> Float[np.ndarray, "points 3"]:
    """Turn points of the head as the view has it (dm, about the pivot)."""
    pivot = framed.eyes + PIVOT_DM
    return (points - pivot) @ rotation(view).T + pivot


def position(view: View, framed: Frame) -> Float[np.ndarray, "3"]:
    """Return where the camera stands, dm."""
    return turn(framed.eyes[None], view, framed)[0] + np.array([0.0, 0.0, DISTANCE_DM])


def project(turned: Float[np.ndarray, "points 3"], view: View, framed: Frame) -> Float[np.ndarray, "points 3"]:
    """Return x and y as fractions of the picture's side (from its left and top edge), and the depth in dm."""
    camera = position(view, framed)
    depth = camera[2] - turned[:, 2]
    enlarged = DISTANCE_DM / depth * (view.scale / (SIDE_DM * framed.size))
    x = (turned[:, 0] - camera[0]) * enlarged + 0.5 + view.dx
    y = (camera[1] - turned[:, 1]) * enlarged + EYE_LEVEL + view.dy
    return np.stack([x, y, depth], axis=1)
