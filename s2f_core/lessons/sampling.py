"""Tutorial 3, a face as points and texture: the checks of the exercises that look colours up in a picture."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from s2f_core.lessons.comparing import Mistakes, must_be
from s2f_core.lessons.faces import Picture, sampled
from s2f_core.lessons.feedback import NotYet, hint_unless, numbers, returned, well_done

SWAPPED = "rows and columns are swapped: y counts rows, and rows come first"
HALF = "half a pixel off: here a whole number is the centre of a pixel, not its edge"


def _bilinear(picture: Picture, x: float, y: float) -> Float[np.ndarray, " rgb"]:
    return sampled(picture, np.array(x), np.array(y))


def _mixed(picture: Picture, x: float, y: float, shares: tuple[float, float]) -> Float[np.ndarray, " rgb"]:
    """The four pixels around x, y, with the shares of the right and of the lower ones given."""
    left, top = min(int(x), picture.shape[1] - 2), min(int(y), picture.shape[0] - 2)
    upper, lower = ((1 - shares[0]) * row[left] + shares[0] * row[left + 1] for row in picture[top : top + 2])
    return (1 - shares[1]) * upper + shares[1] * lower


MISREAD: Mistakes = (
    (lambda picture, x, y: picture[round(y), round(x)],
     "that is the nearest pixel alone; between two pixels the colour should change gradually"),
    (lambda picture, x, y: picture[int(y), int(x)],
     "that is the pixel above and to the left alone; what do the other three around the place say?"),
    (lambda picture, x, y: _bilinear(picture, y, x), SWAPPED),
    (lambda picture, x, y: _mixed(picture, x, y, (1 - x % 1, 1 - y % 1)),
     "the shares are the wrong way round: a place close to the left pixel should look mostly like the left pixel"),
    (lambda picture, x, y: _mixed(picture, x, y, (x % 1, 0.0)),
     "you go from left to right between two pixels, and not yet from top to bottom"),
    (lambda picture, x, y: _mixed(picture, x, y, (0.0, y % 1)),
     "you go from top to bottom between two pixels, and not yet from left to right"),
    (lambda picture, x, y: _mixed(picture, x, y, (0.5, 0.5)), "all four pixels count alike, wherever the place lies"),
    (lambda picture, x, y: _bilinear(picture, x - 0.5, y - 0.5), HALF),
    (lambda picture, x, y: _bilinear(picture, x + 0.5, y + 0.5), HALF),
)


def check_sample(sample: Callable[..., Any]) -> None:
    """Ask for colours within random pictures, then on their last rows and columns. Raises NotYet saying what is wrong."""
    rng = np.random.default_rng(3)
    square, oblong = rng.random((8, 8, 3)), rng.random((7, 9, 3))
    for picture, x, y in ((square, 2.3, 4.9), (square, 5.8, 1.4), (oblong, 4.25, 3.75), (oblong, 3.0, 2.5), (oblong, 4.0, 5.0)):
        found = numbers(returned(sample, picture.copy(), x, y))
        hint_unless(found.shape == (3,), f"a colour has three numbers, red, green and blue; yours has the shape {found.shape}")
        must_be(_bilinear(picture, x, y), found, (picture, x, y), MISREAD, f"at x = {x}, y = {y} your colour is another; mix "
                "the two pixels above, mix the two below, then mix the two mixtures")
    for x, y in ((8.0, 3.5), (2.5, 6.0), (8.0, 6.0)):
        place = f"x = {x:g}, y = {y:g} in a picture of 9 × 7 pixels lies on its last column or row"
        try:
            found = numbers(returned(sample, oblong.copy(), x, y))
        except NotYet as stopped:
            raise NotYet(f"{stopped}; {place}, where there is no next pixel, and none is needed") from stopped
        must_be(_bilinear(oblong, x, y), found, (), (), f"{place}, and there your colour is another: who has a say?")
    well_done("the same colours as torch's grid_sample, with which the package's warp looks things up, also on the edge")


MISDIRECTED: Mistakes = (
    (lambda x, y, right, down: (x + right, y + down),
     "that moves the picture the other way. To show at x what was 10 px further left, where must the pixel at x look?"),
    (lambda x, y, right, down: (x - down, y - right), "`right` belongs to x and `down` to y"),
    (lambda x, y, right, down: (x + down, y + right), "`right` belongs to x and `down` to y, and the way is the other one"),
    (lambda x, y, right, down: (y - down, x - right), "right numbers, but y stands before x"),
    (lambda x, y, right, down: (-right + 0 * x, -down + 0 * y),
     "that is the displacement alone; a place is the pixel's own place plus it"),
    (lambda x, y, right, down: ((x - right) % 128, (y - down) % 128),
     "what leaves at one edge comes in at the other: leave places beyond the edge as they are, the edge's colour goes on"),
    (lambda x, y, right, down: (x - right, y + down),
     "x holds. y grows downwards in pictures, not upwards as in most charts"),
    (lambda x, y, right, down: (x, y), "that moves nothing: every pixel looks at its own place"),
)


def check_where_to_look(where: Callable[..., Any]) -> None:
    """Ask for the places of a whole picture's pixels. Raises NotYet with what a wrong direction does."""
    x, y = np.meshgrid(np.arange(128.0), np.arange(128.0))
    for right, down in ((10.0, 3.0), (-4.5, 7.0)):
        found = numbers(returned(where, x.copy(), y.copy(), right, down))
        hint_unless(found.shape == (2, 128, 128), "two arrays are asked for, the new x and the new y: `return …, …`")
        must_be(np.stack([x - right, y - down]), found, (x, y, right, down), MISDIRECTED, "these are other places; try it with "
                "one pixel: if everything moves 10 px to the right, what shows up at x = 64?")
    well_done("each output pixel looks back to where its colour comes from: a backward warp")
