"""Checks of lesson 8: which line is wrong, what guessing gives, and whether a student's test catches a mistake."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from s2f_core.lessons import specimens, splits
from s2f_core.lessons.feedback import NotYet, answered, hint_unless, numbers, well_done

Functions = Mapping[str, Callable[..., Any]]
# Exhibit → the lines that are wrong, what a reader of each other line overlooks, and what is found.
LINES: dict[str, tuple[str, dict[str, str], str]] = {
    "split": ("A", {
        "B": "four fifths of however many there are; the number is the same in every process",
        "C": "two slices of one list never share anybody, within one process. In which order is the list in the next one?",
    }, "A: a set has no order of its own; Python hashes texts anew in every process, and the list changes with it"),
    "distance": ("AB", {
        "C": "summed over the numbers of a clip, then averaged over clips: right. Over what is the length taken before?",
    }, "A and B: vector_norm without `dim` takes one length for the whole batch; every clip depends on its neighbours"),
    "input": ("C", {
        "A": "25 ms every 10 ms at 16 kHz, without padding: as in the paper",
        "B": "a Hann window and 512 points: as in the paper, 257 frequencies are left",
        "D": "sgn(S)·|S|^0.3 on each channel: as in the paper. Which two numbers does it get?",
    }, "C: abs and angle are the complex number too, but the paper feeds its real and imaginary part"),
}


def check_line(exhibit: str, answer: Any) -> None:
    """Which line of an exhibit is wrong, as its letter (of two, either or both). Raises NotYet with what is overlooked."""
    answered(answer)
    right, innocent, found = LINES[exhibit]
    letters = "".join(answer if isinstance(answer, str | list | tuple) else str(answer)).upper()
    named = [one for one in letters if one.isalpha()]
    known = sorted([*right, *innocent])
    hint_unless(bool(named) and set(named) <= set(known), f"give the letter of a line, one of {', '.join(known)}; got {answer}")
    for one in named:
        hint_unless(one in right, f"{one}: {innocent.get(one, '')}")
    well_done(found)


def check_split_test(test: Any) -> None:
    """Run a student's test of a split on right and wrong ones. Raises NotYet with what it misses or wrongly refuses."""
    right = {"sorted before it is cut": splits.sorted_first, "by the digest of each id": splits.by_digest}
    in_one = ("in one process the two parts never overlap and never change; let `splits.in_process` run it in two, with "
              "different hash seeds, and on ids that are texts")
    sorted_only = "a sorted list is not enough: who is in which part must not change either"
    judge(test, right, {"list(set(…))": (splits.exhibit, in_one), "hash() of each id": (splits.by_hash, sorted_only)})


def check_distance_test(test: Any) -> None:
    """Run a student's test of the distance on right and wrong ones. Raises NotYet with what it misses or wrongly refuses."""
    right = {"each by its own length": specimens.distance, "2 − 2·cos": specimens.distance_by_angle}
    whole = ("equal vectors give 0 and a factor for all of them changes nothing, here too; what may the other clips of a batch "
             "not do to a clip?")
    columns = "the rows of a batch still speak to each other, in another way"
    judge(test, right, {"one length for the batch": (specimens.exhibit_distance, whole),
                        "lengths of columns": (specimens.distance_by_column, columns)})


def check_input_test(test: Any) -> None:
    """Run a student's test of the front end on right and wrong ones. Raises NotYet with what it misses or wrongly refuses."""
    right = {"the package's": specimens.right_input, "the same in double precision": specimens.right_input_double}
    polar = ("its shape and its range are those of the right one; what happens to a real and an imaginary part when the sound "
             "is turned upside down (−samples)?")
    plain = "this one holds magnitude and angle as well"
    judge(test, right, {"magnitude and angle": (specimens.exhibit_input, polar),
                        "the angle uncompressed": (specimens.input_with_plain_angle, plain)})


def check_recall_test(test: Any) -> None:
    """Run a student's test of a recall on right and wrong ones. Raises NotYet with what it misses or wrongly refuses."""
    right = {"by rank, with its chance": specimens.recall_at_rank, "by per cent, with its chance": specimens.recall_at_percent}
    fixed = ("with a hundred faces its chance is right by luck; let random voices guess in a gallery of another size, and hold "
             "the recall against the chance that is claimed")
    batches = "random voices find their faces here far more often than it says"
    judge(test, right, {"a chance of ten per cent, whatever the gallery": (specimens.exhibit_recall, fixed),
                        "batches of 32 as galleries": (specimens.recall_in_batches, batches)})


def judge(test: Any, right: Functions, wrong: Mapping[str, tuple[Callable[..., Any], str]]) -> None:
    """Let a student's test pass judgement on functions that hold, and on some that do not.

    Raises NotYet where it refuses a right one, lets a wrong one pass, or stops with another error than AssertionError.
    """
    answered(test)
    hint_unless(callable(test), f"a test is a function that is given the function to be tested; got {test!r}")
    refused = {name: _refuses(test, function, name) for name, function in right.items()}
    for name, (function, hint) in wrong.items():
        caught = _refuses(test, function, name)
        hint_unless(caught is not None, f"this exercise is still open, or your test lets a mistake pass ({name}): {hint}")
    for name, said in refused.items():
        hint_unless(said is None, f"your test refuses code that is right ({name}){said}: it asks for more than was promised, "
                                  "or for equality to the last digit")
    well_done(f"your test passes {' and '.join(right)}, and catches {' and '.join(wrong)}")


def _refuses(test: Any, function: Callable[..., Any], name: str) -> str | None:
    """What the test's assertion says of a function; None where it lets it pass."""
    try:
        said = test(function)
    except AssertionError as error:
        return f" with {str(error).splitlines()[0]!r}" if str(error) else ""
    except Exception as error:
        raise NotYet(f"your test stops with {type(error).__name__} on “{name}”: {error}; a test speaks by `assert`") from error
    hint_unless(said is None, "a test returns nothing: it is silent where all is well, and stops at an `assert` where not")
    return None


def check_chances(answer: Any, sizes: Sequence[int]) -> None:
    """What R@10 guessing gives in galleries of several sizes, as shares. Raises NotYet with what a wrong rule does."""
    found = numbers(answer).ravel().astype(float)
    hint_unless(len(found) == len(sizes), f"one number for each of the {len(sizes)} galleries; got {len(found)}")
    n = np.array(sizes, float)
    for wrong, hint in ((np.full(len(n), 0.1), "ten places are a tenth of a hundred faces only"),
                        (1 / n, "that is one place; there are ten"),
                        (1000 / n, "that is in per cent; give shares, between 0 and 1"),
                        (n / 10, "upside down: places over faces"),
                        (1 - (1 - 1 / n) ** 10, "nearly, but a face that was drawn is not drawn again")):
        hint_unless(not np.allclose(found, wrong, rtol=1e-3), f"{found.round(4).tolist()}: {hint}")
    hint_unless(np.allclose(found, 10 / n, rtol=1e-3), "in a random order the true face is equally likely in every place")
    well_done(", ".join(f"{share:.2%} of {size:,}" for share, size in zip(found, sizes, strict=True)))
