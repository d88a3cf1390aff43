"""Face encoders: VGG-Face, whose fc7 is the paper's v_f (Sec. 3; Parkhi et al. 2015), and a compact VGG for two cores.

Both take RGB pictures as floats in 0..1 (`to_tensor`) and have the same face: `feature_size`, `classes`, `features`
(the layer before the last, which the voice encoder learns to predict), `logits` (the last, f_VGG of the distillation
term), and a call that returns both.
"""

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import torch
from jaxtyping import Float, UInt8
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import relu

from s2f_core.config import Block
from s2f_core.data.faces import FACE_PX
from s2f_core.errors import InputError
from s2f_core.models import weights

VGG_FACE_MEAN_RGB = (129.1863, 104.7624, 93.5940)  # of 255; Parkhi et al. 2015, as its public ports state it
VGG_16 = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # channels, convolutions; a max-pool 2×2 behind each group
VGG_FC = 4096  # fc6 and fc7; Sec. 3
VGG_CLASSES = 2622  # identities, fc8; Sec. 3
MAX_LEVEL = 255.0  # a byte's largest grey level
COMPACT_PX = 128  # ours: side of the pictures of the compact models
COMPACT_WIDTHS = ((16,), (32,), (64,), (128,), (192, 192))  # channels per group; ours: 0.20 GFLOP per face
COMPACT_FEATURE = 512  # ours
MOST = 2**16  # ours: no layer is wider; bounds what a config from a file can ask for

Count = Annotated[int, Field(ge=1, le=MOST)]


class VGGFaceConfig(Block):
    """VGG-Face as published, but for `divisor`, which makes every layer but the last so many times narrower (tests).

    `relu` says whether v_f is fc7 behind its ReLU.
    """

    divisor: Annotated[int, Field(ge=1, le=64)]
    classes: Count
    relu: bool


class CompactConfig(Block):
    """The compact encoder: 3×3 convolutions in groups, a max-pool behind each, one fully connected layer, classes."""

    widths: Annotated[tuple[Annotated[tuple[Count, ...], Field(min_length=1)], ...], Field(min_length=1, max_length=5)]
    side_px: Annotated[int, Field(ge=32, le=1024, multiple_of=32)]
    feature: Count
    classes: Count


def vgg_face(relu: bool = False) -> VGGFaceConfig:
    """The published architecture, 145,002,878 parameters.

    Unstated: whether v_f is fc7 before or behind its ReLU. Before is the default: Table 1 ends in a linear layer, whose
    outputs have both signs, and the ratio L1/L2 of Table 2 is that of a dense difference.
    """
    return VGGFaceConfig(divisor=1, classes=VGG_CLASSES, relu=relu)


def compact(classes: int, feature: int = COMPACT_FEATURE) -> CompactConfig:
    """The small VGG for 128-px faces, 0.20 GFLOP each; trained to tell `classes` people apart. Not in the paper."""
    values = {"widths": COMPACT_WIDTHS, "side_px": COMPACT_PX, "feature": feature, "classes": classes}
    return weights.config_of(CompactConfig, values)


def to_tensor(images: UInt8[Tensor, "batch height width 3"]) -> Float[Tensor, "batch 3 height width"]:
    """Turn pictures as they are read into what the encoders take: float32 in 0..1, channels-last in memory."""
    return images.permute(0, 3, 1, 2).float() / MAX_LEVEL


class FaceEncoder(nn.Module):
    """What both have; `features` and `logits` are theirs."""

    KIND: str
    CONFIG: type[Block]

    def __init__(self, config: Block, side_px: int, feature_size: int, classes: int) -> None:
        super().__init__()
        self.config, self.side_px, self.feature_size, self.classes = config, side_px, feature_size, classes

    def features(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch {self.feature_size}"]:
        """Return the features of RGB pictures (batch, 3, side, side) in 0..1. Raises InputError for another side."""
        raise NotImplementedError

    def logits(self, features: Float[Tensor, "batch {self.feature_size}"]) -> Float[Tensor, "batch {self.classes}"]:
        """Return one number per identity, before the softmax, of faces' features or of voices' (Sec. 3, f_VGG)."""
        raise NotImplementedError

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> tuple[Float[Tensor, "batch {self.feature_size}"], Float[Tensor, "batch {self.classes}"]]:
        """Return features and logits."""
        features = self.features(images)
        return features, self.logits(features)

    def save(self, path: Path, *, notes: Mapping[str, Any] | None = None, half: bool = False) -> str:
        """Write config and weights, see `weights.write`."""
        config = self.config.model_dump(mode="json")
        return weights.write(path, self, kind=self.KIND, config=config, notes=notes, half=half)

    @classmethod
    def load(cls, path: Path) -> "FaceEncoder":
        """Read what `save` wrote, for inference. Raises InputError as `weights.read`."""
        return weights.read(path, cls.KIND, lambda values: cls(weights.config_of(cls.CONFIG, values)))

    def _require_side(self, images: Float[Tensor, "batch 3 height width"]) -> None:
        if tuple(images.shape[1:]) != (3, self.side_px, self.side_px):
            raise InputError(f"this face encoder takes RGB pictures (batch, 3, {self.side_px}, {self.side_px}); got "
                             f"{tuple(images.shape)}; resize them, and see `to_tensor`")


class VGGFace(FaceEncoder):
    """VGG-16 of Parkhi et al. 2015, frozen in the paper. Its weights are stored for RGB; files for BGR are turned."""

    KIND, CONFIG = "vgg_face", VGGFaceConfig

    def __init__(self, config: VGGFaceConfig) -> None:
        fc = VGG_FC // config.divisor
        super().__init__(config, FACE_PX, fc, config.classes)
        stack: OrderedDict[str, nn.Module] = OrderedDict()
        channels = 3
        for group, (width, n_convs) in enumerate(VGG_16, start=1):
            for number in range(1, n_convs + 1):
                stack[f"conv{group}_{number}"] = nn.Conv2d(channels, width // config.divisor, 3, padding=1)
                stack[f"relu{group}_{number}"] = nn.ReLU(inplace=True)
                channels = width // config.divisor
            stack[f"pool{group}"] = nn.MaxPool2d(2)
        self.stack = nn.Sequential(stack)
        self.fc6 = nn.Linear(channels * (FACE_PX // 2 ** len(VGG_16)) ** 2, fc)
        self.fc7 = nn.Linear(fc, fc)
        self.fc8 = nn.Linear(fc, config.classes)
        mean = torch.tensor(VGG_FACE_MEAN_RGB).view(3, 1, 1)
        self.register_buffer("mean", mean, persistent=False)  # a constant, hence not in the weights file

    def features(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch {self.feature_size}"]:
        """Return v_f = fc7 of RGB pictures (batch, 3, 224, 224) in 0..1. Raises InputError for another side."""
        self._require_side(images)
        hidden = self.stack(images * MAX_LEVEL - self.mean).flatten(1)
        hidden = self.fc7(relu(self.fc6(hidden)))
        return relu(hidden) if self.config.relu else hidden

    def logits(self, features: Float[Tensor, "batch {self.feature_size}"]) -> Float[Tensor, "batch {self.classes}"]:
        """Return fc8 before the softmax, of faces' features or of voices' (Sec. 3, f_VGG). A second ReLU does no harm."""
        return self.fc8(relu(features))


class CompactFaceEncoder(FaceEncoder):
    """A small VGG with batch norm, trained here on synthetic people in place of VGG-Face; not in the paper.

    The feature is the output of a linear layer, without ReLU: the voice encoder's last layer is linear (Table 1), so
    both have the same range, cosine similarity uses all directions, and no unit can die. The classes are linear in it.
    """

    KIND, CONFIG = "face_encoder", CompactConfig

    def __init__(self, config: CompactConfig) -> None:
        super().__init__(config, config.side_px, config.feature, config.classes)
        stack: OrderedDict[str, nn.Module] = OrderedDict()
        channels = 3
        for group, widths in enumerate(config.widths, start=1):
            for number, width in enumerate(widths, start=1):
                block = [("conv", nn.Conv2d(channels, width, 3, padding=1, bias=False)), ("norm", nn.BatchNorm2d(width)),
                         ("relu", nn.ReLU(inplace=True))]  # fmt: skip
                stack[f"conv{group}_{number}"] = nn.Sequential(OrderedDict(block))
                channels = width
            stack[f"pool{group}"] = nn.MaxPool2d(2)
        self.stack = nn.Sequential(stack)
        self.feature = nn.Linear(channels * (config.side_px // 2 ** len(config.widths)) ** 2, config.feature)
        self.classifier = nn.Linear(config.feature, config.classes)

    def features(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch {self.feature_size}"]:
        """Return the features of RGB pictures (batch, 3, side, side) in 0..1. Raises InputError for another side."""
        self._require_side(images)
        return self.feature(self.stack(2 * images - 1).flatten(1))

    def logits(self, features: Float[Tensor, "batch {self.feature_size}"]) -> Float[Tensor, "batch {self.classes}"]:
        """Return one number per person it was trained on, before the softmax."""
        return self.classifier(features)
