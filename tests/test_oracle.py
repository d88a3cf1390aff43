"""The oracle against scikit-learn and people whose voices say what is known; its share against a plain bootstrap."""

import dataclasses

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from s2f_core.errors import InputError
from s2f_core.evaluate import intervals, oracle
from s2f_core.evaluate.oracle import People, Reading, read, score
from s2f_core.evaluate.share import share_of_oracle

NAMES = ("f0_hz", "vtl_cm", "jitter_pct", "language fr")


def people(n: int, seed: int) -> People:
    """F0 tells the sex, jitter squared the age, the tract's length the jaw within the sex; nothing tells the nose."""
    rng = np.random.default_rng(seed)
    sex = np.where(rng.random(n) < 0.4, "female", "male")
    woman = sex == "female"
    z = rng.normal(size=(n, 4))
    f0, tract = 120 + 90 * woman + 20 * z[:, 0], 17 - 2.4 * woman + 0.6 * z[:, 1]
    voice = np.stack([f0, tract, 0.5 + 0.1 * z[:, 2], z[:, 3] > 1], axis=1)
    age = 40 + 8 * z[:, 2] ** 2 + 3 * rng.normal(size=n)
    measures = {"jaw": 110 - 8 * woman + 3 * z[:, 1] + 3 * rng.normal(size=n), "nose": 30 + rng.normal(size=n)}
    faces = np.stack([woman - 0.5, z[:, 1], z[:, 0], *(0.7 * rng.normal(size=(5, n)))], axis=1)
    return People(NAMES, voice, sex, age, measures, faces)


@pytest.fixture(scope="module")
def sides() -> tuple[People, People]:
    return people(600, 1), people(300, 2)


@pytest.fixture(scope="module")
def reading(sides) -> Reading:
    return read(*sides, seed=0)


def test_what_voices_say_is_read_on_people_not_fitted_on(sides, reading):
    found = score(reading, sides[1], seed=0)
    assert found.sex.value > 0.97 > 0.7 > found.sex.baseline > 0.5
    assert found.age.pooled.value > 0.9  # of 8 · √2 against 3 years of noise, r is .966
    jaw, nose = found.measures["jaw"], found.measures["nose"]
    assert jaw.within_sex.value == pytest.approx(np.sqrt(0.5), abs=0.08)  # as much signal as noise
    assert jaw.pooled.value > jaw.within_sex.value
    assert nose.pooled.low < 0 < nose.pooled.high
    for name, percent in (("recall_at_1_percent", 3), ("recall_at_10_percent", 30)):
        assert found.faces[name].low > found.faces[name].baseline == pytest.approx(percent / 300)
    assert found.faces["median_rank"].high < found.faces["median_rank"].baseline


def test_squares_are_of_use_and_a_linear_oracle_would_not_read_the_age(sides, reading, monkeypatch):
    monkeypatch.setattr(oracle, "SECOND_ORDER", (0.0,))
    linear = np.corrcoef(read(*sides, seed=0).age, sides[1].age)[0, 1]
    assert linear < 0.3 < 0.9 < np.corrcoef(reading.age, sides[1].age)[0, 1]


@pytest.mark.parametrize("second", [0.0, 0.3])
def test_it_predicts_as_scikit_learns_ridge_with_the_penalty_of_its_grid_search(sides, second, monkeypatch):
    monkeypatch.setattr(oracle, "SECOND_ORDER", (second,))
    train, test = sides
    fold = np.random.default_rng([4, 600]).permutation(np.arange(600) % 5)
    folds = [(np.flatnonzero(fold != one), np.flatnonzero(fold == one)) for one in range(5)]

    def spread(fitted: np.ndarray, voice: np.ndarray) -> np.ndarray:
        scaler, powers = StandardScaler().fit(fitted), PolynomialFeatures(2, include_bias=False)
        first, both = scaler.transform(voice), powers.fit_transform(scaler.transform(fitted))[:, 4:]
        more = StandardScaler().fit(both).transform(powers.transform(first)[:, 4:])
        return np.hstack([first, second * more])

    losses = np.zeros(len(oracle.PENALTIES))
    for rest, out in folds:
        x, x_out = (spread(train.voice[rest], train.voice[one]) for one in (rest, out))
        for place, penalty in enumerate(oracle.PENALTIES):
            fitted = Ridge(alpha=penalty * len(rest)).fit(x, train.measures["jaw"][rest])
            losses[place] += ((fitted.predict(x_out) - train.measures["jaw"][out]) ** 2).sum()
    best = Ridge(alpha=600 * oracle.PENALTIES[losses.argmin()]).fit(spread(train.voice, train.voice), train.measures["jaw"])
    expected = best.predict(spread(train.voice, test.voice))
    np.testing.assert_allclose(read(train, test, seed=4).measures["jaw"], expected, rtol=1e-9)


def test_it_reads_about_as_well_as_a_kernel_ridge_tuned_by_scikit_learn(sides, reading):
    train, test = sides
    scaler = StandardScaler().fit(train.voice)
    grid = {"gamma": [0.01, 0.03, 0.1], "alpha": [0.1, 1.0]}
    for name, mine, known in (("age", reading.age, test.age), ("jaw", reading.measures["jaw"], test.measures["jaw"])):
        target = train.age if name == "age" else train.measures[name]
        search = GridSearchCV(KernelRidge(kernel="rbf"), grid, cv=KFold(3))
        search.fit(scaler.transform(train.voice), target - target.mean())
        theirs = np.corrcoef(search.predict(scaler.transform(test.voice)), known)[0, 1]
        assert np.corrcoef(mine, known)[0, 1] > theirs - 0.02


def test_test_people_change_nothing_but_their_own_reading_and_a_rare_language_blows_nothing_up(sides, reading):
    train, test = sides
    few = slice(0, 7)
    measures = {name: values[few] for name, values in test.measures.items()}
    part = People(NAMES, test.voice[few], test.sex[few], test.age[few], measures, test.faces[few])
    again = read(train, part, seed=0)
    np.testing.assert_allclose(again.age, reading.age[few])
    np.testing.assert_allclose(again.faces, reading.faces[few])
    silent = dataclasses.replace(train, voice=train.voice * [1, 1, 1, 0] + [0, 0, 0, 0.1])
    speaks = dataclasses.replace(test, voice=test.voice + [0, 0, 0, 1.0])
    assert np.abs(read(silent, speaks, seed=0).age - test.age).max() < 60


def test_the_share_is_that_of_a_plain_paired_bootstrap(sides, reading):
    truth, persons = sides[1], np.arange(300) // 2
    rng = np.random.default_rng(5)
    ours = truth.age + 6 * rng.normal(size=300)
    found = share_of_oracle(ours, reading.age, truth.age, of="r", groups=persons, seed=3)
    plain = intervals.bootstrap(lambda a, b, c: np.corrcoef(a, c)[0, 1] / np.corrcoef(b, c)[0, 1],
                                [ours, reading.age, truth.age], seed=3, groups=persons)
    assert (found.value, found.low, found.high) == tuple(pytest.approx(one) for one in (plain.value, plain.low, plain.high))
    guess = np.where(rng.random(300) < 0.1, "male", truth.sex)
    found = share_of_oracle(guess, reading.sex, truth.sex, of="accuracy", seed=3)
    plain = intervals.bootstrap(lambda a, b, c: np.mean(a == c) / np.mean(b == c), [guess, reading.sex, truth.sex], seed=3)
    assert (found.value, found.low, found.high) == tuple(pytest.approx(one) for one in (plain.value, plain.low, plain.high))
    majority = max(np.mean(truth.sex == "male"), np.mean(truth.sex == "female"))
    assert found.baseline == pytest.approx(majority / np.mean(reading.sex == truth.sex))


def test_a_share_of_several_measures_within_sex_is_that_of_their_mean_r():
    rng = np.random.default_rng(8)
    sex = np.where(rng.random(400) < 0.5, "a", "b")
    truth = rng.normal(size=(400, 3)) + 5 * (sex == "a")[:, None]
    sides = [truth + noise * rng.normal(size=truth.shape) for noise in (2.0, 1.0)]

    def r(side: np.ndarray) -> float:
        left = [np.concatenate([one[sex == label] - one[sex == label].mean(0) for label in "ab"]) for one in (side, truth)]
        return np.mean([np.corrcoef(left[0][:, k], left[1][:, k])[0, 1] for k in range(3)])

    found = share_of_oracle(*sides, truth, of="r", within=sex, seed=0)
    assert found.value == pytest.approx(r(sides[0]) / r(sides[1]))
    assert found.low < np.sqrt(2 / 5) < found.high  # r of signal 1 and noise 2 is 1/√5, of noise 1 1/√2
    assert share_of_oracle(*sides, truth, of="r", seed=0).value > found.value


def test_one_reading_is_all_of_itself_and_pairing_makes_the_interval_narrow(sides, reading):
    truth = sides[1]
    same = share_of_oracle(reading.age, reading.age, truth.age, of="r", seed=0)
    assert (same.value, same.low, same.high) == (1, 1, 1)
    near = share_of_oracle(reading.age + 0.5 * np.sin(np.arange(300)), reading.age, truth.age, of="r", seed=0)
    alone = score(reading, truth, seed=0).age.pooled
    assert near.high - near.low < 0.3 * (alone.high - alone.low) / alone.value


def test_what_has_no_answer_is_refused(sides, reading):
    train, test = sides
    replaced = dataclasses.replace
    with pytest.raises(InputError, match="same named parameters"):
        read(train, replaced(test, names=NAMES[::-1]), seed=0)
    with pytest.raises(InputError, match="same named parameters"):
        read(train, replaced(test, faces=None), seed=0)
    with pytest.raises(InputError, match="drop people"):
        read(replaced(train, age=np.full(600, np.nan)), test, seed=0)
    with pytest.raises(InputError, match="one of two labels"):
        read(replaced(train, sex=np.full(600, "male")), test, seed=0)
    with pytest.raises(InputError, match="10 training people"):
        read(people(9, 0), test, seed=0)
    with pytest.raises(InputError, match="read the same ones"):
        score(replaced(reading, measures={}), test, seed=0)
    with pytest.raises(InputError, match="row by row"):
        share_of_oracle(test.age[1:], test.age, test.age, of="r", seed=0)
    with pytest.raises(InputError, match="one is missing"):
        share_of_oracle(test.age * np.nan, test.age, test.age, of="r", seed=0)
    for nothing in (reading.measures["nose"], np.ones(300)):
        with pytest.raises(InputError, match="has no share"):
            share_of_oracle(test.age, nothing, test.age, of="r", seed=0)
