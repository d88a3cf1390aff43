"""What each model is taught: batches are functions of their indices, losses those of plain formulas, and learning happens."""

from pathlib import Path

import numpy as np
import pytest
import torch
from learning import losses
from torch import nn

from s2f_core.data.corpora import examples
from s2f_core.evaluate import retrieval
from s2f_core.models.face_decoder import FaceDecoder, FaceDecoderConfig
from s2f_core.models.face_encoder import CompactConfig, CompactFaceEncoder, to_tensor
from s2f_core.training import ranking
from s2f_core.training.decoder_losses import DecoderLossConfig
from s2f_core.training.decoder_task import DecoderTask, DecoderTaskConfig
from s2f_core.training.face_task import FaceTask, FaceTaskConfig, augmented, info_nce, looks
from s2f_core.training.morphs import MorphConfig

SMOKE = Path(__file__).resolve().parents[1] / "data" / "corpus" / "smoke"
STILL = FaceTaskConfig(contrast=1.0, looks=1.0, temperature=0.1, smoothing=0.0, shift=0.0, zoom=0.0, turn=0.0, light=0.0,
                       colour=0.0)  # fmt: skip
MOVING = STILL.model_copy(update={"shift": 0.1, "zoom": 0.1, "turn": 0.1, "light": 0.2, "colour": 0.1})
CONTENT = 16


@pytest.fixture(scope="module")
def sets() -> tuple[examples.FaceSet, examples.FaceSet]:
    return examples.faces(SMOKE, "train"), examples.faces(SMOKE, "validation")


def small_encoder(classes: int) -> CompactFaceEncoder:
    return CompactFaceEncoder(CompactConfig(widths=((4,), (8,), (8,)), side_px=128, feature=CONTENT, classes=classes))


def test_pictures_are_left_alone_where_nothing_moves_them(sets: tuple[examples.FaceSet, examples.FaceSet]) -> None:
    pictures, draws = sets[0].canonical[:2], np.array([[1.0] * 8, [-1.0] * 8], np.float32)
    found, plain = augmented(pictures, draws, STILL), to_tensor(torch.from_numpy(pictures))
    assert torch.allclose(found[0], plain[0], atol=1e-5)
    assert torch.allclose(found[1], plain[1].flip(2), atol=1e-5)  # mirrored, nothing else


def test_a_batch_of_faces_is_a_function_of_seed_epoch_and_index(sets: tuple[examples.FaceSet, examples.FaceSet]) -> None:
    task = FaceTask(small_encoder(20), *sets, MOVING)
    pictures, persons, looks = task.batch(np.array([3, 5]), seed=1, epoch=2, step=9)
    alone, *_ = task.batch(np.array([5]), seed=1, epoch=2, step=0)
    assert persons.tolist() == [3, 5, 3, 5] and torch.equal(looks[0], looks[2])
    assert torch.equal(pictures[1], alone[0]) and torch.equal(pictures[3], alone[1])
    assert not torch.equal(alone, task.batch(np.array([5]), seed=1, epoch=3, step=0)[0])


def test_looks_of_the_mean_face_have_an_error_of_one(sets: tuple[examples.FaceSet, examples.FaceSet]) -> None:
    wanted = looks(sets[0])
    n = len(sets[0])
    assert wanted.mean(0).abs().max() < 1e-4
    halves = [part.square().sum() for part in wanted.split([136, 768], dim=1)]
    assert halves[0].item() == pytest.approx(halves[1].item(), rel=0.02)  # both count alike
    assert wanted.square().sum(1).mean().item() / wanted.shape[1] == pytest.approx((n - 1) / n, rel=0.02)


def test_contrast_is_the_plain_formula() -> None:
    a, b = (nn.functional.normalize(torch.randn(5, 7, generator=torch.Generator().manual_seed(k)), dim=1) for k in (0, 1))
    odds = torch.exp(a @ b.T / 0.2)
    wanted = -(torch.log(odds.diag() / odds.sum(1)) + torch.log(odds.diag() / odds.sum(0))).mean() / 2
    assert info_nce(a, b, 0.2).item() == pytest.approx(wanted.item(), rel=1e-5)


def test_ranks_are_those_of_the_evaluation() -> None:
    rng = np.random.default_rng(0)
    queries, gallery, own = rng.normal(size=(30, 8)), rng.normal(size=(50, 8)), rng.integers(0, 50, 30)
    gallery[7] = gallery[8]
    wanted = retrieval.ranks(queries, gallery, own, "cosine").ranks
    found = ranking.ranks(torch.from_numpy(queries).float(), torch.from_numpy(gallery).float(), torch.from_numpy(own))
    assert found.tolist() == wanted.tolist()


def test_a_collapsed_encoder_is_ranked_worst() -> None:
    same = torch.ones(4, 3)
    assert ranking.summary(same, same, torch.arange(4))["mean_percent"] == pytest.approx(87.5)
    assert ranking.ranks(same * torch.nan, same, torch.arange(4)).tolist() == [4] * 4


def test_a_face_encoder_learns_its_people(sets: tuple[examples.FaceSet, examples.FaceSet]) -> None:
    task = FaceTask(small_encoder(20), *sets, STILL)
    found = losses(task, 8, 3e-3)
    assert found[-1] < 0.8 * found[0]
    with torch.inference_mode():
        assert 0 < task.validate()["mean_percent"] <= 100


@pytest.fixture(scope="module")
def decoder_task(sets: tuple[examples.FaceSet, examples.FaceSet]) -> DecoderTask:
    encoder = small_encoder(20).eval().requires_grad_(False)
    decoder = FaceDecoder(FaceDecoderConfig(feature=CONTENT, trunk=16, landmark_hidden=8, side_px=128, start_px=8,
                                            start_channels=16, min_channels=8, warp_step_px=8))  # fmt: skip
    decoder.initialise(0)
    config = DecoderTaskConfig(weights=DecoderLossConfig(texture=1.0, landmarks=500.0, embedding=0.1),
                               morph=MorphConfig(neighbours=5, landmark_weight=10.0, parents=2), near_mean=0.5)  # fmt: skip
    return DecoderTask(decoder, encoder.features, sets, config)


def test_an_untrained_decoder_draws_the_mean_face(decoder_task: DecoderTask, sets: tuple[examples.FaceSet, ...]) -> None:
    decoded = decoder_task.model(torch.randn(2, CONTENT, generator=torch.Generator().manual_seed(0)))
    assert torch.allclose(decoded.image[0], decoded.image[1])
    mean = (sets[0].landmarks_px.mean(0) + 0.5) / 128
    assert np.allclose(decoded.landmarks[0].detach().numpy(), mean, atol=1e-5)


def test_faces_are_moved_towards_the_mean_as_their_features_are(decoder_task: DecoderTask) -> None:
    """One that is wholly moved there is the mean face, given as the mean feature; one that is not moved is a morph."""
    faces, left = decoder_task.batch(np.arange(20), seed=0, epoch=0, step=0)
    assert 4 <= int((left == 1).sum()) <= 16 and left.min() >= 0  # a half, by lot
    at_mean, half, whole = (decoder_task.wanted(faces, torch.full((20,), part)) for part in (0.0, 0.5, 1.0))
    assert torch.allclose(at_mean.landmarks, decoder_task.model.mean_landmarks.expand(20, -1, -1))
    assert torch.allclose(at_mean.texture, decoder_task.model.mean_texture.expand(20, -1, -1, -1))
    assert torch.allclose(whole.texture, faces.textures, atol=1e-6) and torch.allclose(whole.landmarks, faces.landmarks)
    for moved, far, mean in zip(half[:3], whole[:3], at_mean[:3], strict=True):
        assert far.std(0).max() > 0 and torch.allclose(mean, mean[:1].expand_as(mean))
        assert torch.allclose(moved, (far + mean) / 2, atol=1e-6)
    assert whole.whole.all() and not half.whole.any()


def test_a_face_decoder_learns(decoder_task: DecoderTask) -> None:
    with torch.inference_mode():
        before = decoder_task.validate()
    found = losses(decoder_task, 4, 1e-3)
    assert found[-1] < found[0]
    assert set(before) >= {"picture_error", "landmark_error_px", "top1percent"} and before["picture_error"] > 5
