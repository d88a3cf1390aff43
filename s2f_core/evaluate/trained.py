"""What models trained here show of people whom they have not seen: against the truth, the oracle, and shuffled voices.

The paper's own claims of this kind (Figs 4 and 5, Table 3) rest on labels of other systems; these rest on what the synthetic
people were given. `small` is of the authors' released examples, as the reader's machine trained on them.
"""

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64

from s2f_core.data.reconstructions import F2F
from s2f_core.evaluate import consistency, held_out, oracle, retrieval, share
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.held_out import LINKED, HeldOut
from s2f_core.evaluate.intervals import TAIL, Estimate
from s2f_core.evaluate.oracle import People, Reading
from s2f_core.evaluate.pairs import DECIMALS

ORACLE = "oracle"
APART = ("clips of a speaker", "speakers of one sex")
PARTS = ("segments of a clip", "speakers of one sex")
FOUND_PERCENT = 1.0  # of the gallery, for drawings of true faces
SMALL = {  # claim → test and reading
    "small.voxceleb.top10": ("voxceleb", "learned.percent10"), "small.voxceleb.unseen": ("voxceleb", "unseen.percent10"),
    "small.voxceleb.within_gender": ("voxceleb", "within_gender.percent10"), "small.voxceleb.gender": ("voxceleb", "gender"),
    "small.avspeech.top10": ("avspeech_to_voxceleb", "learned.percent10"),
}  # fmt: skip
Deals = Sequence[Int64[np.ndarray, " people"]]  # whose voice each person is given


def readings(evidence: Evidence) -> list[Row]:
    """Sex, age and lengths read from drawings, by source, and from the true numbers of the voice."""
    own = evidence.held_out
    if own is None:
        return []
    truth, rows = own.people["test"], []
    for source, reading in {ORACLE: own.oracle, **own.drawn}.items():
        found = oracle.score(reading, truth, seed=own.seed)
        rows.append(measured(evidence.ledger["trained.sex.accuracy"], source, found.sex))
        rows.append(measured(evidence.ledger["trained.age.r"], source, found.age.pooled))
        for name, one in found.measures.items():
            rows.append(measured(evidence.ledger["trained.face.r"], f"{source}.{name}", one.pooled))
            rows.append(measured(evidence.ledger["trained.face.within_sex"], f"{source}.{name}", one.within_sex))
    return rows


def shares(evidence: Evidence) -> list[Row]:
    """How much of what the oracle reads is read from each variant's drawings; the bars are the ledger's."""
    own, ledger = evidence.held_out, evidence.ledger
    if own is None or len(own.people["test"].sex) < evidence.params.fewest:
        return []
    rows = []
    for variant in own.voices:
        for name, one in _shares(own.drawn[variant], own.oracle, own.people["test"], own.seed):
            rows.append(measured(ledger[name], variant, one, baseline=ledger[name].baseline))
    return rows


def shuffled(evidence: Evidence) -> list[Row]:
    """The same readings with voices dealt to other people: what is left is chance."""
    own = evidence.held_out
    if own is None:
        return []
    truth, rows = own.people["test"], []
    n_deals = evidence.params.n_permutations
    deals = [np.random.default_rng([own.seed, deal]).permutation(len(truth.sex)) for deal in range(n_deals)]
    for variant, voices in own.voices.items():
        for name, values, chance in _dealt(own.drawn[variant], truth, deals):
            rows.append(measured(evidence.ledger[name], variant, _band(values, len(truth.sex), chance)))
        faces = held_out.gallery(own.faces)
        ranks = _all_ranks(voices.features[voices.first], faces)
        for percent in evidence.params.top_percents:
            places = int(retrieval.places(np.array([len(faces)]), percent)[0])
            hits = np.array([(ranks[others, np.arange(len(others))] <= places).mean() for others in deals])
            rows.append(measured(evidence.ledger["trained.shuffled.found"], f"{variant}.percent{percent:g}",
                                 _band(hits, len(truth.sex), places / len(faces))))
    return rows


def found(evidence: Evidence) -> list[Row]:
    """True faces found in the gallery: by drawings of themselves, and by voices."""
    own, ledger = evidence.held_out, evidence.ledger
    if own is None:
        return []
    faces = held_out.gallery(own.faces)
    truth = np.arange(len(own.people["test"].sex))
    size = f"{len(faces):,} faces"
    drawn = retrieval.ranks(own.faces.drawn["test"], faces, truth, "cosine")
    claim = ledger["trained.drawn.found"]
    rows = [measured(claim, F2F, retrieval.recall_at_percent(drawn, FOUND_PERCENT), baseline=claim.baseline)]
    claim = ledger["trained.heard.found"]
    for variant, voices in own.voices.items():
        ranking = retrieval.ranks(voices.features[voices.first], faces, truth, "cosine")
        for percent in evidence.params.top_percents:
            words = f"{claim.statement.rstrip('.')}: K = {percent:g}, {size}."
            rows.append(measured(claim, f"{variant}.percent{percent:g}", retrieval.recall_at_percent(ranking, percent),
                                 statement=words))
    return rows


def one_speaker(evidence: Evidence) -> list[Row]:
    """Are recordings of one speaker nearer than those of two of one sex (Fig. 10's question)?"""
    own, claim = evidence.held_out, evidence.ledger["trained.heard.one_speaker"]
    if own is None:
        return []
    rows = [measured(claim, variant, _speakers(own, variant).separation[APART].auc) for variant in own.voices]
    words = f"{claim.statement.rstrip('.')}: parts of one recording."
    return rows + [measured(claim, f"{variant}.segments", _segments(own, variant).separation[PARTS].auc, statement=words)
                   for variant in own.stretches]


def speaker_distances(evidence: Evidence) -> dict[str, dict[str, Any]]:
    """By variant: cosine distances in bins by kind of pair, and d′ with its interval, for the page that draws them."""
    own, found = evidence.held_out, {}
    results = {} if own is None else {
        **{variant: (_speakers(own, variant), APART) for variant in own.voices},
        **{f"{variant}, parts of one recording": (_segments(own, variant), PARTS) for variant in own.stretches}}
    for name, (result, apart) in results.items():
        shares = {kind: (one.histogram / one.histogram.sum()).round(6).tolist() for kind, one in result.distances.items()}
        d_prime = result.separation[apart].d_prime
        found[name] = {"shares": shares, "d_prime": [round(one, 4) for one in (d_prime.value, d_prime.low, d_prime.high)]}
    return found


def small(evidence: Evidence) -> list[Row]:
    """What small models of the released examples do for people of these examples whom they were not trained on."""
    rows = []
    for name, (test, reading) in SMALL.items():
        one = evidence.small.get(test, {}).get(reading)
        if one is not None:
            claim = evidence.ledger[name]
            rows.append(measured(claim, test, one, baseline=one.baseline if claim.baseline is None else claim.baseline))
    return rows


@functools.cache
def _speakers(own: HeldOut, variant: str) -> consistency.Consistency:
    voices = own.voices[variant]
    sex = own.people["test"].sex[voices.person]
    return consistency.consistency(voices.features, voices.column("id"), voices.person, sex=sex)


@functools.cache
def _segments(own: HeldOut, variant: str) -> consistency.Consistency:
    """Parts of each person's long recording, equally long and one after the other."""
    parts = own.stretches[variant]
    rows = np.flatnonzero(parts.seconds == parts.seconds[parts.start_s > 0].min())
    person = parts.person[rows]
    return consistency.consistency(parts.features[rows], person, person, sex=own.people["test"].sex[person])


def _shares(ours: Reading, bound: Reading, truth: People, seed: int) -> Iterator[tuple[str, Estimate]]:
    yield "trained.sex.share", share.share_of_oracle(ours.sex, bound.sex, truth.sex, of="accuracy", seed=seed)
    yield "trained.age.share", share.share_of_oracle(ours.age, bound.age, truth.age, of="r", seed=seed)
    lengths = [held_out.columns(side, list(LINKED.values())) for side in (ours, bound, truth)]
    yield "trained.face.share", share.share_of_oracle(*lengths, of="r", seed=seed)


def _dealt(reading: Reading, truth: People, deals: Deals
           ) -> Iterator[tuple[str, Float64[np.ndarray, " deals"], float]]:
    """Claim, what each deal gives, and what chance gives."""
    chance = sum(float((reading.sex == one).mean() * (truth.sex == one).mean()) for one in np.unique(truth.sex))
    yield "trained.shuffled.sex", np.array([(reading.sex[others] == truth.sex).mean() for others in deals]), chance
    yield "trained.shuffled.age", np.array([np.corrcoef(reading.age[others], truth.age)[0, 1] for others in deals]), 0.0
    names = list(LINKED.values())
    ours, right = (held_out.columns(side, names) for side in (reading, truth))
    pairs = [np.mean([np.corrcoef(ours[others, k], right[:, k])[0, 1] for k in range(len(names))]) for others in deals]
    yield "trained.shuffled.face", np.array(pairs), 0.0


def _band(values: Float64[np.ndarray, " deals"], n: int, chance: float) -> Estimate:
    """Mean of the deals and where 95 % of them lie."""
    low, high = np.quantile(values, [TAIL, 1 - TAIL])
    return Estimate(float(values.mean()), float(low), float(high), n, chance)


def _all_ranks(heard: Float32[np.ndarray, "people feature"], faces: Float32[np.ndarray, "faces feature"]
               ) -> Int64[np.ndarray, "people people"]:
    """Rank by cosine that each person's voice gives each person's face, the first ones of `faces`; ties count against us.

    `retrieval.ranks` ranks one face a query; here every voice is dealt to everybody.
    """
    unit = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (heard.astype(np.float64), faces.astype(np.float64))]
    similar = np.round(unit[0] @ unit[1].T, DECIMALS)
    return np.stack([len(faces) - np.searchsorted(np.sort(row), row[: len(heard)]) for row in similar])
