"""Retrieval against brute force, scikit-learn, counting by hand and random orders."""

import numpy as np
import pytest
from scipy import stats
from sklearn import neighbors

from s2f_core.errors import InputError
from s2f_core.evaluate.hubness import hubness
from s2f_core.evaluate.retrieval import (
    Ranking,
    median_rank,
    printed_ranks,
    ranks,
    recall_at_percent,
    recall_at_rank,
    top,
)

METRICS = {"cosine": "cosine", "l2": "sqeuclidean", "l1": "cityblock"}


@pytest.fixture
def embeddings():
    rng = np.random.default_rng(0)
    gallery = rng.normal(size=(60, 16)).astype(np.float32)
    truth = rng.permutation(60)[:40]
    return gallery[truth] + rng.normal(size=(40, 16)).astype(np.float32), gallery, truth


def brute_distance(query, face, metric):
    query, face = query.astype(np.float64), face.astype(np.float64)
    if metric == "cosine":
        return 1 - query @ face / np.linalg.norm(query) / np.linalg.norm(face)
    return np.abs(query - face).sum() if metric == "l1" else ((query - face) ** 2).sum()


@pytest.mark.parametrize("metric", METRICS)
def test_ranks_agree_with_brute_force(embeddings, metric):
    queries, gallery, truth = embeddings
    expected = []
    for query, own in zip(queries, truth, strict=True):
        order = sorted(range(len(gallery)), key=lambda face: brute_distance(query, gallery[face], metric))  # noqa: B023
        expected.append(order.index(own) + 1)
    found = ranks(queries, gallery, truth, metric)
    np.testing.assert_array_equal(found.ranks, expected)
    assert set(found.gallery) == {60}
    assert set(found.right) == {1}


@pytest.mark.parametrize("metric", METRICS)
def test_the_nearest_faces_agree_with_scikit_learn(embeddings, metric):
    queries, gallery, truth = embeddings
    finder = neighbors.NearestNeighbors(n_neighbors=60, metric=METRICS[metric], algorithm="brute").fit(gallery)
    theirs = finder.kneighbors(queries, return_distance=False)
    np.testing.assert_array_equal(top(queries, gallery, 10, metric), theirs[:, :10])
    np.testing.assert_array_equal(
        ranks(queries, gallery, truth, metric).ranks, (theirs == truth[:, None]).argmax(1) + 1
    )


@pytest.mark.parametrize("metric", METRICS)
def test_small_blocks_give_the_same_ranks(embeddings, metric, monkeypatch):
    whole = ranks(*embeddings, metric).ranks
    for name in ("QUERIES_AT_ONCE", "FACES_AT_ONCE", "PAIR_CELLS"):
        monkeypatch.setattr(f"s2f_core.evaluate.nearness.{name}", 7)
    np.testing.assert_array_equal(ranks(*embeddings, metric).ranks, whole)


@pytest.mark.parametrize("metric", METRICS)
def test_ties_count_against_us_so_that_one_average_face_is_last(metric):
    gallery = np.random.default_rng(0).normal(size=(9, 4))
    gallery[[2, 5, 7]] = gallery[2]
    query = gallery[[2]]
    assert ranks(query, gallery, np.array([5]), metric).ranks.tolist() == [3]
    average = np.ones((9, 4)) / 3
    assert ranks(average, average, np.arange(9), metric).ranks.tolist() == [9] * 9


def test_a_common_offset_does_not_cost_l2_its_digits(embeddings):
    queries, gallery, truth = (side.astype(np.float64) for side in embeddings)
    truth = truth.astype(int)
    near = ranks(queries, gallery, truth, "l2").ranks
    np.testing.assert_array_equal(ranks(queries + 1e5, gallery + 1e5, truth, "l2").ranks, near)


def test_other_clips_of_the_same_person_are_rivals_left_out_or_hits():
    gallery = np.array([[0.0], [1.0], [2.0], [3.0], [10.0]])
    persons = np.array(["x", "y", "x", "z", "y"])
    query, truth, people = np.array([[0.1]]), np.array([2]), (np.array(["x"]), persons)
    rival = ranks(query, gallery, truth, "l2")
    left_out = ranks(query, gallery, truth, "l2", people=people)
    hit = ranks(query, gallery, truth, "l2", people=people, same="hit")
    found = [(int(r.ranks[0]), int(r.gallery[0]), int(r.right[0])) for r in (rival, left_out, hit)]
    assert found == [(3, 5, 1), (2, 4, 1), (1, 5, 2)]
    assert top(query, gallery, 3, "l2", people=people).tolist() == [[1, 3, 4]]


@pytest.mark.parametrize("same", ["left_out", "hit"])
def test_chance_is_what_random_orders_give_when_persons_have_several_faces(same):
    rng = np.random.default_rng(1)
    persons = np.repeat(np.arange(12), rng.integers(1, 6, 12))
    people, truth = (persons, persons), np.arange(len(persons))
    found = [ranks(*rng.normal(size=(2, len(persons), 3)), truth, "l2", people=people, same=same) for _ in range(400)]
    pooled = np.concatenate([each.ranks for each in found])
    assert recall_at_rank(found[0], 3).baseline == pytest.approx((pooled <= 3).mean(), abs=0.01)
    assert recall_at_percent(found[0], 20).baseline == pytest.approx(
        np.mean([recall_at_percent(each, 20).value for each in found]), abs=0.01
    )
    assert median_rank(found[0], seed=0).baseline == pytest.approx(np.median(pooled), abs=0.5)


def test_recall_is_counted_by_rank_and_by_percent_with_the_chance_of_each():
    ranking = printed_ranks(np.array([1, 3, 4, 328]), 328)
    at_rank, at_percent = recall_at_rank(ranking, 3), recall_at_percent(ranking, 1)
    assert (at_rank.value, at_rank.n, at_rank.baseline) == (0.5, 4, pytest.approx(3 / 328))
    assert (at_percent.value, at_percent.baseline) == (0.5, pytest.approx(3 / 328))  # 3.28 faces: 3 are looked at
    assert recall_at_rank(ranking, 1000).baseline == 1
    assert recall_at_percent(ranking, 0.1).value == recall_at_percent(ranking, 0.1).baseline == 0


@pytest.mark.parametrize(
    ("percent", "size", "places"), [(1, 5000, 50), (10, 5000, 500), (0.02, 5000, 1), (32.3, 1000, 323)]
)
def test_a_percent_of_a_gallery_is_a_whole_number_of_places(percent, size, places):
    estimate = recall_at_percent(printed_ranks(np.array([places, places + 1]), size), percent)
    assert (estimate.value, estimate.baseline) == (0.5, pytest.approx(places / size))


def test_clips_of_one_person_widen_the_interval_of_recall():
    ranking = printed_ranks(np.tile([1, 9], 50).repeat(4), 10)
    apart, together = recall_at_rank(ranking, 1), recall_at_rank(ranking, 1, groups=np.arange(100).repeat(4))
    assert together.high - together.low > 1.8 * (apart.high - apart.low)


@pytest.mark.parametrize("size", [5, 10, 5000])
def test_the_chance_median_rank_is_the_middle_of_the_gallery(size):
    estimate = median_rank(printed_ranks(np.arange(1, 5), size), seed=0)
    assert (estimate.value, estimate.baseline, estimate.n) == (2.5, (size + 1) / 2, 4)
    assert 1 <= estimate.low < 2.5 < estimate.high <= 4


def test_the_chance_median_of_a_first_hit_is_that_of_the_smallest_of_several_random_ranks():
    ranking = Ranking(np.array([1]), np.array([101]), np.array([3]))
    rng = np.random.default_rng(0)
    drawn = [rng.permutation(101)[:3].min() + 1 for _ in range(20_000)]
    assert median_rank(ranking, seed=0).baseline == pytest.approx(np.median(drawn), abs=1)


def test_the_chance_median_goes_beyond_the_smallest_gallery():
    sizes = np.array([3, 1000, 1000, 1000])
    ranking = Ranking(np.ones(4, dtype=int), sizes, np.ones(4, dtype=int))
    assert median_rank(ranking, seed=0).baseline == pytest.approx(1000 / 3, abs=1)  # (1 + 3 · k / 1000) / 4 = 1 / 2


def test_bad_input_to_retrieval_is_refused_with_its_reason(embeddings):
    queries, gallery, truth = embeddings
    with pytest.raises(InputError, match="drop missing faces"):
        ranks(np.full_like(queries, np.nan), gallery, truth, "l2")
    with pytest.raises(InputError, match="finite features"):
        ranks(queries, gallery[:0], truth, "l2")
    with pytest.raises(InputError, match="zero vector"):
        ranks(queries * 0, gallery, truth, "cosine")
    with pytest.raises(InputError, match="another person"):
        ranks(queries, gallery, truth, "l2", people=(truth, np.arange(60)[::-1]))
    with pytest.raises(InputError, match="lists of 61 do not fit a gallery of 60"):
        top(queries, gallery, 61, "l2")
    with pytest.raises(InputError, match="between 1 and the gallery's 5000"):
        printed_ranks(np.array([0, 5]), 5000)


def test_even_lists_have_no_hubs_and_a_favourite_face_is_one():
    even = hubness(np.arange(100).reshape(20, 5), 100, seed=0)
    assert (even.distinct.value, even.largest.value, even.skewness.value) == (100, 1, 0)
    lists = np.arange(100).reshape(20, 5)
    lists[:, 0] = 100
    hub = hubness(lists, 101, seed=0)
    assert hub.largest.value == 20 > hub.largest.high
    assert hub.skewness.value > hub.skewness.high


def test_what_random_lists_give_agrees_with_exact_results():
    result = hubness(np.random.default_rng(0).permuted(np.tile(np.arange(50), (30, 1)), axis=1)[:, :10], 50, seed=1)
    draws = stats.binom(30, 10 / 50).rvs(size=(20_000, 50), random_state=1)  # N_k of independent faces
    assert result.distinct.expected == pytest.approx(50 * (1 - 0.8**30))
    assert result.distinct.low <= result.distinct.expected <= result.distinct.high
    assert result.largest.expected == pytest.approx(draws.max(1).mean(), abs=0.3)
    assert result.largest.low <= result.largest.value <= result.largest.high


def test_lists_as_long_as_the_gallery_hold_every_face_each_time():
    result = hubness(np.tile(np.arange(7), (4, 1)), 7, seed=0)
    assert (result.distinct.low, result.distinct.high, result.largest.low, result.largest.high) == (7, 7, 4, 4)


def test_lists_with_faces_outside_the_gallery_are_refused():
    with pytest.raises(InputError, match="gallery rows 0 … 4"):
        hubness(np.array([[1, 5]]), 5, seed=0)
