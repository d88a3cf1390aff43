"""Everything that is drawn of a person, as one set of triangles: head, eyes, teeth, brows, lashes, hair, glasses."""

import functools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int8, Int32
from scipy.spatial import cKDTree

from s2f_core.synthesis.face import glasses, hairdo
from s2f_core.synthesis.face.assets import BODY, EYES, TEETH, TONGUE, Fitted, HeadPack
from s2f_core.synthesis.face.identity import FaceIdentity
from s2f_core.synthesis.face.kernels import Surface
from s2f_core.synthesis.face.shading import BROW, EYE_LEFT, EYE_RIGHT, FRAME, HAIR, LASH, SKIN
from s2f_core.synthesis.face.shading import TEETH as TEETH_MATERIAL
from s2f_core.synthesis.face.shading import TONGUE as TONGUE_MATERIAL

WIDTH_ENDS = (5399, 11998)  # vertices of hm08 whose distance scales the offsets of fitted meshes
CHIN = 747
LIPS_MEET_DM = 6.6  # height on the template
TEETH_MOVED_DM = (0.0, -0.035, -0.03)  # the upper row: an open mouth shows its edge
LASHES = ("Eyelashes01", "eyelashes02", "eyelashes03", "eyelashes04")
# Coverage (0–255) below which a strand is never drawn, and the range over which noise decides.
THRESHOLDS = {HAIR: (60.0, 0.45), BROW: (4.0, 0.5), LASH: (110.0, 0.6)}
HEM_WAVE_DM = 0.02  # no scissors cut quite straight


@dataclass(frozen=True, eq=False)
class Scene:
    """Triangles of a person; points come later, they move with the expression.

    Attributes:
        surface: triangles and their textures.
        material: per triangle, see `shading`.
        shades: luminance of the textures.
        hangings: (mesh, material) of what is fitted to the head, in the order of their points.
    """

    surface: Surface
    material: Int8[np.ndarray, " triangles"]
    shades: Float32[np.ndarray, "textures 512 512"]
    hangings: tuple[tuple[Fitted, int], ...]


def build_scene(pack: HeadPack, identity: FaceIdentity) -> Scene:
    """Assemble the triangles of a person."""
    parts = [(BODY, SKIN), (EYES[0], EYE_LEFT), (EYES[1], EYE_RIGHT), (TEETH, TEETH_MATERIAL), (TONGUE, TONGUE_MATERIAL)]
    triangles = [_split(pack.quads[part]) for part, _ in parts]
    uvs = [_split(pack.uvs[part]) for part, _ in parts]
    material = [np.full(len(one), kind) for one, (_, kind) in zip(triangles, parts, strict=True)]
    texture = [np.full(len(one), -1) for one in triangles]
    names = [(f"eyebrows/eyebrow{identity.brow:03d}", BROW)]
    names += [(f"eyelashes/{LASHES[identity.lash - 1]}", LASH)] if identity.lash else []
    mesh = hairdo.STYLES[identity.hair]
    names += [(f"hair/{mesh}", HAIR)] if mesh else []
    hangings = tuple((pack.fitted[name], kind) for name, kind in names)
    first = len(pack.vertices)
    for number, (fitted, kind) in enumerate(hangings):
        triangles.append(fitted.triangles + first)
        uvs.append(fitted.uvs)
        material.append(np.full(len(fitted.triangles), kind))
        texture.append(np.full(len(fitted.triangles), number))
        first += len(fitted.references)
    if identity.glasses != "none":
        frame = glasses.frame_triangles(identity.glasses)
        triangles.append(frame + first)
        uvs.append(np.zeros((len(frame), 3, 2)))
        material.append(np.full(len(frame), FRAME))
        texture.append(np.full(len(frame), -1))
    thresholds = [_threshold(kind, identity) for _, kind in hangings]
    surface = Surface(
        np.concatenate(triangles).astype(np.int32), np.concatenate(texture).astype(np.int32),
        np.ascontiguousarray(np.concatenate(uvs), np.float32), np.stack([one.alpha for one, _ in hangings]),
        np.array(thresholds, np.float32),
    )
    return Scene(surface, np.concatenate(material).astype(np.int8), np.stack([one.shade for one, _ in hangings]), hangings)


def points(pack: HeadPack, scene: Scene, identity: FaceIdentity, head: Float32[np.ndarray, "vertices 3"]
           ) -> Float32[np.ndarray, "points 3"]:
    """Return the points of all triangles for a shape of the head, dm."""
    ends = [pack.number_of[number] for number in WIDTH_ENDS]
    wide = np.linalg.norm(head[ends[0]] - head[ends[1]]) / np.linalg.norm(pack.vertices[ends[0]] - pack.vertices[ends[1]])
    teeth = np.unique(pack.quads[TEETH])
    upper = teeth[pack.vertices[teeth, 1] > LIPS_MEET_DM]
    found = [head.copy()]
    found[0][upper] += np.array(TEETH_MOVED_DM, np.float32)
    for fitted, kind in scene.hangings:
        if kind == HAIR:
            found.append(_hair(pack, identity, fitted, head, float(wide)))
        else:
            found.append(_fit(fitted, head, float(wide)))
    if identity.glasses != "none":
        found.append(glasses.frame_points(pack, identity.glasses, head))
    return np.concatenate(found).astype(np.float32)


def edges(pack: HeadPack) -> Int32[np.ndarray, "edges 2"]:
    """Return the edges of the skin's mesh, each once."""
    quads = pack.quads[BODY]
    pairs = np.concatenate([quads[:, [0, 1]], quads[:, [1, 2]], quads[:, [2, 3]], quads[:, [3, 0]]])
    return np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int32)


def visible(scene: Scene, placed: Float32[np.ndarray, "points 3"], eyes: Float32[np.ndarray, "2 3"]
            ) -> Bool[np.ndarray, " triangles"]:
    """Say which triangles are kept: all but strands of hair that hang before the eyes."""
    middle = placed[scene.surface.triangles].mean(1)
    brow, nose = eyes[:, 1].mean() + 0.16, eyes[:, 1].mean() - 0.55
    level = (middle[:, 1] < brow) & (middle[:, 1] > nose)
    before = (abs(middle[:, 0]) < 0.52) & (middle[:, 2] > eyes[:, 2].mean() - 0.1)
    return ~((scene.material == HAIR) & level & before)


def _split(quads: np.ndarray) -> np.ndarray:
    """Two triangles per quad."""
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _fit(fitted: Fitted, head: Float32[np.ndarray, "vertices 3"], wide: float) -> Float32[np.ndarray, "points 3"]:
    return ((head[fitted.references] * fitted.weights[..., None]).sum(1) + fitted.offsets * wide).astype(np.float32)


def _hair(pack: HeadPack, identity: FaceIdentity, fitted: Fitted, head: np.ndarray, wide: float) -> np.ndarray:
    """Fit hair, mirrored where asked (fitted to the mirrored head and turned back), with more or less volume, and cut."""
    if identity.hair_mirrored:
        flip = np.array([-1, 1, 1], np.float32)
        placed = _fit(fitted, head[_mirror(pack)] * flip, wide) * flip
    else:
        placed = _fit(fitted, head, wide)
    middle = head[np.unique(pack.quads[BODY])].max(0) * np.array([0, 1, 0]) - np.array([0, 1.0, 0])
    placed = middle + (placed - middle) * np.array([1 + identity.hair_volume, 1 + 0.6 * identity.hair_volume, 1])
    if identity.hair == "bob":
        hem = head[pack.number_of[CHIN], 1] - identity.hair_length
        below = placed[:, 1] < hem
        band = placed[(placed[:, 1] >= hem) & (placed[:, 1] < hem + 0.35)]
        if below.any() and len(band):
            cut = np.clip(placed[below], band.min(0) * (0.97, 1, 1), band.max(0) * (0.97, 1, 1))
            cut[:, 1] = hem + HEM_WAVE_DM * np.sin(40 * cut[:, 0])
            placed[below] = cut
    return placed.astype(np.float32)


@functools.lru_cache(maxsize=2)
def _mirror(pack: HeadPack) -> np.ndarray:
    """Row of each vertex's mirror image: the template is symmetric."""
    return cKDTree(pack.vertices).query(pack.vertices * np.array([-1, 1, 1], np.float32))[1]


def _threshold(kind: int, identity: FaceIdentity) -> tuple[float, float]:
    low, noise = THRESHOLDS[kind]
    if kind == BROW:
        low = 4 + 70 * (1 - identity.brow_density)
    return low, noise
