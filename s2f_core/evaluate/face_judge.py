"""Scores of sex and ancestry morph, and an age, read from a face's features: for audits, which the paper has none of.

Ridge regressions on 0 and 1, and on years, fitted on training people whose features were made as faint as those of voices. What
is judged is what a network's face shows, by the generator's own words, and nothing about any speaker. A score is no
probability: it may leave 0…1, and .5 is where the label changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float64

PENALTIES = 10.0 ** np.arange(0, 6)  # of the ridge, chosen for each target by leaving one face out
Features = Float[np.ndarray, "rows feature"]


@dataclass(frozen=True, eq=False)
class Judged:
    """What faces show, a row each: score of each ancestry morph and of 'female', age in years."""

    ancestry: Float64[np.ndarray, "rows morphs"]
    woman: Float64[np.ndarray, " rows"]
    age: Float64[np.ndarray, " rows"]


@dataclass(frozen=True, eq=False)
class FaceJudge:
    """Reads features; `morphs`: names of the columns of `Judged.ancestry`."""

    morphs: Sequence[str]
    regression: Any

    def __call__(self, features: Features) -> Judged:
        """Read features of the kind that the judge was fitted on."""
        *ancestry, woman, age = self.regression.predict(features.astype(np.float64)).T
        return Judged(np.stack(ancestry, axis=1), woman, age)


def fit(facts: Sequence[Mapping[str, Any]], features: Features) -> FaceJudge:
    """Fit on people whose truth is known, a row each."""
    from sklearn.linear_model import RidgeCV  # sets variables of the environment when imported
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    told = [one["attributes"] for one in facts]
    morphs = np.array([one["morph"] for one in told])
    names = np.unique(morphs).tolist()
    targets = [*(morphs == name for name in names), np.array([one["sex"] == "female" for one in told]),
               np.array([one["age"] for one in told])]
    regression = make_pipeline(StandardScaler(), RidgeCV(PENALTIES, alpha_per_target=True))
    return FaceJudge(names, regression.fit(features.astype(np.float64), np.stack(targets, axis=1).astype(np.float64)))
