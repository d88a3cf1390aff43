"""Lesson 8: how far four mistakes move the headline, measured with models that are trained in seconds.

The headline is the share of voices whose true face is among the first tenth of the gallery; guessing gives a tenth.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from torch import Tensor, nn

from s2f_core import config
from s2f_core.evaluate import retrieval
from s2f_core.evaluate.intervals import Estimate
from s2f_core.evaluate.retrieval import Ranking
from s2f_core.lessons import held_out_people, specimens, splits
from s2f_core.lessons.held_out_people import People
from s2f_core.train import VoiceEncoderBlock
from s2f_core.training import distributed, linear_voice
from s2f_core.training.linear_voice import Shrinkage
from s2f_core.training.losses import Layers, LossConfig, voice_loss

SHRINKAGE = Shrinkage(voice=0.1, face=1.0, rank=20)  # of the linear voice, the best of a few tried on its own folds
FRAME_STEP = 10  # every tenth frame is enough for the small network
PERCENT = 10
HIDDEN, RATE, FLAT = 128, 1e-3, 1e-3
Distance = Callable[[Tensor, Tensor], Tensor]
Features = Float[Tensor, "clips feature"]
Rows = Int64[np.ndarray, " _"]


@dataclass(frozen=True, eq=False)
class Bench:
    """What the mistakes are tried on.

    Attributes:
        ids: of the people with a voice, who are the first rows of `faces`; the rest of the gallery has no voice.
        voices: mean and spread over time of each frequency's magnitude, standardised over people.
        inputs: frames of each voice as the right front end gives them, and as the exhibit does.
        faces: features v_f of the canonical faces.
        layers, terms: frozen layers and weights of the package's loss.
    """

    ids: list[str]
    voices: Float32[np.ndarray, "people numbers"]
    inputs: dict[str, Float32[Tensor, "people frames numbers"]]
    faces: Float32[np.ndarray, "faces feature"]
    layers: Layers
    terms: LossConfig


def bench(people: People, root: Path, n_gallery: int) -> Bench:
    """Measure voices and faces of the people, and of others until the gallery has `n_gallery` faces."""
    models, clips = held_out_people.networks(root), torch.from_numpy(people.clips)
    numbers, right, wrong = [], [], []
    for clip in clips:
        channels = specimens.right_input(clip)
        magnitude = torch.linalg.vector_norm(channels, dim=2)
        numbers.append(torch.cat([magnitude.mean(0), magnitude.std(0)]))
        right.append(channels[::FRAME_STEP].flatten(1).clone())
        wrong.append(specimens.exhibit_input(clip)[::FRAME_STEP].flatten(1).clone())
    own = np.stack([one.canonical() for one in people.speakers])
    pictures = np.concatenate([own, held_out_people.others(root, n_gallery - len(own))])
    voices = torch.stack(numbers)
    task = config.load(root, "voice_encoder", VoiceEncoderBlock, profile=held_out_people.CORPUS).task
    layers = Layers(models.networks.decoder.first_layer, models.networks.face_encoder.logits)
    inputs = {"real and imaginary": torch.stack(right), "magnitude and angle": torch.stack(wrong)}
    standard = ((voices - voices.mean(0)) / voices.std(0).clamp_min(FLAT)).numpy()
    return Bench(people.ids, standard, inputs, held_out_people.features(models, pictures), layers, task.terms)


def headline(ranking: Ranking) -> Estimate:
    """Share of true faces in the first tenth of the gallery, interval and chance."""
    return retrieval.recall_at_percent(ranking, PERCENT)


def linear(on: Bench, train: Rows, test: Rows) -> Ranking:
    """A linear voice, fitted on some people, looks for the faces of others; who stands in `train` twice counts twice."""
    model = linear_voice.fit(on.voices[train], on.faces[train], SHRINKAGE)
    return retrieval.ranks(model.heard(on.voices[test]), model.seen(on.faces), test, "cosine")


def resumed(on: Bench, split: Callable[..., splits.Halves], n_runs: int, n_chains: int) -> list[tuple[float, Estimate]]:
    """Train on through 1, 2, … `n_runs` processes, each of which splits for itself, and test on the last one's test people.

    Returns for each number of runs: the share of the test people who were trained on, and the headline, whose interval is
    over people; both over `n_chains` such chains, as one test part is small.
    """
    row = {identity: place for place, identity in enumerate(on.ids)}
    halves = [splits.in_process(split, on.ids, seed) for seed in range(1, n_runs + n_chains)]
    rows = [tuple(np.array([row[one] for one in half]) for half in both) for both in halves]
    found = []
    for n in range(1, n_runs + 1):
        ranks, tested, known = [], [], []
        for chain in range(n_chains):
            train = np.concatenate([some for some, _ in rows[chain : chain + n]])
            test = rows[chain + n - 1][1]
            ranks.append(linear(on, train, test))
            tested.append(test)
            known.append(np.isin(test, train))
        share = retrieval.recall_at_percent(_together(ranks), PERCENT, groups=np.concatenate(tested))
        found.append((float(np.concatenate(known).mean()), share))
    return found


def halves(on: Bench, seed: int) -> list[tuple[Rows, Rows]]:
    """Train on one half of the people and test on the other, and the other way round: everybody is tested once."""
    order = np.random.default_rng(seed).permutation(len(on.ids))
    one, other = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    return [(one, other), (other, one)]


def in_gallery(on: Bench, size: int, seed: int) -> Ranking:
    """Linear voices, each half of the people by a model of the other half, in galleries of the own face and others by lot."""
    parts, rng = [], np.random.default_rng([seed, size])
    for train, test in halves(on, seed):
        model = linear_voice.fit(on.voices[train], on.faces[train], SHRINKAGE)
        heard, seen = model.heard(on.voices[test]), model.seen(on.faces)
        for row, person in enumerate(test):
            others = np.delete(np.arange(len(seen)), person)
            gallery = np.concatenate([[person], rng.choice(others, size - 1, replace=False)])
            parts.append(retrieval.ranks(heard[row : row + 1], seen[gallery], np.array([0]), "cosine"))
    return _together(parts)


class SmallEar(nn.Module):
    """A layer over each frame, the mean over time, and a layer to the features of a face; it starts at the mean face."""

    def __init__(self, n_numbers: int, mean: Float[Tensor, " feature"]) -> None:
        super().__init__()
        self.frame, self.face = nn.Linear(n_numbers, HIDDEN), nn.Linear(HIDDEN, len(mean))
        nn.init.zeros_(self.face.weight)
        self.face.bias.data.copy_(mean)

    def forward(self, frames: Float[Tensor, "clips frames numbers"]) -> Features:
        """Features of the faces that clips suggest."""
        return self.face(torch.relu(self.frame(frames)).mean(dim=1))


def taught(on: Bench, frames: Float[Tensor, "people frames numbers"], loss: Distance, *, batch_size: int, n_epochs: int,
           seed: int) -> Ranking:
    """Train a small network on each half of the people with `loss(v_s, v_f)`, and rank the faces of the other half."""
    parts, faces = [], torch.from_numpy(on.faces)
    for train, test in halves(on, seed):
        spread, middle = frames[train].std((0, 1)).clamp_min(FLAT), frames[train].mean((0, 1))
        mean = faces[train].mean(0)
        with distributed.seeded(seed, device=torch.device("cpu")):
            model = SmallEar(frames.shape[2], mean)
        optimiser, rng = torch.optim.Adam(model.parameters(), RATE), np.random.default_rng(seed)
        for _ in range(n_epochs):
            for some in torch.from_numpy(rng.permutation(train)).split(batch_size):
                optimiser.zero_grad()
                loss(model((frames[some] - middle) / spread), faces[some]).backward()
                optimiser.step()
        with torch.inference_mode():
            heard = (model((frames[test] - middle) / spread) - mean).numpy()
        parts.append(retrieval.ranks(heard, (faces - mean).numpy(), test, "cosine"))
    return _together(parts)


def full_loss(on: Bench, distance: Distance) -> Distance:
    """The package's three terms, with `distance` in the place of the second."""
    def loss(v_s: Features, v_f: Features) -> Float[Tensor, ""]:
        terms = voice_loss(v_s, v_f, on.layers, on.terms)
        return terms.decoder + on.terms.lambda1 * distance(v_s, v_f) + on.terms.lambda2 * terms.distillation

    return loss


def squared_error(v_s: Features, v_f: Features) -> Float[Tensor, ""]:
    """Squared distance of the features, mean over clips."""
    return (v_s - v_f).square().sum(dim=1).mean()


def _together(parts: Sequence[Ranking]) -> Ranking:
    return Ranking(*(np.concatenate([getattr(one, part) for one in parts]) for part in ("ranks", "gallery", "right")))
