"""Test people to show beside what was drawn of them (Figs 1 and 3): by lot, never picked, or those with the largest errors."""

from collections.abc import Sequence, Set
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8

from s2f_core import config
from s2f_core.data import reconstructions
from s2f_core.data.corpora import synthetic
from s2f_core.data.reconstructions import F2F
from s2f_core.evaluate import retrieval, similarity
from s2f_core.synthesis.plan import CorpusBlock

Picture = UInt8[np.ndarray, "side side 3"]


class Sample(NamedTuple):
    """Some test people: their canonical faces, and what was drawn of them from face and voice; `seed`: of the lot."""

    ids: list[str]
    true: list[Picture]
    seen: list[Picture]
    heard: list[Picture]
    seed: int | None = None


def by_lot(root: Path, profile: str, *, variant: str, n: int) -> Sample:
    """Draw up to `n` test people by the corpus's seed. Raises InputError where they were not reconstructed."""
    seed = config.load(root, "corpus", CorpusBlock, profile=profile).seed
    ids = sorted(reconstructions.read_faces(reconstructions.folder_of(root, profile)).ids["test"])
    some = [ids[row] for row in np.random.default_rng(seed).permutation(len(ids))[:n]]
    return _sample(root, profile, variant, some)._replace(seed=seed)


def worst(root: Path, profile: str, *, variant: str, n: int) -> tuple[Sample, list[float]]:
    """The `n` test people whose drawing from the voice, seen again, is farthest from their face; the angles in degrees.

    Raises InputError as `by_lot`.
    """
    folder = reconstructions.folder_of(root, profile)
    faces, voices = reconstructions.read_faces(folder), reconstructions.read_voices(folder, variant)
    angles = similarity.angles(voices.drawn, faces.canonical["test"])
    rows = np.argsort(-angles, kind="stable")[:n]
    return _sample(root, profile, variant, [faces.ids["test"][row] for row in rows]), [float(angles[row]) for row in rows]


class Answers(NamedTuple):
    """Some voices: whose they are, the face drawn from each, the faces that come first for it, and which is the true one."""

    ids: list[str]
    true: list[Picture]
    heard: list[Picture]
    first: list[list[Picture]]
    place: list[int | None]


def answers(root: Path, profile: str, *, variant: str, n: int, k: int) -> Answers:
    """The first `k` of all faces for voices by lot. Raises InputError as `by_lot`."""
    folder, shown = reconstructions.folder_of(root, profile), by_lot(root, profile, variant=variant, n=n)
    faces, voices = reconstructions.read_faces(folder), reconstructions.read_voices(folder, variant)
    ids = [*faces.ids["test"], *faces.ids["gallery"]]
    rows = [ids.index(one) for one in shown.ids]
    gallery = np.concatenate([faces.canonical[split] for split in ("test", "gallery")])
    lists = retrieval.top(voices.features[voices.first[rows]], gallery, k, "cosine")
    people = _canonical(root, profile, {ids[place] for place in lists.ravel()}, ("test", "gallery"))
    places = [next((place for place, answer in enumerate(one) if answer == row), None)
              for row, one in zip(rows, lists.tolist(), strict=True)]
    return Answers(shown.ids, shown.true, shown.heard, [[people[ids[one]] for one in some] for some in lists], places)


def true_faces(root: Path, profile: str) -> list[Picture]:
    """The test people's canonical faces, in the order of what was heard and seen of them."""
    ids = reconstructions.read_faces(reconstructions.folder_of(root, profile)).ids["test"]
    people = _canonical(root, profile, set(ids))
    return [people[one] for one in ids]


def clips(root: Path, profile: str, ids: Sequence[str]) -> list[bytes]:
    """The recording that each person was drawn from, as Ogg."""
    first: dict[str, bytes] = {}
    for one in synthetic.recordings(_home(root, profile), "test"):
        if one.facts["kind"] == "clip" and one.speaker_id in ids:
            first.setdefault(one.speaker_id, one.sample.member("ogg"))
    return [first[one] for one in ids]


def _sample(root: Path, profile: str, variant: str, ids: list[str]) -> Sample:
    people, folder = _canonical(root, profile, set(ids)), reconstructions.folder_of(root, profile)
    drawings = [reconstructions.read_drawings(folder, source) for source in (F2F, variant)]
    return Sample(ids, *([some[one] for one in ids] for some in (people, *drawings)))


def _canonical(root: Path, profile: str, ids: Set[str], splits: Sequence[str] = ("test",)) -> dict[str, Picture]:
    """Person → canonical face."""
    people = (one for split in splits for one in synthetic.speakers(_home(root, profile), split))
    return {one.id: one.canonical() for one in people if one.id in ids}


def _home(root: Path, profile: str) -> Path:
    return synthetic.home(root, config.load(root, "corpus", CorpusBlock, profile=profile).name)
