"""How a face is seen: pose, framing, light, expression, background and the camera's faults."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

Direction = tuple[float, float, float]  # towards the light; of any length


@dataclass(frozen=True)
class View:
    """One way to see a face; equal views of one identity give equal pixels.

    Attributes:
        yaw, pitch, roll: turn of the head to its left, down, and to the picture's left, radians.
        scale: 1 fills the canonical frame; dx, dy: shift in picture sides.
        key, fill: towards the main and the second light; key_power, fill_power, ambient: their radiance; key_focus: how
            small the main light is (4 a window, 20 a lamp).
        warmth: more red and less blue, as a fraction; exposure: a factor.
        gaze: turn of both eyes to the person's left and up, radians.
        expression: action → strength 0–1, see `shape.head`.
        background: a seed for what is behind the head, −1 for plain grey.
        blur: sigma in px of a picture of 224 px; noise: sd in 0–1; contrast: a factor; compression: 0 none, else the
            JPEG quality.
        seed: of the noise.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    scale: float = 1.0
    dx: float = 0.0
    dy: float = 0.0
    key: Direction = (-0.45, 0.55, 0.8)
    fill: Direction = (0.7, 0.15, 0.75)
    key_power: float = 1.0
    key_focus: float = 7.0
    fill_power: float = 0.55
    ambient: float = 0.55
    warmth: float = 0.0
    exposure: float = 1.0
    gaze: tuple[float, float] = (0.0, 0.0)
    expression: Mapping[str, float] = field(default_factory=dict)
    background: int = -1
    blur: float = 0.0
    noise: float = 0.0
    contrast: float = 1.0
    compression: int = 0
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(replace(self, expression=dict(self.expression)))

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> "View":
        """Undo `to_dict`, also after JSON turned tuples into lists."""
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return View(**{**values, **lists})


CANONICAL = View()

POSE_SD = (0.22, 0.10, 0.06)  # yaw, pitch, roll in radians: talking to somebody beside the camera
FARTHEST_SD = 1.9  # 24° to the side: the judges want both eyes
SCALES = (0.88, 1.12)
SHIFT_SD = 0.035
FOCUSES = (4.0, 8.0, 20.0)
WARMTH_SD, EXPOSURE_SD = 0.10, 0.14
GAZE_SD = (0.10, 0.05)
JPEG_QUALITIES = (55, 95)


def sample_view(rng: np.random.Generator) -> View:
    """Draw a view in the wild: turned, lit from anywhere in front, talking or smiling, before anything, imperfect."""
    side = rng.uniform(-1.2, 1.2)
    yaw, pitch, roll = (float(np.clip(rng.normal(), -FARTHEST_SD, FARTHEST_SD)) * sd for sd in POSE_SD)
    return View(
        yaw=yaw, pitch=pitch, roll=roll, scale=float(rng.uniform(*SCALES)),
        dx=float(rng.normal() * SHIFT_SD), dy=float(rng.normal() * SHIFT_SD),
        key=(math.sin(side), float(rng.uniform(0.1, 1.1)), math.cos(side)),
        fill=(-math.sin(side), float(rng.uniform(-0.3, 0.5)), 0.8),
        key_power=float(rng.uniform(0.75, 1.4)), key_focus=float(rng.choice(FOCUSES)),
        fill_power=float(rng.uniform(0.15, 0.6)), ambient=float(rng.uniform(0.35, 0.75)),
        warmth=float(rng.normal() * WARMTH_SD), exposure=math.exp(float(rng.normal()) * EXPOSURE_SD),
        gaze=(float(rng.normal() * GAZE_SD[0]), float(rng.normal() * GAZE_SD[1])),
        expression=_expression(rng), background=int(rng.integers(1 << 30)),
        blur=float(rng.uniform(0.3, 0.9)) if rng.random() < 0.5 else 0.0, noise=float(rng.uniform(0.002, 0.014)),
        contrast=float(rng.uniform(0.88, 1.1)), compression=int(rng.integers(*JPEG_QUALITIES)),
        seed=int(rng.integers(1 << 30)),
    )


def _expression(rng: np.random.Generator) -> dict[str, float]:
    """Smiles, open mouths and brows, as people talk: each with its own chance."""
    found: dict[str, float] = {}
    if rng.random() < 0.45:
        smile, even = rng.uniform(0.1, 0.65), rng.uniform(0.8, 1.0)
        found |= {"mouthSmileLeft": smile * even, "mouthSmileRight": smile}
        found |= {f"{part}{side}": smile * share for part, share in (("cheekSquint", 0.5), ("eyeSquint", 0.4))
                  for side in ("Left", "Right")}
    if rng.random() < 0.45:
        found["jawOpen"] = rng.uniform(0.03, 0.26)
    if rng.random() < 0.2:
        found["mouthFunnel"] = rng.uniform(0.1, 0.4)
    if rng.random() < 0.3:
        found["browInnerUp"] = rng.uniform(0.1, 0.6)
    if rng.random() < 0.15:
        found["browDownLeft"] = found["browDownRight"] = rng.uniform(0.1, 0.5)
    blink = max(0.0, rng.normal() * 0.12)
    found["eyeBlinkLeft"] = found["eyeBlinkRight"] = blink
    return {name: float(strength) for name, strength in found.items()}
