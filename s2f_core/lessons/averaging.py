"""Tutorial 3, a face as points and texture: the checks of the exercises on averages and on going away from them."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from jaxtyping import Float

from s2f_core.lessons.comparing import Mistakes, must_be
from s2f_core.lessons.faces import Picture, warped
from s2f_core.lessons.feedback import hint_unless, number, numbers, returned, well_done

WIDTHS = (4, 8, 16)  # of stripes, in pixels


def mean_face(pictures: Float[np.ndarray, "people rows columns 3"], points: Float[np.ndarray, "people points 2"]) -> Picture:
    """Everybody warped to the mean points, then averaged."""
    return _averaged(pictures, points, [points.mean(0)] * len(points))


def _averaged(pictures: Iterable[Any], sources: Iterable[Any], targets: Iterable[Any]) -> Picture:
    return np.mean([warped(*one) for one in zip(pictures, sources, targets, strict=True)], axis=0)


MISAVERAGED: Mistakes = (
    (lambda pictures, points: pictures.mean(0),
     "that averages the pixels as they lie, and nobody's eyes lie where another's do: warp everybody first"),
    (lambda pictures, points: _averaged(pictures, [points.mean(0)] * len(points), points),
     "source and target are swapped: what lies at a person's own points should come to lie at the mean ones"),
    (lambda pictures, points: _averaged(pictures, points, [points[0]] * len(points)),
     "everybody is warped to the first person's points, and the average has that person's shape; take the mean points"),
    (lambda pictures, points: warped(pictures.mean(0), points[0], points.mean(0)),
     "that warps the average, which is blurred already: warp first, average then"),
    (lambda pictures, points: len(pictures) * mean_face(pictures, points), "that is the sum: divide by the number of people"),
    (lambda pictures, points: warped(pictures[0], points[0], points.mean(0)),
     "only the first person is in it: where does `return` stand?"),
    (lambda pictures, points: warped(pictures[-1], points[-1], points.mean(0)),
     "only the last person is in it: is the list made anew each time?"),
)


def check_mean_face(mean: Callable[..., Any], pictures: Float[np.ndarray, "people rows columns 3"],
                    points: Float[np.ndarray, "people points 2"]) -> None:
    """Have the first two and three people averaged. Raises NotYet with what a wrong order of steps does."""
    for n_people in (3, 2):
        some = pictures[:n_people], points[:n_people]
        found = numbers(returned(mean, *(one.copy() for one in some)))
        must_be(mean_face(*some), found, some, MISAVERAGED, "it is another picture; the steps: mean points; everybody warped "
                "from the own points to these; mean of the pictures over the people")
    well_done("points averaged, everybody warped to them, pictures averaged")


def check_sharpness(sharpness: Callable[..., Any]) -> None:
    """Judge a measure of sharpness by what any must do. Raises NotYet with the property that it lacks."""
    ramp = np.linspace(0, 1, 64)[None].repeat(64, axis=0)
    narrow, middle, wide = (0.5 + 0.3 * np.sin(2 * np.pi * np.arange(64) / width)[None].repeat(64, axis=0) for width in WIDTHS)
    plain = 0.2 * np.random.default_rng(5).random((64, 64)) + 0.4 * wide

    def of(picture: Float[np.ndarray, "rows columns"]) -> float:
        measured = number(returned(sharpness, picture.copy()))
        hint_unless(math.isfinite(measured), "the result is not a finite number: is something divided by zero?")
        return measured

    one = of(plain)
    hint_unless(abs(of(np.full((64, 64), 0.4))) < 1e-9, "an even grey picture has nothing sharp in it, and does not get 0")
    hint_unless(abs(of(plain[:, ::-1]) - one) < 0.05 * abs(one), "the mirrored picture gets another number: steps up and down "
                "cancel each other; take their size, without the sign")
    hint_unless(of(ramp) > 1e-9, "an even ramp from black to white gets nothing: take differences once, not twice")
    hint_unless(abs(of(plain + 0.2) - one) < 1e-6 * one, "the same picture, a little brighter, gets another number: only "
                "differences between pixels should count")
    upright, lying = of(middle), of(middle.T)
    hint_unless(min(upright, lying) > 1e-3 * max(upright, lying), "upright and lying stripes are equally sharp, and one of "
                "them gets nothing: take the differences to the right and those below")
    hint_unless(of(narrow) > 1.2 * upright > 1.4 * of(wide), "narrow and wide stripes of one contrast get nearly the same "
                "number: that is contrast; sharpness is how fast grey changes from one pixel to the next")
    times = of(2 * plain) / one
    hint_unless(abs(times - 4) > 0.01, "twice the contrast gives four times the number: the root of the squares is missing")
    hint_unless(abs(times - 2) < 0.01, f"twice the contrast should give twice the number; yours grows {times:.2f} times")
    well_done("nothing for even grey, the same for upright and lying stripes, more for narrow ones, as much as the contrast")


MISSTRETCHED: Mistakes = (
    (lambda own, mean, amount: mean + amount * (own - mean),
     "at 0 everybody becomes the mean; 0 should leave a face as it is"),
    (lambda own, mean, amount: own + amount * own,
     "that stretches away from zero: from black, or from the picture's corner. Away from the mean is asked"),
    (lambda own, mean, amount: (1 + amount) * (own - mean), "that is the stretched difference; put it back onto the mean"),
    (lambda own, mean, amount: own + amount * (mean - own), "that goes towards the mean; away from it is asked"),
    (lambda own, mean, amount: mean + (1 + amount) * (mean - own),
     "the difference has the wrong sign: on the other side of the mean lives another face"),
    (lambda own, mean, amount: own + (1 + amount) * (own - mean),
     "that is one difference too many: the face has one already"),
    (lambda own, mean, amount: mean + (1 + amount) * own, "the difference from the mean is to be stretched, not the face"),
    (lambda own, mean, amount: own + amount, "that adds one number everywhere; what makes this face differ from the mean?"),
)


def check_exaggerated(exaggerated: Callable[..., Any]) -> None:
    """Have points, a texture and features stretched by several amounts. Raises NotYet with what a wrong formula does."""
    rng = np.random.default_rng(7)
    for shape, amount in (((68, 2), 0.7), ((4, 5, 3), 1.4), ((9,), -0.5), ((9,), 0.0), ((9,), -1.0)):
        given = rng.normal(1, 1, shape), rng.normal(2, 1, shape), amount
        found = numbers(returned(exaggerated, given[0].copy(), given[1].copy(), amount))
        right = given[1] + (1 + amount) * (given[0] - given[1])
        must_be(right, found, given, MISSTRETCHED, f"with an amount of {amount:g} it is another; think of mean and face as two "
                "points on a line: 0 stays at the face, more than 0 goes on beyond it, and -1 goes back to the mean")
    well_done("0 leaves a face as it is, -1 makes it the mean, and beyond 0 it becomes less usual")
