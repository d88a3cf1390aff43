"""Colours and length of hair are read where they were painted, and a cartoon shows them."""

import numpy as np
import pytest

from s2f_core.errors import InputError
from s2f_core.features.appearance import appearance
from s2f_core.features.landmarks import N_LANDMARKS
from s2f_core.figures.cartoon import cartoon, row

SKIN, HAIR, GREY = (200, 150, 120), (60, 40, 20), (190, 190, 195)


def landmarks() -> np.ndarray:
    points = np.full((N_LANDMARKS, 2), 64.0)
    points[2], points[14], points[8], points[27] = (34, 75), (94, 75), (64, 110), (64, 58)
    points[31], points[35], points[48], points[54] = (58, 78), (70, 78), (52, 92), (76, 92)
    return points


def painted(*, long_hair: bool, bald: bool = False) -> np.ndarray:
    face = np.empty((128, 128, 3), np.uint8)
    face[:] = GREY
    y, x = np.mgrid[:128, :128]
    head = ((x - 64) / 34.0) ** 2 + ((y - 62) / 54.0) ** 2 < 1
    if long_hair:
        face[20:110, 16:112] = HAIR
    face[head] = SKIN
    if not bald:
        face[head & (y < 30)] = HAIR
    return face


@pytest.mark.parametrize("long_hair", [True, False])
def test_what_was_painted_is_measured(long_hair: bool) -> None:
    found = appearance(painted(long_hair=long_hair), landmarks())
    assert tuple(found.skin) == SKIN and tuple(found.hair) == HAIR
    assert found.long_hair == long_hair and not found.bald


def test_skin_above_the_forehead_is_no_hair() -> None:
    assert appearance(painted(long_hair=False, bald=True), landmarks()).bald


def test_a_lost_face_is_refused() -> None:
    lost = landmarks()
    lost[3] = np.nan
    with pytest.raises(InputError, match="detect the face first"):
        appearance(painted(long_hair=False), lost)


def test_a_cartoon_has_the_measured_colours_and_is_the_same_each_time() -> None:
    look = {"skin": "#c89678", "hair": "#3c2814", "long": True, "bald": False}
    svg = cartoon(look, "test-00001")
    assert svg == cartoon(look, "test-00001") and "#c89678" in svg.lower() and "#3c2814" in svg.lower()
    short, bald = (cartoon(look | {"long": False, "bald": one}, "test-00001") for one in (False, True))
    assert len({svg, short, bald}) == 3
    shown = row([svg, svg], ["first", 'a "second"'], width_px=100).data
    assert shown.count("data:image/svg+xml;base64,") == 2 and "a &quot;second&quot;" in shown
