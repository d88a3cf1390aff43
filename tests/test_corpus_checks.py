"""The checks of the corpus can fail: each promise is kept by data that keep it and broken by data that do not."""

import dataclasses
import json

import numpy as np
import pytest
from checkout import ROOT

from s2f_core.evaluate import corpus as promises
from s2f_core.evaluate import corpus_truth, corpus_voices
from s2f_core.evaluate.intervals import Estimate

RNG = np.random.default_rng(11)
N = 300
WORLDS = ("literature", "planted", "independent")
SEX = np.where(RNG.random(N) < 0.5, "female", "male")


def faces(apart: float) -> tuple[np.ndarray, np.ndarray]:
    points = RNG.standard_normal((N, 128)) * apart
    return points + 0.01 * RNG.standard_normal((N, 128)), points + 0.01 * RNG.standard_normal((N, 128))


def test_recognition_is_kept_by_people_who_differ_and_broken_by_one_face_for_all() -> None:
    kept, strangers = promises.recognition(*faces(0.1), seed=1)
    assert kept.met and strangers.met
    broken, twins = promises.recognition(*faces(0.001), seed=1)
    assert not broken.met and not twins.met
    assert twins.estimate.value == 1


def test_sex_and_numbers_are_read_only_where_they_are() -> None:
    woman = (SEX == "female").astype(float)
    features = np.c_[woman + 0.1 * RNG.standard_normal(N), RNG.standard_normal((N, 9))]
    assert promises.sex_readable(features, SEX, seed=1).met
    assert not promises.sex_readable(features[:, 1:], SEX, seed=1).met
    assert promises.readable("age", features, features[:, 3] * 20 + 50, 0.9, seed=1).met
    assert not promises.readable("age", features, RNG.standard_normal(N), 0.9, seed=1).met


def voices(noise: float, mos: float, apart: float) -> tuple[list[dict], dict[str, np.ndarray]]:
    facts = [{"attributes": {"sex": sex, "language": "es"}, "voice": {
        "f0_hz": float(np.exp(5 + 0.2 * RNG.standard_normal())), "vtl_cm": float(np.exp(2.8 + 0.1 * RNG.standard_normal())),
        "base": ["one", "two"]}} for sex in SEX]
    measured = {name: np.array([[fact["voice"][name]] * 2 for fact in facts]) * np.exp(noise * RNG.standard_normal((N, 2)))
                for name in ("f0_hz", "vtl_cm")}
    person = np.repeat(RNG.standard_normal((N, 1, 32)) * apart, 2, axis=1) + RNG.standard_normal((N, 2, 32))
    measured["embedding"] = person / np.linalg.norm(person, axis=2, keepdims=True)
    measured["p808"] = np.full((N, 2), mos) + 0.01 * RNG.standard_normal((N, 2))
    return facts, measured


def test_voices_that_are_heard_as_asked_and_told_apart_keep_every_promise() -> None:
    found = {check.id: check for check in corpus_voices.checks(*voices(0.001, 4.0, 4.0), seed=1)}
    assert all(check.met is not False for check in found.values())
    broken = {check.id: check for check in corpus_voices.checks(*voices(0.5, 3.0, 0.3), seed=1)}
    for name in ("voices.f0_hz", "voices.vtl_cm", "voices.eer", "voices.eer.same_base", "voices.p808"):
        assert broken[name].met is False, name


def test_words_are_judged_against_the_synthesisers_own() -> None:
    rates = np.r_[np.full(40, 0.2), np.full(10, np.nan)] + 0.01 * RNG.standard_normal(50)
    assert corpus_voices.understood(rates, 0.2, seed=1).met
    assert not corpus_voices.understood(rates, 0.1, seed=1).met
    assert corpus_voices.understood(rates, 0.2, seed=1).estimate.n == 40


def test_a_base_voice_gives_away_what_the_design_says() -> None:
    drawn = [("a", "es"), ("a", "en-us")] * 50 + [("b", "fr")] * 100
    facts = [{"voice": {"base": [base, ""]}, "attributes": {"language": language}} for base, language in drawn]
    found = corpus_voices.language_from_base(facts, drawn)
    assert found.estimate.value == pytest.approx(0.75)
    assert "allows 0.750" in found.statement


def test_real_speakers_are_reported_where_there_are_some() -> None:
    assert list(corpus_voices.real({}, seed=1)) == []
    _, measured = voices(0.1, 3.3, 2.0)
    found = list(corpus_voices.real(measured, seed=1))
    assert [check.met for check in found] == [None] * 4


def drawn(r: float) -> corpus_truth.Drawn:
    """Persons whose jaw width and F3 correlate by r; the number behind F3 also differs between the sexes."""
    rng = np.random.default_rng(12)
    jaw, noise = rng.standard_normal((2, 4000))
    sex = np.where(rng.random(4000) < 0.5, "female", "male")
    z = r * jaw + np.sqrt(1 - r * r) * noise
    numbers = 0.05 * z + 0.1 * (sex == "female")
    return corpus_truth.Drawn("made", sex, {"jaw width": jaw}, {"F3": z}, {"F3": numbers}, {"F3": 0.05 * z})


def test_correlations_are_held_against_what_the_world_asks_pooled_and_within_sex() -> None:
    rows = corpus_truth.checks(drawn(-0.5), {("jaw width", "F3"): -0.5})
    within, pooled, summary = rows
    assert within.met and pooled.met and summary.met
    assert abs(pooled.bound) < abs(within.bound)  # diluted by the difference between the sexes
    wrong = corpus_truth.checks(drawn(-0.5), {("jaw width", "F3"): 0.0})
    assert not wrong[0].met and not wrong[1].met and not wrong[2].met


def test_a_check_goes_to_json_and_says_whether_it_is_kept() -> None:
    check = promises.Check("a", "b", Estimate(0.5, 0.4, 0.6, 10, 0.1), "at most", 0.45)
    assert json.loads(json.dumps(check.to_dict()))["met"] is False
    assert dataclasses.replace(check, side="inside").met is True
    assert dataclasses.replace(check, bound=None).met is None


def test_the_committed_checks_were_measured_on_the_corpus_that_is_shipped() -> None:
    document = json.loads((ROOT / "results/laptop/corpus_checks.json").read_text())
    assert document["plan"] == json.loads((ROOT / "data/corpus/laptop/plan.json").read_text())
    rows = {row["id"]: row for row in document["checks"]}
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows.values())
    counted = {f"truth.{world}" for world in WORLDS}  # of intervals, not of people
    assert all(row["n"] >= 20 for row in rows.values() if row["id"] not in counted)
    assert rows["faces.auc"]["n"] >= 1000
    assert all(rows[name]["met"] for name in counted)
