"""Faces from voices (S2F) and from pictures (F2F), as in Figs. 1 and 3 of the paper, with the note of what they are not.

    face = Reconstructor.load(Path("data/weights/laptop")).voice_to_face(Path("clip.wav"))
    Path("face.png").write_bytes(face.png())
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from jaxtyping import Float, Float32, UInt8
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from s2f_core.data.audio import MIN_SECONDS, SAMPLE_RATE_HZ, UNKNOWN_FRAMES, read_clip
from s2f_core.errors import InputError
from s2f_core.features.spectrogram import spectrogram
from s2f_core.models.face_decoder import shown
from s2f_core.models.face_encoder import to_tensor
from s2f_core.models.trained_set import VARIANT, TrainedSet

# After what the authors' page says of their pictures ("will only produce average-looking faces … will not produce images
# of specific individuals"), for whoever gets one of ours.
NOTE = (
    "This is not the face of the person who spoke, but a guess at an average face for such a voice, mostly by sex and age. "
    "The model learnt from people, in the shipped sets synthetic ones, who do not represent everybody, and it can be wrong "
    "about all of it. "
    "The picture is no likeness, no identity and no evidence of anything about the speaker. "
    "Do not use it to identify, judge or profile anybody."
)
BATCH = 8  # clips or faces computed at once, as in the paper's training; bounds the memory


@dataclass(frozen=True)
class Reconstruction:
    """A face drawn from a recording, and how it came about."""

    image: UInt8[np.ndarray, "side side 3"]  # RGB
    features: Float32[np.ndarray, " feature"]  # v_s, before exaggeration
    clip_s: float  # length of the clip that the voice encoder was given
    recorded_s: float | None  # length of the recording; None where its file states none
    exaggerate: float
    variant: str  # of the voice encoder
    model_sha256: str  # of all weights of the set

    @property
    def repeated(self) -> bool | None:
        """Whether the recording was shorter than the clip and was repeated to fill it; None where its length is unknown."""
        return None if self.recorded_s is None else self.recorded_s < self.clip_s

    def png(self) -> bytes:
        """Encode as PNG with the note and the model's name inside; the same picture gives the same bytes.

        Nothing in it says whose voice it was: no file name, no hash of the sound, no time.
        """
        text = PngInfo()
        for keyword, value in (("Software", "s2f"), ("Disclaimer", NOTE), ("s2f:variant", self.variant),
                               ("s2f:model", self.model_sha256), ("s2f:exaggerate", f"{self.exaggerate:g}")):  # fmt: skip
            text.add_text(keyword, value)
        buffer = io.BytesIO()
        Image.fromarray(self.image).save(buffer, format="PNG", pnginfo=text)
        return buffer.getvalue()


@dataclass(frozen=True)
class Reconstructor:
    """Hears voices, sees faces and draws what it heard or saw; takes and returns tensors on the CPU."""

    networks: TrainedSet
    device: torch.device  # where the networks run

    @classmethod
    def load(
        cls, folder: Path, variant: str = VARIANT, *, ge2e: Path | None = None, device: str = "cpu"
    ) -> "Reconstructor":
        """Read a trained set. Arguments and errors as `TrainedSet.load`."""
        return cls(TrainedSet.load(folder, variant, ge2e=ge2e, device=device), torch.device(device))

    @torch.inference_mode()
    def hear(self, waveforms: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch feature"]:
        """Estimate face features from 16 kHz sound: v_s of Sec. 3.

        Clips are cut to the voice encoder's seconds, or repeated from their start to fill them (Sec. 3.1), as
        `data.audio.fit_clip` does. Raises: InputError for clips below 0.5 s and for NaN or infinite samples.
        """
        n_samples = waveforms.shape[1]
        if n_samples < MIN_SECONDS * SAMPLE_RATE_HZ:
            raise InputError(f"clips hold at least {MIN_SECONDS} s at 16 kHz; got {n_samples} samples; use longer ones")
        if not waveforms.isfinite().all():
            raise InputError("samples must be finite, but some are NaN or infinite; read the sound again from its source")
        encoder, ears = self.networks.voice_encoder, self.networks.ears
        places = torch.arange(encoder.config.seconds * SAMPLE_RATE_HZ) % n_samples
        front = ears.embed if ears else spectrogram
        return torch.cat([self.hear_in(front(some[:, places].to(self.device))) for some in waveforms.split(BATCH)])

    @torch.inference_mode()
    def hear_in(self, frames: Float[Tensor, "batch frames freq ri"] | Float[Tensor, "batch embedding"]
                ) -> Float[Tensor, "batch feature"]:
        """Estimate face features from spectrograms of any length, or from embeddings where the set's network takes those."""
        encoder = self.networks.voice_encoder
        return torch.cat([encoder(some.to(self.device)).cpu() for some in frames.split(BATCH)])

    @torch.inference_mode()
    def see(self, images: UInt8[Tensor, "batch side side 3"]) -> Float[Tensor, "batch feature"]:
        """Compute the features v_f of RGB faces, for F2F (Sec. 4).

        Raises: InputError where the encoder's side is another, and where the set has no face encoder of its own.
        """
        encoder = self.networks.face_encoder
        if encoder is None:
            raise InputError("the faces of this set were described by a judge, not by a network of it; draw from voices only")
        return torch.cat([encoder.features(to_tensor(some.to(self.device))).cpu() for some in images.split(BATCH)])

    @torch.inference_mode()
    def draw(
        self, features: Float[Tensor, "batch feature"], exaggerate: float = 0.0
    ) -> UInt8[Tensor, "batch side side 3"]:
        """Decode features of voices or faces to RGB pictures, exaggerated as `models.mean_feature` says.

        Raises: InputError where a feature is not finite, of another size than the decoder's, or `exaggerate` is refused.
        """
        if not features.isfinite().all():
            raise InputError("features must be finite, but some are NaN or infinite; compute them again")
        decoder, mean = self.networks.decoder, self.networks.mean
        return torch.cat([shown(decoder(mean.exaggerated(some.to(self.device), exaggerate)).image).cpu()
                          for some in features.split(BATCH)])  # fmt: skip

    def voice_to_face(self, path: Path, exaggerate: float = 0.0) -> Reconstruction:
        """Draw a face from the first seconds of any sound file, as many as the voice encoder takes.

        Raises: InputError as `data.audio.read_clip` for the file, and as `draw`.
        """
        clip_s = float(self.networks.voice_encoder.config.seconds)
        features = self.hear(torch.from_numpy(read_clip(path, seconds=clip_s))[None])
        image = self.draw(features, exaggerate)[0].numpy()
        return Reconstruction(image, features[0].numpy(), clip_s, _recorded_s(path), exaggerate, self.networks.variant,
                              self.networks.sha256)  # fmt: skip


def _recorded_s(path: Path) -> float | None:
    """Seconds that a sound file's header states, or that libsndfile counts; the file was read before."""
    with path.open("rb") as file, soundfile.SoundFile(file.fileno(), closefd=False) as sound:
        return None if sound.frames == UNKNOWN_FRAMES else sound.frames / sound.samplerate
