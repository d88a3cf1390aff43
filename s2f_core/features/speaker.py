"""A pretrained speaker embedding (GE2E, arXiv 1710.10467): who speaks, as 256 numbers; not from the paper.

Architecture and weights are those of the `resemblyzer` package 0.1.4 (Apache-2.0), without its dependencies.
Differs: no voice-activity detection. Clips here are speech by selection, and a clip's embedding must not depend on
how much of it a detector keeps.
"""

import hashlib
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import normalize, pad, relu

from s2f_core import artifacts
from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.data.torchaudio_stub import load_torchaudio
from s2f_core.errors import InputError

MEL_WINDOW_SAMPLES = round(0.025 * SAMPLE_RATE_HZ)  # 25 ms, also the FFT's length; resemblyzer
MEL_HOP_SAMPLES = round(0.010 * SAMPLE_RATE_HZ)  # 10 ms; resemblyzer
PARTIAL_FRAMES = 160  # 1.6 s, the length it was trained on; resemblyzer
PARTIAL_SAMPLES = PARTIAL_FRAMES * MEL_HOP_SAMPLES
PARTIALS_PER_SECOND = 1.3  # resemblyzer
PARTIAL_STEP_FRAMES = round(SAMPLE_RATE_HZ / PARTIALS_PER_SECOND / MEL_HOP_SAMPLES)
MIN_COVERAGE = 0.75  # of the last partial must be sound, or it is dropped; resemblyzer
MIN_RMS = 10 ** (-30 / 20)  # of full scale (-30 dB): quieter clips are raised to it, louder ones left; resemblyzer
SILENT_RMS = 1e-6  # of full scale, ours: the least that is divided by, so that silence stays silence


@dataclass(frozen=True)
class SpeakerConfig:
    """What the weights file says of its own architecture."""

    n_mels: int
    hidden: int
    layers: int
    embedding: int


GE2E = SpeakerConfig(n_mels=40, hidden=256, layers=3, embedding=256)  # resemblyzer 0.1.4
PRETRAINED_SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"  # its pretrained.pt


class SpeakerEncoder(nn.Module):
    """Three LSTM layers over mel frames; the last state, through a linear layer and a ReLU, on the unit sphere."""

    def __init__(self, config: SpeakerConfig) -> None:
        super().__init__()
        self.lstm = nn.LSTM(config.n_mels, config.hidden, config.layers, batch_first=True)
        self.linear = nn.Linear(config.hidden, config.embedding)
        filters = load_torchaudio().functional.melscale_fbanks(
            MEL_WINDOW_SAMPLES // 2 + 1, 0.0, SAMPLE_RATE_HZ / 2, config.n_mels, SAMPLE_RATE_HZ, "slaney", "slaney"
        )
        self.register_buffer("filters", filters, persistent=False)  # derived, hence not in the weights file
        self.register_buffer("window", torch.hann_window(MEL_WINDOW_SAMPLES), persistent=False)

    def forward(self, mels: Float[Tensor, "clips frames mel"]) -> Float[Tensor, "clips embedding"]:
        """Embed stretches of mel frames, 1.6 s each."""
        _, (hidden, _) = self.lstm(mels)
        return normalize(relu(self.linear(hidden[-1])), dim=1)

    def mel(self, waveforms: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch frames mel"]:
        """Return the mel power spectrogram (not its logarithm), frames centred on multiples of the hop."""
        spectrum = torch.stft(
            waveforms, MEL_WINDOW_SAMPLES, MEL_HOP_SAMPLES, window=self.window, pad_mode="constant", return_complex=True
        )
        return spectrum.abs().square().transpose(1, 2) @ self.filters

    @torch.no_grad()
    def embed(self, clips: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch embedding"]:
        """Embed 16 kHz clips of one length: the normalised mean over overlapping 1.6-s stretches of each.

        Returns: (batch, 256), each row of length 1; cosine similarity is the measure the network was trained for.
        """
        rms = clips.square().mean(dim=1, keepdim=True).sqrt()
        clips = clips * (MIN_RMS / rms.clamp(min=SILENT_RMS)).clamp(min=1.0)
        starts = partial_starts(clips.shape[1])
        n_padding = starts[-1] * MEL_HOP_SAMPLES + PARTIAL_SAMPLES - clips.shape[1]
        mels = self.mel(pad(clips, (0, max(0, n_padding))))
        partials = torch.stack([mels[:, start : start + PARTIAL_FRAMES] for start in starts], dim=1)
        embeddings = self(partials.flatten(0, 1)).unflatten(0, partials.shape[:2])
        return normalize(embeddings.mean(dim=1), dim=1)


def partial_starts(n_samples: int) -> list[int]:
    """Return the first mel frame of each 1.6-s stretch: 1.3 a second, the last dropped if less than 3/4 is sound."""
    n_frames = math.ceil((n_samples + 1) / MEL_HOP_SAMPLES)
    starts = list(range(0, max(1, n_frames - PARTIAL_FRAMES + PARTIAL_STEP_FRAMES + 1), PARTIAL_STEP_FRAMES))
    coverage = (n_samples - starts[-1] * MEL_HOP_SAMPLES) / PARTIAL_SAMPLES
    return starts[:-1] if coverage < MIN_COVERAGE and len(starts) > 1 else starts


def load(path: Path) -> SpeakerEncoder:
    """Build the encoder from one safetensors file, which states its architecture and its own content's hash.

    Raises: InputError where the file is missing, damaged, or holds something else.
    """
    tensors, meta = artifacts.read_tensors(path)
    if meta.get("content_sha256") != artifacts.content_hash(tensors):
        raise InputError(f"{path} does not match the hash of its content; run `dvc pull` to get it whole")
    try:
        encoder = SpeakerEncoder(SpeakerConfig(**meta["config"]))
        encoder.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    except (KeyError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path} holds no speaker encoder ({reason}); run `dvc pull` to get data/weights") from None
    return encoder.eval().requires_grad_(False)


def convert(pretrained: Path, target: Path) -> None:
    """Write the network in resemblyzer's `pretrained.pt` as safetensors; its training state is left behind.

    Raises: InputError where `pretrained` is missing or is not the file of release 0.1.4, byte for byte.
    """
    if not pretrained.is_file():
        raise InputError(f"{pretrained} is missing; `pip install --no-deps resemblyzer==0.1.4` brings it")
    digest = hashlib.sha256(pretrained.read_bytes()).hexdigest()
    if digest != PRETRAINED_SHA256:
        raise InputError(f"{pretrained} has SHA-256 {digest[:12]}…, resemblyzer 0.1.4's has {PRETRAINED_SHA256[:12]}…")
    state = torch.load(pretrained, map_location="cpu", weights_only=True)["model_state"]
    tensors = {name: state[name].numpy() for name in state if name.startswith(("lstm.", "linear."))}
    meta = {
        "config": asdict(GE2E),
        "content_sha256": artifacts.content_hash(tensors),
        "licence": "Apache-2.0",
        "source": "resemblyzer 0.1.4, pretrained.pt",
        "source_sha256": digest,
    }
    artifacts.write_tensors(target, tensors, meta)
