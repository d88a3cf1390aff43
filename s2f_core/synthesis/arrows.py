"""One row of a table of causes: what was put into the synthetic people, how strong, and on whose word."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Arrow:
    """What one thing does to another in the synthetic population.

    Attributes:
        cause, effect: names; a field of the traits or the identity, a morph, or "individual" for free variation.
        strength: how much of `effect` one unit of `cause` brings.
        unit: what `strength` is counted in.
        source: "ours" where it was chosen for this project, else the literature it follows.
    """

    cause: str
    effect: str
    strength: float
    unit: str
    source: str
