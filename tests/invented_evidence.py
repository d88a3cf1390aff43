"""Evidence about people who do not exist, with effects that the tests plant or leave out."""

from pathlib import Path

import numpy as np

from s2f_core.data.corpora.published import VIEWS, Clip, Labels
from s2f_core.evaluate.claims import load_ledger
from s2f_core.evaluate.evidence import EvaluateBlock, Evidence, Half
from s2f_core.evaluate.exaggeration import PixelMoments, person_blocks

PARAMS = EvaluateBlock(seed=1, n_resamples=200, n_permutations=200, fewest=20, experiments="data/audits/laptop",
                       top_ranks=[1, 2, 5, 10], top_percents=[1.0, 2.0, 5.0, 10.0])
EXAGGERATION = {"exg0": 0.0, "exg0.7": 0.7, "exg1.4": 1.4}


def evidence(*, identity: float, n_persons: int = 80, seed: int = 0) -> Evidence:
    """One invented VoxCeleb half of two clips a person.

    Args:
        identity: how much of a person the face from speech keeps, 0 (nothing but gender) to 1.
    """
    return Evidence(load_ledger(), PARAMS, halves={"voxceleb": half(identity, n_persons, seed)})


def half(identity: float, n_persons: int, seed: int) -> Half:
    """Clips, measures and pixels drawn from `seed`."""
    rng = np.random.default_rng([seed, n_persons])
    female = np.repeat(np.arange(n_persons) % 2 == 1, 2)
    person = np.repeat(rng.normal(size=(n_persons, 128)), 2, axis=0) + 3 * female[:, None]
    faces = {"ori": person + 0.3 * rng.normal(size=person.shape), "f2f": person + 0.3 * rng.normal(size=person.shape)}
    shape = np.repeat(rng.normal(size=(n_persons, 68, 2)), 2, axis=0)
    heard = identity * (person - 3 * female[:, None]) + 3 * female[:, None]
    points = {"ori": shape, "f2f": shape}
    for view, extra in EXAGGERATION.items():
        faces[view] = heard.mean(0) + (1 + extra) * (heard - heard.mean(0))
        points[view] = identity * shape + (1 - identity) * rng.normal(size=shape.shape)
    measures = {f"{view}/embedding": array.astype(np.float32) for view, array in faces.items()}
    measures |= {f"{view}/landmarks": (_face() + 2 * array).astype(np.float32) for view, array in points.items()}
    for view in VIEWS:
        measures[f"{view}/p_female"] = np.where(female, 0.9, 0.1).astype(np.float32)
        measures[f"{view}/age"] = np.where(np.arange(len(female)) % 4 < 2, 30, 50).astype(np.float32)
        measures[f"{view}/size"] = np.full((len(female), 2), 224)
    measures["audio/format"] = np.tile([1, 16_000, 96_000], (len(female), 1))
    measures["audio/period"] = np.zeros(len(female), np.int64)
    return Half("voxceleb", [_clip(k, female[k]) for k in range(len(female))], measures, _pixels(rng, len(female)))


def _clip(k: int, female: bool) -> Clip:
    said = Labels("female" if female else "male", "native", "20-39" if k % 4 < 2 else "40-59", "else" if k % 8 < 4 else "white")
    return Clip(f"clip{k}", "voxceleb", f"person{k // 2}", f"video{k}", {}, Path(), None, said)


def _face() -> np.ndarray:
    """68 points on a circle but for the eyes, so that every measure has a scale."""
    turn = np.linspace(0, 2 * np.pi, 68, endpoint=False)
    points = 100 + 60 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    points[36:42], points[42:48] = (70, 80), (130, 80)
    return points


def _pixels(rng: np.random.Generator, n: int) -> dict[str, PixelMoments]:
    """Grey noise whose spread is 60 for true faces and 20 (1 + exg) for those from speech."""
    found = {}
    for view in VIEWS:
        moments = PixelMoments(8, 8)
        spread = 20 * (1 + EXAGGERATION[view]) if view in EXAGGERATION else 60
        faces = np.clip(128 + spread * rng.normal(size=(n, 8, 8, 3)), 0, 255).astype(np.uint8)
        moments.add(faces, person_blocks(np.arange(n) // 2, n, seed=1))
        found[view] = moments
    return found
