"""Table 2's distances against SciPy, every stranger in turn, and cases whose answer is known."""

import numpy as np
import pytest
from scipy.spatial import distance

from s2f_core.errors import InputError
from s2f_core.evaluate import similarity as module
from s2f_core.evaluate.similarity import MeanFaces, mean_faces, similarity

BY_SCIPY = {"angle": lambda a, b: np.degrees(np.arccos(1 - distance.cosine(a, b))), "l2": distance.euclidean,
            "l1": distance.cityblock}
OF_SEX = "mean face of the sex"


def spoken(n: int = 40, noise: float = 0.5, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Voice features near their faces', which share much and differ by sex; and the sexes."""
    rng = np.random.default_rng(seed)
    sex = np.where(rng.random(n) < 0.5, "female", "male")
    faces = rng.normal(size=(n, 30)) + np.where(sex == "male", 1.0, -1.0)[:, None] * np.linspace(0, 2, 30) + 3
    return faces + noise * rng.normal(size=(n, 30)), faces, sex


def test_each_distance_is_scipys_and_its_spread_the_papers(monkeypatch):
    monkeypatch.setattr(module, "BLOCK_CELLS", 7 * 30)
    voices, faces, _ = spoken()
    found = similarity(voices.astype(np.float32), faces, seed=0)
    for name, of in BY_SCIPY.items():
        expected = [of(voice, face) for voice, face in zip(voices, faces, strict=True)]
        ours = found[name].ours
        assert (ours.mean.value, ours.sd) == (pytest.approx(np.mean(expected)), pytest.approx(np.std(expected), rel=1e-5))
        assert ours.mean.low < ours.mean.value < ours.mean.high
        assert ours.mean.n == 40


def test_angles_are_degrees_without_losing_the_small_ones():
    faces = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [3.0, 4.0]])
    voices = np.array([[0.0, 2.0], [-5.0, 0.0], [1.0, 1e-9], [6.0, 8.0]])
    angles = module._distances(voices, faces)["angle"]
    np.testing.assert_allclose(angles, [90, 180, np.degrees(1e-9), 0], rtol=1e-6, atol=1e-14)


def test_the_random_pair_is_the_mean_over_all_strangers():
    voices, faces, _ = spoken(20)
    groups = np.array([*range(8), *range(12)]) % 10
    found = similarity(voices, faces, groups=groups, seed=1)
    for name, of in BY_SCIPY.items():
        pairs = np.array([of(voices[i], faces[j]) for i in range(20) for j in range(20) if groups[i] != groups[j]])
        random = found[name].baselines["random pair"]
        assert random.mean.value == pytest.approx(pairs.mean(), rel=0.01)
        assert random.sd == pytest.approx(pairs.std(), rel=0.05)
        assert found[name].ours.mean.baseline == pytest.approx(random.mean.value, rel=1e-12)


@pytest.mark.parametrize("groups", [np.arange(7), np.array([0, 0, 1, 2, 2, 3]), np.array([5, 1, 5, 1])])
def test_a_stranger_is_never_of_the_own_person_and_everybody_is_taken_once(groups):
    person = np.unique(groups, return_inverse=True)[1]
    met = set()
    for stranger in module._pairings(person, seed=3):
        assert (person[stranger] != person).all()
        assert sorted(stranger) == list(range(len(person)))
        met |= {(row, int(other)) for row, other in enumerate(stranger)}
    assert len(met) == (person[:, None] != person).sum()  # sooner or later every stranger


def test_mean_faces_stand_beside_ours_on_the_same_clips():
    voices, faces, sex = spoken()
    _, others, their_sex = spoken(300, seed=9)
    means = mean_faces(others, np.where(np.arange(300) < 5, "", their_sex))
    np.testing.assert_allclose(means.by_sex["male"], others[5:][their_sex[5:] == "male"].mean(0))
    found = similarity(voices, faces, training=means, sex=sex, seed=0)
    for name, of in BY_SCIPY.items():
        ours = np.array([of(voice, face) for voice, face in zip(voices, faces, strict=True)])
        for baseline, replaced in (("mean face", [others.mean(0)] * 40), (OF_SEX, [means.by_sex[one] for one in sex])):
            values = np.array([of(*pair) for pair in zip(replaced, faces, strict=True)])
            spread = found[name].baselines[baseline]
            assert (spread.mean.value, spread.sd) == (pytest.approx(values.mean()), pytest.approx(values.std()))
            assert found[name].gain[baseline].value == pytest.approx((values - ours).mean())
        random, mean, of_sex = (found[name].baselines[key].mean.value for key in ("random pair", "mean face", OF_SEX))
        assert ours.mean() < of_sex < mean < random


def test_knowing_only_the_sex_gains_nothing_over_the_mean_face_of_the_sex():
    _, faces, sex = spoken()
    means = mean_faces(faces, sex)
    found = similarity(np.stack([means.by_sex[one] for one in sex]), faces, training=means, sex=sex, seed=0)["l2"]
    gain = found.gain[OF_SEX]
    assert (gain.low, gain.value, gain.high) == (0, 0, 0)
    assert found.gain["mean face"].low > 0


def test_only_the_angle_survives_another_scale():
    voices, faces, _ = spoken()
    plain, scaled = similarity(voices, faces, seed=0), similarity(0.01 * voices, 7 * faces, seed=0)
    assert scaled["angle"].ours.mean.value == pytest.approx(plain["angle"].ours.mean.value)
    assert abs(scaled["l2"].ours.mean.value / plain["l2"].ours.mean.value - 1) > 1


def test_clips_of_one_person_widen_the_interval():
    voices, faces, _ = spoken(20)
    many = np.repeat(voices, 4, axis=0), np.repeat(faces, 4, axis=0)
    persons = np.arange(20).repeat(4)
    apart, together = (similarity(*many, groups=groups, seed=0)["angle"].ours.mean for groups in (None, persons))
    assert together.high - together.low > 1.7 * (apart.high - apart.low)


def test_what_cannot_be_compared_is_refused():
    voices, faces, sex = spoken(10)
    means = mean_faces(faces, sex)
    with pytest.raises(InputError, match="align them"):
        similarity(voices[1:], faces, seed=0)
    with pytest.raises(InputError, match="not all zero"):
        similarity(voices * (np.arange(10) > 0)[:, None], faces, seed=0)
    with pytest.raises(InputError, match="finite"):
        similarity(voices, np.where(faces > 3, faces, np.nan), seed=0)
    with pytest.raises(InputError, match="owns 6 of 10 clips"):
        similarity(voices, faces, groups=np.minimum(np.arange(10), 4), seed=0)
    with pytest.raises(InputError, match="without: \\['x'\\]"):
        similarity(voices, faces, training=means, sex=np.full(10, "x"), seed=0)
    with pytest.raises(InputError, match="one network"):
        similarity(voices, faces, training=MeanFaces(np.ones(3), {}), seed=0)
    with pytest.raises(InputError, match="drop others"):
        mean_faces(faces, sex[:3].repeat(3))
