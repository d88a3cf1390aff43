"""Agreement against scikit-learn, the fact sheet's numbers for Fig. 4, and faces placed by hand."""

import numpy as np
import pytest
from sklearn import metrics

from s2f_core.errors import InputError
from s2f_core.evaluate.agreement import agreement, confusion, from_matrix
from s2f_core.evaluate.intervals import wilson
from s2f_core.evaluate.neighbours import neighbour_agreement

# Fig. 4: rows are the original's class, cells the reconstruction's (ori → S2F); shares are the authors' 4,986 counts.
GENDER = np.array([[0.94, 0.06], [0.06, 0.94]])
GENDER_FACES = np.array([3119, 1867])
ETHNICITY = np.array(
    [[0.50, 0.03, 0.10, 0.38], [0.27, 0.11, 0.13, 0.49], [0.27, 0.13, 0.13, 0.48], [0.30, 0.04, 0.05, 0.61]]
)
ETHNICITY_FACES = np.array([1443, 603, 435, 2505])
ETHNICITIES = ["asian", "black", "india", "white"]
AGE = np.array(
    [
        [0, 0.38, 0.38, 0.23, 0, 0, 0],
        [0, 0.26, 0.38, 0.24, 0.09, 0.02, 0.01],
        [0, 0.21, 0.32, 0.32, 0.10, 0.03, 0.02],
        [0, 0.09, 0.32, 0.33, 0.18, 0.05, 0.02],
        [0, 0.07, 0.24, 0.27, 0.30, 0.08, 0.05],
        [0, 0.05, 0.12, 0.33, 0.28, 0.16, 0.05],
        [0, 0.08, 0.14, 0.20, 0.14, 0.10, 0.35],
    ]
)
AGE_FACES = np.array([97, 1464, 1372, 937, 609, 322, 167 + 18])  # the shares' 70s and over 80 are the matrix's last row
AGES = ["10", "20", "30", "40", "50", "60", "70"]


@pytest.fixture
def labels():
    rng = np.random.default_rng(0)
    true = rng.choice(3, 300, p=[0.6, 0.3, 0.1])
    predicted = np.where(rng.random(300) < 0.5, true, rng.choice(3, 300))
    return np.array(["a", "b", "c"])[true], np.array(["a", "b", "c"])[predicted]


def test_confusion_accuracy_balanced_accuracy_and_kappa_agree_with_scikit_learn(labels):
    result = agreement(*labels, ["a", "b", "c"], seed=0)
    np.testing.assert_array_equal(confusion(*labels, ["a", "b", "c"]), metrics.confusion_matrix(*labels))
    assert result.accuracy.value == pytest.approx(metrics.accuracy_score(*labels))
    assert result.balanced.value == pytest.approx(metrics.balanced_accuracy_score(*labels))
    assert result.kappa.value == pytest.approx(metrics.cohen_kappa_score(*labels))
    recall = metrics.recall_score(*labels, average=None)
    assert [each.value for each in result.recall.values()] == pytest.approx(list(recall))


def test_baselines_are_the_majority_and_chance(labels):
    result = agreement(*labels, ["a", "b", "c"], seed=0, ordered=True)
    true, predicted = labels
    assert result.majority == "a"
    assert result.accuracy.baseline == pytest.approx((true == "a").mean())
    assert (result.balanced.baseline, result.kappa.baseline) == (pytest.approx(1 / 3), 0)
    assert result.within_one.baseline == 1  # "b" for everyone is never two classes off
    assert result.recall["c"].baseline == pytest.approx((predicted == "c").mean())
    assert result.expected == pytest.approx(sum((true == c).mean() * (predicted == c).mean() for c in "abc"))
    assert agreement(*labels, ["a", "b", "c"], seed=0).within_one is None


def test_within_one_class_is_counted_on_the_given_order():
    true, predicted = np.array(["30", "30", "30", "40"]), np.array(["20", "30", "50", "50"])
    assert agreement(true, predicted, ["20", "30", "40", "50"], ordered=True, seed=0).within_one.value == 0.75


def test_persons_with_many_clips_widen_every_interval(labels):
    copies = [np.repeat(side, 4) for side in labels]
    blind = agreement(*copies, ["a", "b", "c"], seed=0)
    aware = agreement(*copies, ["a", "b", "c"], seed=0, groups=np.repeat(np.arange(300), 4))
    for name in ("accuracy", "balanced", "kappa"):
        narrow, wide = getattr(blind, name), getattr(aware, name)
        assert narrow.value == wide.value
        assert 1.7 < (wide.high - wide.low) / (narrow.high - narrow.low) < 2.3


def test_labels_outside_the_classes_and_undefined_kappa_are_refused():
    a, b = np.array(["a", "a"]), np.array(["a", "z"])
    with pytest.raises(InputError, match=r"among \['a', 'b'\]; got \['z'\]"):
        agreement(a, b, ["a", "b"], seed=0)
    with pytest.raises(InputError, match="got none"):
        confusion(a[:0], b[:0], ["a", "b"])
    with pytest.raises(InputError, match="undefined on these 2 rows"):
        agreement(a, a, ["a", "b"], seed=0)


def test_fig4_gender_agreement_is_high():
    result = from_matrix(GENDER, GENDER_FACES, 968, ["M", "F"], seed=0)
    assert (round(result.accuracy.value, 3), round(result.kappa.value, 2)) == (0.940, 0.87)
    assert (result.majority, round(result.accuracy.baseline, 3)) == ("M", 0.626)
    assert result.accuracy.low > result.accuracy.baseline


def test_fig4_ethnicity_agreement_is_below_always_white():
    result = from_matrix(ETHNICITY, ETHNICITY_FACES, 968, ETHNICITIES, seed=0)
    numbers = result.accuracy.value, result.balanced.value, result.kappa.value
    assert [round(value, digits) for value, digits in zip(numbers, (3, 3, 2), strict=True)] == [0.474, 0.336, 0.16]
    assert (result.majority, round(result.accuracy.baseline, 3), result.balanced.baseline) == ("white", 0.502, 0.25)
    assert round(result.recall["black"].value, 2) == 0.11
    assert result.recall["black"].n == 117  # 968 · 603 / 4,986
    assert result.within_one is None


def test_fig4_age_agreement_is_no_better_than_always_the_twenties():
    result = from_matrix(AGE, AGE_FACES, 968, AGES, ordered=True, seed=0)
    numbers = result.accuracy.value, result.balanced.value, result.kappa.value, result.within_one.value
    assert [round(v, d) for v, d in zip(numbers, (3, 3, 2, 3), strict=True)] == [0.287, 0.246, 0.09, 0.714]
    assert (result.majority, round(result.accuracy.baseline, 3)) == ("20", 0.294)
    assert round(result.within_one.baseline, 3) == 0.757  # always the thirties


def test_a_matrix_and_the_labels_behind_it_give_the_same_statistics_and_alike_intervals(labels):
    classes = ["a", "b", "c"]
    table = confusion(*labels, classes)
    from_labels = agreement(*labels, classes, ordered=True, seed=0)
    matrix = table / table.sum(1, keepdims=True)
    published = from_matrix(matrix, table.sum(1), 300, classes, ordered=True, decimals=6, seed=0)
    for name in ("accuracy", "balanced", "kappa", "within_one"):
        ours, theirs = getattr(published, name), getattr(from_labels, name)
        assert ours.value == pytest.approx(theirs.value)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.012)
        assert ours.baseline == pytest.approx(theirs.baseline)
    assert published.recall["b"].low == pytest.approx(from_labels.recall["b"].low)


def test_coarse_rounding_of_the_matrix_widens_the_interval():
    fine, coarse = (
        from_matrix(np.array([[0.6, 0.4], [0.4, 0.6]]), np.ones(2), 20_000, ["a", "b"], decimals=d, seed=0).accuracy
        for d in (4, 1)
    )
    assert coarse.high - coarse.low > 3 * (fine.high - fine.low)


@pytest.mark.parametrize(
    ("matrix", "shares", "n"),
    [
        ([[1, 0], [0, 0]], [1, 1], 9),
        ([[1, 0], [-1, 2]], [1, 1], 9),
        ([[1, 0], [0, 1]], [1, 0], 9),
        ([[1, 0], [0, 1]], [1, 1], 0),
    ],
)
def test_a_matrix_that_is_none_is_refused(matrix, shares, n):
    with pytest.raises(InputError, match=f"got n = {n}"):
        from_matrix(np.array(matrix), np.array(shares), n, ["a", "b"], seed=0)


def test_the_nearest_other_person_decides_and_chance_leaves_the_own_person_out():
    gallery = np.array([[0.0], [0.1], [1.0], [5.0], [6.0]])
    persons, labels = np.array(["p", "p", "q", "r", "s"]), np.array(["f", "f", "f", "m", "f"])
    queries = np.array([[0.0], [5.4]])
    result = neighbour_agreement(
        (queries, gallery), (np.array(["f", "m"]), labels), (np.array(["p", "r"]), persons), seed=0
    )
    # p's nearest other person is q (f: right), r's is s (f: wrong); of q, r, s two are f, of p, p, q, s none is m
    assert (result.by_class["f"].value, result.by_class["m"].value) == (1, 0)
    assert (result.by_class["f"].baseline, result.by_class["m"].baseline) == (pytest.approx(2 / 3), 0)
    assert (result.pooled.value, result.pooled.baseline) == (0.5, pytest.approx(1 / 3))
    assert (result.balanced.value, result.balanced.n) == (0.5, 2)


def test_neighbours_in_a_space_without_information_agree_as_often_as_chance():
    rng = np.random.default_rng(0)
    persons = np.repeat(np.arange(400), 3)
    labels = np.array(["x", "y"])[(persons % 5 == 0).astype(int)]
    space = rng.normal(size=(2, 1200, 4))
    result = neighbour_agreement((space[0], space[1]), (labels, labels), (persons, persons), seed=0)
    assert result.pooled.low < result.pooled.baseline < result.pooled.high
    assert result.balanced.low < result.balanced.baseline < result.balanced.high
    assert result.balanced.baseline == pytest.approx(0.5, abs=0.01)
    assert result.by_class["x"].n == 960


def test_the_pooled_neighbour_interval_of_single_clips_is_close_to_wilsons():
    space = np.random.default_rng(0).normal(size=(300, 4))
    labels, persons = np.tile(["x", "y", "z"], 100), np.arange(300)
    pooled = neighbour_agreement((space, space), (labels, labels), (persons, persons), seed=0).pooled
    plain = wilson(round(300 * pooled.value), 300)
    assert (pooled.low, pooled.high) == pytest.approx((plain.low, plain.high), abs=0.003)


def test_a_gallery_of_one_person_is_refused():
    faces, same = np.ones((2, 3)), np.array(["p", "p"])
    with pytest.raises(InputError, match="the only one in the gallery"):
        neighbour_agreement((faces, faces), (same, same), (same, same), seed=0)
