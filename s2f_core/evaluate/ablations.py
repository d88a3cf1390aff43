"""Figs 6, 8 and 9 on synthetic people: what three more seconds, batch norm and the loss change, one network against another.

Each pair differs in that alone: same clips, same seed, same number of epochs.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float64

from s2f_core.evaluate import exaggeration, intervals
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.feature_space import DECADE
from s2f_core.evaluate.held_out import HeldOut

OURS = "laptop"
FULL, SHORT, NO_BN, PIXEL = "6s", "3s", "6s_no_bn", "pixel_loss"  # variants of the voice encoder
Agreement = Float64[np.ndarray, " people"]


def figure6(evidence: Evidence) -> list[Row]:
    """Do six seconds give the true attributes more often than three? Two networks, one for each duration."""
    own, claim = evidence.held_out, evidence.ledger["fig06.longer_is_better"]
    if own is None or not {FULL, SHORT} <= set(own.voices):
        return []
    long, short = (agreements(own, variant) for variant in (FULL, SHORT))
    return [measured(claim, f"{OURS}.{name}", intervals.mean(long[name] - short[name], seed=own.seed), baseline=0.0,
                     statement=f"{claim.statement.rstrip('.')}: {name}, a network for each duration.") for name in long]


def agreements(own: HeldOut, source: str) -> dict[str, Agreement]:
    """Whether sex, and decade of age, read from each person's drawing are the true ones."""
    read, truth = own.drawn[source], own.people["test"]
    decades = [np.clip(np.floor(side.age / DECADE), *_range(truth.age)) for side in (read, truth)]
    return {"sex": (read.sex == truth.sex).astype(np.float64), "age": (decades[0] == decades[1]).astype(np.float64)}


def figure8(evidence: Evidence) -> list[Row]:
    """Variation of the drawings after training with a pixel loss, over that after the full loss."""
    return _ratio(evidence, "fig08.pixel_loss_is_average", PIXEL)


def figure9(evidence: Evidence) -> list[Row]:
    """Variation of the drawings without batch norm, over that with it."""
    return _ratio(evidence, "fig09.no_bn_is_average", NO_BN)


def spreads(evidence: Evidence) -> dict[str, Mapping[str, float]]:
    """Standard deviation of pixels over drawings, with its interval, by source, for the pages that draw it."""
    own = evidence.held_out
    found = {} if own is None else {source: moments.spread() for source, moments in own.pixels.items()}
    return {source: {"value": round(one.value, 4), "low": round(one.low, 4), "high": round(one.high, 4), "n": one.n}
            for source, one in found.items()}


def _ratio(evidence: Evidence, name: str, variant: str) -> list[Row]:
    own = evidence.held_out
    if own is None or not {FULL, variant} <= set(own.pixels):
        return []
    ratio = exaggeration.spread_ratio(own.pixels[variant], own.pixels[FULL])
    return [measured(evidence.ledger[name], OURS, ratio, baseline=1.0, tier="C")]


def _range(age: Float64[np.ndarray, " people"]) -> tuple[float, float]:
    """The first and last decade that occur: a reading beyond them belongs to the nearest."""
    return float(age.min() // DECADE), float(age.max() // DECADE)

