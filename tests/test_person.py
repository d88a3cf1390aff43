"""Synthetic persons: the same everywhere for the same seed, adults only, and tied together exactly as their world says."""

import dataclasses
import json
import math
import re
from collections import Counter

import numpy as np
import pytest
from checkout import ROOT

from s2f_core import config
from s2f_core.errors import InputError
from s2f_core.synthesis import languages
from s2f_core.synthesis.causes import ARROWS, COUPLED, CRANIOFACIAL, KINDS, summary
from s2f_core.synthesis.person import OLDEST, VOICED, YOUNGEST, Person, sample_person
from s2f_core.synthesis.voice.catalogue import load_catalogue
from s2f_core.synthesis.world import World, Worlds

WORLDS = config.load(ROOT, "worlds", Worlds, profile="laptop")
N = 1500


def draw(world: World, n: int = N, split: str = "test") -> list[Person]:
    return [sample_person(7, f"{split}-{number:05d}", world) for number in range(n)]


@pytest.fixture(scope="module")
def people() -> dict[str, list[Person]]:
    return {name: draw(WORLDS.named(name)) for name in ("literature", "planted", "independent")}


def latent(people: list[Person], cause: str) -> np.ndarray:
    return np.array([person.body.latents[cause] for person in people])


def voiced(people: list[Person], effect: str) -> np.ndarray:
    return np.array([person.voice_z[effect] for person in people])


def sds(r: float, expected: float, n: int = N) -> float:
    return abs(math.atanh(r) - math.atanh(expected)) * math.sqrt(n - 3)


def test_the_same_seed_and_id_give_the_same_person_whoever_else_was_drawn(people: dict[str, list[Person]]) -> None:
    again = sample_person(7, "test-00400", WORLDS.literature)
    assert again == people["literature"][400]
    assert sample_person(8, "test-00400", WORLDS.literature) != again


def test_a_person_of_this_seed_is_this_person_on_every_machine() -> None:
    """Written down once: a change of the sampler, or of a library's random numbers, would make another corpus."""
    person = sample_person(1, "train-00000", WORLDS.literature)
    seen = (person.body.sex, round(person.body.age, 3), person.voice_body.speech.language, person.voice.base)
    assert seen == ("male", 21.918, "zh", ("im_nicola+bm_daniel", "em_alex+santa"))


def test_a_person_is_plain_json_with_six_decimals(people: dict[str, list[Person]]) -> None:
    text = json.dumps(people["literature"][0].to_dict(), allow_nan=False)
    assert not re.search(r"\.\d{7}", text)
    assert json.loads(text)["id"] == "test-00000"


def test_persons_are_adults_of_both_sexes(people: dict[str, list[Person]]) -> None:
    ages = [person.body.age for person in people["literature"]]
    assert YOUNGEST <= min(ages) < 20
    assert 83 < max(ages) <= OLDEST
    assert 0.45 < np.mean([person.body.sex == "female" for person in people["literature"]]) < 0.55


@pytest.mark.parametrize("name", ["literature", "planted", "independent"])
def test_voice_and_body_correlate_as_the_world_asks(people: dict[str, list[Person]], name: str) -> None:
    world = WORLDS.named(name)
    for arrow in COUPLED:
        asked = arrow.strength * world.coupling * world.paired
        found = float(np.corrcoef(latent(people[name], arrow.cause), voiced(people[name], arrow.effect))[0, 1])
        assert sds(found, asked) < 3.5, (arrow.cause, arrow.effect, found, asked)


def test_what_no_arrow_joins_is_unrelated(people: dict[str, list[Person]]) -> None:
    joined = {(arrow.cause, arrow.effect) for arrow in COUPLED}
    apart = [(cause, effect) for cause in ("height", "build", *CRANIOFACIAL) for effect in VOICED
             if (cause, effect) not in joined]
    worst = max(sds(float(np.corrcoef(latent(people["planted"], cause), voiced(people["planted"], effect))[0, 1]), 0)
                for cause, effect in apart)
    assert worst < 3.8  # of 52 pairs


def test_every_latent_stays_standard_normal_whatever_the_coupling(people: dict[str, list[Person]]) -> None:
    for effect in VOICED:
        assert voiced(people["planted"], effect).std() == pytest.approx(1, abs=0.07)
        assert voiced(people["planted"], effect).mean() == pytest.approx(0, abs=0.1)


def test_worlds_share_bodies_and_faces_and_change_the_voice_only(people: dict[str, list[Person]]) -> None:
    for mild, strong in zip(people["literature"][:20], people["planted"][:20], strict=True):
        assert (mild.body, mild.face) == (strong.body, strong.face)
        assert mild.voice_z != strong.voice_z


def test_in_the_unrelated_world_the_voice_is_somebody_elses(people: dict[str, list[Person]]) -> None:
    both = [(person.body.sex, person.voice_body.sex) for person in people["independent"]]
    assert 0.45 < np.mean([mine == voice for mine, voice in both]) < 0.55
    ages = np.array([(person.body.age, person.voice_body.age) for person in people["independent"]])
    assert sds(float(np.corrcoef(ages.T)[0, 1]), 0) < 3


def test_ancestry_reaches_the_voice_by_language_and_accent_alone(people: dict[str, list[Person]]) -> None:
    """Within one language the morph moves no number of the voice; and the table has no arrow that could."""
    effects = {arrow.effect for arrow in ARROWS if arrow.cause in ("ancestry", *languages.MORPHS)}
    assert not effects & {"F0", "vocal-tract length", "F1", "F2", "F3", "breath", "jitter", "tempo", "spectral tilt"}
    for effect in VOICED:
        by_morph = [voiced([person for person in people["literature"] if person.body.morph == morph], effect)
                    for morph in languages.MORPHS]
        assert max(abs(group.mean()) * math.sqrt(len(group)) for group in by_morph) < 3.5


@pytest.mark.parametrize("follows", [0.0, 0.5, 0.9])
def test_first_languages_follow_ancestry_as_often_as_the_world_says(follows: float) -> None:
    world = WORLDS.literature.model_copy(update={"language_follows_ancestry": follows})
    asian = [person for person in draw(world, 900) if person.body.morph == "asian"]
    own = languages.OWN_TABLE["asian"]
    by_chance = sum(share for name, share in languages.TABLE_OF_ALL.items() if name in own)
    expected = follows + (1 - follows) * by_chance
    found = np.mean([person.body.speech.first_language in own for person in asian])
    assert found == pytest.approx(expected, abs=3.5 * math.sqrt(0.25 / len(asian)))


def test_the_majority_is_as_large_as_the_world_says() -> None:
    world = WORLDS.skewed.model_copy(update={"majority_share": 0.9})
    counts = Counter(person.body.morph for person in draw(world, 600))
    assert counts["caucasian"] / 600 == pytest.approx(0.9, abs=0.05)
    assert set(counts) == set(languages.MORPHS)


def test_tables_of_languages_are_shares_of_languages_that_the_bank_speaks() -> None:
    spoken = {language for voice in load_catalogue().voices.values() for language in voice.languages}
    assert set(languages.LANGUAGES) == spoken
    for table in (*languages.OWN_TABLE.values(), languages.TABLE_OF_ALL):
        assert sum(table.values()) == pytest.approx(1)


def test_a_coupling_that_explains_too_much_is_refused() -> None:
    with pytest.raises(InputError, match=r"coupling 3\.0 would explain 1\.\d+ of the variance of vocal-tract length"):
        sample_person(1, "test-00000", WORLDS.literature.model_copy(update={"coupling": 3.0}))


def test_a_child_is_refused(people: dict[str, list[Person]]) -> None:
    from s2f_core.synthesis.face.identity import FaceTraits

    body = people["literature"][0].body
    with pytest.raises(InputError, match="18"):
        FaceTraits(sex=body.sex, age=12.0, ancestry=body.ancestry)


def test_every_arrow_says_how_strong_and_who_says_so() -> None:
    assert len({(arrow.cause, arrow.effect) for arrow in ARROWS}) == len(ARROWS)
    assert all(arrow.source and arrow.unit and arrow.strength for arrow in ARROWS)
    assert len(summary()) < len(ARROWS)
    assert {arrow.cause for arrow in summary()} == {KINDS.get(arrow.cause, arrow.cause) for arrow in ARROWS} - {"everybody"}


def test_a_voice_changes_with_age_as_the_tables_say() -> None:
    """Men's F0 is lowest in middle age and women's falls; old voices are rougher, breathier and slower."""
    people = draw(WORLDS.literature)
    f0 = {(sex, old): np.median([person.voice.f0_hz for person in people if person.body.sex == sex and test(person.body.age)])
          for sex in ("female", "male") for old, test in (("young", lambda age: age < 30), ("old", lambda age: age > 75))}
    assert f0["female", "young"] > f0["female", "old"] > f0["male", "old"] > f0["male", "young"]
    young, old = ([person.voice for person in people if test(person.body.age)]
                  for test in (lambda age: age < 50, lambda age: age > 75))
    for name, sign in (("jitter_pct", 1), ("shimmer_pct", 1), ("breath", 1), ("tempo", -1), ("tilt_db_oct", -1)):
        change = np.mean([getattr(voice, name) for voice in old]) - np.mean([getattr(voice, name) for voice in young])
        assert sign * change > 0, name
    assert all(dataclasses.asdict(voice)["tremor"] == 0 for voice in young)
