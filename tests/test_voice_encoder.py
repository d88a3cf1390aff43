"""The voice encoder is Table 1 row by row, the compact ones keep to their budget, and bad input is told what to do."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from s2f_core.errors import InputError
from s2f_core.features.spectrogram import CLIP_FRAMES
from s2f_core.models import voice_encoder
from s2f_core.models.voice_encoder import Conv, VoiceEncoder, VoiceEncoderConfig, laptop, paper, speaker

# Frames × bins behind each layer of Table 1, worked out by hand for 6 s and 3 s.
TABLE_1 = (
    ("CONV RELU BN", 64, "4×4", "1×1", (595, 254), (295, 254)),
    ("CONV RELU BN", 64, "4×4", "1×1", (592, 251), (292, 251)),
    ("CONV RELU BN", 128, "4×4", "1×1", (589, 248), (289, 248)),
    ("MAXPOOL", 128, "2×1", "2×1", (294, 248), (144, 248)),
    ("CONV RELU BN", 128, "4×4", "1×1", (291, 245), (141, 245)),
    ("MAXPOOL", 128, "2×1", "2×1", (145, 245), (70, 245)),
    ("CONV RELU BN", 128, "4×4", "1×1", (142, 242), (67, 242)),
    ("MAXPOOL", 128, "2×1", "2×1", (71, 242), (33, 242)),
    ("CONV RELU BN", 256, "4×4", "1×1", (68, 239), (30, 239)),
    ("MAXPOOL", 256, "2×1", "2×1", (34, 239), (15, 239)),
    ("CONV RELU BN", 512, "4×4", "1×1", (31, 236), (12, 236)),
    ("CONV RELU BN", 512, "4×4", "2×2", (14, 117), (5, 117)),
    ("CONV", 512, "4×4", "2×2", (6, 57), (1, 57)),
    ("AVGPOOL RELU BN", 512, "∞×1", "1×1", (1, 57), (1, 57)),
    ("FC RELU", 4096, "1×1", "1×1", (), ()),
    ("FC", 4096, "1×1", "1×1", (), ()),
)
N_PAPER = 148_062_976  # trainable parameters with batch norm
N_NORM = 2 * (64 + 64 + 128 + 128 + 128 + 256 + 512 + 512 + 512)  # scale and shift of each channel


def on_meta(config: VoiceEncoderConfig) -> VoiceEncoder:
    with torch.device("meta"):
        return VoiceEncoder(config)


def seeded(config: VoiceEncoderConfig) -> VoiceEncoder:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return VoiceEncoder(config)


def small(batch_norm: bool = True) -> VoiceEncoderConfig:
    """Table 1 in little: convolutions, one with a pool, a strided last one."""
    convs = ((4, (5, 6), (1, 2), 1), (6, (3, 4), (1, 2), 2), (5, (4, 4), (2, 2), 1))
    return VoiceEncoderConfig(
        front="spectrogram", seconds=3, hidden=7, feature=3, batch_norm=batch_norm, mean_last=False,
        convs=tuple(Conv(channels=n, kernel=kernel, stride=stride, pool=pool) for n, kernel, stride, pool in convs),
    )  # fmt: skip


def n_parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("seconds", "frames"), [(6, 598), (3, 298)])
def test_the_papers_encoder_is_table_1(seconds: int, frames: int) -> None:
    encoder = on_meta(paper(seconds))
    rows = encoder.layers()
    shapes = [(*(row[4] if seconds == 6 else row[5]), row[1]) for row in TABLE_1]
    assert [(row.name, row.kernel, row.stride) for row in rows[1:]] == [(row[0], *row[2:4]) for row in TABLE_1]
    assert [row.output for row in rows] == [(frames, 257, 2), *shapes]
    assert sum(row.parameters for row in rows) == n_parameters(encoder) == N_PAPER
    assert encoder(torch.empty(2, frames, 257, 2, device="meta")).shape == (2, 4096)
    assert n_parameters(on_meta(paper(seconds, batch_norm=False))) == N_PAPER - N_NORM


def flops(config: VoiceEncoderConfig, *shape: int) -> int:
    encoder = on_meta(config).eval()
    with FlopCounterMode(display=False) as counter:
        encoder(torch.empty(1, *shape, device="meta"))
    return counter.get_total_flops()  # a multiplication and an addition are two


def test_the_costs_are_as_stated() -> None:
    assert flops(paper(), CLIP_FRAMES, 257, 2) == pytest.approx(178e9, rel=0.01)
    assert flops(laptop(), CLIP_FRAMES, 257, 2) == pytest.approx(0.25e9, rel=0.02)
    assert flops(speaker(), 256) < 1e6


@pytest.mark.parametrize("batch_norm", [True, False])
def test_it_computes_what_table_1_says(batch_norm: bool) -> None:
    """Against the same layers written out one by one."""
    encoder = seeded(small(batch_norm)).train()
    encoder(4 * noise(8, 90, 257, 2) + 1)  # moves the running statistics away from 0 and 1
    encoder.eval()
    inputs, state = noise(3, 90, 257, 2), encoder.state_dict()

    def norm(hidden: torch.Tensor, name: str) -> torch.Tensor:
        if not batch_norm:
            return hidden
        mean, variance, scale, shift = (state[f"stages.{name}.norm.{part}"][:, None, None]
                                        for part in ("running_mean", "running_var", "weight", "bias"))  # fmt: skip
        return (hidden - mean) / (variance + 1e-5).sqrt() * scale + shift

    def conv(hidden: torch.Tensor, name: str, stride: tuple[int, int]) -> torch.Tensor:
        return functional.conv2d(hidden, state[f"stages.{name}.conv.weight"], state[f"stages.{name}.conv.bias"], stride)

    hidden = torch.stack([inputs[..., 0], inputs[..., 1]], dim=1)
    hidden = norm(conv(hidden, "conv1", (1, 2)).relu(), "conv1")
    hidden = functional.max_pool2d(norm(conv(hidden, "conv2", (1, 2)).relu(), "conv2"), (2, 1))
    hidden = norm(conv(hidden, "conv3", (2, 2)).mean(dim=2, keepdim=True).relu(), "mean")
    flat = torch.cat([hidden[:, :, 0, number] for number in range(hidden.shape[3])], dim=1)
    hidden = (flat @ state["stages.fc1.fc.weight"].T + state["stages.fc1.fc.bias"]).relu()
    wanted = hidden @ state["stages.fc2.weight"].T + state["stages.fc2.bias"]
    torch.testing.assert_close(encoder(inputs), wanted, rtol=1e-4, atol=1e-5)


def test_the_spectrogram_is_looked_at_channels_last_and_not_copied() -> None:
    encoder, inputs, seen = seeded(small()), noise(2, 90, 257, 2), []
    encoder.stages.conv1.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    encoder(inputs)
    assert seen[0].data_ptr() == inputs.data_ptr()
    assert seen[0].is_contiguous(memory_format=torch.channels_last)


def test_a_clip_of_any_length_does_not_see_its_batch() -> None:
    encoder, clips = seeded(small()).eval(), noise(3, 150, 257, 2)
    torch.testing.assert_close(encoder(clips[1:2]), encoder(clips)[1:2], rtol=1e-4, atol=1e-5)


def test_autocast_gives_float32_features_and_gradients() -> None:
    encoder, inputs = seeded(laptop(seconds=3, feature=8)).train(), noise(2, 298, 257, 2)
    with torch.autocast("cpu", torch.bfloat16):
        features = encoder(inputs)
    assert features.dtype == torch.float32
    features.square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in encoder.parameters())
    with torch.no_grad():
        torch.testing.assert_close(features, encoder(inputs), rtol=0.1, atol=0.1)


def test_the_least_number_of_frames_is_the_least() -> None:
    for config, least in ((paper(3), 259), (laptop(), 65), (small(), 14)):
        assert config.least_frames() == least
        encoder = on_meta(config).eval()
        assert encoder(torch.empty(1, least, 257, 2, device="meta")).shape == (1, config.feature)
        with pytest.raises(InputError, match=rf"needs {least} frames; got {least - 1}; use a longer clip"):
            encoder(torch.empty(1, least - 1, 257, 2, device="meta"))


@pytest.mark.parametrize("shape", [(1, 298, 256, 2), (1, 298, 257, 1), (1, 298, 257), (298, 2), (1, 2, 298, 257)])
def test_other_inputs_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"spectrograms are \(batch, frames, 257, 2\); got .*; use features/spectrogram"):
        on_meta(laptop())(torch.empty(*shape, device="meta"))
    with pytest.raises(InputError, match=r"speaker embeddings are \(batch, 256\); got .*; use features/speaker"):
        on_meta(speaker())(torch.empty(*shape, device="meta"))


def test_the_head_on_a_speaker_embedding_holds_nothing_of_the_speaker_encoder() -> None:
    encoder = seeded(speaker(feature=9)).eval()
    assert encoder(noise(4, 256)).shape == (4, 9)
    assert n_parameters(encoder) == 2 * 256 + 257 * 9 + 10 * 9
    assert [row.name for row in encoder.layers()] == ["INPUT", "BN", "FC RELU", "FC"]
    assert not [name for name in encoder.state_dict() if "lstm" in name]


@pytest.mark.parametrize(("make", "reason"), [
    (lambda: paper(seconds=4), "seconds: Input should be 3 or 6, got 4"),
    (lambda: laptop(feature=0), "greater than or equal to 1, got 0"),
    (lambda: laptop(feature=2**20), "less than or equal to 65536"),
    (lambda: VoiceEncoderConfig(**dict(speaker()) | {"front": "spectrogram"}), "a spectrogram needs convolutions"),
    (lambda: VoiceEncoderConfig(**dict(laptop()) | {"front": "speaker"}), "a speaker embedding has none"),
    (lambda: VoiceEncoderConfig(**dict(laptop()) | {"convs": 8 * laptop().convs}), "too wide for 257 frequency bins"),
])  # fmt: skip
def test_impossible_configs_are_refused(make: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        make()


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("config", [small(), speaker(seconds=3, batch_norm=False, feature=6)])
def test_it_is_saved_and_loaded(tmp_path: Path, config: VoiceEncoderConfig, half: bool) -> None:
    encoder = seeded(config)
    inputs = noise(2, 90, 257, 2) if config.convs else noise(2, 256)
    encoder.train()(inputs)
    encoder.save(tmp_path / "voice", half=half)
    loaded = VoiceEncoder.load(tmp_path / "voice")
    assert loaded.config == config and not loaded.training
    tolerance = 1e-2 if half else 0
    torch.testing.assert_close(loaded(inputs), encoder.eval()(inputs), rtol=tolerance, atol=tolerance)


def test_a_file_of_another_config_is_refused(tmp_path: Path) -> None:
    values = small().model_dump(mode="json")
    for changes, reason in ({"hidden": 8}, "mismatch for stages.fc1"), ({"front": "mel"}, "front: "), ({"rate": 1}, "rate: "):
        voice_encoder.weights.write(tmp_path / "a", seeded(small()), kind="voice_encoder", config=values | changes)
        with pytest.raises(InputError, match=rf"does not fit the model 'voice_encoder' \(.*{reason}"):
            VoiceEncoder.load(tmp_path / "a")
