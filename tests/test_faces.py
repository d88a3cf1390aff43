"""Reading, writing and aligning face pictures: every kind of picture is defined, every bad one has its own message."""

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from s2f_core.data import faces
from s2f_core.data.faces import FACE_PX, MAX_SIDE_PX, MIN_SIDE_PX, align, read_face, write_face
from s2f_core.errors import InputError

FACE = Path(__file__).resolve().parents[1] / "data" / "faces" / "face_00.png"


@pytest.fixture(scope="module")
def face() -> Image.Image:
    return Image.open(FACE).convert("RGB")


def saved(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)
    return path


def test_a_face_of_the_usual_size_keeps_every_pixel(face: Image.Image) -> None:
    assert np.array_equal(read_face(FACE), np.asarray(face))
    assert read_face(FACE).shape == (FACE_PX, FACE_PX, 3)


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK"])
def test_other_modes_become_rgb(mode: str, face: Image.Image, tmp_path: Path) -> None:
    image = face.convert(mode)
    read = read_face(saved(image, tmp_path / ("x.tif" if mode == "CMYK" else "x.png")))
    assert np.array_equal(read, np.asarray(image.convert("RGB")))


def test_sixteen_bit_grey_keeps_its_upper_bits(tmp_path: Path) -> None:
    grey = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    read = read_face(saved(Image.fromarray(grey), tmp_path / "x.png"))
    assert np.array_equal(read, np.repeat((grey >> 8).astype(np.uint8)[..., None], 3, axis=2))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_turn_white_and_the_rest_stays(mode: str, tmp_path: Path) -> None:
    image = Image.new("RGBA", (64, 64), (40, 40, 40, 255))
    image.paste((40, 40, 40, 0), (0, 0, 32, 64))
    read = read_face(saved(image.convert(mode), tmp_path / "x.png"))
    assert (read[:, :32] == 255).all() and (read[:, 32:] == 40).all()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_exif_orientation_is_applied(suffix: str, face: Image.Image, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show the picture rotated by 90° clockwise
    turned = face.crop((0, 0, FACE_PX, 160)).transpose(Image.Transpose.ROTATE_90)
    read = read_face(saved(turned, tmp_path / f"x{suffix}", exif=exif))
    upright = np.asarray(face)[:160].astype(int)
    assert read.shape == upright.shape
    assert np.abs(read - upright).mean() < 4


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_20_megapixel_photo_is_scaled_to_the_stated_side(suffix: str, face: Image.Image, tmp_path: Path) -> None:
    photo = face.resize((5472, 3648), Image.Resampling.BILINEAR)
    read = read_face(saved(photo, tmp_path / f"x{suffix}", **({"compress_level": 1} if suffix == ".png" else {})))
    assert read.shape == (MAX_SIDE_PX * 2 // 3, MAX_SIDE_PX, 3)
    small = np.asarray(photo.resize(read.shape[1::-1], Image.Resampling.LANCZOS)).astype(int)
    assert np.abs(read - small).mean() < 2


BAD: dict[str, tuple[Callable[[Path, Image.Image], object], str]] = {
    "missing": (lambda path, face: None, "is missing"),
    "a folder": (lambda path, face: path.mkdir(), "not a regular file"),
    "empty": (lambda path, face: path.touch(), "is empty"),
    "not an image": (lambda path, face: path.write_text("no picture"), "is not a picture in JPEG, PNG"),
    "an image we do not read": (lambda path, face: face.save(path, "PPM"), "is not a picture in JPEG, PNG"),
    "truncated": (lambda path, face: path.write_bytes(FACE.read_bytes()[:9000]), "corrupt or cut short"),
    "corrupt": (
        lambda path, face: path.write_bytes(FACE.read_bytes()[:9000] + bytes(4000) + FACE.read_bytes()[13000:]),
        "corrupt or cut short",
    ),
    "1×1": (lambda path, face: face.resize((1, 1)).save(path, "PNG"), "too small: 1×1 px"),
    "a strip": (lambda path, face: face.resize((4000, 50)).save(path, "PNG"), "too small: 4000×50 px"),
    "32-bit": (lambda path, face: face.convert("F").save(path, "TIFF"), "32-bit pixels"),
}


@pytest.mark.parametrize("kind", BAD)
def test_every_bad_picture_has_its_own_message(kind: str, face: Image.Image, tmp_path: Path) -> None:
    make, message = BAD[kind]
    make(tmp_path / "x.png", face)
    with pytest.raises(InputError, match=message):
        read_face(tmp_path / "x.png")


@pytest.mark.parametrize("side", [8_000, 10_000, 30_000])  # above our limit, where Pillow warns, where Pillow refuses
def test_a_header_that_claims_an_absurd_size_is_refused_unread(side: int, face: Image.Image, tmp_path: Path) -> None:
    bomb = bytearray(FACE.read_bytes())
    bomb[16:24] = side.to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bytes(bomb[12:29])).to_bytes(4, "big")
    (tmp_path / "x.png").write_bytes(bomb)
    with pytest.raises(InputError, match="too large"):
        read_face(tmp_path / "x.png")


def test_the_smallest_side_is_still_read(face: Image.Image, tmp_path: Path) -> None:
    smallest = saved(face.resize((MIN_SIDE_PX, MIN_SIDE_PX)), tmp_path / "x.png")
    assert read_face(smallest).shape == (MIN_SIDE_PX, MIN_SIDE_PX, 3)


def test_a_picture_must_lie_in_the_root_links_followed(tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    root.mkdir()
    (root / "inside.png").write_bytes(FACE.read_bytes())
    os.symlink(root / "inside.png", root / "link.png")
    os.symlink(FACE, root / "out.png")
    os.symlink(root / "loop.png", root / "loop.png")
    assert np.array_equal(read_face(root / "link.png", root=root), read_face(FACE))
    for path in (root / "out.png", root / ".." / "elsewhere.png", FACE):
        with pytest.raises(InputError, match="outside"):
            read_face(path, root=root)
    with pytest.raises(InputError, match="is missing"):
        read_face(root / "loop.png", root=root)


def test_a_written_face_reads_back_and_has_the_same_bytes_every_time(face: Image.Image, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write_face(tmp_path / "new" / name, np.asarray(face))
    assert np.array_equal(read_face(tmp_path / "new" / "a.png"), np.asarray(face))
    assert (tmp_path / "new" / "a.png").read_bytes() == (tmp_path / "new" / "b.png").read_bytes()
    assert len(list((tmp_path / "new").iterdir())) == 2


def test_a_face_is_written_only_under_a_png_name(face: Image.Image, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the name is x\.jpg"):
        write_face(tmp_path / "x.jpg", np.asarray(face))
    assert not list(tmp_path.iterdir())


def test_aligning_puts_the_anchors_where_they_belong_whatever_the_turn_and_scale() -> None:
    goal = np.array(faces.ALIGNED_ANCHORS) * FACE_PX
    for degrees, scale, shift in ((0, 1.0, 0), (25, 2.6, 90), (-40, 0.6, 40)):
        turn = scale * np.exp(1j * np.deg2rad(degrees))
        moved = (goal - FACE_PX / 2) @ (1, 1j) * turn + (1 + 1j) * (FACE_PX / 2 * scale + shift)
        anchors = np.rint(np.stack([moved.real, moved.imag], axis=1))
        image = np.full((900, 900, 3), 90, np.uint8)
        colours = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255)])
        for (x, y), colour in zip(anchors.astype(int), colours, strict=True):
            image[y - 3 : y + 4, x - 3 : x + 4] = colour
        aligned = align(image, anchors)
        for (x, y), colour in zip(goal, colours, strict=True):
            rows, columns = np.nonzero(np.abs(aligned.astype(int) - colour).sum(axis=2) < 200)
            assert abs(columns.mean() + 0.5 - x) < 1 and abs(rows.mean() + 0.5 - y) < 1


def test_aligning_an_aligned_face_changes_nothing_and_outside_is_white(face: Image.Image) -> None:
    pixels = np.asarray(face)
    here = np.array(faces.ALIGNED_ANCHORS) * FACE_PX - 0.5
    assert np.abs(align(pixels, here).astype(int) - pixels).max() <= 1
    assert (align(pixels, here + 500) == 255).all()


def test_aligning_averages_the_detail_that_a_smaller_face_cannot_hold() -> None:
    fine = (np.indices((4 * FACE_PX, 4 * FACE_PX)).sum(axis=0) % 2 * 255).astype(np.uint8)
    small = align(np.repeat(fine[..., None], 3, axis=2), np.array(faces.ALIGNED_ANCHORS) * 4 * FACE_PX - 0.5)
    assert np.abs(small[2:-2, 2:-2].astype(int) - 127).max() <= 2
