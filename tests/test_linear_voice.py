"""The closed form against plain ridge regression and plain canonical correlations, and folded into a network."""

import numpy as np
import pytest
import torch

from s2f_core.errors import InputError
from s2f_core.features.speaker import GE2E
from s2f_core.models.voice_encoder import VoiceEncoder
from s2f_core.training import linear_voice
from s2f_core.training.linear_voice import Shrinkage


def pairs(n: int, voice: int, face: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Voices and faces that share a part, both off centre."""
    rng = np.random.default_rng([seed, n])
    shared = rng.normal(size=(n, 5))
    return tuple(shared @ rng.normal(size=(5, size)) + 0.7 * rng.normal(size=(n, size)) + rng.normal(size=size)
                 for size in (voice, face))  # fmt: skip


def shrunk(centred: np.ndarray, added: float) -> np.ndarray:
    covariance = centred.T @ centred / len(centred)
    return covariance + added * np.trace(covariance) / len(covariance) * np.eye(len(covariance))


def test_with_every_direction_it_is_ridge_regression() -> None:
    voices, faces = pairs(80, 12, 7)
    a, b = voices - voices.mean(0), faces - faces.mean(0)
    wanted = faces.mean(0) + a @ np.linalg.solve(shrunk(a, 0.3), a.T @ b / 80)
    for face in (0.1, 5.0):  # how the faces are shrunk only orders the directions
        model = linear_voice.fit(voices, faces, Shrinkage(0.3, face, 7))
        assert np.allclose(model.estimate(voices), wanted)


def test_with_hardly_any_shrinkage_the_correlations_are_the_canonical_ones() -> None:
    voices, faces = pairs(90, 6, 9)
    model = linear_voice.fit(voices, faces, Shrinkage(1e-9, 1e-9, 6))
    bases = [np.linalg.qr(side - side.mean(0))[0] for side in (voices, faces)]
    wanted = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)[:6]
    assert np.allclose(model.correlations, wanted, atol=1e-6)
    coordinates = zip(model.heard(voices).T, model.seen(faces).T, strict=True)
    assert np.allclose([np.corrcoef(heard, seen)[0, 1] for heard, seen in coordinates], wanted, atol=1e-6)
    assert np.allclose(model.heard(voices).std(0), wanted) and np.allclose(model.seen(faces).std(0), wanted)


def test_fewer_directions_are_the_first_of_all() -> None:
    voices, faces = pairs(60, 12, 7)
    few = linear_voice.fit(voices, faces, Shrinkage(0.5, 0.5, 3))
    assert np.array_equal(few.heard(voices), linear_voice.fit(voices, faces, Shrinkage(0.5, 0.5, 7)).heard(voices)[:, :3])
    assert np.linalg.matrix_rank(few.estimate(voices) - few.face_mean) == 3


def test_the_voice_encoder_says_the_same() -> None:
    voices, faces = pairs(70, GE2E.embedding, 128)
    model = linear_voice.fit(voices, faces, Shrinkage(0.5, 0.5, 20))
    before = torch.random.get_rng_state()
    encoder = model.encoder(100)
    assert isinstance(encoder, VoiceEncoder) and torch.equal(torch.random.get_rng_state(), before)
    new, _ = pairs(30, GE2E.embedding, 128, seed=1)
    assert np.allclose(encoder(torch.from_numpy(new).float()).numpy(), model.estimate(new)[:, :100], atol=2e-4)


def test_what_cannot_be_fitted_is_an_error() -> None:
    voices, faces = pairs(40, 12, 7)
    with pytest.raises(InputError, match="at least 10 pairs .*got 9"):
        linear_voice.fit(voices[:9], faces[:9], Shrinkage(0.5, 0.5, 3))
    with pytest.raises(InputError, match="leave out clips without a face"):
        linear_voice.fit(voices, np.full_like(faces, np.nan), Shrinkage(0.5, 0.5, 3))
    with pytest.raises(InputError, match="shrunk by a number above 0"):
        linear_voice.fit(voices, faces, Shrinkage(0.0, 0.5, 3))
    with pytest.raises(InputError, match="1 to 7 directions .*got 8"):
        linear_voice.fit(voices, faces, Shrinkage(0.5, 0.5, 8))
    with pytest.raises(InputError, match="takes 256 numbers of a voice and 3 directions; this map has 12 and 2"):
        linear_voice.fit(voices, faces, Shrinkage(0.5, 0.5, 2)).encoder(6)
