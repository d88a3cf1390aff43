"""What counts as agreement with a number of the paper, and the verdict that follows (the scorecard's last word)."""

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ROUNDING = 1e-9  # numbers closer than this are equal: binary floats cannot hold .65 − .60 = .05 exactly
Verdict = Literal["reproduced", "shifted", "contradicted", "untestable"]
IN_WORDS = ("above", "below", "equal")
Number = int | float  # what typing means by float; the run-time checker takes float by its letter


class Record(BaseModel):
    """Base of the ledger's models: unknown keys, loose types, NaN, infinities and later changes are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Tolerance(Record):
    """What counts as agreement, decided before measuring; `judge` says what each kind means."""

    kind: Literal["absolute", "interval", "exact", "above", "below", "equal"]
    value: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _only_absolute_has_a_size(self) -> "Tolerance":
        if (self.kind == "absolute") != (self.value is not None):
            raise ValueError(f"kind 'absolute' needs a value and no other kind has one, got {self}")
        return self


def six_digits(number: Number | None) -> float | None:
    """A measured number as it is stored: digits beyond the sixth are noise, and differ between machines."""
    return None if number is None else float(f"{number:.6g}")


def judge(tolerance: Tolerance, *, paper: Number | None, ours: Number, low: Number | None,
          high: Number | None, baseline: Number | None) -> Verdict:
    """The verdict on one number of ours with its 95 % interval (without one, `ours` is exact). The rule:

    1. Inside the tolerance (`interval`: the paper's number inside our interval) it is reproduced; `exact` knows no more:
       another number contradicts it.
    2. Else an interval wholly on the paper's side of the baseline (of zero where there is none) is shifted.
    3. Wholly on the other side, or holding the baseline but not the paper's number, it is contradicted: no effect.
    4. Holding both, it tells nothing apart: untestable. A wide interval thus never passes as `interval` either.
    5. Claims in words name no size: `above`, `below` are right, wrong or (baseline held) untestable; `equal` holds it.

    Raises ValueError on NaN, on low > high and where the number to compare with is missing.
    """
    given = [number for number in (paper, ours, low, high, baseline) if number is not None]
    low, high = (ours, ours) if low is None or high is None else (low, high)
    if not all(map(math.isfinite, given)) or low > high:
        raise ValueError(f"only finite numbers with low ≤ high can be judged, got {given}")
    zero = 0.0 if baseline is None else baseline
    side = int(low > zero) - int(high < zero)  # +1 wholly above the baseline, −1 wholly below, 0 holds it
    if tolerance.kind in IN_WORDS:
        if baseline is None:
            raise ValueError(f"a claim of kind {tolerance.kind!r} is judged against a baseline; none came")
        return _judge_words(tolerance.kind, side)
    if paper is None:
        raise ValueError(f"a claim of kind {tolerance.kind!r} is judged against the paper's number; none came")
    held = low - ROUNDING <= paper <= high + ROUNDING
    if tolerance.kind == "interval":
        inside = held and (side != 0 or paper == zero)
    else:
        inside = abs(ours - paper) <= (tolerance.value or 0.0) + ROUNDING
    if inside:
        return "reproduced"
    if tolerance.kind == "exact":
        return "contradicted"
    if side == 0:
        return "untestable" if held else "contradicted"
    return "shifted" if side == int(paper > zero) - int(paper < zero) else "contradicted"


def _judge_words(kind: str, side: int) -> Verdict:
    if kind == "equal":
        return "contradicted" if side else "reproduced"
    if side == 0:
        return "untestable"
    return "reproduced" if side == (1 if kind == "above" else -1) else "contradicted"


def because(verdict: Verdict, n: int | None, otherwise: str | None) -> str | None:
    """The reason for a verdict: none where ours agrees, the ledger's where it does not, the interval where it cannot tell."""
    if verdict == "untestable":
        return f"our 95 % interval of n = {n} holds both the claim and the baseline; only what lies outside it is ruled out"
    return None if verdict == "reproduced" else otherwise
