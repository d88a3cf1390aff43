"""Intervals against SciPy, by hand, and by how often they hold the truth."""

import numpy as np
import pytest
from scipy import stats

from s2f_core.errors import InputError
from s2f_core.evaluate.intervals import (
    bootstrap,
    difference,
    fisher_z,
    mean,
    median,
    multinomial_tables,
    over_trainings,
    percentile,
    proportion_clustered,
    resampled_weights,
    wilson,
    wilson_bounds,
)


@pytest.mark.parametrize(("successes", "n"), [(0, 7), (1, 1), (10, 100), (514, 520), (968, 968)])
def test_wilson_agrees_with_scipy(successes, n):
    ours = wilson(successes, n, baseline=0.01)
    theirs = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    assert (ours.value, ours.n, ours.baseline) == (successes / n, n, 0.01)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_wilson_ends_exactly_at_none_and_at_all():
    assert [(wilson(0, n).low, wilson(n, n).high) for n in range(1, 200)] == [(0.0, 1.0)] * 199


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_impossible_counts(successes, n):
    with pytest.raises(InputError, match=f"got {successes} of {n}"):
        wilson(successes, n)


@pytest.mark.parametrize("slope", [-0.7, 0.0, 3.0])
def test_fisher_z_agrees_with_scipy(slope):
    x, noise = np.random.default_rng(0).normal(size=(2, 100))
    fit = stats.pearsonr(x, slope * x + noise)
    ours, theirs = fisher_z(float(fit.statistic), 100), fit.confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_fisher_z_of_a_perfect_correlation_is_a_point_and_three_pairs_are_refused():
    assert (fisher_z(-1, 10).low, fisher_z(-1, 10).high) == (-1, -1)
    with pytest.raises(InputError, match=r"got r = 0\.5, n = 3"):
        fisher_z(0.5, 3)


def test_the_difference_of_two_shares_has_newcombes_interval():
    found = difference(wilson(56, 70), wilson(48, 80))  # Newcombe 1998, Table II (a), method 10
    assert (found.value, found.n, found.baseline) == (pytest.approx(0.2), 150, 0)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)


def test_persons_are_drawn_whole_and_every_resample_has_as_many_persons():
    groups = np.array(["b", "a", "b", "c", "a", "b"])
    weights = np.concatenate(list(resampled_weights(6, seed=1, n_resamples=50, groups=groups)))
    persons = weights[:, [0, 1, 3]]
    np.testing.assert_array_equal(weights[:, [2, 5, 4]], persons[:, [0, 0, 1]])
    np.testing.assert_array_equal(persons.sum(1), 3)
    assert persons.max() > 1


def test_resampling_in_one_block_or_many_is_the_same(monkeypatch):
    whole = np.concatenate(list(resampled_weights(10, seed=3, n_resamples=40)))
    monkeypatch.setattr("s2f_core.evaluate.intervals.BLOCK_CELLS", 70)
    blocks = list(resampled_weights(10, seed=3, n_resamples=40))
    assert len(blocks) == 6
    np.testing.assert_array_equal(np.concatenate(blocks), whole)


def test_resampling_needs_one_person_per_clip():
    with pytest.raises(InputError, match="got 3 persons for 4 clips"):
        next(resampled_weights(4, seed=0, groups=np.array([1, 2, 3])))
    with pytest.raises(InputError, match="at least one clip"):
        next(resampled_weights(0, seed=0))


@pytest.mark.parametrize(("fast", "plain"), [(mean, np.mean), (median, np.median)])
@pytest.mark.parametrize("n", [30, 31])
def test_the_vectorised_road_gives_what_the_plain_bootstrap_gives(fast, plain, n):
    rng = np.random.default_rng(2)
    values, groups = rng.normal(size=n).round(1), rng.integers(0, 12, n)
    assert np.allclose(_numbers(fast(values, seed=5)), _numbers(bootstrap(plain, [values], seed=5)), atol=1e-12)
    ours, theirs = fast(values, seed=5, groups=groups), bootstrap(plain, [values], seed=5, groups=groups)
    assert np.allclose(_numbers(ours), _numbers(theirs), atol=1e-12)


def test_the_bootstrap_of_independent_rows_agrees_with_scipy():
    x = np.random.default_rng(0).exponential(size=200)
    ours = bootstrap(np.mean, [x], seed=0, n_resamples=4000)
    theirs = stats.bootstrap((x,), np.mean, method="percentile", n_resamples=4000, rng=1).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_the_bootstrap_is_repeatable_and_depends_on_the_seed():
    x = np.random.default_rng(0).normal(size=50)
    assert mean(x, seed=1) == mean(x, seed=1)
    assert mean(x, seed=1) != mean(x, seed=2)


def test_copies_of_a_clip_add_no_certainty():
    x = np.random.default_rng(0).normal(size=100)
    once, copied = mean(x, seed=0), mean(np.repeat(x, 5), seed=0, groups=np.repeat(np.arange(100), 5))
    blind = mean(np.repeat(x, 5), seed=0)
    assert _numbers(copied)[:3] == pytest.approx(_numbers(once)[:3], abs=1e-12)
    assert copied.n == 500
    assert blind.high - blind.low < 0.6 * (once.high - once.low)

    hits = x > 1
    assert _width(proportion_clustered(np.repeat(hits, 5), np.repeat(np.arange(100), 5))) == pytest.approx(
        _width(proportion_clustered(hits, np.arange(100)))
    )


def test_a_clustered_share_without_persons_is_wilsons():
    hits = np.arange(50) < 7
    assert proportion_clustered(hits, None, baseline=0.1) == wilson(7, 50, baseline=0.1)


def test_a_clustered_share_of_none_or_all_rests_on_the_number_of_persons():
    groups = np.repeat(np.arange(10), 30)
    none = proportion_clustered(np.zeros(300, dtype=bool), groups)
    assert (none.value, none.low, none.n) == (0, 0, 300)
    assert none.high == pytest.approx(wilson(0, 10).high)
    assert proportion_clustered(np.ones(300, dtype=bool), groups).low == pytest.approx(wilson(10, 10).low)


def test_the_clustered_share_of_three_persons_by_hand():
    hits, groups = np.array([1, 1, 1, 0, 0, 0, 1, 0], dtype=bool), np.array([1, 1, 1, 2, 2, 2, 3, 3])
    variance = 3 / 2 * (1.5**2 + 1.5**2 + 0**2) / 8**2
    effective = 0.25 / variance * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 2)) ** 2
    estimate = proportion_clustered(hits, groups)
    assert (estimate.low, estimate.high) == pytest.approx(wilson_bounds(0.5, effective))


def test_persons_who_balance_each_other_make_a_share_no_surer_than_independent_clips():
    estimate = proportion_clustered(np.tile([True, False], 50), np.repeat(np.arange(50), 2))
    assert (estimate.low, estimate.high) == pytest.approx(wilson_bounds(0.5, 100))


@pytest.mark.parametrize(("share", "likeness"), [(0.03, 0.2), (0.3, 0.5), (0.96, 0.4)])
def test_the_clustered_interval_holds_the_truth_about_95_times_in_100(share, likeness):
    rng, held = np.random.default_rng(4), []
    strength = 1 / likeness - 1
    for _ in range(300):
        groups = np.repeat(np.arange(130), rng.integers(1, 5, 130))
        hits = rng.random(len(groups)) < rng.beta(share * strength, (1 - share) * strength, 130)[groups]
        estimate = proportion_clustered(hits, groups)
        held.append(estimate.low <= share <= estimate.high)
    assert 0.90 <= np.mean(held) <= 0.985


def test_an_undefined_statistic_is_an_error_and_undefined_draws_are_left_out():
    assert percentile(1.0, np.array([0.0, np.nan, 2.0]), 9).high == pytest.approx(1.95)
    with pytest.raises(InputError, match="undefined on these 9 rows"):
        percentile(1.0, np.array([np.nan, np.nan, 2.0]), 9)
    with pytest.raises(InputError, match="undefined on these 9 rows"):
        percentile(float("nan"), np.zeros(3), 9)


def test_multinomial_tables_have_n_faces_and_the_joint_distribution_as_their_mean():
    joint = np.array([[0.5, 0.1], [0.0, 0.4]])
    tables = multinomial_tables(np.repeat(joint[None], 4000, axis=0), 100, seed=0)
    np.testing.assert_array_equal(tables.sum((1, 2)), 100)
    np.testing.assert_allclose(tables.mean(0) / 100, joint, atol=0.004)
    assert (tables[:, 1, 0] == 0).all()


def _numbers(estimate):
    return estimate.value, estimate.low, estimate.high, estimate.n


def _width(estimate):
    return estimate.high - estimate.low


def test_an_interval_over_trainings_holds_the_truth_as_often_as_it_says() -> None:
    """Trainings share an accident of their people that no mean over persons levels out; the intervals hold the truth."""
    rng, held, n_tries = np.random.default_rng(0), 0, 300
    for _ in range(n_tries):
        accident, persons = 0.3 * rng.normal(), rng.normal(0, 0.5, 200)
        redrawn = accident + 0.3 * rng.normal(size=6)  # the bootstrap: as far from the sample as that is from the truth
        found = over_trainings(redrawn[:, None] + persons + rng.normal(0, 0.1, (6, 200)))
        held += found.low <= 0 <= found.high
    assert 0.9 <= held / n_tries <= 1
    single = over_trainings(rng.normal(0, 1, (1, 400)))
    assert single.high - single.low == pytest.approx(2 * 1.96 / 20, rel=0.15)
