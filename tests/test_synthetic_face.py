"""A face drawn by lot: same seed, same person; each latent moves its own measure; a picture shows where it was measured."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from checkout import ROOT

from s2f_core.errors import InputError
from s2f_core.synthesis.face import anthropometry, camera, causes, hairdo, morphs
from s2f_core.synthesis.face.assets import HeadPack
from s2f_core.synthesis.face.identity import FaceIdentity, FaceTraits, sample_face
from s2f_core.synthesis.face.shape import eye_centres, head
from s2f_core.synthesis.face.view import CANONICAL, View, sample_view

HEAD = ROOT / "data" / "head"
THIRDS = (0.2, 0.3, 0.5)
MEASURE_OF = {
    "face_width_z": "face_width", "jaw_width_z": "jaw_width", "lower_face_z": "lower_face_height",
    "mouth_width_z": "mouth_width", "nose_width_z": "nose_width", "nose_height_z": "nose_height", "lip_height_z": "lip_height",
}


@pytest.fixture(scope="module")
def pack() -> HeadPack:
    return HeadPack.load(HEAD)


def person(seed: int = 3, sex: str = "female", age: float = 40.0, **latents: float) -> FaceIdentity:
    return sample_face(np.random.default_rng(seed), FaceTraits(sex, age, THIRDS, **latents))


def symmetric() -> FaceIdentity:
    """The mean person, without free variation."""
    return dataclasses.replace(person(), morphs={"mouth/mouth-scale-horiz-incr": 0.2})


def test_the_same_seed_gives_the_same_person() -> None:
    assert person(5) == person(5)
    assert person(5) != person(6)


def test_another_age_is_the_same_person_older() -> None:
    young, old = person(5, age=25.0), person(5, age=75.0)
    assert (young.seed, young.brow, young.lash, young.melanin) == (old.seed, old.brow, old.lash, old.melanin)
    assert {name for name in young.morphs if name.startswith("asym/")} == {
        name for name in old.morphs if name.startswith("asym/")}
    assert young.grey < old.grey


def test_people_and_views_survive_json() -> None:
    someone, view = person(7, "male"), sample_view(np.random.default_rng(2))
    assert FaceIdentity.from_dict(json.loads(json.dumps(someone.to_dict()))) == someone
    assert View.from_dict(json.loads(json.dumps(view.to_dict()))) == view


@pytest.mark.parametrize(("values", "words"), [
    ({"age": 12.0}, "ages 18–85, not 12.0"), ({"age": 90.0}, "ages 18–85"), ({"sex": "f"}, "'female' or 'male', not 'f'"),
    ({"ancestry": (0.5, 0.2, 0.2)}, "sum to 1"),
])
def test_traits_that_are_no_adult_person_are_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        FaceTraits(**{"sex": "male", "age": 30.0, "ancestry": THIRDS, **values})


def test_every_arrow_ends_in_something_that_exists(pack: HeadPack) -> None:
    fields = {field.name for field in dataclasses.fields(FaceIdentity)}
    others = {"grey_half_years", "dyed", "bald", "shape", "fair_hair", "light_eyes", "red_hair"}
    for arrow in causes.FACE_ARROWS:
        known = {*hairdo.STYLES, *fields, *others, *morphs.MORPHS, *morphs.FACE_SHAPES, *pack.targets}
        assert arrow.effect.removeprefix("hair ") in known, f"{arrow.cause} → {arrow.effect}"
    assert len(causes.STRENGTH) == len(causes.FACE_ARROWS), "one row per cause and effect"


def test_every_person_can_be_shaped(pack: HeadPack) -> None:
    for seed in range(20):
        someone = person(seed, ("female", "male")[seed % 2], 18.0 + 3 * seed)
        assert np.isfinite(head(pack, someone, sample_view(np.random.default_rng(seed)).expression)).all()


@pytest.mark.parametrize("latent", MEASURE_OF)
def test_a_latent_moves_its_own_measure_and_no_other_as_much(pack: HeadPack, latent: str) -> None:
    low, high = (anthropometry.measure(pack, person(11, **{latent: z})) for z in (-1.0, 1.0))
    moved = {name: high[name] - low[name] for name in MEASURE_OF.values()}
    assert moved[MEASURE_OF[latent]] > 4.0, "two sd are several millimetres"
    assert max(moved, key=lambda name: abs(moved[name])) == MEASURE_OF[latent]


def test_an_expression_changes_landmarks_but_no_measure(pack: HeadPack) -> None:
    someone, open_mouth = person(4), View(expression={"jawOpen": 0.3})
    before = anthropometry.measure(pack, someone)
    moved = anthropometry.landmarks(pack, someone, open_mouth, 224) - anthropometry.landmarks(pack, someone, CANONICAL, 224)
    assert anthropometry.measure(pack, someone) == before
    assert moved[57, 1] > 3.0 and abs(moved[27]).max() < 0.5


def test_landmarks_of_a_symmetric_face_are_mirror_images(pack: HeadPack) -> None:
    points = anthropometry.landmarks(pack, symmetric(), CANONICAL, 224)
    for left, right in anthropometry.MIRROR_OF.items():
        np.testing.assert_allclose(points[left] + points[right] * (1, -1), (223.0, 0.0), atol=0.35)


def test_measures_are_those_of_a_human_face(pack: HeadPack) -> None:
    """Adult means of Farkas (1994), with room for the differences between groups: mm."""
    found = anthropometry.measure(pack, person(8))
    bounds = {"interpupillary": (50, 72), "nose_width": (22, 48), "mouth_width": (35, 62), "face_width": (110, 155),
              "nose_height": (38, 62), "face_height": (90, 135), "lip_height": (8, 32)}
    assert not {name: found[name] for name, (low, high) in bounds.items() if not low < found[name] < high}


@pytest.mark.parametrize("seed", range(4))
def test_the_eyes_of_a_canonical_face_lie_at_the_fixed_place(pack: HeadPack, seed: int) -> None:
    someone = person(seed, ("female", "male")[seed % 2])
    rest = head(pack, someone, {})
    framed = camera.frame(pack, rest)
    seen = camera.project(eye_centres(pack, rest).astype(float), CANONICAL, framed)
    np.testing.assert_allclose(seen[:, :2].mean(0), (0.5, camera.EYE_LEVEL), atol=1e-3)
    assert 0.20 < seen[0, 0] - seen[1, 0] < 0.34


def test_an_absent_pack_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="dvc pull"):
        HeadPack.load(tmp_path)


def test_a_misspelt_target_names_the_nearest(pack: HeadPack) -> None:
    with pytest.raises(InputError, match="did you mean 'nose/nose-hump-incr'"):
        pack.row("nose/nose-hump-inc")
