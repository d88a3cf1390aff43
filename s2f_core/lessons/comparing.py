"""An answer beside the right one and beside what the usual mistakes give: which of them was made?"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Shaped

from s2f_core.lessons.feedback import NotYet, hint_unless, numbers, returned

CLOSE = 1e-4  # of the right answer's largest number; single precision stays well below it

Mistakes = Sequence[tuple[Callable[..., Any], str]]  # what a mistake makes of the inputs, and the hint for it


def must_be(right: Shaped[np.ndarray, "..."], found: Shaped[np.ndarray, "..."], given: Sequence[Any], mistakes: Mistakes,
            otherwise: str) -> None:
    """Raise NotYet where `found` is not `right`: with the hint of the mistake that gives just this, or with the other hint.

    Args:
        given: the inputs, from which each mistake is made anew.
    """
    if alike(found, right):
        return
    for mistake, hint in mistakes:
        hint_unless(not alike(found, np.asarray(mistake(*given))), hint)
    hint_unless(found.shape == right.shape, f"the answer should have the shape {right.shape}; yours has {found.shape}")
    raise NotYet(otherwise)


def asked(function: Callable[..., Any], *given: Any) -> Shaped[np.ndarray, "..."]:
    """What a student's function makes of arrays, given as tensors, or as arrays where it stops with an error for tensors.

    Raises NotYet where it does not answer either, with what it says about tensors.
    """
    tensors = (torch.from_numpy(one.copy()) if isinstance(one, np.ndarray) else one for one in given)
    try:
        return numbers(returned(function, *tensors))
    except NotYet as stopped:
        if stopped.__cause__ is None:
            raise
        try:
            return numbers(returned(function, *(one.copy() if isinstance(one, np.ndarray) else one for one in given)))
        except NotYet:
            raise stopped from stopped.__cause__


def alike(one: Shaped[np.ndarray, "..."], other: Shaped[np.ndarray, "..."]) -> bool:
    """Whether two arrays have one shape and, up to rounding, the same numbers."""
    scale = max(float(np.abs(other).max(initial=0)), 1e-12)
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=0, atol=CLOSE * scale))
