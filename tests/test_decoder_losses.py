"""The decoder's loss against plain formulas, and the taking apart of faces against putting them together."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn

from s2f_core.errors import InputError
from s2f_core.models.face_decoder import Decoded
from s2f_core.models.warp import warp
from s2f_core.training.decoder_losses import DecoderLossConfig, FaceParts, align, coarse, decoder_loss

CONFIG = DecoderLossConfig(texture=2.0, landmarks=3.0, embedding=0.5)


def numbers(*shape: int, seed: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).uniform(0.2, 0.8, shape)).float()


def faces(n_faces: int = 4) -> tuple[Decoded, FaceParts]:
    decoded = Decoded(numbers(n_faces, 3, 8, 8, seed=0), numbers(n_faces, 68, 2, seed=1), numbers(n_faces, 3, 8, 8, seed=2))
    wanted = FaceParts(numbers(n_faces, 68, 2, seed=3), numbers(n_faces, 3, 8, 8, seed=4), numbers(n_faces, 5, seed=5),
                       torch.ones(n_faces, dtype=torch.bool))
    return Decoded(*(one.requires_grad_() for one in decoded)), wanted


def encoder() -> nn.Module:
    made = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 5), nn.Tanh())
    with torch.no_grad():
        made[1].weight.copy_(numbers(5, 192, seed=6) - 0.5)
        made[1].bias.zero_()
    return made.requires_grad_(False)


def test_the_terms_are_the_plain_formulas() -> None:
    decoded, wanted = faces()
    loss = decoder_loss(decoded, wanted, encoder(), CONFIG)
    drawn, given = (one.detach().numpy() for one in (encoder()(decoded.image), wanted.features))
    cosine = (drawn * given).sum(1) / np.linalg.norm(drawn, axis=1) / np.linalg.norm(given, axis=1)
    expected = {
        "texture": np.abs(decoded.texture.detach().numpy() - wanted.texture.numpy()).mean(),
        "landmarks": ((decoded.landmarks.detach().numpy() - wanted.landmarks.numpy()) ** 2).mean(),
        "embedding": -cosine.mean(),
    }
    for name, value in expected.items():
        assert getattr(loss, name).item() == pytest.approx(value, rel=1e-5)
    assert loss.total.item() == pytest.approx(2 * expected["texture"] + 3 * expected["landmarks"] + 0.5 * expected["embedding"])


def test_what_is_wanted_has_the_least_loss() -> None:
    _, wanted = faces()
    image = numbers(4, 3, 8, 8, seed=0)
    perfect = wanted._replace(features=7 * encoder()(image))  # their length does not matter
    loss = decoder_loss(Decoded(image, wanted.landmarks, wanted.texture), perfect, encoder(), CONFIG)
    assert (loss.texture, loss.landmarks) == (0, 0)
    assert loss.embedding.item() == pytest.approx(-1) and loss.total.item() == pytest.approx(-0.5)


def test_each_part_learns_from_its_term_and_the_encoder_from_none() -> None:
    decoded, wanted = faces()
    frozen = encoder()
    decoder_loss(decoded, wanted, frozen, CONFIG).total.backward()
    assert all(one.grad.abs().sum() > 0 for one in decoded)
    assert all(one.grad is None for one in frozen.parameters())


def test_the_loss_of_a_batch_is_the_mean_of_its_halves() -> None:
    decoded, wanted = faces()
    halves = []
    for part in (slice(0, 2), slice(2, 4)):
        drawn, given = Decoded(*(one[part] for one in decoded)), FaceParts(*(one[part] for one in wanted))
        halves.append(decoder_loss(drawn, given, encoder(), CONFIG))
    for whole, *parts in zip(decoder_loss(decoded, wanted, encoder(), CONFIG), *halves, strict=True):
        torch.testing.assert_close(whole, sum(parts) / 2)


def test_an_encoder_without_weight_is_not_asked() -> None:
    decoded, wanted = faces()
    loss = decoder_loss(decoded, wanted, lambda _: pytest.fail("asked"), CONFIG.model_copy(update={"embedding": 0.0}))
    assert loss.embedding == 0
    assert loss.total.item() == pytest.approx(2 * loss.texture.item() + 3 * loss.landmarks.item())


def test_a_black_picture_gives_no_nan() -> None:
    decoded, wanted = faces()
    loss = decoder_loss(decoded, wanted, lambda image: 0 * image.flatten(1)[:, :5], CONFIG)
    loss.total.backward()
    assert loss.embedding == 0 and decoded.image.grad.isfinite().all()


def test_a_face_near_the_mean_need_not_give_its_features_again() -> None:
    decoded, wanted = faces()
    half = decoder_loss(decoded, wanted._replace(whole=torch.tensor([True, True, False, False])), encoder(), CONFIG)
    half.embedding.backward()
    assert decoded.image.grad[:2].abs().sum() > 0 and decoded.image.grad[2:].abs().sum() == 0


def test_a_coarse_picture_has_no_checkerboard_but_the_same_faces() -> None:
    board = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).repeat(8, 8).expand(1, 3, -1, -1)
    torch.testing.assert_close(coarse(board), torch.full((1, 3, 16, 16), 0.5))
    ramp = torch.linspace(0, 1, 64).expand(1, 3, 64, -1)
    assert (coarse(ramp) - ramp).abs().max() < 0.02


@pytest.mark.parametrize("wrong", [{"texture": -1.0}, {"texture": float("nan")}, {"texture": "1"}, {"pixels": 1.0}])
def test_a_config_is_strict(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DecoderLossConfig(**(CONFIG.model_dump() | wrong))


def test_aligned_textures_warped_back_are_the_faces() -> None:
    ramp = (torch.arange(64) + 0.5) / 64
    x, y = torch.meshgrid(ramp, ramp, indexing="xy")
    images = torch.stack([x, y, (6 * x).sin() * y]).expand(2, -1, -1, -1)
    mean = numbers(68, 2, seed=0)
    landmarks = mean + 0.01 * numbers(2, 68, 2, seed=1)
    textures = align(images, landmarks, mean)
    back = warp(textures, mean[None], landmarks)
    assert (back - images).abs().mean() < 0.1 * (textures - images).abs().mean()
    torch.testing.assert_close(align(images, landmarks, mean, step_px=4), textures, atol=0.02, rtol=0)


def test_a_picture_without_a_face_is_not_aligned() -> None:
    landmarks = numbers(4, 68, 2, seed=0)
    landmarks[[1, 3], 5] = torch.nan
    with pytest.raises(InputError, match="those of number 1, 3 are not finite; leave out pictures without a face"):
        align(numbers(4, 3, 8, 8, seed=1), landmarks, numbers(68, 2, seed=2))
