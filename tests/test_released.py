"""Chapters on released faces, tried on people who do not exist: a planted effect is found, an absent one is not."""

import dataclasses

import numpy as np
import pytest
from invented_evidence import evidence

from s2f_core import verify
from s2f_core.evaluate import chapters, identity, released


@pytest.fixture(scope="module")
def with_identity():
    return {row.id: row for row in verify.evaluate(evidence(identity=0.8), chapters.RELEASED)}


@pytest.fixture(scope="module")
def gender_only():
    return {row.id: row for row in verify.evaluate(evidence(identity=0.0), chapters.RELEASED)}


def test_a_face_that_keeps_its_person_contradicts_the_claim_of_no_individuals(with_identity) -> None:
    row = with_identity["text.no_individuals/voxceleb.exg0.rank1"]
    assert row.verdict == "contradicted" and row.low > row.baseline


def test_a_face_that_keeps_only_gender_is_no_nearer_to_its_speaker_than_to_others_of_that_gender(gender_only) -> None:
    row = gender_only["text.true_identity/voxceleb.exg0"]
    assert row.verdict == "reproduced" and row.low <= 0.5 <= row.high


def test_gender_alone_still_beats_chance_in_the_gallery(gender_only) -> None:
    assert gender_only["text.no_individuals/voxceleb.exg0.percent10"].ours > 0.1


def test_measures_that_follow_the_person_correlate_and_shuffled_ones_do_not(with_identity, gender_only) -> None:
    assert with_identity["fig05.published.nasal_index/voxceleb.exg0"].low > 0
    lows = [row.low for name, row in gender_only.items() if name.startswith("fig05.published") and name.endswith("exg0")]
    assert np.mean(np.array(lows) > 0) < 0.3


def test_exaggeration_is_recovered_from_the_faces(with_identity) -> None:
    for view, factor in (("exg0.7", 1.7), ("exg1.4", 2.4)):
        assert with_identity[f"exaggeration.factor/voxceleb.{view}.embedding"].ours == pytest.approx(factor, abs=0.01)
        assert with_identity[f"text.exaggeration/voxceleb.{view}"].verdict == "contradicted"


def test_faces_from_speech_are_more_alike_than_faces_from_faces(with_identity) -> None:
    assert with_identity["text.average_faces/voxceleb.exg0"].verdict == "reproduced"


def test_agreement_with_the_annotators_is_full_where_the_judge_copies_them(with_identity) -> None:
    assert with_identity["labels.gender.accuracy/voxceleb.exg0"].ours == 1
    assert with_identity["labels.age.kappa/voxceleb.ori"].ours == 1


def test_a_missing_face_is_left_out_and_not_guessed() -> None:
    bare = evidence(identity=0.8)
    half = bare.halves["voxceleb"]
    for name in ("embedding", "landmarks", "p_female", "age"):
        half.measures[f"exg0/{name}"][:5] = np.nan
    ranking, known = identity.true_face_ranks(half, "exg0")
    assert len(ranking.ranks) == known.sum() == len(half.clips) - 5
    assert (released.judged(half, "exg0", "gender")[:5] == "").all()
    rows = {row.id: row for row in verify.evaluate(bare, chapters.RELEASED)}
    assert rows["text.no_individuals/voxceleb.exg0.rank1"].n == len(half.clips) - 5
    assert rows["labels.gender.accuracy/voxceleb.exg0"].n == len(half.clips) - 5


def test_no_name_of_a_person_or_clip_reaches_the_scorecard_or_its_details() -> None:
    given = evidence(identity=0.8)
    said = str(verify.evaluate(given, chapters.RELEASED)) + str(chapters.details(given))
    assert "person1" not in said and "clip1" not in said


def test_an_ethnicity_that_faces_do_not_show_is_found_at_chance(with_identity) -> None:
    row = with_identity["labels.ethnicity.nearest/voxceleb.ori"]
    assert row.low <= row.baseline <= row.high


def test_a_half_without_labels_is_split_by_the_judge_and_its_short_clips_are_looked_at_for_loops() -> None:
    given = evidence(identity=0.8)
    half = given.halves["voxceleb"]
    clips = [dataclasses.replace(clip, half="avspeech_res", labels=None, segment_seconds=4.0) for clip in half.clips]
    half.measures["audio/period"][:] = 64_000
    unlabelled = dataclasses.replace(half, name="avspeech_res", clips=clips)
    rows = {row.id: row for row in verify.evaluate(dataclasses.replace(given, halves={"avspeech_res": unlabelled}))}
    assert rows["text.short_clips_repeated/avspeech_res"].verdict == "reproduced"
    assert rows["fig05.published.nasal_index/avspeech_res.exg0.7.female"].n == len(clips) // 2
    assert rows["text.true_identity/avspeech_res.exg0"].verdict == "contradicted"
    assert not [name for name in rows if name.startswith(("labels.", "fig10."))]
