"""Fig. 4 on synthetic people: sex, decade of age and ancestry, in truth, in the face drawn from the face, and from the voice.

The paper reads both pictures with one classifier; here the true ones are known, and probes fitted on drawings of training
people read the drawings (`held_out`, `languages`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Shaped

from s2f_core.data.reconstructions import F2F
from s2f_core.evaluate import agreement, languages
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.feature_space import DECADE
from s2f_core.evaluate.held_out import SHOWN, HeldOut

TRUE = "true"
PAIRS = ((TRUE, SHOWN), (TRUE, F2F), (F2F, SHOWN))  # rows and columns, as in the paper's figure and its supplement
Labels = Shaped[np.ndarray, " people"]


def figure4(evidence: Evidence) -> list[Row]:
    """How often each attribute agrees, against the commonest class, and beyond chance: the ledger's claims, on other faces."""
    own, ledger, rows = evidence.held_out, evidence.ledger, []
    if own is None or SHOWN not in own.voices or len(own.people["test"].sex) < evidence.params.fewest:
        return rows
    for attribute, (labels, classes) in _labels(own).items():
        for first, second in PAIRS:
            if len(np.unique(np.concatenate([labels[first], labels[second]]))) < 2:
                continue  # a judge that says one class of everybody, twice: nothing to agree on
            found = agreement.agreement(labels[first], labels[second], classes, ordered=attribute == "age", seed=own.seed)
            readings = {"above_majority": found.accuracy, "balanced": found.balanced, "kappa": found.kappa}
            for name, one in readings.items():
                claim = ledger[f"fig04.{attribute}.{name}"]
                words = f"{claim.statement.rstrip('.')} (synthetic people, {first} to {second})."
                rows.append(measured(claim, f"{first}_{second}", one, statement=words, baseline=one.baseline, tier="C"))
    return rows


def confusions(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """Attribute → its classes, and tables of counts by pair, for the page that draws them."""
    own = evidence.held_out
    if own is None or SHOWN not in own.voices:
        return {}
    return {attribute: {"classes": list(classes), "tables": {
        f"{first} → {second}": agreement.confusion(labels[first], labels[second], classes).tolist() for first, second in PAIRS}}
        for attribute, (labels, classes) in _labels(own).items()}


def _labels(own: HeldOut) -> dict[str, tuple[dict[str, Labels], Sequence[str]]]:
    """Attribute → what each source says of every test person, and the classes in order."""
    people, drawn = own.people["test"], {source: own.drawn[source] for source in (F2F, SHOWN)}
    last = int(people.age.max() // DECADE)
    said = {"gender": {TRUE: people.sex, **{source: one.sex for source, one in drawn.items()}},
            "age": {TRUE: _decades(people.age, last), **{source: _decades(one.age, last) for source, one in drawn.items()}},
            "ethnicity": {TRUE: languages.morphs_of(own.facts["test"]),
                          **{source: languages.said(own, source)[0] for source in drawn}}}
    return {attribute: (one, sorted(set(np.concatenate(list(one.values())).tolist()))) for attribute, one in said.items()}


def _decades(age: Shaped[np.ndarray, " people"], last: int) -> Labels:
    """Words that sort as the decades do; a reading beyond the people's own ages belongs to the nearest decade that occurs."""
    return np.array([f"{DECADE * int(one)}s" for one in np.clip(age // DECADE, 1, last)])
