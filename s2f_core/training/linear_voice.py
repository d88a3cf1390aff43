"""From a voice to features of a face in closed form: the little that some hundred pairs can teach (in place of Sec. 3).

Differs: the paper trains a network of 148 million weights on 1.7 million pairs with three loss terms. Here both sides come
from networks that others trained (`features/speaker`, dlib), and what joins them is a linear map: canonical correlations
with shrunk covariances, of which the strongest are kept. With all of them kept it is ridge regression; fewer leave out the
directions of a face that a voice says nothing of, which is what finds true faces (`LinearVoice.seen`).
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from s2f_core.errors import InputError
from s2f_core.features.speaker import GE2E
from s2f_core.models import voice_encoder
from s2f_core.models.voice_encoder import VoiceEncoder

LEAST_PAIRS = 10  # ours: fewer say nothing of a covariance


@dataclass(frozen=True)
class Shrinkage:
    """What is added to each side's covariance, on its diagonal in mean variances, and how many directions stay."""

    voice: float
    face: float
    rank: int


@dataclass(frozen=True, eq=False)
class LinearVoice:
    """A fitted map. Directions are sorted by correlation, the strongest first.

    Attributes:
        voice_mean, face_mean: of the training pairs.
        hear: voice, centred → coordinates along the directions, as far as the voice tells them.
        see: face features, centred → the same coordinates, shrunk by the correlations as those heard are.
        draw: heard coordinates → difference of the face features from their mean.
        correlations: of the training pairs under the shrunk covariances, 0–1.
    """

    voice_mean: Float64[np.ndarray, " voice"]
    face_mean: Float64[np.ndarray, " face"]
    hear: Float64[np.ndarray, "voice rank"]
    see: Float64[np.ndarray, "face rank"]
    draw: Float64[np.ndarray, "rank face"]
    correlations: Float64[np.ndarray, " rank"]

    def first(self, rank: int) -> "LinearVoice":
        """Keep the strongest directions only. Raises InputError where there are not so many."""
        if not 1 <= rank <= len(self.correlations):
            raise InputError(f"1 to {len(self.correlations)} directions can be kept of this map; got {rank}; choose within")
        return replace(self, hear=self.hear[:, :rank], see=self.see[:, :rank], draw=self.draw[:rank],
                       correlations=self.correlations[:rank])

    def heard(self, voices: Float[np.ndarray, "clips voice"]) -> Float64[np.ndarray, "clips rank"]:
        """What voices tell of their faces; compare it by cosine with `seen`."""
        return (voices - self.voice_mean) @ self.hear

    def seen(self, faces: Float[np.ndarray, "faces face"]) -> Float64[np.ndarray, "faces rank"]:
        """What a voice could tell of each face: a function of the face and of training people, of nobody else in a gallery."""
        return (faces - self.face_mean) @ self.see

    def estimate(self, voices: Float[np.ndarray, "clips voice"]) -> Float64[np.ndarray, "clips face"]:
        """v_s: face features expected for voices, in the space of v_f."""
        return self.face_mean + self.heard(voices) @ self.draw

    def encoder(self, n_features: int) -> VoiceEncoder:
        """Fold the map to the first `n_features` into a voice encoder of preset `speaker`: h = ReLU(h) − ReLU(−h), so exactly.

        Raises: InputError for voices other than GE2E embeddings, and for more directions than half its hidden units.
        """
        config = voice_encoder.speaker(batch_norm=False, feature=n_features)
        rank = len(self.correlations)
        if len(self.voice_mean) != GE2E.embedding or 2 * rank > config.hidden:
            raise InputError(f"a voice encoder takes {GE2E.embedding} numbers of a voice and {config.hidden // 2} directions; "
                             f"this map has {len(self.voice_mean)} and {rank}; keep fewer directions")
        with torch.random.fork_rng(devices=[]):
            model = VoiceEncoder(config)
        first, last = model.stages.fc1.fc, model.stages.fc2
        with torch.no_grad():
            for layer in (first, last):
                layer.weight.zero_()
                layer.bias.zero_()
            for rows, sign in ((slice(0, rank), 1.0), (slice(rank, 2 * rank), -1.0)):
                first.weight[rows] = _tensor(sign * self.hear.T)
                first.bias[rows] = _tensor(-sign * self.voice_mean @ self.hear)
                last.weight[:, rows] = _tensor(sign * self.draw[:, :n_features].T)
            last.bias.copy_(_tensor(self.face_mean[:n_features]))
        return model.eval().requires_grad_(False)


def fit(
    voices: Float[np.ndarray, "pairs voice"], faces: Float[np.ndarray, "pairs face"], shrinkage: Shrinkage
) -> LinearVoice:
    """Fit the map on pairs of a voice and a face, a row each.

    Canonical correlations with shrunk covariances: U·diag(r)·Vᵀ is the singular value decomposition of Cvv^(−½)·Cvf·Cff^(−½).

    Raises: InputError for fewer than 10 pairs, for NaN, and where shrinkage or rank are outside their range.
    """
    if len(voices) < LEAST_PAIRS or not (np.isfinite(voices).all() and np.isfinite(faces).all()):
        raise InputError(f"at least {LEAST_PAIRS} pairs without a missing number are needed; got {len(voices)}; measure more, "
                         "and leave out clips without a face")
    if not (0 < shrinkage.voice < np.inf and 0 < shrinkage.face < np.inf):
        raise InputError(f"covariances are shrunk by a number above 0; got {shrinkage}; choose one")
    means = voices.mean(0, dtype=np.float64), faces.mean(0, dtype=np.float64)
    centred = [side - mean for side, mean in zip((voices, faces), means, strict=True)]
    (narrow, _), (narrow_face, wide_face) = (_powers(side, added) for side, added
                                             in zip(centred, (shrinkage.voice, shrinkage.face), strict=True))
    together = centred[0].T @ centred[1] / len(voices)
    between = narrow @ together @ narrow_face
    squared, right = np.linalg.eigh(between.T @ between)  # quicker than a decomposition of `between`: U·diag(r) is between·V
    found, right = np.sqrt(np.maximum(squared[::-1], 0)), right[:, ::-1]
    whole = LinearVoice(*means, hear=narrow @ between @ right, see=narrow_face @ right * found, draw=right.T @ wide_face,
                        correlations=found)
    return whole.first(shrinkage.rank)


def _powers(centred: Float64[np.ndarray, "pairs axes"], added: float) -> tuple[np.ndarray, np.ndarray]:
    """The powers −½ and ½ of the covariance, with so many mean variances added to its diagonal."""
    spread, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    spread = np.sqrt(np.maximum(spread, 0) + added * spread.mean())
    return (axes / spread) @ axes.T, (axes * spread) @ axes.T


def _tensor(array: Float64[np.ndarray, "*axes"]) -> Float[Tensor, "*axes"]:
    return torch.from_numpy(array).float()
