"""The voice encoder: a complex spectrogram becomes a face feature v_s (Table 1, Sec. 3); `paper`, `laptop`, `speaker`.

Unstated: padding (none, so that 3 s end at exactly one time step), batch norm's epsilon and momentum (PyTorch's defaults),
the order in which frequencies and channels are flattened (frequency by frequency, as the authors' TensorFlow lays them), and
the initial weights: PyTorch's own, or by He's rule where no batch norm raises what fades from layer to layer by the former.
"""

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from jaxtyping import Float
from pydantic import Field, model_validator
from torch import Tensor, nn

from s2f_core.config import Block
from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.errors import InputError
from s2f_core.features.speaker import GE2E
from s2f_core.features.spectrogram import FREQ_BINS, n_frames
from s2f_core.models import layers, weights
from s2f_core.models.voice_layers import FrequencyMajor, Magnitude, TimeMean, draw_by_he

KIND = "voice_encoder"
RE_IM = 2  # input channels: real and imaginary part; Table 1
PAPER_FEATURE = 4096  # VGG-Face's fc7, which v_s estimates; Table 1
LAPTOP_FEATURE = 512  # ours: that of the compact face encoder
TABLE_1 = ((64, 1, 1), (64, 1, 1), (128, 1, 2), (128, 1, 2), (128, 1, 2), (256, 1, 2), (512, 1, 1), (512, 2, 1),
           (512, 2, 1))  # channels, stride, frames pooled behind it; every kernel is 4×4; Table 1  # fmt: skip
LAPTOP = ((16, 5), (32, 3), (48, 3), (96, 3), (128, 3))  # channels, kernel; every stride is 2; ours: 0.25 GFLOP per 6 s
MOST = 2**16  # ours: no layer is wider; bounds what a config from a file can ask for
Count = Annotated[int, Field(ge=1, le=MOST)]


class Conv(Block):
    """One convolution without padding, ReLU and batch norm behind it, and a max-pool over `pool` frames (1: none)."""

    channels: Count
    kernel: tuple[Count, Count]  # frames × bins
    stride: tuple[Count, Count]
    pool: Count


class VoiceEncoderConfig(Block):
    """What a weights file says of its architecture.

    Attributes:
        front: what the first layer sees: the complex spectrogram, its magnitudes, or a speaker embedding.
        seconds: of the clip it is meant for; longer ones work too.
        mean_last: the last convolution's ReLU and batch norm stand before the mean over time, instead of behind it.
    """

    front: Literal["spectrogram", "magnitude", "speaker"]
    seconds: Literal[3, 6]
    convs: tuple[Conv, ...]
    hidden: Count
    feature: Count
    batch_norm: bool
    mean_last: bool

    @model_validator(mode="after")
    def _fits(self) -> "VoiceEncoderConfig":
        if (self.front != "speaker") != bool(self.convs):
            raise ValueError("a spectrogram needs convolutions, a speaker embedding has none")
        if self.convs and self.bins() < 1:
            raise ValueError(f"the kernels are too wide for {FREQ_BINS} frequency bins")
        return self

    def bins(self) -> int:
        """Count the frequency positions that the last convolution leaves of 257 bins."""
        left = FREQ_BINS
        for conv in self.convs:
            left = (left - conv.kernel[1]) // conv.stride[1] + 1
        return left

    def least_frames(self) -> int:
        """Count the frames that the last convolution needs to see to give one time step; 259 (2.6 s) in Table 1."""
        needed = 1
        for conv in reversed(self.convs):
            needed = (needed * conv.pool - 1) * conv.stride[0] + conv.kernel[0]
        return needed


def paper(seconds: int = 6, batch_norm: bool = True) -> VoiceEncoderConfig:
    """Table 1 exactly: 148,062,976 trainable parameters with batch norm, 178 GFLOP per 6-s clip."""
    convs = [{"channels": channels, "kernel": (4, 4), "stride": (stride, stride), "pool": pool}
             for channels, stride, pool in TABLE_1]
    return _config(PAPER_FEATURE, front="spectrogram", seconds=seconds, convs=convs, batch_norm=batch_norm)


def laptop(seconds: int = 6, batch_norm: bool = True, feature: int = LAPTOP_FEATURE) -> VoiceEncoderConfig:
    """The same idea for two cores, 0.25 GFLOP per 6-s clip.

    Differs: strides, no pooling; few channels; what a large network learns from much data is built in: phases are taken out
    (`Magnitude`), and what varies within a clip passes a ReLU before the mean over time can level it out.
    """
    convs = [{"channels": channels, "kernel": (size, size), "stride": (2, 2), "pool": 1} for channels, size in LAPTOP]
    return _config(feature, front="magnitude", seconds=seconds, convs=convs, batch_norm=batch_norm, mean_last=True)


def speaker(seconds: int = 6, batch_norm: bool = True, feature: int = LAPTOP_FEATURE) -> VoiceEncoderConfig:
    """Only the head of Table 1 (BN, FC, ReLU, FC), on a frozen GE2E embedding of features/speaker.py; not in the paper."""
    return _config(feature, front="speaker", seconds=seconds, convs=[], batch_norm=batch_norm)


def _config(width: int, **values: Any) -> VoiceEncoderConfig:
    return weights.config_of(VoiceEncoderConfig, {"hidden": width, "feature": width, "mean_last": False, **values})


class VoiceEncoder(nn.Module):
    """Convolutions, a mean over time, two fully connected layers; the last one is linear, for v_s has both signs."""

    def __init__(self, config: VoiceEncoderConfig) -> None:
        super().__init__()
        self.config, self.feature_size = config, config.feature
        self.stages = nn.Sequential(OrderedDict(_stages(config)))
        if not config.batch_norm:
            self.apply(draw_by_he)

    def forward(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch {self.feature_size}"]:
        """Map spectrograms (batch, frames, 257, 2), or embeddings (batch, 256) for `speaker`, to face features.

        The spectrograms are looked at as channels-last images, not copied; under autocast features are float32 all the same.
        Raises: InputError for other axes and for fewer frames than the convolutions need.
        """
        features = self.stages.fc2(self.hidden(inputs))
        return features.float() if features.itemsize < 4 else features

    def hidden(self, inputs: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch hidden"]:
        """What the last layer reads; as `forward`."""
        sizes = tuple(inputs.shape)
        if self.config.front == "speaker":
            if sizes[1:] != (GE2E.embedding,):
                raise InputError(f"speaker embeddings are (batch, {GE2E.embedding}); got {sizes}; use features/speaker")
            return self.stages[:-1](inputs)
        if len(sizes) != 4 or sizes[2:] != (FREQ_BINS, RE_IM):
            raise InputError(f"spectrograms are (batch, frames, {FREQ_BINS}, {RE_IM}); got {sizes}; use features/spectrogram")
        if sizes[1] < (least := self.config.least_frames()):
            raise InputError(f"this voice encoder needs {least} frames; got {sizes[1]}; use a longer clip")
        return self.stages[:-1](inputs.permute(0, 3, 1, 2))

    @torch.no_grad()
    def start_at(self, feature: Float[Tensor, " {self.feature_size}"]) -> None:
        """Let an untrained encoder say `feature` whatever it hears: the mean face, as the face decoder draws it at first.

        Unstated: the initial weights. Most of a face cannot be heard; through a random last layer the errors in all of that
        would pass back to the convolutions from the first step; through zeros passes only what it has learnt to use.
        """
        self.stages.fc2.weight.zero_()
        self.stages.fc2.bias.copy_(feature)

    def layers(self) -> list[layers.Layer]:
        """Return the rows of Table 1 for a clip of the config's seconds, run through a copy that has no memory."""
        frames = n_frames(self.config.seconds * SAMPLE_RATE_HZ)
        with torch.device("meta"):
            stages = VoiceEncoder(self.config).eval().stages
            hidden = torch.empty(1, RE_IM, frames, FREQ_BINS) if self.config.convs else torch.empty(1, GE2E.embedding)
        return layers.rows(stages, hidden)

    def save(self, path: Path, *, notes: Mapping[str, Any] | None = None, half: bool = False) -> str:
        """Write config and weights, see `weights.write`; the frozen speaker embedding is not part of them."""
        return weights.write(path, self, kind=KIND, config=self.config.model_dump(mode="json"), notes=notes, half=half)

    @classmethod
    def load(cls, path: Path) -> "VoiceEncoder":
        """Read what `save` wrote, for inference. Raises InputError as `weights.read`."""
        return weights.read(path, KIND, lambda values: cls(weights.config_of(VoiceEncoderConfig, values)))


def _stages(config: VoiceEncoderConfig) -> list[tuple[str, nn.Module]]:
    """Name → stage, in order: the rows of Table 1."""
    stages: list[tuple[str, nn.Module]] = [("magnitude", Magnitude())] if config.front == "magnitude" else []
    channels = 1 if stages else RE_IM
    for number, conv in enumerate(config.convs, start=1):
        layers_of = [("conv", nn.Conv2d(channels, conv.channels, conv.kernel, conv.stride))]
        channels = conv.channels
        if number < len(config.convs):
            layers_of += _behind(config, channels)
        stages.append((f"conv{number}", nn.Sequential(OrderedDict(layers_of))))
        if conv.pool > 1:
            stages.append((f"pool{number}", nn.MaxPool2d((conv.pool, 1))))
    if config.convs:
        mean, behind = [("mean", TimeMean())], _behind(config, channels)
        stages.append(("mean", nn.Sequential(OrderedDict(behind + mean if config.mean_last else mean + behind))))
        hidden = [("flat", FrequencyMajor()), ("fc", nn.Linear(config.bins() * channels, config.hidden))]
    else:  # GE2E's last layer is a mean of ReLUs already
        stages.append(("mean", _norm(config, nn.BatchNorm1d, GE2E.embedding)))
        hidden = [("fc", nn.Linear(GE2E.embedding, config.hidden))]
    hidden.append(("relu", nn.ReLU(inplace=True)))
    return [*stages, ("fc1", nn.Sequential(OrderedDict(hidden))), ("fc2", nn.Linear(config.hidden, config.feature))]


def _behind(config: VoiceEncoderConfig, channels: int) -> list[tuple[str, nn.Module]]:
    return [("relu", nn.ReLU(inplace=True)), ("norm", _norm(config, nn.BatchNorm2d, channels))]


def _norm(config: VoiceEncoderConfig, norm: type[nn.Module], channels: int) -> nn.Module:
    return norm(channels) if config.batch_norm else nn.Identity()
