"""Claims that the published numbers test by themselves: Table 3, Fig. 4 and Fig. 5(c)."""

import numpy as np
from scipy.stats import t as student

from s2f_core.evaluate import agreement, correlation, retrieval
from s2f_core.evaluate.claims import Claim, Row, cell, compare
from s2f_core.evaluate.evidence import Evidence, counted, measured, slug
from s2f_core.evaluate.intervals import difference

RELEASED_CLIPS = 968  # the number behind Fig. 4's matrices is not printed; their digits fit the released AVSpeech half
DEST = "fig05.stats.770k_dest_exg07"
COMPARISONS = ("ori_s2f", "ori_f2f", "f2f_s2f")


def table3(evidence: Evidence) -> list[Row]:
    """R@K of Table 3 against the 100 printed ranks, K read as a rank and as per cent of the gallery."""
    ledger, params = evidence.ledger, evidence.params
    gallery = int(ledger["fig07.gallery"].value)
    printed = retrieval.printed_ranks(np.array(ledger["fig07.ranks"].value, dtype=np.int64), gallery)
    recall, chance = ledger["tab03.6s.cos"], ledger["tab03.random"]
    rows = []
    for k, percent in zip(params.top_ranks, params.top_percents, strict=True):
        readings = (
            (f"rank.r{k}", f"the first {k} of {gallery:,} ranks", retrieval.recall_at_rank(printed, k)),
            (f"percent.r{k}", f"the first {percent:g} % of {gallery:,} faces", retrieval.recall_at_percent(printed, percent)),
        )
        for reading, words, found in readings:
            rows.append(measured(recall, reading, found, scale=100.0, paper=cell(recall, f"r{k}"),
                                 statement=f"R@{k} (6 s, cosine) read as {words}, from the 100 printed ranks."))
            rows.append(compare(chance, reading=reading, paper=cell(chance, f"r{k}"), ours=100 * found.baseline,
                                n=None, low=None, high=None, reason="exact: chance follows from the gallery alone",
                                statement=f"The printed line “Random” at K = {k}, if K means {words}."))
    return rows


def attributes(evidence: Evidence) -> list[Row]:
    """Fig. 4's nine matrices weighted by its class shares: accuracy, balanced accuracy and κ against knowing nothing."""
    rows = []
    for attribute in ("gender", "ethnicity", "age"):
        shares = class_shares(evidence, attribute)
        for comparison in COMPARISONS:
            matrix = evidence.ledger[f"fig04.{attribute}.{comparison}"]
            found = _agreement(evidence, matrix, shares[comparison[:3]])
            readings = {"above_majority": found.accuracy, "balanced": found.balanced, "kappa": found.kappa}
            for name, estimate in readings.items():
                claim = evidence.ledger[f"fig04.{attribute}.{name}"]
                words = f"{claim.statement.rstrip('.')} ({_words(comparison)})."
                rows.append(measured(claim, comparison, estimate, statement=words))
            if attribute == "ethnicity" and comparison == "ori_s2f":
                rows.append(_well_represented(evidence, found))
            if attribute == "gender" and comparison == "ori_s2f":
                rows.append(measured(evidence.ledger["fig04.gender.agreement"], "matrix", found.accuracy))
    return [*rows, _upper_bound(evidence), *_shares(evidence)]


def class_shares(evidence: Evidence, attribute: str) -> dict[str, np.ndarray]:
    """Shares of the classes among true faces (Fig. 4(b)) and, through the matrix, among F2F faces.

    The matrices of age have seven classes for eight counts: the oldest two are one there.
    """
    counts = np.array(evidence.ledger[f"fig04.shares.{attribute}"].value)
    if attribute == "age":
        counts = np.append(counts[:6], counts[6:].sum())
    through = np.array(evidence.ledger[f"fig04.{attribute}.ori_f2f"].value)
    return {"ori": counts / counts.sum(), "f2f": counts @ (through / through.sum(1, keepdims=True)) / counts.sum()}


def craniofacial(evidence: Evidence) -> list[Row]:
    """Fig. 5(c): do the five statistics files agree with each other, with the table and with “1,000 test images”?"""
    ledger = evidence.ledger
    files = {name: claim for name, claim in ledger.items() if name.startswith("fig05.stats.")}
    rows = [row for claim in files.values() for row in _recomputed_p(claim)]
    printed = np.concatenate([np.array(claim.value) for claim in files.values()])
    fitting = correlation.implied_n(printed[:, 0], printed[:, 1])
    rows.append(compare(ledger["fig05.n"], reading="implied", ours=(fitting[0] + fitting[-1]) / 2, n=len(printed),
                        low=float(fitting[0]), high=float(fitting[-1])))
    published = {name.rsplit(".")[-1]: claim.value for name, claim in ledger.items() if name.startswith("fig05.published.")}
    r_of = {measure: cell(ledger[DEST], measure, "r") for measure in published}
    same = sum(round(r_of[measure] + 1e-9, 2) == value for measure, value in published.items())
    rows.append(counted(ledger["fig05.from_file"], "rounded", same, n=len(published)))
    significant = sum(two_sided_p(r, ledger[DEST].n or 0) < 0.001 for r in r_of.values())
    rows.append(counted(ledger["fig05.all_significant"], "recomputed", significant, n=len(published)))
    return rows


def two_sided_p(r: float, n: int) -> float:
    """p of Pearson's r over n pairs: Student's t with n − 2 degrees of freedom, two-sided."""
    return float(2 * student.sf(abs(r) * np.sqrt((n - 2) / (1 - r * r)), n - 2))


def _agreement(evidence: Evidence, matrix: Claim, shares: np.ndarray) -> agreement.Agreement:
    classes = list(matrix.rows)
    return agreement.from_matrix(np.array(matrix.value), shares, RELEASED_CLIPS, classes,
                                 ordered="age" in matrix.id, seed=evidence.params.seed)


def _well_represented(evidence: Evidence, found: agreement.Agreement) -> Row:
    common = min((found.recall[name] for name in ("asian", "white")), key=lambda each: each.value)
    rare = max((found.recall[name] for name in ("black", "india")), key=lambda each: each.value)
    return measured(evidence.ledger["fig04.ethnicity.well_represented"], "ori_s2f", difference(common, rare))


def _upper_bound(evidence: Evidence) -> Row:
    better = 0
    for attribute in ("gender", "ethnicity", "age"):
        speech, face = (np.diag(evidence.ledger[f"fig04.{attribute}.{name}"].value) for name in ("ori_s2f", "ori_f2f"))
        better += int((speech > face).sum())
    return counted(evidence.ledger["fig04.upper_bound"], "matrices", better, n=13)


def _shares(evidence: Evidence) -> list[Row]:
    counts, percent = evidence.ledger["fig04.shares.age"], evidence.ledger["fig04.shares.age_percent"]
    sums = [counted(claim, "sum", sum(claim.value), paper=claim.n, n=claim.n, said=": the counts add up to all faces")
            for claim in (evidence.ledger[f"fig04.shares.{name}"] for name in ("gender", "ethnicity", "age"))]
    shares = [counted(percent, f"age.{slug(label)}", 100 * cell(counts, label) / counts.n, paper=cell(percent, label),
                      n=counts.n, said=f" (class {label})") for label in counts.rows]
    return sums + shares


def _recomputed_p(claim: Claim) -> list[Row]:
    """Each printed p beside the p of its printed r; the interval is what the rounding of r leaves open."""
    rows = []
    for measure in claim.rows:
        r, p = cell(claim, measure, "r"), cell(claim, measure, "p")
        high, ours, low = (two_sided_p(abs(r) + shift, claim.n) for shift in (-0.0005, 0.0, 0.0005))
        words = f"p of {measure.replace('_', ' ')} (r = {r:.3f}) in this statistics file fits n = {claim.n}."
        rows.append(compare(claim, reading=measure, paper=p, ours=ours, n=claim.n, low=low, high=high, statement=words))
    return rows


def _words(comparison: str) -> str:
    names = {"ori": "true face", "f2f": "face from its own feature", "s2f": "face from speech"}
    first, second = comparison.split("_")
    return f"{names[first]} → {names[second]}"
