"""What a face decoder is trained towards (Sec. 3; Cole et al. 2017): a face's texture, its landmarks, and its features.

A training face is taken apart into landmarks and aligned texture (`align`); the decoder predicts both from the face's
features, and the picture that it renders must give a face encoder those features again.
"""

from collections.abc import Callable
from typing import Annotated, NamedTuple

import torch
from jaxtyping import Bool, Float
from pydantic import Field
from torch import Tensor
from torch.nn.functional import avg_pool2d, cosine_similarity, interpolate, l1_loss, mse_loss

from s2f_core.config import Block
from s2f_core.errors import InputError
from s2f_core.models.face_decoder import Decoded
from s2f_core.models.warp import warp

Encode = Callable[[Float[Tensor, "batch 3 side side"]], Float[Tensor, "batch feature"]]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class DecoderLossConfig(Block):
    """Weights of the three terms. Unstated: those of Cole et al.; a weight of 0 leaves its term out."""

    texture: Weight  # of a difference in RGB, 0–1
    landmarks: Weight  # of a squared difference in sides: 1 px of 128 is 6e-5, hence a weight of some thousand
    embedding: Weight  # of a cosine


class FaceParts(NamedTuple):
    """What the decoder should say of a face."""

    landmarks: Float[Tensor, "batch 68 2"]  # in fractions of the side
    texture: Float[Tensor, "batch 3 side side"]  # the face, aligned to the mean landmarks
    features: Float[Tensor, "batch feature"]  # what the decoder was given
    whole: Bool[Tensor, " batch"]  # False: moved towards the mean face, so that no picture's features are known to be these


class DecoderLoss(NamedTuple):
    """The three terms, each a mean over the faces and before its weight, and their weighted sum, which is minimised."""

    total: Float[Tensor, ""]
    texture: Float[Tensor, ""]
    landmarks: Float[Tensor, ""]
    embedding: Float[Tensor, ""]


def align(
    images: Float[Tensor, "batch 3 height width"],
    landmarks: Float[Tensor, "batch 68 2"],
    mean_landmarks: Float[Tensor, "68 2"],
    step_px: int = 1,
) -> Float[Tensor, "batch 3 height width"]:
    """Return the aligned textures: each photograph moved so that its landmarks lie where the mean face has them.

    Fast although exact: the mean landmarks are the same for all, so that one spline serves them.
    Raises InputError where landmarks are not finite: no face was found in that picture.
    """
    lost = (~landmarks.isfinite()).flatten(1).any(dim=1).nonzero().flatten().tolist()
    if lost:
        raise InputError(f"a face is aligned by its landmarks, but those of number {', '.join(map(str, lost[:5]))} are not "
                         "finite; leave out pictures without a face")
    return warp(images, landmarks, mean_landmarks[None], step_px=step_px)


def coarse(images: Float[Tensor, "batch 3 side side"]) -> Float[Tensor, "batch 3 side side"]:
    """Return the pictures with details of two pixels and less smoothed away.

    Ours: through such details a gradient finds any features that an encoder has, in patterns (checkerboards, coloured dots)
    that no face has; an encoder that does not see them leaves them to the texture's term.
    """
    return interpolate(avg_pool2d(images, 2), scale_factor=2, mode="bilinear", align_corners=False)


def decoder_loss(decoded: Decoded, wanted: FaceParts, encode: Encode, config: DecoderLossConfig) -> DecoderLoss:
    """Compare decoded faces with those wanted.

    Texture: mean absolute error of the aligned texture. Landmarks: mean squared error. Embedding: minus the cosine between
    the features of the rendered picture and those wanted, which reaches −1; a face that is not whole counts as 0 there.
    Differs: Cole et al. compare FaceNet embeddings; here the encoder is the one that the decoder inverts.

    Args:
        encode: pictures (batch, 3, side, side) → features (batch, feature): the caller fits size, range and mean to the
            encoder and freezes it (`requires_grad_(False)`, `eval()`); gradients pass through it to the picture. It is
            not called where its weight is 0; the term is then reported as 0.
    """
    texture = l1_loss(decoded.texture.float(), wanted.texture.float())
    landmarks = mse_loss(decoded.landmarks.float(), wanted.landmarks.float())
    embedding = torch.zeros_like(texture)
    if config.embedding:
        alike = cosine_similarity(encode(decoded.image).float(), wanted.features.float())
        embedding = -(alike * wanted.whole).mean()
    total = config.texture * texture + config.landmarks * landmarks + config.embedding * embedding
    return DecoderLoss(total, texture, landmarks, embedding)
