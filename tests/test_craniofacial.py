"""The 13 measures on a face drawn by hand."""

import numpy as np
import pytest

from s2f_core.evaluate.craniofacial import MEASURES, measures

# A symmetric face on whole units, y downwards, eye centres 20 apart: (landmark, x, y), the left side mirrored.
RIGHT_SIDE = [
    (1, -24, 5),
    (4, -18, 30),
    (31, -6, 20),
    (48, -12, 32),
    (49, -7, 29),
    (50, -3, 27),
    (36, -14, 0),
    (39, -6, 0),
]
MIDDLE = [(8, 0, 50), (27, 0, 0), (33, 0, 21), (51, 0, 28), (57, 0, 36), (62, 0, 31), (66, 0, 33)]
MIRROR = {1: 15, 4: 12, 31: 35, 48: 54, 49: 53, 50: 52, 36: 45, 39: 42, 37: 44, 38: 43, 40: 47, 41: 46}


@pytest.fixture
def face():
    points = np.zeros((68, 2))
    eyelids = [(37, -12, -1), (38, -8, -1), (40, -8, 1), (41, -12, 1)]
    for landmark, x, y in RIGHT_SIDE + MIDDLE + eyelids:
        points[landmark] = x, y
        points[MIRROR.get(landmark, landmark)] = -x if landmark in MIRROR else x, y
    return points[None]


def test_every_measure_has_its_value_on_a_face_drawn_by_hand(face):
    found = {name: value.item() * (400 if name == "nose_area" else 20) for name, value in measures(face).items()}
    lengths = {
        "upper_lip_height": 11,  # 21 → 32
        "philtrum_width": 6,
        "lateral_upper_lip_heights": 9,
        "jaw_width": 36,
        "nose_height": 21,
        "nose_width": 12,
        "labio_oral_region": 24,
        "nose_area": 12 * 20 / 2,
    }
    ratios = {
        "mandibular_index": 18 / 36,
        "intercanthal_index": 12 / 28,
        "nasal_index": 12 / 21,
        "vermilion_height_index": 4 / 4,
        "mouth_face_width_index": 24 / 48,
    }
    assert found == pytest.approx(lengths | {name: 20 * value for name, value in ratios.items()})
    assert list(found) == list(MEASURES)


def test_shift_scale_and_roll_change_no_measure(face):
    turn = np.radians(25)
    moved = face @ (3.7 * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])) + [100, -40]
    still = measures(face)
    for name, value in measures(moved.astype(np.float32)).items():
        assert value == pytest.approx(still[name], rel=1e-5), name


def test_a_missing_point_is_nan_only_where_it_is_needed(face):
    faces = np.repeat(face, 3, axis=0)
    faces[1, 33] = np.nan  # subnasale
    faces[2, 36:48] = 7.0  # both eyes at one place
    missing = {name: np.isnan(value).tolist() for name, value in measures(faces).items()}
    needs_subnasale = {"upper_lip_height", "nose_height", "nasal_index"}
    assert missing == {name: [False, name in needs_subnasale, True] for name in MEASURES}


def test_closed_lips_have_no_vermilion_index_and_raise_no_warning(face):
    face[0, [57, 62, 66]] = 0, 31
    assert np.isnan(measures(face)["vermilion_height_index"]).all()
