"""The mean feature is the plain mean, and exaggeration the plain formula, exact where it must be."""

from pathlib import Path

import numpy as np
import pytest
import torch
from made_set import FEATURE, randomly, write_set

from s2f_core.errors import InputError
from s2f_core.models import mean_feature, weights
from s2f_core.models.mean_feature import MeanFeature


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("set"))


@pytest.fixture(scope="module")
def stored(folder: Path) -> MeanFeature:
    return MeanFeature.load(folder / "mean_feature.safetensors")


def test_what_is_stored_is_the_mean_and_the_encoder_it_comes_from(folder: Path, stored: MeanFeature) -> None:
    faces = randomly(0, 5, FEATURE).numpy()  # what write_set stores
    np.testing.assert_allclose(stored.mean.numpy(), faces.mean(0), atol=1e-6)
    notes = weights.describe(folder / "mean_feature.safetensors")["notes"]
    assert notes == {"face_encoder_sha256": weights.describe(folder / "face_encoder.safetensors")["content_sha256"], "faces": 5}


@pytest.mark.parametrize("amount", [-1.0, -0.4, 0.0, 0.7, 1.4, 3.0])
def test_exaggeration_is_the_plain_formula(stored: MeanFeature, amount: float) -> None:
    features, mean = randomly(7, 4, FEATURE).double().numpy(), stored.mean.double().numpy()
    plain = mean + (1 + amount) * (features - mean)
    np.testing.assert_allclose(stored.exaggerated(torch.from_numpy(features).float(), amount).numpy(), plain, atol=2e-6)


def test_without_exaggeration_nothing_changes_and_at_minus_one_everybody_is_the_mean(stored: MeanFeature) -> None:
    features = 1e3 * randomly(8, 4, FEATURE)  # large, so that a rounding would show
    assert torch.equal(stored.exaggerated(features, 0.0), features)
    assert torch.equal(stored.exaggerated(features, -1.0), stored.mean.expand(4, -1))


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), -1.01, 3.01])
def test_an_absurd_amount_is_refused(stored: MeanFeature, amount: float) -> None:
    with pytest.raises(InputError, match=r"lies in -1 \(the mean face\) to 3, 0 being none; got"):
        stored.exaggerated(randomly(1, 2, FEATURE), amount)


def test_other_sizes_and_means_of_nothing_are_refused(folder: Path, stored: MeanFeature, tmp_path: Path) -> None:
    for size in (1, FEATURE + 1):  # one number would be spread over all
        with pytest.raises(InputError, match=f"has 6 features, not {size}"):
            stored.exaggerated(randomly(1, 2, size), 0.5)
    for faces in (torch.empty(0, FEATURE), torch.full((2, FEATURE), torch.nan)):
        with pytest.raises(InputError, match="not finite"):
            mean_feature.write(tmp_path / "mean.safetensors", faces, folder / "face_encoder.safetensors")
    assert not list(tmp_path.iterdir())
