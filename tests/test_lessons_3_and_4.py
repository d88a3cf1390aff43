"""The checks of tutorials 3 and 4: right answers pass by any road, and each usual mistake is called by its name."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from scipy.special import log_softmax, softmax

from s2f_core.lessons import averaging, distilling, faces, loss_checks, sampling
from s2f_core.lessons.feedback import NotYet
from s2f_core.models.mean_feature import MeanFeature, MeanFeatureConfig

Check = Callable[[Any], None]


def made_people(n_people: int = 3, side: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Smooth pictures, and points that lie around the same places in each."""
    rng = np.random.default_rng(1)
    pictures = np.stack([ndimage.gaussian_filter(rng.random((side, side, 3)), (2, 2, 0)) for _ in range(n_people)])
    return pictures, rng.uniform(8, 32, (1, 68, 2)) + rng.normal(0, 1, (n_people, 68, 2))


PEOPLE = made_people()


def check_mean_face(answer: Any) -> None:
    averaging.check_mean_face(answer, *PEOPLE)


def by_scipy(picture: np.ndarray, x: float, y: float) -> np.ndarray:
    return np.array([ndimage.map_coordinates(channel, [[y], [x]], order=1, mode="nearest")[0]
                     for channel in np.moveaxis(picture, 2, 0)])


def without_edge(picture: np.ndarray, x: float, y: float) -> np.ndarray:
    left, top, u, v = int(x), int(y), x % 1, y % 1
    return ((1 - v) * ((1 - u) * picture[top, left] + u * picture[top, left + 1])
            + v * ((1 - u) * picture[top + 1, left] + u * picture[top + 1, left + 1]))


def warped_together(pictures: np.ndarray, points: np.ndarray) -> list[Any]:
    """By a loop and a running sum, as a list of lists."""
    total, middle = np.zeros(pictures.shape[1:]), np.median([points.mean(0)], axis=0)
    for picture, own in zip(pictures, points, strict=True):
        total += faces.warped(picture, own, middle) / len(pictures)
    return total.tolist()


def to_first(pictures: np.ndarray, points: np.ndarray) -> np.ndarray:
    return np.mean([faces.warped(one, own, points[0]) for one, own in zip(pictures, points, strict=True)], axis=0)


def away(pictures: np.ndarray, points: np.ndarray) -> np.ndarray:
    return np.mean([faces.warped(one, points.mean(0), own) for one, own in zip(pictures, points, strict=True)], axis=0)


def by_package(own: np.ndarray, mean: np.ndarray, amount: float) -> torch.Tensor:
    usual = MeanFeature(MeanFeatureConfig(feature=mean.size))
    usual.mean.copy_(torch.from_numpy(mean.ravel()))
    return usual.exaggerated(torch.from_numpy(own.ravel()).float()[None], amount)[0].reshape(own.shape)


def gradient_length(grey: np.ndarray) -> float:
    return float(np.hypot(*np.gradient(grey)).mean())


RIGHT: list[tuple[Check, Callable[..., Any]]] = [
    (sampling.check_sample, by_scipy),
    (sampling.check_sample, lambda picture, x, y: by_scipy(picture, x, y).astype(np.float32).tolist()),
    (sampling.check_where_to_look, lambda x, y, right, down: (x - right, y - down)),
    (sampling.check_where_to_look, lambda x, y, right, down: np.stack([x, y]) - np.array([right, down])[:, None, None]),
    (check_mean_face, averaging.mean_face),
    (check_mean_face, warped_together),
    (averaging.check_sharpness, gradient_length),
    (averaging.check_sharpness, lambda grey: np.hypot(ndimage.sobel(grey, 0), ndimage.sobel(grey, 1)).mean()),
    (averaging.check_sharpness, lambda grey: np.abs(np.diff(grey)).mean() + np.abs(np.diff(grey, axis=0)).mean()),
    (averaging.check_exaggerated, lambda own, mean, amount: own + amount * (own - mean)),
    (averaging.check_exaggerated, by_package),
    (loss_checks.check_directions, lambda v: torch.nn.functional.normalize(v)),
    (loss_checks.check_directions, lambda v: [(row / math.dist(row, [0] * len(row))).tolist() for row in v.numpy()]),
    (loss_checks.check_directions, lambda v: np.divide(v, np.linalg.norm(v, axis=1)[:, None], dtype=np.float64)),
    (loss_checks.check_directions, lambda v: v / np.apply_along_axis(np.linalg.norm, 1, v)[:, None]),
    (loss_checks.check_angle, lambda term: 2 * math.degrees(math.asin(math.sqrt(term) / 2))),
    (loss_checks.check_angle, lambda term: torch.rad2deg(torch.arccos(torch.tensor(1 - term / 2)))),
    (loss_checks.check_weights, lambda pulls, values: [pulls[0] / one for one in pulls[1:]]),
    (distilling.check_softened, lambda logits, t: torch.softmax(logits.float() / t, dim=1)),
    (distilling.check_softened, lambda logits, t: softmax(np.divide(logits, t), axis=1)),
    (distilling.check_distillation, lambda face, voice, t: torch.nn.functional.cross_entropy(
        voice / t, torch.softmax(face / t, 1), reduction="none")),
    (distilling.check_distillation, lambda face, voice, t: -(softmax(np.asarray(face) / t, 1) * log_softmax(
        np.asarray(voice) / t, 1)).sum(1)),
]

WRONG: list[tuple[Check, Any, str]] = [
    (sampling.check_sample, lambda picture, x, y: ..., "still open"),
    (sampling.check_sample, lambda picture, x, y: picture[round(y), round(x)], "nearest pixel"),
    (sampling.check_sample, lambda picture, x, y: by_scipy(picture, y, x), "rows and columns are swapped"),
    (sampling.check_sample, lambda picture, x, y: by_scipy(picture, x - 0.5, y - 0.5), "half a pixel"),
    (sampling.check_sample, lambda picture, x, y: by_scipy(picture, x, int(y)), "not yet from top to bottom"),
    (sampling.check_sample, lambda picture, x, y: by_scipy(picture, 2 * int(x) + 1 - x, 2 * int(y) + 1 - y), "wrong way round"),
    (sampling.check_sample, lambda picture, x, y: by_scipy(picture, x, y).mean(), "three numbers"),
    (sampling.check_sample, without_edge, "IndexError.*last column or row"),
    (sampling.check_sample, lambda picture, x, y: by_scipy(np.pad(picture, ((0, 1), (0, 1), (0, 0))), x, y) * (x < 8),
     "lies on its last column"),
    (sampling.check_where_to_look, lambda x, y, right, down: (x + right, y + down), "the other way"),
    (sampling.check_where_to_look, lambda x, y, right, down: (x - down, y - right), "belongs to x"),
    (sampling.check_where_to_look, lambda x, y, right, down: (y - down, x - right), "y stands before x"),
    (sampling.check_where_to_look, lambda x, y, right, down: ((x - right) % 128, (y - down) % 128), "at one edge"),
    (sampling.check_where_to_look, lambda x, y, right, down: (x - right, y + down), "y grows downwards"),
    (sampling.check_where_to_look, lambda x, y, right, down: x - right, "two arrays"),
    (check_mean_face, lambda pictures, points: pictures.mean(0), "averages the pixels as they lie"),
    (check_mean_face, away, "swapped"),
    (check_mean_face, to_first, "first person's points"),
    (check_mean_face, lambda pictures, points: len(points) * averaging.mean_face(pictures, points), "sum"),
    (check_mean_face, lambda pictures, points: faces.warped(pictures.mean(0), points[0], points.mean(0)), "warp first"),
    (check_mean_face, lambda pictures, points: faces.warped(pictures[-1], points[-1], points.mean(0)), "only the last"),
    (check_mean_face, lambda pictures, points: pictures, "shape"),
    (averaging.check_sharpness, lambda grey: np.diff(grey).mean() + np.diff(grey, axis=0).mean(), "mirrored|cancel"),
    (averaging.check_sharpness, lambda grey: np.abs(np.diff(grey)).mean(), "upright and lying"),
    (averaging.check_sharpness, lambda grey: grey.std(), "contrast"),
    (averaging.check_sharpness, lambda grey: (np.diff(grey)[1:] ** 2 + np.diff(grey, axis=0)[:, 1:] ** 2).mean(), "root"),
    (averaging.check_sharpness, lambda grey: gradient_length(grey) / grey.mean(), "brighter"),
    (averaging.check_sharpness, lambda grey: np.abs(ndimage.laplace(grey)[1:-1, 1:-1]).mean(), "ramp"),
    (averaging.check_sharpness, lambda grey: math.nan, "finite"),
    (averaging.check_exaggerated, lambda own, mean, amount: mean + amount * (own - mean), "0 should leave"),
    (averaging.check_exaggerated, lambda own, mean, amount: (1 + amount) * own, "away from zero"),
    (averaging.check_exaggerated, lambda own, mean, amount: (1 + amount) * (own - mean), "back onto the mean"),
    (averaging.check_exaggerated, lambda own, mean, amount: own - amount * (own - mean), "towards the mean"),
    (loss_checks.check_directions, lambda v: v / v.norm(), "whole batch"),
    (loss_checks.check_directions, lambda v: v / v.norm(dim=0), "each column"),
    (loss_checks.check_directions, lambda v: v / v.norm(dim=1), "lost an axis"),
    (loss_checks.check_directions, lambda v: v / v.abs().sum(1, keepdim=True), "L1"),
    (loss_checks.check_directions, lambda v: v / v.square().sum(1, keepdim=True), "root is missing"),
    (loss_checks.check_directions, lambda v: v.norm(dim=1, keepdim=True), "divide by them"),
    (loss_checks.check_angle, lambda term: math.acos(1 - term / 2), "radians"),
    (loss_checks.check_angle, lambda term: math.degrees(math.acos(max(-1, 1 - term))), "a factor is missing"),
    (loss_checks.check_angle, lambda term: math.degrees(math.asin(math.sqrt(term) / 2)), "half the angle"),
    (loss_checks.check_angle, lambda term: 1 - term / 2, "cosine"),
    (loss_checks.check_weights, lambda pulls, values: (pulls[1] / pulls[0], pulls[2] / pulls[0]), "upside down"),
    (loss_checks.check_weights, lambda pulls, values: (values[0] / values[1], values[0] / values[2]), "about gradients"),
    (loss_checks.check_weights, lambda pulls, values: (1 / pulls[1], 1 / pulls[2]), "first has the weight 1"),
    (loss_checks.check_weights, lambda pulls, values: (pulls[0] / pulls[2], pulls[0] / pulls[1]), "before the second's"),
    (loss_checks.check_weights, lambda pulls, values: (0.025, 200.0), "should be equal"),
    (distilling.check_softened, lambda logits, t: torch.softmax(logits * t, 1), "wrong way round"),
    (distilling.check_softened, lambda logits, t: torch.softmax(logits, 1), "temperature is not used"),
    (distilling.check_softened, lambda logits, t: torch.softmax(logits / t, 0), "columns sum to 1"),
    (distilling.check_softened, lambda logits, t: (logits / t).exp() / (logits / t).exp().sum(), "all clips together"),
    (distilling.check_softened, lambda logits, t: torch.log_softmax(logits / t, 1), "logarithms"),
    (distilling.check_softened, lambda logits, t: (logits / t).exp() / (logits / t).exp().sum(1, keepdim=True), "exp.1000"),
    (distilling.check_distillation, lambda face, voice, t: RIGHT[-2][1](voice, face, t), "swapped"),
    (distilling.check_distillation, lambda face, voice, t: torch.nn.functional.kl_div(
        torch.log_softmax(voice / t, 1), torch.softmax(face / t, 1), reduction="none").sum(1), "Kullback"),
    (distilling.check_distillation, lambda face, voice, t: RIGHT[-2][1](face, voice, t).mean(), "not their mean"),
    (distilling.check_distillation, lambda face, voice, t: -RIGHT[-2][1](face, voice, t), "sign"),
    (distilling.check_distillation, lambda face, voice, t: t**2 * RIGHT[-2][1](face, voice, t), "Hinton"),
    (distilling.check_distillation, lambda face, voice, t: RIGHT[-2][1](face, voice, 1), "temperature is not used"),
    (distilling.check_distillation, lambda face, voice, t: RIGHT[-2][1](face, face, t), "own entropy"),
    (distilling.check_distillation, lambda face, voice, t: torch.nn.functional.cross_entropy(
        voice / t, face.argmax(1), reduction="none"), "likeliest class"),
]


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_a_right_answer_passes_by_any_road(check: Check, answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    check(answer)
    assert capsys.readouterr().out.startswith("✓")


@pytest.mark.parametrize(("check", "answer", "words"), WRONG)
def test_a_usual_mistake_is_named(check: Check, answer: Any, words: str) -> None:
    with pytest.raises(NotYet, match=words):
        check(answer)
