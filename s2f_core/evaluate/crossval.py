"""How well true faces are found from voices of people never trained on: people in folds, everything chosen inside (Table 3).

The paper tests on held-out videos and does not say whether a person may be on both sides. Here no person is: every clip of one
lies in one fold, and shrinkage and rank are chosen by folds within the training people (nested cross-validation).
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Int, Shaped

from s2f_core.config import Block
from s2f_core.data.corpora import published
from s2f_core.errors import InputError
from s2f_core.evaluate import retrieval
from s2f_core.evaluate.intervals import Estimate, proportion_clustered
from s2f_core.evaluate.retrieval import Ranking
from s2f_core.training import linear_voice
from s2f_core.training.linear_voice import LinearVoice, Shrinkage

GENDERS = ("male", "female")
JUDGED_UNITS = (0.35, 1 / 70)  # of p_female (0–1) and age (years): with these both spread like all of dlib's embedding; ours
PROBE_PENALTY = 0.1  # of the mean variance of a coordinate; ours, 0.03 to 0.3 read the same
FLAT = 1e-12  # variance below which nothing differs


class Grid(Block):
    """The shrinkages, ranks and weights of the judges' words to choose from."""

    judged: list[float]
    voice: list[float]
    face: list[float]
    rank: list[int]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Clips, a row each: embedding of the voice; features of the true face and its judged p_female and age; label of gender."""

    clips: Sequence[published.Clip]
    voices: Float[np.ndarray, "clips voice"]
    faces: Float[np.ndarray, "clips face"]
    judged: Float[np.ndarray, "clips 2"]
    gender: Shaped[np.ndarray, " clips"]

    @property
    def persons(self) -> Shaped[np.ndarray, " clips"]:
        """Who speaks."""
        return np.array([clip.person for clip in self.clips])

    def where(self, chosen: Bool[np.ndarray, " clips"]) -> "Pairs":
        """The rows for which `chosen` is true."""
        clips = [clip for clip, wanted in zip(self.clips, chosen, strict=True) if wanted]
        return Pairs(clips, self.voices[chosen], self.faces[chosen], self.judged[chosen], self.gender[chosen])

    def described(self, weight: float) -> Float64[np.ndarray, "clips described"]:
        """Features of the true face, and behind them what the judges read off the same picture."""
        return np.hstack([self.faces, weight * self.judged * JUDGED_UNITS])


@dataclass(frozen=True, eq=False)
class Model:
    """A map from voices to faces that are described with this weight of the judges' words."""

    linear: LinearVoice
    judged: float

    def seen(self, pairs: Pairs) -> Float64[np.ndarray, "clips rank"]:
        """True faces along the map's directions."""
        return self.linear.seen(pairs.described(self.judged))


@dataclass(frozen=True, eq=False)
class Found:
    """What was read of the test people of one model, or of all folds.

    Attributes:
        rankings: by reading, see `read`.
        said: gender read off v_s; `gender`, that of the labels.
    """

    rankings: dict[str, Ranking]
    said: Shaped[np.ndarray, " clips"]
    gender: Shaped[np.ndarray, " clips"]
    persons: Shaped[np.ndarray, " clips"]


def fit(pairs: Pairs, grid: Grid, *, n_folds: int, seed: int) -> Model:
    """Fit on all pairs with the `choose`n point. Raises InputError as `choose`."""
    judged, shrinkage = choose(pairs, grid, n_folds=n_folds, seed=seed)
    return Model(linear_voice.fit(pairs.voices, pairs.described(judged), shrinkage), judged)


def choose(pairs: Pairs, grid: Grid, *, n_folds: int, seed: int) -> tuple[float, Shrinkage]:
    """The point of the grid with the smallest mean rank, in per cent, of true faces among those of the held-out fold.

    The first of equals in the grid's order. Raises InputError as `published.folds` and `linear_voice.fit`.
    """
    cost: dict[tuple[float, Shrinkage], float] = {}
    for rest, out in _folded(pairs, n_folds, seed):
        train, test = pairs.where(rest), pairs.where(out)
        for judged, voice, face in itertools.product(grid.judged, grid.voice, grid.face):
            whole = linear_voice.fit(train.voices, train.described(judged), Shrinkage(voice, face, max(grid.rank)))
            for rank in grid.rank:
                point, model = (judged, Shrinkage(voice, face, rank)), Model(whole.first(rank), judged)
                ranking = _ranked(model.linear.heard(test.voices), model.seen(test), test, test)
                cost[point] = cost.get(point, 0.0) + float(((ranking.ranks - 0.5) / ranking.gallery).sum())
    return min(cost, key=lambda point: cost[point])


def cross_validated(pairs: Pairs, grid: Grid, *, n_folds: int, seed: int) -> Found:
    """Read each fold by a model of the others, whose shrinkage is chosen by folds of those others. A function of `seed`.

    The gallery holds every true face, those of the other folds too, which were trained on; under `unseen` the fold's only.
    """
    parts = []
    for rest, out in _folded(pairs, n_folds, seed):
        train, test = pairs.where(rest), pairs.where(out)
        parts.append(read(fit(train, grid, n_folds=n_folds, seed=seed), train, test, pairs))
    rankings = {name: _joined([part.rankings[name] for part in parts]) for name in parts[0].rankings}
    return Found(rankings, *(np.concatenate([getattr(part, name) for part in parts]) for name in ("said", "gender", "persons")))


def read(model: Model, train: Pairs, test: Pairs, gallery: Pairs) -> Found:
    """Rank the true faces of `test` in the gallery, which must hold them, and read the gender off v_s.

    Readings: `learned`, cosine along the model's directions; `unseen`, the same among the test people only;
    `within_gender`, the same among faces of the speaker's gender only; `plain`, cosine of v_s and v_f about the training
    mean, as in Table 3. Other faces of the speaker are left out. The gender comes from a ridge regression on the training
    people's faces along the directions.
    """
    heard, seen, n_features = model.linear.heard(test.voices), model.seen(gallery), test.faces.shape[1]
    mean = model.linear.face_mean[:n_features]
    centred = model.linear.estimate(test.voices)[:, :n_features] - mean, gallery.faces - mean
    same = [(test.gender == label, gallery.gender == label) for label in GENDERS]
    within = [_ranked(heard[ours], seen[theirs], test.where(ours), gallery.where(theirs))
              for ours, theirs in same if ours.any()]
    order = np.argsort(np.concatenate([np.flatnonzero(ours) for ours, _ in same]))
    rankings = {
        "learned": _ranked(heard, seen, test, gallery),
        "unseen": _ranked(heard, model.seen(test), test, test),
        "within_gender": _taken(_joined(within), order),
        "plain": _ranked(*centred, test, gallery),
    }
    said = np.where(_probed(model.seen(train), train.gender, heard) > 0, GENDERS[1], GENDERS[0])
    return Found(rankings, said, test.gender, test.persons)


def estimates(found: Found, percents: Sequence[float]) -> dict[str, Estimate]:
    """`<reading>.percent<p>` and `gender`, with 95 % intervals over persons, and what chance or the commoner gender gives."""
    shares = {f"{name}.percent{percent:g}": retrieval.recall_at_percent(ranking, percent, groups=found.persons)
              for name, ranking in found.rankings.items() for percent in percents}
    shares = {name: share for name, share in shares.items() if share.baseline}  # less than one face looked at says nothing
    majority = max(float((found.gender == label).mean()) for label in GENDERS)
    return {**shares, "gender": proportion_clustered(found.said == found.gender, found.persons, baseline=majority)}


def _folded(pairs: Pairs, n_folds: int, seed: int) -> Iterator[tuple[Bool[np.ndarray, " clips"], Bool[np.ndarray, " clips"]]]:
    fold = published.folds(pairs.clips, n_folds, seed)
    yield from ((fold != one, fold == one) for one in range(n_folds))


def _ranked(queries: Float[np.ndarray, "queries axes"], gallery: Float[np.ndarray, "gallery axes"],
            test: Pairs, among: Pairs) -> Ranking:
    place = {clip.id: row for row, clip in enumerate(among.clips)}
    absent = [clip.id for clip in test.clips if clip.id not in place]
    if absent:
        raise InputError(f"a gallery holds the true face of every query; {len(absent)} are not in it; add them")
    truth = np.array([place[clip.id] for clip in test.clips])
    return retrieval.ranks(queries, gallery, truth, "cosine", people=(test.persons, among.persons))


def _probed(
    train: Float64[np.ndarray, "train axes"], labels: Shaped[np.ndarray, " train"], test: Float64[np.ndarray, "test axes"]
) -> Float64[np.ndarray, " test"]:
    """Above 0 for the second gender: ridge regression between the two genders' mean faces, whichever is commoner."""
    means = [train[labels == label].mean(0) for label in GENDERS]
    centre, target = (means[0] + means[1]) / 2, np.where(labels == GENDERS[1], 1.0, -1.0)
    centred = train - train.mean(0)
    scatter = centred.T @ centred
    scatter += max(PROBE_PENALTY * np.trace(scatter) / len(scatter), FLAT) * np.eye(len(scatter))
    return (test - centre) @ np.linalg.solve(scatter, centred.T @ (target - target.mean()))


def _joined(parts: Sequence[Ranking]) -> Ranking:
    return Ranking(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("ranks", "gallery", "right")))


def _taken(ranking: Ranking, rows: Int[np.ndarray, " rows"]) -> Ranking:
    return Ranking(ranking.ranks[rows], ranking.gallery[rows], ranking.right[rows])
