"""Teach a voice encoder to predict the features of the speaker's face from the voice alone (Sec. 3)."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import torch
from jaxtyping import Float, Int, Int16, Int64
from pydantic import Field
from torch import Tensor
from torch.nn.functional import cosine_similarity

from s2f_core.config import Block
from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.data.corpora.examples import FULL_SCALE
from s2f_core.features.spectrogram import spectrogram
from s2f_core.models.face_decoder import FaceDecoder
from s2f_core.models.voice_encoder import VoiceEncoder
from s2f_core.training import ranking
from s2f_core.training.losses import Layers, LossConfig, pixel_loss, voice_loss

BLOCK = 32  # clips validated at once


class VoiceTaskConfig(Block):
    """What the voice encoder is taught by.

    Attributes:
        loss: 'full', the three terms, or 'pixel', the alternative of Fig. 8.
        terms: weights of the three terms.
        gain_db: largest random change of level; 0: none. Unstated in the paper, as any augmentation.
        shift: start clips anywhere within their repetition, instead of at their beginning.
    """

    loss: Literal["full", "pixel"]
    terms: LossConfig
    gain_db: Annotated[float, Field(ge=0)]
    shift: bool


@dataclass(frozen=True, eq=False)
class Heard:
    """Clips and whose face they belong to: 16-bit samples for a spectrogram, or ready inputs (embeddings).

    `person` is the row of the speaker's feature in `faces`.
    """

    clips: Int16[np.ndarray, "clips samples"] | Float[Tensor, "clips embedding"]
    person: Int64[np.ndarray, " clips"]
    faces: Float[Tensor, "persons feature"]
    content_hash: str


@dataclass(frozen=True, eq=False)
class Frozen:
    """What compares features: f_dec, f_VGG, and for the pixel loss the decoder; none of them is trained."""

    layers: Layers
    decoder: FaceDecoder


class VoiceTask:
    """The `Task` of a voice encoder. An example is a clip.

    Validation: people never trained on; each clip's feature ranks the faces of all validation people.
    """

    metric, higher_is_better = "mean_percent", False

    def __init__(self, model: VoiceEncoder, train: Heard, validation: Heard, frozen: Frozen, config: VoiceTaskConfig) -> None:
        self.model, self.config = model, config
        self._train, self._validation, self.frozen = train, validation, frozen
        self.n_examples = len(train.person)
        self.data_hash = train.content_hash + validation.content_hash

    def batch(self, indices: Int[np.ndarray, " batch"], *, seed: int, epoch: int, step: int) -> tuple[Tensor, Tensor]:
        """The voice encoder's inputs, or waveforms for its spectrogram, and the features of the speakers' faces."""
        faces = self._train.faces[self._train.person[indices]]
        if isinstance(self._train.clips, Tensor):
            return self._train.clips[indices], faces
        n_samples = self.model.config.seconds * SAMPLE_RATE_HZ
        waveforms = np.empty((len(indices), n_samples), np.float32)
        for row, index in enumerate(indices):
            rng = np.random.default_rng((seed, epoch, int(index)))
            clip, gain = self._train.clips[index], 10 ** (self.config.gain_db * rng.uniform(-1, 1) / 20)
            start = int(rng.integers(len(clip))) if self.config.shift else 0
            waveforms[row] = np.roll(clip, -start)[:n_samples] * np.float32(gain / FULL_SCALE)
        return torch.from_numpy(waveforms), faces

    def loss(self, batch: tuple[Tensor, Tensor]) -> dict[str, Float[Tensor, ""]]:
        """The three terms, or the pixel loss."""
        heard, faces = batch
        v_s = self.hear(heard)
        if self.config.loss == "full":
            return voice_loss(v_s, faces, self.frozen.layers, self.config.terms)._asdict()
        with torch.no_grad():
            wanted = self.frozen.decoder(faces).image
        return pixel_loss(self.frozen.decoder(v_s).image, wanted)._asdict()

    def hear(self, heard: Float[Tensor, "clips values"]) -> Float[Tensor, "clips feature"]:
        """Features of what `batch` returns first."""
        return self.model(_inputs(self.model, heard))

    def validate(self) -> dict[str, float]:
        """Ranks of the true faces, mean angle to them in degrees, and how much the features vary, of the faces' variance."""
        own = self._validation
        v_s = hear(self.model, own.clips)
        rows = torch.from_numpy(own.person)
        v_f = own.faces.to(v_s.device)
        cosine = cosine_similarity(v_s, v_f[rows]).clamp(-1, 1)
        kept = v_s.var(0).sum() / v_f.var(0).sum()
        return {**ranking.summary(v_s, v_f, rows), "angle_deg": float(cosine.acos().rad2deg().mean()),
                "variance_kept": float(kept)}  # fmt: skip


def hear(model: VoiceEncoder, clips: Int16[np.ndarray, "clips samples"] | Float[Tensor, "clips embedding"]
         ) -> Float[Tensor, "clips feature"]:
    """Features of clips from their beginning, some at a time."""
    device = next(model.parameters()).device
    if isinstance(clips, Tensor):
        return model(clips.to(device))
    n_samples = model.config.seconds * SAMPLE_RATE_HZ
    parts = [torch.from_numpy(clips[first : first + BLOCK, :n_samples].astype(np.float32) / FULL_SCALE)
             for first in range(0, len(clips), BLOCK)]
    return torch.cat([model(_inputs(model, part.to(device))) for part in parts])


def _inputs(model: VoiceEncoder, heard: Float[Tensor, "clips values"]) -> Float[Tensor, "clips ..."]:
    return spectrogram(heard) if model.config.front != "speaker" else heard
