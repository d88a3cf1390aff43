"""Finding faces: which detector, which face, and landmarks that do not hang on the detector's box."""

import dataclasses
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("dlib", reason="the extra `judges` is not installed")

from s2f_core.data.faces import ALIGNED_ANCHORS, FACE_PX, align, read_face  # noqa: E402
from s2f_core.errors import InputError  # noqa: E402
from s2f_core.features import landmarks  # noqa: E402
from s2f_core.features.landmarks import Detector, Face, FaceModels, anchors, find_face, standard_box  # noqa: E402
from s2f_core.features.measure import models  # noqa: E402

FACES = sorted((Path(__file__).resolve().parents[1] / "data" / "faces").glob("*.png"))


@pytest.fixture(scope="module")
def face_models() -> FaceModels:
    return models()[0]


@pytest.fixture(scope="module")
def found(face_models: FaceModels) -> list[Face]:
    return [find_face(read_face(path), face_models) for path in FACES]


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Mean distance of landmarks, over the distance of the outer corners of the eyes."""
    return float(np.linalg.norm(one - other, axis=1).mean() / np.linalg.norm(one[36] - one[45]))


def test_the_cnn_finds_the_one_face_in_every_test_picture(found: list[Face]) -> None:
    assert [(face.detector, face.n_faces) for face in found] == [(Detector.CNN, 1)] * 8
    assert all(face.confidence > 0.5 for face in found)


def test_landmarks_lie_where_a_face_has_them(found: list[Face]) -> None:
    for face in found:
        (left_x, left_y), (right_x, right_y), (mouth_x, mouth_y) = anchors(face.landmarks)
        assert left_x < mouth_x < right_x and max(left_y, right_y) < mouth_y
        jaw, nose_tip = face.landmarks[:17], face.landmarks[30]
        assert jaw[:, 0].argmin() < 3 and jaw[:, 0].argmax() > 13 and 6 <= jaw[:, 1].argmax() <= 10
        assert left_x < nose_tip[0] < right_x and left_y < nose_tip[1] < mouth_y
        left, top, right, bottom = face.box
        margin = 0.4 * (right - left)  # the CNN's boxes end above the chin
        assert (face.landmarks > (left - margin, top - margin)).all()
        assert (face.landmarks < (right + margin, bottom + margin)).all()


def test_the_anchors_of_aligned_faces_are_the_means_over_the_test_faces(found: list[Face]) -> None:
    mean = np.mean([anchors(face.landmarks) + 0.5 for face in found], axis=0) / FACE_PX
    assert np.abs(mean - ALIGNED_ANCHORS).max() < 0.005


def test_a_turned_face_is_upright_once_aligned(face_models: FaceModels) -> None:
    image = read_face(FACES[3])
    face = find_face(image, dataclasses.replace(face_models, cnn=face_models.hog))
    tilted = align(image, anchors(face.landmarks) @ np.array([[0.97, 0.24], [-0.24, 0.97]]) + (28, -24))
    again = find_face(tilted, dataclasses.replace(face_models, cnn=face_models.hog))
    (left, right, _) = anchors(again.landmarks)
    assert abs(left[1] - right[1]) > 5  # the picture is tilted indeed
    straight = align(tilted, anchors(again.landmarks))
    (left, right, _) = anchors(find_face(straight, dataclasses.replace(face_models, cnn=face_models.hog)).landmarks)
    assert abs(left[1] - right[1]) < 2


def test_where_the_cnn_finds_nothing_hog_is_asked_and_recorded(face_models: FaceModels, found: list[Face]) -> None:
    blind = dataclasses.replace(face_models, cnn=lambda image: [])
    for path, by_cnn in zip(FACES, found, strict=True):
        by_hog = find_face(read_face(path), blind)
        assert (by_hog.detector, by_hog.n_faces) == (Detector.HOG, 1)
        assert not np.array_equal(by_hog.box, by_cnn.box)
        assert apart(by_hog.landmarks, by_cnn.landmarks) < 0.01


def test_landmarks_follow_a_shifted_picture_better_than_one_call_of_the_model_does(face_models: FaceModels) -> None:
    settled, single = [], []
    for path in FACES:
        still, moved = read_face(path), np.roll(read_face(path), (5, -4), axis=(0, 1))
        one, other = (
            find_face(image, dataclasses.replace(face_models, cnn=face_models.hog)) for image in (still, moved)
        )
        settled.append(apart(other.landmarks - np.float32([-4, 5]), one.landmarks))
        calls = [
            face_models.shape(image, tuple(int(edge) for edge in face.box))
            for image, face in ((still, one), (moved, other))
        ]
        single.append(apart(calls[1] - (-4, 5), calls[0]))
    assert np.mean(settled) < 0.003 < 0.006 < np.mean(single)


def test_noise_holds_no_face_and_that_is_a_result(face_models: FaceModels) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (FACE_PX, FACE_PX, 3), dtype=np.uint8)
    face = find_face(noise, face_models)
    assert (face.detector, face.n_faces) == (Detector.NONE, 0)
    assert np.isnan(face.box).all() and np.isnan(face.landmarks).all() and np.isnan(face.confidence)


def test_of_two_faces_the_larger_is_taken_and_both_are_counted(face_models: FaceModels) -> None:
    small = np.pad(read_face(FACES[0])[::2, ::2], ((56, 56), (56, 56), (0, 0)), constant_values=160)
    face = find_face(np.concatenate([small, read_face(FACES[1])], axis=1), face_models)
    assert (face.detector, face.n_faces) == (Detector.CNN, 2)
    assert face.landmarks[:, 0].min() > FACE_PX


def test_of_faces_of_one_size_the_surer_is_taken(face_models: FaceModels) -> None:
    boxes = [((10, 60, 109, 159), 0.7), ((60, 60, 159, 159), 0.9), ((70, 70, 99, 99), 1.0)]
    face = find_face(read_face(FACES[0]), dataclasses.replace(face_models, cnn=lambda image: boxes))
    assert face.box.tolist() == [60, 60, 159, 159] and face.n_faces == 3
    assert face.confidence == pytest.approx(0.9)


def test_the_standard_box_is_the_square_that_hog_draws(face_models: FaceModels, found: list[Face]) -> None:
    for path, face in zip(FACES, found, strict=True):
        ((hog, _),) = face_models.hog(read_face(path))
        left, top, right, bottom = standard_box(face.landmarks)
        assert right - left == bottom - top
        assert np.abs(np.subtract((left, top, right, bottom), hog)).max() < 0.2 * (right - left)


def test_models_are_opened_by_path_and_no_heavy_package_is_loaded() -> None:
    code = """
import sys
sys.modules["pkg_resources"] = None  # as with today's setuptools
from s2f_core.features.measure import models
models()
print({"torch", "face_recognition_models", "scipy", "matplotlib"} & set(sys.modules))
"""
    root = Path(__file__).resolve().parents[1]
    said = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"


def test_a_missing_package_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "face_recognition_models" else real(name)
    )
    with pytest.raises(InputError, match=r"needs face_recognition_models, not installed: pip install -e \.\[judges\]"):
        landmarks.load_face_models()


def test_a_missing_model_file_is_named() -> None:
    with pytest.raises(InputError, match=r"holds no nothing\.dat"):
        landmarks.model_file("nothing.dat")
