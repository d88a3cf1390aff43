"""What the voice encoder is trained towards (Sec. 3): three distances of its feature v_s from the face's feature v_f.

    L = ‖f_dec(v_f) − f_dec(v_s)‖₁ + λ1·‖v_f/‖v_f‖ − v_s/‖v_s‖‖² + λ2·L_distill(f_VGG(v_f), f_VGG(v_s))
    L_distill(a, b) = −Σᵢ pᵢ(a)·log pᵢ(b), where p(a) = softmax(a / T)

f_dec is the face decoder's first layer, f_VGG the face encoder's last. Every term is a mean over clips, and each clip's
feature is divided by its own length: the loss of a clip does not depend on its batch. (A public port divides by the length
of the whole batch.)
"""

from collections.abc import Callable
from typing import Annotated, Literal, NamedTuple

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor
from torch.nn.functional import l1_loss, log_softmax

from s2f_core.config import Block
from s2f_core.errors import InputError

LEAST_LENGTH = 1e-6  # of a feature that has a direction; ours

Layer = Callable[[Float[Tensor, "batch feature"]], Float[Tensor, "batch out"]]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class LossConfig(Block):
    """Weights and forms of the three terms; `PUBLISHED` holds the paper's.

    Unstated: how the first and the third term are reduced over their 1000 dimensions and 2622 classes. `mean` divides by
    their number, `sum` is the formula as printed. Evidence for `mean`: Fig. 9 plots losses of 1.42 to 1.50, while the
    printed sum over classes, times λ2 = 200, is above 1500 where no class is known (200·ln 2622) and 0.60 by mean.
    """

    lambda1: Weight
    lambda2: Weight
    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)]  # T
    reduction: Literal["mean", "sum"]


PUBLISHED = LossConfig(lambda1=0.025, lambda2=200.0, temperature=2.0, reduction="mean")  # Sec. 3; the reduction is ours


class Layers(NamedTuple):
    """The two frozen layers through which features are compared; their parameters must not require gradients."""

    f_dec: Layer  # (batch, feature) → (batch, trunk): `FaceDecoder.first_layer`
    f_vgg: Layer  # (batch, feature) → (batch, classes): the face encoder's logits, before any softmax


class VoiceLoss(NamedTuple):
    """The three terms, each a mean over clips and before its λ, and their weighted sum, which is minimised."""

    total: Float[Tensor, ""]
    decoder: Float[Tensor, ""]
    normalised: Float[Tensor, ""]
    distillation: Float[Tensor, ""]


class PixelLoss(NamedTuple):
    """The alternative of Fig. 8: one term."""

    total: Float[Tensor, ""]


def voice_loss(
    v_s: Float[Tensor, "batch feature"], v_f: Float[Tensor, "batch feature"], layers: Layers, config: LossConfig
) -> VoiceLoss:
    """Compare the voice's features with the face's; gradients go to `v_s` alone. In float32 also under autocast.

    Distillation as printed: a cross-entropy, whose least value is the entropy of p(v_f) and not 0, and without the
    factor T² of Hinton et al. A feature of zeros has no direction: see `direction`.
    """
    decoder, normalised, distillation = _terms(v_s, v_f, layers, config)
    total = decoder + config.lambda1 * normalised + config.lambda2 * distillation
    return VoiceLoss(total, decoder, normalised, distillation)


def pixel_loss(
    spoken: Float[Tensor, "batch 3 height width"], wanted: Float[Tensor, "batch 3 height width"]
) -> PixelLoss:
    """Mean absolute error between the face decoded from v_s and the face decoded from v_f: the loss that Fig. 8 rejects.

    Unstated: whether the paper's pixel loss compares with the face decoded from v_f or with the photograph. The decoded
    one here, as both are frontal; a photograph, whose pose no decoder draws, may be given as `wanted` too.
    """
    return PixelLoss(l1_loss(_full(spoken), _full(wanted.detach())))


def balanced(
    v_s: Float[Tensor, "batch feature"], v_f: Float[Tensor, "batch feature"], layers: Layers, config: LossConfig
) -> LossConfig:
    """Return `config` with the λ's by which each term pulls at v_s as hard as the first one (Sec. 3).

    That is the paper's rule for its own λ's, applied early in training, by memory of the authors' text at the 1000th step.
    Unstated: the measure of a gradient's magnitude. Here: the mean over clips of its length at the clip's v_s.
    Raises: InputError where a term pulls at no clip.
    """
    v_s = v_s.detach().clone().requires_grad_()
    with torch.enable_grad():
        terms = _terms(v_s, v_f, layers, config)
        pulls = [torch.autograd.grad(term, v_s, retain_graph=True)[0].norm(dim=1).mean().item() for term in terms]
    still = [name for name, pull in zip(VoiceLoss._fields[1:], pulls, strict=True) if not pull > 0]
    if still:
        raise InputError(f"terms are balanced by their gradients, but {', '.join(still)} has none here; use other clips")
    return config.model_copy(update={"lambda1": pulls[0] / pulls[1], "lambda2": pulls[0] / pulls[2]})


def direction(features: Float[Tensor, "batch feature"]) -> Float[Tensor, "batch feature"]:
    """Divide each feature by its own length.

    One shorter than LEAST_LENGTH has no direction: it becomes zeros and gets no gradient from here (the other terms move
    it), instead of NaN or a step of any size. Its distance from any direction is then 1.
    """
    length = torch.linalg.vector_norm(features, dim=1, keepdim=True)
    long_enough = length >= LEAST_LENGTH
    return torch.where(long_enough, features / torch.where(long_enough, length, 1.0), 0.0)


def _terms(v_s: Tensor, v_f: Tensor, layers: Layers, config: LossConfig) -> tuple[Tensor, Tensor, Tensor]:
    v_s, v_f = _full(v_s), _full(v_f.detach())
    reduce = torch.mean if config.reduction == "mean" else torch.sum
    with torch.autocast(v_s.device.type, enabled=False):
        with torch.no_grad():
            wanted_trunk, wanted_logits = layers.f_dec(v_f), layers.f_vgg(v_f)
            p = log_softmax(wanted_logits / config.temperature, dim=1).exp()
        decoder = reduce((wanted_trunk - layers.f_dec(v_s)).abs(), dim=1).mean()
        normalised = (direction(v_f) - direction(v_s)).square().sum(dim=1).mean()
        log_q = log_softmax(layers.f_vgg(v_s) / config.temperature, dim=1)
        distillation = -reduce(p * log_q, dim=1).mean()
    return decoder, normalised, distillation


def _full(tensor: Tensor) -> Tensor:
    """At least float32: sums over thousands of classes, and differences of near directions, need its digits."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
