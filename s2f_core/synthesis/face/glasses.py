"""Glasses as thin tubes bent around the eyes: two rims, a bridge and two temples."""

import math

import numpy as np
from jaxtyping import Float, Float32, Int32

from s2f_core.synthesis.face.assets import HeadPack
from s2f_core.synthesis.face.shape import eye_centres

RIM_STEPS, TUBE_SIDES = 28, 4
TUBE_DM = 0.017  # radius
BEFORE_EYES_DM = 0.30  # from the eye's centre to the plane of the lenses
SIZES = {"round": (0.235, 0.205, 2.0), "square": (0.26, 0.185, 3.6)}  # half width, half height (dm), power of the ellipse
EAR = 12001  # vertex of hm08 at the root of the left ear


def frame_triangles(style: str) -> Int32[np.ndarray, "triangles 3"]:
    """Return the triangles between the points of `frame_points`."""
    found, first = [], 0
    for n, closed in ((RIM_STEPS, True), (RIM_STEPS, True), (5, False), (3, False), (3, False)):
        for step in range(n if closed else n - 1):
            here, there = first + step * TUBE_SIDES, first + (step + 1) % n * TUBE_SIDES
            for side in range(TUBE_SIDES):
                following = (side + 1) % TUBE_SIDES
                found += [(here + side, there + side, there + following), (here + side, there + following, here + following)]
        first += n * TUBE_SIDES
    return np.array(found, np.int32)


def frame_points(pack: HeadPack, style: str, head: Float32[np.ndarray, "vertices 3"]) -> Float32[np.ndarray, "points 3"]:
    """Return the points of a pair of glasses on a head, dm."""
    wide, high, power = SIZES[style]
    left, right = eye_centres(pack, head).astype(np.float64)
    ear = head[pack.number_of[EAR]].astype(np.float64)
    middle = (left + right) / 2 + np.array([0, -0.02, BEFORE_EYES_DM])
    apart = max(wide + 0.06, abs(left[0] - right[0]) / 2 + 0.015)
    turn = np.linspace(0, 2 * math.pi, RIM_STEPS, endpoint=False)
    lobe = [np.sign(wave) * np.abs(wave) ** (2 / power) for wave in (np.cos(turn), np.sin(turn))]
    paths = []
    for sign in (1, -1):
        across, up = sign * apart + wide * lobe[0], high * lobe[1]
        paths.append(middle + np.stack([across, up, -0.22 * np.abs(across) ** 2], axis=1))
    inner, outer = apart - wide, apart + wide
    xs = np.linspace(-inner, inner, 5)
    paths.append(middle + np.stack([xs, 0.06 - 0.5 * xs**2, np.full(5, -0.005)], axis=1))
    for sign in (1, -1):
        hinge = middle + np.array([sign * outer, 0.05, -0.22 * outer**2])
        end = np.array([sign * (abs(ear[0]) + 0.03), middle[1] + 0.06, ear[2] - 0.1])
        paths.append(np.stack([hinge, (hinge + end) / 2 + np.array([sign * 0.04, 0, 0]), end]))
    return np.concatenate([_tube(path, closed=number < 2) for number, path in enumerate(paths)]).astype(np.float32)


def _tube(path: Float[np.ndarray, "steps 3"], *, closed: bool) -> Float[np.ndarray, "points 3"]:
    """Points of a square tube along a path."""
    ahead = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0) if closed else np.gradient(path, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    rough = np.where(np.abs(ahead[:, 2:]) > 0.9, np.array([[0.0, 1.0, 0.0]]), np.array([[0.0, 0.0, 1.0]]))
    side = np.cross(ahead, rough)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, ahead)
    angles = (np.arange(TUBE_SIDES) + 0.5) * 2 * math.pi / TUBE_SIDES
    ring = np.cos(angles)[:, None, None] * side + np.sin(angles)[:, None, None] * up
    return (path[:, None] + TUBE_DM * np.moveaxis(ring, 0, 1)).reshape(-1, 3)
