"""How far features read from voices lie from those of the true faces (Table 2), beside what knowing nothing gives.

Unstated: how the paper scales its features. Its L1 / L2 of 52 and L2 of .18 at 46° fit dense 4,096-D features of length
about .25, which VGG-Face's are not. So only the cosine, which no scale changes, can be held against the paper's; L2 and L1
are comparable among runs of one feature space.

Differs: the paper prints no baseline, and an angle alone says little where all faces share most of theirs. Here three stand
beside it on the same faces: somebody else's voice features, the mean face of the training set, and that of the own sex.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Int64, Shaped

from s2f_core.errors import InputError
from s2f_core.evaluate import intervals
from s2f_core.evaluate.intervals import Estimate, Groups, person_index

Distance = Literal["angle", "l2", "l1"]
DISTANCES: tuple[Distance, ...] = ("angle", "l2", "l1")  # Table 2's columns; the angle in degrees
N_PAIRINGS = 100  # ways to give everybody a stranger's features; their mean stands for the expectation
BLOCK_CELLS = 2**21  # numbers of a side held at once (16 MiB of float64)

Rows = Float[np.ndarray, "clips features"]
PerClip = Float64[np.ndarray, " clips"]


@dataclass(frozen=True)
class MeanFaces:
    """Mean features of training faces: of everybody and of each sex. They are the caller's training set's, never the test's."""

    everybody: Float64[np.ndarray, " features"]
    by_sex: Mapping[str, Float64[np.ndarray, " features"]]


@dataclass(frozen=True)
class Spread:
    """The paper's mean ± sd of one distance over clips; the mean with its interval over persons."""

    mean: Estimate
    sd: float


@dataclass(frozen=True)
class Similarity:
    """One distance from the true faces, in degrees (angle) or the features' unit.

    Attributes:
        ours: of the features from the voices; the mean's baseline is the random pair's.
        baselines: "random pair", "mean face", "mean face of the sex": the same of what replaces ours; their sd is over all
            pairs seen.
        gain: how much nearer ours are than each baseline on the same clips, mean of the differences; above 0 is better.
    """

    ours: Spread
    baselines: dict[str, Spread]
    gain: dict[str, Estimate]


def mean_faces(faces: Rows, sex: Shaped[np.ndarray, " labels"]) -> MeanFaces:
    """The mean faces of a training set; a sex of "" is unknown. Raises InputError on missing numbers or unmatched rows."""
    if not len(faces) or len(sex) != len(faces) or not np.isfinite(faces).all():
        raise InputError(f"mean faces need finite features with one sex each; got {faces.shape} and {len(sex)}: drop others")
    of_sex = {str(one): faces[sex == one].mean(0, dtype=np.float64) for one in np.unique(sex) if one != ""}
    return MeanFaces(faces.mean(0, dtype=np.float64), of_sex)


def similarity(
    voices: Float[np.ndarray, "voices features"],
    faces: Float[np.ndarray, "clips features"],
    *,
    groups: Groups = None,
    training: MeanFaces | None = None,
    sex: Shaped[np.ndarray, " clips"] | None = None,
    seed: int,
) -> dict[Distance, Similarity]:
    """Table 2: distances of voice features from the true face's, row by row, beside the baselines that can be had.

    Args:
        groups: whose each clip is; left out, each is another person's. A stranger is never of one's own person.
        training: gives the baseline "mean face" and, with `sex`, "mean face of the sex".
        sex: of each clip's speaker, among those of `training.by_sex`.

    Raises:
        InputError: rows or features do not match, a number is missing, a vector is zero, a sex has no mean face, or one
            person owns more than half of the clips, so that strangers do not go round.
    """
    _check(voices, faces, training, sex)
    ours = _distances(voices, faces)
    others = _strangers(voices, faces, person_index(groups, len(faces)), seed)
    if training is not None:
        others["mean face"] = _constant(np.broadcast_to(training.everybody, faces.shape), faces)
        if sex is not None:
            replaced = np.empty(faces.shape)
            for one in np.unique(sex):
                replaced[sex == one] = training.by_sex[str(one)]
            others["mean face of the sex"] = _constant(replaced, faces)
    return {distance: _summary(ours[distance], {name: one[distance] for name, one in others.items()}, groups, seed)
            for distance in DISTANCES}


def _summary(ours: PerClip, others: dict[str, tuple[PerClip, float]], groups: Groups, seed: int) -> Similarity:
    def estimate(values: PerClip, baseline: float | None = None) -> Estimate:
        found = intervals.mean(values, seed=seed, groups=groups)
        return Estimate(found.value, found.low, found.high, found.n, baseline)

    return Similarity(
        Spread(estimate(ours, float(others["random pair"][0].mean())), _sd(ours)),
        {name: Spread(estimate(values), sd) for name, (values, sd) in others.items()},
        {name: estimate(values - ours, 0.0) for name, (values, _) in others.items()},
    )


def _constant(replaced: Rows, faces: Rows) -> dict[Distance, tuple[PerClip, float]]:
    return {distance: (values, _sd(values)) for distance, values in _distances(replaced, faces).items()}


def _strangers(
    voices: Rows, faces: Rows, person: Shaped[np.ndarray, " clips"], seed: int
) -> dict[str, dict[Distance, tuple[PerClip, float]]]:
    """Each clip's mean distance over the pairings with strangers' voice features, and the sd over all those pairs."""
    sums = {distance: np.zeros((2, len(faces))) for distance in DISTANCES}
    for stranger in _pairings(person, seed):
        for distance, values in _distances(voices, faces, stranger).items():
            sums[distance] += values, values**2
    found = {}
    for distance, (plain, squared) in sums.items():
        variance = squared.mean() / N_PAIRINGS - (plain.mean() / N_PAIRINGS) ** 2
        found[distance] = (plain / N_PAIRINGS, float(np.sqrt(max(variance, 0))))
    return {"random pair": found}


def _pairings(person: Int64[np.ndarray, " clips"], seed: int) -> Iterator[Int64[np.ndarray, " clips"]]:
    """Rows in place of each row, none of the own person: persons in random order, moved on by as much as any has clips."""
    n, most = len(person), int(np.bincount(person).max())
    if 2 * most > n:
        raise InputError(f"one person owns {most} of {n} clips, so that strangers do not go round: take fewer of theirs")
    for number in range(N_PAIRINGS):
        rng = np.random.default_rng([seed, n, number])
        order = np.lexsort((rng.random(n), rng.permutation(person.max() + 1)[person]))
        stranger = np.empty(n, dtype=np.int64)
        stranger[order] = np.roll(order, rng.integers(most, n - most + 1))
        yield stranger


def _distances(a: Rows, b: Rows, which: Int64[np.ndarray, " clips"] | None = None) -> dict[Distance, PerClip]:
    """Each row's three distances, of row `which` of `a` from the row of `b`, in bounded memory."""
    found = np.empty((len(DISTANCES), len(b)))
    step = max(1, BLOCK_CELLS // b.shape[1])
    for start in range(0, len(b), step):
        rows = slice(start, start + step)
        x, y = (side.astype(np.float64) for side in (a[rows] if which is None else a[which[rows]], b[rows]))
        unit_x, unit_y = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (x, y))
        # unlike the arc cosine, exact for small angles too (W. Kahan)
        across, along = (np.linalg.norm(one, axis=1) for one in (unit_x - unit_y, unit_x + unit_y))
        found[0, rows] = np.degrees(2 * np.arctan2(across, along))
        found[1, rows], found[2, rows] = np.linalg.norm(x - y, axis=1), np.abs(x - y).sum(1)
    return dict(zip(DISTANCES, found, strict=True))


def angles(a: Rows, b: Rows) -> PerClip:
    """Degrees between the features of each row."""
    return _distances(a, b)["angle"]


def cosines(a: Rows, b: Rows) -> PerClip:
    """Cosine between the features of each row."""
    a, b = (side.astype(np.float64) / np.linalg.norm(side.astype(np.float64), axis=1, keepdims=True) for side in (a, b))
    return (a * b).sum(1)


def _sd(values: PerClip) -> float:
    return float(values.std())


def _check(
    voices: Float[np.ndarray, "voices features"], faces: Rows, training: MeanFaces | None,
    sex: Shaped[np.ndarray, " clips"] | None,
) -> None:
    if voices.shape != faces.shape or not voices.size:
        raise InputError(f"features of voices and faces go row by row; got {voices.shape} and {faces.shape}: align them")
    means = [] if training is None else [training.everybody, *training.by_sex.values()]
    if any(len(mean) != faces.shape[1] for mean in means):
        raise InputError(f"mean faces need the faces' {faces.shape[1]} features; take both from one network")
    for side in (voices, faces, *(mean[None] for mean in means)):
        if not np.isfinite(side).all() or not side.any(axis=1).all():
            raise InputError("an angle needs finite features that are not all zero; drop such clips, and say how many")
    if sex is not None:
        unknown = sorted(set(map(str, sex)) - set(() if training is None else training.by_sex))
        if len(sex) != len(faces) or unknown:
            raise InputError(f"each of {len(faces)} clips needs a sex with a mean face; got {len(sex)}, without: {unknown}")
