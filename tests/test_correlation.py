"""Correlations against SciPy, by resampling, by shuffling, and in print."""

import re

import numpy as np
import pytest
from scipy import stats

from s2f_core.errors import InputError
from s2f_core.evaluate.correlation import LARGEST_N, _pairs, _r_given, correlate, implied_n
from s2f_core.evaluate.intervals import bootstrap

# r and p in the five statistics files of the authors' page: 300k at exg 0.7 and 0, 770k at 0.7 and 0, DEST;
# two lines each.
PRINTED = """
.195 .000  .108 .001  .082 .011  .203 .000  .140 .000  .099 .002  .126 .000
    .260 .000  .229 .000  .106 .001  .171 .000  .267 .000  .109 .001
.151 .000  .073 .023  .064 .045  .209 .000  .138 .000  .073 .024  .131 .000
    .230 .000  .258 .000  .077 .017  .126 .000  .217 .000  .094 .004
.171 .000  .088 .006  .111 .001  .181 .000  .089 .006  .121 .000  .121 .000
    .209 .000  .221 .000  .140 .000  .165 .000  .247 .000  .101 .002
.132 .000  .064 .047  .055 .086  .185 .000  .101 .002  .042 .191  .108 .001
    .214 .000  .231 .000  .068 .036  .151 .000  .251 .000  .047 .143
.156 .000  .038 .239  .264 .000  .107 .001  .142 .000  .353 .000  .165 .000
    .196 .000  .210 .000  .376 .000  .294 .000  .204 .000  .283 .000
"""
PAIRS = np.array(PRINTED.split(), dtype=np.float64).reshape(-1, 2)


@pytest.fixture
def sides():
    """Two measures of 240 clips of 80 persons of two sexes; the sexes differ in both, persons differ in both."""
    rng = np.random.default_rng(0)
    persons = np.repeat(np.arange(80), 3)
    sex = np.array(["f", "m"])[persons % 2]
    shared = rng.normal(size=(80, 2))[persons] + 2 * (persons % 2)[:, None]
    a, b = shared + rng.normal(size=(240, 2)), shared + rng.normal(size=(240, 2))
    a[5, 0], b[9, 0] = np.nan, np.inf
    names = ("wide", "tall")
    return dict(zip(names, a.T, strict=True)), dict(zip(names, b.T, strict=True)), persons, sex


def test_pooled_and_per_sex_r_agree_with_scipy_on_complete_pairs(sides):
    a, b, persons, sex = sides
    result = correlate(a, b, groups=persons, sex=sex, seed=0, n_permutations=50)
    for name, n in (("wide", 238), ("tall", 240)):
        complete = np.isfinite(a[name]) & np.isfinite(b[name])
        r = stats.pearsonr(a[name][complete], b[name][complete]).statistic
        assert (result[name].pooled.value, result[name].pooled.n) == (pytest.approx(r), n)
        for each in "fm":
            chosen = complete & (sex == each)
            r = stats.pearsonr(a[name][chosen], b[name][chosen]).statistic
            assert (result[name].by_sex[each].value, result[name].by_sex[each].n) == (pytest.approx(r), chosen.sum())


def test_within_sex_r_is_the_partial_correlation_on_sex(sides):
    a, b, persons, sex = sides
    result = correlate(a, b, groups=persons, sex=sex, seed=0, n_permutations=50)["tall"]
    design = np.stack([np.ones(240), sex == "m"], axis=1)
    left, right = (y - design @ np.linalg.lstsq(design, y, rcond=None)[0] for y in (a["tall"], b["tall"]))
    assert result.within_sex.value == pytest.approx(stats.pearsonr(left, right).statistic)
    assert result.within_sex.high < result.pooled.value


def test_the_interval_is_the_plain_bootstrap_over_persons(sides):
    a, b, persons, _ = sides
    result = correlate(a, b, groups=persons, seed=3, n_resamples=300, n_permutations=50)["tall"]
    plain = bootstrap(
        lambda x, y: stats.pearsonr(x, y).statistic, [a["tall"], b["tall"]], seed=3, n_resamples=300, groups=persons
    )
    assert (result.pooled.low, result.pooled.high) == pytest.approx((plain.low, plain.high), abs=1e-12)
    assert result.within_sex is None
    assert result.by_sex == {}


def test_shuffled_independent_faces_fill_the_band_of_theory():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 400))
    result = correlate({"m": x}, {"m": y}, seed=0)["m"]
    assert result.band == pytest.approx(1.96 / 20, abs=0.008)
    assert result.p == pytest.approx(stats.pearsonr(x, y).pvalue, abs=0.04)


def test_whole_persons_are_shuffled_so_that_copies_give_no_significance():
    rng = np.random.default_rng(2)
    persons = np.repeat(np.arange(60), rng.integers(1, 8, 60))
    x, y = rng.normal(size=(2, 60))
    aware = correlate({"m": x[persons]}, {"m": y[persons]}, groups=persons, seed=0)["m"]
    blind = correlate({"m": x[persons]}, {"m": y[persons]}, seed=0)["m"]
    assert aware.pooled.value == blind.pooled.value
    assert aware.band > 1.6 * blind.band
    assert aware.p > blind.p


def test_clips_are_exchanged_in_their_order():
    place = np.tile([1.0, 2.0, 4.0], 20)
    result = correlate({"m": place}, {"m": place}, groups=np.repeat(np.arange(20), 3), seed=0, n_permutations=50)["m"]
    assert (result.band, result.p) == (pytest.approx(1), 1)


def test_shuffled_r_is_that_of_the_complete_shuffled_pairs(sides):
    a, b, _, _ = sides
    clip = np.random.default_rng(4).integers(0, 240, size=(3, 240))
    ours = _r_given(_pairs(a, b), clip)
    complete = np.isfinite(a["wide"]) & np.isfinite(b["wide"])
    for row, chosen in zip(ours, clip, strict=True):
        both = complete & complete[chosen]
        assert row[0] == pytest.approx(stats.pearsonr(a["wide"][both], b["wide"][chosen][both]).statistic)


def test_the_test_by_shuffling_is_fair_where_persons_have_unlike_numbers_of_clips():
    rng, rejected = np.random.default_rng(3), 0
    for _ in range(300):
        persons = np.repeat(np.arange(40), rng.integers(1, 6, 40))
        x, y = rng.normal(size=(2, 40))[:, persons] + 0.3 * rng.normal(size=(2, len(persons)))
        rejected += (
            correlate({"m": x}, {"m": y}, groups=persons, seed=0, n_resamples=50, n_permutations=99)["m"].p <= 0.05
        )
    assert rejected / 300 == pytest.approx(0.05, abs=0.035)


def test_a_sex_of_fewer_than_four_persons_is_left_out(sides):
    a, b, persons, sex = sides
    few = np.where(persons < 3, "x", sex)
    assert list(correlate(a, b, groups=persons, sex=few, seed=0, n_permutations=50)["tall"].by_sex) == ["f", "m"]


def test_clips_of_unknown_sex_count_in_the_pooled_r_only(sides):
    a, b, persons, sex = sides
    some = correlate(a, b, groups=persons, sex=np.where(persons < 30, "", sex), seed=0, n_permutations=50)["tall"]
    rest = {side: {"tall": values["tall"][persons >= 30]} for side, values in (("a", a), ("b", b))}
    known = correlate(**rest, groups=persons[persons >= 30], sex=sex[persons >= 30], seed=0, n_permutations=50)["tall"]
    assert (some.pooled.n, some.within_sex.n, list(some.by_sex)) == (240, 150, ["f", "m"])
    assert some.within_sex.value == pytest.approx(known.within_sex.value)
    unknown = correlate(a, b, groups=persons, sex=np.full(240, ""), seed=0, n_permutations=50)["tall"]
    assert (unknown.within_sex, unknown.by_sex) == (None, {})


def test_what_has_no_correlation_is_refused(sides):
    a, b, _, _ = sides
    with pytest.raises(InputError, match="same measures in one order"):
        correlate(a, {"wide": b["wide"]}, seed=0)
    with pytest.raises(InputError, match="tall is one value for all faces"):
        correlate(a, b | {"tall": np.ones(240)}, seed=0)
    with pytest.raises(InputError, match="wide: r needs 4 pairs, 3 are complete"):
        correlate({"wide": np.array([1.0, 2, 3, np.nan])}, {"wide": np.arange(4.0)}, seed=0)


def test_the_five_printed_statistics_files_fit_962_to_970_faces_and_not_1000():
    assert len(PAIRS) == 65
    fits = implied_n(*PAIRS.T)
    assert (fits[0], fits[-1]) == (962, 970)
    assert 968 in fits
    assert 1000 not in fits


def test_the_typed_statistics_are_the_published_ones(published_source):
    files = sorted((published_source / "figures" / "landmark").glob("stat_*.txt"))
    found = [pair for file in files for pair in re.findall(r"Corr: ([\d.]+), p-val: ([\d.]+)", file.read_text())]
    assert sorted(map(tuple, np.array(found, dtype=float))) == sorted(map(tuple, PAIRS))


def test_implied_n_agrees_with_scipy_at_its_edges():
    fits = implied_n(np.array([0.042]), np.array([0.191]))
    for n, inside in ((fits[0] - 1, False), (fits[0], True), (fits[-1], True), (fits[-1] + 1, False)):
        p = [2 * stats.t.sf(r * np.sqrt((n - 2) / (1 - r * r)), n - 2) for r in (0.0425, 0.0415)]
        assert (p[0] <= 0.1915 and p[1] >= 0.1905) == inside


def test_implied_n_is_open_above_for_p_zero_and_empty_for_contradictions():
    assert implied_n(np.array([-0.3]), np.array([0.0]))[-1] == LARGEST_N
    assert len(implied_n(np.array([0.3, 0.3]), np.array([0.0, 0.5]))) == 0
