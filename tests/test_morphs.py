"""Neighbours against brute force, and mixes of faces that are what their recipes say, whoever else is in the batch."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from s2f_core.errors import InputError
from s2f_core.training import morphs
from s2f_core.training.morphs import MorphConfig, Recipes, mix, nearest_faces, recipes

CONFIG = MorphConfig(neighbours=5, landmark_weight=10.0, parents=2)
THREE = CONFIG.model_copy(update={"parents": 3})


def faces(n_faces: int = 20, side: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    landmarks = 0.5 + 0.02 * rng.normal(size=(n_faces, 68, 2))
    textures = rng.integers(0, 100, (n_faces, 3, side, side)) + rng.integers(0, 100, (n_faces, 3, 1, 1))
    return torch.from_numpy(landmarks).float(), torch.from_numpy(textures.astype(np.uint8))


def brute_force(landmarks: torch.Tensor, textures: torch.Tensor, weight: float) -> np.ndarray:
    """All distances, one pair at a time; the thumbnails by block means of 2×2 pixels."""
    shapes, pictures = landmarks.double().numpy(), textures.double().numpy() / 255
    small = pictures.reshape(len(pictures), 3, 16, 2, 16, 2).mean(axis=(3, 5))
    return np.array([[weight * np.sqrt(((a - b) ** 2).sum(axis=1).mean()) + np.sqrt(((s - t) ** 2).mean())
                      for b, t in zip(shapes, small, strict=True)] for a, s in zip(shapes, small, strict=True)])  # fmt: skip


@pytest.mark.parametrize("weight", [0.0, 10.0, 1000.0])
def test_neighbours_are_those_of_brute_force(weight: float) -> None:
    distances = brute_force(*faces(), weight)
    np.fill_diagonal(distances, np.inf)
    found = nearest_faces(*faces(), CONFIG.model_copy(update={"landmark_weight": weight}))
    np.testing.assert_array_equal(found, distances.argsort(axis=1)[:, :5])


def test_small_blocks_give_the_same_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = nearest_faces(*faces(), CONFIG)
    monkeypatch.setattr(morphs, "BLOCK_FACES", 7)
    assert torch.equal(nearest_faces(*faces(), CONFIG), whole)


def test_a_twin_is_a_neighbour_and_oneself_is_not() -> None:
    landmarks, textures = faces()
    landmarks[3], textures[3] = landmarks[11], textures[11]
    found = nearest_faces(landmarks, textures, CONFIG)
    assert found[3, 0] == 11 and found[11, 0] == 3
    assert not (found == torch.arange(20)[:, None]).any()


def test_too_few_faces_are_refused() -> None:
    with pytest.raises(InputError, match="5 neighbours need more than as many faces; got 5; lower `neighbours`"):
        nearest_faces(*faces(5), CONFIG)
    assert nearest_faces(*faces(6), CONFIG).shape == (6, 5)


@pytest.mark.parametrize("config", [CONFIG, THREE])
def test_a_recipe_is_a_function_of_seed_step_and_face(config: MorphConfig) -> None:
    neighbours = nearest_faces(*faces(), config)
    whole = recipes(np.arange(20), neighbours, config, seed=1, step=7)
    some = recipes(np.array([4, 2]), neighbours, config, seed=1, step=7)
    for all_of_it, part in zip(whole, some, strict=True):
        assert torch.equal(all_of_it[[4, 2]], part)
    for other in (recipes(np.arange(20), neighbours, config, seed=2, step=7),
                  recipes(np.arange(20), neighbours, config, seed=1, step=8)):  # fmt: skip
        assert (whole.landmark_shares != other.landmark_shares).all()


def test_a_recipe_names_a_face_its_neighbours_and_shares_of_one() -> None:
    neighbours = nearest_faces(*faces(), THREE)
    drawn = recipes(np.arange(20), neighbours, THREE, seed=0, step=0)
    assert drawn.faces[:, 0].tolist() == list(range(20))
    for row, others in enumerate(drawn.faces[:, 1:].tolist()):
        assert set(others) <= set(neighbours[row].tolist()) and len(set(others)) == 2
    for shares in (drawn.landmark_shares, drawn.texture_shares):
        assert (shares >= 0).all()
        torch.testing.assert_close(shares.sum(dim=1), torch.ones(20))
    assert (drawn.landmark_shares != drawn.texture_shares).all()


def test_shares_of_two_are_uniform_and_every_neighbour_is_met() -> None:
    """Over 600 steps of one face; the bounds are four standard errors."""
    neighbours = torch.arange(5)[None].expand(20, -1)
    drawn = [recipes(np.array([9]), neighbours, CONFIG, seed=3, step=step) for step in range(600)]
    shares = np.sort([one.texture_shares[0, 0].item() for one in drawn])
    assert np.abs(shares - (np.arange(600) + 0.5) / 600).max() < 4 * 0.5 / 600**0.5
    met = np.bincount([one.faces[0, 1].item() for one in drawn], minlength=5)
    assert np.abs(met - 120).max() < 4 * (600 * 0.2 * 0.8) ** 0.5


def test_a_mix_is_what_its_recipe_says() -> None:
    landmarks, textures = faces()
    landmark_shares, texture_shares = torch.tensor([[0.25, 0.75], [1.0, 0.0]]), torch.tensor([[0.5, 0.5], [0.0, 1.0]])
    made = mix(landmarks, textures, Recipes(torch.tensor([[3, 8], [5, 6]]), landmark_shares, texture_shares))
    torch.testing.assert_close(made.landmarks[0], 0.25 * landmarks[3] + 0.75 * landmarks[8])
    torch.testing.assert_close(made.textures[0], (textures[3].float() + textures[8].float()) / 510)
    torch.testing.assert_close(made.landmarks[1], landmarks[5])
    torch.testing.assert_close(made.textures[1], textures[6].float() / 255)


def test_one_parent_is_the_face_itself() -> None:
    landmarks, textures = faces()
    alone = MorphConfig(neighbours=1, landmark_weight=10.0, parents=1)
    drawn = recipes(np.array([2, 19]), nearest_faces(landmarks, textures, alone), alone, seed=0, step=0)
    made = mix(landmarks, textures, drawn)
    torch.testing.assert_close(made.landmarks, landmarks[[2, 19]])
    torch.testing.assert_close(made.textures, textures[[2, 19]].float() / 255)


@pytest.mark.parametrize("wrong", [{"parents": 7}, {"parents": 0}, {"neighbours": 0}, {"landmark_weight": -1.0}, {"k": 3}])
def test_a_config_is_strict(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MorphConfig(**(CONFIG.model_dump() | wrong))
