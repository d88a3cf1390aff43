"""Treatments against a tie in the training data: what is drawn, and a network that forgets a cue."""

import numpy as np
import torch
from torch import nn

from s2f_core.training import decorrelation
from s2f_core.training.decorrelation import Blinded
from s2f_core.training.voice_task import Heard

MORPHS = np.array(["a"] * 80 + ["b"] * 20)
LANGUAGES = np.array(["x"] * 72 + ["y"] * 8 + ["x"] * 4 + ["y"] * 16)  # nine tenths of a speak x, four fifths of b y


def taught(n: int) -> Heard:
    return Heard(torch.arange(n, dtype=torch.float32)[:, None], np.arange(n), torch.zeros(n, 2), "hash", np.zeros((n, 1)))


def shares(places: np.ndarray) -> np.ndarray:
    return np.array([[((MORPHS[places] == morph) & (LANGUAGES[places] == language)).mean() for language in "xy"]
                     for morph in "ab"])


def dependence(table: np.ndarray) -> float:
    return float(abs(table - np.outer(table.sum(1), table.sum(0))).max())


def test_balanced_clips_are_half_of_each_morph() -> None:
    heard, places = decorrelation.drawn(taught(100), decorrelation.balanced(MORPHS), seed=0)
    np.testing.assert_allclose(shares(places).sum(1), [0.5, 0.5], atol=0.01)
    np.testing.assert_array_equal(heard.clips[:, 0].numpy(), places)
    np.testing.assert_array_equal(heard.person, places)


def test_reweighted_clips_tell_nothing_of_the_morph_by_their_language() -> None:
    _, places = decorrelation.drawn(taught(100), decorrelation.reweighted(MORPHS, LANGUAGES), seed=0)
    before, after = shares(np.arange(100)), shares(places)
    np.testing.assert_allclose(after.sum(1), before.sum(1), atol=0.02)  # each as frequent as it was
    np.testing.assert_allclose(after.sum(0), before.sum(0), atol=0.02)
    assert dependence(after) < 0.02 < dependence(before)


def test_drawing_is_a_function_of_the_seed() -> None:
    some = [decorrelation.drawn(taught(100), decorrelation.balanced(MORPHS), seed=seed)[1] for seed in (0, 0, 1)]
    np.testing.assert_array_equal(some[0], some[1])
    assert (some[0] != some[2]).any()


def test_the_critics_gradient_is_turned_round_below_it_and_not_in_it() -> None:
    torch.manual_seed(0)
    blinded = Blinded(nn.Linear(3, 3), (3, 2), scale=2.0)
    hidden = torch.randn(8, 3, requires_grad=True)
    blinded(hidden).square().sum().backward()
    turned, of_critic = hidden.grad.clone(), blinded.critic[0].weight.grad.clone()
    hidden.grad = None
    blinded.zero_grad()
    blinded.critic(hidden).square().sum().backward()
    torch.testing.assert_close(turned, -2.0 * hidden.grad)
    torch.testing.assert_close(of_critic, blinded.critic[0].weight.grad)
