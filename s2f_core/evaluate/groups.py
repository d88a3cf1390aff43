"""Errors by group: for whom is the face wrong more often? With fairlearn's `MetricFrame` (the paper has no such table).

Groups of synthetic people are what was given to the generator, those of the released examples labels of annotators; a group of
fewer people than `EvaluateBlock.fewest` has no number. Every measure stands beside that of a judge who always says the same.
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from s2f_core.evaluate import intervals
from s2f_core.evaluate.audited import AGE, Audited, Labels, Values, audited, sizes
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.intervals import Estimate, Weights
from s2f_core.evaluate.verdicts import ROUNDING

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
                    claim, (gap, chance) = evidence.ledger[f"audit.groups.{measure}"], _gap(evidence, some, measure, attribute)
                    fewest = min(sizes(some.groups[attribute], some.persons)[one.label] for one in kept)
                    said = f"{claim.statement.rstrip('.')}: by {attribute}, {_extremes(kept)}; fewest {fewest}, p {chance:.3f}."
                    rows.append(measured(claim, f"{some.name}.{_slug(attribute)}", gap, statement=said))
    return rows


def overall(evidence: Evidence) -> list[Row]:
    """What groups are to be held against: everybody together beside the constant judge, and that judge's own gap in age."""
    rows = []
    for some in audited(evidence):
        for measure in ("sex", "age", "morph"):
            if measure in some.values and some.persons is None:
                share = intervals.proportion_clustered(some.values[measure] > 0, None, baseline=some.constant[measure].mean())
                rows.append(measured(evidence.ledger[f"audit.right.{measure}"], some.name, share))
        if "years" in some.values and len(_by_group(evidence, some, "years", AGE)) > 1:
            same = dataclasses.replace(some, values=some.constant)
            ours, theirs = (_gap(evidence, one, "years", AGE)[0] for one in (some, same))
            rows.append(measured(evidence.ledger["audit.guessed.years"], f"{some.name}.{_slug(AGE)}",
                                 dataclasses.replace(theirs, baseline=ours.value)))
    return rows


def by_group(evidence: Evidence) -> dict[str, Any]:
    """Whose → measure → attribute → group → number with interval, n and the constant judge's; and groups too small for one."""
    return {some.name: {measure: {attribute: _charted(evidence, some, measure, attribute) for attribute in some.groups}
                        for measure in some.values} for some in audited(evidence)}


def frame(values: Values, labels: Labels) -> tuple[Mapping[str, float], float]:
    """Mean of `values` by label and the largest difference between two labels, by fairlearn's MetricFrame."""
    from fairlearn.metrics import MetricFrame, mean_prediction  # brings scikit-learn, which sets variables of the environment

    found = MetricFrame(metrics=mean_prediction, y_true=np.zeros(len(values)), y_pred=values, sensitive_features=labels)
    return {str(label): float(value) for label, value in found.by_group.items()}, float(found.difference("between_groups"))


def _charted(evidence: Evidence, audited: Audited, measure: str, attribute: str) -> dict[str, dict[str, float]]:
    persons = sizes(audited.groups[attribute], audited.persons)
    return {**{one.label: {**one.found.numbers(), "baseline": round(one.found.baseline or 0.0, 4)}
               for one in _by_group(evidence, audited, measure, attribute)},
            **{label: {"n": n} for label, n in persons.items() if n < evidence.params.fewest}}


@functools.cache
def _by_group(evidence: Evidence, audited: Audited, measure: str, attribute: str) -> tuple[Group, ...]:
    """The groups that are large enough, with intervals over resampled persons."""
    labels, values = audited.groups[attribute], audited.values[measure]
    names = _large(evidence, audited, attribute)
    if not names:
        return ()
    rows = np.isin(labels, names)
    means, constant = (frame(some[measure][rows], labels[rows])[0] for some in (audited.values, audited.constant))
    members = _members(labels, names)
    draws = _means(_weights(evidence, audited), values, members)
    return tuple(Group(name, intervals.percentile(means[name], draws[:, place], int(members[:, place].sum()), constant[name]))
                 for place, name in enumerate(names))


def _gap(evidence: Evidence, audited: Audited, measure: str, attribute: str) -> tuple[Estimate, float]:
    """Highest less lowest group mean, and the p of a permutation test: how often people dealt to groups have as large a gap.

    Such a gap is above zero by sampling alone; its baseline is its mean over the deals. The interval's lower end lies as far
    below the gap as the deals' upper 2.5 % lie above their mean, so that it is above the baseline just where p is below .025;
    the upper end is the bootstrap's, moved by its own bias.
    """
    labels, values = audited.groups[attribute], audited.values[measure]
    names = _large(evidence, audited, attribute)
    some, members = np.isin(labels, names), _members(labels, names)
    _, value = frame(values[some], labels[some])
    dealt = _dealt(values, members, intervals.person_index(audited.persons, len(values)), evidence)
    draws = np.ptp(_means(_weights(evidence, audited), values, members), axis=1)
    low = value - (np.quantile(dealt, 1 - intervals.TAIL) - dealt.mean())
    high = np.quantile(draws, 1 - intervals.TAIL) - (draws.mean() - value)
    found = Estimate(value, float(max(low, 0)), float(max(high, value)), int(members.sum()), float(dealt.mean()))
    return found, float((1 + (dealt >= value - ROUNDING).sum()) / (1 + len(dealt)))


def _dealt(values: Values, members: Members, person: Int64[np.ndarray, " rows"], evidence: Evidence
           ) -> Float64[np.ndarray, " deals"]:
    """Gaps of whole persons dealt to the groups."""
    rng = np.random.default_rng([evidence.params.seed, len(values)])
    of_person = members[np.unique(person, return_index=True)[1]]
    dealt = (of_person[rng.permutation(len(of_person))][person] for _ in range(evidence.params.n_permutations))
    return np.array([np.ptp(values @ some / np.maximum(some.sum(0), 1)) for some in dealt])


@functools.cache
def _weights(evidence: Evidence, audited: Audited) -> Weights:
    n = len(next(iter(audited.values.values())))
    return np.concatenate(list(intervals.resampled_weights(
        n, seed=evidence.params.seed, n_resamples=evidence.params.n_resamples, groups=audited.persons)))


def _large(evidence: Evidence, audited: Audited, attribute: str) -> list[str]:
    persons = sizes(audited.groups[attribute], audited.persons)
    return [label for label, n in persons.items() if n >= evidence.params.fewest]


def _slug(attribute: str) -> str:
    return attribute.replace(" ", "_")


def _members(labels: Labels, names: Sequence[str]) -> Members:
    return np.stack([labels == name for name in names], axis=1).astype(np.float64)


def _means(weights: Weights, values: Values, members: Members) -> Float64[np.ndarray, "resamples groups"]:
    return (weights * values) @ members / np.maximum(weights @ members, 1)


def _extremes(groups: Sequence[Group]) -> str:
    low, high = (choose(groups, key=lambda one: one.found.value) for choose in (min, max))
    return " to ".join(f"{one.label} {one.found.value:.2f}" for one in (low, high))
