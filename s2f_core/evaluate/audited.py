"""Whom the audit by group is about: synthetic test people, and the paper's released examples by their annotators' labels."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Shaped

from s2f_core.evaluate import held_out, identity, languages, released, retrieval, similarity
from s2f_core.evaluate.evidence import Evidence, Half
from s2f_core.evaluate.held_out import SHOWN, HeldOut
from s2f_core.evaluate.retrieval import FOUND_PERCENT

BANDS = {"18-34": 35, "35-49": 50, "50-64": 65, "65-85": 200}  # label → first age beyond it, in years
WITHIN_YEARS = 10.0
AGE = "age band"
PAIRS = (("sex", AGE), ("sex", "ancestry morph"), ("ancestry morph", "language"))
Values = Float64[np.ndarray, " rows"]
Labels = Shaped[np.ndarray, " rows"]


@dataclass(frozen=True, eq=False)
class Audited:
    """Some people by row: what was measured of each, what a judge who says the same of everybody would get, and their groups.

    `persons`: whose clip each row is, where several are one person's.
    """

    name: str
    values: Mapping[str, Values]
    constant: Mapping[str, Values]
    groups: Mapping[str, Labels]
    persons: Labels | None = None


@functools.cache
def audited(evidence: Evidence) -> tuple[Audited, ...]:
    """Everybody whom this profile has: the shown variant's test people, and the released halves at each exaggeration."""
    own = evidence.held_out
    synthetic = [] if own is None or SHOWN not in own.voices else [_synthetic(own)]
    return (*synthetic, *(_released(half, view) for half in evidence.halves.values() for view in released.S2F_VIEWS
                          if half.labels("gender") is not None))


def _synthetic(own: HeldOut) -> Audited:
    people, read, voices = own.people["test"], own.drawn[SHOWN], own.voices[SHOWN]
    told = [one["attributes"] for one in own.facts["test"]]
    said, morphs = languages.said(own, SHOWN)
    faces, heard = own.faces.canonical["test"].astype(np.float64), voices.features[voices.first].astype(np.float64)
    ranking = retrieval.ranks(heard, held_out.gallery(own.faces), np.arange(len(heard)), "cosine")
    usual = float(np.median(own.people["train"].age))
    train_sex, train_morphs = own.people["train"].sex, languages.morphs_of(own.facts["train"])
    values = {"sex": read.sex == people.sex, "age": np.abs(read.age - people.age) <= WITHIN_YEARS,
              "years": read.age - people.age, "morph": said == morphs, "found": retrieval.found(ranking),
              "cosine": similarity.cosines(heard, faces)}
    constant = {"sex": people.sex == _commonest(train_sex), "age": np.abs(usual - people.age) <= WITHIN_YEARS,
                "years": usual - people.age, "morph": morphs == _commonest(train_morphs),
                "found": np.full(len(heard), FOUND_PERCENT / 100),
                "cosine": similarity.cosines(heard, np.roll(faces, 1, axis=0))}
    singles = {"sex": people.sex, AGE: _bands(people.age), "ancestry morph": morphs,
               "language": np.array([one["language"] for one in told])}
    both = {f"{a} and {b}": np.array([f"{one}, {other}" for one, other in zip(singles[a], singles[b], strict=True)])
            for a, b in PAIRS}
    numbers = [{name: np.asarray(one, np.float64) for name, one in some.items()} for some in (values, constant)]
    return Audited(SHOWN, *numbers, {**singles, **both})


def _released(half: Half, view: str) -> Audited:
    """Clips whose true face was found: gender as the judge reads it, and the true face found in another embedding."""
    ranking, known = identity.true_face_ranks(half, view)
    gender = half.labels("gender")[known]
    said = released.judged(half, view, "gender")[known]
    values = {"sex": said == gender, "found": retrieval.found(ranking)}
    constant = {"sex": gender == _commonest(gender), "found": np.full(known.sum(), FOUND_PERCENT / 100)}
    groups = {"gender": gender, "ethnicity": half.labels("ethnicity")[known], AGE: half.labels("age_band")[known]}
    numbers = [{name: np.asarray(one, np.float64) for name, one in some.items()} for some in (values, constant)]
    return Audited(f"{half.name}.{view}", *numbers, groups, half.persons[known])


def sizes(labels: Labels, persons: Labels | None = None) -> dict[str, int]:
    """Label → how many have it, in the order of the labels; of several rows of one of the `persons`, one counts."""
    if persons is not None:
        labels = np.array(sorted(set(zip(labels.tolist(), persons.tolist(), strict=True))))[:, 0]
    return {str(label): int(n) for label, n in zip(*np.unique(labels, return_counts=True), strict=True)}


def _commonest(labels: Labels) -> str:
    return max(sizes(labels).items(), key=lambda one: one[1])[0]


def _bands(age: Float64[np.ndarray, " rows"]) -> Labels:
    return np.array(list(BANDS))[np.searchsorted(list(BANDS.values()), age, side="right")]
