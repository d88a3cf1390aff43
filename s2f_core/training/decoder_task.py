"""Teach the face decoder to draw canonical faces from a face encoder's features (Sec. 3; Cole et al. 2017)."""

from functools import cached_property
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float, Float32, Int, UInt8
from pydantic import Field
from torch import Tensor

from s2f_core.config import Block
from s2f_core.data.corpora.examples import FaceSet
from s2f_core.models.face_decoder import FaceDecoder
from s2f_core.models.face_encoder import to_tensor
from s2f_core.models.warp import from_pixels, warp
from s2f_core.training import morphs, ranking
from s2f_core.training.decoder_losses import DecoderLossConfig, Encode, FaceParts, align, coarse, decoder_loss
from s2f_core.training.morphs import MorphConfig, Morphs

BLOCK = 64  # faces aligned or validated at once


class DecoderTaskConfig(Block):
    """What a face decoder is taught by: the weights of its losses, how faces are mixed, and how many lie near the mean.

    Attributes:
        near_mean: share of the faces that are moved a random part of the way to the mean face, as their features are.
    """

    weights: DecoderLossConfig
    morph: MorphConfig
    near_mean: Annotated[float, Field(ge=0, le=1)]


class DecoderTask:
    """The `Task` of a face decoder. An example is a canonical face, mixed anew with its neighbours each epoch.

    Differs: the features are those of the rendered morph (canonical), not of a picture in the wild: the encoder's job is
    to give the same for both. And a voice tells little of a face, so that v_s lies far nearer to the mean feature than that
    of any face or morph: some faces are moved towards the mean, pictures and features alike, for the decoder to draw there
    what it draws farther out, fainter. Only whole faces must give an encoder their features again.
    Validation: faces never trained on; how far the drawn picture and its landmarks are from the true ones, and whether
    its features find the true face among all.
    """

    metric, higher_is_better = "picture_error", False

    def __init__(self, model: FaceDecoder, encode: Encode, faces: tuple[FaceSet, FaceSet], config: DecoderTaskConfig) -> None:
        """Align the training faces and set the decoder's means; `faces`: of training and of validation.

        `encode` must be frozen. Raises InputError where there are not more faces than neighbours.
        """
        self._train, self._validation = faces
        train = self._train
        self.model, self._encode, self.config = model, encode, config
        self.n_examples, self.data_hash = len(train), train.content_hash + self._validation.content_hash
        self._landmarks = _landmarks(train)
        self._textures = _aligned(train, self._landmarks)
        texture = sum(block.float().sum(0) for block in self._textures.split(BLOCK)) / (255 * len(train))
        model.set_means(self._landmarks.mean(0), texture)
        self._neighbours = morphs.nearest_faces(self._landmarks, self._textures, config.morph)
        self._mean_feature = self.features.mean(0) if config.near_mean else None

    def batch(self, indices: Int[np.ndarray, " batch"], *, seed: int, epoch: int, step: int
              ) -> tuple[Morphs, Float32[Tensor, " batch"]]:
        """Morphs, one per face, and how far from the mean each is left: 1 where it is, 0 at the mean."""
        wanted = morphs.recipes(indices, self._neighbours, self.config.morph, seed=seed, step=epoch)
        drawn = [np.random.default_rng((seed, epoch, int(face), 1)).uniform(size=2) for face in indices]
        left = [place if chosen < self.config.near_mean else 1.0 for chosen, place in drawn]
        return morphs.mix(self._landmarks, self._textures, wanted), torch.tensor(left, dtype=torch.float32)

    def loss(self, batch: tuple[Morphs, Float32[Tensor, " batch"]]) -> dict[str, Float[Tensor, ""]]:
        """Decode what `wanted` says of the faces, compare."""
        wanted = self.wanted(*batch)
        return decoder_loss(self.model(wanted.features), wanted, self._encode_coarse, self.config.weights)._asdict()

    def _encode_coarse(self, images: Float[Tensor, "batch 3 side side"]) -> Float[Tensor, "batch feature"]:
        return self._encode(coarse(images))

    @torch.no_grad()
    def wanted(self, faces: Morphs, left: Float32[Tensor, " batch"]) -> FaceParts:
        """Render the morphs, encode them, and move pictures and features towards the mean; arguments: see `batch`."""
        mean_landmarks, mean_texture = self.model.mean_landmarks, self.model.mean_texture
        rendered = warp(faces.textures, mean_landmarks[None], faces.landmarks, step_px=self.model.config.warp_step_px)
        features = self._encode(rendered)
        if self._mean_feature is None:
            return FaceParts(faces.landmarks, faces.textures, features, left == 1)
        means, whole = (mean_landmarks, mean_texture, self._mean_feature), (faces.landmarks, faces.textures, features)
        moved = [mean + left.view(-1, *[1] * mean.ndim) * (one - mean) for mean, one in zip(means, whole, strict=True)]
        return FaceParts(*moved, left == 1)

    def validate(self) -> dict[str, float]:
        """Mean absolute error in grey levels of 255, landmark error in px, and the ranks of the true faces."""
        device = self.model.mean_landmarks.device
        pictures = torch.from_numpy(self._validation.canonical).split(BLOCK)
        errors, own, drawn, places = [], [], [], []
        for block in pictures:
            images = to_tensor(block).to(device)
            own.append(self._encode(images))
            decoded = self.model(own[-1])
            errors.append((decoded.image.clamp(0, 1) - images).abs().mean((1, 2, 3)) * 255)
            drawn.append(self._encode(decoded.image.clamp(0, 1)))
            places.append(decoded.landmarks)
        apart = (torch.cat(places).cpu() - _landmarks(self._validation)).norm(dim=2) * self._validation.canonical.shape[1]
        rows = torch.arange(len(self._validation))
        return {"picture_error": float(torch.cat(errors).mean()), "landmark_error_px": float(apart.mean()),
                **ranking.summary(torch.cat(drawn), torch.cat(own), rows)}  # fmt: skip

    @cached_property
    def features(self) -> Float32[Tensor, "faces feature"]:
        """What the encoder sees in the training faces."""
        device, pictures = self.model.mean_landmarks.device, torch.from_numpy(self._train.canonical)
        with torch.no_grad():
            return torch.cat([self._encode(to_tensor(block).to(device)) for block in pictures.split(BLOCK)])


def _landmarks(faces: FaceSet) -> Float32[Tensor, "faces 68 2"]:
    return from_pixels(torch.from_numpy(faces.landmarks_px), faces.canonical.shape[1]).float()


def _aligned(faces: FaceSet, landmarks: Float32[Tensor, "faces 68 2"]) -> UInt8[Tensor, "faces 3 side side"]:
    """The training faces' textures, as bytes: a quarter of the memory."""
    mean = landmarks.mean(0)
    parts = [align(to_tensor(pictures), places, mean) for pictures, places
             in zip(torch.from_numpy(faces.canonical).split(BLOCK), landmarks.split(BLOCK), strict=True)]
    return torch.cat([(part.clamp(0, 1) * 255).round().to(torch.uint8) for part in parts])
