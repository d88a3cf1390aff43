"""Whether voices and faces hang together as a world asks: correlations of drawn persons against the table of causes.

Not from the paper, whose Fig. 5(c) found correlations and could not know which to expect.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped

from s2f_core.evaluate.corpus import Check, correlated, share, within


@dataclass(frozen=True)
class Drawn:
    """Persons drawn in one world, a row each.

    Attributes:
        causes: latent of body or face, by name, of the person whose face it is.
        voice: standard normal of each vocal quantity, by name; `numbers`: the same as the vocoder gets it (ln Hz, ln cm, ln
            shift), with what sex and age add; `moved`: the part of `numbers` that `voice` moves.
    """

    world: str
    sex: Shaped[np.ndarray, " persons"]
    causes: Mapping[str, Float[np.ndarray, " persons"]]
    voice: Mapping[str, Float[np.ndarray, " persons"]]
    numbers: Mapping[str, Float[np.ndarray, " persons"]]
    moved: Mapping[str, Float[np.ndarray, " persons"]]


def checks(drawn: Drawn, asked: Mapping[tuple[str, str], float]) -> list[Check]:
    """One row per arrow within sex and one pooled, and the share of intervals that hold what the world asks.

    Args:
        asked: (cause, effect) → correlation within sex that the world asks for; 0 where voice and face are unrelated.
    """
    rows = [row for (cause, effect), r in asked.items() for row in _arrow(drawn, cause, effect, r)]
    held = np.array([row.met for row in rows])
    name = drawn.world
    summary = share(f"truth.{name}", f"{name}: intervals of correlations that hold what the world asks for (95 % should)", held,
                    0.9)
    return [*rows, summary]


def _arrow(drawn: Drawn, cause: str, effect: str, r: float) -> Sequence[Check]:
    latent, numbers = drawn.causes[cause], drawn.numbers[effect]
    diluted = r * float(within(drawn.moved[effect], drawn.sex).std() / numbers.std())
    identity = f"truth.{drawn.world}.{cause}.{effect}".replace(" ", "_").replace("-", "_")
    words = f"{drawn.world}: {cause} and {effect}"
    return (correlated(f"{identity}.within_sex", f"{words}, within sex", within(latent, drawn.sex),
                       within(drawn.voice[effect], drawn.sex), r, side="inside"),
            correlated(f"{identity}.pooled", f"{words}, pooled", latent, numbers, diluted, side="inside"))
