"""What the synthetic corpus promises, tested: a statement, a number with its interval, and the bound set beforehand.

Not from the paper: its corpus (Sec. 4) was a crawl, with no truth to hold against it.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Shaped

from s2f_core.evaluate import intervals, probe, verification
from s2f_core.evaluate.intervals import Estimate

PENALTY = 0.3  # of the ridge on dlib's embedding, whose rows have length about 1.4
STRANGERS_BELOW = 0.6  # dlib's distance below which its authors call two photographs one person


@dataclass(frozen=True)
class Check:
    """One promise: `bound` is what the estimate must be at least, or at most; None: reported, nothing was promised."""

    id: str
    statement: str
    estimate: Estimate
    side: Literal["at least", "at most", "inside"] = "at least"
    bound: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the estimate keeps the bound; 'inside': whether its interval holds the bound."""
        if self.bound is None:
            return None
        value = self.estimate.value
        return {"at least": value >= self.bound, "at most": value <= self.bound,
                "inside": self.estimate.low <= self.bound <= self.estimate.high}[self.side]

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it, numbers to five digits."""
        numbers = {name: None if value is None else float(f"{value:.5g}") for name, value in asdict(self.estimate).items()}
        return {"id": self.id, "statement": self.statement, **numbers, "n": self.estimate.n, "side": self.side,
                "bound": self.bound, "met": self.met}


def detected(name: str, found: Bool[np.ndarray, " pictures"], bound: float) -> Check:
    """How many pictures a detector finds a face in."""
    return Check(f"faces.{name.replace(' ', '_')}", f"{name} finds a face", intervals.wilson(int(found.sum()), len(found)),
                 bound=bound)


def recognition(
    canonical: Float[np.ndarray, "persons 128"], wild: Float[np.ndarray, "persons 128"], *, seed: int
) -> list[Check]:
    """Canonical against wild pictures by another embedding: the same person near, others far."""
    n = len(canonical)
    distance = np.sqrt(np.maximum(0, (canonical**2).sum(1)[:, None] + (wild**2).sum(1) - 2 * canonical @ wild.T))
    own, others = distance[np.arange(n), np.arange(n)], distance[~np.eye(n, dtype=bool)].reshape(n, n - 1)
    auc = np.array([verification.area_under_curve(-own[i : i + 1], -others[i]) for i in range(n)])
    near = (others < STRANGERS_BELOW).mean(1)
    return [
        Check("faces.auc", "same person nearer than another, canonical to wild, AUC", _mean(auc, 0.5, seed), bound=0.999),
        Check("faces.strangers", f"pairs of different people below dlib's {STRANGERS_BELOW}", _mean(near, None, seed),
              "at most", 0.15)]


def readable(
    name: str, features: Float[np.ndarray, "persons features"], target: Float[np.ndarray, " persons"], bound: float | None,
    *, seed: int
) -> Check:
    """How well a linear probe reads `target` off an embedding, on people it was not fitted on."""
    predicted = probe.predict_held_out(features, target, penalty=PENALTY, seed=seed)
    r = float(np.corrcoef(predicted, target)[0, 1])
    return Check(f"faces.probe.{name.replace(' ', '_')}", f"{name} read off dlib's embedding, r",
                 intervals.fisher_z(r, len(target)), bound=bound)


def sex_readable(
    features: Float[np.ndarray, "persons features"], sex: Shaped[np.ndarray, " persons"], *, seed: int
) -> Check:
    """How often the sign of a linear probe gives the sex that the generator was given."""
    woman = np.where(sex == "female", 1.0, -1.0)
    right = probe.predict_held_out(features, woman, penalty=PENALTY, seed=seed) * woman > 0
    baseline = max(float((woman > 0).mean()), float((woman < 0).mean()))
    return Check("faces.probe.sex", "sex read off dlib's embedding",
                 intervals.wilson(int(right.sum()), len(right), baseline=baseline), bound=0.95)


def correlated(identity: str, statement: str, a: Float[np.ndarray, " n"], b: Float[np.ndarray, " n"], bound: float | None,
               *, side: Literal["at least", "inside"] = "at least") -> Check:
    """Pearson's r of two measures of the same people, with Fisher's interval."""
    return Check(identity, statement, intervals.fisher_z(float(np.corrcoef(a, b)[0, 1]), len(a)), side, bound)


def within(values: Float[np.ndarray, " n"], sex: Shaped[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Deviations from the mean of each sex."""
    return values - sum((sex == one) * values[sex == one].mean() for one in np.unique(sex))


def share(identity: str, statement: str, right: Bool[np.ndarray, " n"], bound: float | None, *,
          baseline: float | None = None) -> Check:
    """A share of people, with Wilson's interval."""
    return Check(identity, statement, intervals.wilson(int(right.sum()), len(right), baseline=baseline), bound=bound)


def average(identity: str, statement: str, values: Float[np.ndarray, " n"], bound: float | None, *,
            side: Literal["at least", "at most"] = "at least", seed: int) -> Check:
    """A mean over people, with its bootstrap interval."""
    return Check(identity, statement, _mean(values, None, seed), side, bound)


def _mean(values: Float[np.ndarray, " n"], baseline: float | None, seed: int) -> Estimate:
    found = intervals.mean(values, seed=seed)
    return Estimate(found.value, found.low, found.high, found.n, baseline)
