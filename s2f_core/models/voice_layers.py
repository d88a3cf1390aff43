"""What Table 1's layers are beside PyTorch's: the mean over time, how it is laid out; ours: no phases, and a first draw."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from s2f_core.features.spectrogram import POWER


class Magnitude(nn.Module):
    """Undo the compression of real and imaginary part, take the length, and compress that alike: |S|^0.3. No gradient."""

    @torch.no_grad()
    def forward(self, parts: Float[Tensor, "batch 2 frames bins"]) -> Float[Tensor, "batch 1 frames bins"]:
        """Return magnitudes; silence, whose logarithm is −∞, stays 0."""
        powers = parts.square().log_().mul_(1 / POWER).exp_().sum(dim=1, keepdim=True)
        return powers.log_().mul_(POWER / 2).exp_()


class TimeMean(nn.Module):
    """Table 1's AVGPOOL ∞×1: the mean over all time that there is, however long the clip."""

    def forward(self, hidden: Float[Tensor, "batch channels frames bins"]) -> Float[Tensor, "batch channels 1 bins"]:
        """Return the mean over frames."""
        return hidden.mean(dim=2, keepdim=True)


class FrequencyMajor(nn.Module):
    """Lay the channels of each frequency side by side; channels-last tensors are laid so already."""

    def forward(self, hidden: Float[Tensor, "batch channels 1 bins"]) -> Float[Tensor, "batch flat"]:
        """Return one row per clip."""
        return hidden.squeeze(2).transpose(1, 2).flatten(1)


def draw_by_he(module: nn.Module) -> None:
    """Draw a layer's weights so that what passes it keeps its variance (He et al. 2015); biases are zero.

    Unstated: the initial weights. By PyTorch's own, and without batch norm, six layers leave clips so alike that training
    ends at one and the same feature for all of them.
    """
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)
