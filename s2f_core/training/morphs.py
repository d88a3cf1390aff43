"""More faces than there are photographs: random mixes of near faces, which the face decoder is trained on (Cole et al. 2017).

The paper (Sec. 3) takes that decoder as it is. By memory of Cole et al., not verified: about 12,000 photographs became a
million by morphing a face with one of its 200 nearest, near by 10·‖ΔL‖ + ‖ΔT‖ over landmarks L and aligned textures T, with
weights for landmarks and for texture drawn independently and uniformly from 0 to 1.
Differs: no gradient-domain compositing onto the original background; the backgrounds here are plain.

A morph has no features of its own: whoever trains renders it (`models.warp.warp` of the texture from the mean landmarks to the
morph's) and has the face encoder look at the picture.
"""

from typing import Annotated, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Int, Int64, UInt8
from pydantic import Field, model_validator
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from s2f_core.config import Block
from s2f_core.errors import InputError

THUMBNAIL_PX = 16  # side at which textures are compared; ours: finer detail says little of how near two faces are
BLOCK_FACES = 512  # faces whose textures, or distances to all others, are in memory as floats at once

Count = Annotated[int, Field(gt=0)]


class MorphConfig(Block):
    """How faces are mixed."""

    neighbours: Count  # k: how many nearest faces a face may be mixed with
    landmark_weight: Annotated[float, Field(ge=0, allow_inf_nan=False)]  # λ
    parents: Count  # faces in a mix, the first one included; 2 as in Cole et al., 1: no morphing

    @model_validator(mode="after")
    def _enough(self) -> "MorphConfig":
        if self.parents > self.neighbours + 1:
            raise ValueError(f"a mix of {self.parents} faces needs {self.parents - 1} neighbours; got {self.neighbours}")
        return self


class Recipes(NamedTuple):
    """What each morph is made of: rows of the training faces and their shares, which sum to 1."""

    faces: Int64[Tensor, "morphs parents"]
    landmark_shares: Float32[Tensor, "morphs parents"]
    texture_shares: Float32[Tensor, "morphs parents"]


class Morphs(NamedTuple):
    """Mixed faces, in the form of the training faces."""

    landmarks: Float32[Tensor, "morphs 68 2"]  # in fractions of the side
    textures: Float32[Tensor, "morphs 3 side side"]  # aligned to the mean landmarks, 0–1


def nearest_faces(
    landmarks: Float[Tensor, "faces 68 2"], textures: UInt8[Tensor, "faces 3 side side"], config: MorphConfig
) -> Int64[Tensor, "faces neighbours"]:
    """Return for each face the rows of its nearest other faces, nearest first.

    Distance: λ·‖ΔL‖ + ‖ΔT‖. Unstated: the units of the norms. Here both are root mean squares, over the landmarks' distances
    in sides and over the values (0–1) of thumbnails of 16×16 px; with λ = 10 both then count about alike (medians of 0.30 and
    0.21 between faces of the corpus).

    Raises: InputError where there are not more faces than neighbours.
    """
    n_faces = len(landmarks)
    if n_faces <= config.neighbours:
        raise InputError(f"{config.neighbours} neighbours need more than as many faces; got {n_faces}; lower `neighbours`")
    thumbnails = torch.cat([_thumbnails(block) for block in textures.split(BLOCK_FACES)])
    shapes = landmarks.float().flatten(1)
    found = []
    for rows in torch.arange(n_faces, device=landmarks.device).split(BLOCK_FACES):
        apart = torch.cdist(shapes[rows], shapes) * (config.landmark_weight / landmarks.shape[1] ** 0.5)
        apart += torch.cdist(thumbnails[rows], thumbnails) / thumbnails.shape[1] ** 0.5
        apart[torch.arange(len(rows), device=rows.device), rows] = torch.inf
        found.append(apart.sort(dim=1, stable=True).indices[:, : config.neighbours])
    return torch.cat(found)


def _thumbnails(textures: UInt8[Tensor, "faces 3 side side"]) -> Float32[Tensor, "faces values"]:
    return adaptive_avg_pool2d(textures.float() / 255, THUMBNAIL_PX).flatten(1)


def recipes(
    faces: Int[np.ndarray, " morphs"], neighbours: Int[Tensor, "faces neighbours"], config: MorphConfig, *, seed: int, step: int
) -> Recipes:
    """Draw one morph for each given row: that face, other parents from among its neighbours, and their shares.

    A draw is a function of (seed, step, row) and of nothing else, the rest of the batch included. The shares are uniform
    over all that sum to 1 (with two parents: uniform from 0 to 1), for landmarks and texture independently.

    Args:
        faces: rows of the training faces.
        step: of the training, or its epoch: whatever is another number when the same row comes again.
    """
    drawn = [_recipe(np.random.default_rng((seed, step, int(face))), config) for face in faces]
    picks, landmark_shares, texture_shares = (torch.from_numpy(np.stack(one)) for one in zip(*drawn, strict=True))
    own = torch.from_numpy(faces.astype(np.int64))
    others = neighbours.cpu().long()[own[:, None], picks]
    return Recipes(torch.cat([own[:, None], others], dim=1), landmark_shares.float(), texture_shares.float())


def _recipe(rng: np.random.Generator, config: MorphConfig) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    others = rng.choice(config.neighbours, config.parents - 1, replace=False)
    shares = rng.dirichlet(np.ones(config.parents), size=2)
    return others, shares[0], shares[1]


def mix(
    landmarks: Float[Tensor, "faces 68 2"], textures: UInt8[Tensor, "faces 3 side side"], recipes: Recipes
) -> Morphs:
    """Mix the training faces as the recipes say. The textures stay bytes until then: 3,000 of 128 px take 147 MB."""
    shape = torch.einsum("mp,mpij->mij", recipes.landmark_shares, landmarks[recipes.faces].float())
    texture = torch.zeros(len(recipes.faces), *textures.shape[1:])
    for parent, share in zip(recipes.faces.T, recipes.texture_shares.T, strict=True):
        texture.addcmul_(textures[parent].float(), share[:, None, None, None] / 255)
    return Morphs(shape, texture)
