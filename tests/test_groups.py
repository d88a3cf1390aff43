"""Errors by group and averages: against counts by hand, planted gaps and none, and groups too small for a number."""

from dataclasses import replace

import numpy as np
import pytest
from invented_evidence import PARAMS, evidence
from invented_people import own
from scipy.stats import permutation_test

from s2f_core.evaluate import audited, averages, groups
from s2f_core.evaluate.audited import Audited
from s2f_core.evaluate.claims import load_ledger
from s2f_core.evaluate.evidence import Evidence

N = 300


def people(gap: float, seed: int = 0) -> Audited:
    """Two large groups of which the second is right less often by `gap`, and a third of five."""
    rng = np.random.default_rng(seed)
    labels = np.array(["a"] * 150 + ["b"] * 145 + ["c"] * 5)
    right = (rng.random(N) < np.where(labels == "b", 0.8 - gap, 0.8)).astype(np.float64)
    return Audited("6s", {"sex": right}, {"sex": np.full(N, 0.5)}, {"sex": labels})


@pytest.fixture
def of(monkeypatch):
    """The rows of made-up people."""
    def rows(some: Audited) -> dict:
        monkeypatch.setattr(groups, "audited", lambda _: (some,))
        return {row.id: row for row in groups.errors(Evidence(load_ledger(), PARAMS))}
    return rows


def test_a_planted_gap_is_found_with_its_size_and_baseline(of) -> None:
    row = of(people(0.5))["audit.groups.sex/6s.sex"]
    assert row.ours == pytest.approx(0.5, abs=0.1) and row.low > row.baseline > 0 and row.verdict == "contradicted"
    assert "b 0." in row.statement and "fewest 145, p 0.0" in row.statement and row.n == 295


def test_no_gap_is_found_where_there_is_none() -> None:
    """Of many samples without a gap, most hold the gap that sampling makes by itself."""
    held = 0
    for seed in range(20):
        some, given = people(0.0, seed), Evidence(load_ledger(), PARAMS)
        found, chance = groups._gap(given, some, "sex", "sex")
        assert (found.low > found.baseline) == (chance < 0.025)  # the verdict is that of the test
        held += found.low <= found.baseline
    assert held >= 18


def test_the_permutation_test_is_scipys() -> None:
    some, given = people(0.1), Evidence(load_ledger(), PARAMS.model_copy(update={"n_permutations": 4000}))
    a, b = (some.values["sex"][some.groups["sex"] == label] for label in "ab")
    referee = permutation_test((a, b), lambda a, b: abs(a.mean() - b.mean()), n_resamples=4000, alternative="greater",
                               rng=np.random.default_rng(0))
    found, chance = groups._gap(given, some, "sex", "sex")
    assert found.value == pytest.approx(referee.statistic)
    assert chance == pytest.approx(referee.pvalue, abs=0.02) and 0.005 < chance < 0.5


def test_labels_dealt_anew_take_the_gap_away(of) -> None:
    some = people(0.5)
    dealt = replace(some, groups={"sex": np.random.default_rng(1).permutation(some.groups["sex"])})
    assert of(dealt)["audit.groups.sex/6s.sex"].ours < 0.15


def test_clips_of_one_person_count_as_one_person() -> None:
    """Ten clips each are no ten people: the interval is as wide as that of the people."""
    one = people(0.2)
    large = np.arange(N - 5)  # ten clips each would make the small group a large one
    one = replace(one, **{name: {"sex": getattr(one, name)["sex"][large]} for name in ("values", "constant", "groups")})
    ten = replace(one, **{name: {"sex": np.repeat(getattr(one, name)["sex"], 10)} for name in ("values", "constant", "groups")},
                  persons=np.repeat(large, 10))
    given = Evidence(load_ledger(), PARAMS)
    single, many = (groups._gap(given, some, "sex", "sex")[0] for some in (one, ten))
    assert many.high - many.low == pytest.approx(single.high - single.low, rel=0.15)
    assert many.value == pytest.approx(single.value) and many.baseline == pytest.approx(single.baseline, rel=0.2)


def test_fairlearn_and_numpy_agree_and_a_small_group_has_no_number(monkeypatch) -> None:
    some = people(0.3)
    monkeypatch.setattr(groups, "audited", lambda _: (some,))
    found = groups.by_group(Evidence(load_ledger(), PARAMS))["6s"]["sex"]["sex"]
    for label in "ab":
        expected = some.values["sex"][some.groups["sex"] == label].mean()
        assert found[label]["value"] == pytest.approx(expected, abs=1e-4)
        assert found[label]["low"] < expected < found[label]["high"]
        assert found[label]["baseline"] == 0.5
    assert found["c"] == {"n": 5}
    means, gap = groups.frame(some.values["sex"], some.groups["sex"])
    assert means["c"] == some.values["sex"][-5:].mean() and gap == max(means.values()) - min(means.values())


def test_many_clips_of_few_people_have_no_number(monkeypatch) -> None:
    some = people(0.3)
    few = replace(some, persons=np.where(some.groups["sex"] == "b", np.arange(N) % 19, np.arange(N) + N))
    monkeypatch.setattr(groups, "audited", lambda _: (few,))
    found = groups.by_group(Evidence(load_ledger(), PARAMS))["6s"]["sex"]["sex"]
    assert found["b"] == {"n": 19} and set(found["a"]) == {"value", "low", "high", "n", "baseline"}


def test_everybody_together_stands_beside_the_constant_judge() -> None:
    given = Evidence(load_ledger(), PARAMS, held_out=own())
    rows = {row.id: row for row in groups.overall(given)}
    [some] = audited.audited(given)
    for measure in ("sex", "age", "morph"):
        row = rows[f"audit.right.{measure}/6s"]
        assert row.ours == pytest.approx(some.values[measure].mean(), rel=1e-5)
        assert row.baseline == pytest.approx(some.constant[measure].mean(), rel=1e-5)
    told = rows["audit.guessed.years/6s.age_band"]
    assert told.baseline == pytest.approx(groups._gap(given, some, "years", "age band")[0].value, rel=1e-5)
    assert told.ours > 20  # bands of fifteen years apart, the same age said of all
    few = Evidence(load_ledger(), PARAMS.model_copy(update={"fewest": 100_000}), held_out=given.held_out)
    assert {row.id for row in groups.overall(few)} == {f"audit.right.{name}/6s" for name in ("sex", "age", "morph")}
    assert not groups.errors(few)


def test_the_audit_is_of_test_people_and_beside_a_judge_who_hears_nothing() -> None:
    held_out = own()
    [some] = audited.audited(Evidence(load_ledger(), PARAMS, held_out=held_out))
    test = held_out.people["test"]
    assert len(some.values["sex"]) == len(test.sex) != len(held_out.people["train"].sex)
    np.testing.assert_array_equal(some.groups["sex"], test.sex)
    np.testing.assert_allclose(some.values["years"], held_out.drawn["6s"].age - test.age)
    np.testing.assert_allclose(some.constant["years"] + test.age, np.median(held_out.people["train"].age))
    assert set(some.constant) == set(some.values) and "sex and age band" in some.groups
    assert audited._bands(np.array([18.0, 34.9, 35.0, 64.0, 85.0])).tolist() == ["18-34", "18-34", "35-49", "50-64", "65-85"]


def test_released_faces_are_counted_by_label_at_each_exaggeration() -> None:
    found = groups.by_group(evidence(identity=0.8))
    assert {name.partition(".")[2] for name in found} == {"exg0", "exg0.7", "exg1.4"}
    for some in found.values():
        assert set(some) == {"sex", "found"} and sum(one["n"] for one in some["sex"]["gender"].values()) <= 160


def test_readings_without_a_pull_have_slope_and_variance_of_the_truth() -> None:
    truth = np.random.default_rng(0).normal(50, 10, 400)
    once = np.ones((1, 400))
    assert averages._slope(once, truth, truth)[0] == pytest.approx(1)
    assert averages._variances(once, truth, truth)[0] == pytest.approx(1)
    assert averages._slope(once, 50 + (truth - 50) / 2, truth)[0] == pytest.approx(0.5)
    noisy = truth + np.random.default_rng(1).normal(0, 10, 400)
    assert averages._slope(once, noisy, truth)[0] == pytest.approx(1, abs=0.15)
    assert averages._variances(once, noisy, truth)[0] == pytest.approx(2, abs=0.3)


def test_where_a_resample_knows_one_kind_only_nothing_is_divided_by_zero() -> None:
    truth = np.array([1.0, 0.0, 0.0])
    weights = np.array([[1.0, 1, 1], [0, 2, 1]])
    for statistic in (averages._slope, averages._variances):
        found = statistic(weights, truth / 2, truth)
        assert np.isfinite(found[0]) and np.isnan(found[1])


def test_exaggeration_is_told_as_a_change_of_the_same_people() -> None:
    given = Evidence(load_ledger(), PARAMS, held_out=own())
    rows = {row.id: row for row in averages.exaggerated(given)}
    plain, more = (averages._errors(given.held_out, one) for one in (0.0, 1.4))
    assert rows["audit.exaggerated.age/6s.exg1.4"].ours == pytest.approx((more["age"] - plain["age"]).mean(), rel=1e-4)
    assert {row.baseline for row in rows.values()} == {0.0} and len(rows) == 10
    assert {row.id.split("/")[1].split(".")[0] for row in averages.kept(given)} == {"f2f", "6s"}
