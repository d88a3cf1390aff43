"""A trained set of tiny networks that were not trained, but answer: other voices and faces, other pictures."""

from pathlib import Path

import numpy as np
import torch

from s2f_core import artifacts
from s2f_core.features import speaker
from s2f_core.models import mean_feature, voice_encoder
from s2f_core.models.face_decoder import FaceDecoder, FaceDecoderConfig
from s2f_core.models.face_encoder import CompactConfig, CompactFaceEncoder
from s2f_core.models.voice_encoder import Conv, VoiceEncoder, VoiceEncoderConfig

FEATURE, FACE_PX, DRAWN_PX = 6, 32, 16
CONVS = (Conv(channels=3, kernel=(9, 9), stride=(4, 4), pool=1), Conv(channels=4, kernel=(5, 5), stride=(4, 4), pool=1))


def randomly(seed: int, *sizes: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=sizes)).float()


def write_set(folder: Path, *variants: str, seed: int = 0, feature: int = FEATURE, sees_px: int = FACE_PX,
              draws_px: int = DRAWN_PX) -> Path:
    """Write the networks, with voice encoders for `variants` (6s, 3s, speaker); returns the folder."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        face = CompactFaceEncoder(CompactConfig(widths=((4,), (4,)), side_px=sees_px, feature=feature, classes=3))
        decoder = FaceDecoder(FaceDecoderConfig(feature=feature, trunk=8, landmark_hidden=4, side_px=draws_px, start_px=4,
                                                start_channels=8, min_channels=3, warp_step_px=1))  # fmt: skip
        voices = {name: VoiceEncoder(_voice(name, feature)) for name in variants}
    decoder.set_means(0.5 + 0.1 * randomly(seed, 68, 2), 0.5 + 0.1 * randomly(seed + 1, 3, draws_px, draws_px))
    with torch.no_grad():
        for voice in voices.values():
            voice.stages.fc2.weight.mul_(20)  # voices that differ
        face.feature.weight.mul_(5)
        decoder.first[0].weight.mul_(30)
        decoder.texture_branch[-1].weight.mul_(10)
    face.save(folder / "face_encoder.safetensors")
    decoder.save(folder / "face_decoder.safetensors")
    for name, voice in voices.items():
        voice.save(folder / f"voice_encoder_{name}.safetensors")
    mean_feature.write(folder / "mean_feature.safetensors", randomly(seed, 5, feature), folder / "face_encoder.safetensors")
    return folder


def _voice(variant: str, feature: int) -> VoiceEncoderConfig:
    if variant == "speaker":
        return voice_encoder.speaker(feature=feature)
    return VoiceEncoderConfig(front="spectrogram", seconds=int(variant[0]), convs=CONVS, hidden=8, feature=feature,
                              batch_norm=True, mean_last=False)  # fmt: skip


def write_ge2e(path: Path, seed: int = 0) -> Path:
    """Write a speaker encoder that was not trained either."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        state = speaker.SpeakerEncoder(speaker.GE2E).state_dict()
    tensors = {name: value.numpy() for name, value in state.items()}
    meta = {"config": vars(speaker.GE2E), "content_sha256": artifacts.content_hash(tensors)}
    artifacts.write_tensors(path, tensors, meta)
    return path
