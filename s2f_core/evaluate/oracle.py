"""What any encoder could at best read from a voice: sex, age and face from the true numbers the voice was made with.

Not from the paper, whose crawl (Sec. 4) has no such truth: it compares with other labels (Fig. 4), other renderings
(Fig. 5) and chance (Table 3) only. Here the bound of Sec. 5's measures is a regression on the generator's own parameters.

It is a ridge regression on the standardised parameters, their squares and products, the latter shrunk more: how much more,
and the penalty, are chosen target by target by cross-validation within the training people. From 3,000 made people it reads
700 others as well as the best Gaussian kernel ridge does (age r .88; 27 measures r .43 on average, within sex .28), without a
matrix of all pairs of people; with the second order shrunk like the first, the measures come to .42 and .26. It is a bound
for what the given parameters tell: where the sound holds more, such as whose recordings it was made from, name that as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Shaped

from s2f_core.errors import InputError
from s2f_core.evaluate import correlation, retrieval
from s2f_core.evaluate.correlation import Correlation
from s2f_core.evaluate.intervals import Estimate, Groups, proportion_clustered
from s2f_core.evaluate.probe import N_FOLDS

PENALTIES = 10.0 ** np.arange(-4.5, 1.6, 0.5)  # a training person
SECOND_ORDER = (0.0, 0.1, 0.3, 1.0)  # scale of the standardised squares and products; 0: a linear regression
TOP_PERCENTS = (1, 2, 5, 10)  # of Table 3
FLAT = 1e-9  # of its largest value: a column that varies less is constant but for rounding
Sides = tuple[Float64[np.ndarray, "train parameters"], Float64[np.ndarray, "test parameters"]]
Targets = Float64[np.ndarray, "train targets"]
Read = Float64[np.ndarray, "test targets"]


@dataclass(frozen=True)
class People:
    """Persons by row, with the truth about them.

    Attributes:
        names: of the columns of `voice`, such as "f0_hz" or "language fr" (1 where it is spoken, else 0).
        voice: the true parameters of the voice; `age` in years; `measures`: lengths of the face in mm, or ratios, by name.
        sex: one of two labels; `faces`: features of the true face, None where they are not asked for.
    """

    names: Sequence[str]
    voice: Float[np.ndarray, "people parameters"]
    sex: Shaped[np.ndarray, " people"]
    age: Float[np.ndarray, " people"]
    measures: Mapping[str, Float[np.ndarray, " people"]]
    faces: Float[np.ndarray, "people features"] | None = None


@dataclass(frozen=True)
class Reading:
    """What was read of people from their voices, row by row: by the oracle, or by an encoder and probes."""

    sex: Shaped[np.ndarray, " people"]
    age: Float[np.ndarray, " people"]
    measures: Mapping[str, Float[np.ndarray, " people"]]
    faces: Float[np.ndarray, "people features"] | None = None


@dataclass(frozen=True)
class Score:
    """How right a reading is; `faces`: recall of the true face in the top 1, 2, 5, 10 % of these people, and median rank."""

    sex: Estimate
    age: Correlation
    measures: dict[str, Correlation]
    faces: dict[str, Estimate] | None


def read(train: People, test: People, *, linear: bool = False, seed: int) -> Reading:
    """Read the test people by regressions fitted on the training people.

    Args:
        linear: without squares and products: for the hundreds of numbers of an embedding, whose probe this then is.
        seed: deals the folds of the choice.

    Raises InputError where the two sides' parameters, measures or faces differ in kind, a number is missing, the training
    people are fewer than two a fold, or their sex is not one of two labels.
    """
    labels = np.unique(train.sex)
    columns = [np.where(train.sex == labels[-1], 1.0, -1.0), train.age, *train.measures.values()]
    _check(train, test)
    if len(labels) != 2:
        raise InputError(f"sex is read as one of two labels; the training people have {labels.tolist()}: choose others")
    sides = (train.voice.astype(np.float64), test.voice.astype(np.float64))
    targets = np.stack(columns, axis=1).astype(np.float64)
    scales = SECOND_ORDER[:1] if linear else SECOND_ORDER
    last, age, *measures = _regress(sides, targets, scales, seed=seed).T
    faces = None
    if train.faces is not None:
        faces = _regress(sides, train.faces.astype(np.float64), scales, together=True, seed=seed)
    return Reading(labels[(last > 0).astype(int)], age, dict(zip(train.measures, measures, strict=True)), faces)


def score(reading: Reading, truth: People, *, groups: Groups = None, seed: int) -> Score:
    """Hold a reading against the truth, with intervals over persons. Raises InputError where the two do not match."""
    if reading.sex.shape != truth.sex.shape or set(reading.measures) != set(truth.measures):
        raise InputError(f"a reading of {len(reading.sex)} rows and {list(reading.measures)} is not of these "
                         f"{len(truth.sex)} people and {list(truth.measures)}: read the same ones")
    found = {"age": reading.age, **{name: reading.measures[name] for name in truth.measures}}
    linked = correlation.correlate(found, {"age": truth.age, **truth.measures}, groups=groups, sex=truth.sex, seed=seed)
    majority = float(np.unique(truth.sex, return_counts=True)[1].max() / len(truth.sex))
    sex, age, faces = proportion_clustered(reading.sex == truth.sex, groups, baseline=majority), linked.pop("age"), None
    if reading.faces is not None and truth.faces is not None:
        people = None if groups is None else (groups, groups)
        ranking = retrieval.ranks(reading.faces, truth.faces, np.arange(len(truth.sex)), "cosine", people=people)
        faces = {f"recall_at_{percent}_percent": retrieval.recall_at_percent(ranking, percent, groups=groups)
                 for percent in TOP_PERCENTS}
        faces["median_rank"] = retrieval.median_rank(ranking, seed=seed, groups=groups)
    return Score(sex, age, linked, faces)


def _check(train: People, test: People) -> None:
    kinds = [(tuple(side.names), tuple(side.measures), side.voice.shape[1],
              None if side.faces is None else side.faces.shape[1]) for side in (train, test)]
    if kinds[0] != kinds[1] or len(train.names) != train.voice.shape[1]:
        raise InputError(f"training and test people need the same named parameters, measures and features; got {kinds}")
    for side in (train, test):
        numbers = [side.voice, side.age, *side.measures.values(), *([] if side.faces is None else [side.faces])]
        if not all(len(one) == len(side.sex) and np.isfinite(one).all() for one in numbers):
            raise InputError(f"each of {len(side.sex)} people needs every number; drop people of whom one is missing")
    if len(train.sex) < 2 * N_FOLDS or not len(test.sex):
        raise InputError(f"an oracle needs {2 * N_FOLDS} training people and somebody to read; got {len(train.sex)} "
                         f"and {len(test.sex)}: measure more")


def _regress(sides: Sides, targets: Targets, scales: Sequence[float], *, together: bool = False, seed: int) -> Read:
    """Predict the test side's targets; `together`: one penalty for all targets, as for the features of a face."""
    fold = np.random.default_rng([seed, len(targets)]).permutation(np.arange(len(targets)) % N_FOLDS)
    loss = np.zeros((len(scales), len(PENALTIES), targets.shape[1]))
    for held_out in range(N_FOLDS):
        rest = fold != held_out
        for place, predicted in enumerate(_paths((sides[0][rest], sides[0][~rest]), targets[rest], scales)):
            loss[place] += [((one - targets[~rest]) ** 2).sum(0) for one in predicted]
    loss = loss.reshape(-1, targets.shape[1])
    chosen = np.full(targets.shape[1], loss.sum(1).argmin()) if together else loss.argmin(0)
    found = np.empty((len(sides[1]), targets.shape[1]))
    for place, predicted in enumerate(_paths(sides, targets, scales)):
        for penalty, one in enumerate(predicted):
            mine = chosen == place * len(PENALTIES) + penalty
            found[:, mine] = one[:, mine]
    return found


def _paths(sides: Sides, targets: Targets, scales: Sequence[float]) -> Iterator[Iterator[Read]]:
    """For each scale of the second order, the test side's predictions at each penalty."""
    (plain, new), level = _standardised(sides), targets.mean(0)
    first, second = np.triu_indices(plain.shape[1])
    for scale in scales:
        x, x_new = plain, new
        if scale:
            products = _standardised((plain[:, first] * plain[:, second], new[:, first] * new[:, second]))
            x, x_new = (np.hstack([one, scale * more]) for one, more in zip((plain, new), products, strict=True))
        spread, axes = np.linalg.eigh(x.T @ x / len(x))
        seen, x_new = axes.T @ (x.T @ (targets - level)) / len(x), x_new @ axes
        yield (x_new @ (seen / (np.maximum(spread, 0) + penalty)[:, None]) + level for penalty in PENALTIES)


def _standardised(sides: Sides) -> Sides:
    """Both sides in standard deviations from the mean of the first; columns constant there are 0."""
    centre, spread = sides[0].mean(0), sides[0].std(0)
    spread = np.where(spread > FLAT * np.abs(sides[0]).max(0), spread, np.inf)
    return (sides[0] - centre) / spread, (sides[1] - centre) / spread
