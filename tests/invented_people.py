"""Synthetic people who were never made: what is told of them, their faces' features, and what an encoder heard."""

from collections.abc import Mapping

import numpy as np

from s2f_core.data.reconstructions import Faces, Voices
from s2f_core.evaluate.held_out import LINKED, HeldOut

N = {"train": 300, "test": 120, "gallery": 180}
SIZE = 12


def facts(rng: np.random.Generator, n: int) -> list[dict]:
    """People whose pitch tells the sex, jitter the age, the tract's length the face."""
    people = []
    for _ in range(n):
        woman, age, tract = rng.random() < 0.45, rng.uniform(18, 85), rng.normal()
        voice = {"f0_hz": float(np.exp(4.75 + 0.55 * woman + 0.12 * rng.normal())), "vtl_cm": 17 - 2.4 * woman + 0.5 * tract,
                 "jitter_pct": age / 50 + 0.2 * rng.normal(), "formant_shifts": rng.normal(size=4).tolist(),
                 **dict.fromkeys(("f0_sd_st", "shimmer_pct", "breath", "tremor", "tilt_db_oct", "tempo", "blend"), 0.5)}
        measures = {name: 100 - 6 * woman + 3 * tract + 2 * rng.normal() for name in LINKED.values()}
        people.append({"attributes": {"sex": "female" if woman else "male", "age": age, "language": "fr" if age > 50 else "es",
                                      "morph": "asian" if rng.random() < 0.5 else "african"},
                       "voice": voice, "measures_mm": measures})
    return people


def features(people: list[dict], noise: float, rng: np.random.Generator) -> np.ndarray:
    """A face's numbers: sex, age and jaw among them, all turned."""
    told = np.array([[20 * (one["attributes"]["sex"] == "female"), one["attributes"]["age"] - 50,
                      one["measures_mm"]["jaw_width"] - 97] for one in people])
    turned = np.random.default_rng(0).normal(size=(3, SIZE))
    return ((told + [30, 0, 0]) @ turned + noise * rng.normal(size=(len(people), SIZE))).astype(np.float32)


def own(*, deaf: bool = False, noise: Mapping[str, float] = {"6s": 3.0}) -> HeldOut:
    """Test people whose voices tell what their faces say, the less the more noise; a deaf encoder hears somebody else's."""
    rng = np.random.default_rng(5)
    people = {split: facts(rng, n) for split, n in N.items()}
    seen = {split: features(some, 3.0, rng) for split, some in people.items()}
    points = np.zeros((N["test"], 68, 2), np.float32)
    ids = {split: [f"{split}-{row}" for row in range(n)] for split, n in N.items()}
    drawn = {"train": seen["train"], "test": seen["test"], "faint": seen["train"]}
    faces = Faces(ids, seen, seen["test"], drawn, points, "m")
    told = [{"id": f"{row}-{clip}", "kind": "clip", "language": one["attributes"]["language"]}
            for clip in (0, 1) for row, one in enumerate(people["test"])]
    voices = {}
    for variant, amount in noise.items():
        heard = features(people["test"], amount, rng)
        heard = np.roll(heard, N["test"] // 2, axis=0) if deaf else heard
        again = np.concatenate([heard, heard + 3 * rng.normal(size=heard.shape)]).astype(np.float32)
        first = np.arange(len(heard))
        voices[variant] = Voices(variant, np.tile(first, 2), told, again, first, heard, points, "m")
    return HeldOut(people, faces, voices, seed=2)
