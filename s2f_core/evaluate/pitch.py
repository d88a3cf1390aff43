"""Do high voices become women and low voices men, as critics of the paper say? Pitch and tract are set by hand here.

Sex is as given to the generator. Everything but the named numbers of the voice is the same: words, recording, all the rest.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from s2f_core.data.experiments import Crossed, Sweep
from s2f_core.evaluate import intervals
from s2f_core.evaluate.claims import Row, untestable
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.held_out import SHOWN, HeldOut

FEMALE, MALE = "female", "male"
UNCHANGED = "nothing"
HALF = 0.5  # of the score: above it the face is read as a woman's
N_BINS = 5  # of the score, for its calibration


def swept(evidence: Evidence) -> list[Row]:
    """By how much more often the face is a woman's at the highest pitch than at the lowest, and with the shortest tract."""
    table, rows = evidence.experiments.sweep, []
    if table is None:
        return rows
    for name, column, towards in (("pitch", table.f0_hz, 1), ("tract", table.vtl_cm, -1)):
        ends = (column == column.max(), column == column.min())[::towards]
        shares = [np.array([_said(table)[rows_of & end].mean() for rows_of in _by_person(table)]) for end in ends]
        found = intervals.mean(shares[0] - shares[1], seed=evidence.params.seed)
        rows.append(measured(evidence.ledger[f"audit.sweep.{name}"], SHOWN, replace(found, baseline=0.0)))
    return rows


def crossed(evidence: Evidence) -> list[Row]:
    """How often the face has the other sex, as spoken and with the other sex's pitch, tract or both; and what that adds."""
    table, rows = evidence.experiments.crossed, []
    if table is None:
        return rows
    wrong = {str(changed): _wrong(table)[table.changed == changed] for changed in dict.fromkeys(table.changed.tolist())}
    for changed, errors in wrong.items():
        share = intervals.proportion_clustered(errors, None, baseline=HALF)
        rows.append(measured(evidence.ledger["audit.crossed.error"], changed, share))
        if changed != UNCHANGED:
            more = intervals.mean(errors.astype(float) - wrong[UNCHANGED], seed=evidence.params.seed)
            rows.append(measured(evidence.ledger["audit.crossed.more"], changed, replace(more, baseline=0.0)))
    return rows


def observed(evidence: Evidence) -> list[Row]:
    """Of the test people as they are: errors of those whose pitch is nearer to the other sex's against the others'."""
    own, claim = evidence.held_out, evidence.ledger["audit.pitch.unusual"]
    if own is None or SHOWN not in own.voices:
        return []
    unusual = _nearer_to_other_sex(own)
    wrong = own.drawn[SHOWN].sex != own.people["test"].sex
    if min(unusual.sum(), (~unusual).sum()) < evidence.params.fewest:
        why = f"{int(unusual.sum())} of {len(unusual)} test people have such a pitch, fewer than {evidence.params.fewest}"
        return [untestable(claim, f"{why}; see audit.crossed, where it was set by hand", reading=SHOWN)]
    shares = [intervals.proportion_clustered(wrong[some], None) for some in (unusual, ~unusual)]
    wrong_of = f"{int(unusual.sum())} people, {shares[0].value:.0%} wrong; others {shares[1].value:.1%}"
    said = f"{claim.statement.rstrip('.')} ({wrong_of})."
    return [measured(claim, SHOWN, intervals.difference(*shares), statement=said)]


def calibration(evidence: Evidence) -> list[Row]:
    """How far the score of 'female' lies from the share of women who get it, on average over people: 0 is calibrated."""
    table = evidence.experiments.crossed
    if table is None or (table.changed == UNCHANGED).sum() < evidence.params.fewest:
        return []
    rows = table.changed == UNCHANGED
    score, woman = table.woman[rows].astype(np.float64).clip(0, 1), (table.sex[rows] == FEMALE).astype(np.float64)
    found = intervals.bootstrap(_miscalibrated, [score, woman], seed=evidence.params.seed,
                                n_resamples=evidence.params.n_resamples)
    return [measured(evidence.ledger["audit.pitch.calibration"], SHOWN, replace(found, baseline=0.0))]


def charted(evidence: Evidence) -> dict[str, Any]:
    """The map of pitch and tract (share of speakers with a woman's face), and errors by what was changed, for the charts."""
    sweep, table, found = evidence.experiments.sweep, evidence.experiments.crossed, {}
    if sweep is not None:
        f0_hz, vtl_cm = np.unique(sweep.f0_hz), np.unique(sweep.vtl_cm)
        shares = [[float(_said(sweep)[(sweep.f0_hz == f0) & (sweep.vtl_cm == vtl)].mean()) for f0 in f0_hz] for vtl in vtl_cm]
        found["map"] = {"f0_hz": f0_hz.round(1).tolist(), "vtl_cm": vtl_cm.round(1).tolist(),
                        "share": np.round(shares, 3).tolist(), "n": len(np.unique(sweep.person))}
    if table is not None:
        wrong = _wrong(table)
        found["errors"] = {sex: {str(changed): intervals.proportion_clustered(
            wrong[(table.changed == changed) & (table.sex == sex)], None).numbers()
            for changed in dict.fromkeys(table.changed.tolist())} for sex in (FEMALE, MALE)}
    return found


def _said(table: Sweep | Crossed) -> Bool[np.ndarray, " rows"]:
    return table.woman > HALF


def _wrong(table: Crossed) -> Bool[np.ndarray, " rows"]:
    """The face does not have the sex given to the generator; rows of one change are in the same order of people."""
    return _said(table) != (table.sex == FEMALE)


def _by_person(table: Sweep) -> list[Bool[np.ndarray, " rows"]]:
    return [table.person == person for person in np.unique(table.person)]


def _nearer_to_other_sex(own: HeldOut) -> Bool[np.ndarray, " people"]:
    """Pitch nearer (in ln Hz) to the median of the other sex than to that of the own, both over training people."""
    pitch = {split: np.log([facts["voice"]["f0_hz"] for facts in own.facts[split]]) for split in ("train", "test")}
    away = {sex: np.abs(pitch["test"] - np.median(pitch["train"][own.people["train"].sex == sex])) for sex in (FEMALE, MALE)}
    female = own.people["test"].sex == FEMALE
    return np.where(female, away[MALE] < away[FEMALE], away[FEMALE] < away[MALE])


def _miscalibrated(score: Float64[np.ndarray, " rows"], woman: Float64[np.ndarray, " rows"]) -> float:
    """Expected calibration error over equally wide bins of the score (Naeini et al. 2015)."""
    place = np.minimum((score * N_BINS).astype(int), N_BINS - 1)
    gaps = [abs(score[place == one].sum() - woman[place == one].sum()) for one in range(N_BINS)]
    return float(sum(gaps) / len(score))
