"""What the paper says its faces are not: individuals, and more than average-looking (Ethical considerations, Figs 1 and 8)."""

import functools

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.distance import cdist

from s2f_core.evaluate import exaggeration, intervals, retrieval
from s2f_core.evaluate.claims import Row, cell, compare
from s2f_core.evaluate.evidence import Evidence, Half, measured
from s2f_core.evaluate.intervals import Estimate
from s2f_core.evaluate.released import S2F_VIEWS, judged

Flat = Float[np.ndarray, "clips features"]
SHORT_SEGMENT_S = 5.8  # shorter ones must have been repeated to fill 6 s; nearer to 6 s the cut is within its own rounding


def identifiability(evidence: Evidence) -> list[Row]:
    """Does the face from speech lead to its speaker's true face in an independent embedding, and beyond gender?"""
    rows, ledger, params = [], evidence.ledger, evidence.params
    for half in evidence.halves.values():
        bound, known_bound = true_face_ranks(half, "f2f")
        for view in S2F_VIEWS:
            ranking, known = true_face_ranks(half, view)
            persons = half.persons[known]
            reading = f"{half.name}.{view}"
            claim = ledger["text.no_individuals"]
            size = f"{ranking.gallery.min():,}–{ranking.gallery.max():,} true faces"
            said = f"{claim.statement.rstrip('.')}: true face among the first"
            for k in (1, 10):
                found = retrieval.recall_at_rank(ranking, k, groups=persons)
                most = retrieval.recall_at_rank(bound, k, groups=half.persons[known_bound])
                words = f"{said} {k} of {size} (F2F: {most.value:.0%})."
                rows.append(measured(claim, f"{reading}.rank{k}", found, statement=words))
            for percent in params.top_percents:
                found = retrieval.recall_at_percent(ranking, percent, groups=persons)
                words = f"{said} {percent:g} % of {size}."
                rows.append(measured(claim, f"{reading}.percent{percent:g}", found, statement=words))
            nearer = _nearer_than_same_gender(half, view, params.seed)
            names = ("text.true_identity", "fig01.not_accurate") if view == "exg1.4" else ("text.true_identity",)
            rows += [measured(ledger[name], reading, nearer) for name in names]
    return rows


@functools.cache
def true_face_ranks(half: Half, view: str) -> tuple[retrieval.Ranking, Bool[np.ndarray, " clips"]]:
    """Rank of each speaker's true face by dlib's distance from a face of `view`; other clips of the speaker left out.

    Returns: the ranking, and the clips that it is of: those of which both faces were found.
    """
    query, gallery = half.of(view, "embedding"), half.of("ori", "embedding")
    known = ~np.isnan(query).any(1) & ~np.isnan(gallery).any(1)
    persons = half.persons[known]
    truth = np.arange(len(persons))
    return retrieval.ranks(query[known], gallery[known], truth, "l2", people=(persons, persons)), known


def averageness(evidence: Evidence) -> list[Row]:
    """How much of the faces' variety is kept, in pixels and in an embedding, and what exaggeration does to it."""
    rows, ledger, seed = [], evidence.ledger, evidence.params.seed
    for half in evidence.halves.values():
        for view in S2F_VIEWS:
            ratio = exaggeration.spread_ratio(half.pixels[view], half.pixels["f2f"])
            rows.append(measured(ledger["text.average_faces"], f"{half.name}.{view}", ratio, baseline=1.0))
            kept = _kept(half, view, seed)
            rows.append(measured(ledger["exaggeration.variance_kept"], f"{half.name}.{view}", kept, baseline=1.0))
        rows.append(measured(ledger["exaggeration.variance_kept"], f"{half.name}.f2f", _kept(half, "f2f", seed), baseline=1.0))
        for view in S2F_VIEWS[1:]:
            ratio = exaggeration.spread_ratio(half.pixels[view], half.pixels["exg0"])
            rows.append(measured(ledger["text.exaggeration"], f"{half.name}.{view}", ratio, baseline=1.0))
            rows += _factors(evidence, half, view)
    return rows


def pixel_loss(evidence: Evidence) -> list[Row]:
    """Fig. 8: how much the same twelve faces vary after training with a pixel loss, over the full loss."""
    claim = evidence.ledger["fig08.pixel_loss_is_average"]
    rows = []
    for iterations in ("200k", "300k", "500k"):
        pair = [evidence.fig08.get(f"{iterations}_{loss}") for loss in ("imgloss", "1kloss")]
        if all(pair):
            ratio = exaggeration.spread_ratio(*pair)
            words = f"{claim.statement.rstrip('.')} ({iterations} iterations)."
            rows.append(measured(claim, iterations, ratio, baseline=1.0, statement=words))
    return rows


def convergence(evidence: Evidence) -> list[Row]:
    """Fig. 8: do the faces change less between the later two checkpoints than between the earlier two?"""
    if evidence.fig08_changes is None:
        return []
    early, late = evidence.fig08_changes.T
    ratio = intervals.bootstrap(lambda a, b: float(b.mean() / a.mean()), [early, late], seed=evidence.params.seed)
    return [measured(evidence.ledger["fig08.converged"], "1kloss", ratio, baseline=1.0)]


def looping(evidence: Evidence) -> list[Row]:
    """Are the released recordings of short segments exact repetitions of the segment? Only AVSpeech's names say its length."""
    rows = []
    for half in evidence.halves.values():
        seconds = np.array([clip.segment_seconds or np.nan for clip in half.clips])
        short = seconds < SHORT_SEGMENT_S
        if short.any():
            repeats = half.measures["audio/period"][short] > 0
            found = intervals.proportion_clustered(repeats, half.persons[short])
            rows.append(measured(evidence.ledger["text.short_clips_repeated"], half.name, found))
    return rows


def formats(evidence: Evidence) -> list[Row]:
    """Are all released recordings 6.000 s of 16 kHz mono, and all faces 224 pixels square?"""
    rows = []
    for half in evidence.halves.values():
        sizes = [f"{view}/size" for view in half.pixels]
        for name, arrays in (("data.recording", ["audio/format"]), ("data.face_size", sizes)):
            claim, n = evidence.ledger[name], len(half.clips) * len(arrays)
            found = np.concatenate([half.measures[array] for array in arrays])
            for place, label in enumerate(claim.rows or ()):
                low, high = int(found[:, place].min()), int(found[:, place].max())
                paper = cell(claim, label)
                words = f"{claim.statement.rstrip('.')}: {label.replace('_', ' ')}."
                rows.append(compare(claim, reading=f"{half.name}.{label}", paper=paper, ours=low if low != paper else high,
                                    n=n, low=low, high=high, statement=words))
    return rows


def _nearer_than_same_gender(half: Half, view: str, seed: int) -> Estimate:
    """Chance that a face is nearer to its speaker's true face than to a true face of somebody else of the same gender."""
    query, gallery = half.of(view, "embedding").astype(np.float64), half.of("ori", "embedding").astype(np.float64)
    sex = half.labels("gender")
    sex = judged(half, "ori", "gender") if sex is None else sex
    known = ~np.isnan(query).any(1) & ~np.isnan(gallery).any(1)
    query, gallery, sex, persons = query[known], gallery[known], sex[known], half.persons[known]
    distance = cdist(query, gallery)
    own = np.diag(distance)[:, None]
    rivals = (sex[:, None] == sex[None]) & (persons[:, None] != persons[None])
    won = ((own < distance) + 0.5 * (own == distance)) * rivals
    share = won.sum(1) / rivals.sum(1)
    found = intervals.mean(share, seed=seed, groups=persons)
    return Estimate(found.value, found.low, found.high, found.n, 0.5)


def _factors(evidence: Evidence, half: Half, view: str) -> list[Row]:
    claim, rows = evidence.ledger["exaggeration.factor"], []
    for space in ("landmarks", "embedding"):
        plain, shown, persons = _both(half, "exg0", view, space)
        slope = exaggeration.factor(plain, shown, groups=persons, seed=evidence.params.seed)
        rows.append(measured(claim, f"{half.name}.{view}.{space}", slope, paper=cell(claim, view), baseline=1.0))
    return rows


def _kept(half: Half, view: str, seed: int) -> Estimate:
    original, kept, persons = _both(half, "ori", view, "embedding")
    return exaggeration.variance_kept(original, kept, groups=persons, seed=seed)


def _both(half: Half, first: str, second: str, space: str) -> tuple[Flat, Flat, np.ndarray]:
    """Rows of the faces found in both views, flat, and their persons."""
    pair = [half.of(view, space).reshape(len(half.clips), -1) for view in (first, second)]
    known = ~np.isnan(pair[0]).any(1) & ~np.isnan(pair[1]).any(1)
    return pair[0][known], pair[1][known], half.persons[known]
