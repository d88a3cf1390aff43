"""Are training speakers known better than strangers? Membership inference, which the paper does not ask about (cf. Sec. 5)."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Shaped

from s2f_core.data.experiments import Members
from s2f_core.evaluate import intervals
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.held_out import SHOWN
from s2f_core.evaluate.intervals import Estimate, percentile, resampled_weights
from s2f_core.evaluate.retrieval import FOUND_PERCENT

OTHERS, GROUPS = "others", ("trained clip", "new clip")  # of `Members`
BIN_WIDTH, N_BINS = 0.05, 40  # of cosine distances, 0…2


def members(evidence: Evidence) -> list[Row]:
    """Do cosine and rank of the own face tell training speakers from others, by clips trained on and by new ones?

    Groups of fewer persons than `fewest` give no rows.
    """
    table, rows = evidence.experiments.members, []
    if table is None:
        return rows
    groups = {name: table.group == name for name in (OTHERS, *GROUPS)}
    enough = {name for name, those in groups.items() if len(np.unique(table.person[those])) >= evidence.params.fewest}
    for group in (one for one in GROUPS if {one, OTHERS} <= enough):
        for what, found in _known_better(evidence, table, groups[group], groups[OTHERS]):
            claim = evidence.ledger[f"audit.identity.{what}"]
            rows.append(measured(claim, f"{SHOWN}.{group.replace(' ', '_')}", found,
                                 statement=f"{claim.statement.rstrip('.')}: {group}."))
    return rows


def charts(evidence: Evidence) -> dict[str, Any]:
    """Distances of heard feature and own face, by group, in bins."""
    table = evidence.experiments.members
    return {} if table is None else {"members": {
        name: binned(1 - table.cosine[those].astype(np.float64)) for name in (*GROUPS, OTHERS)
        if (those := table.group == name).any()}}


def binned(distances: Float64[np.ndarray, " pairs"]) -> list[float]:
    """Share of distances in each BIN_WIDTH from 0."""
    places = np.clip((distances / BIN_WIDTH).astype(np.int64), 0, N_BINS - 1)
    return (np.bincount(places, minlength=N_BINS) / len(places)).round(6).tolist()


def _known_better(evidence: Evidence, table: Members, mine: Bool[np.ndarray, " rows"], others: Bool[np.ndarray, " rows"]
                  ) -> Iterator[tuple[str, Estimate]]:
    params, sides = evidence.params, (mine, others)
    yield "member_auc", _more_alike(table.cosine[mine].astype(np.float64), table.cosine[others].astype(np.float64),
                                    (table.person[mine], table.person[others]), seed=params.seed,
                                    n_resamples=params.n_resamples)
    found = table.percent <= FOUND_PERCENT
    ours, theirs = (intervals.proportion_clustered(found[those], table.person[those]) for those in sides)
    yield "member_gain", intervals.difference(ours, theirs)


def _more_alike(
    ours: Float64[np.ndarray, " ours"], others: Float64[np.ndarray, " others"],
    persons: tuple[Shaped[np.ndarray, " ours"], Shaped[np.ndarray, " others"]], *, seed: int, n_resamples: int,
) -> Estimate:
    """AUC of two groups of people: how often a number of ours is above one of the others, ties half; baseline .5.

    Both groups are resampled by persons, each for itself; n counts the numbers on both sides.
    """
    wins = (ours[:, None] > others) + (ours[:, None] == others) / 2
    weights = [np.concatenate(list(resampled_weights(len(side), seed=seed + place, n_resamples=n_resamples, groups=side)))
               for place, side in enumerate(persons)]
    draws = ((weights[0] @ wins) * weights[1]).sum(1) / (weights[0].sum(1) * weights[1].sum(1))
    return percentile(float(wins.mean()), draws, len(ours) + len(others), 0.5)
