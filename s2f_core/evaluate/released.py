"""Claims re-measured on the authors' released faces and voices, with instruments that nobody here trained (Figs 4, 5, 10)."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Shaped
from scipy.spatial.distance import cdist

from s2f_core.evaluate import agreement, correlation, craniofacial, intervals, neighbours
from s2f_core.evaluate.claims import Claim, Row, Tier, cell, untestable
from s2f_core.evaluate.evidence import Evidence, Half, measured
from s2f_core.evaluate.intervals import LEVEL, TAIL, Estimate, proportion_clustered

S2F_VIEWS = ("exg0", "exg0.7", "exg1.4")  # faces from speech, by exaggeration
GENDERS = ("male", "female")
DECADES = ("10", "20", "30", "40", "50", "60", "70")
AGE_BANDS = {"<20": (0, 20), "20-39": (20, 40), "40-59": (40, 60), ">=60": (60, 200)}


def attributes(evidence: Evidence) -> list[Row]:
    """Fig. 4 with our judges: gender and age of pairs of faces, and against the annotators' labels where there are some."""
    rows = []
    for half in evidence.halves.values():
        for attribute in ("gender", "age"):
            for comparison, first, second in _pairs():
                claim = evidence.ledger[f"fig04.{attribute}.{comparison}"]
                labels = [judged(half, view, attribute) for view in (first, second)]
                rows += _diagonal(claim, half, f"{half.name}.{second}", labels, evidence.params.fewest)
        rows += _against_annotators(evidence, half)
    return rows


def confusions(evidence: Evidence) -> dict[str, list[list[int]]]:
    """Re-measured confusion counts, `<half>.<attribute>.<first>.<second>`, for the charts of Fig. 4."""
    found = {}
    for half in evidence.halves.values():
        for attribute, classes in (("gender", GENDERS), ("age", DECADES)):
            for _, first, second in _pairs():
                labels = [judged(half, view, attribute) for view in (first, second)]
                known = (labels[0] != "") & (labels[1] != "")
                table = agreement.confusion(labels[0][known], labels[1][known], classes)
                found[f"{half.name}.{attribute}.{first}.{second}"] = table.tolist()
    return found


def judged(half: Half, view: str, attribute: str) -> Shaped[np.ndarray, " clips"]:
    """The judge's label of each face, "" where none was found. Decades as in Fig. 4: below 20 is "10", from 70 "70"."""
    if attribute == "gender":
        female = half.of(view, "p_female")
        return np.where(np.isnan(female), "", np.where(female > 0.5, "female", "male"))
    age = half.of(view, "age")
    decade = np.clip(np.nan_to_num(age) // 10 * 10, 10, 70).astype(int).astype(str)
    return np.where(np.isnan(age), "", decade)


def craniofacial_correlations(evidence: Evidence) -> list[Row]:
    """Fig. 5(c) on dlib's landmarks: thirteen measures of F2F and S2F faces, pooled and within sex, by exaggeration."""
    params, rows = evidence.params, []
    for half in evidence.halves.values():
        sex = half.labels("gender")
        sex = judged(half, "ori", "gender") if sex is None else sex
        truth = craniofacial.measures(half.of("f2f", "landmarks"))
        for view in S2F_VIEWS:
            ours = craniofacial.measures(half.of(view, "landmarks"))
            found = correlation.correlate(truth, ours, groups=half.persons, sex=sex, seed=params.seed,
                                          n_resamples=params.n_resamples, n_permutations=params.n_permutations)
            for measure, result in found.items():
                claim = craniofacial_claim(evidence, measure)
                rows += correlation_rows(claim, f"{half.name}.{view}", result)
        shuffled = _random_pairs(truth["nasal_index"], craniofacial.measures(half.of("exg0.7", "landmarks"))["nasal_index"],
                                 params.n_permutations, params.seed)
        rows.append(measured(evidence.ledger["fig05.random_baseline"], f"{half.name}.exg0.7", shuffled, baseline=0.0))
    return rows


def consistency(evidence: Evidence) -> list[Row]:
    """Fig. 10: are two clips of one person nearer, in an independent embedding, than clips of two people of one gender?"""
    rows = []
    for half in evidence.halves.values():
        sex = half.labels("gender")
        if sex is None:  # the AVSpeech half has one clip for nearly every video, and nobody is known in two
            continue
        for name, same_video in (("same_video", True), ("other_video", False)):
            for view in S2F_VIEWS:
                auc = _pair_auc(half, view, sex, same_video, evidence.params.seed)
                if auc is not None:
                    rows.append(measured(evidence.ledger[f"fig10.{name}"], f"{half.name}.{view}", auc))
    return rows


def _pairs() -> Iterator[tuple[str, str, str]]:
    """(comparison of the ledger, first view, second view)."""
    yield "ori_f2f", "ori", "f2f"
    for view in S2F_VIEWS:
        yield "ori_s2f", "ori", view
    for view in S2F_VIEWS:
        yield "f2f_s2f", "f2f", view


def _diagonal(claim: Claim, half: Half, reading: str, labels: list[Shaped[np.ndarray, " clips"]], fewest: int) -> list[Row]:
    """One row per class: of the faces that are in it by the first labels, the share that is by the second.

    A class with fewer faces than `fewest` gets the reason instead of a number.
    """
    first, second = labels
    rows = []
    for name in claim.rows or ():
        chosen = (first == name) & (second != "")
        if chosen.sum() < fewest:
            reason = f"{chosen.sum()} faces in the class {name}; below {fewest} no share is given"
            rows.append(untestable(claim, reason, reading=f"{reading}.{name}"))
        else:
            baseline = float((second == name).sum() / (second != "").sum())
            share = proportion_clustered(second[chosen] == name, half.persons[chosen], baseline=baseline)
            rows.append(measured(claim, f"{reading}.{name}", share, paper=cell(claim, name, name), tier="B",
                                 statement=f"{claim.statement.rstrip('.')}: both {name}."))
    return rows


def _against_annotators(evidence: Evidence, half: Half) -> list[Row]:
    """Judged gender and age band, and the nearest other face's ethnicity, against what the annotators wrote."""
    rows, ledger, seed = [], evidence.ledger, evidence.params.seed
    gender, band, ethnicity = (half.labels(name) for name in ("gender", "age_band", "ethnicity"))
    if gender is None or band is None or ethnicity is None:
        return rows
    for view in ("ori", "f2f", *S2F_VIEWS):
        reading = f"{half.name}.{view}"
        said = judged(half, view, "gender")
        for kind, found in _readings(gender, said, GENDERS, half.persons, seed):
            rows.append(measured(ledger[f"labels.gender.{kind}"], reading, found))
        age = half.of(view, "age")
        said = np.full(len(age), "", dtype="<U5")
        for name, (low, high) in AGE_BANDS.items():
            said[(age >= low) & (age < high)] = name
        for kind, found in _readings(band, said, tuple(AGE_BANDS), half.persons, seed):
            rows.append(measured(ledger[f"labels.age.{kind}"], reading, found))
        found_face = ~np.isnan(half.of(view, "embedding")).any(1) & ~np.isnan(half.of("ori", "embedding")).any(1)
        near = neighbours.neighbour_agreement(
            (half.of(view, "embedding")[found_face], half.of("ori", "embedding")[found_face]),
            (ethnicity[found_face], ethnicity[found_face]), (half.persons[found_face], half.persons[found_face]), seed=seed)
        rows.append(measured(ledger["labels.ethnicity.nearest"], reading, near.pooled))
        rows.append(measured(ledger["labels.ethnicity.nearest_balanced"], reading, near.balanced))
    return rows


def _readings(
    true: Shaped[np.ndarray, " clips"], said: Shaped[np.ndarray, " clips"], classes: tuple[str, ...],
    persons: Shaped[np.ndarray, " clips"], seed: int,
) -> Iterator[tuple[str, Estimate]]:
    known = said != ""
    found = agreement.agreement(true[known], said[known], classes, seed=seed, groups=persons[known])
    yield from (("accuracy", found.accuracy), ("balanced", found.balanced), ("kappa", found.kappa))


def craniofacial_claim(evidence: Evidence, measure: str) -> Claim:
    """The ledger's claim about a measure; its ids follow the figure, which shortens "index" in four of five names."""
    names = (f"fig05.{part}.{name}" for part in ("published", "omitted") for name in (measure, measure.replace("index", "idx")))
    return next(evidence.ledger[name] for name in names if name in evidence.ledger)


def correlation_rows(claim: Claim, reading: str, found: correlation.Correlation, *, tier: Tier = "B") -> list[Row]:
    """Rows of one measure: pooled, within sex, and of each sex."""
    said = claim.statement.rstrip(".")
    band = f"by chance |r| < {found.band:.2f}"
    rows = [measured(claim, reading, found.pooled, tier=tier, statement=f"{said} ({band}).")]
    if found.within_sex is not None:
        rows.append(measured(claim, f"{reading}.within_sex", found.within_sex, tier=tier, statement=f"{said}, within sex."))
    rows += [measured(claim, f"{reading}.{sex}", estimate, tier=tier, statement=f"{said}, {sex} speakers only.")
             for sex, estimate in found.by_sex.items() if sex in GENDERS]
    return rows


def _random_pairs(
    a: Float[np.ndarray, " clips"], b: Float[np.ndarray, " clips"], n_shuffles: int, seed: int
) -> Estimate:
    """Mean r of randomly paired faces over many pairings, and the middle 95 % of single pairings."""
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    rng = np.random.default_rng([seed, n_shuffles])
    drawn = np.array([np.corrcoef(a, rng.permutation(b))[0, 1] for _ in range(n_shuffles)])
    low, high = np.quantile(drawn, [TAIL, LEVEL + TAIL])
    return Estimate(float(drawn.mean()), float(low), float(high), len(a), 0.0)


def _pair_auc(half: Half, view: str, sex: Shaped[np.ndarray, " clips"], same_video: bool, seed: int) -> Estimate | None:
    """How often a pair of one person is nearer than the first's pair with another person of that gender; None: no pairs."""
    embedding = half.of(view, "embedding").astype(np.float64)
    videos = np.array([clip.video for clip in half.clips])
    known = ~np.isnan(embedding).any(1)
    embedding, persons, sex, videos = embedding[known], half.persons[known], sex[known], videos[known]
    distance = cdist(embedding, embedding)
    mates = (persons[:, None] == persons[None]) & ((videos[:, None] == videos[None]) == same_video)
    np.fill_diagonal(mates, False)
    rivals = (persons[:, None] != persons[None]) & (sex[:, None] == sex[None])
    pairs = np.argwhere(mates)
    if not len(pairs):
        return None
    shares = [float(((distance[i] > distance[i, j]) & rivals[i]).sum() / rivals[i].sum()) for i, j in pairs]
    found = intervals.mean(np.array(shares), seed=seed, groups=persons[pairs[:, 0]])
    return Estimate(found.value, found.low, found.high, int(mates.any(1).sum()), 0.5)
