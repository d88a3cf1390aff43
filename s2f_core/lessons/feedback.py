"""What the check of an exercise says: one line where the answer holds, one hint where it does not.

    answered(n_frames)
    hint_unless(n_frames != 600, "no padding: the last window must fit whole into the clip")
    hint_unless(n_frames == 598, f"{n_frames} is not it; windows start every 160 samples …")
    well_done("598 frames")
"""

from typing import Any

import numpy as np
from jaxtyping import Shaped


class NotYet(Exception):
    """An exercise's answer does not hold yet; the message is the hint. Notebooks show it as one line, without a traceback."""

    def _render_traceback_(self) -> list[str]:  # the name that IPython asks for
        return [f"Not yet: {self}"]


def answered(*answers: Any) -> None:
    """Raise NotYet where an answer is still the three dots of the exercise."""
    if any(answer is ... for answer in answers):
        raise NotYet("this exercise is still open: put your answer in the place of the three dots and run the cell again")


def hint_unless(holds: bool, hint: str) -> None:
    """Raise NotYet with the hint where the condition does not hold."""
    if not holds:
        raise NotYet(hint)


def well_done(found: str) -> None:
    """Say that the answer holds, and what it shows."""
    print(f"✓ {found}")


def returned(function: Any, *given: Any) -> Any:
    """What a student's function makes of `given`. Raises NotYet where it is open, stops with an error or returns nothing."""
    name = getattr(function, "__name__", "your function")
    hint_unless(callable(function), f"a function is asked for; {function!r} is none")
    try:
        answer = function(*given)
    except Exception as error:
        raise NotYet(f"{name} stops with {type(error).__name__}: {error}") from error
    answered(answer)
    hint_unless(answer is not None, f"{name} returns nothing: does its last line say `return`?")
    return answer


def numbers(answer: Any) -> Shaped[np.ndarray, "..."]:
    """An answer as an array, be it a number, a list, an array or a tensor. Raises NotYet where it is open or not numbers."""
    answered(answer)
    try:
        array = np.asarray(answer.detach() if hasattr(answer, "detach") else answer)
    except (TypeError, ValueError, RuntimeError) as error:
        raise NotYet(f"these are not numbers in rows of one length ({error})") from error
    hint_unless(array.dtype.kind in "biufc", f"numbers are asked for; this is {type(answer).__name__}: {answer!r:.60}")
    return array


def number(answer: Any) -> float:
    """An answer as one number. Raises NotYet where it is open or not one real number."""
    array = numbers(answer)
    hint_unless(array.size == 1, f"one number is asked for; this has the shape {array.shape}")
    hint_unless(array.dtype.kind != "c", f"a real number is asked for; this is {array.item()}")
    return float(array.item())
