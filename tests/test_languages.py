"""Figs 11 and 12 of invented people: a face that follows the language is noticed, one that does not is not."""

from dataclasses import replace

import numpy as np
import pytest
from invented_evidence import PARAMS
from invented_people import SIZE, N, own
from sklearn.metrics import cohen_kappa_score

from s2f_core.data.reconstructions import Voices
from s2f_core.evaluate import languages
from s2f_core.evaluate.agreement import kappa
from s2f_core.evaluate.claims import load_ledger
from s2f_core.evaluate.evidence import Evidence
from s2f_core.evaluate.held_out import HeldOut

AFRICAN = np.random.default_rng(9).normal(size=SIZE).astype(np.float32)  # where the ancestry lies among a face's numbers


def speaking(follows: float) -> HeldOut:
    """People whose faces show ancestry, of whom most Asians speak French; heard ancestry follows them, or the language."""
    made, rng = own(), np.random.default_rng(3)
    usual = {"fr": "asian", "es": "african"}
    for some in made.facts.values():
        for one in some:
            told = one["attributes"]
            told["language"] = "fr" if (told["morph"] == "asian") == (rng.random() < 0.8) else "es"
    shown = {split: np.array([one["attributes"]["morph"] == "african" for one in some]) for split, some in made.facts.items()}
    faces = replace(made.faces, canonical={k: _toned(v, shown[k]) for k, v in made.faces.canonical.items()},
                    drawn={k: _toned(v, shown["train" if k == "faint" else k]) for k, v in made.faces.drawn.items()})
    first = np.array([one["attributes"]["language"] for one in made.facts["test"]])
    spoken = np.concatenate([first, np.where(first == "fr", "es", "fr")])
    told = np.array([usual[one] == "african" for one in spoken])
    heard = follows * told + (1 - follows) * np.tile(shown["test"], 2)
    base = np.tile(made.faces.canonical["test"], (2, 1))
    features = _toned(base, heard)
    facts = [{"id": str(row), "kind": "clip" if row < N["test"] else "second", "language": one}
             for row, one in enumerate(spoken.tolist())]
    people = np.arange(N["test"])
    voices = Voices("6s", np.tile(people, 2), facts, features, people, features[: N["test"]], faces.landmarks_px, "m")
    return replace(made, faces=faces, voices={"6s": voices})


def _toned(features: np.ndarray, amount: np.ndarray) -> np.ndarray:
    return features + (8 * amount[:, None]).astype(np.float32) * AFRICAN


def rows(follows: float) -> dict[str, object]:
    evidence = Evidence(load_ledger(), PARAMS, held_out=speaking(follows))
    return {row.id: row for chapter in (languages.figure11, languages.figure12) for row in chapter(evidence)}


def test_a_face_that_follows_the_language_moves_with_it_and_is_right_only_where_it_fits() -> None:
    found = rows(follows=1.0)
    moved, gap = found["fig11.language_changes_face/6s"], found["fig12.language_is_not_ethnicity/6s"]
    assert moved.verdict == gap.verdict == "reproduced"
    assert moved.ours > 0.6 and moved.n == N["test"] and gap.ours > 1


def test_a_face_that_follows_the_person_does_not() -> None:
    found = rows(follows=0.0)
    moved, gap = found["fig11.language_changes_face/6s"], found["fig12.language_is_not_ethnicity/6s"]
    assert moved.low <= 0 <= moved.high and gap.low <= 0.1 and abs(moved.ours) < 0.02


def test_agreement_beyond_chance_is_cohens_kappa() -> None:
    rng = np.random.default_rng(0)
    said, true = rng.choice(["a", "b", "c"], 200), rng.choice(["a", "b", "c"], 200)
    said[:90] = true[:90]
    weights = rng.integers(0, 4, (3, 200)).astype(float)
    for row, found in zip(weights, kappa(said, true, weights), strict=True):
        assert found == pytest.approx(cohen_kappa_score(said, true, sample_weight=row))
    assert kappa(np.full(200, "a"), true, weights) == pytest.approx(0, abs=1e-12)


def test_a_languages_usual_ancestry_is_that_of_most_who_speak_it() -> None:
    told = [("fr", "asian"), ("fr", "asian"), ("fr", "african"), ("es", "caucasian"), ("es", "african")]
    facts = [{"attributes": {"language": language, "morph": morph}} for language, morph in told]
    assert languages.usual_ancestry(facts) == {"fr": "asian", "es": "african"}  # a tie goes by the alphabet
