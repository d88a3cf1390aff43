"""Figs 5 and 7 on synthetic people: the shape of drawn faces, and which faces answer a voice.

The landmarks are those that the decoder draws a face with, so that no detector stands between.
"""

import numpy as np

from s2f_core.evaluate import craniofacial, held_out, hubness, retrieval
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.correlation import correlate
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.held_out import SHOWN
from s2f_core.evaluate.printed import hub_rows
from s2f_core.evaluate.released import correlation_rows, craniofacial_claim

READING = f"synthetic.{SHOWN}"
N_QUERIES, N_LISTED, N_FIRST = 100, 10, 5  # as on the authors' page of random queries; of the figure's lists


def figure5(evidence: Evidence) -> list[Row]:
    """Thirteen measures of faces drawn from faces and from voices, pooled and within sex."""
    own, params, rows = evidence.held_out, evidence.params, []
    if own is None or SHOWN not in own.voices:
        return rows
    seen, heard = (craniofacial.measures(one.landmarks_px) for one in (own.faces, own.voices[SHOWN]))
    varied = [name for name in seen if seen[name].std() > 0 and heard[name].std() > 0]  # NaN, where points are none, is not
    found = correlate({name: seen[name] for name in varied}, {name: heard[name] for name in varied},
                      sex=own.people["test"].sex, seed=own.seed, n_resamples=params.n_resamples,
                      n_permutations=params.n_permutations) if varied else {}
    for name, result in found.items():
        rows += correlation_rows(craniofacial_claim(evidence, name), READING, result, tier="C")
    return rows


def figure7(evidence: Evidence) -> list[Row]:
    """Of as many random queries as the authors show: how often the true face comes first, and how alike the lists are."""
    own, ledger = evidence.held_out, evidence.ledger
    if own is None or SHOWN not in own.voices or len(own.people["test"].sex) < N_QUERIES:
        return []
    faces, voices = held_out.gallery(own.faces), own.voices[SHOWN]
    who = np.sort(np.random.default_rng([own.seed, N_QUERIES]).permutation(len(voices.first))[:N_QUERIES])
    heard = voices.features[voices.first[who]]
    ranking = retrieval.ranks(heard, faces, who, "cosine")
    found = hubness.hubness(retrieval.top(heard, faces, N_LISTED, "cosine"), len(faces), seed=own.seed)
    return [measured(ledger["fig07.highlights"], READING, retrieval.recall_at_rank(ranking, N_FIRST), tier="C"),
            *hub_rows(evidence, READING, found, tier="C")]
