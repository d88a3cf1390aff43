"""The layers of a network as rows to print, in the words of the paper's Table 1, read from the network itself."""

from dataclasses import dataclass

import torch
from jaxtyping import Shaped
from torch import Tensor, nn

WORDS = {"Conv2d": "CONV", "ReLU": "RELU", "BatchNorm1d": "BN", "BatchNorm2d": "BN", "MaxPool2d": "MAXPOOL",
         "TimeMean": "AVGPOOL", "Linear": "FC", "Magnitude": "MAGNITUDE"}  # Table 1  # fmt: skip
NONE = "–"


@dataclass(frozen=True)
class Layer:
    """A row of Table 1. `output` is frames × bins × channels, or the features; kernels are frames × bins."""

    name: str
    kernel: str
    stride: str
    output: tuple[int, ...]
    parameters: int


def rows(stages: nn.Sequential, example: Shaped[Tensor, "batch ..."]) -> list[Layer]:
    """Run `example` through the stages, one row for each after one for the input; on "meta" nothing is computed.

    Args:
        example: one clip, as (1, channels, frames, bins) or (1, features).
    """
    table = [Layer("INPUT", NONE, NONE, _output(example), 0)]
    for stage in stages:
        with torch.no_grad():
            example = stage(example)
        names = [WORDS[type(module).__name__] for module in stage.modules() if type(module).__name__ in WORDS]
        kernel, stride = _kernel(stage)
        n_parameters = sum(parameter.numel() for parameter in stage.parameters())
        table.append(Layer(" ".join(names), kernel, stride, _output(example), n_parameters))
    return table


def _kernel(stage: nn.Module) -> tuple[str, str]:
    for module in stage.modules():
        if isinstance(module, nn.Conv2d | nn.MaxPool2d):
            return _by(module.kernel_size), _by(module.stride)
        if WORDS.get(type(module).__name__) == "AVGPOOL":
            return "∞×1", "1×1"
        if isinstance(module, nn.Linear):
            return "1×1", "1×1"
    return NONE, NONE


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"


def _output(hidden: Shaped[Tensor, "batch ..."]) -> tuple[int, ...]:
    """Channels last, as Table 1 counts."""
    channels, *axes = hidden.shape[1:]
    return (*axes, channels)
