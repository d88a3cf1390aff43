"""Consistency against pairs listed one by one, scikit-learn, a person left out in earnest, and many repetitions."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cosine
from sklearn.metrics import roc_auc_score

from s2f_core.errors import InputError
from s2f_core.evaluate import pairs
from s2f_core.evaluate.consistency import consistency

NEAR, CLIPS, FAR, FAR_SEX = "segments of a clip", "clips of a speaker", "speakers", "speakers of one sex"


def spoken(n_speakers: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features of 1-3 clips of 1-3 segments of each speaker, whose each is, and the speakers' sex, unsorted."""
    rng = np.random.default_rng(seed)
    clips = np.arange(n_speakers).repeat(rng.integers(1, 4, n_speakers))
    segments = np.arange(len(clips)).repeat(rng.integers(1, 4, len(clips)))
    speaker = clips[segments]
    woman = rng.random(n_speakers) < 0.5
    face = rng.normal(size=(n_speakers, 6)) + 2 * woman[:, None] + 1
    features = face[speaker] + 0.6 * rng.normal(size=(len(clips), 6))[segments] + 0.4 * rng.normal(size=(len(segments), 6))
    order = rng.permutation(len(segments))
    sex = np.where(woman, "female", "male")
    return features[order], segments[order], np.array([f"s{one}" for one in speaker])[order], sex[speaker][order]


def listed(features, clips, speakers, sex) -> dict[str, np.ndarray]:
    """Every pair once, by the definition."""
    found: dict[str, list[float]] = {kind: [] for kind in (NEAR, CLIPS, FAR, FAR_SEX)}
    for i in range(len(features)):
        for j in range(i):
            apart = cosine(features[i], features[j])
            if speakers[i] != speakers[j]:
                found[FAR].append(apart)
                found[FAR_SEX] += [apart] if sex[i] == sex[j] else []
            else:
                found[NEAR if clips[i] == clips[j] else CLIPS].append(apart)
    return {kind: np.array(values) for kind, values in found.items()}


def by_formula(values: dict[str, np.ndarray], near: str, far: str) -> tuple[float, float]:
    a, b = values[near], values[far]
    truth = np.r_[np.zeros(len(a)), np.ones(len(b))]
    return (b.mean() - a.mean()) / np.sqrt((a.var() + b.var()) / 2), roc_auc_score(truth, np.r_[a, b])


def test_every_pair_counts_once_in_its_kind(monkeypatch):
    monkeypatch.setattr(pairs, "BLOCK_CELLS", 100)
    told = spoken(9)
    found, values = consistency(*told[:3], sex=told[3]), listed(*told)
    assert set(found.distances) == set(values)
    for kind, expected in values.items():
        got = found.distances[kind]
        assert (got.mean.value, got.sd) == (pytest.approx(expected.mean()), pytest.approx(expected.std()))
        assert got.mean.n == len(expected) == got.histogram.sum()
        np.testing.assert_array_equal(got.histogram, np.histogram(expected, bins=200, range=(0, 2))[0])
    for (near, far), got in found.separation.items():
        assert (got.d_prime.value, got.auc.value) == tuple(map(pytest.approx, by_formula(values, near, far)))
    assert len(found.separation) == 4


def test_the_interval_is_that_of_leaving_each_person_out_in_earnest():
    features, clips, speakers, sex = spoken(8, seed=3)
    found = consistency(features, clips, speakers, sex=sex)
    leaves = []
    for one in np.unique(speakers):
        rest = speakers != one
        leaves.append(by_formula(listed(features[rest], clips[rest], speakers[rest], sex[rest]), CLIPS, FAR))
    d_primes, areas = np.array(leaves).T
    odds = np.log(areas / (1 - areas))
    ours = found.separation[CLIPS, FAR]
    mates = sum(len(np.unique(clips[speakers == one])) > 1 for one in np.unique(speakers))
    t = stats.t.ppf(0.975, mates - 1)
    low, high = (np.log(bound / (1 - bound)) for bound in (ours.auc.low, ours.auc.high))
    for values, reach in ((d_primes, (ours.d_prime.high - ours.d_prime.low) / 2), (odds, (high - low) / 2)):
        assert reach == pytest.approx(t * np.sqrt(7 / 8 * ((values - values.mean()) ** 2).sum()), rel=1e-4)


def test_intervals_hold_what_many_speakers_give_about_as_often_as_they_say():
    truth = consistency(*spoken(300, seed=99)[:3])
    within = {"mean": 0, "d_prime": 0, "auc": 0}
    for seed in range(50):
        found = consistency(*spoken(25, seed=seed)[:3])
        for name in within:
            got, true = (one.distances[FAR].mean if name == "mean" else getattr(one.separation[CLIPS, FAR], name)
                         for one in (found, truth))
            within[name] += got.low <= true.value <= got.high
    assert min(within.values()) >= 42, within  # of 50; 400 repetitions gave .92, .90 and .93


def test_speakers_without_a_voice_of_their_own_are_told_apart_by_nobody():
    rng = np.random.default_rng(1)
    speakers = np.arange(40).repeat(3)
    found = consistency(rng.normal(size=(120, 5)), np.arange(120), speakers)
    assert set(found.distances) == {CLIPS, FAR}
    ours = found.separation[CLIPS, FAR]
    assert ours.auc.low < ours.auc.baseline == 0.5 < ours.auc.high
    assert ours.d_prime.low < ours.d_prime.baseline == 0 < ours.d_prime.high


def test_a_face_for_each_speaker_is_never_mistaken_and_equal_distances_count_half():
    speakers = np.arange(6).repeat(2)
    apart = consistency(np.eye(6)[speakers] + 0.1 * np.tile(np.eye(6)[:2], (6, 1)), np.arange(12), speakers)
    perfect = apart.separation[CLIPS, FAR].auc
    assert perfect.value == perfect.high == 1 and 0.5 < perfect.low < 1
    two = np.array([[3.0, 1.0], [1.0, 3.0]])
    mixed = consistency(two[np.tile([0, 1], 6)], np.arange(12), speakers)  # a speaker's two clips: never alike
    share = np.mean([row % 2 == other % 2 for row in range(12) for other in range(row) if row // 2 != other // 2])
    assert mixed.separation[CLIPS, FAR].auc.value == pytest.approx((1 - share) / 2)


def test_strangers_of_one_sex_are_harder_and_an_unknown_sex_is_in_no_pair():
    features, clips, speakers, sex = spoken(60, seed=5)
    found = consistency(features, clips, speakers, sex=sex)
    assert found.separation[CLIPS, FAR_SEX].auc.value < found.separation[CLIPS, FAR].auc.value
    unknown = np.where(sex == "male", "", sex)
    women = sex == "female"
    expected = consistency(features[women], clips[women], speakers[women]).distances[FAR]
    got = consistency(features, clips, speakers, sex=unknown).distances[FAR_SEX]
    assert (got.mean.value, got.mean.n) == (pytest.approx(expected.mean.value), expected.mean.n)


def test_what_has_no_answer_is_refused():
    features, clips, speakers, sex = spoken(6)
    with pytest.raises(InputError, match="a clip has one speaker"):
        consistency(features, np.zeros_like(clips), speakers)
    with pytest.raises(InputError, match="a speaker has one sex"):
        consistency(features, clips, speakers, sex=np.where(np.arange(len(sex)) % 2, "male", "female"))
    with pytest.raises(InputError, match="not all zero"):
        consistency(features * (clips > 0)[:, None], clips, speakers)
    with pytest.raises(InputError, match="finite"):
        consistency(np.where(features > 0, features, np.nan), clips, speakers)
    with pytest.raises(InputError, match="two segments or clips"):
        consistency(np.eye(5), np.arange(5), np.arange(5))
    with pytest.raises(InputError, match="no d′"):
        consistency(np.ones((8, 3)), np.arange(8), np.arange(8) // 2)
