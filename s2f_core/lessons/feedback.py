"""What the check of an exercise says: one line where the answer holds, one hint where it does not.

    answered(n_frames)
    hint_unless(n_frames != 600, "no padding: the last window must fit whole into the clip")
    hint_unless(n_frames == 598, f"{n_frames} is not it; windows start every 160 samples …")
    well_done("598 frames")
"""

from typing import Any


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
