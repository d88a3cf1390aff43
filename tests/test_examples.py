"""A split as arrays: the same pictures and sounds as the shards hold, every clip with its speaker, and clear refusals."""

from pathlib import Path

import numpy as np
import pytest

from s2f_core.data.audio import CLIP_SAMPLES, fit_clip
from s2f_core.data.corpora import examples, synthetic
from s2f_core.errors import InputError

SMOKE = Path(__file__).resolve().parents[1] / "data" / "corpus" / "smoke"


@pytest.fixture(scope="module")
def faces() -> examples.FaceSet:
    return examples.faces(SMOKE, "validation")


def test_faces_are_those_of_the_shards(faces: examples.FaceSet) -> None:
    people = list(synthetic.speakers(SMOKE, "validation"))
    assert faces.ids == tuple(person.id for person in people) and len(faces) == 4
    assert all(np.array_equal(row, person.canonical()) for row, person in zip(faces.canonical, people, strict=True))
    assert np.array_equal(faces.landmarks_px[1], people[1].landmarks())
    assert list(faces.attribute("sex")) == [person.attributes["sex"] for person in people]
    assert faces.wild.shape == (4, 1, 128, 128, 3)
    whole = people[0].views()[0].astype(np.float64)
    assert abs(faces.wild[0, 0].mean((0, 1)) - whole.mean((0, 1))).max() < 1  # reduced, not cropped


def test_the_gallery_has_no_pictures_in_the_wild() -> None:
    gallery = examples.faces(SMOKE, "gallery")
    assert gallery.wild.shape == (len(gallery), 0, 128, 128, 3)


def test_clips_know_their_speakers(faces: examples.FaceSet) -> None:
    voices = examples.voices(SMOKE, "validation", faces.ids)
    assert voices.samples.shape == (len(voices), CLIP_SAMPLES)
    by_id = {one.id: one for one in synthetic.recordings(SMOKE, "validation")}
    for row, identity in enumerate(voices.ids):
        assert faces.ids[voices.person[row]] == by_id[identity].speaker_id
    heard = fit_clip(by_id[voices.ids[0]].samples())
    assert np.abs(voices.samples[0] / examples.FULL_SCALE - heard).max() <= 0.5 / examples.FULL_SCALE + 1e-9


def test_kinds_and_speakers_are_chosen() -> None:
    test = examples.faces(SMOKE, "test")
    everything = examples.voices(SMOKE, "test", test.ids, ("clip", "long", "second"))
    some = examples.voices(SMOKE, "test", test.ids[:3], ("second",))
    assert len(everything) == 40 and len(some) == 3
    assert {facts["kind"] for facts in some.facts} == {"second"} and set(some.person) == {0, 1, 2}


def test_content_decides_the_hash(faces: examples.FaceSet) -> None:
    again = examples.faces(SMOKE, "validation")
    assert faces.content_hash == again.content_hash
    again.canonical[0, 0, 0, 0] ^= 1
    assert faces.content_hash != again.content_hash
    voices = examples.voices(SMOKE, "validation", faces.ids)
    before = voices.content_hash
    voices.person[0] += 1
    assert voices.content_hash != before


def test_what_is_not_there_is_said(tmp_path: Path, faces: examples.FaceSet) -> None:
    with pytest.raises(InputError, match="no shard faces-train-0000"):
        examples.faces(tmp_path, "train")
    with pytest.raises(InputError, match="no long of validation by any of 4 speakers"):
        examples.voices(SMOKE, "validation", faces.ids, ("long",))
