"""What the voice encoder is taught: batches are functions of their indices, terms add up, and learning happens."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from learning import losses

from s2f_core.data.audio import CLIP_SAMPLES
from s2f_core.errors import InputError
from s2f_core.features.spectrogram import spectrogram
from s2f_core.models.face_decoder import FaceDecoder, FaceDecoderConfig
from s2f_core.models.face_encoder import CompactConfig, CompactFaceEncoder
from s2f_core.models.voice_encoder import VoiceEncoder, laptop, speaker
from s2f_core.training.losses import PUBLISHED, Layers
from s2f_core.training.voice_task import Frozen, Heard, VoiceTask, VoiceTaskConfig

CONTENT = 16


def heard(faces: torch.Tensor, seed: int) -> Heard:
    rng = np.random.default_rng(seed)
    clips = rng.integers(-3000, 3000, (10, CLIP_SAMPLES)).astype(np.int16)
    return Heard(clips, np.arange(10) % len(faces), faces, str(seed))


@pytest.fixture(scope="module")
def voice_task() -> VoiceTask:
    faces = torch.randn(8, CONTENT, generator=torch.Generator().manual_seed(3))
    decoder = FaceDecoder(FaceDecoderConfig(feature=CONTENT, trunk=16, landmark_hidden=8, side_px=64, start_px=8,
                                            start_channels=16, min_channels=8, warp_step_px=8))  # fmt: skip
    decoder.initialise(0)
    draw = torch.Generator().manual_seed(1)
    decoder.set_means(torch.rand(68, 2, generator=draw), torch.full((3, 64, 64), 0.5))
    with torch.no_grad():  # one that was never trained draws the mean face whatever it is told
        for weight in decoder.parameters():
            weight.add_(torch.randn(weight.shape, generator=draw), alpha=0.01)
    frozen = decoder.requires_grad_(False)
    encoder = CompactFaceEncoder(CompactConfig(widths=((4,), (8,)), side_px=64, feature=CONTENT, classes=20))
    layers = Layers(frozen.first_layer, encoder.requires_grad_(False).logits)
    config = VoiceTaskConfig(loss="full", terms=PUBLISHED, numbers=0.0, gain_db=6.0, shift=True)
    return VoiceTask(VoiceEncoder(laptop(3, feature=CONTENT)), heard(faces, 0), heard(faces, 1), Frozen(layers, frozen), config)


def test_a_batch_of_clips_is_cut_from_their_repetition(voice_task: VoiceTask) -> None:
    clips, wanted, numbers = voice_task.batch(np.array([4, 9]), seed=0, epoch=1, step=5)
    assert clips.shape == (2, 48_000) and wanted.shape == (2, CONTENT) and numbers.shape == (2, 0)
    assert torch.equal(clips[1:], voice_task.batch(np.array([9]), seed=0, epoch=1, step=0)[0])
    same = heard(torch.randn(8, CONTENT), 0)
    first = again(voice_task, same, gain_db=0.0, shift=False).batch(np.array([9]), seed=0, epoch=1, step=0)[0][0].numpy()
    assert np.array_equal(np.rint(first * 2**15), same.clips[9, :48_000])


def again(task: VoiceTask, train: Heard, **changed: object) -> VoiceTask:
    """The same encoder and frozen networks, taught otherwise."""
    return VoiceTask(task.encoder, train, train, task.frozen, task.config.model_copy(update=changed))


@pytest.mark.parametrize("loss", ["full", "pixel"])
def test_a_voice_encoder_learns(voice_task: VoiceTask, loss: str) -> None:
    task = again(voice_task, heard(torch.randn(8, CONTENT), 0), loss=loss)
    found = losses(task, 4, 1e-3)
    assert found[-1] < found[0]
    with torch.inference_mode():
        said = task.validate()
    assert 0 <= said["angle_deg"] <= 180 and said["variance_kept"] > 0


def test_the_pixel_loss_is_that_of_faces_drawn_anew(voice_task: VoiceTask) -> None:
    """They are drawn once and kept in 16 bits."""
    task = again(voice_task, heard(torch.randn(8, CONTENT), 0), loss="pixel")
    batch, decoder = task.batch(np.arange(4), seed=0, epoch=0, step=0), task.frozen.decoder
    task.model.eval()
    with torch.inference_mode():
        expected = (decoder(task.hear(batch[0])).image - decoder(task._train.faces[:4]).image).abs().mean()
        assert task.loss(batch)["total"].item() == pytest.approx(expected.item(), abs=1e-4)
    task.model.train()


def test_the_numbers_of_the_voices_are_taught_beside_the_face(voice_task: VoiceTask) -> None:
    """They start at their means, an error of 1; a number that all voices share teaches nothing; unknown ones are refused."""
    known = replace(heard(torch.randn(8, CONTENT), 0), numbers=np.stack([np.arange(8.0), np.full(8, 3.0), np.arange(8) % 3]).T)
    task = again(voice_task, known, numbers=10.0)
    everybody = task.batch(np.arange(8), seed=0, epoch=0, step=0)
    first, alone = task.loss(everybody), task._apart(task.model.encoder(spectrogram(everybody[0])), everybody[1])
    assert first["numbers"].item() == pytest.approx(2 / 3, abs=1e-5)
    assert first["face"].item() == pytest.approx(alone["total"].item(), rel=1e-3)
    assert first["total"].item() == pytest.approx(first["face"].item() + 10 * first["numbers"].item(), rel=1e-6)
    some = task.batch(np.arange(4), seed=0, epoch=0, step=0)
    before = task.loss(some)["numbers"]
    losses(task, 8, 1e-3)
    assert task.loss(some)["numbers"] < before
    with pytest.raises(InputError, match="set `numbers` to 0"):
        again(voice_task, heard(torch.randn(8, CONTENT), 0), numbers=1.0)


def test_embeddings_are_heard_as_they_are(voice_task: VoiceTask) -> None:
    ready = torch.randn(6, 256, generator=torch.Generator().manual_seed(1))
    clips = Heard(ready, np.arange(6), torch.eye(6, CONTENT), "x")
    task = VoiceTask(VoiceEncoder(speaker(feature=CONTENT)), clips, clips, voice_task.frozen, voice_task.config)
    batch, faces, _ = task.batch(np.array([2, 0]), seed=0, epoch=0, step=0)
    assert torch.equal(batch, ready[[2, 0]]) and torch.equal(faces, torch.eye(6, CONTENT)[[2, 0]])
    found = losses(task, 8, 1e-3)
    assert found[-1] < found[0]
