"""Tutorial 4, three losses: the checks of the exercises on directions and on the weights of the terms."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped

from s2f_core.lessons.comparing import Mistakes, asked, must_be
from s2f_core.lessons.feedback import number, numbers, returned, well_done
from s2f_core.training.losses import direction

Rows = Float[np.ndarray, "clips values"]


def _by_length(v: Rows, **axes: Any) -> Rows:
    return v / np.linalg.norm(v, **axes)


COLUMNS = "each column is divided by its length: axis 0 runs over the clips; the features of one clip run along axis 1"
MISDIVIDED: Mistakes = (
    (lambda v: _by_length(v),
     "everything is divided by the length of the whole batch: a clip's loss then depends on which other clips are in its "
     "batch. A public re-implementation does this; divide each row by its own length"),
    (lambda v: _by_length(v, axis=0), COLUMNS),
    (lambda v: _by_length(v, axis=1),
     "column j is divided by the length of row j: the lengths have lost an axis; keep it (`keepdim`)"),
    (lambda v: v / np.abs(v).sum(1, keepdims=True),
     "the sum of sizes is the L1 length; the formula's bars are the Euclidean one"),
    (lambda v: v / v.sum(1, keepdims=True), "that is divided by the sum, in which both signs cancel; the length is asked"),
    (lambda v: v / (v**2).sum(1, keepdims=True), "that is divided by the squared length: the root is missing"),
    (lambda v: v / np.abs(v).max(1, keepdims=True), "that is divided by the largest number of each row, not by its length"),
    (lambda v: np.linalg.norm(v, axis=1), "those are the lengths; divide by them"),
    (lambda v: np.linalg.norm(v, axis=1, keepdims=True), "those are the lengths; divide by them"),
)


def check_directions(directions: Callable[..., Any]) -> None:
    """Give batches with rows of very different lengths. Raises NotYet with what a wrong division does."""
    rng = np.random.default_rng(11)
    for shape in ((5, 5), (3, 8)):
        v = rng.normal(0, 1, shape) * rng.uniform(0.2, 20, (shape[0], 1))
        must_be(direction(torch.from_numpy(v)).numpy(), asked(directions, v), (v,), MISDIVIDED if shape[0] == shape[1] else (),
                "the rows do not have the length 1, or point elsewhere; look at one row, by hand")
    well_done("every row has the length 1 and its own direction, whatever the other rows are")


MISTURNED: Mistakes = (
    (lambda term: np.arccos(1 - term / 2), "right, in radians; degrees are asked for"),
    (lambda term: np.degrees(np.arccos(np.clip(1 - term, -1, 1))),
     "|a − b|² = 2 − 2 cos, for arrows of length 1: a factor is missing"),
    (lambda term: np.degrees(np.arcsin(np.clip(np.sqrt(term) / 2, -1, 1))),
     "that is half the angle: the chord's half over the radius"),
    (lambda term: np.degrees(np.arccos(np.clip(1 - term**2 / 2, -1, 1))), "the term is the square of the distance already"),
    (lambda term: np.degrees(np.arcsin(np.clip(np.sqrt(term), -1, 1))),
     "the chord across an angle a is 2 sin(a/2): two factors are missing"),
    (lambda term: 1 - term / 2, "that is the cosine; the angle is asked for"),
    (lambda term: np.degrees(np.sqrt(term)), "that holds for small angles only: an arc is longer than its chord"),
    (lambda term: np.degrees(np.arccos(term / 2)), "the term is small where the arrows are near: 0 must give 0°"),
)


def check_angle(angle: Callable[..., Any]) -> None:
    """Ask for the angles of several values of the second term. Raises NotYet with what a wrong formula gives."""
    for term in (0.4, 1.0, 1.7, 0.0, 2.0, 4.0):
        found = number(returned(angle, term))
        right = math.degrees(math.acos(1 - term / 2))
        must_be(np.array(right), np.array(found), (term,), MISTURNED, f"a term of {term:g} gives {found:.4g}; two arrows of "
                "length 1, their tips a distance apart whose square is the term: draw the triangle")
    well_done("0 for one direction, 90° for a term of 2, and 180°, for opposite ones, for 4")


MISBALANCED: Mistakes = (
    (lambda pulls, values: (pulls[1] / pulls[0], pulls[2] / pulls[0]),
     "upside down: a term that pulls weakly needs a large weight"),
    (lambda pulls, values: (values[0] / values[1], values[0] / values[2]),
     "that makes the terms equally large. The paper's rule is about gradients: what moves a feature is how a term changes"),
    (lambda pulls, values: (1 / pulls[1], 1 / pulls[2]),
     "so the second and the third pull alike, with 1; the first has the weight 1, and pulls with what it has"),
    (lambda pulls, values: (pulls[0] / pulls[2], pulls[0] / pulls[1]), "right numbers, the third term's before the second's"),
    (lambda pulls, values: tuple(pulls[1:]), "those are the pulls; which weight makes each as large as the first one's?"),
    (lambda pulls, values: ((pulls[0] / pulls[1]) ** 2, (pulls[0] / pulls[2]) ** 2),
     "squared: gradients grow with the weight, not with its root"),
    (lambda pulls, values: (1, pulls[0] / pulls[1], pulls[0] / pulls[2]),
     "the two λ's alone are asked for; the first term has no weight"),
)


def check_weights(weights: Callable[..., Any]) -> None:
    """Give gradients' lengths, and the terms' values as well. Raises NotYet with what a wrong rule does."""
    for pulls, values in (((0.3, 2.0, 0.004), (1.5, 0.7, 8.0)), ((2.0, 0.5, 3.0), (0.1, 0.4, 7.0))):
        found = numbers(returned(weights, pulls, values))
        right = np.array([pulls[0] / pulls[1], pulls[0] / pulls[2]])
        must_be(right, found, (pulls, values), MISBALANCED, "with these weights the three gradients have the lengths "
                f"{pulls[0]:g}, {_times(found, pulls, 0)} and {_times(found, pulls, 1)}; they should be equal")
    well_done("with these weights all three terms pull equally hard")


def _times(found: Shaped[np.ndarray, "..."], pulls: tuple[float, ...], term: int) -> str:
    return f"{float(found.flat[term]) * pulls[term + 1]:.3g}" if found.size > term else "none"
