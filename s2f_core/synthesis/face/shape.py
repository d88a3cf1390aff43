"""From an identity to the mesh of its head: a weighted sum of morph targets over the template, in dm."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Float32

from s2f_core.synthesis.face.assets import EYES, HeadPack
from s2f_core.synthesis.face.identity import FaceIdentity

YOUNG_YEARS, OLD_YEARS = 25.0, 90.0  # MakeHuman's anchors; below 25 the line goes on, which makes 18 a little rounder


def head(pack: HeadPack, identity: FaceIdentity, expression: Mapping[str, float]) -> Float32[np.ndarray, "vertices 3"]:
    """Return the vertices of a head, in dm, in the template's axes.

    Args:
        pack: the assets.
        identity: whose head.
        expression: action ("jawOpen") → strength 0–1; empty for the head at rest.

    Raises:
        InputError: the pack has no target of that name.
    """
    weights = macro_weights(identity)
    for name, weight in identity.morphs.items():
        weights[name] = weights.get(name, 0.0) + weight
    for name, weight in expression.items():
        weights[f"expression/{name}"] = weight
    by_row = np.zeros(len(pack.deltas), np.float32)
    for name, weight in weights.items():
        by_row[pack.row(name)] = weight
    return pack.vertices + (by_row @ pack.deltas).reshape(-1, 3)


def macro_weights(identity: FaceIdentity) -> dict[str, float]:
    """Target → weight for age, sex, ancestry, build and muscle: products of the two ends of each scale."""
    age = (identity.age - YOUNG_YEARS) / (OLD_YEARS - YOUNG_YEARS)
    ages = {"young": 1 - age, "old": age}
    sexes = {"female": 1 - identity.sex_slider, "male": identity.sex_slider}
    peoples = dict(zip(("african", "asian", "caucasian"), identity.ancestry, strict=True))
    build, muscle = identity.build, identity.muscle
    ends = {
        "averagemuscle-minweight": max(0.0, -build), "averagemuscle-maxweight": max(0.0, build),
        "minmuscle-averageweight": max(0.0, -muscle), "maxmuscle-averageweight": max(0.0, muscle),
    }
    weights = {}
    for (sex, by_sex), (age_name, by_age) in ((s, a) for s in sexes.items() for a in ages.items()):
        for people, by_people in peoples.items():
            weights[f"macro/{people}-{sex}-{age_name}"] = by_sex * by_age * by_people
        for end, by_end in ends.items():
            if by_end:
                weights[f"macro/universal-{sex}-{age_name}-{end}"] = by_sex * by_age * by_end
    return weights


def eye_centres(pack: HeadPack, vertices: Float[np.ndarray, "vertices 3"]) -> Float[np.ndarray, "2 3"]:
    """Return the middles of the person's left and right eyeball (of their bounding boxes), dm."""
    balls = [vertices[np.unique(pack.quads[part])] for part in EYES]
    return np.stack([(ball.min(0) + ball.max(0)) / 2 for ball in balls])
