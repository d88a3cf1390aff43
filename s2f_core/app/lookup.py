"""What is near a heard face: a gallery's nearest, the rank of the true one beside chance, sex and age as a judge reads it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from s2f_core.app.shelf import Shelf
from s2f_core.evaluate import retrieval, similarity
from s2f_core.evaluate.intervals import LEVEL, TAIL, Estimate, wilson

ALIKE = 100  # test people who were read most nearly the same: what they really are is the interval

Feature = Float32[np.ndarray, " feature"]


@dataclass(frozen=True)
class Neighbour:
    """A face of the gallery: its row, who it is, and the angle between it and what was heard, in degrees."""

    row: int
    id: str
    angle: float


@dataclass(frozen=True)
class Place:
    """The rank of the true face in a gallery, 1 being the nearest."""

    rank: int
    gallery: int

    @property
    def percent(self) -> float:
        """The rank in per cent of the gallery; guessing spreads it evenly over 0…100."""
        return 100 * self.rank / self.gallery

    @property
    def by_chance(self) -> float:
        """The rank that guessing gives on average."""
        return (self.gallery + 1) / 2


@dataclass(frozen=True)
class Reading:
    """What a judge reads of a feature.

    Attributes:
        woman: share of women among the test people who were read alike, with its 95 % interval.
        age: in years; the interval holds the middle 95 % of the ages of the test people who were read alike.
    """

    woman: Estimate
    age: Estimate


def nearest(feature: Feature, shelf: Shelf, k: int) -> list[Neighbour]:
    """The `k` nearest faces of the gallery by cosine, as in Table 3, nearest first. Raises InputError as `retrieval.top`."""
    rows = retrieval.top(feature[None], shelf.gallery, k, "cosine")[0]
    angles = similarity.angles(np.repeat(feature[None], k, axis=0), shelf.gallery[rows])
    return [Neighbour(int(row), shelf.ids[row], float(angle)) for row, angle in zip(rows, angles, strict=True)]


def place(feature: Feature, shelf: Shelf, person: str) -> Place:
    """The rank of a test person's own face; ties count against us."""
    ranking = retrieval.ranks(feature[None], shelf.gallery, np.array([shelf.ids.index(person)]), "cosine")
    return Place(int(ranking.ranks[0]), len(shelf.ids))


def judged(features: Float32[np.ndarray, "rows feature"], shelf: Shelf) -> Float64[np.ndarray, "rows 2"]:
    """Score of 'female' (no probability; it may leave 0…1) and age in years."""
    return shelf.judge[0] + features.astype(np.float64) @ shelf.judge[1:]


def read(feature: Feature, shelf: Shelf) -> Reading:
    """Sex and age, as true as the same reading is of test people, whom no model has seen."""
    told, others = judged(feature[None], shelf)[0], judged(shelf.heard, shelf)
    alike = np.argsort(np.abs(others - told), axis=0, kind="stable")[:ALIKE]
    women = sum(shelf.truth[row]["sex"] == "female" for row in alike[:, 0])
    ages = np.array([shelf.truth[row]["age"] for row in alike[:, 1]], np.float64)
    low, high = np.quantile(ages, [TAIL, TAIL + LEVEL])
    return Reading(wilson(int(women), len(alike)), Estimate(float(np.median(ages)), float(low), float(high), len(ages)))
