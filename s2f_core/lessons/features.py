"""Tutorial 4, three losses: features of synthetic people, how hard each term pulls at them, and small trainings by them."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from s2f_core.blocks import in_blocks
from s2f_core.data.corpora import synthetic
from s2f_core.figures import style
from s2f_core.lessons import held_out_people
from s2f_core.lessons.held_out_people import CORPUS
from s2f_core.models.face_encoder import FaceEncoder, to_tensor
from s2f_core.reconstruct import Reconstructor
from s2f_core.training import ranking
from s2f_core.training.losses import PUBLISHED, Layers, LossConfig, balanced, voice_loss

HIDDEN = 128  # of the small networks
BATCH = 32
BETA1, EPSILON = 0.5, 1e-4  # of Adam, as the paper has them
LEARNING_RATE = 1e-3  # the paper's first
PLAIN, TERMS = "plain L1", ("1: through f_dec", "2: directions", "3: distillation")
LEAST_SHARE = 1e-6  # on the chart of probabilities
AT = (0, 5, 10, 20, 40, 80, 160)  # steps after which a small network is looked at

Loss = Callable[[Float[Tensor, "batch feature"], Float[Tensor, "batch feature"]], Float[Tensor, ""]]


class Met(NamedTuple):
    """Test people: features of their faces and, as the shipped voice encoder estimates them, of their voices."""

    v_f: Float[Tensor, "people feature"]
    v_s: Float[Tensor, "people feature"]


class Measured(NamedTuple):
    """Training people: the numbers that their voices were made with, in standard deviations, and features of their faces."""

    voices: Float[Tensor, "people numbers"]
    v_f: Float[Tensor, "people feature"]

    def part(self, rows: slice) -> "Measured":
        """Some of the people."""
        return Measured(self.voices[rows], self.v_f[rows])


def meet(root: Path, door: Reconstructor, n_people: int) -> Met:
    """See the first test people's canonical faces and hear one clip of each."""
    people = held_out_people.read(root, n_people)
    images = torch.from_numpy(np.stack([one.canonical() for one in people.speakers]))
    return Met(door.see(images), door.hear(torch.from_numpy(people.clips)))


def measure(root: Path, encoder: FaceEncoder, n_people: int) -> Measured:
    """The first training people: numbers of the voices instead of sound, as a perfect ear would tell them."""
    group = list(islice(synthetic.speakers(synthetic.home(root, CORPUS), "train"), n_people))
    columns = np.stack(list(synthetic.voice_numbers([one.facts for one in group]).values()), axis=1)
    spread = columns.std(0)
    voices = torch.from_numpy((columns - columns.mean(0)) / np.where(spread > 0, spread, 1)).float()
    images = np.stack([one.canonical() for one in group])
    seen = in_blocks(lambda rows: encoder.features(to_tensor(torch.from_numpy(rows))), images, "see faces")
    return Measured(voices, torch.cat(seen))


def gradients(v_s: Float[Tensor, "people feature"], v_f: Float[Tensor, "people feature"], layers: Layers
              ) -> dict[str, Float[Tensor, "people feature"]]:
    """How each term of the loss, and the plain L1 distance, pulls at every v_s: the gradients of each clip's own loss."""
    v_s = v_s.detach().clone().requires_grad_()
    _, *terms = voice_loss(v_s, v_f, layers, PUBLISHED)
    losses = dict(zip((PLAIN, *TERMS), (l1_loss(v_s, v_f), *terms), strict=True))
    return {name: len(v_s) * torch.autograd.grad(loss, v_s, retain_graph=True)[0] for name, loss in losses.items()}


def lambdas(v_s: Float[Tensor, "people feature"], v_f: Float[Tensor, "people feature"], layers: Layers, reduction: str
            ) -> tuple[float, float]:
    """λ1 and λ2 by the package's rule, with means or sums over dimensions and classes."""
    config = balanced(v_s, v_f, layers, LossConfig(**{**PUBLISHED.model_dump(), "reduction": reduction}))
    return config.lambda1, config.lambda2


def taught(loss: Loss, train: Measured, others: Measured, *, seed: int, learning_rate: float = LEARNING_RATE) -> list[float]:
    """Teach a small network to tell a face's features from a voice's numbers.

    Returns: after each number of steps in AT, the mean rank, in percent, at which `others` find their own faces (chance: 50).
    """
    generator = torch.Generator().manual_seed(seed)
    network = _untaught(train, generator)
    adam = torch.optim.Adam(network.parameters(), lr=learning_rate, betas=(BETA1, 0.999), eps=EPSILON)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # layers this small take longer on two
    try:
        found = []
        for step in range(max(AT) + 1):
            if step in AT:
                found.append(_mean_rank(network, others))
            rows = torch.randint(0, len(train.voices), (BATCH,), generator=generator)
            adam.zero_grad()
            loss(network(train.voices[rows]), train.v_f[rows]).backward()
            adam.step()
    finally:
        torch.set_num_threads(threads)
    return found


@torch.no_grad()
def _mean_rank(network: nn.Module, others: Measured) -> float:
    said = network(others.voices)
    return ranking.summary(said, others.v_f, torch.arange(len(said)))["mean_percent"]


def _untaught(train: Measured, generator: torch.Generator) -> nn.Sequential:
    """One hidden layer; at first it says the mean face whatever the voice, as the package's voice encoder does."""
    network = nn.Sequential(nn.Linear(train.voices.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, train.v_f.shape[1]))
    with torch.no_grad():
        first, last = network[0], network[2]
        first.weight.copy_(torch.randn(first.weight.shape, generator=generator) * (2 / train.voices.shape[1]) ** 0.5)
        first.bias.zero_()
        last.weight.zero_()
        last.bias.copy_(train.v_f.mean(0))
    return network


def along(curves: Mapping[str, Sequence[float]], x: Sequence[float], *, x_title: str, y_title: str) -> go.Figure:
    """Curves on a logarithmic axis."""
    figure = go.Figure()
    for name, curve in curves.items():
        figure.add_scatter(x=list(x), y=[float(f"{one:.4g}") for one in curve], mode="lines+markers", name=name,
                           marker_size=5, hovertemplate="%{x}: %{y:.3g}<extra>" + name + "</extra>")
    return figure.update_layout(xaxis_title=x_title, yaxis={"title": y_title, "type": "log"})


def ranked(curves: Mapping[str, Float[np.ndarray, " classes"]], *, x_title: str, y_title: str) -> go.Figure:
    """Probabilities from the largest down to a millionth, both axes logarithmic."""
    ordered = {name: np.sort(curve)[::-1] for name, curve in curves.items()}
    figure = along(ordered, range(1, 1 + len(next(iter(curves.values())))), x_title=x_title, y_title=y_title)
    figure.update_yaxes(range=[math.log10(LEAST_SHARE), 0.1], exponentformat="power")
    return figure.update_traces(mode="lines").update_xaxes(type="log")


def agreement(pulls: Mapping[str, Float[Tensor, "people feature"]]) -> go.Figure:
    """Mean cosine of each two gradients, over people."""
    names = list(pulls)
    cosines = [[float(torch.cosine_similarity(pulls[one], pulls[other]).mean()) for other in names] for one in names]
    figure = go.Figure()
    figure.add_heatmap(z=np.round(cosines, 3).tolist(), x=names, y=names, zmin=0, zmax=1, texttemplate="%{z:.2f}",
                       hovertemplate="%{y} and %{x}: %{z:.2f}<extra></extra>")
    figure.update_yaxes(autorange="reversed")
    return figure


def learning(curves: Mapping[str, Sequence[Sequence[float]]]) -> go.Figure:
    """Mean rank against steps: the mean over trainings as a line, least and most as error bars."""
    figure = go.Figure()
    for name, runs in curves.items():
        all_runs = np.array(runs)
        middle = all_runs.mean(0)
        reach = {"type": "data", "symmetric": False, "array": (all_runs.max(0) - middle).round(2).tolist(),
                 "arrayminus": (middle - all_runs.min(0)).round(2).tolist(), "thickness": 1, "width": 3}
        figure.add_scatter(x=list(AT), y=middle.round(2).tolist(), mode="lines+markers", name=name, error_y=reach,
                           hovertemplate="step %{x}: %{y:.1f} %<extra>" + name + "</extra>")
    figure.add_hline(y=50, line={"dash": "dot", "color": style.BASELINE}, annotation_text="chance")
    return figure.update_layout(xaxis_title="steps of training", yaxis_title="mean rank of the own face, %")
