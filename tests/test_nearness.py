"""Fast ranks and lists against extended precision, one pair at a time, on data made to deceive single precision."""

import numpy as np
import pytest

from s2f_core.errors import InputError
from s2f_core.evaluate import nearness, retrieval
from s2f_core.evaluate.nearness import TIE, Space

METRICS = ("cosine", "l2", "l1")


def distances(queries: np.ndarray, gallery: np.ndarray, metric: str) -> np.ndarray:
    """Every distance by its formula in extended precision, on the scale that the tie rule is stated for."""
    queries, gallery = queries.astype(np.longdouble), gallery.astype(np.longdouble)
    if metric == "l2":
        queries, gallery = queries - gallery.mean(0), gallery - gallery.mean(0)
    norms = [(np.abs(side).sum(1) if metric == "l1" else np.sqrt((side**2).sum(1))) for side in (queries, gallery)]
    if metric == "cosine":
        return np.stack([1 - (gallery * query).sum(1) / norms[1] / norm for query, norm in zip(queries, norms[0], strict=True)])
    apart = [np.abs(query - gallery) for query in queries]
    scale = max(norm.max() for norm in norms)
    return np.stack([(one**2).sum(1) / scale**2 if metric == "l2" else one.sum(1) / scale for one in apart])


def slow_ranks(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    own = found[np.arange(len(truth)), truth]
    return (found <= own[:, None] + TIE).sum(1)


def crowded(dtype: type, offset: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A gallery of a few faces and their near and exact doubles, between which single precision cannot tell."""
    rng = np.random.default_rng(7)
    faces = rng.normal(size=(12, 40))
    steps = np.array([0, 0, 3e-8, 1e-7, 1e-6, 1e-5, 1e-3])
    gallery = (faces[:, None] + steps[:, None] * rng.normal(size=(12, 7, 40))).reshape(-1, 40)[rng.permutation(84)] + offset
    truth = rng.permutation(84)[:50]
    queries = gallery[truth] + 0.5 * rng.normal(size=(50, 40))
    queries[:9] = gallery[truth[:9]]
    return queries.astype(dtype), gallery.astype(dtype), truth


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("sparse", [0.0, 2.0])
def test_ranks_among_near_ties_and_doubles_are_the_exact_ones(metric, dtype, sparse, monkeypatch):
    monkeypatch.setattr(nearness, "DENSE", sparse)  # 0: near-ties by a product in double precision, 2: one by one
    queries, gallery, truth = crowded(dtype)
    expected = slow_ranks(distances(queries, gallery, metric), truth)
    np.testing.assert_array_equal(retrieval.ranks(queries, gallery, truth, metric).ranks, expected)
    if metric != "l1":
        coarse = queries.astype(np.float32) @ gallery.T.astype(np.float32)
        assert (slow_ranks(-coarse.astype(np.float64), truth) != expected).any()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dense", [0.0, nearness.DENSE, 2.0])
@pytest.mark.parametrize("k", [1, 6, 80])
def test_lists_among_near_ties_and_doubles_hold_the_nearest(metric, dense, k, monkeypatch):
    monkeypatch.setattr("s2f_core.evaluate.shortlist.DENSE", dense)
    monkeypatch.setattr(nearness, "FACES_AT_ONCE", 33)
    queries, gallery, _ = crowded(np.float64)
    true = distances(queries, gallery, metric)
    lists = retrieval.top(queries, gallery, k, metric)
    assert all(len(set(one)) == k for one in lists.tolist())
    found = np.take_along_axis(true, lists, 1).astype(np.float64)
    np.testing.assert_allclose(found, np.sort(true, axis=1)[:, :k].astype(np.float64), rtol=0, atol=1e-13)


def test_lists_over_many_groups_and_tiles_are_those_of_a_full_sort(monkeypatch):
    monkeypatch.setattr(nearness, "FACES_AT_ONCE", 300)
    monkeypatch.setattr("s2f_core.evaluate.shortlist.WAITING", 1)
    rng = np.random.default_rng(2)
    queries, gallery = rng.normal(size=(30, 8)).astype(np.float32), rng.normal(size=(1000, 8)).astype(np.float32)
    persons = rng.integers(0, 90, 30), rng.integers(0, 90, 1000)
    true = distances(queries, gallery, "l2")
    true[persons[0][:, None] == persons[1]] = np.inf
    lists = retrieval.top(queries, gallery, 10, "l2", people=persons)
    np.testing.assert_array_equal(lists, np.argsort(true, axis=1, kind="stable")[:, :10])


@pytest.mark.parametrize("metric", METRICS)
def test_equal_faces_everywhere_come_last_and_are_listed_in_order(metric):
    same = np.ones((40, 5), dtype=np.float32)
    assert retrieval.ranks(same, same, np.arange(40), metric).ranks.tolist() == [40] * 40
    assert retrieval.top(same, same, 3, metric).tolist() == [[0, 1, 2]] * 40


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("scale", [1e-40, 1e-25, 1e25])
def test_very_small_and_very_large_numbers_are_ranked_as_ordinary_ones(metric, scale):
    queries, gallery, truth = crowded(np.float64)
    plain = retrieval.ranks(queries, gallery, truth, metric).ranks
    np.testing.assert_array_equal(retrieval.ranks(scale * queries, scale * gallery, truth, metric).ranks, plain)


def test_one_face_far_away_does_not_blur_the_others():
    queries, gallery, truth = crowded(np.float64)
    gallery = np.concatenate([gallery, np.full((1, 40), 1e4)])
    expected = slow_ranks(distances(queries, gallery, "l2"), truth)
    np.testing.assert_array_equal(retrieval.ranks(queries, gallery, truth, "l2").ranks, expected)


@pytest.mark.parametrize("metric", ["cosine", "l2"])
@pytest.mark.parametrize("offset", [0.0, 30.0])
def test_the_product_in_single_precision_errs_less_than_it_says(metric, offset):
    rng = np.random.default_rng(3)
    queries = (rng.normal(size=(60, 2000)) * rng.lognormal(size=(60, 1)) + offset).astype(np.float32)
    gallery = (np.abs(rng.normal(size=(70, 2000))) + offset).astype(np.float32)
    space = Space(queries, gallery, metric)
    (tile,) = space.tiles()
    exact = space.of_block(tile.rows, tile.columns)
    wrong = np.abs(tile.closeness - exact).max(1)
    assert (wrong <= space.error).all() and wrong.max() > 0
    row, column = np.indices(exact.shape).reshape(2, -1)
    np.testing.assert_allclose(space.of_pairs(row, column).reshape(exact.shape), exact, rtol=0, atol=TIE / 10)


def test_a_block_without_numbers_is_refused_wherever_it_lies(monkeypatch):
    monkeypatch.setattr(nearness, "FACES_AT_ONCE", 2)
    gallery = np.ones((5, 3))
    gallery[4, 2] = np.inf
    with pytest.raises(InputError, match="finite features"):
        Space(np.ones((1, 3)), gallery, "l2")
