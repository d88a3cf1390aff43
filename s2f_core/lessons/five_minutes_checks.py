"""Tutorial 5, a training of five minutes: the checks of its exercises."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from s2f_core.evaluate.intervals import wilson_bounds
from s2f_core.lessons.feedback import answered, hint_unless, number, numbers, returned, well_done
from s2f_core.lessons.recall import textbook
from s2f_core.training import distributed

N_DEALT = 6  # of the people that `check_deal` makes up


def check_deal(deal: Callable[..., Any]) -> None:
    """Deal made-up people, with one to four clips each, twice. Raises NotYet with what goes wrong."""
    dealt = []
    for lot in range(2):
        clips_of = np.random.default_rng(lot).integers(1, 5, size=20)
        person = np.random.default_rng(2).permutation(np.repeat(np.arange(100, 120), np.sort(clips_of)))
        dealt.append(_tested(numbers(returned(deal, person.copy(), N_DEALT, np.random.default_rng(10 + lot))), person))
    person = np.repeat(np.arange(40), 2)
    again = [_tested(numbers(returned(deal, person.copy(), N_DEALT, np.random.default_rng(lot))), person) for lot in range(4)]
    hint_unless(any(one != again[0] for one in again), "it is always the same people, whatever the lot: let `draw` choose "
                                                       "them. Whoever comes first in a corpus may have been made, or recorded, "
                                                       "together")
    well_done(f"people are dealt, not clips: {len(dealt[0])} of 20 are tested, and none of them is heard in training")


def _tested(said: Shaped[np.ndarray, "..."], person: Int[np.ndarray, " clips"]) -> set[int]:
    """The people whose clips are for testing, if the answer is a sound split."""
    n_people, n_clips = len(np.unique(person)), len(person)
    hint_unless(said.shape != (n_people,), f"one answer for each person came; one for each of the {n_clips} clips is asked for")
    hint_unless(said.shape == (n_clips,) and bool(np.isin(said, (0, 1)).all()),
                f"a True or False for each clip is asked for, {n_clips} in all; this has the shape {said.shape}"
                + (" and holds numbers: of clips or people? `np.isin` makes a mask of them" if said.ndim == 1 else ""))
    chosen, rest = set(person[said == 1].tolist()), set(person[said == 0].tolist())
    both = len(chosen & rest)
    hint_unless(not both, f"a leak: {both} of {n_people} people stand on both sides, with one clip here and another there. You "
                          "dealt clips; deal people, and let their clips follow")
    hint_unless(bool(chosen), "nobody is tested")
    hint_unless(len(chosen) != n_people - N_DEALT, f"{len(chosen)} people are tested and {N_DEALT} trained on: are the sides "
                                                   "exchanged?")
    hint_unless(len(chosen) == N_DEALT, f"{len(chosen)} people are tested, not {N_DEALT}"
                + ("; does your lot draw somebody twice? `replace=False`" if len(chosen) < N_DEALT else ""))
    return chosen


def _unlike(said: Float[Tensor, "batch out"], wanted: Float[Tensor, "batch out"]) -> Float[Tensor, ""]:
    return ((said - wanted.detach()) ** 2).mean()  # like the package's loss, it pulls at its first argument alone


def _right(net: nn.Module, optimiser: torch.optim.Optimizer, loss_of: Callable, heard: Tensor, wanted: Tensor) -> float:
    optimiser.zero_grad()
    loss = loss_of(net(heard), wanted)
    loss.backward()
    optimiser.step()
    return loss.item()


def _piling_up(net: nn.Module, optimiser: torch.optim.Optimizer, loss_of: Callable, heard: Tensor, wanted: Tensor) -> float:
    loss = loss_of(net(heard), wanted)
    loss.backward()
    optimiser.step()
    return loss.item()


def _late(net: nn.Module, optimiser: torch.optim.Optimizer, loss_of: Callable, heard: Tensor, wanted: Tensor) -> float:
    loss = loss_of(net(heard), wanted)
    optimiser.step()
    optimiser.zero_grad()
    loss.backward()
    return loss.item()


def check_step(step: Callable[..., Any]) -> None:
    """Let a tiny network take four steps, and compare weights and losses. Raises NotYet with what a wrong step does."""
    weights, losses, net = _steps(step)
    still = _steps(lambda net, optimiser, loss_of, heard, wanted: loss_of(net(heard), wanted).item())
    gradients = [one.grad for one in net.parameters()]
    moved, gradient = not torch.equal(weights, still[0]), any(one is not None for one in gradients)
    hint_unless(moved or gradient, "the weights stay as they were, and no gradient is left: which line sends the loss back "
                                   "through the network? And if there is one, are the gradients set to zero before the step?")
    hint_unless(moved, "the weights stay as they were: there is a gradient, but no step was taken with it")
    hint_unless(not torch.allclose(weights, _steps(_piling_up)[0]), "the gradients of all steps before are still in there: "
                                                                    "PyTorch adds new ones to the old ones until somebody sets "
                                                                    "them to zero")
    hint_unless(not torch.allclose(weights, _steps(_late)[0]), "the step is taken with the gradient of the batch before: first "
                                                               "`backward`, then `step`")
    right = _steps(_right)
    hint_unless(torch.allclose(weights, right[0], atol=1e-6), "the weights move, but not as they should: is it one step of the "
                                                              "optimiser, on the loss of what the network says and what is "
                                                              "wanted?")
    hint_unless(np.allclose(losses, right[1], atol=1e-6), f"the loss that comes back is {losses[0]:.4g}, not "
                                                          f"{right[1][0]:.4g}: give back the one that you computed before the "
                                                          "step, as it is")
    hint_unless(net.training, "the network is left in evaluation mode: batch norm would then learn no means")
    well_done(f"four steps, and the loss falls from {losses[0]:.3f} to {losses[-1]:.3f}")


def _steps(step: Callable[..., Any]) -> tuple[Tensor, list[float], nn.Module]:
    """Weights after four steps of a new tiny network, the losses that came back, and the network."""
    with distributed.seeded(3, device=torch.device("cpu")):
        net = nn.Linear(3, 2)
        batch = torch.randn(8, 3), torch.randn(8, 2)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
    losses = []
    for _ in range(4):
        loss = returned(step, net, optimiser, _unlike, *batch)
        hint_unless(not getattr(loss, "requires_grad", False), "what comes back still holds the whole computation, and a list "
                                                               "of such losses fills the memory: `loss.item()` is the number "
                                                               "alone")
        losses.append(number(loss))
    return torch.cat([one.detach().flatten() for one in net.parameters()]), losses, net


def check_rates(too_low: Any, fitting: Any, too_high: Any, rates: Mapping[str, float]) -> None:
    """Which curve belongs to which learning rate. Raises NotYet with what a mistaken curve shows."""
    answered(too_low, fitting, too_high)
    said = [str(one).strip().upper() for one in (too_low, fitting, too_high)]
    low, right, high = sorted(rates, key=lambda name: rates[name])
    hint_unless(sorted(said) == sorted(rates), f"name each of {', '.join(sorted(rates))} once; you have {', '.join(said)}")
    hint_unless(said[0] != high, f"{high} does not learn slowly: look at its first steps. Weights that are thrown that far do "
                                 "not come back to anything useful")
    hint_unless(said[1] != low, f"{low} is the smoothest, for hardly anything happens: it stays with the mean face")
    hint_unless(said[1] != high, f"{high} moves most, but upwards: it ends above the mean face, which is where it began")
    hint_unless(said == [low, right, high], f"look at {said[0]} again: is it still on the line where it began?")
    well_done(f"{low}: {rates[low]:g}, {right}: {rates[right]:g}, {high}: {rates[high]:g}")


def check_recall(ranks: Int[np.ndarray, " people"], recall: Any, chance: Any, interval: Any, heard: Any) -> None:
    """Recall in the first tenth of the gallery, chance, Wilson's interval, and what follows. Raises NotYet.

    Args:
        ranks: of the true face of each tested person among the faces of all of them, the best is 1.
        heard: whether the interval says that the recall is better than guessing.
    """
    n = len(ranks)
    places = n // 10
    share, bounds = float((ranks <= places).mean()), wilson_bounds(float((ranks <= places).mean()), n)
    found, guess, said = number(recall), number(chance), numbers(interval).ravel()
    hint_unless(not 1 < found <= 100, f"{found:g}: a share between 0 and 1, please, not per cent, nor a count")
    hint_unless(found == share or found != float((ranks < places).mean()), f"the true face at rank {places} is among the first "
                                                                           f"{places} too")
    for wrong, hint in _misread(ranks, places):
        hint_unless(abs(found - share) < 1e-6 or abs(found - wrong) > 1e-6, f"a recall of {found:.3f}: {hint}")
    hint_unless(abs(found - share) < 1e-6, f"a recall of {found:.3f}? Count the ranks that are at most {places}, and divide by "
                                           "all")
    hint_unless(abs(guess - 1 / n) > 1e-6, f"that is the chance at the first place; {places} are looked at")
    hint_unless(abs(guess - 0.5) > 1e-6, "a coin tells the sex; here one face of many is to be found")
    hint_unless(abs(guess - places / n) < 1e-6, f"by guessing, {places} of {n} places are tried: that is not {guess:g}")
    _check_bounds(said, share, n, bounds)
    answered(heard)
    above = bounds[0] > places / n
    hint_unless(bool(heard) == above, f"where does chance, {places / n:.2f}, lie: inside [{bounds[0]:.2f}, {bounds[1]:.2f}] or "
                                      "outside?")
    well_done(f"R@{places} among {n} faces: {share:.0%} [{bounds[0]:.0%}, {bounds[1]:.0%}], by guessing {places / n:.0%}")


def _misread(ranks: Int[np.ndarray, " people"], places: int) -> Sequence[tuple[float, str]]:
    return ((float((ranks == 1).mean()), "that is the share at the very first place"),
            (float((ranks <= 10).mean()), f"the first tenth of {len(ranks)} faces are not ten"),
            (float((ranks > places).mean()), "that is the share that was missed"),
            (float((ranks <= places).mean() / places), "divided by the number of places? By the number of people"))


def _check_bounds(said: Shaped[np.ndarray, " _"], share: float, n: int, bounds: tuple[float, float]) -> None:
    hint_unless(len(said) == 2, "an interval has two ends: the lower one, then the upper one")
    hint_unless(bool(said[0] <= said[1]), "the upper end stands first")
    hint_unless(not np.allclose(said, textbook(round(share * n), n), atol=1e-3), "that is share ± 1.96 standard errors: near "
                                                                                 "enough here, and wrong where few are found; "
                                                                                 "Wilson's is asked for")
    for other, whose in ((700, "all people"), (560, "the people of the training"), (280, "clips; two clips of one person are "
                                                                                         "not two people")):
        hint_unless(n == other or not np.allclose(said, wilson_bounds(share, other), atol=1e-4), "that is the interval for "
                                                                                                 f"{other} trials: {whose}")
    hint_unless(np.allclose(said, bounds, atol=5e-3), f"[{said[0]:.3f}, {said[1]:.3f}] is not Wilson's interval for "
                                                      f"{round(share * n)} of {n}: `intervals.wilson_bounds(share, n)` gives "
                                                      "it")
