"""The mean of the training faces' features, from which faces are exaggerated (the paper shows such faces, Figs. 1 and 3)."""

from pathlib import Path
from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from s2f_core.config import Block
from s2f_core.errors import InputError
from s2f_core.models import weights

KIND = "mean_feature"
MADE_WITH = "face_encoder_sha256"  # in the notes of a weights file: content of the face encoder that it was trained on
MOST = 2**16  # ours: no feature is longer; bounds what a config from a file can ask for
LEAST_AMOUNT, MOST_AMOUNT = -1.0, 3.0  # ours: the mean for everybody, and twice the authors' largest (exg 1.4)


class MeanFeatureConfig(Block):
    """Of how many numbers the mean is."""

    feature: Annotated[int, Field(ge=1, le=MOST)]


class MeanFeature(nn.Module):
    """One vector; a new one is zero."""

    mean: Tensor

    def __init__(self, config: MeanFeatureConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(config.feature))

    def exaggerated(self, features: Float[Tensor, "batch feature"], amount: float) -> Float[Tensor, "batch feature"]:
        """Return mean + (1 + amount)·(v − mean): 0 leaves v as it is, −1 makes everybody the mean, both exactly.

        Unstated: the authors' formula and their mean. Their files are named exg 0, 0.7 and 1.4; this is our reading, with
        the mean of v_f over the training faces. Raises: InputError unless `amount` lies in −1…3, and for features of
        another size.
        """
        if features.shape[1] != len(self.mean):
            raise InputError(f"the mean face has {len(self.mean)} features, not {features.shape[1]}; take both from one set")
        if not LEAST_AMOUNT <= amount <= MOST_AMOUNT:
            raise InputError(f"exaggeration lies in {LEAST_AMOUNT:g} (the mean face) to {MOST_AMOUNT:g}, 0 being none; "
                             f"got {amount:g}; the authors show 0.7 and 1.4")
        return torch.lerp(self.mean, features, 1.0 + amount)

    @classmethod
    def load(cls, path: Path) -> "MeanFeature":
        """Read what `write` wrote. Raises InputError as `weights.read`."""
        return weights.read(path, KIND, lambda values: cls(weights.config_of(MeanFeatureConfig, values)))


def write(path: Path, features: Float[Tensor, "faces feature"], face_encoder: Path) -> str:
    """Store the mean of training faces' v_f; the notes name the face encoder, in the file given, that they come from.

    Returns: the hash of its content. Raises: InputError without a face, for NaN, and as `weights.describe` for the file.
    """
    model = MeanFeature(MeanFeatureConfig(feature=features.shape[1]))
    model.mean.copy_(features.detach().double().mean(dim=0))
    notes = {MADE_WITH: weights.describe(face_encoder)["content_sha256"], "faces": len(features)}
    return weights.write(path, model, kind=KIND, config=model.config.model_dump(), notes=notes)
