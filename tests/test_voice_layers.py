"""A compact voice encoder hears magnitudes and what varies, and any encoder starts at the mean face."""

import torch
from test_voice_encoder import noise, seeded, small

from s2f_core.features.spectrogram import compress
from s2f_core.models.voice_encoder import laptop
from s2f_core.models.voice_layers import Magnitude


def test_magnitudes_are_those_of_the_complex_spectrum() -> None:
    spectrum = 10 * noise(2, 2, 30, 257).double()
    spectrum[0, :, 4] = 0  # silence
    found = Magnitude()(compress(spectrum.movedim(1, -1)).movedim(-1, 1))
    torch.testing.assert_close(found[:, 0], torch.complex(spectrum[:, 0], spectrum[:, 1]).abs() ** 0.3)
    assert (found[0, 0, 4] == 0).all()


def test_a_compact_encoder_lets_variation_pass_before_the_mean_and_hears_no_phase() -> None:
    encoder, inputs = seeded(laptop(3, feature=8)).eval(), noise(2, 298, 257, 2)
    hidden = inputs.permute(0, 3, 1, 2)
    for name, stage in encoder.stages.named_children():
        hidden = stage(hidden) if name != "mean" else stage.norm(hidden.relu()).mean(dim=2, keepdim=True)
    torch.testing.assert_close(encoder(inputs), hidden)
    torch.testing.assert_close(encoder(-inputs.flip(-1)), encoder(inputs), rtol=1e-4, atol=1e-5)


def test_training_starts_at_a_given_feature_and_leaves_it() -> None:
    encoder, inputs, mean = seeded(small()), noise(2, 90, 257, 2), noise(3)
    encoder.start_at(mean)
    assert torch.equal(encoder(inputs), mean.expand(2, -1))
    (encoder(inputs) - mean - 1).square().sum().backward()
    assert encoder.stages.fc2.weight.grad.abs().max() > 0


def test_loud_and_soft_still_differ_behind_all_layers_without_batch_norm() -> None:
    """By He's rule by 61 % of the features' size, by PyTorch's own initial weights by 6 %."""
    sounds = noise(8, 298, 257, 2) * torch.linspace(0.5, 2, 257)[:, None] * torch.linspace(0.3, 3, 8)[:, None, None, None]
    features = seeded(laptop(3, batch_norm=False, feature=64))(sounds)
    assert features.std(0).norm() > 0.3 * features.norm(dim=1).mean()
