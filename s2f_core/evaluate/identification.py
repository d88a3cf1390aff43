"""The identifiability audit: a number for "will not produce images of specific individuals" (Ethical Considerations, Sec. 5).

On synthetic test people every voice is asked whose face it is, as a biometric system would ask: of one face, of galleries of
three sizes, and of those faces only that share sex and age band with the speaker. The features drawn from a true face are
asked the same, as an upper bound. On the published examples dlib's embedding compares faces from speech with true faces.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64, Shaped
from scipy.spatial.distance import cdist

from s2f_core.data.reconstructions import F2F
from s2f_core.evaluate import held_out, intervals, membership, retrieval, strangers
from s2f_core.evaluate.claims import Row, Tier
from s2f_core.evaluate.evidence import Evidence, Half, measured
from s2f_core.evaluate.held_out import SHOWN, HeldOut
from s2f_core.evaluate.identity import true_face_ranks
from s2f_core.evaluate.intervals import Estimate
from s2f_core.evaluate.pairs import DECIMALS
from s2f_core.evaluate.released import S2F_VIEWS, judged
from s2f_core.evaluate.retrieval import FOUND_PERCENT, Ranking

BANDS = (35, 50, 65)  # years: 18–34, 35–49, 50–64 and 65–85
SIZES = (100, 1000, 5000)  # faces of a gallery
PUBLISHED_SIZE = 100  # the larger ones do not fit into the published halves
ROUNDED = 6  # digits in charts
BOUND = {"eer": "bound_eer", "alike_eer": "bound_eer", "same_gender_eer": "bound_eer", "found_first": "bound_first"}

Kinds = Int64[np.ndarray, " faces"]
Found = tuple[str, str, Estimate, str]  # what of `audit.identity`, end of the reading, estimate, end of the statement


def heard(evidence: Evidence) -> list[Row]:
    """Whose face is this voice's? By variant of the voice encoder, and of the features drawn from the true faces."""
    own, rows = evidence.held_out, []
    if own is None or len(own.facts["test"]) < evidence.params.fewest:
        return rows
    for source, features in _sources(own).items():
        rows += _rows(evidence, source, [*_compared(evidence, own, features), *_among_alike(evidence, own, features)])
    return rows


def shown(evidence: Evidence) -> list[Row]:
    """The published faces from speech against true faces, by exaggeration, and the faces decoded from true features."""
    rows = []
    for half in evidence.halves.values():
        for view in (*S2F_VIEWS, "f2f"):
            rows += _rows(evidence, f"{half.name}.{view}", list(_shown(evidence, half, view)), tier="B")
    return rows


def charts(evidence: Evidence) -> dict[str, Any]:
    """For the page: distances of pairs in bins, relative ranks among alike faces, what sex and age alone would find."""
    found, own = membership.charts(evidence), evidence.held_out
    if own is None or len(own.facts["test"]) < evidence.params.fewest:
        return found
    kinds, sources, n = _kinds(own), _sources(own), len(own.facts["test"])
    found["alike"] = {source: np.sort(alike[0].ranks / alike[0].gallery).round(ROUNDED).tolist()
                      for source, features in sources.items() if (alike := _alike(own, features, kinds)) is not None}
    found["known"] = {str(size): {what: round(strangers.kind_alone(kinds, n, size, places), ROUNDED)
                                  for what, places in _places(size).items()} for size in SIZES if size <= len(kinds)}
    if SHOWN in sources:
        apart = 1 - _cosine(sources[SHOWN], own.faces.canonical["test"])
        other, same = ~np.eye(n, dtype=bool), kinds[:n, None] == kinds[:n]
        found["distances"] = {name: membership.binned(apart[those]) for name, those in (
            ("own face", ~other), ("others", other), ("others of the same sex and age", other & same)) if those.any()}
    return found


def _rows(evidence: Evidence, source: str, found: Sequence[Found], *, tier: Tier | None = None) -> list[Row]:
    """Rows of one source; the bound's go to claims of their own, and some of them nowhere."""
    bound, rows = source.rpartition(".")[2] == F2F, []
    for what, reading, estimate, said in found:
        name = BOUND.get(what) if bound else what
        if name is not None:
            claim = evidence.ledger[f"audit.identity.{name}"]
            words = claim.statement if not said else f"{claim.statement.rstrip('.')}: {said}."
            rows.append(measured(claim, f"{source}.{reading}", estimate, statement=words, tier=tier))
    return rows


def _compared(evidence: Evidence, own: HeldOut, features: Float[np.ndarray, "people feature"]) -> Iterator[Found]:
    """One face at a time among the test people, then the galleries of everybody."""
    faces, n = held_out.gallery(own.faces), len(features)
    square, person, kinds = _cosine(features, faces[:n]), np.arange(n), _kinds(own)[:n]
    yield from _told(evidence, square, person, None, ("", "all", "all other test people"))
    yield from _told(evidence, square, person, kinds[:, None] == kinds, ("alike_", "alike", ""))
    ranking = retrieval.ranks(features, faces, person, "cosine")
    for size in SIZES:
        if size <= len(faces):
            yield from _galleries(ranking, size, None)


def _told(evidence: Evidence, similarity: Float64[np.ndarray, "clips clips"], person: Shaped[np.ndarray, " clips"],
          among: Bool[np.ndarray, "clips clips"] | None, names: tuple[str, str, str]) -> Iterator[Found]:
    """Both measures; nothing where too few clips have a stranger. `names`: start of the claim, reading, end of statement."""
    met = (person[:, None] != person) & (True if among is None else among)
    if len(np.unique(person[met.any(1)])) >= evidence.params.fewest:
        params = evidence.params
        apart = strangers.told_apart(similarity, person, among=among, seed=params.seed, n_resamples=params.n_resamples)
        yield f"{names[0]}eer", names[1], apart.eer, names[2]
        yield f"{names[0]}d_prime", names[1], apart.d_prime, names[2]


def _galleries(ranking: Ranking, size: int, groups: intervals.Groups) -> Iterator[Found]:
    for what, places in _places(size).items():
        share = strangers.share_found(strangers.in_part(ranking, size, places), groups, baseline=places / size)
        yield f"found_{what}", f"among{size}", share, f"{size:,} faces"


def _among_alike(evidence: Evidence, own: HeldOut, features: Float[np.ndarray, "people feature"]) -> Iterator[Found]:
    """The own face among all faces of the speaker's sex and age band, and of the same ancestry besides."""
    for name, kinds in (("alike", _kinds(own)), ("kin", _kinds(own, "morph"))):
        alike = _alike(own, features, kinds)
        if alike is None or len(alike[1]) < evidence.params.fewest:
            continue
        ranking, nearer = alike
        found = intervals.mean(nearer, seed=evidence.params.seed)
        yield f"{name}_percentile", name, Estimate(found.value, found.low, found.high, found.n, 0.5), ""
        if name == "alike":
            size = f"{ranking.gallery.min():,}–{ranking.gallery.max():,} faces"
            yield "alike_first", name, retrieval.recall_at_rank(ranking, 1), size
            yield "alike_tenth", name, retrieval.recall_at_percent(ranking, FOUND_PERCENT), size


def _shown(evidence: Evidence, half: Half, view: str) -> Iterator[Found]:
    query, gallery = (half.of(one, "embedding").astype(np.float64) for one in (view, "ori"))
    known = ~np.isnan(query).any(1) & ~np.isnan(gallery).any(1)
    persons, sex = half.persons[known], half.labels("gender")
    sex = (judged(half, "ori", "gender") if sex is None else sex)[known]
    similarity = -cdist(query[known], gallery[known])
    yield from _told(evidence, similarity, persons, None, ("", "all", "all other people"))
    yield from _told(evidence, similarity, persons, sex[:, None] == sex, ("same_gender_", "same_gender", ""))
    ranking, _ = true_face_ranks(half, view)
    if ranking.gallery.min() >= PUBLISHED_SIZE:
        yield from _galleries(ranking, PUBLISHED_SIZE, persons)


def _places(size: int) -> dict[str, int]:
    return {"first": 1, "tenth": int(size * FOUND_PERCENT / 100)}


def _sources(own: HeldOut) -> Mapping[str, Float[np.ndarray, "people feature"]]:
    return {**{variant: voices.features[voices.first] for variant, voices in own.voices.items()}, F2F: own.faces.drawn["test"]}


@functools.cache
def _kinds(own: HeldOut, *also: str) -> Kinds:
    """Sex and age band, and other attributes, as one number for each face of `held_out.gallery`."""
    told = [one["attributes"] for split in ("test", "gallery") for one in own.facts[split]]
    band = np.digitize([one["age"] for one in told], BANDS)
    words = [" ".join([str(place), *(one[name] for name in ("sex", *also))]) for place, one in zip(band, told, strict=True)]
    return np.unique(words, return_inverse=True)[1]


def _alike(own: HeldOut, features: Float[np.ndarray, "people feature"], kinds: Kinds
           ) -> tuple[Ranking, Float64[np.ndarray, " some"]] | None:
    """Rank of the own face among those of one kind, and the share of them farther; None where no kind has two faces."""
    faces = held_out.gallery(own.faces)
    parts = []
    for kind in np.unique(kinds[: len(features)]):
        people, those = np.flatnonzero(kinds[: len(features)] == kind), np.flatnonzero(kinds == kind)
        if len(those) > 1:  # test people stand first in both
            similar = _cosine(features[people], faces[those])
            parts.append(strangers.nearer_than(similar, np.ones(similar.shape, bool), np.arange(len(people))))
    if not parts:
        return None
    rankings = (np.concatenate([getattr(one, name) for one, _ in parts]) for name in ("ranks", "gallery", "right"))
    return Ranking(*rankings), np.concatenate([nearer for _, nearer in parts])


def _cosine(a: Float[np.ndarray, "some feature"], b: Float[np.ndarray, "others feature"]) -> Float64[np.ndarray, "some others"]:
    a, b = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (a.astype(np.float64), b.astype(np.float64)))
    return np.round(a @ b.T, DECIMALS)
