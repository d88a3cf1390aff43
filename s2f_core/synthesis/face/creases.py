"""Wrinkles and pores: a height map over the face as seen from the front, drawn with a brush that age presses harder."""


import numpy as np
from jaxtyping import Float, Float32

from s2f_core.synthesis.face.identity import FaceIdentity
from s2f_core.synthesis.face.shading import FACE_HIGH, FACE_LOW

DETAIL_PX = 384  # side of the map: 175 px per dm, finer than any picture asked for
FIRST_YEARS, SPAN_YEARS = 18.0, 38.0  # wrinkles begin at, and take this long to a depth of 1
PRESSURE = 1.35  # of the brush, so that creases are seen at 128 px
# Paths for the person's left (start, control, end in dm on the template), brush in px, depth (low, high), needs deep age.
PATHS = (
    (((0.06, 7.37), (0.075, 7.46), (0.06, 7.55)), 1.4, (0.3, 0.8)),
    (((0.1, 7.38), (0.12, 7.46), (0.11, 7.54)), 1.4, (0.2, 0.6)),
    (((0.5, 7.31), (0.6, 7.36), (0.69, 7.42)), 1.0, (0.4, 0.8)),
    (((0.51, 7.28), (0.62, 7.29), (0.71, 7.31)), 1.0, (0.4, 0.8)),
    (((0.5, 7.25), (0.6, 7.22), (0.68, 7.19)), 1.0, (0.4, 0.8)),
    (((0.48, 7.22), (0.57, 7.15), (0.64, 7.08)), 1.0, (0.3, 0.7)),
    (((0.18, 7.2), (0.3, 7.11), (0.45, 7.18)), 1.2, (0.3, 0.7)),
    (((0.18, 7.18), (0.3, 7.06), (0.46, 7.12)), 1.2, (0.2, 0.5)),
    (((0.2, 7.14), (0.31, 7.02), (0.46, 7.06)), 1.4, (0.1, 0.4)),
    (((0.31, 6.6), (0.35, 6.5), (0.345, 6.38)), 1.9, (0.4, 1.0)),
    (((0.46, 6.98), (0.52, 6.78), (0.5, 6.52)), 1.5, (0.1, 0.3)),
    (((0.54, 6.98), (0.6, 6.8), (0.57, 6.56)), 1.5, (0.1, 0.3)),
)
NASOLABIAL = ((0.22, 6.97), (0.34, 6.82), (0.375, 6.60))


def to_map(places: Float[np.ndarray, "*n 2"]) -> Float[np.ndarray, "*n 2"]:
    """Turn places on the template (x, y in dm) into places on the detail map (px)."""
    origin, down = np.array((FACE_LOW[0], FACE_HIGH[1])), np.array((1, -1))
    return (places - origin) * down * (DETAIL_PX / (FACE_HIGH[0] - FACE_LOW[0]))


def age_depth(identity: FaceIdentity) -> float:
    """Return how wrinkled: 0 none, about 1 at 56 years, 2 at 85."""
    return float(max(0.0, (identity.age - FIRST_YEARS) / SPAN_YEARS) ** 1.15 * identity.wrinkles)


def creases(rng: np.random.Generator, depth: float) -> Float32[np.ndarray, "384 384"]:
    """Return how deep each place is creased, 0 smooth, 1 deep."""
    import cv2  # an extra: only who renders faces has it

    depth *= PRESSURE
    strokes: list[tuple[Float[np.ndarray, "n 2"], float, float]] = []
    for row in range(5):  # forehead
        half, middle = rng.uniform(0.33, 0.58), rng.normal() * 0.05
        xs = np.linspace(middle - half, middle + half, 14)
        ys = 7.64 + 0.085 * row + rng.normal() * 0.012 + 0.03 * np.cos(xs * 3.2) + 0.004 * rng.normal(size=14).cumsum()
        strength = rng.uniform(0.5, 1.1) * (0.9 if row < 3 else 0.5) * (rng.random() < 0.85)
        strokes.append((np.stack([xs, ys], 1), 1.5, 0.9 * depth * strength))
    for sign in (-1, 1):
        for path, brush, (low, high) in PATHS:
            moved = np.array(path) + rng.normal(size=(3, 2)) * 0.009
            strokes.append((_curve(moved) * (sign, 1), brush, 1.2 * depth * rng.uniform(low, high)))
        moved = np.array(NASOLABIAL) + rng.normal(size=(3, 2)) * 0.01
        strokes.append((_curve(moved) * (sign, 1), 2.5, 0.16 + 1.35 * depth * rng.uniform(0.7, 1.1)))
    for step in range(9):  # upper lip
        x = -0.2 + 0.05 * step + rng.normal() * 0.008
        strokes.append((np.array([(x, 6.77), (1.05 * x, 6.71)]), 0.9, max(0.0, depth - 0.5) * rng.uniform(0.2, 0.6)))
    total = np.zeros((DETAIL_PX, DETAIL_PX), np.float32)
    for brush in sorted({stroke[1] for stroke in strokes}):
        layer = np.zeros_like(total)
        for points, width, strength in strokes:
            if width == brush and strength > 0.02:
                _draw(layer, points, strength)
        total += cv2.GaussianBlur(layer, (0, 0), brush) * np.float32(1 + 1.15 * brush)  # a blurred line keeps its depth
    return np.clip(total, 0, 2.5)


def slopes(rng: np.random.Generator, crease: Float32[np.ndarray, "384 384"], depth: float) -> Float32[np.ndarray, "384 384 2"]:
    """Return the slope of the skin to the right and down: creases, pores, and the fine net of old skin."""
    import cv2

    noise = rng.standard_normal((2, DETAIL_PX, DETAIL_PX), np.float32)
    pores = cv2.GaussianBlur(noise[0], (0, 0), 0.9) * 0.3 + cv2.GaussianBlur(noise[1], (0, 0), 1.7) * 0.4
    height = pores * np.float32(0.09 + 0.12 * depth) - crease
    if depth > 0.3:
        height += cv2.GaussianBlur(noise[0], (0, 0), 1.2, sigmaY=0.8) * np.float32(0.24 * (depth - 0.3))
    steep = DETAIL_PX / 512 / 8
    return np.stack([cv2.Sobel(height, cv2.CV_32F, 1, 0) * steep, cv2.Sobel(height, cv2.CV_32F, 0, 1) * steep], axis=-1)


def _curve(path: Float[np.ndarray, "3 2"]) -> Float[np.ndarray, "12 2"]:
    """A quadratic Bézier curve."""
    t = np.linspace(0, 1, 12)[:, None]
    return (1 - t) ** 2 * path[0] + 2 * t * (1 - t) * path[1] + t * t * path[2]


def _draw(layer: Float32[np.ndarray, "384 384"], points: Float[np.ndarray, "n 2"], strength: float) -> None:
    """Draw a line that fades at both ends."""
    import cv2

    steps = np.linspace(0, len(points) - 1, 22)
    pixels = to_map(np.stack([np.interp(steps, np.arange(len(points)), points[:, axis]) for axis in (0, 1)], axis=1))
    corners = np.rint(pixels * 16).astype(int).tolist()
    for number, (start, end) in enumerate(zip(corners[:-1], corners[1:], strict=True)):
        fade = float(np.sin(np.pi * (number + 0.5) / 21) ** 0.5)
        cv2.line(layer, start, end, strength * fade, 1, cv2.LINE_AA, 4)
