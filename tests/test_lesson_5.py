"""Checks of tutorial 5: right answers pass by any road, and each typical wrong one gets the hint that names it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from s2f_core.evaluate import intervals
from s2f_core.lessons import five_minutes, five_minutes_checks, recall
from s2f_core.lessons.feedback import NotYet
from s2f_core.models.voice_encoder import VoiceEncoder, paper

DEAL, STEP = five_minutes_checks.check_deal, five_minutes_checks.check_step


def deal(person: np.ndarray, n_test: int, draw: np.random.Generator) -> list:
    tested = set(draw.permutation(sorted(set(person)))[:n_test])
    return [int(one in tested) for one in person]


def clips_dealt(person: np.ndarray, n_test: int, draw: np.random.Generator) -> np.ndarray:
    return np.isin(np.arange(len(person)), draw.choice(len(person), 2 * n_test, replace=False))


def first_people(person: np.ndarray, n_test: int, draw: np.random.Generator) -> np.ndarray:
    return np.isin(person, np.unique(person)[:n_test])


def drawn_twice(person: np.ndarray, n_test: int, draw: np.random.Generator) -> np.ndarray:
    return np.isin(person, draw.choice(np.unique(person)[:8], n_test))


def step(net: Any, optimiser: Any, loss_of: Any, heard: Any, wanted: Any, *, order: str = "zbs", back: Any = torch.Tensor.item
         ) -> Any:
    """The loss, and then in some order: zero the gradients, backward, step, evaluation mode."""
    loss = loss_of(net(heard), wanted)
    moves = {"z": optimiser.zero_grad, "b": loss.backward, "s": optimiser.step, "e": net.eval}
    for letter in order:
        moves[letter]()
    return back(loss)


def stepped(**how: Any) -> Callable[..., Any]:
    return lambda *given: step(*given, **how)


@pytest.mark.parametrize(("check", "answer", "found"), [
    (DEAL, deal, "6 of 20"),
    (DEAL, lambda p, n, draw: np.isin(p, draw.choice(np.unique(p), n, replace=False)), "people are dealt"),
    (STEP, step, "four steps"), (STEP, stepped(order="zbs"), "four"),
    (STEP, stepped(order="bsz", back=lambda loss: loss.detach()), "four"),
    (STEP, stepped(back=lambda loss: np.float32(loss.item())), "falls"),
])
def test_right_answers_pass(check: Callable, answer: Any, found: str, capsys: pytest.CaptureFixture) -> None:
    check(answer)
    assert found in (said := capsys.readouterr().out) and said.startswith("✓")


@pytest.mark.parametrize(("check", "answer", "hint"), [
    (DEAL, lambda *given: ..., "still open"), (DEAL, lambda *given: None, "return"),
    (DEAL, lambda p, n, draw: 1 / 0, "ZeroDivision"), (DEAL, clips_dealt, "leak"), (DEAL, first_people, "same people"),
    (DEAL, drawn_twice, "replace=False"),
    (DEAL, lambda p, n, draw: ~np.isin(p, draw.choice(np.unique(p), n, replace=False)), "exchanged"),
    (DEAL, lambda p, n, draw: draw.choice(np.unique(p), n, replace=False), "True or False for each clip"),
    (DEAL, lambda p, n, draw: np.arange(len(np.unique(p))) < n, "one answer for each person"),
    (DEAL, lambda p, n, draw: p < 0, "nobody"), (STEP, stepped(order="zs"), "which line sends"),
    (STEP, stepped(order="bzs"), "set to zero before"), (STEP, stepped(order="zb"), "no step"),
    (STEP, stepped(order="bs"), "steps before"), (STEP, stepped(order="szb"), "batch before"),
    (STEP, stepped(order="zbss"), "one step"), (STEP, stepped(back=lambda loss: loss), "loss.item"),
    (STEP, stepped(back=lambda loss: 2 * loss.item()), "not 1.8"), (STEP, stepped(order="zbse"), "evaluation mode"),
    (STEP, stepped(back=lambda loss: None), "return"),
])
def test_each_typical_wrong_answer_gets_its_hint(check: Callable, answer: Any, hint: str) -> None:
    with pytest.raises(NotYet, match=hint):
        check(answer)


@pytest.mark.parametrize(("answer", "hint"), [
    (("B", "C", "A"), None), (("b", " c", "A"), None), (("A", "C", "B"), "thrown"), (("C", "B", "A"), "smoothest"),
    (("B", "A", "C"), "upwards"),
    (("A", "B", "C"), "thrown"),
    (("B", "C", "C"), "once"),
    ((1e-5, 3e-3, 0.3), "once"),
    ((..., "C", "A"), "open"),
])
def test_curves_are_told_apart(answer: tuple, hint: str | None) -> None:
    if hint is None:
        return five_minutes_checks.check_rates(*answer, five_minutes.RATES)
    with pytest.raises(NotYet, match=hint):
        five_minutes_checks.check_rates(*answer, five_minutes.RATES)


RANKS = np.array([1, 1, 14, 14, 3, 9, 12, *range(10, 14), *np.resize(np.arange(15, 141), 129)])  # 11 of 140 within the first 14
SHARE, BOUNDS = 11 / 140, intervals.wilson_bounds(11 / 140, 140)


@pytest.mark.parametrize(("changed", "hint"), [
    ({}, None), ({"recall": torch.tensor(SHARE, dtype=torch.float64), "interval": np.array(BOUNDS), "heard": np.False_}, None),
    ({"recall": 100 * SHARE}, "not per cent"), ({"recall": 9 / 140}, "rank 14"), ({"recall": 2 / 140}, "very first"),
    ({"recall": 1 - SHARE}, "missed"), ({"recall": SHARE / 14}, "number of people"), ({"recall": 0.5}, "Count the ranks"),
    ({"recall": 5 / 140}, "not ten"),
    ({"chance": 1 / 140}, "first place"),
    ({"chance": 0.5}, "coin"),
    ({"chance": 0.07}, "14 of 140"),
    ({"interval": BOUNDS[::-1]}, "upper end"), ({"interval": SHARE}, "two ends"), ({"interval": (0, 1)}, "not Wilson"),
    ({"interval": intervals.wilson_bounds(SHARE, 280)}, "two clips"),
    ({"interval": intervals.wilson_bounds(SHARE, 700)}, "all people"),
    ({"interval": recall.textbook(11, 140)}, "standard errors"),
    ({"heard": True}, "where does chance"),
    ({"heard": ...}, "open"),
])
def test_a_recall_is_read_with_its_chance_and_interval(changed: dict, hint: str | None) -> None:
    answer = {"recall": SHARE, "chance": 0.1, "interval": BOUNDS, "heard": False} | changed
    if hint is None:
        return five_minutes_checks.check_recall(RANKS, **answer)
    with pytest.raises(NotYet, match=hint):
        five_minutes_checks.check_recall(RANKS, **answer)


def test_the_small_encoder_starts_at_the_mean_face_and_listens_to_stretches() -> None:
    mean, clips = torch.arange(8.0), np.random.default_rng(1).integers(-9000, 9000, (3, 40_000)).astype(np.int16)
    encoder, again = (five_minutes.small_encoder(mean, 1) for _ in range(2))
    assert torch.equal(encoder(five_minutes.stretches(clips, 24_000, np.random.default_rng(1))), mean.expand(3, 8))
    assert torch.equal(five_minutes.hear(encoder, clips), mean.expand(3, 8)) and encoder.training
    assert all(torch.equal(one, other) for one, other in zip(encoder.parameters(), again.parameters(), strict=True))


def test_parameters_are_counted_without_making_room_for_them() -> None:
    config = five_minutes.small_encoder(torch.zeros(8), 1).config
    assert five_minutes.n_parameters(config) == sum(one.numel() for one in VoiceEncoder(config).parameters())
    assert five_minutes.n_parameters(paper()) == 148_062_976


def test_a_feature_is_of_the_kind_whose_mean_is_nearer() -> None:
    known, is_one = torch.tensor([[0.0, 0.0], [2.0, 0.0], [9.0, 0.0]]), np.array([True, True, False])
    assert five_minutes.nearer(torch.tensor([[4.9, 3.0], [5.1, 3.0]]), known, is_one).tolist() == [True, False]
