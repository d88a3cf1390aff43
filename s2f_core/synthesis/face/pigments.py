"""Colour of skin, hair and iris from pigments: continuous scales in linear RGB, so that no picture sets a tone."""


import numpy as np
from jaxtyping import Float32, Float64

from s2f_core.synthesis.face.assets import HeadPack, to_linear
from s2f_core.synthesis.face.identity import FaceIdentity
from s2f_core.synthesis.face.shading import HEMOGLOBIN_OD

# Skin from lightest to darkest, sRGB 0–255, at equal steps of the melanin scale (ours, after photographs of colour charts).
SKIN_TONES = ((240, 208, 190), (228, 184, 160), (211, 160, 130), (184, 130, 98), (144, 95, 69), (103, 66, 48), (66, 43, 33))
REDNESS, YELLOW = 0.13, (0.0, 0.02, 0.14)  # log albedo per unit
HAIR_WHITE, HAIR_BLACK = 0.42, 0.006
GREY = (0.35, 0.338, 0.32)
EUMELANIN_OD, PHEOMELANIN_OD = (0.55, 0.80, 1.15), (0.10, 0.65, 1.30)
LIGHT_IRISES = ((0.16, 0.26, 0.36), (0.20, 0.26, 0.20), (0.25, 0.27, 0.28))  # blue, green, grey
HAZEL, BROWN = (0.20, 0.13, 0.05), (0.10, 0.045, 0.018)
LIP_OD = (0.05, 0.45, 0.30)
SATURATION, LIGHTEST = 0.8, 0.6  # of the skins' own structure
AGES = (20.0, 46.0, 78.0)  # years of the young, middle-aged and old skins


def skin_tone(identity: FaceIdentity) -> Float64[np.ndarray, "3"]:
    """Return the log albedo of the bare skin."""
    tones = np.log(to_linear(np.array(SKIN_TONES, np.float32) / 255))
    place = identity.melanin * (len(tones) - 1)
    tone = np.array([np.interp(place, np.arange(len(tones)), tones[:, channel]) for channel in range(3)])
    return tone - REDNESS * identity.redness * np.array(HEMOGLOBIN_OD) - identity.yellow * np.array(YELLOW)


def hair_colour(identity: FaceIdentity, grey: float) -> Float64[np.ndarray, "3"]:
    """Return the albedo of hair with a share of grey."""
    dark, red = identity.eumelanin, min(1.0, identity.pheomelanin)
    density = np.array(EUMELANIN_OD) * (dark * dark * 5.6 + 0.35 + 0.5 * dark)
    density += np.array(PHEOMELANIN_OD) * red * (0.8 - 0.4 * dark)
    return (np.exp(-density) * HAIR_WHITE + HAIR_BLACK) * (1 - grey) + np.array(GREY) * grey


def brow_colour(identity: FaceIdentity) -> Float64[np.ndarray, "3"]:
    """Return the albedo of brows and beard: darker than the hair, later to grey."""
    return np.minimum(hair_colour(identity, 0.6 * identity.grey) * 0.8, 0.33)


def iris_colour(identity: FaceIdentity) -> Float64[np.ndarray, "3"]:
    """Return the albedo of the iris, from a light colour over hazel to brown."""
    brown = np.array(BROWN) * (1.4 - 0.8 * min(1.0, 1.2 * identity.melanin))
    light = np.array(LIGHT_IRISES[min(2, int(identity.iris_hue * 2.6))])
    share = 2 * identity.iris_brown
    return light * (1 - share) + np.array(HAZEL) * share if share < 1 else np.array(HAZEL) * (2 - share) + brown * (share - 1)


def skin_map(pack: HeadPack, identity: FaceIdentity) -> Float32[np.ndarray, "356 192 3"]:
    """Return log albedo over the crop of the skin picture: tone, structure of the blended skins, lips with make-up."""
    relative = np.zeros((*pack.lips.shape, 3), np.float32)
    place = float(np.interp(identity.age, AGES, (0, 1, 2)))
    for number, age in enumerate(("young", "middleage", "old")):
        by_age = max(0.0, 1 - abs(place - number))
        for name, share in _skins(identity, age):
            if by_age * share:
                relative += np.float32(by_age * share) * pack.skins[name]
    luminance = relative @ np.array((0.3, 0.6, 0.1), np.float32)
    relative = np.clip(luminance[..., None] + SATURATION * (relative - luminance[..., None]), -3, LIGHTEST)
    red = np.array(LIP_OD) * (0.45 + 0.25 * identity.redness + 0.9 * identity.makeup) * (1 - 0.5 * identity.melanin) + 0.10
    return (relative + skin_tone(identity) - pack.lips[..., None] * red).astype(np.float32)


def _skins(identity: FaceIdentity, age: str) -> list[tuple[str, float]]:
    """Skins of one age and their shares by sex and ancestry."""
    male = float(np.clip(identity.sex_slider, 0, 1))
    found = []
    for sex, by_sex in (("female", 1 - male), ("male", male)):
        dark, asian, light = (by_sex * share for share in identity.ancestry)
        second = "_diffuse3" if age == "young" else "_diffuse2"
        found += [(f"{age}_darkskinned_{sex}", dark), (f"{age}_lightskinned_{sex}{second}", asian),
                  (f"{age}_lightskinned_{sex}", light)]
    return found
