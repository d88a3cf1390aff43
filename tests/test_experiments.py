"""Tables of the audits on disk, and people who differ in one thing only."""

import dataclasses

import numpy as np
import pytest
from checkout import ROOT

from s2f_core import config, speaking
from s2f_core.data import experiments
from s2f_core.data.experiments import Crossed, Sounds
from s2f_core.errors import InputError
from s2f_core.synthesis import counterfactual, plan
from s2f_core.synthesis.languages import MAJORITY, MORPHS, OWN_TABLE
from s2f_core.synthesis.person import sample_person
from s2f_core.synthesis.world import Worlds

SEED = 20190618
TABLE = Crossed("set", np.array(["b", "a", "b"]), np.array(["male", "female", "male"]), np.array(["pitch", "both", "nothing"]),
                np.array([0.1, 0.5, 0.9], np.float32))


@pytest.fixture(scope="module")
def world():
    return config.load(ROOT, "worlds", Worlds, profile="laptop").literature


@pytest.fixture(scope="module")
def people(world):
    return [sample_person(SEED, identity, world) for identity in plan.person_ids("train", 60)]


def test_a_table_comes_back_as_written_and_the_same_gives_the_same_bytes(tmp_path) -> None:
    experiments.write(tmp_path, TABLE)
    first = experiments.path_of(tmp_path, Crossed).read_bytes()
    found = experiments.read(tmp_path, Crossed)
    assert found is not None and found.model == "set"
    for one in dataclasses.fields(Crossed):
        np.testing.assert_array_equal(getattr(found, one.name), getattr(TABLE, one.name))
    experiments.write(tmp_path, found)
    assert experiments.path_of(tmp_path, Crossed).read_bytes() == first
    assert experiments.read_all(tmp_path).sounds is None and experiments.read_all(tmp_path).crossed is not None


def test_a_table_of_other_columns_is_refused(tmp_path) -> None:
    experiments.write(tmp_path, TABLE)
    experiments.path_of(tmp_path, Crossed).rename(experiments.path_of(tmp_path, Sounds))
    with pytest.raises(InputError, match="other columns"):
        experiments.read(tmp_path, Sounds)


def test_in_another_world_everybody_is_the_same_but_for_the_language(world, people) -> None:
    free = counterfactual.world_of(world, 0.0)
    changed = 0
    for before in people:
        after = sample_person(SEED, before.id, free)
        assert after.face == before.face and after.body.ancestry == before.body.ancestry and after.voice_z == before.voice_z
        numbers = ("f0_hz", "vtl_cm", "jitter_pct", "breath")
        assert [getattr(after.voice, name) for name in numbers] == [getattr(before.voice, name) for name in numbers]
        changed += after.body.speech.language != before.body.speech.language
    assert changed > 10


def test_language_follows_ancestry_as_far_as_the_world_says(world) -> None:
    ids = plan.person_ids("train", 800)
    tied = []
    for follows in (0.0, 0.5, 0.9):
        some = list(counterfactual.people_in(counterfactual.world_of(world, follows), ids, SEED))
        tied.append(counterfactual.cramers_v([one.body.speech.language for one in some], [one.body.morph for one in some]))
    assert tied[0] < 0.15 and tied[0] < tied[1] - 0.1 < tied[2] - 0.2, tied


def test_a_language_goes_with_the_morph_that_speaks_it_most() -> None:
    usual = counterfactual.goes_with()
    assert usual["zh"] == usual["ja"] == "asian" and usual["es"] == "caucasian" and "en-gb" not in usual
    assert all(OWN_TABLE[morph][language] > max(OWN_TABLE[other].get(language, 0) for other in MORPHS if other != morph)
               for language, morph in usual.items())
    assert (experiments.MORPHS, experiments.MAJORITY) == (MORPHS, MAJORITY)


def test_cramers_v_is_one_for_twins_and_nothing_for_strangers() -> None:
    assert counterfactual.cramers_v(["a", "a", "b", "b"], ["x", "x", "y", "y"]) == 1
    assert counterfactual.cramers_v(["a", "a", "b", "b"], ["x", "y", "x", "y"]) == 0


def test_chosen_people_have_the_share_and_are_the_same_ones_in_every_world(people) -> None:
    morphs = {one.id: one.body.morph for one in people}
    even, skewed = (counterfactual.chosen(morphs, 20, share, seed=1) for share in (0.3, 0.7))
    assert [sum(morphs[identity] == MAJORITY for identity in some) for some in (even, skewed)] == [6, 14]
    assert {identity for identity in even if morphs[identity] == MAJORITY} < set(skewed)
    with pytest.raises(InputError, match="there are"):
        counterfactual.chosen(morphs, 60, 0.9, seed=1)


def test_a_crossed_voice_lies_as_far_from_the_other_sexs_mean(people) -> None:
    for person in people[:10]:
        both = counterfactual.crossed(person, "both")
        assert both.voice.base == person.voice.base and both.face == person.face
        higher = person.body.sex == "male"
        assert (both.voice.f0_hz > person.voice.f0_hz) == higher and (both.voice.vtl_cm < person.voice.vtl_cm) == higher
        assert counterfactual.crossed(person, "nothing") == person
        assert counterfactual.crossed(person, "pitch").voice.vtl_cm == person.voice.vtl_cm


def test_the_same_recording_has_the_same_name_and_is_made_once(people, tmp_path) -> None:
    clip = speaking.first_clip(people[0])
    same, other = speaking.key(people[0], clip), speaking.key(counterfactual.crossed(people[0], "pitch"), clip)
    assert same != other and same.startswith(clip.id)
    [job] = speaking.jobs(tmp_path, [(people[0], clip), (people[0], clip)], ROOT / "data")
    assert len(job) == 1
