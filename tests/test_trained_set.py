"""A trained set loads whole, says which it is, and files that do not belong together are refused by name."""

import shutil
from pathlib import Path

import pytest
import torch
from made_set import write_ge2e, write_set

from s2f_core.errors import InputError
from s2f_core.models import mean_feature, trained_set, weights
from s2f_core.models.face_encoder import VGGFace, VGGFaceConfig
from s2f_core.models.mean_feature import MeanFeature
from s2f_core.models.trained_set import TrainedSet
from s2f_core.reconstruct import Reconstructor


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_set(tmp_path / "set", "6s", "3s")


def replaced(folder: Path, *names: str, **other: int) -> None:
    """Put files of another set in the place of those named."""
    another = write_set(folder.parent / "another", "6s", "3s", **other)
    for name in names:
        shutil.copy(another / name, folder / name)


def test_variants_are_what_lies_in_the_folder(folder: Path, tmp_path: Path) -> None:
    assert trained_set.variants(folder) == ["3s", "6s"]
    assert trained_set.variant_of(folder / "voice_encoder_6s_no_bn.safetensors") == "6s_no_bn"
    with pytest.raises(InputError, match=r"no variant '6' in .*; did you mean '6s'\? Known: 3s, 6s"):
        TrainedSet.load(folder, "6")
    with pytest.raises(InputError, match=r"holds no trained set .*; run `dvc pull`"):
        TrainedSet.load(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"called voice_encoder_<variant>\.safetensors, not face_decoder\.safetensors"):
        trained_set.variant_of(folder / "face_decoder.safetensors")


def test_its_hash_is_that_of_every_file_and_of_nothing_else(folder: Path) -> None:
    first = TrainedSet.load(folder).sha256
    moved = folder.rename(folder.with_name("moved"))
    assert TrainedSet.load(moved).sha256 == first
    known = {first, TrainedSet.load(moved, "3s").sha256}
    for name in ("voice_encoder_6s", "face_decoder"):
        replaced(moved, f"{name}.safetensors", seed=1)
        known.add(TrainedSet.load(moved).sha256)
    replaced(moved, "face_encoder.safetensors", "mean_feature.safetensors", seed=1)
    known.add(TrainedSet.load(moved).sha256)
    assert len(known) == 5


@pytest.mark.parametrize("name", ["face_encoder", "face_decoder", "mean_feature"])
def test_a_feature_of_another_size_is_refused_naming_both_files(folder: Path, name: str) -> None:
    replaced(folder, f"{name}.safetensors", feature=7)
    with pytest.raises(InputError, match=rf"voice_encoder_6s\.safetensors has 6 and .*{name}\.safetensors has 7"):
        TrainedSet.load(folder)


def test_a_set_whose_faces_a_judge_described_draws_from_voices_only(folder: Path) -> None:
    path = folder / "mean_feature.safetensors"
    mean = MeanFeature.load(path)
    notes = {trained_set.JUDGE: "dlib"}
    weights.write(path, mean, kind=mean_feature.KIND, config=mean.config.model_dump(), notes=notes)
    (folder / "face_encoder.safetensors").unlink()
    networks = Reconstructor.load(folder)
    drawn = networks.draw(networks.hear(torch.full((1, 16_000), 0.1)))
    assert networks.networks.face_encoder is None and len(drawn) == 1
    with pytest.raises(InputError, match="described by a judge"):
        networks.see(torch.zeros(1, 32, 32, 3, dtype=torch.uint8))


def test_a_mean_of_another_face_encoder_is_refused(folder: Path) -> None:
    replaced(folder, "mean_feature.safetensors", seed=1)
    with pytest.raises(InputError, match=r"mean_feature\.safetensors was made with another face encoder than .*face_encoder"):
        TrainedSet.load(folder)


def test_any_face_encoder_will_do_but_nothing_else(folder: Path) -> None:
    with torch.random.fork_rng():
        VGGFace(VGGFaceConfig(divisor=64, classes=3, relu=False)).save(folder / "face_encoder.safetensors")
    with pytest.raises(InputError, match=r"has 6 and .*face_encoder\.safetensors has 64"):
        TrainedSet.load(folder)
    shutil.copy(folder / "face_decoder.safetensors", folder / "face_encoder.safetensors")
    with pytest.raises(InputError, match=r"kind 'face_decoder', not a face encoder; .*'face_encoder'\? .*vgg_face"):
        TrainedSet.load(folder)
    (folder / "face_encoder.safetensors").unlink()
    with pytest.raises(InputError, match=r"face_encoder\.safetensors is missing"):
        TrainedSet.load(folder)


def test_a_set_on_speaker_embeddings_finds_their_weights_beside_its_folder(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", "speaker")
    with pytest.raises(InputError, match=r"ge2e\.safetensors is missing"):
        TrainedSet.load(folder, "speaker")
    beside = write_ge2e(tmp_path / "ge2e.safetensors")
    loaded = TrainedSet.load(folder, "speaker")
    assert loaded.ears is not None
    beside.rename(tmp_path / "elsewhere.safetensors")
    assert TrainedSet.load(folder, "speaker", ge2e=tmp_path / "elsewhere.safetensors").sha256 == loaded.sha256
    assert TrainedSet.load(folder, "speaker", ge2e=write_ge2e(tmp_path / "other.safetensors", seed=1)).sha256 != loaded.sha256
