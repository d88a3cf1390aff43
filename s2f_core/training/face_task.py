"""Teach the compact face encoder to know people (in place of VGG-Face, which the paper takes as it is, Sec. 3).

Differs: VGG-Face saw 2.6 million photographs of 2,622 people. Here each person has one canonical and few other pictures, so
that besides the classification, which gives f_VGG its classes, pictures of the same person are drawn together and others
apart directly (InfoNCE, van den Oord et al. 2018): the gallery of a retrieval holds nobody of the training. And what tells
two people apart need not be all that a decoder has to draw: from the feature of any picture, a linear layer that is thrown
away afterwards must tell where the canonical face's landmarks lie and what a thumbnail of it shows.
"""

from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float, Float32, Int, Int64, UInt8
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, affine_grid, cross_entropy, grid_sample, mse_loss, normalize

from s2f_core.config import Block
from s2f_core.data.corpora.examples import FaceSet
from s2f_core.models.face_encoder import FaceEncoder, to_tensor
from s2f_core.training import ranking

THUMBNAIL_PX = 16  # side of the thumbnail: finer detail is the decoder's to find
LEAST_SD = 1e-3  # of a pixel of the background, which hardly varies
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class FaceTaskConfig(Block):
    """How a face encoder is taught.

    Attributes:
        contrast: weight of drawing pictures of one person together, against the classification's 1.
        temperature: of the similarities there.
        looks: weight of telling landmarks and thumbnail of the canonical face.
        smoothing: of the labels.
        shift, zoom, turn: largest random move of a picture: parts of its side, factor minus 1, radians.
        light, colour: sd of a random factor (ln) on all and on each of the channels.
    """

    contrast: Amount
    looks: Amount
    temperature: Annotated[float, Field(gt=0)]
    smoothing: Annotated[float, Field(ge=0, lt=1)]
    shift: Amount
    zoom: Amount
    turn: Amount
    light: Amount
    colour: Amount


class FaceTask:
    """The `Task` of a face encoder. An example is a person: its canonical picture and one in the wild, seen together.

    Validation: people never trained on; their picture in the wild ranks their canonical one among all canonical ones.
    """

    metric, higher_is_better = "top1", True

    def __init__(self, model: FaceEncoder, train: FaceSet, validation: FaceSet, config: FaceTaskConfig) -> None:
        self.encoder, self.config = model, config
        self._train, self._validation = train, validation
        self._looks = looks(train)
        head = nn.Linear(model.feature_size, self._looks.shape[1])
        nn.init.zeros_(head.weight)  # it starts at the mean face, and draws no random number
        nn.init.zeros_(head.bias)
        self.model = nn.ModuleDict({"encoder": model, "looks": head})
        self.n_examples = len(train)
        self.data_hash = train.content_hash + validation.content_hash

    def batch(self, indices: Int[np.ndarray, " batch"], *, seed: int, epoch: int, step: int
              ) -> tuple[Float[Tensor, "pictures 3 side side"], Int64[Tensor, " pictures"], Float32[Tensor, "pictures looks"]]:
        """Two augmented pictures of each person, canonical ones first, who they show, and what these look like."""
        rngs = [np.random.default_rng((seed, epoch, int(index))) for index in indices]
        n_views = self._train.wild.shape[1]
        wild = np.stack([self._train.wild[index, rng.integers(n_views)] for rng, index in zip(rngs, indices, strict=True)])
        pictures = np.concatenate([self._train.canonical[indices], wild])
        draws = np.stack([rng.uniform(-1, 1, (2, 8)) for rng in rngs], axis=1).reshape(len(pictures), 8)
        persons = torch.from_numpy(np.tile(indices, 2))
        return augmented(pictures, draws.astype(np.float32), self.config), persons, self._looks[persons]

    def loss(self, batch: tuple[Tensor, Tensor, Tensor]) -> dict[str, Float[Tensor, ""]]:
        """Classification, contrast, and the looks: as a share of their variance, so that 1 is what the mean face gives."""
        pictures, persons, wanted = batch
        features, logits = self.encoder(pictures)
        recognised = cross_entropy(logits.float(), persons, label_smoothing=self.config.smoothing)
        contrast = info_nce(*normalize(features.float(), dim=1).chunk(2), self.config.temperature)
        looks = mse_loss(self.model["looks"](features.float()), wanted)
        total = recognised + self.config.contrast * contrast + self.config.looks * looks
        right = (logits.argmax(1) == persons).float().mean()
        return {"total": total, "recognised": recognised, "contrast": contrast, "looks": looks, "right": right}

    def validate(self) -> dict[str, float]:
        """Share of people found first, and within the first percent, and the mean rank in percent."""
        found = [encoded(self.encoder, pictures) for pictures in (self._validation.wild[:, 0], self._validation.canonical)]
        return ranking.summary(found[0], found[1], torch.arange(len(found[0])))


def looks(faces: FaceSet) -> Float32[Tensor, "persons looks"]:
    """Landmarks and a thumbnail of each canonical face, each number in standard deviations from its mean; both count alike."""
    pictures = to_tensor(torch.from_numpy(faces.canonical))
    parts = [torch.from_numpy(faces.landmarks_px).float().flatten(1), adaptive_avg_pool2d(pictures, THUMBNAIL_PX).flatten(1)]
    scaled = [(part - part.mean(0)) / part.std(0).clamp(min=LEAST_SD) for part in parts]
    n_values = sum(part.shape[1] for part in parts)
    return torch.cat([part * (n_values / (len(parts) * part.shape[1])) ** 0.5 for part in scaled], dim=1)


def info_nce(a: Float[Tensor, "persons feature"], b: Float[Tensor, "persons feature"], temperature: float
             ) -> Float[Tensor, ""]:
    """Cross-entropy of finding row i of `b` from row i of `a` among all rows, and the other way round; rows of length 1."""
    similar = a @ b.T / temperature
    own = torch.arange(len(a), device=a.device)
    return (cross_entropy(similar, own) + cross_entropy(similar.T, own)) / 2


def augmented(pictures: UInt8[np.ndarray, "pictures side side 3"], draws: Float32[np.ndarray, "pictures 8"],
              config: FaceTaskConfig) -> Float[Tensor, "pictures 3 side side"]:
    """Move, turn, mirror and light the pictures as eight numbers in −1…1 say; edges are continued."""
    drawn = torch.from_numpy(draws)
    angle, zoom = drawn[:, 0] * config.turn, 1 + drawn[:, 1] * config.zoom
    mirrored = torch.where(drawn[:, 4] < 0, -1.0, 1.0)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    rows = torch.stack([cos * mirrored, -sin, 2 * config.shift * drawn[:, 2], sin * mirrored, cos,
                        2 * config.shift * drawn[:, 3]], dim=1)  # fmt: skip
    images = to_tensor(torch.from_numpy(pictures))
    grid = affine_grid(rows.view(-1, 2, 3), list(images.shape), align_corners=False)
    factors = (config.light * drawn[:, 5:6] + config.colour * drawn[:, 5:8]).exp()
    return (grid_sample(images, grid, padding_mode="border", align_corners=False) * factors[:, :, None, None]).clamp(0, 1)


def encoded(model: FaceEncoder, pictures: UInt8[np.ndarray, "pictures side side 3"], size: int = 64
            ) -> Float[Tensor, "pictures feature"]:
    """Features of pictures, `size` at a time."""
    device = next(model.parameters()).device
    parts = torch.from_numpy(pictures).split(size)
    return torch.cat([model.features(to_tensor(part).to(device)) for part in parts])
