"""How hair, brows, lashes, beard and glasses are drawn by lot for a person."""

import math
from typing import Any

import numpy as np

from s2f_core.synthesis.face.causes import STRENGTH

# Style → fitted mesh, "" for none (skin and short hair painted on it).
STYLES = {"afro": "afro01", "braid": "Braid01", "long": "long01", "bob": "long01", "ponytail": "ponytail01",
          "side": "short01", "crop": "short02", "combed": "short04", "buzz": "", "bald": ""}
BROWS = {"female": (1, 2, 4, 5, 8, 10, 11), "male": (1, 2, 4, 8, 9, 10, 11, 12)}
BEARDS = ("full", "full", "goatee", "moustache", "stubble")
YEARS_TO_GREY = 6.0  # slope of greying


def sample_hair(
    rng: np.random.Generator, sex: str, age: float, ancestry: tuple[float, float, float]
) -> dict[str, Any]:
    """Return the fields of a `FaceIdentity` that hairs and glasses fill; the number of draws is always the same."""
    free, chance = rng.normal(size=8), rng.random(size=12)
    african, _, caucasian = ancestry
    weights = {style: STRENGTH[sex, f"hair {style}"] for style in STYLES
               if style != "afro" and (sex, f"hair {style}") in STRENGTH}
    weights["afro"] = STRENGTH["african", "hair afro"] * max(0.0, african - 0.3)
    weights["afro"] *= 1 + STRENGTH["female", "hair afro"] * (sex == "female")
    bald = chance[0] < STRENGTH["age", "bald"] * max(0.0, age - 25) and sex == "male"
    style = _pick(weights, chance[1])
    hairline = float(np.clip(chance[2] * (1.4 if bald else 0.25), 0, 1)) if sex == "male" else 0.0
    if hairline > 0.5:
        style = "buzz" if chance[3] < 0.7 else "bald"
    thick = float(np.clip(0.62 + 0.2 * free[0], 0.3, 1.0))
    beard, beard_style = _beard(sex, float(free[5]), chance)
    return _colour(rng, sex, age, caucasian) | {
        "hair": style, "hair_length": float(np.clip(0.28 + 0.3 * free[1], -0.12, 1.0)),
        "hair_volume": float(np.clip(0.01 + 0.02 * free[2], -0.01, 0.06)), "hair_mirrored": int(chance[4] < 0.5),
        "hairline": hairline, "scalp": 0.0 if style == "bald" and hairline < 0.5 else float(0.35 + 0.6 * chance[5]),
        "brow": int(BROWS[sex][int(chance[6] * len(BROWS[sex]))]),
        "brow_density": thick * (1 + STRENGTH["female", "brow_density"] * (sex == "female")),
        "lash": 1 + int(chance[7] * 4) if sex == "female" else 0,
        "beard": beard, "beard_style": beard_style, "glasses": _glasses(age, chance),
    }


def _pick(weights: dict[str, float], chance: float) -> str:
    total, reached = sum(weights.values()), 0.0
    for name, weight in weights.items():
        reached += weight / total
        if chance < reached:
            return name
    return next(reversed(weights))


def _beard(sex: str, free: float, chance: np.ndarray) -> tuple[float, str]:
    """How dense, and where; men without one have a shadow at most."""
    if sex == "female":
        return 0.0, "stubble"
    if chance[8] < STRENGTH["male", "beard"]:
        return float(np.clip(0.55 + 0.25 * free, 0.2, 1.0)), BEARDS[int(chance[9] * len(BEARDS))]
    return float(np.clip(0.06 + 0.05 * free, 0.0, 0.16)), "stubble"


def _glasses(age: float, chance: np.ndarray) -> str:
    share = STRENGTH["everybody", "glasses"] + STRENGTH["age", "glasses"] * (age - 18)
    return ("round", "square")[int(chance[11] < 0.5)] if chance[10] < share else "none"


def _colour(rng: np.random.Generator, sex: str, age: float, caucasian: float) -> dict[str, float]:
    """Pigments of the hair; grey grows along a logistic curve around a personal age, and dye hides most of it."""
    free, chance, fair = rng.normal(size=2), rng.random(size=2), rng.beta(1.3, 1.3)
    half = STRENGTH["age", "grey_half_years"] + STRENGTH["individual", "grey_half_years"] * free[0]
    grey = 1 / (1 + math.exp(-(age - half) / YEARS_TO_GREY))
    if sex == "female" and chance[0] < STRENGTH["female", "dyed"]:
        grey *= 0.15
    red = float(chance[1] < STRENGTH["caucasian", "red_hair"]) * caucasian * 0.9
    return {
        "eumelanin": float(np.clip(1 - fair * STRENGTH["caucasian", "fair_hair"] * caucasian, 0.04, 1.0)),
        "pheomelanin": float(max(0.0, 0.25 * free[1]) + red), "grey": float(grey),
    }
