"""The judges and the batched driver: one face for all judges, the same numbers on any number of processes."""

import dataclasses
import multiprocessing
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("dlib", reason="the extra `judges` is not installed")

from s2f_core import artifacts  # noqa: E402
from s2f_core.data.faces import read_face, write_face  # noqa: E402
from s2f_core.errors import InputError  # noqa: E402
from s2f_core.features.judges import judge, p_female  # noqa: E402
from s2f_core.features.landmarks import Detector, find_face, standard_box  # noqa: E402
from s2f_core.features.measure import FaceMeasures, measure_faces, models  # noqa: E402

FACES = sorted((Path(__file__).resolve().parents[1] / "data" / "faces").glob("*.png"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The eight faces, a copy of the first in another format, noise, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("faces")
    for path in FACES:
        (folder / path.name).write_bytes(path.read_bytes())
    write_face(folder / "noise.png", np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    (folder / "text.png").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def measures(folder: Path) -> FaceMeasures:
    return measure_faces(sorted(folder.iterdir()), processes=1, root=folder)


def same(one: FaceMeasures, other: FaceMeasures) -> bool:
    (tensors, meta), (others, other_meta) = one.to_tensors(), other.to_tensors()
    return artifacts.content_hash(tensors) == artifacts.content_hash(others) and meta == other_meta


def test_two_processes_give_what_one_gives_and_report_each_picture(folder: Path, measures: FaceMeasures) -> None:
    done: list[int] = []
    two = measure_faces(sorted(folder.iterdir()), processes=2, root=folder, on_progress=done.append)
    assert same(two, measures)
    assert done == [1] * 10


def test_every_face_is_measured_and_what_has_none_or_cannot_be_read_is_told(measures: FaceMeasures) -> None:
    assert measures.names == (*(path.name for path in FACES), "noise.png", "text.png")
    assert measures.detector.tolist() == [Detector.CNN] * 8 + [Detector.NONE] * 2
    assert measures.n_faces.tolist() == [1] * 8 + [0] * 2
    for array in (measures.box, measures.landmarks, measures.embedding, measures.age, measures.p_female):
        assert np.isfinite(array[:8]).all() and np.isnan(array[8:]).all()
    assert list(measures.problems) == ["text.png"]
    assert measures.problems["text.png"].startswith("text.png is not a picture")  # no folder of this machine in it


def test_a_face_is_at_distance_zero_from_itself_and_far_from_others(folder: Path, measures: FaceMeasures) -> None:
    embedding = measures.embedding[:8]
    distance = np.linalg.norm(embedding[:, None] - embedding[None], axis=2)
    assert (distance[~np.eye(8, dtype=bool)] > 0.4).all()
    write_face(folder.parent / "copy.png", read_face(FACES[0]))
    copy = measure_faces([folder.parent / "copy.png"], processes=1)
    assert np.array_equal(copy.embedding[0], embedding[0])


def test_the_embedding_of_a_mirrored_face_is_nearer_than_any_other_face(measures: FaceMeasures) -> None:
    image = np.ascontiguousarray(read_face(FACES[0])[:, ::-1])
    face_models, judges = models()
    mirrored = judge(image, find_face(image, face_models).landmarks, judges).embedding
    distance = np.linalg.norm(measures.embedding[:8] - mirrored, axis=1)
    assert distance.argmin() == 0 and 0 < distance[0] < 0.4


def test_labels_stay_in_their_ranges_and_tell_the_test_faces_apart(measures: FaceMeasures) -> None:
    assert ((measures.age[:8] >= 0) & (measures.age[:8] <= 80)).all()
    assert ((measures.p_female >= 0) & (measures.p_female <= 1))[:8].all()
    assert (measures.p_female[:8] > 0.5).tolist() == [True, False, True, True, False, False, False, True]


def test_all_judges_see_the_face_that_was_found() -> None:
    """Two faces in one picture: each judge, given the landmarks of one, says what it says of that one alone."""
    image = np.concatenate([read_face(FACES[0]), read_face(FACES[1])], axis=1)
    _, judges = models()
    asked: list[tuple[int, int, int, int]] = []
    spying = dataclasses.replace(
        judges, attributes=lambda image, box: asked.append(box) or judges.attributes(image, box)
    )
    points = find_face(read_face(FACES[1]), models()[0]).landmarks
    alone = judge(read_face(FACES[1]), points, judges)
    beside = judge(image, points + np.float32([image.shape[1] // 2, 0]), spying)
    assert asked == [standard_box(points + np.float32([image.shape[1] // 2, 0]))]
    assert (beside.age, beside.p_female) == (alone.age, alone.p_female)
    assert np.linalg.norm(beside.embedding - alone.embedding) < 0.01


@pytest.mark.parametrize(
    ("label", "percent", "expected"),
    [("female", 100, 1.0), ("female", 50, 0.505), ("male", 50, 0.495), ("male", 99, 0.005), ("male", 100, 0.0)],
)
def test_a_probability_never_contradicts_the_label(label: str, percent: int, expected: float) -> None:
    assert p_female(label, percent) == pytest.approx(expected)


def test_measures_come_back_from_a_file_as_they_were(measures: FaceMeasures, tmp_path: Path) -> None:
    artifacts.write_tensors(tmp_path / "faces.safetensors", *measures.to_tensors())
    back = FaceMeasures.from_tensors(*artifacts.read_tensors(tmp_path / "faces.safetensors"))
    assert same(back, measures) and back.problems == measures.problems and back.names == measures.names


def test_a_file_of_something_else_is_refused(measures: FaceMeasures) -> None:
    tensors, meta = measures.to_tensors()
    with pytest.raises(InputError, match="10 names came with age, box"):
        FaceMeasures.from_tensors({name: tensors[name] for name in ("box", "age")}, meta)
    with pytest.raises(InputError, match="9 names came"):
        FaceMeasures.from_tensors(tensors, {**meta, "names": meta["names"][1:]})


def test_no_pictures_give_empty_measures() -> None:
    none = measure_faces([], processes=2)
    assert none.names == () and none.landmarks.shape == (0, 68, 2) and none.embedding.shape == (0, 128)


def test_fewer_than_one_process_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1 process, not 0"):
        measure_faces(FACES, processes=0)


def test_an_interrupt_leaves_no_process_behind(folder: Path) -> None:
    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_faces([folder / "text.png"] * 4, processes=2, on_progress=interrupt)
    assert multiprocessing.active_children() == []


def test_a_killed_process_is_an_error_that_says_what_to_do(folder: Path) -> None:
    def kill(done: int) -> None:
        multiprocessing.active_children()[0].kill()

    with pytest.raises(InputError, match="one of 2 worker processes died"):
        measure_faces([folder / "text.png", *FACES], processes=2, on_progress=kill)
