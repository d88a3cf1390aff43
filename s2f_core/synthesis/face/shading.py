"""Colour of every pixel from pigments and light: plain Python loops like `kernels`, compiled by `compiled`.

Linear RGB throughout. Skin albedo is exp(log tone − pigment · optical density), as light passes absorbers twice.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int8

SKIN, EYE_LEFT, EYE_RIGHT, HAIR, TEETH, BROW, LASH, TONGUE, FRAME = range(9)  # materials
FACE_LOW, FACE_HIGH = (-1.1, 6.0), (1.1, 8.2)  # dm: what the detail map covers of the template, from the front
SKIN_LEFT, SKIN_TOP = 320, 88  # of the skin crop in its 512 px picture
MELANIN_OD = (0.35, 0.60, 0.95)  # optical densities in linear red, green, blue: darker and browner
HEMOGLOBIN_OD = (0.10, 0.62, 0.48)  # redder
IRIS_RAD, PUPIL_RAD = 0.48, 0.165  # radii seen from the middle of the eyeball
NECKLINE_DM = 5.86  # height of the collar on the template


class Lit(NamedTuple):
    """Per point: place, normal, place on the template, irradiance, direction it mostly comes from, lamps seen."""

    points: Float32[np.ndarray, "points 3"]
    normals: Float32[np.ndarray, "points 3"]
    template: Float32[np.ndarray, "points 3"]
    irradiance: Float32[np.ndarray, "points 3"]
    flow: Float32[np.ndarray, "points 3"]
    lamps_seen: Float32[np.ndarray, "points 2"]


class Lamps(NamedTuple):
    """Where the camera and the two lamps stand (unit vectors towards them), and the lamps' colours."""

    camera: Float32[np.ndarray, "3"]
    directions: Float32[np.ndarray, "2 3"]
    colours: Float32[np.ndarray, "2 3"]


class Paint(NamedTuple):
    """What surfaces are made of; rows of `colours`: hair, brow, lash, teeth, iris, cloth, frame, mouth, log tone of skin.

    `skin`: log albedo in the crop of the skin picture. `detail`: slope x, slope y, melanin, hemoglobin, beard over the
    face from the front. `eyes`: centre and axis of the left, then of the right eyeball. `scalp`: density, recession, shine.
    """

    material: Int8[np.ndarray, " triangles"]
    skin: Float32[np.ndarray, "356 192 3"]
    detail: Float32[np.ndarray, "detail detail 5"]
    shades: Float32[np.ndarray, "textures 512 512"]
    colours: Float32[np.ndarray, "9 3"]
    eyes: Float32[np.ndarray, "2 2 3"]
    scalp: Float32[np.ndarray, "3"]


class Pixel(NamedTuple):
    """The interpolated surface under one pixel: triangle, corner weights, and texture coordinates."""

    triangle: int
    a: int
    b: int
    c: int
    u: float
    v: float
    across: float
    up: float


def mix(values: Float32[np.ndarray, "points channels"], pixel: Pixel, channel: int) -> float:
    """Interpolate a value of the corners."""
    return (values[pixel.a, channel] * (1 - pixel.u - pixel.v) + values[pixel.b, channel] * pixel.u
            + values[pixel.c, channel] * pixel.v)


def bilinear(picture: Float32[np.ndarray, "height width channels"], x: float, y: float, channel: int) -> float:
    """Sample a picture between its pixels; x, y in pixel centres, held at the edges."""
    height, width, _ = picture.shape
    x, y = min(max(x, 0.0), width - 1.001), min(max(y, 0.0), height - 1.001)
    j, i = int(x), int(y)
    fx, fy = x - j, y - i
    upper = picture[i, j, channel] * (1 - fx) + picture[i, j + 1, channel] * fx
    lower = picture[i + 1, j, channel] * (1 - fx) + picture[i + 1, j + 1, channel] * fx
    return upper * (1 - fy) + lower * fy


def ramp(value: float, low: float, high: float) -> float:
    """Smooth step from 0 at `low` to 1 at `high`."""
    t = min(1.0, max(0.0, (value - low) / (high - low)))
    return t * t * (3 - 2 * t)


def scalp_cover(x: float, y: float, z: float, scalp: Float32[np.ndarray, "3"]) -> tuple[float, float]:
    """Return (is this where hair grows at all, how much short hair covers it) at a place on the template."""
    line = 7.80 - 0.58 * max(0.0, 1.42 - z) + 0.10 * min(1.0, 4 * x * x)
    if y < line - 0.30:
        return 0.0, 0.0
    grows = ramp(y, line - 0.30, line - 0.04)
    front = ramp(y, line + 0.75 * scalp[1] * ramp(z, -0.2, 0.9), line + 0.12 + 0.75 * scalp[1] * ramp(z, -0.2, 0.9))
    crown = 1 - ramp(scalp[1], 0.45, 0.6) * ramp(y, 8.22 - 0.6 * scalp[1], 8.32 - 0.6 * scalp[1])
    return grows, ramp(y, line - 0.05, line + 0.07) * grows * min(front, crown) * scalp[0]


def skin(pixel: Pixel, lit: Lit, paint: Paint, colour: Float32[np.ndarray, "3"], normal: Float32[np.ndarray, "3"]
         ) -> float:
    """Write albedo and bent normal of skin (or cloth below the neckline); return its specular strength."""
    x, y, z = mix(lit.template, pixel, 0), mix(lit.template, pixel, 1), mix(lit.template, pixel, 2)
    if y <= NECKLINE_DM + 0.10 * math.cos(x * 1.6) - 0.25 * max(0.0, z - 0.2):
        weave = 0.92 + 0.08 * math.sin(x * 160) * math.sin(y * 160)
        for i in range(3):
            colour[i] = paint.colours[5, i] * weave
        return 0.008
    if abs(x) < 0.24 and z > 0.6 and z < 1.455 - 1.7 * x * x and abs(y - 6.62) < 0.17:  # inside of the mouth
        for i in range(3):
            colour[i] = paint.colours[7, i]
        return 0.02
    grows, hairy = scalp_cover(x, y, z, paint.scalp)
    cell = (int(x * 190 + 900) * 73856093) ^ (int(y * 190) * 19349663) ^ (int(z * 190 + 900) * 83492791)
    grain = 0.80 + 0.4 * ((((cell ^ (cell >> 13)) * 1274126177) >> 8) & 255) / 255
    beard = 0.0
    side = paint.detail.shape[0]
    right = (x - FACE_LOW[0]) / (FACE_HIGH[0] - FACE_LOW[0]) * side - 0.5
    down = (FACE_HIGH[1] - y) / (FACE_HIGH[1] - FACE_LOW[1]) * side - 0.5
    frontal = ramp(z, 0.55, 1.05)
    inside = right > 0 and down > 0 and right < side - 1 and down < side - 1
    melanin, hemoglobin = 0.0, 0.0
    if inside:
        if frontal > 0:
            melanin = frontal * bilinear(paint.detail, right, down, 2)
            hemoglobin = frontal * bilinear(paint.detail, right, down, 3)
            normal[0] -= 2 * frontal * bilinear(paint.detail, right, down, 0)
            normal[1] += 2 * frontal * bilinear(paint.detail, right, down, 1)
        beard = 0.92 * bilinear(paint.detail, right, down, 4) * ramp(z, 0.30, 0.7) * ramp(y + (z - 1.1) * 0.25, 6.20, 6.32)
    column, row = pixel.across * 512 - SKIN_LEFT - 0.5, (1 - pixel.up) * 512 - SKIN_TOP - 0.5
    hairs = min(1.0, hairy * grain)
    for i in range(3):
        tone = paint.colours[8, i]
        bare = tone + (bilinear(paint.skin, column, row, i) - tone) * (1 - 0.9 * grows)
        albedo = math.exp(bare - melanin * MELANIN_OD[i] - hemoglobin * HEMOGLOBIN_OD[i])
        albedo += (paint.colours[0, i] - albedo) * hairs
        colour[i] = albedo + (paint.colours[1, i] - albedo) * beard
    return 0.028 * paint.scalp[2] * (1 - 0.7 * max(beard, hairs))


def eye(pixel: Pixel, lit: Lit, paint: Paint, colour: Float32[np.ndarray, "3"], normal: Float32[np.ndarray, "3"]) -> float:
    """Write albedo and normal of an eyeball: white, limbus, iris with fibres, pupil; return its specular strength."""
    which = paint.material[pixel.triangle] - EYE_LEFT
    length = 0.0
    for i in range(3):
        normal[i] = mix(lit.points, pixel, i) - paint.eyes[which, 0, i]
        length += normal[i] ** 2
    along = 0.0
    for i in range(3):
        normal[i] /= math.sqrt(length)
        along += normal[i] * paint.eyes[which, 1, i]
    angle = math.acos(min(1.0, max(-1.0, along)))
    turn = math.atan2(normal[1] - paint.eyes[which, 1, 1], normal[0] - paint.eyes[which, 1, 0])
    fibres = 0.86 + 0.22 * math.sin(turn * 17 + 3 * math.sin(turn * 5)) * math.sin(turn * 29)
    out = angle / IRIS_RAD
    limbus = 1 - 0.72 * min(1.0, max(0.0, (out - 0.74) / 0.26))
    bright = (0.75 + 0.7 * max(0.0, 1 - abs(out - 0.5) * 2.2)) * fibres * limbus
    pupil = 1 / (1 + math.exp((angle - PUPIL_RAD) / 0.015))
    iris = 1 / (1 + math.exp((angle - IRIS_RAD) / 0.024))
    rim = min(1.0, max(0.0, (angle - 0.55) / 0.5))
    for i in range(3):
        white = (0.43 - 0.03 * rim, 0.39 - 0.09 * rim, 0.36 - 0.09 * rim)[i]
        coloured = paint.colours[4, i] * bright * (1 - pupil) + 0.004
        colour[i] = white + (coloured - white) * iris
    return 0.03
