"""Small models of an invented page, both halves: trained, tested, written beside the examples; elsewhere only numbers."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from checkout import ROOT
from invented_page import FACES, entries_of, write
from PIL import Image

from s2f_core import artifacts, measure, train_published
from s2f_core.data import reconstructions
from s2f_core.errors import InputError
from s2f_core.features.measure import FaceMeasures
from s2f_core.models import trained_set, weights
from s2f_core.models.face_decoder import FaceDecoder
from s2f_core.models.mean_feature import MeanFeature
from s2f_core.models.voice_encoder import VoiceEncoder

N_CLIPS = 36  # of each half
STEPS = {"unit": "steps", "duration": 2, "batch_size": 8, "warm_up_steps": 1, "validate_every": 1}
BLOCK = {
    "seed": 3, "folds": 3, "fewest": 20, "percents": [5.0, 10.0],
    "grid": {"judged": [0.5], "voice": [0.5], "face": [0.5], "rank": [2, 4]},
    "decoder": {"weights": {"texture": 1.0, "landmarks": 1000.0, "embedding": 0.0},
                "morph": {"neighbours": 5, "landmark_weight": 10.0, "parents": 2}},
}  # fmt: skip


def stems(half: str) -> list[str]:
    """Clips of different videos; on VoxCeleb's side two of a person, who is a man or a woman."""
    if half == "avspeech_res":
        return [f"invented{k:03d}_001.000000-007.000000" for k in range(N_CLIPS)]
    return [f"{k // 2 % 2}012Person{k // 2:02d}_invented{k:03d}_0000001" for k in range(N_CLIPS)]


def causes(half: str, number: int) -> np.ndarray:
    """Of a person's voice and face: a constant, gender, and three of which no two people have the same."""
    person = number // 2 if half == "voxceleb" else number + N_CLIPS
    return np.array([1.0, person % 2 * 4 - 2, *np.random.default_rng(person).normal(size=3)])


def made(size: int) -> np.ndarray:
    """How the causes act on `size` numbers; the first direction keeps voices off zero."""
    return np.random.default_rng(size).normal(size=(5, size)) * np.array([2, 1, 1, 1, 1])[:, None]


def picture(number: int) -> bytes:
    file = io.BytesIO()
    slope = np.linspace(50, 200, 224) + number
    Image.fromarray(np.broadcast_to(slope[:, None, None], (224, 224, 3)).astype(np.uint8)).save(file, "JPEG")
    return file.getvalue()


def sound(half: str, number: int) -> bytes:
    """Six seconds of noise that begin with the clip's number, which `Ears` reads."""
    file = io.BytesIO()
    samples = np.random.default_rng(number).integers(-9, 9, 96_000).astype("<i2")
    samples[0] = 1 + number + (half == "voxceleb") * N_CLIPS
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 16_000, 0, "NONE", ""))
        writer.writeframes(samples.tobytes())
    return file.getvalue()


class Ears:
    """In GE2E's place: the causes of the clip that it hears."""

    def embed(self, clips: torch.Tensor) -> torch.Tensor:
        number = round(float(clips[0, 0]) * 2**15) - 1
        half = "voxceleb" if number >= N_CLIPS else "avspeech_res"
        return torch.from_numpy(causes(half, number % N_CLIPS) @ made(256) / 100)[None].float()


def judged(paths, *, processes, root, on_progress) -> FaceMeasures:
    """In dlib's place: the causes of the clip whose face it sees, and landmarks all over the picture."""
    halves = [path.parts[-3] for path in paths]
    seen = np.array([causes(half, stems(half).index(path.stem)) for half, path in zip(halves, paths, strict=True)])
    n, points = len(paths), np.random.default_rng(0).uniform(40, 180, (68, 2))
    landmarks = (points + seen[:, 2:4, None].transpose(0, 2, 1)).astype(np.float32)
    embedding = (seen @ made(128) / 100).astype(np.float32)
    if "voxceleb" in halves:
        embedding[[path.stem == stems("voxceleb")[7] for path in paths]] = np.nan  # a face that was not found
    female = np.where(seen[:, 1] > 0, 0.9, 0.1).astype(np.float32)
    zeros = (np.zeros((n, 4), np.float32), np.ones(n, np.int8), np.ones(n, np.float32), np.ones(n, np.int32))
    return FaceMeasures(tuple(map(str, paths)), *zeros, landmarks, embedding, np.full(n, 30, np.float32), female, {})


def page(*halves: str) -> dict[str, bytes]:
    files = {}
    for half in halves:
        for number, stem in enumerate(stems(half)):
            files |= {f"figures/{half}/{folder}/{stem}.jpg": picture(number) for folder in FACES}
            files[f"figures/{half}/Wav/{stem}.wav"] = sound(half, number)
    return files


def checkout(folder: Path, monkeypatch: pytest.MonkeyPatch, *halves: str) -> Path:
    """A checkout with a few steps of training, and an invented page fetched into a cache and measured."""
    (folder / "checkout" / "data").mkdir(parents=True)
    root, files = folder / "checkout", page(*halves)
    (root / "data" / "weights").symlink_to(ROOT / "data" / "weights")
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    training = {**params["base"]["face_decoder"]["training"], **STEPS}
    params["base"]["published_models"] = {**BLOCK, "decoder": {**BLOCK["decoder"], "training": training}}
    (root / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    monkeypatch.setenv(measure.CACHE_VARIABLE, str(folder / "cache"))
    monkeypatch.setattr(measure, "manifest", lambda: entries_of(files))
    monkeypatch.setattr(measure, "measure_faces", judged)
    monkeypatch.setattr(train_published.speaker, "load", lambda path: Ears())
    write(measure.published_home(), files)
    measure.measure(root, measure.PROFILE, processes=1)
    return root


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict]:
    """The checkout, the set's folder and the numbers; both halves are there."""
    with pytest.MonkeyPatch.context() as patch:
        root = checkout(tmp_path_factory.mktemp("both"), patch, "avspeech_res", "voxceleb")
        return root, *train_published.train(root, report=lambda event: None)


def test_people_of_the_other_half_are_found(trained: tuple[Path, Path, dict]) -> None:
    _, _, tests = trained
    assert list(tests) == ["voxceleb", "avspeech_to_voxceleb"]
    for name, found in tests.items():
        assert found["learned.percent10"].n == N_CLIPS - 1  # one face was not found
        assert found["learned.percent10"].value > 0.9 and found["gender"].value > 0.9, name
        assert found["learned.percent10"].baseline < 0.1


def test_the_set_is_of_the_avspeech_half_and_its_files_fit_each_other(trained: tuple[Path, Path, dict]) -> None:
    _, folder, _ = trained
    assert folder.name == "avspeech_res"
    encoder = VoiceEncoder.load(folder / f"{trained_set.VOICE_ENCODER}{trained_set.VARIANT}{trained_set.SUFFIX}")
    decoder, mean = FaceDecoder.load(folder / trained_set.FACE_DECODER), MeanFeature.load(folder / trained_set.MEAN_FEATURE)
    wanted = np.stack([causes("voxceleb", k) for k in range(N_CLIPS)])
    heard = encoder(torch.from_numpy(wanted @ made(256) / 100).float())
    faces = wanted @ made(128) / 100
    assert np.abs(heard.numpy() - faces).mean() < 0.5 * np.abs(faces - mean.mean.numpy()).mean()
    drawn = decoder(mean.exaggerated(heard, 0.7)).image
    assert drawn.shape == (N_CLIPS, 3, 128, 128) and drawn.isfinite().all() and 0.2 < float(drawn.mean()) < 0.8
    assert weights.describe(folder / trained_set.FACE_DECODER)["notes"]["half"] == "avspeech_res"
    assert (folder.parent / trained_set.GE2E).is_file()


def test_below_the_repository_there_are_only_numbers(trained: tuple[Path, Path, dict]) -> None:
    root, folder, _ = trained
    assert not folder.resolve().is_relative_to(root.resolve())
    written = {path.name: path.read_text() for path in (root / "results").rglob("*") if path.is_file()}
    assert sorted(written) == ["features.json", "small_models.json"]
    assert not [word for word in ("Person", "invented") if word in "".join(written.values())]
    found = artifacts.read_json(root / "results" / "published" / "reconstructions" / "small_models.json")
    assert reconstructions.read_small(root) == found["tests"]
    assert found["set"] == "avspeech_res" and set(found["tests"]["voxceleb"]["gender"]) == {
        "value", "low", "high", "n", "baseline"}


def test_the_voxceleb_half_alone_is_enough_and_gives_the_same_numbers_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: tuple[Path, Path, dict]
) -> None:
    folder, tests = train_published.train(checkout(tmp_path, monkeypatch, "voxceleb"), report=lambda event: None)
    assert folder.name == "voxceleb" and tests == {"voxceleb": trained[2]["voxceleb"]}


def test_a_half_of_a_few_clips_is_left_out(trained: tuple[Path, Path, dict], monkeypatch: pytest.MonkeyPatch) -> None:
    clips = [*range(19)]
    monkeypatch.setattr(measure, "read", lambda root, profile, half: (clips, {}))
    assert train_published.halves(trained[0], fewest=20) == {}


def test_without_examples_or_with_a_cache_in_the_repository_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = checkout(tmp_path, monkeypatch)
    with pytest.raises(InputError, match="VoxCeleb half, which is not here; run `s2f fetch published`"):
        train_published.train(root, report=lambda event: None)
    monkeypatch.setenv(measure.CACHE_VARIABLE, str(root / "cache"))
    with pytest.raises(InputError, match="outside the repository.*set S2F_CACHE"):
        train_published.train(root, report=lambda event: None)
    assert not (root / "results" / "published" / "reconstructions" / "small_models.json").exists()
