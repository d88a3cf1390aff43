"""A person who does not exist: traits in, every number that the renderer needs out; the same seed gives the same face."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from s2f_core.errors import InputError
from s2f_core.synthesis.face import hairdo, morphs
from s2f_core.synthesis.face.causes import FACE_ARROWS, STRENGTH

YOUNGEST, OLDEST = 18.0, 85.0  # years: adults only
LATENTS = ("masculinity_z", "face_width_z", "jaw_width_z", "lower_face_z", "mouth_width_z", "nose_width_z", "nose_height_z",
           "lip_height_z", "build_z")
PEOPLES = ("african", "asian", "caucasian")
AGEING_YEARS = (30.0, 80.0)  # where the arrows of `ageing` are 0 and 1; the line goes on at both ends
LARGEST_Z = 2.6  # latents beyond are drawn as this: the mesh has limits


@dataclass(frozen=True)
class FaceTraits:
    """What a person's face is asked to be.

    Attributes:
        sex: "female" or "male".
        age: years, 18–85.
        ancestry: shares of MakeHuman's targets african, asian and caucasian; their sum is 1.
        build_z, masculinity_z, …: standard normal within each sex; `causes.FACE_ARROWS` says what each moves.
    """

    sex: str
    age: float
    ancestry: tuple[float, float, float]
    build_z: float = 0.0
    masculinity_z: float = 0.0
    face_width_z: float = 0.0
    jaw_width_z: float = 0.0
    lower_face_z: float = 0.0
    mouth_width_z: float = 0.0
    nose_width_z: float = 0.0
    nose_height_z: float = 0.0
    lip_height_z: float = 0.0

    def __post_init__(self) -> None:
        if self.sex not in ("female", "male"):
            raise InputError(f"sex is 'female' or 'male', not {self.sex!r}; choose one")
        if not YOUNGEST <= self.age <= OLDEST:
            raise InputError(f"faces are made for ages {YOUNGEST:.0f}–{OLDEST:.0f}, not {self.age}; give an adult's age")
        if len(self.ancestry) != 3 or min(self.ancestry) < 0 or abs(sum(self.ancestry) - 1) > 1e-6:
            raise InputError(f"ancestry is three shares that sum to 1, not {self.ancestry}; divide them by their sum")


@dataclass(frozen=True)
class FaceIdentity:
    """Everything about a face that does not change from picture to picture.

    Attributes:
        seed: of pores, spots and hairs.
        sex, age, ancestry: as asked for; the ancestry damped by `causes` where it shapes the head.
        sex_slider: 0 MakeHuman's female target, 1 the male; may leave that range a little.
        build, muscle: −1 thin or weak, 0 average, 1 heavy or strong.
        morphs: target → weight.
        melanin: 0 lightest, 1 darkest skin; redness, yellow: −1–1; freckles, wrinkles, makeup, shine: strengths.
        eumelanin, pheomelanin, grey: pigments of the hair, 0–1; dyed hair has less grey than its age.
        iris_brown: 0 light, 1 dark brown; iris_hue: which light colour.
        hair: a style of `hairdo.STYLES`; hair_length: lower end below the chin, dm; hair_volume; hair_mirrored: 0 or 1.
        hairline: 0 full, 1 bald on top; scalp: 0 shaved, 1 dense short hair.
        brow, lash: number of the fitted mesh (lash 0: none); brow_density: 0–1.
        beard: 0–1; beard_style: "full", "goatee", "moustache" or "stubble".
        glasses: "none", "round" or "square"; cloth: linear RGB.
    """

    seed: int
    sex: str
    age: float
    ancestry: tuple[float, float, float]
    sex_slider: float
    build: float
    muscle: float
    morphs: dict[str, float]
    melanin: float
    redness: float
    yellow: float
    freckles: float
    wrinkles: float
    makeup: float
    shine: float
    eumelanin: float
    pheomelanin: float
    grey: float
    iris_brown: float
    iris_hue: float
    hair: str
    hair_length: float
    hair_volume: float
    hair_mirrored: int
    hairline: float
    scalp: float
    brow: int
    brow_density: float
    lash: int
    beard: float
    beard_style: str
    glasses: str
    cloth: tuple[float, float, float]

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> "FaceIdentity":
        """Undo `to_dict`, also after JSON turned tuples into lists."""
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return FaceIdentity(**{**values, **lists})


def sample_face(rng: np.random.Generator, traits: FaceTraits) -> FaceIdentity:
    """Draw a face that has these traits; the rest varies freely.

    The number of draws does not depend on the traits: the same generator with another age gives the same person older.
    """
    seed = int(rng.integers(1 << 30))
    causes = _causes(traits)
    shape = _shape(rng, causes)
    skin = _skin(rng, traits, causes)
    hair = hairdo.sample_hair(rng, traits.sex, traits.age, traits.ancestry)
    damped = STRENGTH["ancestry", "shape"]
    cloth = rng.uniform(0.05, 0.45, 3) * rng.uniform(0.3, 1)
    cloth = 0.4 * cloth + 0.6 * cloth.mean()  # mostly muted
    return FaceIdentity(
        seed=seed, sex=traits.sex, age=float(traits.age),
        ancestry=tuple(float(damped * share + (1 - damped) / 3) for share in traits.ancestry),
        sex_slider=_total("sex_slider", causes), build=float(np.clip(_total("build", causes), -0.9, 0.9)),
        muscle=_total("muscle", causes), morphs=shape, **skin, **hair, cloth=tuple(float(part) for part in cloth),
    )


def _causes(traits: FaceTraits) -> dict[str, float]:
    """Cause → its amount in this person."""
    found = {name: float(np.clip(getattr(traits, name), -LARGEST_Z, LARGEST_Z)) for name in LATENTS}
    found |= {name: float(share) for name, share in zip(PEOPLES, traits.ancestry, strict=True)}
    found |= {"female": float(traits.sex == "female"), "male": float(traits.sex == "male"), "everybody": 1.0}
    found["ageing"] = (traits.age - AGEING_YEARS[0]) / (AGEING_YEARS[1] - AGEING_YEARS[0])
    return found


def _total(effect: str, causes: Mapping[str, float]) -> float:
    """Sum over the arrows that end in `effect`."""
    return sum(arrow.strength * causes.get(arrow.cause, 0.0) for arrow in FACE_ARROWS if arrow.effect == effect)


def _shape(rng: np.random.Generator, causes: Mapping[str, float]) -> dict[str, float]:
    """Target → weight: free variation plus arrows on every scale, then asymmetry."""
    caused: dict[str, float] = {}
    for arrow in FACE_ARROWS:
        if "/" in arrow.effect:
            caused[arrow.effect] = caused.get(arrow.effect, 0.0) + arrow.strength * causes.get(arrow.cause, 0.0)
    found: dict[str, float] = {}
    for key, morph in morphs.MORPHS.items():
        free = float(np.clip(rng.normal(), -2.8, 2.8)) * morph.sd
        uneven = math.exp(float(rng.normal()) * morphs.SIDE_DIFFERENCE_SD)
        for target, weight in morph.targets(free + caused.pop(key, 0.0)).items():
            found[target] = weight * (uneven if "/r-" in target else 1.0)
    for target, sd in morphs.FACE_SHAPES.items():
        found[target] = caused.pop(target, 0.0) + max(0.0, float(rng.normal())) * sd
    found |= caused  # what remains are one-ended targets: expressions at rest
    for name in morphs.ASYMMETRIES:
        value = float(np.clip(rng.normal(), -2.8, 2.8)) * morphs.ASYMMETRY_SD
        found[f"{name}-{'l' if value > 0 else 'r'}"] = abs(value)
    return {target: round(weight, 5) for target, weight in found.items() if abs(weight) >= 1e-3}


def _skin(rng: np.random.Generator, traits: FaceTraits, causes: Mapping[str, float]) -> dict[str, float]:
    """Pigments and surface."""
    free = rng.normal(size=8)
    caucasian = traits.ancestry[2]
    light_eyes = rng.beta(1.2, 1.0) * STRENGTH["caucasian", "light_eyes"] * caucasian
    makeup = max(0.0, STRENGTH["female", "makeup"] + 0.3 * free[5]) * causes["female"]
    found = {
        "melanin": np.clip(_total("melanin", causes) + STRENGTH["individual", "melanin"] * free[0], 0.0, 1.0),
        "redness": np.clip(0.45 * free[1], -1, 1), "yellow": np.clip(0.4 * free[2] + _total("yellow", causes) - 0.1, -1, 1),
        "freckles": max(0.0, 0.5 * free[3] - 0.3) * caucasian * STRENGTH["caucasian", "freckles"],
        "wrinkles": np.clip(1 + 0.2 * free[4], 0.5, 1.5),
        "makeup": min(1.0, makeup), "shine": np.clip(1 + 0.3 * free[6], 0.4, 1.8),
        "iris_brown": np.clip(1 - light_eyes, 0, 1), "iris_hue": rng.random(),
    }
    return {name: float(value) for name, value in found.items()}
