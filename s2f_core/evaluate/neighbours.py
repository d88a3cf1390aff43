"""Attribute agreement without an attribute judge (for Fig. 4): does the most similar real face of another person carry
the annotators' label?"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped

from s2f_core.errors import InputError
from s2f_core.evaluate.intervals import Estimate, Weights, percentile, proportion_clustered, resample
from s2f_core.evaluate.retrieval import Metric, top


@dataclass(frozen=True)
class NeighbourAgreement:
    """Share of faces whose nearest other person has their label; baselines: a random face of another person."""

    pooled: Estimate
    balanced: Estimate  # mean over classes
    by_class: dict[str, Estimate]


def neighbour_agreement(
    embeddings: tuple[Float[np.ndarray, "queries features"], Float[np.ndarray, "gallery features"]],
    labels: tuple[Shaped[np.ndarray, " queries"], Shaped[np.ndarray, " gallery"]],
    people: tuple[Shaped[np.ndarray, " queries"], Shaped[np.ndarray, " gallery"]],
    *,
    metric: Metric = "l2",
    seed: int,
) -> NeighbourAgreement:
    """Compare each query face with its nearest gallery face of another person; each pair is (queries, gallery).

    The baseline is exact: per query, the share of its label among the gallery faces of other persons. Intervals are
    over the queries' persons, the gallery taken as given. Raises InputError where a query has no other person's face.
    """
    mine, theirs = labels
    others = people[0][:, None] != people[1][None, :]
    if not others.any(1).all():
        raise InputError("a query's person is the only one in the gallery; add faces of other persons")
    hits = theirs[top(*embeddings, 1, metric, people=people)[:, 0]] == mine
    chance = (others & (mine[:, None] == theirs[None, :])).sum(1) / others.sum(1)
    classes = np.unique(mine)
    member = (mine[:, None] == classes).astype(np.float64)

    def balanced(weights: Weights) -> Float[np.ndarray, " resamples"]:
        size = weights @ member
        right = weights @ (member * hits[:, None])
        return np.divide(right, size, out=np.zeros_like(size), where=size > 0).sum(1) / (size > 0).sum(1)

    value, draws = resample(balanced, len(hits), seed=seed, groups=people[0])
    by_class = {
        str(name): proportion_clustered(
            hits[mine == name], people[0][mine == name], baseline=float(chance[mine == name].mean())
        )
        for name in classes
    }
    return NeighbourAgreement(
        proportion_clustered(hits, people[0], baseline=float(chance.mean())),
        percentile(float(value), draws, len(hits), float(np.mean([each.baseline for each in by_class.values()]))),
        by_class,
    )
