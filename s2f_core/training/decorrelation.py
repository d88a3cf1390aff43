"""Against a tie that training data have and people need not: draw evenly, weigh, or unlearn the cue (not in the paper).

All three change what a voice encoder is taught, none what it is: 'balanced' (equally many clips of each ancestry morph),
'reweighted' (clips drawn so that language tells nothing of the morph; Kamiran & Calders 2012) and 'reversed' (a layer that
tells the language from the last hidden layer, whose gradient is turned round there; Ganin et al. 2016).
"""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64, Int, Int64, Shaped
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from s2f_core.training.voice_task import Heard, VoiceTask

Labels = Shaped[np.ndarray, " clips"]


def balanced(morphs: Labels) -> Float64[np.ndarray, " clips"]:
    """Chance of each clip to be drawn so that every morph comes up as often."""
    _, place, counts = np.unique(morphs, return_inverse=True, return_counts=True)
    return 1 / counts[place] / len(counts)


def reweighted(morphs: Labels, languages: Labels) -> Float64[np.ndarray, " clips"]:
    """Chance of each clip to be drawn so that morph and language are independent, each as frequent as it was.

    A pair that nobody has cannot be drawn: the rest is as independent as it can be.
    """
    (_, morph, of_morph), (_, language, of_language) = (
        np.unique(labels, return_inverse=True, return_counts=True) for labels in (morphs, languages))
    both = np.zeros((len(of_morph), len(of_language)))
    np.add.at(both, (morph, language), 1)
    weight = of_morph[morph] * of_language[language] / both[morph, language]
    return weight / weight.sum()


def drawn(heard: Heard, chances: Float64[np.ndarray, " clips"], seed: int) -> tuple[Heard, Int64[np.ndarray, " clips"]]:
    """As many clips again, drawn with these chances, and which ones: systematic, so that none comes up much too often."""
    edges = np.cumsum(chances) / chances.sum()
    n = len(heard.person)
    places = np.searchsorted(edges, (np.arange(n) + np.random.default_rng(seed).random()) / n).clip(max=n - 1)
    return replace(heard, clips=heard.clips[places], person=heard.person[places]), places


class _Reversed(torch.autograd.Function):
    """The identity, whose gradient is turned round and scaled."""

    @staticmethod
    def forward(ctx: Any, hidden: Float[Tensor, "clips hidden"], scale: float) -> Float[Tensor, "clips hidden"]:
        ctx.scale = scale
        return hidden.view_as(hidden)

    @staticmethod
    def backward(ctx: Any, gradient: Float[Tensor, "clips hidden"]) -> tuple[Float[Tensor, "clips hidden"], None]:
        return -ctx.scale * gradient, None


class Blinded(nn.Module):
    """What a task trains, and a critic that tells the language from the encoder's last hidden layer; `scale` turns it round."""

    def __init__(self, taught: nn.Module, sizes: tuple[int, int], scale: float) -> None:
        """`sizes`: of the hidden layer, and number of languages."""
        super().__init__()
        hidden, n_languages = sizes
        self.taught, self.scale = taught, scale
        self.critic = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, n_languages))

    def forward(self, hidden: Float[Tensor, "clips hidden"]) -> Float[Tensor, "clips languages"]:
        """The critic's scores; what is learnt from them makes the critic better and the hidden layer worse."""
        return self.critic(_Reversed.apply(hidden, self.scale))


class BlindedTask:
    """The `Task` of a voice encoder that is to forget the language: its critic's loss is added, turned round below it."""

    metric, higher_is_better = VoiceTask.metric, VoiceTask.higher_is_better

    def __init__(self, task: VoiceTask, languages: Int64[np.ndarray, " clips"], scale: float) -> None:
        """`languages`: number of each training clip's; `scale`: of the gradient that is turned round, ≥ 0."""
        self.task, self._languages = task, torch.from_numpy(languages)
        self.model = Blinded(task.model, (task.encoder.config.hidden, int(languages.max()) + 1), scale)
        self.n_examples, self.data_hash = task.n_examples, task.data_hash
        self._hidden = torch.empty(0)
        task.encoder.stages.fc2.register_forward_pre_hook(self._see)

    def _see(self, _: nn.Module, given: tuple[Tensor, ...]) -> None:
        [self._hidden] = given

    def batch(self, indices: Int[np.ndarray, " batch"], *, seed: int, epoch: int, step: int) -> tuple[Any, ...]:
        """As `VoiceTask.batch`, and the languages."""
        return *self.task.batch(indices, seed=seed, epoch=epoch, step=step), self._languages[indices]

    def loss(self, batch: tuple[Any, ...]) -> dict[str, Float[Tensor, ""]]:
        """As `VoiceTask.loss`, and `language`, the critic's cross-entropy, in the total."""
        clips, wanted, numbers, languages = batch
        terms = self.task.loss((clips, wanted, numbers))
        critic = cross_entropy(self.model(self._hidden), languages)
        return {**terms, "language": critic, "total": terms["total"] + critic}

    def validate(self) -> dict[str, float]:
        """As `VoiceTask.validate`: of people never trained on."""
        return self.task.validate()
