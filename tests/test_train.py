"""The smoke profile's models, trained whole: weights that belong together and draw a face; a second call trains nothing."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from checkout import ROOT

from s2f_core import corpus, train
from s2f_core.errors import InputError
from s2f_core.models import mean_feature, weights
from s2f_core.models.trained_set import TrainedSet
from s2f_core.reconstruct import Reconstructor
from s2f_core.training.log import Event

PROFILE = "smoke"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the face models and two voice encoders are trained for a few steps."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / "params.yaml", root)
    (root / "data").symlink_to(ROOT / "data")
    corpus.make(corpus.assemble_jobs(root, PROFILE), processes=1, on_progress=lambda steps: None)
    quiet = [].append
    train.train_face_encoder(root, PROFILE, report=quiet)
    train.train_face_decoder(root, PROFILE, report=quiet)
    for variant in ("6s", "speaker"):
        train.train_voice_encoder(root, PROFILE, variant, report=quiet)
    return root


def test_what_was_trained_belongs_together_and_draws_a_face(trained: Path) -> None:
    folder = train.weights_of(trained, PROFILE, "face_encoder").parent
    for variant in ("6s", "speaker"):
        assert TrainedSet.load(folder, variant, ge2e=trained / train.GE2E).variant == variant
    networks = Reconstructor.load(folder, "6s")
    sound = torch.from_numpy(np.random.default_rng(0).normal(0, 0.1, (2, 20_000)).astype(np.float32))
    drawn = networks.draw(networks.hear(sound))
    assert drawn.shape == (2, 128, 128, 3) and drawn.float().std() > 5


def test_weights_say_what_made_them(trained: Path) -> None:
    about = {name: weights.describe(train.weights_of(trained, PROFILE, name)) for name in
             ("face_encoder", "face_decoder", "voice_encoder_6s")}  # fmt: skip
    made_with = about["face_encoder"]["content_sha256"]
    assert about["face_encoder"]["config"]["classes"] == 20
    for name in ("face_decoder", "voice_encoder_6s"):
        assert about[name]["notes"][mean_feature.MADE_WITH] == made_with
        assert about[name]["notes"]["step"] > 0 and about[name]["notes"]["validation"]


def test_a_second_call_trains_nothing_and_gives_the_same_bytes(trained: Path) -> None:
    path = train.weights_of(trained, PROFILE, "voice_encoder_6s")
    before, told = path.read_bytes(), []
    train.train_voice_encoder(trained, PROFILE, "6s", report=told.append)
    assert path.read_bytes() == before
    assert [event.kind for event in told if isinstance(event, Event)] == ["start"]


def test_an_unknown_variant_names_the_known_ones(trained: Path) -> None:
    with pytest.raises(InputError, match="no variant '6sec'.*did you mean '6s'"):
        train.train_voice_encoder(trained, PROFILE, "6sec", report=print)


def test_a_voice_encoder_needs_the_face_models(tmp_path: Path) -> None:
    shutil.copy(ROOT / "params.yaml", tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    with pytest.raises(InputError, match="face_encoder.safetensors is missing"):
        train.train_voice_encoder(tmp_path, PROFILE, "6s", report=print)
