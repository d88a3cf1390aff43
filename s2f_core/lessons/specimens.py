"""Lesson 8, three more specimens, each beside code that holds: a loss, an input, and a headline.

The functions called `exhibit_…` stand on the page as a reader would meet them; the others a test must pass, or catch.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from s2f_core.features.spectrogram import FFT_SAMPLES, HOP_SAMPLES, POWER, WINDOW_SAMPLES, spectrogram
from s2f_core.training.losses import direction

Batch = Float[Tensor, "batch feature"]
Samples = Float[Tensor, " samples"]
Channels = Float[Tensor, "frames freq 2"]
Voices = Float[Tensor, "voices feature"]
Faces = Float[Tensor, "faces feature"]
Found = tuple[float, float]  # recall, and what guessing gives
TOP, TENTH, AT_ONCE = 10, 0.1, 32


def exhibit_distance(v_s: Batch, v_f: Batch) -> Float[Tensor, ""]:
    """The paper's second term, ‖v_f/‖v_f‖ − v_s/‖v_s‖‖², as met in a public re-implementation."""
    a = v_s / torch.linalg.vector_norm(v_s)    # A: to length one
    b = v_f / torch.linalg.vector_norm(v_f)    # B: to length one
    return (a - b).square().sum(dim=1).mean()  # C: squared distance, mean over the clips


def distance_by_column(v_s: Batch, v_f: Batch) -> Float[Tensor, ""]:
    """The same mistake in other clothes: every number is divided by its own length over the batch."""
    return (normalize(v_s, dim=0) - normalize(v_f, dim=0)).square().sum(dim=1).mean()


def distance(v_s: Batch, v_f: Batch) -> Float[Tensor, ""]:
    """Right: every clip by its own length, as the package's loss does it."""
    return (direction(v_f) - direction(v_s)).square().sum(dim=1).mean()


def distance_by_angle(v_s: Batch, v_f: Batch) -> Float[Tensor, ""]:
    """Right, another road: of two directions the squared distance is 2 − 2·cos."""
    return (2 - 2 * cosine_similarity(v_s, v_f, dim=1)).mean()


def exhibit_input(samples: Samples) -> Channels:
    """The paper's input, a compressed complex spectrogram, as met in a public re-implementation."""
    windows = samples.unfold(0, WINDOW_SAMPLES, HOP_SAMPLES)           # A: 25 ms, every 10 ms
    hann = torch.hann_window(WINDOW_SAMPLES)
    spectrum = torch.fft.rfft(windows * hann, FFT_SAMPLES)             # B: 257 frequencies
    channels = torch.stack([spectrum.abs(), spectrum.angle()], dim=2)  # C: complex, so two channels
    return channels.sign() * channels.abs() ** POWER                   # D: sgn(S)·|S|^0.3


def input_with_plain_angle(samples: Samples) -> Channels:
    """The same mistake in other clothes: the angle is left uncompressed."""
    spectrum = torch.fft.rfft(samples.unfold(0, WINDOW_SAMPLES, HOP_SAMPLES) * torch.hann_window(WINDOW_SAMPLES), FFT_SAMPLES)
    return torch.stack([spectrum.abs() ** POWER, spectrum.angle()], dim=2)


def right_input(samples: Samples) -> Channels:
    """Right: the package's spectrogram."""
    return spectrogram(samples[None])[0]


def right_input_double(samples: Samples) -> Channels:
    """Right, in double precision and by powers."""
    windows = samples.double().unfold(0, WINDOW_SAMPLES, HOP_SAMPLES)
    spectrum = torch.fft.rfft(windows * torch.hann_window(WINDOW_SAMPLES, dtype=torch.float64), FFT_SAMPLES)
    parts = torch.view_as_real(spectrum)
    return (parts.sign() * parts.abs() ** POWER).float()


def exhibit_recall(voices: Voices, faces: Faces) -> Found:
    """Recall at 10, and chance, as met in a public re-implementation; the true face of voice i is face i."""
    similar = normalize(voices) @ normalize(faces).T  # cosine of every voice and face
    rank = (similar >= similar.diagonal()[:, None]).sum(dim=1)  # 1 is the nearest face
    return float((rank <= 10).float().mean()), 0.10  # recall at 10, and chance


def recall_in_batches(voices: Voices, faces: Faces) -> Found:
    """The same mistake in other clothes: each batch of 32 is its own gallery, chance is that of the whole one."""
    pairs = zip(voices.split(AT_ONCE), faces[: len(voices)].split(AT_ONCE), strict=True)
    found = torch.cat([_rank(some, own) <= TOP for some, own in pairs])
    return float(found.float().mean()), TOP / len(faces)


def recall_at_rank(voices: Voices, faces: Faces) -> Found:
    """Right: among the first ten faces, with the chance that belongs to this gallery."""
    return float((_rank(voices, faces) <= TOP).float().mean()), min(1.0, TOP / len(faces))


def recall_at_percent(voices: Voices, faces: Faces) -> Found:
    """Right: among the first tenth of the faces, with the chance of so many places."""
    places = int(TENTH * len(faces))
    return float((_rank(voices, faces) <= places).float().mean()), places / len(faces)


def _rank(voices: Tensor, faces: Tensor) -> Tensor:
    similar = normalize(voices) @ normalize(faces).T
    return (similar >= similar.diagonal()[:, None]).sum(dim=1)
