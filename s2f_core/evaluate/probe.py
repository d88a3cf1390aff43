"""Linear probes: what can be read off an embedding by a ridge regression on other people (as for Fig. 14's question)."""

import numpy as np
from jaxtyping import Float, Float64

from s2f_core.errors import InputError

N_FOLDS = 5


def predict_held_out(
    features: Float[np.ndarray, "clips features"], target: Float[np.ndarray, " clips"], *, penalty: float, seed: int
) -> Float64[np.ndarray, " clips"]:
    """Predict each row's target by a ridge regression fitted on the other folds; rows must be different persons.

    Args:
        penalty: added to the diagonal of the features' scatter matrix.
        seed: of the folds.

    Raises:
        InputError: fewer than two rows a fold.
    """
    n = len(target)
    if n < 2 * N_FOLDS:
        raise InputError(f"a probe needs at least {2 * N_FOLDS} persons; got {n}: measure more")
    fold = np.random.default_rng([seed, n]).permutation(np.arange(n) % N_FOLDS)
    predicted = np.empty(n)
    for held_out in range(N_FOLDS):
        rest = fold != held_out
        centre, level = features[rest].mean(0), target[rest].mean()
        centred = features[rest] - centre
        scatter = centred.T @ centred + penalty * np.eye(features.shape[1])
        weights = np.linalg.solve(scatter, centred.T @ (target[rest] - level))
        predicted[~rest] = (features[~rest] - centre) @ weights + level
    return predicted
