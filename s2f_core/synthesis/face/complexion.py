"""What is unevenly spread in the skin: redness, tan, freckles, spots, shadows of age, and the beard."""


import functools

import numpy as np
from jaxtyping import Float32

from s2f_core.synthesis.face import creases
from s2f_core.synthesis.face.creases import DETAIL_PX, to_map
from s2f_core.synthesis.face.identity import FaceIdentity
from s2f_core.synthesis.face.shading import FACE_HIGH, FACE_LOW

Map = Float32[np.ndarray, "384 384"]
SPOT_YEARS = 48.0  # age spots begin
TONE_YEARS = 45.0, 25.0  # years: skin darkens and lips pale with age, nothing at the first, one unit in the second


def detail_map(identity: FaceIdentity) -> Float32[np.ndarray, "384 384 5"]:
    """Return slope to the right, slope down, extra melanin, extra hemoglobin and beard over the face from the front."""
    rng = np.random.default_rng(identity.seed)
    depth = creases.age_depth(identity)
    crease = creases.creases(rng, depth)
    slope = creases.slopes(rng, crease, depth)
    melanin, hemoglobin = _uneven(rng, identity, crease, depth)
    melanin += _spots(rng, identity)
    return np.concatenate([slope, np.stack([melanin, hemoglobin, _beard(rng, identity)], axis=-1)], axis=-1).astype(np.float32)


def _grid() -> tuple[Map, Map]:
    """x and y on the template of every pixel of the map, dm."""
    step = (np.arange(DETAIL_PX, dtype=np.float32) + 0.5) / DETAIL_PX * (FACE_HIGH[0] - FACE_LOW[0])
    return np.broadcast_to(FACE_LOW[0] + step, (DETAIL_PX, DETAIL_PX)), np.broadcast_to(
        (FACE_HIGH[1] - step)[:, None], (DETAIL_PX, DETAIL_PX))


def _blob(x: float, y: float, wide: float, high: float) -> Map:
    """A soft patch at ±x (separable, so one outer product)."""
    step = (np.arange(DETAIL_PX, dtype=np.float32) + 0.5) / DETAIL_PX * (FACE_HIGH[0] - FACE_LOW[0])
    across = np.exp(-((np.abs(FACE_LOW[0] + step) - x) / wide) ** 2)
    down = np.exp(-((FACE_HIGH[1] - step - y) / high) ** 2)
    return (down[:, None] * across).astype(np.float32)


def _clouds(rng: np.random.Generator, cells: int, blur: float) -> Map:
    import cv2

    coarse = cv2.GaussianBlur(rng.standard_normal((cells, cells), np.float32), (0, 0), blur)
    return cv2.resize(coarse / coarse.std(), (DETAIL_PX, DETAIL_PX), interpolation=cv2.INTER_LINEAR)


def _uneven(rng: np.random.Generator, identity: FaceIdentity, crease: Map, depth: float) -> tuple[Map, Map]:
    """Cheeks and nose redder, creases and lower lids darker, make-up on lids and cheeks."""
    coarse, fine = _clouds(rng, 64, 2.2), _clouds(rng, 128, 1.2)
    hemoglobin = 0.03 * fine + 0.05 * coarse + 0.10 * crease
    hemoglobin += (0.17 * (1 + identity.redness) + 0.22 * identity.makeup) * _blob(0.44, 6.95, 0.17, 0.14)
    hemoglobin += 0.20 * _blob(0.0, 6.93, 0.15, 0.10) + 0.14 * depth * _blob(0.30, 7.12, 0.16, 0.07)
    melanin = (0.025 + 0.05 * depth) * coarse + 0.02 * fine + 0.10 * crease * (0.5 + 0.5 * min(1.0, depth))
    melanin += 0.12 * (0.4 + 1.2 * depth) * (1 - 0.6 * identity.makeup) * _blob(0.30, 7.12, 0.16, 0.06)
    later = (identity.age - TONE_YEARS[0]) / TONE_YEARS[1]
    melanin += 0.05 * later + 0.10 * later * _blob(0.30, 7.12, 0.16, 0.06)
    hemoglobin -= 0.06 * later * _blob(0.0, 6.60, 0.25, 0.07)
    if identity.makeup > 0:  # lids: a shadow above, a line along the lashes
        melanin += identity.makeup * (0.55 * _blob(0.325, 7.355, 0.13, 0.035) + 0.5 * _blob(0.33, 7.330, 0.11, 0.012))
    return melanin, hemoglobin


def _spots(rng: np.random.Generator, identity: FaceIdentity) -> Map:
    """Freckles, age spots and a few moles."""
    import cv2

    found = np.zeros((DETAIL_PX, DETAIL_PX), np.float32)

    def dot(place: tuple[float, float], size: tuple[float, float], strength: float) -> None:
        x, y = to_map(np.array(place))
        axes = (int(8 * size[0]), int(8 * size[1]))
        cv2.ellipse(found, (int(8 * x), int(8 * y)), axes, 0, 0, 360, strength, -1, cv2.LINE_AA, 3)

    for _ in range(int(420 * identity.freckles)):
        size = rng.uniform(0.6, 1.4)
        dot((rng.normal() * 0.38, 7.0 + rng.normal() * 0.16), (size, size), rng.uniform(0.15, 0.6))
    for _ in range(int(rng.integers(4, 26) * max(0.0, identity.age - SPOT_YEARS) / 35)):
        dot((rng.uniform(-0.85, 0.85), rng.uniform(6.6, 8.0)), tuple(rng.uniform(0.8, 3.2, 2)), rng.uniform(0.1, 0.4))
    for _ in range(int(rng.integers(0, 4))):
        size = rng.uniform(0.8, 1.5)
        dot((rng.uniform(-0.7, 0.7), rng.uniform(6.4, 7.9)), (size, size), 0.9)
    return cv2.GaussianBlur(found, (0, 0), 0.8)


def _beard(rng: np.random.Generator, identity: FaceIdentity) -> Map:
    """How much of the skin hairs cover: a soft shadow, and single hairs combed down and outwards."""
    import cv2

    cover = np.zeros((DETAIL_PX, DETAIL_PX), np.float32)
    if identity.beard <= 0.02:
        return cover
    area = _beard_area(identity.beard_style)
    density = min(1.0, identity.beard)
    places = np.argwhere(area > 0.08)
    chosen = places[rng.integers(0, len(places), int(len(places) * (0.10 + 0.22 * density)))]
    chosen = chosen[rng.random(len(chosen)) < area[chosen[:, 0], chosen[:, 1]] * 1.15]
    lean = (chosen[:, 1] - DETAIL_PX / 2) / DETAIL_PX * 3 + rng.normal(size=len(chosen)) * 0.35
    length = (1.5 + 5 * density) * rng.uniform(0.5, 1.3, len(chosen)) / np.hypot(lean, 1.2)
    starts = np.rint(chosen[:, ::-1] * 8).astype(int).tolist()
    ends = np.rint((chosen[:, ::-1] + np.stack([lean, np.full(len(lean), 1.2)], 1) * length[:, None]) * 8).astype(int).tolist()
    for start, end in zip(starts, ends, strict=True):
        cv2.line(cover, start, end, 1.0, 1, cv2.LINE_AA, 3)
    shadow = cv2.GaussianBlur(area, (0, 0), 3) * np.float32(min(0.75, 0.14 + 0.76 * density))
    cover = np.clip(cover * np.float32(0.35 + 0.6 * density) + shadow, 0, 1) * np.clip(area * 3, 0, 1)
    return cv2.GaussianBlur(cover, (0, 0), 0.55)


@functools.lru_cache(maxsize=8)
def _beard_area(style: str) -> Map:
    """Where a beard of this style grows, 0–1; never on the lips."""
    x, y = _grid()
    across = np.abs(x)

    def step(value: Map, width: float) -> Map:
        return 1 / (1 + np.exp(np.clip(-value / width, -30, 30)))

    moustache = 1.2 * np.exp(-((x / 0.27) ** 4) - ((y - 6.765 + 0.9 * x * x) / 0.045) ** 2)
    chin = 1.2 * _blob(0.0, 6.33, 0.25, 0.13)
    jaw = step(0.75 * across + 0.9 * (6.62 - y) - 0.40, 0.035) * step(6.9 + 0.25 * np.clip(across - 0.6, 0, 1) - y, 0.05)
    lips = np.exp(-((x / 0.30) ** 4) - ((y - 6.6) / 0.085) ** 4)
    parts = {"full": (jaw, moustache, chin), "stubble": (jaw, moustache, chin), "goatee": (moustache, chin),
             "moustache": (1.3 * moustache,)}[style]
    area = np.maximum.reduce(parts) * step(y - 6.17, 0.03)
    return (np.clip(area, 0, 1) * (1 - np.clip(1.1 * lips, 0, 1))).astype(np.float32)
