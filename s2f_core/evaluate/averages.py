"""How much of people's variety is left in faces from voices, and what exaggeration does to their errors.

The paper's page calls its faces "average-looking"; the pictures that it shows are exaggerated, and no caption says so.
"""

import functools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from s2f_core.data.reconstructions import F2F, FAINT
from s2f_core.evaluate import face_judge, held_out, intervals, languages, retrieval, similarity
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.face_judge import FaceJudge
from s2f_core.evaluate.held_out import LINKED, SHOWN, HeldOut
from s2f_core.evaluate.intervals import Weights

EXAGGERATIONS = (0.7, 1.4)  # as the authors' folders are named: (1 + e) times the difference from the mean face
HALF = 0.5  # of the score of 'female': above it the face is read as a woman's
Values = Float64[np.ndarray, " people"]


@functools.cache
def kept(evidence: Evidence) -> tuple[Row, ...]:
    """Per attribute, the variance of what is read from faces over that of the truth, and how far it follows the truth."""
    own, rows = evidence.held_out, []
    for source in () if own is None or SHOWN not in own.voices else (F2F, SHOWN):
        for name, read, truth in _readings(own, source):
            if not np.ptp(truth):
                continue  # nobody in a small corpus has this morph, or everybody
            for what, statistic in (("variance", _variances), ("slope", _slope)):
                of = functools.partial(statistic, read=read, truth=truth)
                value, draws = intervals.resample(of, len(truth), seed=own.seed)
                found = intervals.percentile(float(value), draws, len(truth), 1.0)
                rows.append(measured(evidence.ledger[f"audit.average.{what}"], f"{source}.{name}", found))
    return tuple(rows)


def exaggerated(evidence: Evidence) -> list[Row]:
    """What exaggeration changes in sex and ancestry read right, in the error of age, and in nearness to the true face."""
    own, rows = evidence.held_out, []
    if own is None or SHOWN not in own.voices:
        return rows
    plain = _errors(own, 0.0)
    for exaggerate in EXAGGERATIONS:
        for name, values in _errors(own, exaggerate).items():
            change = intervals.mean(values - plain[name], seed=own.seed)
            rows.append(measured(evidence.ledger[f"audit.exaggerated.{name}"], f"{SHOWN}.exg{exaggerate:g}",
                                 replace(change, baseline=0.0)))
    return rows


def charted(evidence: Evidence) -> dict[str, Any]:
    """Source → attribute → variance kept and slope, with intervals, for the chart."""
    found: dict[str, Any] = {}
    for row in kept(evidence):
        name, _, reading = row.id.partition("/")
        source, _, attribute = reading.partition(".")
        place = found.setdefault(source, {}).setdefault(attribute, {})
        place[name.rpartition(".")[2]] = {"value": row.ours, "low": row.low, "high": row.high, "n": row.n}
    return found


def _readings(own: HeldOut, source: str) -> Iterator[tuple[str, Values, Values]]:
    """Attribute, what a probe reads from drawings of the source, and the truth; of sex and morph the score, and 0 or 1."""
    read, truth = own.drawn[source], own.people["test"]
    yield "age", np.asarray(read.age, np.float64), np.asarray(truth.age, np.float64)
    for name in LINKED.values():
        yield name, np.asarray(read.measures[name], np.float64), np.asarray(truth.measures[name], np.float64)
    drawn = own.faces.drawn["test"] if source == F2F else own.voices[source].drawn
    judge = face_judge.fit(own.facts["train"], own.faces.drawn["train" if source == F2F else FAINT])
    scores, morphs = judge(drawn), languages.morphs_of(own.facts["test"])
    yield "female", scores.woman, (truth.sex == "female").astype(np.float64)
    for place, name in enumerate(judge.morphs):
        yield f"morph_{name}", scores.ancestry[:, place], (morphs == name).astype(np.float64)


def _variances(weights: Weights, read: Values, truth: Values) -> Float64[np.ndarray, " resamples"]:
    size = weights.sum(1)
    of = [weights @ values**2 / size - (weights @ values / size) ** 2 for values in (read, truth)]
    return of[0] / _some(of[1])


def _slope(weights: Weights, read: Values, truth: Values) -> Float64[np.ndarray, " resamples"]:
    """Of the line that tells the reading from the truth; below 1 where readings lie nearer to the mean."""
    size = weights.sum(1)
    both = weights @ (read * truth) / size - (weights @ read / size) * (weights @ truth / size)
    return both / _some(weights @ truth**2 / size - (weights @ truth / size) ** 2)


def _some(variance: Float64[np.ndarray, " resamples"]) -> Float64[np.ndarray, " resamples"]:
    """The variance, or NaN in a resample in which all people are alike."""
    return np.where(variance > 0, variance, np.nan)


def _errors(own: HeldOut, exaggerate: float) -> dict[str, Values]:
    """Per person, of the exaggerated feature: whether sex and ancestry morph are read right, error of age, cosine, found."""
    voices, faces = own.voices[SHOWN], own.faces.canonical
    mean = faces["train"].mean(0, dtype=np.float64)
    heard = mean + (1 + exaggerate) * (voices.features[voices.first] - mean)
    true = faces["test"].astype(np.float64)
    ranking = retrieval.ranks(heard, held_out.gallery(own.faces).astype(np.float64), np.arange(len(heard)), "cosine")
    judge, test = _judge(own), own.people["test"]
    read, morphs = judge(heard), languages.morphs_of(own.facts["test"])
    right = {"sex": (read.woman > HALF) == (test.sex == "female"),
             "morph": np.array(judge.morphs)[read.ancestry.argmax(1)] == morphs}
    return {**{name: one.astype(np.float64) for name, one in right.items()}, "age": np.abs(read.age - test.age),
            "cosine": similarity.cosines(heard, true), "found": retrieval.found(ranking).astype(np.float64)}


@functools.cache
def _judge(own: HeldOut) -> FaceJudge:
    """Fitted on the true features of training people, as whole as exaggeration makes those of voices."""
    return face_judge.fit(own.facts["train"], own.faces.canonical["train"])

