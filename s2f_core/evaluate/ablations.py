"""Figs 6, 8 and 9 on synthetic people: what three more seconds, batch norm and the loss change, one network against another.

Each pair differs in that alone: same clips, same seed, same number of epochs. A loss is that of one training each; its
interval is over the steps of the last epoch, and says nothing of another seed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64

from s2f_core.evaluate import exaggeration, held_out, intervals, retrieval
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.feature_space import DECADE
from s2f_core.evaluate.held_out import SHOWN, HeldOut

OURS = "laptop"
FULL, SHORT, NO_BN, PIXEL = SHOWN, "3s", "6s_no_bn", "pixel_loss"  # variants of the voice encoder
SHORT_S, LONG_S = 3, 6  # s; the paper's two durations
LOSSES = {"fig09.bn_lowers_loss": (FULL, NO_BN), "fig09.duration_matters_little": (FULL, SHORT)}  # loss of one less the other's
Agreement = Float64[np.ndarray, " people"]


def figure6(evidence: Evidence) -> list[Row]:
    """Do six seconds give the true attributes more often than three? Two networks; and find the true face more often? One."""
    own, claim, rows = evidence.held_out, evidence.ledger["fig06.longer_is_better"], []
    if own is None:
        return []
    words = claim.statement.rstrip(".")
    if {FULL, SHORT} <= set(own.voices):
        long, short = (agreements(own, variant) for variant in (FULL, SHORT))
        rows = [measured(claim, f"{OURS}.{name}", intervals.mean(long[name] - short[name], seed=own.seed), baseline=0.0,
                         statement=f"{words}: {name}, a network for each duration.") for name in long]
    for variant in own.stretches:
        found = {seconds: _found(own, variant, seconds) for seconds in (SHORT_S, LONG_S)}
        said = f"{words}: true face in the top {retrieval.FOUND_PERCENT:g} %, one network."
        rows.append(measured(claim, f"{variant}.found", intervals.mean(found[LONG_S] - found[SHORT_S], seed=own.seed),
                             baseline=0.0, statement=said))
    return rows


def by_seconds(evidence: Evidence) -> dict[str, dict[str, Mapping[str, float]]]:
    """Share of true faces in the top tenth of the gallery, by variant and seconds of speech, for the page that draws it."""
    own, found = evidence.held_out, {}
    for variant, parts in {} if own is None else own.stretches.items():
        lengths = sorted(set(parts.seconds[parts.start_s == 0].tolist()))
        shares = {str(seconds): intervals.proportion_clustered(_found(own, variant, seconds) > 0, None) for seconds in lengths}
        found[variant] = {seconds: one.numbers() for seconds, one in shares.items()}
    return found


def _found(own: HeldOut, variant: str, seconds: int) -> Agreement:
    """Whether each person's true face is in the top tenth, from the first seconds of their long recording."""
    parts, faces = own.stretches[variant], held_out.gallery(own.faces)
    rows = np.flatnonzero((parts.start_s == 0) & (parts.seconds == seconds))
    ranking = retrieval.ranks(parts.features[rows], faces, parts.person[rows], "cosine")
    return retrieval.found(ranking).astype(np.float64)


def agreements(own: HeldOut, source: str) -> dict[str, Agreement]:
    """Whether sex, and decade of age, read from each person's drawing are the true ones."""
    read, truth = own.drawn[source], own.people["test"]
    decades = [np.clip(np.floor(side.age / DECADE), *_range(truth.age)) for side in (read, truth)]
    return {"sex": (read.sex == truth.sex).astype(np.float64), "age": (decades[0] == decades[1]).astype(np.float64)}


def figure8(evidence: Evidence) -> list[Row]:
    """Variation of the drawings after training with a pixel loss, over that after the full loss."""
    return _ratio(evidence, "fig08.pixel_loss_is_average", PIXEL)


def figure9(evidence: Evidence) -> list[Row]:
    """Variation of the drawings without batch norm, over that with it; and the losses that the trainings end at."""
    own, rows = evidence.held_out, _ratio(evidence, "fig09.no_bn_is_average", NO_BN)
    for name, variants in LOSSES.items():
        if own is not None and set(variants) <= set(own.logs):
            one, other = (_last_losses(own.logs[variant]) for variant in variants)
            rows.append(measured(evidence.ledger[name], OURS, intervals.mean(one - other, seed=own.seed), baseline=0.0))
    return rows


def losses(evidence: Evidence) -> dict[str, dict[str, list[Any]]]:
    """Steps, loss and the validation people's mean rank in per cent, by variant, for the page that draws them."""
    own = evidence.held_out
    found: dict[str, dict[str, list[Any]]] = {}
    for variant, log in {} if own is None else own.logs.items():
        told = {kind: [row for row in log if row["kind"] == kind] for kind in ("training", "validation")}
        found[variant] = {"step": [row["step"] for row in told["training"]],
                          "loss": [round(row["face"], 4) for row in told["training"]],
                          "validated": [row["step"] for row in told["validation"]],
                          "rank": [round(row["mean_percent"], 3) for row in told["validation"]]}
    return found


def spreads(evidence: Evidence) -> dict[str, Mapping[str, float]]:
    """Standard deviation of pixels over drawings, with its interval, by source, for the pages that draw it."""
    own = evidence.held_out
    found = {} if own is None else {source: moments.spread() for source, moments in own.pixels.items()}
    return {source: one.numbers() for source, one in found.items()}


def _last_losses(log: Sequence[Mapping[str, Any]]) -> Agreement:
    """The losses logged in the last epoch, a mean over some steps each; a shorter clip sees the same clips at the same step."""
    training = [row for row in log if row["kind"] == "training"]
    return np.array([row["face"] for row in training if row["epoch"] == training[-1]["epoch"]])


def _ratio(evidence: Evidence, name: str, variant: str) -> list[Row]:
    own = evidence.held_out
    if own is None or not {FULL, variant} <= set(own.pixels):
        return []
    ratio = exaggeration.spread_ratio(own.pixels[variant], own.pixels[FULL])
    return [measured(evidence.ledger[name], OURS, ratio, baseline=1.0, tier="C")]


def _range(age: Float64[np.ndarray, " people"]) -> tuple[float, float]:
    """The first and last decade that occur: a reading beyond them belongs to the nearest."""
    return float(age.min() // DECADE), float(age.max() // DECADE)

