"""The test people of the smoke corpus through a set of tiny networks: what lies on disk is what the networks say."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from checkout import ROOT
from made_set import write_ge2e, write_set

from s2f_core import held_out, samples
from s2f_core.data import reconstructions, stretches
from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.data.corpora import examples, synthetic
from s2f_core.data.reconstructions import F2F
from s2f_core.data.webp import CANONICAL_PX
from s2f_core.errors import InputError
from s2f_core.features.spectrogram import spectrogram
from s2f_core.figures import people
from s2f_core.reconstruct import Reconstructor

PROFILE = "smoke"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose trained set is tiny; returns its root."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copytree(ROOT / "data" / "corpus" / "smoke", root / "data" / "corpus" / "smoke")
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    both, kinds = ["6s", "speaker"], ["clip", "long"]
    params["base"]["reconstruct"] |= {"weights": "data/weights/tiny", "variants": both, "kinds": kinds, "parts": both}
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    write_ge2e(root / "data" / "weights" / "ge2e.safetensors")
    write_set(root / "data" / "weights" / "tiny", "6s", "speaker", sees_px=CANONICAL_PX, draws_px=CANONICAL_PX)
    held_out.reconstruct(root, PROFILE)
    return root


@pytest.fixture(scope="module")
def folder(made: Path) -> Path:
    return reconstructions.folder_of(made, PROFILE)


@pytest.fixture(scope="module")
def networks(made: Path) -> Reconstructor:
    return Reconstructor.load(made / "data" / "weights" / "tiny", "6s")


def test_faces_are_seen_one_by_one_as_together(made: Path, folder: Path, networks: Reconstructor) -> None:
    faces, test = reconstructions.read_faces(folder), examples.faces(synthetic.home(made, PROFILE), "test")
    assert tuple(faces.ids["test"]) == test.ids and len(faces.ids["train"]) == 20 and len(faces.ids["gallery"]) == 6
    for row in (0, 7):
        for pictures, features in ((test.canonical, faces.canonical["test"]), (test.wild[:, 0], faces.wild)):
            assert np.allclose(networks.see(torch.from_numpy(pictures[row][None])), features[row], atol=1e-5)


def test_drawings_are_drawn_from_the_features_and_seen_again(folder: Path, networks: Reconstructor) -> None:
    faces, voices = reconstructions.read_faces(folder), reconstructions.read_voices(folder, "6s")
    for source, features, drawn in ((F2F, faces.canonical["test"], faces.drawn["test"]),
                                    ("6s", voices.features[voices.first], voices.drawn)):
        pictures = networks.draw(torch.from_numpy(features))
        assert np.allclose(networks.see(pictures), drawn, atol=1e-4)
        kept = np.stack([reconstructions.read_drawings(folder, source)[one] for one in faces.ids["test"]])
        coarse = [some.reshape(len(kept), 8, 16, 8, 16, 3).mean((2, 4)) for some in (kept, pictures.numpy())]
        assert np.abs(coarse[0] - coarse[1]).mean() < 4  # of 255: WebP keeps the means of such noise, not every pixel


def test_voices_are_whose_they_are_said_to_be(made: Path, folder: Path, networks: Reconstructor) -> None:
    voices, ids = reconstructions.read_voices(folder, "6s"), reconstructions.read_faces(folder).ids["test"]
    assert set(voices.column("kind")) == {"clip", "long"} and set(voices.person) == set(range(10))
    for row in voices.first:
        assert voices.facts[row]["kind"] == "clip" and voices.facts[row]["id"].startswith(ids[voices.person[row]])
    one = next(synthetic.recordings(synthetic.home(made, PROFILE), "test"))
    row = list(voices.column("id")).index(one.id)
    assert np.allclose(networks.hear(torch.from_numpy(one.samples())[None]), voices.features[row], atol=1e-2)  # 16-bit samples


def test_each_variant_hears_with_its_own_network(folder: Path) -> None:
    assert reconstructions.variants(folder) == ["6s", "speaker"]
    first, second = (reconstructions.read_voices(folder, name) for name in ("6s", "speaker"))
    assert first.model != second.model and not np.allclose(first.features, second.features)


def test_parts_of_long_recordings_are_heard_as_they_are(made: Path, folder: Path, networks: Reconstructor) -> None:
    """From the beginning up to ten seconds, and three seconds one after the other; embeddings know no parts."""
    [(variant, found)] = stretches.read(folder).items()
    assert variant == "6s" and found.model == networks.networks.sha256
    assert set(zip(found.start_s.tolist(), found.seconds.tolist(), strict=True)) == {
        *((0, seconds) for seconds in range(1, 11)), (3, 3), (6, 3)}
    row = int(np.flatnonzero((found.start_s == 3) & (found.seconds == 3))[7])
    identity = reconstructions.read_faces(folder).ids["test"][found.person[row]]
    [sound] = [one.samples() for one in synthetic.recordings_of(synthetic.home(made, PROFILE), identity)
               if one.facts["kind"] == "long"]
    part = torch.from_numpy(sound[3 * SAMPLE_RATE_HZ : 6 * SAMPLE_RATE_HZ])[None]
    with torch.inference_mode():
        heard = networks.networks.voice_encoder(spectrogram(part))[0]
    assert np.allclose(heard, found.features[row], atol=1e-2)  # 16-bit samples


def test_the_log_of_a_training_is_kept_where_there_is_one(made: Path, folder: Path) -> None:
    assert reconstructions.logs(folder) == {}
    for number, place in enumerate(("training/voice_encoder_6s/metrics.jsonl", "tiny/logs/6s.jsonl")):  # shipped comes first
        path = made / "data" / "weights" / place
        path.parent.mkdir(parents=True)
        path.write_text(f'{{"step": {number}, "total": 7.0}}\n', encoding="utf-8")
        held_out.reconstruct(made, PROFILE)
        assert reconstructions.logs(folder)["6s"].read_bytes() == path.read_bytes()
    shutil.rmtree(made / "data" / "weights" / "training")
    shutil.rmtree(made / "data" / "weights" / "tiny" / "logs")
    reconstructions.log_of(folder, "6s").unlink()


def test_the_truth_is_kept_without_cameras(folder: Path) -> None:
    truth = reconstructions.read_people(folder)
    assert [len(truth[split]) for split in ("train", "test", "gallery")] == [20, 10, 6]
    assert truth["test"][0]["attributes"]["sex"] in ("female", "male") and "views" not in truth["test"][0]


def test_a_sample_is_drawn_by_lot_and_the_same_each_time(made: Path, folder: Path) -> None:
    first, second = (samples.by_lot(made, PROFILE, variant="6s", n=5) for _ in range(2))
    assert first.ids == second.ids != sorted(first.ids) and len(set(first.ids)) == 5
    sheet = people.stacked((first.true, first.seen, first.heard), columns=4)
    assert len(sheet) == 24 and np.array_equal(sheet[1], first.true[1]) and np.array_equal(sheet[4], first.seen[0])
    assert np.array_equal(sheet[20], first.heard[4]) and (sheet[23] == 255).all()
    sound = samples.clips(made, PROFILE, first.ids)
    assert len(sound) == 5 and all(one.startswith(b"OggS") for one in sound)


def test_the_worst_are_farthest_from_their_faces(made: Path, folder: Path) -> None:
    found, angles = samples.worst(made, PROFILE, variant="6s", n=3)
    faces, voices = reconstructions.read_faces(folder), reconstructions.read_voices(folder, "6s")
    pairs = zip(voices.drawn.astype(float), faces.canonical["test"].astype(float), strict=True)
    all_angles = {one: float(np.degrees(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))))
                  for one, (a, b) in zip(faces.ids["test"], pairs, strict=True)}
    assert found.ids == sorted(all_angles, key=all_angles.get)[::-1][:3]
    assert np.allclose(angles, [all_angles[one] for one in found.ids], atol=1e-3)


def test_the_faces_that_come_first_are_the_nearest(made: Path, folder: Path) -> None:
    found = samples.answers(made, PROFILE, variant="6s", n=4, k=3)
    faces, voices = reconstructions.read_faces(folder), reconstructions.read_voices(folder, "6s")
    gallery = np.concatenate([faces.canonical["test"], faces.canonical["gallery"]])
    everybody = samples.true_faces(made, PROFILE)
    for one, first, place in zip(found.ids, found.first, found.place, strict=True):
        row = faces.ids["test"].index(one)
        heard = voices.features[voices.first[row]]
        nearness = gallery @ heard / np.linalg.norm(gallery, axis=1) / np.linalg.norm(heard)
        order = np.argsort(-nearness)
        assert len(first) == 3 and (place == list(order[:3]).index(row) if row in order[:3] else place is None)
        if order[0] < len(everybody):
            assert np.array_equal(first[0], everybody[order[0]])


def test_a_run_on_the_same_data_writes_the_same_bytes(made: Path, folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    held_out.reconstruct(made, PROFILE)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_parts_need_not_be_heard(made: Path, folder: Path) -> None:
    path, before = made / "params.yaml", (made / "params.yaml").read_text(encoding="utf-8")
    (kept,) = [one.name for one in folder.glob(f"{stretches.STRETCHES}*")]
    bytes_before = (folder / kept).read_bytes()
    params = yaml.safe_load(before)
    params["base"]["reconstruct"]["parts"] = []
    path.write_text(yaml.safe_dump(params))
    (folder / kept).unlink()
    held_out.reconstruct(made, PROFILE)
    assert stretches.read(folder) == {} and reconstructions.variants(folder) == ["6s", "speaker"]
    path.write_text(before, encoding="utf-8")
    (folder / kept).write_bytes(bytes_before)


def test_missing_weights_say_what_to_do(tmp_path: Path, made: Path) -> None:
    (tmp_path / "data").mkdir()
    shutil.copy(made / "params.yaml", tmp_path)
    (tmp_path / "data" / "corpus").symlink_to(made / "data" / "corpus")
    with pytest.raises(InputError, match="no trained set .* run `dvc pull`"):
        held_out.reconstruct(tmp_path, PROFILE)
