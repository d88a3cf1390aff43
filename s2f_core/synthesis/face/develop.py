"""From linear light to a picture: what stands behind the head, tone curve, sRGB, and what cameras and files do to it."""


import numpy as np
from jaxtyping import Float, Float32, UInt8

from s2f_core.data.faces import FACE_PX
from s2f_core.synthesis.face.view import View

STUDIO = (0.42, 0.30)  # grey behind a canonical face, top and bottom, linear
SATURATION = 1.12
LUMINANCE = np.array((0.25, 0.65, 0.10), np.float32)


def backdrop(seed: int, size: int) -> Float32[np.ndarray, "size size 3"]:
    """Return what is behind the head, out of focus: plain grey for −1, else a gradient with soft shapes and lights."""
    import cv2  # an extra: only who renders faces has it

    down = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    if seed < 0:
        return np.broadcast_to(STUDIO[0] + (STUDIO[1] - STUDIO[0]) * down, (size, size, 3)).astype(np.float32)
    rng = np.random.default_rng(seed)

    def colour(low: float, high: float, tint: float) -> Float32[np.ndarray, "3"]:
        return (rng.uniform(low, high) * rng.uniform(1 - tint, 1 + tint, 3)).astype(np.float32)

    picture = colour(0.03, 0.6, 0.25) * (1 - down) + colour(0.03, 0.45, 0.25) * down
    picture = np.ascontiguousarray(np.broadcast_to(picture, (size, size, 3)))
    for _ in range(int(rng.integers(2, 8))):  # furniture, windows, trees
        x, y, wide, high = rng.uniform(-0.2, 1.1), rng.uniform(-0.2, 1.1), rng.uniform(0.08, 0.6), rng.uniform(0.1, 0.9)
        corners = [(int(a * size), int(b * size)) for a, b in ((x, y), (x + wide, y + high))]
        cv2.rectangle(picture, corners[0], corners[1], colour(0.02, 0.7, 0.3).tolist(), -1)
    picture = cv2.GaussianBlur(picture, (0, 0), size * rng.uniform(0.015, 0.10))
    if rng.random() < 0.4:  # lights far away
        lights = np.zeros_like(picture)
        for _ in range(int(rng.integers(4, 16))):
            place = tuple(int(part * size) for part in rng.uniform(0, 1, 2))
            cv2.circle(lights, place, int(size * rng.uniform(0.015, 0.05)), (colour(0.2, 0.7, 0.35)).tolist(), -1, cv2.LINE_AA)
        picture += cv2.GaussianBlur(lights, (0, 0), size * 0.006)
    return np.clip(picture, 0.01, 1.1)


def develop(light: Float32[np.ndarray, "size size 4"], view: View) -> UInt8[np.ndarray, "size size 3"]:
    """Return the picture: light over the backdrop, compressed highlights, sRGB, then the faults of the view.

    Args:
        light: linear RGB times coverage, and coverage.
        view: background, blur, noise, contrast, compression.
    """
    import cv2

    size = len(light)
    linear = light[..., :3] + backdrop(view.background, size) * (1 - light[..., 3:])
    bright = (linear @ LUMINANCE)[..., None]
    linear = 0.6 * linear * _shoulder(bright) + 0.4 * linear * _shoulder(linear)
    bright = (linear @ LUMINANCE)[..., None]
    linear = np.clip(bright + SATURATION * (linear - bright), 0, 1)
    picture = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-8) ** (1 / 2.4) - 0.055)
    if view.blur > 0:
        picture = cv2.GaussianBlur(picture, (0, 0), view.blur * size / FACE_PX)
    picture = (picture - 0.5) * view.contrast + 0.5
    if view.noise > 0:
        picture += np.random.default_rng(view.seed).standard_normal(picture.shape, np.float32) * np.float32(view.noise)
    pixels = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    if view.compression:
        _, packed = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, view.compression])
        pixels = cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1]
    return np.ascontiguousarray(pixels)


def _shoulder(value: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """The factor of a tone curve that never quite reaches white."""
    return (1 + value * 0.25) / (1 + value * 0.55) * 1.25
