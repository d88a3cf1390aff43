"""Teach the face decoder to draw given faces from given features, where no encoder can be called (Sec. 3; Cole et al.)."""

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor

from s2f_core.data.corpora.examples import FaceSet
from s2f_core.errors import InputError
from s2f_core.models.face_decoder import FaceDecoder
from s2f_core.models.face_encoder import to_tensor
from s2f_core.models.warp import from_pixels
from s2f_core.training import morphs
from s2f_core.training.decoder_losses import DecoderLossConfig, FaceParts, decoder_loss
from s2f_core.training.decoder_task import BLOCK, DecoderTask, DecoderTaskConfig
from s2f_core.training.morphs import MorphConfig, Morphs

GREY_LEVELS = 255  # of a byte


class PairedDecoderTask(DecoderTask):
    """The `Task` of a face decoder that is shown features and faces of the same people.

    Differs: the features were made once, of pictures in the wild, by a network that no gradient passes; so a mix of faces gets
    the same mix of their features, by the mean of its two shares, and the loss has no term of features.
    Validation: faces never trained on; how far the drawn picture and its landmarks are from the true ones.
    """

    def __init__(
        self, model: FaceDecoder, faces: tuple[FaceSet, FaceSet], features: tuple[Tensor, Tensor], morph: MorphConfig,
        weights: DecoderLossConfig,
    ) -> None:  # fmt: skip
        """`faces` and `features` (a row per face): of training and of validation.

        Raises InputError where rows or sizes do not fit, where the loss asks for features, and as `DecoderTask`.
        """
        sizes = [(len(one), model.config.feature) for one in faces]
        if [tuple(one.shape) for one in features] != sizes or weights.embedding:
            raise InputError(f"faces with given features need {sizes} of them and a weight `embedding` of 0; got "
                             f"{[tuple(one.shape) for one in features]} and {weights.embedding:g}; change the params")
        super().__init__(model, _no_encoder, faces, DecoderTaskConfig(weights=weights, morph=morph, near_mean=0.0))
        self._features, self._features_of_validation = features

    def batch(
        self, indices: Int[np.ndarray, " batch"], *, seed: int, epoch: int, step: int
    ) -> tuple[Morphs, Float32[Tensor, "batch feature"]]:
        """Mixed faces and their mixed features."""
        wanted = morphs.recipes(indices, self._neighbours, self.config.morph, seed=seed, step=epoch)
        shares = (wanted.landmark_shares + wanted.texture_shares) / 2
        features = torch.einsum("mp,mpf->mf", shares, self._features[wanted.faces])
        return morphs.mix(self._landmarks, self._textures, wanted), features

    def loss(self, batch: tuple[Morphs, Float32[Tensor, "batch feature"]]) -> dict[str, Float[Tensor, ""]]:
        """Decode the features, compare texture and landmarks."""
        faces, features = batch
        wanted = FaceParts(faces.landmarks, faces.textures, features, torch.ones(len(features), dtype=torch.bool))
        return decoder_loss(self.model(features), wanted, self._encode, self.config.weights)._asdict()

    def validate(self) -> dict[str, float]:
        """Mean absolute error in grey levels of 255, and landmark error in px."""
        side = self._validation.canonical.shape[1]
        landmarks = from_pixels(torch.from_numpy(self._validation.landmarks_px), side).float()
        device, errors, apart = self.model.mean_landmarks.device, [], []
        for rows in torch.arange(len(self._validation)).split(BLOCK):
            images = to_tensor(torch.from_numpy(self._validation.canonical)[rows]).to(device)
            decoded = self.model(self._features_of_validation[rows].to(device))
            errors.append((decoded.image.clamp(0, 1) - images).abs().mean((1, 2, 3)) * GREY_LEVELS)
            apart.append((decoded.landmarks.cpu() - landmarks[rows]).norm(dim=2) * side)
        return {"picture_error": float(torch.cat(errors).mean()), "landmark_error_px": float(torch.cat(apart).mean())}


def _no_encoder(images: Float[Tensor, "batch 3 side side"]) -> Float[Tensor, "batch feature"]:
    raise InputError("the features of these faces were given; no encoder can be asked for those of a drawn picture")
