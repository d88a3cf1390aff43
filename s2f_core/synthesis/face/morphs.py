"""The morph targets that make one head differ from another, as scales with two ends, and how far they vary freely.

Free variation is wide where no measured dimension hangs on a target, and narrow where one does: there the latents of
`identity.FaceTraits` decide (their arrows stand in `causes`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

SIDES = ("l", "r")
WIDTH = 1.3  # of the population, over the sds below: strangers must look unlike
LARGEST = 1.3  # weight of one target; beyond, the mesh folds


@dataclass(frozen=True)
class Morph:
    """One scale between two opposite targets.

    Attributes:
        name: "nose/nose-width3"; for a pair of sided targets without the side: "eyes/eye-scale".
        ends: endings of the target for negative and for positive values.
        sd: free variation between people, in target weights.
        low_gain: factor on negative values, where MakeHuman's two ends reach unequally far.
        sided: whether there is a target per side.
    """

    name: str
    ends: tuple[str, str]
    sd: float
    low_gain: float = 1.0
    sided: bool = False

    @property
    def key(self) -> str:
        """The name by which `causes` speaks of it: that of its positive end."""
        return f"{self.name}-{self.ends[1]}"

    def targets(self, value: float) -> dict[str, float]:
        """Return target → weight for a value on the scale; both sides alike."""
        weight = min(LARGEST, abs(value) * (self.low_gain if value < 0 else 1.0))
        folder, _, rest = self.name.partition("/")
        stems = [f"{folder}/{side}-{rest}" for side in SIDES] if self.sided else [self.name]
        return {f"{stem}-{self.ends[value >= 0]}": weight for stem in stems}


def _scales(ends: str, folder: str, table: Mapping[str, float], *, sided: bool = False) -> list[Morph]:
    low, high = ends.split()
    return [Morph(f"{folder}/{name}", (low, high), WIDTH * sd, _LOW_GAIN.get(name, 1.0), sided) for name, sd in table.items()]


# MakeHuman's "decr" moves the measure this much less than its "incr" (ratio of the two, in mm at weight 1).
_LOW_GAIN = {"chin-height": 2.1, "nose-width3": 1.9, "nose-nostrils-width": 2.1, "nose-scale-horiz": 0.7,
             "nose-scale-vert": 0.72, "mouth-lowerlip-height": 1.4, "mouth-upperlip-middle": 2.0, "head-fat": 2.0,
             "nose-flaring": 2.5, "eye-height2": 1.6}
_INCR, _OUT, _UP, _FORWARD = "decr incr", "in out", "down up", "backward forward"

MORPHS: dict[str, Morph] = {morph.key: morph for morph in (
    *_scales(_INCR, "head", {
        "head-age": 0.03, "head-fat": 0.0, "head-scale-depth": 0.25, "head-scale-horiz": 0.02, "head-scale-vert": 0.05,
        "head-back-scale-depth": 0.2}),
    *_scales(_INCR, "nose", {
        "nose-flaring": 0.08, "nose-greek": 0.26, "nose-hump": 0.26, "nose-nostrils-width": 0.0, "nose-point-width": 0.30,
        "nose-scale-depth": 0.20, "nose-scale-horiz": 0.0, "nose-scale-vert": 0.0, "nose-septumangle": 0.28,
        "nose-volume": 0.22, "nose-width1": 0.32, "nose-width2": 0.32, "nose-width3": 0.0}),
    *_scales("down up", "nose", {"nose-base": 0.07, "nose-point": 0.36, "nose-nostrils-angle": 0.40, "nose-trans": 0.04}),
    *_scales("compress uncompress", "nose", {"nose-compression": 0.28}),
    *_scales("concave convex", "nose", {"nose-curve": 0.28}),
    *_scales(_FORWARD, "nose", {"nose-trans": 0.09}),
    *_scales(_INCR, "chin", {
        "chin-bones": 0.12, "chin-height": 0.0, "chin-jaw-drop": 0.25, "chin-prognathism": 0.10, "chin-prominent": 0.12,
        "chin-width": 0.25, "chin-cleft": 0.0}),
    *_scales(_INCR, "cheek", {"cheek-bones": 0.36, "cheek-inner": 0.26, "cheek-volume": 0.24}, sided=True),
    *_scales(_UP, "cheek", {"cheek-trans": 0.30}, sided=True),
    *_scales(_INCR, "mouth", {
        "mouth-cupidsbow": 0.30, "mouth-cupidsbow-width": 0.28, "mouth-lowerlip-height": 0.0, "mouth-lowerlip-volume": 0.22,
        "mouth-lowerlip-width": 0.26, "mouth-philtrum-volume": 0.28, "mouth-scale-depth": 0.16, "mouth-scale-horiz": 0.0,
        "mouth-scale-vert": 0.0, "mouth-upperlip-height": 0.10, "mouth-upperlip-volume": 0.22, "mouth-upperlip-width": 0.08}),
    *_scales(_UP, "mouth", {
        "mouth-angles": 0.24, "mouth-lowerlip-ext": 0.24, "mouth-lowerlip-middle": 0.05, "mouth-upperlip-ext": 0.24,
        "mouth-upperlip-middle": 0.0, "mouth-trans": 0.15}),
    *_scales(_OUT, "mouth", {"mouth-dimples": 0.28, "mouth-laugh-lines": 0.06}),
    *_scales(_FORWARD, "mouth", {"mouth-trans": 0.10}),
    *_scales(_INCR, "forehead", {"forehead-nubian": 0.26, "forehead-scale-vert": 0.26, "forehead-temple": 0.30}),
    *_scales(_FORWARD, "forehead", {"forehead-trans": 0.16}),
    *_scales(_UP, "eyebrows", {"eyebrows-angle": 0.31, "eyebrows-trans": 0.57}),
    *_scales(_FORWARD, "eyebrows", {"eyebrows-trans": 0.44}),
    *_scales(_INCR, "eyes", {
        "eye-bag": 0.20, "eye-bag-height": 0.36, "eye-height1": 0.55, "eye-height2": 0.39, "eye-height3": 0.55,
        "eye-scale": 0.60}, sided=True),
    *_scales(_UP, "eyes", {
        "eye-corner1": 0.65, "eye-corner2": 0.73, "eye-eyefold": 0.70, "eye-eyefold-angle": 0.65, "eye-trans": 0.48},
        sided=True),
    *_scales(_OUT, "eyes", {"eye-epicanthus": 0.21, "eye-push2": 0.34, "eye-trans": 0.48, "eye-bag": 0.39}, sided=True),
    *_scales("concave convex", "eyes", {"eye-eyefold": 0.39}, sided=True),
    *_scales(_INCR, "ears", {"ear-lobe": 0.20, "ear-scale": 0.26, "ear-scale-vert": 0.22, "ear-wing": 0.34}, sided=True),
    *_scales(_UP, "ears", {"ear-trans": 0.20}, sided=True),
    *_scales(_INCR, "neck", {"neck-double": 0.05, "neck-scale-horiz": 0.12}),
)}

# Shapes with one end only: drawn on the positive side, except where a latent moves them both ways.
FACE_SHAPES = {"head/head-oval": 0.05, "head/head-round": 0.06, "head/head-square": 0.06, "head/head-rectangular": 0.22,
               "head/head-triangular": 0.0, "head/head-invertedtriangular": 0.12, "head/head-diamond": 0.10}

ASYMMETRY_SD = 0.20
ASYMMETRIES = tuple(f"asym/asym-{part}-{number}" for part, most in (
    ("brown", 2), ("cheek", 2), ("ear", 4), ("eye", 8), ("jaw", 3), ("mouth", 2), ("nose", 4), ("temple", 2), ("top", 2))
    for number in range(1, most + 1))
SIDE_DIFFERENCE_SD = 0.08  # by which the two sides of a sided morph differ, as a fraction of its value


def local_targets() -> set[str]:
    """Return the names of all targets that a sampled head may use, besides the macro targets and expressions."""
    ends = {target for morph in MORPHS.values() for value in (-1.0, 1.0) for target in morph.targets(value)}
    return ends | set(FACE_SHAPES) | {f"{name}-{side}" for name in ASYMMETRIES for side in SIDES}
