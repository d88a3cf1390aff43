"""Lesson 8: students' tests are judged by what they catch, wrong lines are known by name, and the page shows what runs."""

import inspect
from typing import Any

import nbformat
import numpy as np
import pytest
import torch
from checkout import ROOT

from s2f_core.errors import InputError
from s2f_core.lessons import museum, museum_checks, specimens, splits
from s2f_core.lessons.feedback import NotYet
from s2f_core.training.losses import PUBLISHED, Layers

NO_LAYERS = Layers(torch.abs, torch.abs)  # the linear voice and the squared error ask none


def fails_everything(function: Any) -> None:
    assert function is None, "no"


def split_test(split: Any) -> None:
    texts = [f"p{number}" for number in range(30)]
    assert splits.in_process(split, texts, 3)[0] == splits.in_process(split, texts, 4)[0]


def order_test(split: Any) -> None:
    assert split(["b", "a"])[0] == sorted(split(["b", "a"])[0])
    assert splits.in_process(split, [f"p{n}" for n in range(30)], 3)[0] == sorted(splits.in_process(
        split, [f"p{n}" for n in range(30)], 3)[0])


def overlap_test(split: Any) -> None:
    assert not set.intersection(*map(set, split([f"p{number}" for number in range(30)])))


@pytest.mark.parametrize(("test", "hint"), [
    (lambda split: None, "still open, or your test lets a mistake pass .*two, with different hash seeds"),
    (overlap_test, "never overlap"), (order_test, "not enough"), (fails_everything, "refuses code that is right .*'no'"),
    (lambda split: split(3), "stops with Type"), (lambda split: True, "returns nothing"), (..., "still open"),
])
def test_a_weak_test_of_a_split_is_told_what_it_misses(test: Any, hint: str) -> None:
    with pytest.raises(NotYet, match=hint):
        museum_checks.check_split_test(test)


def test_good_tests_pass() -> None:
    def of_distance(distance: Any) -> None:  # another road than the page's: one clip scaled
        v_s, v_f = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(1))
        scaled = v_s * torch.tensor([1.0, 1.0, 9.0, 1.0, 1.0])[:, None]
        assert abs(float(distance(scaled, v_f) - distance(v_s, v_f))) < 1e-4

    def of_input(front_end: Any) -> None:  # against NumPy
        samples = torch.randn(800, generator=torch.Generator().manual_seed(1))
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
        first = np.fft.rfft(samples[:400].numpy() * hann, 512)
        wanted = np.stack([np.sign(part) * np.abs(part) ** 0.3 for part in (first.real, first.imag)], axis=1)
        assert np.allclose(front_end(samples)[0].numpy()[1:-1], wanted[1:-1], atol=1e-2)

    def of_recall(recall: Any) -> None:
        found, chance = recall(*torch.randn(2, 640, 8, generator=torch.Generator().manual_seed(1)))
        assert abs(found - chance) < 0.05

    museum_checks.check_split_test(split_test)
    museum_checks.check_distance_test(of_distance)
    museum_checks.check_input_test(of_input)
    museum_checks.check_recall_test(of_recall)


def test_weak_tests_are_told_what_they_miss() -> None:
    def equal(distance: Any) -> None:
        v = torch.ones(3, 4)
        assert float(distance(v, v)) < 1e-6

    def shape(front_end: Any) -> None:
        assert front_end(torch.zeros(800)).shape == (3, 257, 2)

    def hundred(recall: Any) -> None:
        found, chance = recall(*torch.randn(2, 100, 8, generator=torch.Generator().manual_seed(1)))
        assert abs(found - chance) < 0.1

    for check, test, hint in ((museum_checks.check_distance_test, equal, "other clips"),
                              (museum_checks.check_input_test, shape, "upside down"),
                              (museum_checks.check_recall_test, hundred, "right by luck")):
        with pytest.raises(NotYet, match=hint):
            check(test)


@pytest.mark.parametrize(("exhibit", "right", "wrong", "hint"), [
    ("split", ("A", "a", ["A"]), "C", "which order"), ("distance", ("A", "B", "AB", ["A", "B"]), "C", "length"),
    ("input", ("C", " c "), "D", "Which two numbers"),
])
def test_the_wrong_line_is_known(exhibit: str, right: tuple[Any, ...], wrong: str, hint: str) -> None:
    for answer in right:
        museum_checks.check_line(exhibit, answer)
    for answer, words in ((wrong, hint), ("E", "letter of a line"), (7, "letter of a line"), (..., "still open")):
        with pytest.raises(NotYet, match=words):
            museum_checks.check_line(exhibit, answer)


def test_guessing_is_counted_in_places() -> None:
    museum_checks.check_chances([0.1, 10 / 604, 0.002], (100, 604, 5000))
    for answer, hint in (([0.1, 0.1, 0.1], "hundred faces only"), ([0.01, 1 / 604, 0.0002], "one place"),
                         ([10, 1000 / 604, 0.2], "per cent"), ([10, 60.4, 500], "upside down"), ([0.1], "galleries")):
        with pytest.raises(NotYet, match=hint):
            museum_checks.check_chances(answer, (100, 604, 5000))


def test_only_splits_of_the_museum_run_in_other_processes() -> None:
    with pytest.raises(InputError, match="only functions of"):
        splits.in_process(lambda ids: ([], []), ["a"], 0)


def test_the_exhibits_stand_on_the_page_as_they_run() -> None:
    page = nbformat.read(ROOT / "notebooks" / "tutorials" / "08_bug_museum.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    for exhibit in (splits.exhibit, specimens.exhibit_distance, specimens.exhibit_input, specimens.exhibit_recall):
        assert f"```python\n{inspect.getsource(exhibit)}```" in text


def test_what_a_leak_does_is_seen_where_there_is_nothing_else_to_find() -> None:
    """Voices that tell nothing: the headline of the exhibit leaves chance, that of a split which holds does not."""
    rng = np.random.default_rng(0)
    voices, faces = rng.standard_normal((100, 30), np.float32), rng.standard_normal((100, 20), np.float32)
    bench = museum.Bench([f"p{number}" for number in range(100)], voices, {}, faces, NO_LAYERS, PUBLISHED)
    (first, fresh), (again, leaked) = museum.resumed(bench, splits.exhibit, 2, 3)
    assert (first, again > 0.5) == (0, True)
    assert leaked.value > fresh.value + 0.2
    (_, one), (known, two) = museum.resumed(bench, splits.sorted_first, 2, 1)
    assert (known, two.value) == (0, one.value)


def test_everybody_is_tested_once_by_a_network_of_the_other_half() -> None:
    rng = np.random.default_rng(0)
    frames = torch.randn(40, 3, 30, generator=torch.Generator().manual_seed(0))
    faces = rng.standard_normal((60, 24), np.float32)
    bench = museum.Bench([f"p{number}" for number in range(40)], frames[:, 0].numpy(), {}, faces, NO_LAYERS, PUBLISHED)
    for train, test in museum.halves(bench, 0):
        assert sorted([*train, *test]) == list(range(40))
    ranking = museum.taught(bench, frames, museum.squared_error, batch_size=8, n_epochs=1, seed=0)
    assert (len(ranking.ranks), set(ranking.gallery.tolist())) == (40, {60})
    assert set(museum.in_gallery(bench, 10, 0).gallery.tolist()) == {10}
