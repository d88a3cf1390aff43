"""The voice encoder's loss against the printed formula, by clip, and the rule that gives its weights."""

import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.special import softmax
from torch import nn

from s2f_core.errors import InputError
from s2f_core.training.losses import PUBLISHED, Layers, LossConfig, balanced, direction, pixel_loss, voice_loss

TERMS = ("decoder", "normalised", "distillation")
FEATURE, TRUNK, CLASSES = 12, 7, 9


def features(n_clips: int, seed: int, size: int = FEATURE) -> torch.Tensor:
    """Features whose lengths differ from clip to clip."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(n_clips, size)) * rng.uniform(0.2, 4, (n_clips, 1))).float()


def layers() -> Layers:
    rng = np.random.default_rng(0)
    made = nn.Sequential(nn.Linear(FEATURE, TRUNK), nn.ReLU()), nn.Linear(FEATURE, CLASSES)
    for one in (made[0][0], made[1]):
        with torch.no_grad():
            one.weight.copy_(torch.from_numpy(rng.normal(size=one.weight.shape)))
            one.bias.zero_()
    return Layers(*(one.requires_grad_(False) for one in made))


def printed(v_s: torch.Tensor, v_f: torch.Tensor, config: LossConfig) -> dict[str, float]:
    """The paper's three formulas for one clip at a time, in NumPy and float64."""
    rows: list[list[float]] = []
    f_dec, f_vgg = layers()
    for s, f in zip(v_s.double().numpy(), v_f.double().numpy(), strict=True):
        dec = [np.maximum(one @ f_dec[0].weight.double().numpy().T, 0) for one in (f, s)]
        p, q = (softmax(one @ f_vgg.weight.double().numpy().T / config.temperature) for one in (f, s))
        counts = (TRUNK, CLASSES) if config.reduction == "mean" else (1, 1)
        rows.append([
            np.abs(dec[0] - dec[1]).sum() / counts[0],
            ((f / np.linalg.norm(f) - s / np.linalg.norm(s)) ** 2).sum(),
            -(p * np.log(q)).sum() / counts[1],
        ])  # fmt: skip
    means = dict(zip(TERMS, np.mean(rows, axis=0), strict=True))
    total = means["decoder"] + config.lambda1 * means["normalised"] + config.lambda2 * means["distillation"]
    return means | {"total": total}


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_it_is_the_printed_formula(reduction: str, temperature: float) -> None:
    config = LossConfig(lambda1=0.3, lambda2=5.0, temperature=temperature, reduction=reduction)
    v_s, v_f = features(5, 1), features(5, 2)
    loss = voice_loss(v_s, v_f, layers(), config)
    for name, value in printed(v_s, v_f, config).items():
        assert getattr(loss, name).item() == pytest.approx(value, rel=1e-5), name


def test_the_published_weights_and_what_speaks_for_the_mean() -> None:
    """λ1 = 0.025, λ2 = 200, T = 2; over 2622 classes only the mean fits below the 1.42 to 1.50 that Fig. 9 plots."""
    assert (PUBLISHED.lambda1, PUBLISHED.lambda2, PUBLISHED.temperature) == (0.025, 200, 2)
    ignorant = Layers(lambda v: torch.zeros(len(v), 1000), lambda v: torch.zeros(len(v), 2622))
    for reduction, expected in (("mean", 200 * math.log(2622) / 2622), ("sum", 200 * math.log(2622))):
        config = PUBLISHED.model_copy(update={"reduction": reduction})
        same = features(2, 1)
        assert voice_loss(same, same, ignorant, config).total.item() == pytest.approx(expected, rel=1e-5)
        assert (expected < 1.42) == (reduction == "mean")


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_loss_of_a_batch_is_the_mean_of_its_halves(reduction: str) -> None:
    config = PUBLISHED.model_copy(update={"reduction": reduction})
    v_s, v_f = features(6, 1), features(6, 2)
    halves = [voice_loss(v_s[part], v_f[part], layers(), config) for part in (slice(0, 3), slice(3, 6))]
    for whole, *parts in zip(voice_loss(v_s, v_f, layers(), config), *halves, strict=True):
        torch.testing.assert_close(whole, sum(parts) / 2)


def test_each_clip_is_divided_by_its_own_length_and_not_by_the_batchs() -> None:
    """A public port divides by the norm over the whole batch: another value, and another one in another batch."""

    def by_batch(v_s: torch.Tensor, v_f: torch.Tensor) -> torch.Tensor:
        return (v_f / v_f.norm() - v_s / v_s.norm()).square().sum()

    v_s, v_f = features(6, 1), features(6, 2)
    ours = voice_loss(v_s, v_f, layers(), PUBLISHED).normalised
    cosine = torch.cosine_similarity(v_s, v_f)
    torch.testing.assert_close(ours, (2 - 2 * cosine).mean())
    for theirs in (by_batch(v_s, v_f), by_batch(v_s, v_f) / 6):
        assert (theirs - ours).abs() > 0.1 * ours
    halves = (by_batch(v_s[:3], v_f[:3]) + by_batch(v_s[3:], v_f[3:])) / 2
    assert (by_batch(v_s, v_f) - halves).abs() > 0.01 * halves
    longer = v_s * torch.tensor([[1.0], [9.0], [1.0], [0.1], [1.0], [3.0]])
    torch.testing.assert_close(voice_loss(longer, v_f, layers(), PUBLISHED).normalised, ours)


def test_the_faces_own_feature_has_the_least_loss() -> None:
    v_f = features(4, 2)
    best = voice_loss(v_f, v_f, layers(), PUBLISHED)
    assert best.decoder == 0 and best.normalised == 0
    p = softmax(layers().f_vgg(v_f).numpy() / 2, axis=1)
    assert best.distillation.item() == pytest.approx(-(p * np.log(p)).mean(), rel=1e-5)
    for seed in range(5):
        assert voice_loss(v_f + 0.1 * features(4, seed), v_f, layers(), PUBLISHED).total > best.total


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_balanced_terms_pull_equally_hard(reduction: str) -> None:
    v_s, v_f = features(6, 1), features(6, 2)
    config = balanced(v_s, v_f, layers(), PUBLISHED.model_copy(update={"reduction": reduction}))
    assert (config.temperature, config.reduction) == (2, reduction) and not v_s.requires_grad
    pulls = {}
    for name, weight in zip(TERMS, (1.0, config.lambda1, config.lambda2), strict=True):
        free = v_s.clone().requires_grad_()
        (weight * getattr(voice_loss(free, v_f, layers(), config), name)).backward()
        pulls[name] = free.grad.norm(dim=1).mean().item()
    assert pulls["normalised"] == pytest.approx(pulls["decoder"], rel=1e-5)
    assert pulls["distillation"] == pytest.approx(pulls["decoder"], rel=1e-5)


def test_what_does_not_pull_cannot_be_balanced() -> None:
    v_f = features(3, 2)
    with pytest.raises(InputError, match="but decoder, normalised has none here; use other clips"):
        balanced(v_f, v_f, Layers(lambda v: 0 * v, layers().f_vgg), PUBLISHED)


def test_silent_features_give_no_nan_and_no_leap() -> None:
    v_s, v_f = features(3, 1), features(3, 2)
    v_s[0] = 0
    v_s[1] = 1e-20
    v_f[2] = 0
    v_s.requires_grad_()
    loss = voice_loss(v_s, v_f, layers(), PUBLISHED)
    assert loss.normalised.item() == pytest.approx(1)
    loss.normalised.backward(retain_graph=True)
    assert not v_s.grad[:2].any() and v_s.grad.isfinite().all()
    loss.total.backward()
    assert v_s.grad.isfinite().all() and v_s.grad[0].any() and v_s.grad.abs().max() < 1e3
    torch.testing.assert_close(direction(features(3, 1)).norm(dim=1), torch.ones(3))


def test_huge_logits_give_no_nan() -> None:
    v_s, v_f = 1e4 * features(3, 1).requires_grad_(), 1e4 * features(3, 2)
    loss = voice_loss(v_s, v_f, layers(), PUBLISHED)
    (gradient,) = torch.autograd.grad(loss.total, v_s)
    assert loss.total.isfinite() and gradient.isfinite().all()


def test_gradients_go_to_the_voice_alone() -> None:
    v_s, v_f, frozen = features(3, 1).requires_grad_(), features(3, 2).requires_grad_(), layers()
    voice_loss(v_s, v_f, frozen, PUBLISHED).total.backward()
    assert v_s.grad.any() and v_f.grad is None
    assert all(one.grad is None for layer in frozen for one in layer.parameters())


def test_autocast_changes_nothing() -> None:
    v_s, v_f = features(3, 1).bfloat16(), features(3, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = voice_loss(v_s, v_f, layers(), PUBLISHED)
    for inside, outside in zip(half, voice_loss(v_s.float(), v_f, layers(), PUBLISHED), strict=True):
        torch.testing.assert_close(inside, outside, atol=0, rtol=0)


def test_the_pixel_loss_is_the_mean_absolute_error() -> None:
    spoken, wanted = (features(2, seed, 48).unflatten(1, (3, 4, 4)).requires_grad_() for seed in (1, 2))
    loss = pixel_loss(spoken, wanted)
    assert loss.total.item() == pytest.approx(np.abs(spoken.detach().numpy() - wanted.detach().numpy()).mean(), rel=1e-5)
    loss.total.backward()
    assert spoken.grad.any() and wanted.grad is None


@pytest.mark.parametrize("wrong", [{"lambda1": -1.0}, {"temperature": 0.0}, {"reduction": "none"}, {"lambda3": 1.0}])
def test_a_config_is_strict(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LossConfig(**(PUBLISHED.model_dump() | wrong))
