"""Errors by group: for whom is the face wrong more often? With fairlearn's `MetricFrame` (the paper has no such table).

Groups of synthetic people are what was given to the generator, those of the released examples labels of annotators; a group of
fewer faces than `EvaluateBlock.fewest` has no number. Every measure stands beside that of a judge who always says the same.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from s2f_core.evaluate import intervals
from s2f_core.evaluate.audited import Audited, Labels, Values, audited, sizes
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.intervals import Estimate, Weights

Members = Float64[np.ndarray, "rows groups"]  # 1 where a row is of a group


@dataclass(frozen=True)
class Group:
    """One group's number, with what the constant judge gets of the same people."""

    label: str
    found: Estimate


def errors(evidence: Evidence) -> list[Row]:
    """Per measure and attribute, the gap between the group with the highest number and the one with the lowest."""
    rows = []
    for some in audited(evidence):
        for measure in some.values:
            for attribute in some.groups:
                if " and " not in attribute and len(kept := _by_group(evidence, some, measure, attribute)) > 1:
                    claim = evidence.ledger[f"audit.groups.{measure}"]
                    said = f"{claim.statement.rstrip('.')}: {attribute}, {_extremes(kept)}."
                    name = f"{some.name}.{attribute.replace(' ', '_')}"
                    rows.append(measured(claim, name, _gap(evidence, some, measure, attribute), statement=said))
    return rows


def by_group(evidence: Evidence) -> dict[str, Any]:
    """Whose → measure → attribute → group → number with interval, n and the constant judge's; and groups too small for one."""
    return {some.name: {measure: {attribute: {
        **{one.label: _numbers(one.found) for one in _by_group(evidence, some, measure, attribute)},
        **{label: {"n": n} for label, n in sizes(some.groups[attribute]).items() if n < evidence.params.fewest}}
        for attribute in some.groups} for measure in some.values} for some in audited(evidence)}


def frame(values: Values, labels: Labels) -> Mapping[str, float]:
    """Mean of `values` by label, as fairlearn's MetricFrame computes it."""
    from fairlearn.metrics import MetricFrame, mean_prediction  # brings scikit-learn, which sets variables of the environment

    found = MetricFrame(metrics=mean_prediction, y_true=np.zeros(len(values)), y_pred=values, sensitive_features=labels)
    return {str(label): float(value) for label, value in found.by_group.items()}


@functools.cache
def _by_group(evidence: Evidence, audited: Audited, measure: str, attribute: str) -> tuple[Group, ...]:
    """The groups that are large enough, with intervals over resampled persons."""
    labels, values = audited.groups[attribute], audited.values[measure]
    names = _large(evidence, labels)
    if not names:
        return ()
    rows = np.isin(labels, names)
    means, constant = (frame(some[measure][rows], labels[rows]) for some in (audited.values, audited.constant))
    members = _members(labels, names)
    draws = _means(_weights(evidence, audited), values, members)
    return tuple(Group(name, intervals.percentile(means[name], draws[:, place], int(members[:, place].sum()), constant[name]))
                 for place, name in enumerate(names))


def _gap(evidence: Evidence, audited: Audited, measure: str, attribute: str) -> Estimate:
    """Highest less lowest group mean, its interval moved by the bootstrap's own bias and not below zero.

    The baseline is its mean over people dealt to groups at random: such a gap is above zero by sampling alone.
    """
    labels, values = audited.groups[attribute], audited.values[measure]
    members = _members(labels, _large(evidence, labels))
    value = float(np.ptp(_means(np.ones((1, len(values))), values, members)))
    draws = np.ptp(_means(_weights(evidence, audited), values, members), axis=1)
    by_chance = _dealt(values, members, intervals.person_index(audited.persons, len(values)), evidence)
    unbiased = np.maximum(draws - (draws.mean() - value), 0)
    return intervals.percentile(value, unbiased, int(members.sum()), by_chance)


def _dealt(values: Values, members: Members, person: Int64[np.ndarray, " rows"], evidence: Evidence) -> float:
    """Mean gap over whole persons dealt to the groups."""
    rng = np.random.default_rng([evidence.params.seed, len(values)])
    of_person = members[np.unique(person, return_index=True)[1]]
    dealt = (of_person[rng.permutation(len(of_person))][person] for _ in range(evidence.params.n_permutations))
    return float(np.mean([np.ptp(values @ some / np.maximum(some.sum(0), 1)) for some in dealt]))


@functools.cache
def _weights(evidence: Evidence, audited: Audited) -> Weights:
    n = len(next(iter(audited.values.values())))
    return np.concatenate(list(intervals.resampled_weights(
        n, seed=evidence.params.seed, n_resamples=evidence.params.n_resamples, groups=audited.persons)))


def _large(evidence: Evidence, labels: Labels) -> list[str]:
    return [label for label, n in sizes(labels).items() if n >= evidence.params.fewest]


def _members(labels: Labels, names: Sequence[str]) -> Members:
    return np.stack([labels == name for name in names], axis=1).astype(np.float64)


def _means(weights: Weights, values: Values, members: Members) -> Float64[np.ndarray, "resamples groups"]:
    return (weights * values) @ members / np.maximum(weights @ members, 1)


def _extremes(groups: Sequence[Group]) -> str:
    low, high = (choose(groups, key=lambda one: one.found.value) for choose in (min, max))
    smallest = min(groups, key=lambda one: one.found.n)
    words = [f"{one.label} {one.found.value:.2f}" for one in (low, high)]
    return f"{' to '.join(words)}; the smallest group is {smallest.label}, n {smallest.found.n}"


def _numbers(one: Estimate) -> dict[str, float | None]:
    return {"value": round(one.value, 4), "low": round(one.low, 4), "high": round(one.high, 4), "n": one.n,
            "baseline": None if one.baseline is None else round(one.baseline, 4)}
