"""Teach a voice encoder to predict the features of the speaker's face from the voice alone (Sec. 3).

Differs: of the voice the encoder is also to tell the numbers that the generator made it with, in one more layer that is
dropped after training. The paper's network learns to hear from 1.7 million pairs with faces. Most of a face cannot be heard,
and from 6,000 clips ours learnt them by heart first: the age in it correlated .50 with that of validation people, now .67.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import torch
from jaxtyping import Float, Float16, Float32, Float64, Int, Int16, Int64
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, mse_loss

from s2f_core.config import Block
from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.data.corpora.examples import FULL_SCALE
from s2f_core.errors import InputError
from s2f_core.features.spectrogram import spectrogram
from s2f_core.models.face_decoder import FaceDecoder
from s2f_core.models.voice_encoder import VoiceEncoder
from s2f_core.training import ranking
from s2f_core.training.losses import Layers, LossConfig, Weight, pixel_loss, voice_loss

BLOCK = 32  # clips validated at once


class VoiceTaskConfig(Block):
    """What the voice encoder is taught by.

    Attributes:
        loss: 'full', the three terms, or 'pixel', the alternative of Fig. 8.
        terms: weights of the three terms.
        numbers: weight of the error in the numbers of the voice; 0: they are not taught, as in the paper.
        gain_db: largest random change of level; 0: none. Unstated in the paper, as any augmentation.
        shift: start clips anywhere within their repetition, instead of at their beginning.
    """

    loss: Literal["full", "pixel"]
    terms: LossConfig
    numbers: Weight
    gain_db: Annotated[float, Field(ge=0)]
    shift: bool


@dataclass(frozen=True, eq=False)
class Heard:
    """Clips and whose face they belong to: 16-bit samples for a spectrogram, or ready inputs (embeddings).

    `person` is the row of the speaker's feature in `faces`; and in `numbers`, what the voice was made with, where known.
    """

    clips: Int16[np.ndarray, "clips samples"] | Float[Tensor, "clips embedding"]
    person: Int64[np.ndarray, " clips"]
    faces: Float[Tensor, "persons feature"]
    content_hash: str
    numbers: Float64[np.ndarray, "persons numbers"] | None = None


@dataclass(frozen=True, eq=False)
class Frozen:
    """What compares features: f_dec, f_VGG, and for the pixel loss the decoder; none of them is trained."""

    layers: Layers
    decoder: FaceDecoder


class Pupil(nn.Module):
    """A voice encoder that also tells numbers of the voice, as long as it is taught; it starts at their means, 0."""

    def __init__(self, encoder: VoiceEncoder, n_numbers: int) -> None:
        super().__init__()
        self.encoder, self.numbers = encoder, nn.Linear(encoder.config.hidden, n_numbers)
        nn.init.zeros_(self.numbers.weight)
        nn.init.zeros_(self.numbers.bias)

    def forward(self, inputs: Float[Tensor, "clips ..."]
                ) -> tuple[Float[Tensor, "clips feature"], Float[Tensor, "clips numbers"]]:
        """Features of the face, and numbers of the voice, from the last hidden layer."""
        hidden = self.encoder.hidden(inputs)
        return self.encoder.stages.fc2(hidden).float(), self.numbers(hidden).float()


class VoiceTask:
    """The `Task` of a voice encoder. An example is a clip.

    Validation: people never trained on; each clip's feature ranks the faces of all validation people.
    """

    metric, higher_is_better = "mean_percent", False

    def __init__(self, model: VoiceEncoder, train: Heard, validation: Heard, frozen: Frozen, config: VoiceTaskConfig) -> None:
        """Raises InputError where numbers are to be taught and `train` has none."""
        self.config, self.encoder = config, model
        self._train, self._validation, self.frozen = train, validation, frozen
        self._numbers = _standardised(train) if config.numbers else torch.empty(len(train.faces), 0)
        self._wanted = train.faces if config.loss == "full" else _drawn(frozen.decoder, train.faces)
        self.model: nn.Module = Pupil(model, self._numbers.shape[1]) if config.numbers else model
        self.n_examples = len(train.person)
        self.data_hash = train.content_hash + validation.content_hash

    def batch(self, indices: Int[np.ndarray, " batch"], *, seed: int, epoch: int, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs of the encoder, or waveforms for its spectrogram; what it is to predict; numbers of the voices.

        To predict: the features of the speakers' faces, or for the pixel loss the faces drawn from these.
        """
        people = self._train.person[indices]
        return self._inputs(indices, seed, epoch), self._wanted[people], self._numbers[people]

    def _inputs(self, indices: Int[np.ndarray, " batch"], seed: int, epoch: int) -> Float[Tensor, "batch values"]:
        if isinstance(self._train.clips, Tensor):
            return self._train.clips[indices]
        n_samples = self.encoder.config.seconds * SAMPLE_RATE_HZ
        waveforms = np.empty((len(indices), n_samples), np.float32)
        for row, index in enumerate(indices):
            rng = np.random.default_rng((seed, epoch, int(index)))
            clip, gain = self._train.clips[index], 10 ** (self.config.gain_db * rng.uniform(-1, 1) / 20)
            start = int(rng.integers(len(clip))) if self.config.shift else 0
            waveforms[row] = np.roll(clip, -start)[:n_samples] * np.float32(gain / FULL_SCALE)
        return torch.from_numpy(waveforms)

    def loss(self, batch: tuple[Tensor, Tensor, Tensor]) -> dict[str, Float[Tensor, ""]]:
        """The three terms, or the pixel loss, and their sum as `face`; the error in the voice's numbers; `total`: of all."""
        heard, wanted, numbers = batch
        inputs = _inputs(self.encoder, heard)
        if not self.config.numbers:
            terms = self._apart(self.model(inputs), wanted)
            return {**terms, "face": terms["total"]}
        v_s, told = self.model(inputs)
        terms, numbers_apart = self._apart(v_s, wanted), mse_loss(told, numbers)
        total = terms["total"] + self.config.numbers * numbers_apart
        return {**terms, "face": terms["total"], "numbers": numbers_apart, "total": total}

    def _apart(self, v_s: Float[Tensor, "clips feature"], wanted: Float[Tensor, "clips ..."]) -> dict[str, Float[Tensor, ""]]:
        if self.config.loss == "full":
            return voice_loss(v_s, wanted, self.frozen.layers, self.config.terms)._asdict()
        return pixel_loss(self.frozen.decoder(v_s).image, wanted)._asdict()

    def hear(self, heard: Float[Tensor, "clips values"]) -> Float[Tensor, "clips feature"]:
        """Features of what `batch` returns first."""
        return self.encoder(_inputs(self.encoder, heard))

    def validate(self) -> dict[str, float]:
        """Ranks of the true faces, mean angle to them in degrees, and how much the features vary, of the faces' variance."""
        own = self._validation
        v_s = hear(self.encoder, own.clips)
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


@torch.no_grad()
def _drawn(decoder: FaceDecoder, faces: Float[Tensor, "persons feature"]) -> Float16[Tensor, "persons 3 side side"]:
    """What the pixel loss compares with, drawn once; half the memory, and finer than any picture's grey levels."""
    return torch.cat([decoder(block).image.half() for block in faces.split(BLOCK)])


def _standardised(heard: Heard) -> Float32[Tensor, "persons numbers"]:
    """The numbers of the voices in their standard deviations; one that is the same for all stays 0."""
    if heard.numbers is None:
        raise InputError("the numbers of the voices are to be taught, but are not known of these clips; set `numbers` to 0")
    spread = heard.numbers.std(0)
    return torch.from_numpy((heard.numbers - heard.numbers.mean(0)) / np.where(spread > 0, spread, 1)).float()
