"""Telling people apart and reading numbers off an embedding: against referees, and on cases whose answer is known."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score, roc_curve

from s2f_core.errors import InputError
from s2f_core.evaluate import probe, verification

RNG = np.random.default_rng(3)


def scores(shift: float, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    return rng.standard_normal(n) + shift, rng.standard_normal(2 * n)


@pytest.mark.parametrize("shift", [0.0, 1.0, 3.0])
def test_error_rate_and_area_agree_with_scikit_learn(shift: float) -> None:
    genuine, impostor = scores(shift)
    truth = np.r_[np.ones(len(genuine)), np.zeros(len(impostor))]
    assert verification.area_under_curve(genuine, impostor) == pytest.approx(roc_auc_score(truth, np.r_[genuine, impostor]))
    accepted, kept, _ = roc_curve(truth, np.r_[genuine, impostor])
    nearest = np.abs(accepted - (1 - kept)).argmin()
    assert verification.equal_error_rate(genuine, impostor) == pytest.approx(accepted[nearest], abs=0.002)


def test_people_who_never_resemble_others_make_no_error_and_ties_count_half() -> None:
    assert verification.equal_error_rate(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 0
    assert verification.area_under_curve(np.ones(3), np.ones(4)) == 0.5
    with pytest.raises(InputError, match="pairs of both kinds"):
        verification.equal_error_rate(np.zeros(0), np.ones(2))


def clips(n_persons: int, apart: float) -> tuple[np.ndarray, np.ndarray]:
    """Similarities of two noisy clips of each person."""
    rng = np.random.default_rng(1)
    points = np.repeat(rng.standard_normal((n_persons, 8)) * apart, 2, axis=0) + rng.standard_normal((2 * n_persons, 8))
    return -np.linalg.norm(points[:, None] - points[None], axis=-1), np.repeat(np.arange(n_persons), 2)


def test_intervals_over_few_and_many_persons_agree_and_many_know_better() -> None:
    similarity, person = clips(60, 1.5)
    found = verification.over_persons("eer", similarity, person, seed=1)
    truth = verification.over_persons("eer", *clips(300, 1.5), seed=1)
    assert found.low <= truth.high and truth.low <= found.high
    assert (found.n, found.baseline) == (60, 0.5)
    assert truth.high - truth.low < found.high - found.low


def test_impostors_can_be_limited_to_some_pairs() -> None:
    similarity, person = clips(40, 1.5)
    near = similarity > np.median(similarity)
    hard = verification.over_persons("auc", similarity, person, among=near, seed=1)
    assert hard.value < verification.over_persons("auc", similarity, person, seed=1).value


def test_a_probe_predicts_as_scikit_learns_ridge_does() -> None:
    features, target = RNG.standard_normal((60, 5)), RNG.standard_normal(60)
    found = probe.predict_held_out(features, target, penalty=2.0, seed=4)
    fold = np.random.default_rng([4, 60]).permutation(np.arange(60) % probe.N_FOLDS)
    for held_out in range(probe.N_FOLDS):
        rest = fold != held_out
        expected = Ridge(alpha=2.0).fit(features[rest], target[rest]).predict(features[~rest])
        assert np.allclose(found[~rest], expected)


def test_a_probe_reads_what_is_there_and_nothing_else() -> None:
    features = RNG.standard_normal((400, 6))
    known = features @ np.arange(6) + 0.1 * RNG.standard_normal(400)
    assert np.corrcoef(probe.predict_held_out(features, known, penalty=0.3, seed=1), known)[0, 1] > 0.99
    noise = RNG.standard_normal(400)
    assert np.corrcoef(probe.predict_held_out(features, noise, penalty=0.3, seed=1), noise)[0, 1] < 0.15
    with pytest.raises(InputError, match="at least 10 persons"):
        probe.predict_held_out(features[:9], noise[:9], penalty=0.3, seed=1)
