"""Tables 2 and 3 on synthetic people: how near the heard feature lies to the true one, and where that finds the true face.

The paper's two durations are two networks, trained on 3 s and on 6 s; so are ours. Each test person is heard in one clip.
"""

import functools
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float32, Float64

from s2f_core.evaluate import held_out, intervals, retrieval, similarity
from s2f_core.evaluate.claims import Row, cell
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.held_out import HeldOut
from s2f_core.evaluate.intervals import Estimate
from s2f_core.evaluate.nearness import Metric
from s2f_core.evaluate.retrieval import Ranking
from s2f_core.evaluate.similarity import Similarity

OURS = "laptop"  # reading: by models of the laptop's size on synthetic people
DURATIONS = {"3s": "3s", "6s": "6s"}  # the paper's name of a duration → our variant
METRICS: dict[str, Metric] = {"l2": "l2", "l1": "l1", "cos": "cosine"}  # Table 3's lines
PERCENT = 100.0
Heard = Float32[np.ndarray, "people feature"]
Hits = Float64[np.ndarray, " people"]


def table2(evidence: Evidence) -> list[Row]:
    """Angle between heard and true feature, its spread over people, and what three more seconds gain."""
    own, ledger = evidence.held_out, evidence.ledger
    if own is None:
        return []
    heard = _heard(own)
    found = {name: _similarity(own, some)["angle"] for name, some in heard.items()}
    rows = []
    for name, angle in found.items():
        rows.append(measured(ledger[f"tab02.cos.{name}.mean"], OURS, angle.ours.mean))
        apart = similarity.angles(heard[name], own.faces.canonical["test"])
        rows.append(measured(ledger[f"tab02.cos.{name}.sd"], OURS, _sd(apart, own.seed)))
    if set(found) == set(DURATIONS):
        long, short = (similarity.angles(heard[name], own.faces.canonical["test"]) for name in ("6s", "3s"))
        rows.append(measured(ledger["tab02.longer_is_closer"], OURS, intervals.mean(long - short, seed=own.seed)))
    return rows


def table3(evidence: Evidence) -> list[Row]:
    """Recall by either reading of K, for every duration and metric, and the two differences that the paper's lines show."""
    own, ledger = evidence.held_out, evidence.ledger
    if own is None:
        return []
    rankings = _rankings(own)
    rows = []
    for (duration, metric), ranking in rankings.items():
        claim = ledger[f"tab03.{duration}.{metric}"]
        for label, rank, percent in zip(claim.rows or (), evidence.params.top_ranks, evidence.params.top_percents, strict=True):
            by_rank, by_percent = retrieval.recall_at_rank(ranking, rank), retrieval.recall_at_percent(ranking, percent)
            for reading, one in (("rank", by_rank), ("percent", by_percent)):
                rows.append(measured(claim, f"{OURS}.{reading}.{label}", one, scale=PERCENT, paper=cell(claim, label),
                                     statement=f"{claim.statement.rstrip('.')}: {label}, K as a {reading}.", tier="C"))
    for label, percent in zip(ledger["tab03.longer_is_better"].rows or (), evidence.params.top_percents, strict=True):
        hits = {key: retrieval.found(ranking, percent).astype(np.float64) for key, ranking in rankings.items()}
        for name, gained in _differences(hits).items():
            found = intervals.mean(PERCENT * gained, seed=own.seed)
            rows.append(measured(ledger[name], f"{OURS}.{label}", found, paper=cell(ledger[name], label)))
    return rows


def curves(evidence: Evidence) -> dict[str, list[float]]:
    """Relative rank of every test person's true face, by duration and metric, for the pages that draw them."""
    own = evidence.held_out
    rankings = {} if own is None else _rankings(own)
    return {f"{duration}, {metric}": sorted((one.ranks / one.gallery).round(6).tolist())
            for (duration, metric), one in rankings.items()}


def _heard(own: HeldOut) -> dict[str, Heard]:
    return {name: own.voices[variant].features[own.voices[variant].first] for name, variant in DURATIONS.items()
            if variant in own.voices}


def _similarity(own: HeldOut, heard: Heard) -> Mapping[str, Similarity]:
    people, faces = own.people, own.faces.canonical
    means = similarity.mean_faces(faces["train"], people["train"].sex)
    return similarity.similarity(heard, faces["test"], training=means, sex=people["test"].sex, seed=own.seed)


def _sd(values: Hits, seed: int) -> Estimate:
    def spread(weights: intervals.Weights) -> Float64[np.ndarray, " resamples"]:
        size = weights.sum(1)
        return np.sqrt(np.maximum(weights @ values**2 / size - (weights @ values / size) ** 2, 0))

    value, draws = intervals.resample(spread, len(values), seed=seed)
    return intervals.percentile(float(value), draws, len(values))


@functools.cache
def _rankings(own: HeldOut) -> dict[tuple[str, str], Ranking]:
    gallery, truth = held_out.gallery(own.faces), np.arange(len(own.people["test"].sex))
    return {(duration, name): retrieval.ranks(heard, gallery, truth, metric)
            for duration, heard in _heard(own).items() for name, metric in METRICS.items()}


def _differences(hits: Mapping[tuple[str, str], Hits]) -> dict[str, Hits]:
    """Claim → hit less hit of the same query."""
    found = {}
    if ("3s", "cos") in hits and ("6s", "cos") in hits:
        found["tab03.longer_is_better"] = hits["6s", "cos"] - hits["3s", "cos"]
    if ("6s", "cos") in hits:
        better = max((hits["6s", name] for name in ("l1", "l2")), key=lambda some: float(some.mean()))
        found["tab03.cosine_is_best"] = hits["6s", "cos"] - better
    return found
