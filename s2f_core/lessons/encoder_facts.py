"""Tutorial 2: what is read from the voice encoder itself: who sees what, what layers cost, what a first draw lets through."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from s2f_core.features.spectrogram import CLIP_FRAMES, FREQ_BINS
from s2f_core.models import weights
from s2f_core.models.voice_encoder import RE_IM, VoiceEncoder, VoiceEncoderConfig, paper
from s2f_core.models.voice_layers import draw_by_he
from s2f_core.training import distributed

# How weights may be drawn without batch norm; the encoder itself goes by He's rule, with biases of zero.
DRAWS: dict[str, Callable[[Any], object]] = {
    "He's rule": draw_by_he,
    "Glorot's rule": lambda layer: nn.init.xavier_uniform_(layer.weight),  # TensorFlow's default; biases stay zero
    "PyTorch's default": lambda layer: layer.reset_parameters(),
}


def on_meta(config: VoiceEncoderConfig) -> VoiceEncoder:
    """An encoder that has shapes and no memory."""
    with torch.device("meta"):
        return VoiceEncoder(config).eval()


def n_parameters(part: nn.Module) -> int:
    """Numbers that training moves."""
    return sum(one.numel() for one in part.parameters())


def axis_of(config: VoiceEncoderConfig, axis: int) -> list[tuple[str, int, int]]:
    """Name, kernel and stride of each convolution and pooling along frames (axis 0) or bins (axis 1)."""
    layers = []
    for place, conv in enumerate(config.convs, start=1):
        layers.append((f"conv{place}", conv.kernel[axis], conv.stride[axis]))
        if conv.pool > 1:
            layers.append((f"pool{place}", *((conv.pool, conv.pool) if axis == 0 else (1, 1))))
    return layers


def stained(layers: list[tuple[int, int]], n_inputs: int) -> Bool[np.ndarray, "inputs outputs"]:
    """Which outputs take colour where one input is dyed: a layer dyes each output whose kernel lies on a dyed number."""
    dyed = torch.eye(n_inputs)[:, None]  # one run for each input
    for kernel, stride in layers:
        dyed = functional.max_pool1d(dyed, kernel, stride)
    return dyed[:, 0].numpy() > 0


def narrowed(config: VoiceEncoderConfig, divisor: int) -> VoiceEncoderConfig:
    """The same layers with their channels divided; what enters, and the feature that leaves, stay as they are."""
    values = config.model_dump(mode="json")
    values["convs"] = [{**conv, "channels": conv["channels"] // divisor} for conv in values["convs"]]
    return weights.config_of(VoiceEncoderConfig, values)


def operations(config: VoiceEncoderConfig) -> dict[str, int]:
    """Stage → multiplications and additions for one clip of six seconds, as PyTorch counts them."""
    encoder = on_meta(config)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        encoder(torch.empty(1, CLIP_FRAMES, FREQ_BINS, RE_IM, device="meta"))
    counts = counter.get_flop_counts()
    stages = {name: f"VoiceEncoder.stages.{name}" for name, _ in encoder.stages.named_children()}
    return {name: sum(sum(count.values()) for module, count in counts.items() if module.startswith(prefix))
            for name, prefix in stages.items()}


def differences(draw: str, clips: Float[Tensor, "clips frames bins 2"], *, seed: int, divisor: int = 16) -> dict[str, float]:
    """How much clips still differ behind each stage of an untrained encoder: their spread over the size of the numbers.

    Args:
        draw: `batch norm`, or without it the weights by one of `DRAWS`.
        divisor: by which the channels of Table 1 are divided, so that a laptop may wait for it.
    """
    with distributed.seeded(seed, device=torch.device("cpu")):
        encoder = VoiceEncoder(narrowed(paper(batch_norm=draw not in DRAWS), divisor)).train()
        for module in encoder.modules():
            if draw in DRAWS and isinstance(module, nn.Conv2d | nn.Linear):
                DRAWS[draw](module)
    hidden, found = clips.permute(0, 3, 1, 2), {}
    with torch.no_grad():
        for name, stage in encoder.stages.named_children():
            hidden = stage(hidden)
            found[name] = float(hidden.var(0, correction=0).mean().sqrt() / hidden.square().mean().sqrt())
    return found
