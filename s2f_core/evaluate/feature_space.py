"""Fig. 14 on synthetic people: what the space of heard features is ordered by, without a map that could mislead the eye."""

from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64, Shaped

from s2f_core.evaluate import intervals, retrieval
from s2f_core.evaluate.agreement import kappa
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.held_out import SHOWN, HeldOut
from s2f_core.evaluate.intervals import Estimate, Weights

DECADE = 10  # years of an age class
SECOND = "second"  # kind of the recordings that fall on the map of the first
PERPLEXITY = 30  # of t-SNE, openTSNE's default: about how many neighbours count
ANCESTRY, LANGUAGE = "ancestry", "language"
Labels = Shaped[np.ndarray, " people"]


def figure14(evidence: Evidence) -> list[Row]:
    """Is sex what neighbours share most, and are there two clusters, one for each sex?"""
    own, rows = evidence.held_out, []
    for variant, voices in {} if own is None else own.voices.items():
        features = voices.features[voices.first]
        rows.append(measured(evidence.ledger["fig14.gender_first"], variant, sex_first(features, classes(own), seed=own.seed)))
        rows.append(measured(evidence.ledger["fig14.two_clusters"], variant,
                             two_clusters(features, own.people["test"].sex, seed=own.seed)))
    return rows


def neighbours(evidence: Evidence) -> dict[str, dict[str, float]]:
    """κ of the nearest neighbour's label with one's own, by space and label, for the page that draws it."""
    own, found = evidence.held_out, {}
    if own is None:
        return found
    spaces = {"true faces": own.faces.canonical["test"]}
    spaces |= {f"voices, {name}": one.features[one.first] for name, one in own.voices.items()}
    for space, features in spaces.items():
        nearest = nearest_others(features)
        pairs = {name: shared(nearest, labels) for name, labels in classes(own).items()}
        weight = np.ones((1, len(features)))
        found[space] = {name: round(float(_kappa(weight, *one)[0]), 4) for name, one in pairs.items()}
    return found


def maps(evidence: Evidence) -> dict[str, dict[str, list[float]]]:
    """t-SNE in two dimensions, `x` and `y` by space, in the order of the test people, for the page that draws them.

    "voices, second language": where the same people's recordings in their second language fall on the map of their first, which
    is kept as it is (openTSNE's `transform`); whoever has none is left out. Their rows are `who`.
    """
    own = evidence.held_out
    if own is None or SHOWN not in own.voices or len(own.people["test"].sex) < evidence.params.fewest:
        return {}
    voices, found = own.voices[SHOWN], {}
    heard = _map(voices.features[voices.first], own.seed)
    found["true faces"] = _points(_map(own.faces.canonical["test"], own.seed))
    found["voices"] = _points(heard)
    again = np.flatnonzero(voices.column("kind") == SECOND)
    if len(again):
        there = _points(heard.transform(voices.features[again].astype(np.float64)))
        found["voices, second language"] = there | {"who": voices.person[again].tolist()}
    return found


def labels(evidence: Evidence) -> dict[str, list[str]]:
    """What the maps are coloured by, in words, in the order of the test people."""
    own = evidence.held_out
    if own is None:
        return {}
    told = {name: [str(one) for one in some.tolist()] for name, some in classes(own).items()}
    return told | {"age": [f"{DECADE * int(one)} to {DECADE * int(one) + DECADE - 1}" for one in told["age"]]}


def _map(features: Float32[np.ndarray, "people features"], seed: int) -> Any:
    from openTSNE import TSNE  # as scikit-learn, which it imports

    perplexity = min(PERPLEXITY, (len(features) - 1) / 3)
    made = TSNE(perplexity=perplexity, metric="cosine", neighbors="exact", n_jobs=1, random_state=seed % 2**32)
    return made.fit(features.astype(np.float64))


def _points(points: Float64[np.ndarray, "people 2"]) -> dict[str, list[float]]:
    x, y = np.asarray(points).round(2).T.tolist()
    return {"x": x, "y": y}


def classes(own: HeldOut) -> dict[str, Labels]:
    """What the test people may be told apart by: sex, decade of age, ancestry morph that is strongest, language."""
    told = [one["attributes"] for one in own.facts["test"]]
    return {"sex": np.array([one["sex"] for one in told]), "age": np.array([int(one["age"]) // DECADE for one in told]),
            ANCESTRY: np.array([one["morph"] for one in told]), LANGUAGE: np.array([one["language"] for one in told])}


def nearest_others(features: Float32[np.ndarray, "people features"]) -> Int64[np.ndarray, " people"]:
    """Row of each person's nearest other person, by cosine."""
    number = np.arange(len(features))
    return retrieval.top(features, features, 1, "cosine", people=(number, number))[:, 0]


def shared(nearest: Int64[np.ndarray, " people"], labels: Labels) -> tuple[np.ndarray, np.ndarray]:
    """Whether each person's nearest other person has their label, and how many of the others have it."""
    same = (labels[:, None] == labels[None]).sum(1) - 1
    return (labels[nearest] == labels).astype(np.float64), same / (len(labels) - 1)


def sex_first(features: Float32[np.ndarray, "people features"], labels: dict[str, Labels], *, seed: int) -> Estimate:
    """κ of neighbours in sex, less the larger of those in age and ancestry; above 0, sex orders the space most."""
    nearest = nearest_others(features)
    found = {name: shared(nearest, labels[name]) for name in ("sex", "age", ANCESTRY)}

    def first(weights: Weights) -> Float64[np.ndarray, " resamples"]:
        beyond = {name: _kappa(weights, *one) for name, one in found.items()}
        return beyond["sex"] - np.maximum(beyond["age"], beyond[ANCESTRY])

    value, draws = intervals.resample(first, len(features), seed=seed)
    return intervals.percentile(float(value), draws, len(features), 0.0)


def two_clusters(features: Float32[np.ndarray, "people features"], sex: Labels, *, seed: int) -> Estimate:
    """Cohen's κ of two k-means clusters of directions with sex, the clusters named in the better of two ways."""
    from sklearn.cluster import KMeans  # sets variables of the environment when imported

    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    cluster = KMeans(2, n_init=10, random_state=seed % 2**32).fit_predict(unit)
    of_sex = (sex == np.unique(sex)[0]).astype(np.int64)
    cluster = cluster if (cluster == of_sex).mean() >= 0.5 else 1 - cluster
    value, draws = intervals.resample(lambda weights: kappa(cluster, of_sex, weights), len(features), seed=seed)
    return intervals.percentile(float(value), draws, len(features), 0.0)


def _kappa(weights: Weights, hits: Float[np.ndarray, " people"], chance: Float[np.ndarray, " people"]
           ) -> Float64[np.ndarray, " resamples"]:
    expected = weights @ chance
    return (weights @ hits - expected) / (weights.sum(1) - expected)
