"""Lesson 7: what holds still. Measures of faces seen and heard, with what people have in common held still, and in worlds."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float64, Shaped
from scipy.special import stdtrit

from s2f_core import config
from s2f_core.evaluate import corpus, craniofacial
from s2f_core.evaluate.claims import load_ledger
from s2f_core.evaluate.intervals import Estimate, fisher_z
from s2f_core.lessons import held_out_people
from s2f_core.lessons.held_out_people import People
from s2f_core.synthesis.person import sample_person
from s2f_core.synthesis.world import World, Worlds

Measured = dict[str, Float64[np.ndarray, " people"]]
FLAT = 1e-12  # squared singular value, of the largest, below which a column says nothing new
NO_ARROW, SOMEBODY_ELSE, LITERATURE = "no arrow from face to voice", "somebody else's voice", "as the corpus was made"


def drawn(people: People, root: Path) -> tuple[Measured, Measured]:
    """The 13 measures of the faces that our decoder draws: from the true face (F2F), and from the voice (S2F)."""
    models = held_out_people.networks(root)
    seen = held_out_people.features(models, np.stack([one.canonical() for one in people.speakers]))
    heard = models.hear(torch.from_numpy(people.clips)).numpy()
    f2f, s2f = (craniofacial.measures(held_out_people.landmarks(models, some)) for some in (seen, heard))
    return f2f, s2f


def columns(values: Shaped[np.ndarray, "people ..."]) -> Float64[np.ndarray, "people columns"]:
    """An attribute as columns that a regression can hold still: one a word but the first, numbers and their squares."""
    if values.dtype.kind == "U":
        return (values[:, None] == np.unique(values)[1:]).astype(float)
    flat = values.reshape(len(values), -1).astype(float)
    centred = (flat - flat.mean(0)) / np.maximum(flat.std(0), np.finfo(float).tiny)
    return np.hstack([centred, centred**2])


def held_still(values: Float64[np.ndarray, " people"], *attributes: Shaped[np.ndarray, "people ..."]
               ) -> Float64[np.ndarray, " people"]:
    """What is left of `values` when what a regression on the attributes says of them is taken away."""
    known = np.hstack([np.ones((len(values), 1)), *map(columns, attributes)])
    axes, spread, _ = np.linalg.svd(known, full_matrices=False)
    axes = axes[:, spread**2 > FLAT * spread[0] ** 2]
    return values - axes @ (axes.T @ values)


def tied(seen: Measured, heard: Measured, *attributes: Shaped[np.ndarray, "people ..."]) -> dict[str, Estimate]:
    """r of each measure, seen and heard, with the attributes held still; R. A. Fisher's interval, without their columns."""
    lost = sum(columns(one).shape[1] for one in attributes)
    found = {}
    for name in seen:
        x, y = held_still(seen[name], *attributes), held_still(heard[name], *attributes)
        estimate = fisher_z(float(np.corrcoef(x, y)[0, 1]), len(x) - lost)
        found[name.replace("_", " ")] = Estimate(estimate.value, estimate.low, estimate.high, len(x), 0.0)
    return found


def in_worlds(people: People, root: Path, length: str) -> dict[str, dict[str, Estimate]]:
    """r of a length of the face with the length of the vocal tract, pooled and within sex, in three worlds.

    The faces are the same in all; what the voice was made from differs: the person as the studies say, the person's sex and
    age alone, or somebody else.
    """
    worlds = config.load(root, "worlds", Worlds, profile="laptop")
    made = {LITERATURE: worlds.literature, NO_ARROW: worlds.literature.model_copy(update={"coupling": 0.0}),
            SOMEBODY_ELSE: worlds.independent}
    sex, face = people.attribute("sex"), people.length_mm(length)
    tracts = {name: np.log(_tracts_cm(people, world)) for name, world in made.items()}
    pooled = {name: corpus.correlated(name, "", face, one, None).estimate for name, one in tracts.items()}
    within = {name: corpus.correlated(name, "", corpus.within(face, sex), corpus.within(one, sex), None).estimate
              for name, one in tracts.items()}
    return {"pooled": pooled, "within sex": within}


def n_by_chance(seen: Measured, heard: Measured, sex: Shaped[np.ndarray, " people"], *, alpha: float, n_shuffles: int, seed: int
                ) -> list[int]:
    """How many of the measures a t-test at `alpha` calls significant within sex, in each of `n_shuffles` shuffles.

    Whole people are shuffled, within their sex: a face keeps its measures together, which are correlated.
    """
    rng = np.random.default_rng(seed)
    x, y = (np.stack([corpus.within(one, sex) for one in side.values()], axis=1) for side in (seen, heard))
    x, y = (side / np.sqrt((side**2).sum(0)) for side in (x, y))
    free = len(sex) - 1 - len(np.unique(sex))
    t = stdtrit(free, 1 - alpha / 2)
    needed, counts = t / np.sqrt(free + t * t), []
    for _ in range(n_shuffles):
        order = np.arange(len(sex))
        for one in np.unique(sex):
            order[sex == one] = rng.permutation(order[sex == one])
        counts.append(int((np.abs((x * y[order]).sum(0)) > needed).sum()))
    return counts


def published() -> dict[str, Estimate]:
    """The thirteen correlations of the file behind the paper's table, with the intervals that belong to its n."""
    claim = load_ledger()["fig05.stats.770k_dest_exg07"]
    return {name.replace("_", " "): fisher_z(r, claim.n) for name, (r, _) in zip(claim.rows, claim.value, strict=True)}


def _tracts_cm(people: People, world: World) -> Sequence[float]:
    return [sample_person(one["seed"], name, world).voice.vtl_cm for name, one in zip(people.ids, people.facts, strict=True)]
