"""Figs 11 and 12 on synthetic people: what of a heard face follows the language that is spoken, and not the speaker.

The paper shows three picked speakers. Here every test person speaks two languages, and the corpus says which ancestry morph is
strongest in a face; a language's usual ancestry is that of most training people who speak it. Ancestry is judged by a ridge
regression on the features of training faces: three numbers, near 0 or 1, whose largest is the judged one.
"""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float64, Shaped

from s2f_core.data.reconstructions import F2F, FAINT, Voices
from s2f_core.evaluate import intervals
from s2f_core.evaluate.agreement import kappa
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.held_out import Facts, HeldOut
from s2f_core.evaluate.intervals import Estimate

FIRST, SECOND = "clip", "second"  # kinds of recordings: in the person's language, and in their second one
PENALTIES = 10.0 ** np.arange(0, 6)  # of the ridge, chosen by leaving one face out
Labels = Shaped[np.ndarray, " people"]
Judged = Float64[np.ndarray, "rows ancestries"]


@dataclass(frozen=True)
class Judge:
    """Reads ancestry from features of one kind; `names`: of its columns."""

    names: Sequence[str]
    regression: object

    def __call__(self, features: Float[np.ndarray, "rows feature"]) -> Judged:
        """How much each ancestry is judged to show."""
        return self.regression.predict(features.astype(np.float64))


def figure11(evidence: Evidence) -> list[Row]:
    """Does the judged ancestry of one person move towards the one that goes with the language they change to?"""
    own, claim = evidence.held_out, evidence.ledger["fig11.language_changes_face"]
    rows = []
    for variant, voices in {} if own is None else own.voices.items():
        moved = moves(own, voices)
        if len(moved) >= evidence.params.fewest:
            found = intervals.mean(moved, seed=own.seed)
            rows.append(measured(claim, variant, Estimate(found.value, found.low, found.high, found.n, 0.0)))
    return rows


def figure12(evidence: Evidence) -> list[Row]:
    """Is ancestry judged right less often where the language is not the usual one of the ancestry?"""
    own, claim = evidence.held_out, evidence.ledger["fig12.language_is_not_ethnicity"]
    rows = []
    for variant in {} if own is None else own.voices:
        fits = _fits(own)
        if min(fits.sum(), (~fits).sum()) >= evidence.params.fewest:
            rows.append(measured(claim, variant, _gap(*said(own, variant), fits, own.seed)))
    return rows


def moves(own: HeldOut, voices: Voices) -> Float64[np.ndarray, " persons"]:
    """By how much each person's judged ancestry moves to the second language's usual one and away from the first's.

    Persons whose two languages have the same usual ancestry, or who have no second recording, are left out.
    """
    judge, usual = _judge(own, "seen"), usual_ancestry(own.facts["train"])
    kinds, languages = voices.column("kind"), voices.column("language")
    judged, moved = judge(voices.features), []
    for row in np.flatnonzero(kinds == SECOND):
        first = voices.first[voices.person[row]]
        before, after = (usual.get(languages[one]) for one in (first, row))
        if None not in (before, after) and before != after:
            change = judged[row] - judged[first]
            moved.append((change[judge.names.index(after)] - change[judge.names.index(before)]) / 2)
    return np.array(moved)


def usual_ancestry(facts: Facts) -> dict[str, str]:
    """Language → the strongest morph of most people who speak it."""
    by_language: dict[str, Counter[str]] = {}
    for one in facts:
        by_language.setdefault(one["attributes"]["language"], Counter())[one["attributes"]["morph"]] += 1
    return {language: min(counts, key=lambda name: (-counts[name], name)) for language, counts in by_language.items()}


def judge_of(facts: Facts, features: Float[np.ndarray, "people feature"]) -> Judge:
    """Fit the judge on people whose ancestry is known."""
    from sklearn.linear_model import RidgeCV  # sets variables of the environment when imported
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    morphs = morphs_of(facts)
    names = sorted(set(morphs.tolist()))
    wanted = (morphs[:, None] == np.array(names)).astype(np.float64)
    return Judge(names, make_pipeline(StandardScaler(), RidgeCV(PENALTIES)).fit(features, wanted))


def agreements(evidence: Evidence) -> dict[str, Mapping[str, float]]:
    """That κ in drawings, by source, of people whose language fits their ancestry and of the others; for the page."""
    own = evidence.held_out
    if own is None or len(np.unique(_fits(own))) < 2:
        return {}
    groups = {"fits": _fits(own)[None] * 1.0, "does not fit": ~_fits(own)[None] * 1.0}
    return {source: {name: round(float(kappa(*said(own, source), group)[0]), 4) for name, group in groups.items()}
            for source in (F2F, *own.voices)}


def morphs_of(facts: Facts) -> Labels:
    """Each person's strongest ancestry morph."""
    return np.array([one["attributes"]["morph"] for one in facts])


def said(own: HeldOut, source: str) -> tuple[Labels, Labels]:
    """Ancestry judged from the drawings of a source (F2F, a variant), and the true one."""
    judge = _judge(own, "drawn" if source == F2F else "heard")
    drawn = own.faces.drawn["test"] if source == F2F else own.voices[source].drawn
    return np.array(judge.names)[judge(drawn).argmax(1)], morphs_of(own.facts["test"])


@functools.cache
def _judge(own: HeldOut, kind: Literal["seen", "drawn", "heard"]) -> Judge:
    """A judge of true faces' features, of drawings of true faces, or of drawings as faint as those of voices."""
    drawn = own.faces.drawn
    features = {"seen": own.faces.canonical["train"], "drawn": drawn["train"], "heard": drawn[FAINT]}[kind]
    return judge_of(own.facts["train"], features)


def _gap(said: Labels, true: Labels, fits: Bool[np.ndarray, " people"], seed: int) -> Estimate:
    value, draws = intervals.resample(lambda w: kappa(said, true, w * fits) - kappa(said, true, w * ~fits),
                                      len(fits), seed=seed)
    return intervals.percentile(float(value), draws, len(fits), 0.0)


def _fits(own: HeldOut) -> Bool[np.ndarray, " people"]:
    usual = usual_ancestry(own.facts["train"])
    return np.array([usual.get(one["attributes"]["language"]) == one["attributes"]["morph"] for one in own.facts["test"]])
