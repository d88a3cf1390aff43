"""Tutorial 5, a training of five minutes: the small encoder, what it is given to hear, and the charts of the page."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
import torch
from jaxtyping import Bool, Float, Float32, Int16
from torch import Tensor

from s2f_core.data.corpora.examples import FULL_SCALE
from s2f_core.features.spectrogram import spectrogram
from s2f_core.figures import style
from s2f_core.models import weights
from s2f_core.models.voice_encoder import VoiceEncoder, VoiceEncoderConfig
from s2f_core.training import distributed, voice_task

CONVS = ((16, 5, 3), (32, 3, 2), (48, 3, 2), (64, 3, 2))  # channels, kernel, stride; about half the work of preset `laptop`
HIDDEN = 256
SHOWN = (-0.5, 1.0)  # of a loss, apart from the mean face's
GAIN_DB = 6.0  # largest change of a clip's level, by lot
RATES = {"A": 3e-1, "B": 1e-5, "C": 3e-3}  # the learning rates behind the curves of exercise 3: do not look


def small_encoder(start: Float[Tensor, " feature"], seed: int) -> VoiceEncoder:
    """An untrained voice encoder that says `start` whatever it hears; the same seed gives the same weights."""
    convs = [{"channels": channels, "kernel": (size, size), "stride": (stride, stride), "pool": 1}
             for channels, size, stride in CONVS]
    config = weights.config_of(VoiceEncoderConfig, {
        "front": "magnitude", "seconds": 6, "convs": convs, "hidden": HIDDEN, "feature": len(start), "batch_norm": True,
        "mean_last": True})
    with distributed.seeded(seed, device=torch.device("cpu")):
        encoder = VoiceEncoder(config)
    encoder.start_at(start)
    return encoder


def n_parameters(config: VoiceEncoderConfig) -> int:
    """Count what is trained in an encoder of this config, without making room for it."""
    with torch.device("meta"):
        return sum(one.numel() for one in VoiceEncoder(config).parameters())


def stretches(clips: Int16[np.ndarray, "clips samples"], n_samples: int, draw: np.random.Generator
              ) -> Float32[Tensor, "clips frames freq ri"]:
    """Spectrograms of a stretch of each clip: where it begins, and how loud it is, by lot."""
    starts = draw.integers(clips.shape[1] - n_samples + 1, size=len(clips))
    gains = 10 ** (draw.uniform(-GAIN_DB, GAIN_DB, len(clips)) / 20) / FULL_SCALE
    cut = [clip[start : start + n_samples] for clip, start in zip(clips, starts, strict=True)]
    return spectrogram(torch.from_numpy((np.stack(cut) * gains[:, None]).astype(np.float32)))


@torch.inference_mode()
def hear(encoder: VoiceEncoder, clips: Int16[np.ndarray, "clips samples"]) -> Float[Tensor, "clips feature"]:
    """Features of whole clips; batch norm uses its running means meanwhile, and the encoder is left as if training goes on."""
    heard = voice_task.hear(encoder.eval(), clips)
    encoder.train()
    return heard


def nearer(features: Float[Tensor, "people feature"], known: Float[Tensor, "others feature"],
           is_one: Bool[np.ndarray, " others"]) -> Bool[np.ndarray, " people"]:
    """Which features lie nearer to the mean of the `known` ones that are one kind than to the mean of the rest."""
    means = [known[torch.from_numpy(kind)].mean(0) for kind in (is_one, ~is_one)]
    return (((features - means[0]) ** 2).sum(1) < ((features - means[1]) ** 2).sum(1)).numpy()


def short_runs(apart: Mapping[str, Sequence[float]]) -> go.Figure:
    """By how much the losses of short trainings lie above (or below) another one's; what leaves the picture, leaves it."""
    figure = go.Figure()
    for name, losses in apart.items():
        figure.add_scatter(x=list(range(1, len(losses) + 1)), y=list(losses), name=name, mode="lines")
    figure.update_yaxes(range=SHOWN, title="loss, above the mean face's")
    return figure.update_layout(xaxis_title="step", height=360)


def learning(steps: Sequence[int], curves: Mapping[str, Sequence[float]], marks: Mapping[str, float]) -> go.Figure:
    """Losses against the steps, and what no training can pass or should fall short of, as dotted lines."""
    figure = go.Figure()
    for name, losses in curves.items():
        figure.add_scatter(x=list(steps), y=list(losses), name=name, mode="lines+markers")
    for name, level in marks.items():
        figure.add_hline(y=level, line={"dash": "dot", "color": style.BASELINE}, annotation_text=name)
    return figure.update_layout(xaxis_title="step", yaxis_title="loss", height=380)
