"""VGG-Face has the published shape and computes its layers; the compact encoder keeps to its budget; both save and load."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from s2f_core.errors import InputError
from s2f_core.models import weights
from s2f_core.models.face_encoder import (
    CompactConfig,
    CompactFaceEncoder,
    FaceEncoder,
    VGGFace,
    VGGFaceConfig,
    compact,
    to_tensor,
    vgg_face,
)

# VGG-16, kernel by kernel: inputs, outputs.
CONVS = ((3, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256), (256, 256), (256, 512), (512, 512),
         (512, 512), (512, 512), (512, 512), (512, 512))  # fmt: skip
N_CONVS = sum(9 * n_in * n_out + n_out for n_in, n_out in CONVS)
N_FC = (7 * 7 * 512 + 1) * 4096 + 4097 * 4096


def seeded(make: object) -> FaceEncoder:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return make()


def little_vgg(relu: bool = False) -> VGGFace:
    return seeded(lambda: VGGFace(VGGFaceConfig(divisor=32, classes=11, relu=relu))).eval()


def little_compact() -> CompactFaceEncoder:
    config = CompactConfig(widths=((4,), (6, 6)), side_px=32, feature=5, classes=7)
    return seeded(lambda: CompactFaceEncoder(config))


def pictures(n: int, side: int) -> torch.Tensor:
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(0))


def n_parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_vgg_face_has_the_published_size() -> None:
    with torch.device("meta"):
        encoder = VGGFace(vgg_face())
        features, logits = encoder(torch.empty(2, 3, 224, 224))
    assert features.shape == (2, 4096) == (2, encoder.feature_size)
    assert logits.shape == (2, 2622) == (2, encoder.classes)
    assert n_parameters(encoder) == N_CONVS + N_FC + 4097 * 2622 == 145_002_878
    assert N_CONVS + N_FC + 4097 * 1000 == 138_357_544  # VGG-16 for ImageNet, as its authors count it
    shapes = [tuple(layer.weight.shape[:2]) for layer in encoder.stack if isinstance(layer, nn.Conv2d)]
    assert shapes == [(n_out, n_in) for n_in, n_out in CONVS]


@pytest.mark.parametrize("with_relu", [False, True])
def test_vgg_face_computes_vgg_16_of_rgb_less_the_mean_colour(with_relu: bool) -> None:
    encoder, images = little_vgg(with_relu), pictures(2, 224)
    state = encoder.state_dict()
    assert not [name for name in state if "mean" in name]
    hidden = 255 * images - torch.tensor([129.1863, 104.7624, 93.5940])[:, None, None]
    for group, n_convs in enumerate((2, 2, 3, 3, 3), start=1):
        for number in range(1, n_convs + 1):
            name = f"stack.conv{group}_{number}"
            hidden = functional.conv2d(hidden, state[f"{name}.weight"], state[f"{name}.bias"], padding=1).relu()
        hidden = functional.max_pool2d(hidden, 2, 2)
    hidden = functional.linear(hidden.reshape(2, -1), state["fc6.weight"], state["fc6.bias"]).relu()
    fc7 = functional.linear(hidden, state["fc7.weight"], state["fc7.bias"])
    fc8 = functional.linear(fc7.relu(), state["fc8.weight"], state["fc8.bias"])
    features, logits = encoder(images)
    assert (fc7 < 0).any()
    torch.testing.assert_close(features, fc7.relu() if with_relu else fc7)
    torch.testing.assert_close(logits, fc8)
    torch.testing.assert_close(encoder.logits(features), logits)


def test_the_compact_encoder_keeps_to_its_budget() -> None:
    with torch.device("meta"):
        encoder = CompactFaceEncoder(compact(classes=2000)).eval()
        with FlopCounterMode(display=False) as counter:
            features, logits = encoder(torch.empty(1, 3, 128, 128))
    assert features.shape == (1, 512) and logits.shape == (1, 2000)
    assert counter.get_total_flops() == pytest.approx(0.204e9, rel=0.01)


def test_the_compact_encoder_computes_its_layers() -> None:
    encoder, images = little_compact(), pictures(6, 32)
    encoder.train()(images)  # moves the running statistics
    encoder.eval()
    hidden = 2 * images - 1
    for name, layer in encoder.stack.named_children():
        if name.startswith("pool"):
            hidden = hidden.unfold(2, 2, 2).unfold(3, 2, 2).amax(dim=(4, 5))
            continue
        hidden = functional.conv2d(hidden, layer.conv.weight, padding=1)
        scale = layer.norm.weight / (layer.norm.running_var + 1e-5).sqrt()
        hidden = ((hidden - layer.norm.running_mean[:, None, None]) * scale[:, None, None]).relu()
    wanted = hidden.reshape(6, -1) @ encoder.feature.weight.T + encoder.feature.bias
    features, logits = encoder(images)
    torch.testing.assert_close(features, wanted, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(logits, wanted @ encoder.classifier.weight.T + encoder.classifier.bias, rtol=1e-4, atol=1e-5)
    assert (features < 0).any() and (features > 0).any()


def test_gradients_reach_the_features_through_frozen_logits() -> None:
    """The distillation term (Sec. 3) is a loss on the logits of voice features."""
    encoder = little_vgg().requires_grad_(False)
    features = torch.randn(2, encoder.feature_size, generator=torch.Generator().manual_seed(0)).requires_grad_()
    encoder.logits(features).logsumexp(dim=1).sum().backward()
    assert features.grad is not None and features.grad.abs().sum() > 0


def test_pictures_become_floats_in_channels_last_memory() -> None:
    pixels = torch.from_numpy(np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3))
    tensor = to_tensor(pixels)
    assert tensor.shape == (2, 3, 4, 5) and tensor.dtype == torch.float32
    assert tensor.is_contiguous(memory_format=torch.channels_last)
    assert tensor[1, 2, 3, 0] == pixels[1, 3, 0, 2] / 255
    assert to_tensor(torch.full((1, 1, 1, 3), 255, dtype=torch.uint8)).max() == 1


@pytest.mark.parametrize("shape", [(1, 3, 128, 128), (2, 3, 224, 223)])
def test_other_sides_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"takes RGB pictures \(batch, 3, 224, 224\); got \(.*\); resize them"):
        little_vgg().features(torch.zeros(shape))
    with pytest.raises(InputError, match=r"takes RGB pictures \(batch, 3, 32, 32\); got \(.*\); resize them"):
        little_compact().features(torch.zeros(shape))


@pytest.mark.parametrize("make", [little_vgg, lambda: little_vgg(relu=True), little_compact])
@pytest.mark.parametrize("half", [False, True])
def test_they_are_saved_and_loaded(tmp_path: Path, make: object, half: bool) -> None:
    encoder = make()
    images = pictures(3, encoder.side_px)
    encoder.train()(images)
    encoder.save(tmp_path / "face", notes={"people": 7}, half=half)
    loaded = type(encoder).load(tmp_path / "face")
    assert loaded.config == encoder.config and not loaded.training and weights.describe(tmp_path / "face")["notes"]
    tolerance = {"rtol": 5e-2, "atol": 5e-2} if half else {"rtol": 0, "atol": 0}
    for ours, theirs in zip(loaded(images), encoder.eval()(images), strict=True):
        torch.testing.assert_close(ours, theirs, **tolerance)


def test_one_encoder_is_not_the_other(tmp_path: Path) -> None:
    little_vgg().save(tmp_path / "vgg")
    with pytest.raises(InputError, match="holds weights of kind 'vgg_face', not 'face_encoder'"):
        CompactFaceEncoder.load(tmp_path / "vgg")
    little_compact().save(tmp_path / "compact")
    with pytest.raises(InputError, match="holds weights of kind 'face_encoder', not 'vgg_face'"):
        VGGFace.load(tmp_path / "compact")


@pytest.mark.parametrize(("changes", "reason"), [
    ({"side_px": 100}, "side_px: Input should be a multiple of 32, got 100"),
    ({"widths": []}, "widths: "), ({"widths": [[]]}, r"widths\.0: "), ({"classes": 0}, "classes: "),
    ({"feature": 8.5}, "feature: "), ({"depth": 1}, "depth: Extra inputs"),
])  # fmt: skip
def test_impossible_configs_are_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError, match=f"CompactConfig: {reason}"):
        weights.config_of(CompactConfig, compact(classes=3).model_dump(mode="json") | changes)
    with pytest.raises(InputError, match="classes: "):
        compact(classes=0)
