"""Does a face follow the language, and not the person? Small voice encoders trained where the two are tied, or are not.

Critics of the paper saw faces turn Asian with the language spoken. Here the tie is set by hand (`data/experiments.Worlds`), so
it is known that an effect is to be found, and that none is where there is no tie. All numbers are of the test people, whom no
network has met; where a net was trained several times, an interval is of another training as well (`over_trainings`).
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from jaxtyping import Float64, Shaped

from s2f_core.data.experiments import MAJORITY, MORPHS, Worlds
from s2f_core.evaluate import intervals
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.retrieval import FOUND_PERCENT

FIRST, SECOND = "clip", "second"
PLAIN = "nothing"
NOISE_STEP_DB = 10.0  # dB; by which the effect of noise is told
PerPerson = Float64[np.ndarray, " persons"]


def language(evidence: Evidence) -> list[Row]:
    """How far the ancestry in the face moves with the language of one person, in each world and by each net."""
    rows = []
    for (net, _, follows, majority, paired), runs in _grouped(evidence, lambda one: one[1] == PLAIN).items():
        claim = evidence.ledger["audit.language.none" if follows == 0 or not paired else "audit.language.follows"]
        reading = f"{net}.follows_{follows:g}.majority_{majority:g}" + ("" if paired else ".unpaired")
        rows.append(measured(claim, reading, intervals.over_trainings(_each(runs, moved), baseline=0.0)))
    return rows


def unlinked(evidence: Evidence) -> list[Row]:
    """How far it moves with the noise of a recording, which is tied to nothing; and how the majority's morph spreads."""
    rows, groups = [], _grouped(evidence, lambda one: one[1] == PLAIN and one[4])
    for (net, _, follows, majority, _), runs in groups.items():
        if follows == max(key[2] for key in groups):
            for name, of_person, baseline in (("audit.noise.moves", with_noise, 0.0),
                                              ("audit.majority.takes", taken_for_majority, 1 / len(MORPHS))):
                moves = intervals.over_trainings(_each(runs, of_person), baseline=baseline)
                rows.append(measured(evidence.ledger[name], f"{net}.majority_{majority:g}", moves))
    return rows


def treatments(evidence: Evidence) -> list[Row]:
    """What each treatment changes against the same world untreated: pull of language, faces found, sex, minorities taken.

    Trainings are paired: each treatment is tried on the same drawn people.
    """
    rows = []
    plain, treated = _treated(evidence)
    for how, runs in treated.items():
        for name, of_person in MEASURES.items():
            gained = intervals.over_trainings(_each(runs, of_person) - _each(plain, of_person), baseline=0.0)
            rows.append(measured(evidence.ledger[f"audit.treated.{name}"], how, gained))
    return rows


def unpaired(evidence: Evidence) -> list[Row]:
    """Networks taught with somebody else's voice: is anything left that they can tell?"""
    claim, chance = evidence.ledger["audit.unpaired.found"], FOUND_PERCENT / 100
    return [measured(claim, net, intervals.over_trainings(_each(runs, found), baseline=chance))
            for (net, *_), runs in _grouped(evidence, lambda one: not one[4]).items()]


def charted(evidence: Evidence) -> dict[str, Any]:
    """The same numbers by world and by treatment, for the charts: `value`, `low`, `high`, and what the world was."""
    worlds = [{"net": net, "follows": follows, "majority": majority, "paired": bool(paired),
               "associated": round(float(np.mean([run.associated[0] for run in runs])), 3),
               "n_trainings": len(runs), **intervals.over_trainings(_each(runs, moved)).numbers()}
              for (net, _, follows, majority, paired), runs in _grouped(evidence, lambda one: one[1] == PLAIN).items()]
    plain, treated = _treated(evidence)
    return {"worlds": worlds, "treatments": {
        how: {name: intervals.over_trainings(_each(runs, of_person)).numbers() for name, of_person in MEASURES.items()}
        for how, runs in {PLAIN: plain, **treated}.items() if runs}}


def moved(run: Worlds) -> PerPerson:
    """By how much each person's score moves to the morph that their second language goes with, from that of their first.

    NaN for persons whose languages go with the same morph, or with two alike. 1 is the whole way from one morph to another.
    """
    scores = np.stack([getattr(run, morph) for morph in MORPHS], axis=1).astype(np.float64)
    goes_with = np.array([MORPHS.index(name) if name else -1 for name in run.goes_with.tolist()])
    first, second = _places(run)
    before, after = goes_with[first], goes_with[second]
    change, rows = scores[second] - scores[first], np.arange(len(first))
    found = (change[rows, after] - change[rows, before]) / 2
    return np.where((before >= 0) & (after >= 0) & (before != after), found, np.nan)


def with_noise(run: Worlds) -> PerPerson:
    """Change of the majority's score per 10 dB less noise, between a person's two recordings, weighed by their difference."""
    first, second = _places(run)
    apart = (run.noise_db[second] - run.noise_db[first]).astype(np.float64) / NOISE_STEP_DB
    change = (getattr(run, MAJORITY)[second] - getattr(run, MAJORITY)[first]).astype(np.float64)
    return change * apart / (apart**2).mean()  # their mean is the slope of a line through zero


def taken_for_majority(run: Worlds) -> PerPerson:
    """1 where somebody of another morph is given the majority's, 0 where not, NaN for the majority; by the first clip."""
    first, _ = _places(run)
    scores = np.stack([getattr(run, morph)[first] for morph in MORPHS], axis=1)
    said, true = np.array(MORPHS)[scores.argmax(1)], run.morph[first]
    return np.where(true == MAJORITY, np.nan, (said == MAJORITY).astype(np.float64))


def found(run: Worlds) -> PerPerson:
    """1 where the own face is in the first tenth of the gallery."""
    return (run.percent[_places(run)[0]] <= FOUND_PERCENT).astype(np.float64)


def sex_right(run: Worlds) -> PerPerson:
    """1 where the face shows the sex given to the generator."""
    first, _ = _places(run)
    return ((run.woman[first] > 0.5) == (run.sex[first] == "female")).astype(np.float64)


MEASURES: Mapping[str, Callable[[Worlds], PerPerson]] = {
    "language": moved, "found": found, "sex": sex_right, "taken": taken_for_majority}


def _places(run: Worlds) -> tuple[Shaped[np.ndarray, " persons"], Shaped[np.ndarray, " persons"]]:
    """Rows of the first clip and of the second-language clip of everybody who has both, in the order of the ids."""
    rows = {(person, kind): row for row, (person, kind) in enumerate(zip(run.person, run.kind, strict=True))}
    both = sorted({person for person, _ in rows if (person, FIRST) in rows and (person, SECOND) in rows})
    return tuple(np.array([rows[person, kind] for person in both]) for kind in (FIRST, SECOND))


def _grouped(evidence: Evidence, wanted: Callable[[Sequence[Any]], bool]) -> dict[tuple[Any, ...], list[Worlds]]:
    """(net, treatment, follows, majority, paired) → its repeats; nothing where there was no experiment."""
    return {key: runs for key, runs in _by_world(evidence).items() if wanted(key)}


@functools.cache
def _by_world(evidence: Evidence) -> dict[tuple[Any, ...], list[Worlds]]:
    groups: dict[tuple[Any, ...], list[Worlds]] = {}
    for run in _runs(evidence.experiments.worlds):
        key = (str(run.net[0]), str(run.treated[0]), *(round(float(getattr(run, name)[0]), 3)
                                                       for name in ("follows", "majority")), bool(run.paired[0]))
        groups.setdefault(key, []).append(run)
    return groups


def _runs(table: Worlds | None) -> Iterator[Worlds]:
    """The table run by run."""
    for number in [] if table is None else np.unique(table.run).tolist():
        rows = table.run == number
        yield replace(table, **{one.name: getattr(table, one.name)[rows] for one in fields(table) if one.name != "model"})


def _treated(evidence: Evidence) -> tuple[list[Worlds], dict[str, list[Worlds]]]:
    """The repeats in the world of the treatments, untreated and by treatment."""
    groups = _grouped(evidence, lambda one: True)
    treated = {key[1]: runs for key, runs in groups.items() if key[1] != PLAIN}
    plain = [runs for key, runs in groups.items()
             if key[1] == PLAIN and any((key[0], *key[2:]) == (other[0], *other[2:]) for other in groups if other[1] != PLAIN)]
    return (plain[0] if plain else []), treated


def _each(runs: Sequence[Worlds], of_person: Callable[[Worlds], PerPerson]) -> Float64[np.ndarray, "trainings persons"]:
    """What each training says of each person of whom the measure says something."""
    every = np.stack([of_person(run) for run in runs])
    return every[:, ~np.isnan(every).any(0)]
