"""Nearest faces, ranks beside chance and readings with their intervals, each by a second road."""

import numpy as np
import pytest

from s2f_core.app import lookup
from s2f_core.app.shelf import Shelf

N_TEST, N_ALL, N_FEATURES = 150, 500, 32


def shelf(seed: int = 0) -> Shelf:
    """People by lot, whose ages and sexes stand in the first two features of what was heard."""
    rng = np.random.default_rng(seed)
    gallery = rng.standard_normal((N_ALL, N_FEATURES)).astype(np.float32)
    heard = rng.standard_normal((N_TEST, N_FEATURES)).astype(np.float32)
    truth = [{"sex": "female" if row[0] > 0 else "male", "age": 50 + 10 * float(row[1])} for row in heard]
    judge = np.zeros((N_FEATURES + 1, 2))
    judge[0], judge[1, 0], judge[2, 1] = (0.5, 50), 1, 10
    ids = [f"test-{number:05d}" if number < N_TEST else f"gallery-{number:05d}" for number in range(N_ALL)]
    return Shelf(ids, gallery, [b""] * N_ALL, heard, truth, judge, {})


def cosines(feature: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    rows = gallery.astype(np.float64)
    return np.array([float(feature @ row / np.linalg.norm(feature) / np.linalg.norm(row)) for row in rows])


def test_the_nearest_faces_are_those_of_a_plain_sort() -> None:
    some = shelf()
    close = cosines(some.heard[3], some.gallery)
    order = np.argsort(-close)
    found = lookup.nearest(some.heard[3], some, 5)
    assert [one.row for one in found] == order[:5].tolist()
    assert [one.id for one in found] == [some.ids[row] for row in order[:5]]
    np.testing.assert_allclose([one.angle for one in found], np.degrees(np.arccos(close[order[:5]])), atol=1e-3)


def test_the_rank_of_the_true_face_is_that_of_a_plain_sort() -> None:
    some = shelf()
    for row in range(10):
        place = lookup.place(some.heard[row], some, some.ids[row])
        assert place.rank == 1 + int(np.flatnonzero(np.argsort(-cosines(some.heard[row], some.gallery)) == row)[0])
        assert place.gallery == N_ALL and place.percent == pytest.approx(100 * place.rank / N_ALL)
    assert lookup.place(some.gallery[7], some, some.ids[7]).rank == 1


def test_voices_that_say_nothing_are_ranked_as_chance_says() -> None:
    places = [lookup.place(some.heard[row], some, some.ids[row]) for some in map(shelf, range(4)) for row in range(N_TEST)]
    error = N_ALL / np.sqrt(12 * len(places))  # standard error of a mean of even ranks
    assert abs(np.mean([one.rank for one in places]) - places[0].by_chance) < 4 * error
    assert places[0].by_chance == (1 + N_ALL) / 2
    assert np.mean([one.percent <= 10 for one in places]) == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / len(places)))


def test_a_reading_is_what_those_who_were_read_alike_are() -> None:
    some = shelf()
    feature = some.heard[0].copy()
    feature[:2] = 0.3, -1.0
    read = lookup.read(feature, some)
    alike = sorted(some.heard, key=lambda row: abs(float(row[0]) - 0.3))[: lookup.ALIKE]
    assert read.woman.value == pytest.approx(np.mean([row[0] > 0 for row in alike]))
    assert read.woman.low < read.woman.value < read.woman.high and read.woman.n == lookup.ALIKE
    ages = sorted(50 + 10 * float(row[1]) for row in sorted(some.heard, key=lambda row: abs(float(row[1]) + 1))[: lookup.ALIKE])
    assert read.age.value == pytest.approx(np.median(ages), abs=1e-4)
    assert ages[1] < read.age.low < ages[4] and ages[-5] < read.age.high < ages[-2]


def test_a_judge_of_features_is_read_in_its_own_units() -> None:
    some = shelf()
    judged = lookup.judged(some.heard, some)
    np.testing.assert_allclose(judged[:, 0], 0.5 + some.heard[:, 0], rtol=1e-6)
    np.testing.assert_allclose(judged[:, 1], [one["age"] for one in some.truth], rtol=1e-6)
