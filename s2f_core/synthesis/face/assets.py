"""The asset pack in data/head: template head, morph targets, skins, hair; read whole, refused where incomplete."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int32, UInt8
from PIL import Image

from s2f_core import artifacts
from s2f_core.config import nearest
from s2f_core.errors import InputError

PACK = "head.safetensors"
PARTS = ("body", "left eye", "right eye", "teeth", "tongue")
BODY, EYES, TEETH, TONGUE = 0, (1, 2), 3, 4
TEXTURE_PX = 512
SKIN_CROP = (320, 88, 512, 444)  # left, top, right, bottom: the head in a skin picture of TEXTURE_PX
SKIN_FLOOR = 0.004  # linear; darker texels are the artist's black background


@dataclass(frozen=True, eq=False)
class Fitted:
    """A mesh that follows the head (hair, brows, lashes): Σ weight · vertex[reference] + offset.

    Attributes:
        triangles: three of its own vertices each.
        uvs: texture coordinates (u to the right, v up) per triangle corner.
        alpha, shade: its picture: coverage in 0–255, and luminance relative to its mean.
    """

    references: Int32[np.ndarray, "points 3"]
    weights: Float32[np.ndarray, "points 3"]
    offsets: Float32[np.ndarray, "points 3"]
    triangles: Int32[np.ndarray, "triangles 3"]
    uvs: Float32[np.ndarray, "triangles 3 2"]
    alpha: UInt8[np.ndarray, "512 512"]
    shade: Float32[np.ndarray, "512 512"]


@dataclass(frozen=True, eq=False)
class HeadPack:
    """The template head hm08 (units: dm; x to the person's left, y up, z out of the face) and what changes it.

    Attributes:
        vertices: the template.
        quads: by part: index into PARTS → quads.
        uvs: by part: texture coordinates per quad corner.
        number_of: vertex number in hm08 → row of `vertices`.
        targets: name → row of `deltas`.
        deltas: displacement of every vertex by every target, flattened (x, y, z of vertex 0, …), dm.
        fitted: "hair/long01" → mesh and picture.
        skins: name → log of linear albedo, relative to the median of the face.
        lips: 1 on the lips, 0 elsewhere.
    """

    vertices: Float32[np.ndarray, "vertices 3"]
    quads: tuple[Int32[np.ndarray, "_ 4"], ...]
    uvs: tuple[Float32[np.ndarray, "_ 4 2"], ...]
    number_of: dict[int, int]
    targets: dict[str, int]
    deltas: Float32[np.ndarray, "targets coordinates"]
    fitted: dict[str, Fitted]
    skins: dict[str, Float32[np.ndarray, "356 192 3"]]
    lips: Float32[np.ndarray, "356 192"]

    @staticmethod
    def load(folder: Path) -> "HeadPack":
        """Read the pack. Raises InputError where a file is missing or is not what `make assets` wrote."""
        if not (folder / PACK).is_file():
            raise InputError(f"{folder} holds no {PACK}; run `dvc pull` (or `make assets` to build it)")
        arrays, meta = artifacts.read_tensors(folder / PACK)
        vertices = arrays["vertices"]
        part, quads = arrays["part"], arrays["quads"].astype(np.int32)
        uvs = arrays["uvs"][arrays["uv_quads"]]
        chosen = [part == number for number in range(len(PARTS))]
        return HeadPack(
            vertices, tuple(quads[one] for one in chosen), tuple(uvs[one] for one in chosen),
            {int(old): new for new, old in enumerate(arrays["original"])},
            {name: row for row, name in enumerate(meta["targets"])}, _dense(arrays, len(vertices)),
            {name: _fitted(arrays, number, folder / f"{name}.webp") for number, name in enumerate(meta["fitted"])},
            {path.stem: _skin(path, vertices, quads[chosen[BODY]], uvs[chosen[BODY]])
             for path in sorted((folder / "skins").glob("*.webp"))},
            _pixels(folder / "lips.webp", "L").astype(np.float32) / 255,
        )

    def row(self, target: str) -> int:
        """Return the row of a target. Raises InputError naming the nearest right one."""
        if target not in self.targets:
            raise InputError(f"the head has no target {target!r}; {nearest(target, list(self.targets))[:200]}")
        return self.targets[target]


def to_linear(srgb: Float32[np.ndarray, "*shape"]) -> Float32[np.ndarray, "*shape"]:
    """Turn sRGB in 0–1 into linear light (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _dense(arrays: dict[str, np.ndarray], n_vertices: int) -> Float32[np.ndarray, "targets coordinates"]:
    start, step = arrays["target_start"].astype(int), arrays["target_step"]
    deltas = np.zeros((len(step), n_vertices, 3), np.float32)
    for row, (first, last) in enumerate(zip(start[:-1], start[1:], strict=True)):
        deltas[row, arrays["target_vertex"][first:last]] = arrays["target_delta"][first:last] * step[row]
    return deltas.reshape(len(step), -1)


def _fitted(arrays: dict[str, np.ndarray], number: int, path: Path) -> Fitted:
    named = {key[len("fitted00_"):]: value for key, value in arrays.items() if key.startswith(f"fitted{number:02d}_")}
    uvs = named["uvs"].astype(np.float32)[named["uv_triangles"]]
    luminance, alpha = np.moveaxis(_pixels(path, "LA"), -1, 0)
    weight = alpha.astype(np.float64)
    shade = np.clip(luminance / max(1e-3, (luminance * weight).sum() / max(1.0, weight.sum())), 0, 3)
    shade = shade if luminance.max() > 5 else np.ones(shade.shape)  # lashes are painted black: nothing to divide by
    return Fitted(
        named["references"].astype(np.int32), named["weights"].astype(np.float32), named["offsets"].astype(np.float32),
        named["triangles"].astype(np.int32), uvs, np.ascontiguousarray(alpha), shade.astype(np.float32),
    )


def _skin(path: Path, vertices: np.ndarray, quads: np.ndarray, uvs: np.ndarray) -> Float32[np.ndarray, "356 192 3"]:
    """Log albedo minus its median over the outer face: tone comes from pigments, only structure from the picture."""
    albedo = np.log(np.maximum(to_linear(_pixels(path, "RGB").astype(np.float32) / 255), SKIN_FLOOR))
    x, y, z = np.moveaxis(vertices[quads], -1, 0)
    face = ((abs(x) < 0.6) & (y > 6.3) & (y < 7.9) & (z > 1.1)).all(1)
    left, top, right, bottom = SKIN_CROP
    u, v = np.moveaxis(uvs[face].reshape(-1, 2), -1, 0)
    column = np.clip((u * (TEXTURE_PX - 1)).astype(int) - left, 0, right - left - 1)
    row = np.clip(((1 - v) * (TEXTURE_PX - 1)).astype(int) - top, 0, bottom - top - 1)
    return (albedo - np.median(albedo[row, column], axis=0)).astype(np.float32)


def _pixels(path: Path, mode: str) -> UInt8[np.ndarray, "..."]:
    if not path.is_file():
        raise InputError(f"{path} is missing; run `dvc pull` (or `make assets` to build it)")
    with Image.open(path, formats=("WEBP",)) as image:
        return np.array(image.convert("RGBA").convert("LA") if mode == "LA" else image.convert(mode))
