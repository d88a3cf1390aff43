"""The face decoder: the paper's sizes, the warp between its parts, and one file that rebuilds it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch.utils.flop_counter import FlopCounterMode

from s2f_core.errors import InputError
from s2f_core.models import face_decoder, weights
from s2f_core.models.face_decoder import FaceDecoder, FaceDecoderConfig, shown
from s2f_core.models.warp import warp

SMALL = FaceDecoderConfig(feature=6, trunk=5, landmark_hidden=4, side_px=16, start_px=4, start_channels=8, min_channels=3,
                          warp_step_px=1)  # fmt: skip


def face_shape() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).uniform(0.2, 0.8, (68, 2))).float()


def decoder(config: FaceDecoderConfig = SMALL) -> FaceDecoder:
    made = FaceDecoder(config)
    made.initialise(0)
    made.set_means(face_shape(), torch.rand(3, config.side_px, config.side_px, generator=torch.Generator().manual_seed(1)))
    return made


def features(n_faces: int, size: int = SMALL.feature) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(2).normal(size=(n_faces, size))).float()


def speak(made: FaceDecoder) -> FaceDecoder:
    """Give the last layers, which start at zero, something to say."""
    with torch.no_grad():
        for last in (made.landmark_branch[2], made.texture_branch[-1]):
            last.weight.copy_(0.02 * torch.randn(last.weight.shape, generator=torch.Generator().manual_seed(3)))
    return made


def count(config: FaceDecoderConfig) -> dict[str, int]:
    with torch.device("meta"):
        model = FaceDecoder(config)
    return {name: sum(one.numel() for one in part.parameters()) for name, part in (*model.named_children(), ("all", model))}


def test_the_papers_decoder_has_its_layers() -> None:
    """4096 → 1000; to 14×14×256; kernels 5×5 from 256 to 128, 64, 32, 32 channels; 1×1 to RGB."""
    config = face_decoder.paper()
    assert config.channels == [256, 128, 64, 32, 32]
    sizes = count(config)
    assert sizes["first"] == 4096 * 1000 + 1000
    convolutions = 25 * (256 * 128 + 128 * 64 + 64 * 32 + 32 * 32) + 128 + 64 + 32 + 32
    assert sizes["texture_branch"] == 1001 * 14 * 14 * 256 + convolutions + 33 * 3
    assert sizes["landmark_branch"] == 1001 * 256 + 257 * 68 * 2
    assert sizes["all"] == 55_715_539
    with torch.device("meta"):
        assert FaceDecoder(config).texture_branch(torch.empty(2, 1000)).shape == (2, 3, 224, 224)


def test_the_laptops_decoder_is_small() -> None:
    """What the counter does not see (distances and sampling of the warp) is below 0.01 GFLOP."""
    config = face_decoder.laptop()
    assert count(config)["all"] == 2_562_491 < 4_000_000
    with FlopCounterMode(display=False) as counter:
        decoder(config)(features(1, config.feature))
    assert 0.10e9 < counter.get_total_flops() < 0.15e9


def test_a_new_decoder_draws_the_mean_face_and_starts_anyway() -> None:
    made = decoder()
    drawn = made(features(3))
    torch.testing.assert_close(drawn.landmarks, face_shape().expand(3, -1, -1))
    torch.testing.assert_close(drawn.texture, made.mean_texture.expand(3, -1, -1, -1))
    torch.testing.assert_close(drawn.image, drawn.texture, atol=1e-5, rtol=0)
    (drawn.image.square().sum() + drawn.landmarks.sum()).backward()
    assert made.landmark_branch[2].weight.grad.abs().sum() > 0 and made.texture_branch[-1].weight.grad.abs().sum() > 0


def test_the_image_is_the_texture_moved_to_the_landmarks() -> None:
    drawn = speak(decoder())(features(2))
    assert drawn.image.shape == drawn.texture.shape == (2, 3, 16, 16) and drawn.landmarks.shape == (2, 68, 2)
    moved = warp(drawn.texture, face_shape().expand(2, -1, -1), drawn.landmarks)
    torch.testing.assert_close(drawn.image, moved)
    assert (drawn.image - drawn.texture).abs().max() > 0.01


def test_every_weight_learns_from_the_image_alone() -> None:
    made = speak(decoder())
    made(features(4)).image.square().sum().backward()
    assert not [name for name, one in made.named_parameters() if not one.grad.isfinite().all() or not one.grad.any()]


def test_a_face_does_not_depend_on_its_batch() -> None:
    made = speak(decoder())
    together = made(features(3))
    for number in range(3):
        for whole, alone in zip(together, made(features(3)[number : number + 1]), strict=True):
            torch.testing.assert_close(whole[number], alone[0], atol=1e-5, rtol=1e-5)


def test_the_first_layer_ends_after_its_relu() -> None:
    made, given = decoder(), features(7)
    expected = (given @ made.first[0].weight.T + made.first[0].bias).clamp(min=0)
    torch.testing.assert_close(made.first_layer(given), expected)
    assert (expected == 0).any() and (expected > 0).any()


def test_the_weights_are_a_function_of_the_seed_and_keep_the_scale() -> None:
    one, other, third = (FaceDecoder(face_decoder.laptop()) for _ in range(3))
    for made, seed in ((one, 0), (other, 0), (third, 1)):
        made.initialise(seed)
    before = torch.random.get_rng_state()
    one.initialise(0)
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    assert not torch.equal(one.first[0].weight, third.first[0].weight)
    hidden = one.texture_branch[:-1](one.first_layer(features(8, one.config.feature)))
    assert 0.3 < hidden.square().mean() < 3  # He: the mean square, 1 at the entrance, survives six layers


def test_under_autocast_what_is_drawn_is_float32() -> None:
    made = speak(decoder())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = made(features(2))
    assert {one.dtype for one in half} == {torch.float32}
    torch.testing.assert_close(half.landmarks, made(features(2)).landmarks, atol=2e-3, rtol=0)


@pytest.mark.parametrize("half", [False, True])
def test_one_file_rebuilds_the_decoder(tmp_path: Path, half: bool) -> None:
    made, path = speak(decoder()), tmp_path / "decoder.safetensors"
    digest = made.save(path, notes={"seed": 0}, half=half)
    loaded = FaceDecoder.load(path)
    assert loaded.config == SMALL and weights.describe(path)["content_sha256"] == digest
    assert not loaded.training and not any(one.requires_grad for one in loaded.parameters())
    torch.testing.assert_close(loaded.mean_landmarks, made.mean_landmarks, atol=0, rtol=0)
    for ours, theirs in zip(made(features(2)), loaded(features(2)), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-2 if half else 0, rtol=0)


def test_what_is_no_decoder_says_so(tmp_path: Path) -> None:
    path = tmp_path / "decoder.safetensors"
    with pytest.raises(InputError, match="mean_landmarks holds values that are not finite"):
        FaceDecoder(SMALL).save(path)
    weights.write(path, torch.nn.Linear(2, 2), kind="face_encoder", config={})
    with pytest.raises(InputError, match="of kind 'face_encoder', not 'face_decoder'"):
        FaceDecoder.load(path)
    weights.write(path, decoder(), kind=face_decoder.KIND, config=SMALL.model_dump() | {"side_px": 17})
    with pytest.raises(InputError, match=r"side_px \(17\) must be start_px \(4\) doubled"):
        FaceDecoder.load(path)
    with pytest.raises(InputError, match="takes 6 features a face, not 7; give it those"):
        decoder()(features(1, 7))


@pytest.mark.parametrize("wrong", [{"side_px": 2}, {"side_px": 24}, {"start_px": 0}, {"trunk": 5.0}, {"depth": 3}])
def test_a_config_is_strict(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FaceDecoderConfig(**(SMALL.model_dump() | wrong))


def test_only_what_is_shown_is_clamped() -> None:
    image = torch.tensor([-0.2, 0.0, 0.5, 1.0, 1.7]).expand(1, 3, 2, 5)
    pictures = shown(image)
    assert pictures.shape == (1, 2, 5, 3) and pictures.dtype == torch.uint8
    assert pictures[0, 0, :, 0].tolist() == [0, 0, 128, 255, 255]
