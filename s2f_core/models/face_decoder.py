"""The face decoder: features of a face → its canonical picture (Sec. 3; Cole et al. 2017): landmarks, texture, warp.

Two branches on one first layer: where the 68 landmarks lie, and what the face would look like if they lay where those of
the mean face do. The warp then takes the texture from the mean landmarks to the predicted ones. Landmarks are in fractions
of the picture's side (`models.warp`), pixels are RGB with 0 black and 1 white, not clamped.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import torch
from jaxtyping import Float, UInt8
from pydantic import Field, model_validator
from torch import Tensor, nn

from s2f_core.config import Block
from s2f_core.data.faces import FACE_PX
from s2f_core.data.webp import CANONICAL_PX
from s2f_core.errors import InputError
from s2f_core.features.landmarks import N_LANDMARKS
from s2f_core.models import weights
from s2f_core.models.warp import warp

KIND = "face_decoder"
KERNEL, STRIDE = 5, 2  # of the transposed convolutions; Cole et al. 2017
RGB = 3
SPREAD = 0.02  # sides by which landmarks differ between faces (2 to 3 px of 128 in the corpus): the landmark branch's unit

PAPER_FEATURE, PAPER_TRUNK = 4096, 1000  # VGG-Face's fc7, and f_dec's output (Sec. 3)
LAPTOP_FEATURE, LAPTOP_TRUNK = 512, 256  # ours: the compact face encoder's feature
MOST = 2**16  # ours: no layer is wider; bounds what a config from a file can ask for

Count = Annotated[int, Field(ge=1, le=MOST)]


class FaceDecoderConfig(Block):
    """The sizes of a face decoder; its transposed convolutions double the texture from `start_px` to `side_px`."""

    feature: Count  # numbers that describe a face
    trunk: Count  # of the first layer, f_dec
    landmark_hidden: Count  # width of the landmark branch; Unstated beyond "shallow"
    side_px: Count  # of the picture
    start_px: Count  # of the texture's first map
    start_channels: Count
    min_channels: Count  # the channels halve with each doubling, but not below these
    warp_step_px: Count  # grid of the warp; 1 is exact

    @model_validator(mode="after")
    def _doubles(self) -> "FaceDecoderConfig":
        if self.start_px << self.doublings != self.side_px:
            raise ValueError(f"side_px ({self.side_px}) must be start_px ({self.start_px}) doubled some times; change one")
        return self

    @property
    def doublings(self) -> int:
        """How many transposed convolutions there are."""
        return max(0, (self.side_px // self.start_px).bit_length() - 1)

    @property
    def channels(self) -> list[int]:
        """Channels of the texture's maps, the first one's included: C, then max(C/2^i, min); Cole et al. 2017."""
        halved = [max(self.start_channels // 2**i, self.min_channels) for i in range(1, self.doublings + 1)]
        return [self.start_channels, *halved]


def paper() -> FaceDecoderConfig:
    """The paper's: VGG-Face's 4096 features → 1000 → landmarks, and 14×14×256 → 224×224; 55.7 million parameters."""
    return FaceDecoderConfig(
        feature=PAPER_FEATURE, trunk=PAPER_TRUNK, landmark_hidden=256, side_px=FACE_PX, start_px=14, start_channels=256,
        min_channels=32, warp_step_px=1,
    )  # fmt: skip


def laptop(feature: int = LAPTOP_FEATURE, trunk: int = LAPTOP_TRUNK) -> FaceDecoderConfig:
    """For two cores, 128 px: 0.14 GFLOP a face and 2.6 million parameters."""
    return FaceDecoderConfig(
        feature=feature, trunk=trunk, landmark_hidden=128, side_px=CANONICAL_PX, start_px=8, start_channels=128,
        min_channels=16, warp_step_px=4,
    )  # fmt: skip


class Decoded(NamedTuple):
    """What a decoder makes of features; in training all three are judged."""

    image: Float[Tensor, "batch 3 side side"]  # the face
    landmarks: Float[Tensor, "batch 68 2"]  # where its landmarks lie, in fractions of the side
    texture: Float[Tensor, "batch 3 side side"]  # the face with its landmarks where the mean face has them


class FaceDecoder(nn.Module):
    """Features → face. A new one knows no mean face, and everything that it decodes is NaN until `set_means`.

    Kept: kernel 5 with stride 2, although each output pixel then gets 4, 6 or 9 contributions, depending on its place:
    a known cause of checkerboard patterns, which training has to undo.
    Unstated: whether f_dec ends before or after the first ReLU. After, as public ports have it.
    Unstated: ReLU around the transposed convolutions ("separated by"): here before each, and after the last.
    Differs: both branches predict the difference from the mean face of the training data, which is stored: a decoder
    that has learnt nothing draws that face. The landmark branch does so in units of SPREAD: Adam's steps, alike for all
    weights, would otherwise throw landmarks about by pixels.
    """

    mean_landmarks: Tensor
    mean_texture: Tensor

    def __init__(self, config: FaceDecoderConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.channels
        self.first = nn.Sequential(nn.Linear(config.feature, config.trunk), nn.ReLU())
        self.landmark_branch = nn.Sequential(
            nn.Linear(config.trunk, config.landmark_hidden), nn.ReLU(),
            nn.Linear(config.landmark_hidden, N_LANDMARKS * 2), nn.Unflatten(1, (N_LANDMARKS, 2)),
        )  # fmt: skip
        start = (channels[0], config.start_px, config.start_px)
        self.texture_branch = nn.Sequential(nn.Linear(config.trunk, channels[0] * config.start_px**2), nn.Unflatten(1, start))
        for before, after in zip(channels, channels[1:], strict=False):
            doubling = nn.ConvTranspose2d(before, after, KERNEL, STRIDE, padding=KERNEL // 2, output_padding=STRIDE - 1)
            self.texture_branch.extend([nn.ReLU(), doubling])
        self.texture_branch.extend([nn.ReLU(), nn.Conv2d(channels[-1], RGB, 1)])
        self.register_buffer("mean_landmarks", torch.full((N_LANDMARKS, 2), torch.nan))
        self.register_buffer("mean_texture", torch.full((RGB, config.side_px, config.side_px), torch.nan))

    @torch.no_grad()
    def set_means(self, landmarks: Float[Tensor, "68 2"], texture: Float[Tensor, "3 side side"]) -> None:
        """Store the mean landmarks and the mean aligned texture of the training faces."""
        self.mean_landmarks.copy_(landmarks)
        self.mean_texture.copy_(texture)

    @torch.no_grad()
    def initialise(self, seed: int) -> None:
        """Draw the weights anew by He's rule; the last layer of each branch is zero, so that it starts at the mean face.

        Unstated: the initial weights. torch's own rule miscounts the inputs of a transposed convolution.
        """
        generator = torch.Generator().manual_seed(seed)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                drawn = torch.randn(module.weight.shape, generator=generator)
                module.weight.copy_(drawn * (2 / _n_inputs(module)) ** 0.5)
                module.bias.zero_()
        for last in (self.landmark_branch[2], self.texture_branch[-1]):
            last.weight.zero_()

    def first_layer(self, features: Float[Tensor, "batch feature"]) -> Float[Tensor, "batch trunk"]:
        """Return f_dec, the first layer's output after its ReLU: the voice encoder's loss compares it (Sec. 3)."""
        return self.first(features)

    def forward(self, features: Float[Tensor, "batch feature"]) -> Decoded:
        """Decode faces; the warp's control points are the 68 landmarks and the picture's border.

        Under autocast landmarks, texture and image are float32: a mean plus a difference. Raises InputError where the
        features are of another number than the config's.
        """
        if features.shape[1] != self.config.feature:
            raise InputError(f"this face decoder takes {self.config.feature} features a face, not {features.shape[1]}; "
                             "give it those of the face encoder that it was trained on")
        trunk = self.first_layer(features)
        landmarks = self.mean_landmarks + SPREAD * self.landmark_branch(trunk)
        texture = self.mean_texture + self.texture_branch(trunk)
        image = warp(texture, self.mean_landmarks[None], landmarks, step_px=self.config.warp_step_px)
        return Decoded(image, landmarks, texture)

    def save(self, path: Path, *, notes: Mapping[str, Any] | None = None, half: bool = False) -> str:
        """Write weights, means and config to one file; returns its content's hash. InputError before `set_means`."""
        return weights.write(path, self, kind=KIND, config=self.config.model_dump(), notes=notes, half=half)

    @classmethod
    def load(cls, path: Path) -> "FaceDecoder":
        """Read what `save` wrote, for use: no gradients. Raises InputError as `weights.read`."""
        return weights.read(path, KIND, lambda values: cls(weights.config_of(FaceDecoderConfig, values)))


def _n_inputs(layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d) -> float:
    """How many inputs one output sums, on average over the places of a transposed convolution."""
    if isinstance(layer, nn.ConvTranspose2d):
        return layer.in_channels * (KERNEL / STRIDE) ** 2
    return float(layer.weight[0].numel())


def shown(images: Float[Tensor, "batch 3 height width"]) -> UInt8[Tensor, "batch height width 3"]:
    """Clamp decoded faces to what a screen shows and round them to 8 bits; the only place where they are clamped."""
    return images.detach().clamp(0, 1).mul(255).round().to(torch.uint8).permute(0, 2, 3, 1)
