"""Fig. 13 on synthetic people: does what a cartoon is drawn from follow the person, or only the voice's stereotype?"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Num, UInt8

from s2f_core.data.reconstructions import F2F
from s2f_core.evaluate.claims import Row
from s2f_core.evaluate.evidence import Evidence, measured
from s2f_core.evaluate.held_out import SHOWN
from s2f_core.evaluate.intervals import Estimate, fisher_z, proportion_clustered
from s2f_core.features.appearance import Appearance


def figure13(evidence: Evidence) -> list[Row]:
    """Hair's length, and lightness of skin and hair, of faces from voices against those from true features."""
    own, ledger, rows = evidence.held_out, evidence.ledger, []
    if own is None or F2F not in own.looks:
        return rows
    true = _columns(own.looks[F2F])
    for variant in own.voices:
        heard = _columns(own.looks[variant])
        common = float(max(true["long"].mean(), 1 - true["long"].mean()))
        same = proportion_clustered(heard["long"] == true["long"], None, baseline=common)
        rows.append(measured(ledger["fig13.hair_length"], variant, same))
        for name in ("skin", "hair"):
            if min(heard[name].std(), true[name].std()) > 0:
                r = fisher_z(float(np.corrcoef(heard[name], true[name])[0, 1]), len(true[name]))
                rows.append(measured(ledger[f"fig13.{name}"], variant, Estimate(r.value, r.low, r.high, r.n, 0.0)))
    return rows


def looks(evidence: Evidence) -> dict[str, dict[str, dict[str, str | bool]]]:
    """By source and test person: what a cartoon is drawn from, for the page that draws them."""
    own = evidence.held_out
    if own is None:
        return {}
    told = {source: [{"skin": _hex(one.skin), "hair": _hex(one.hair), "long": one.long_hair, "bald": one.bald} for one in some]
            for source, some in own.looks.items() if source in (F2F, SHOWN)}
    return {source: dict(zip(own.faces.ids["test"], some, strict=True)) for source, some in told.items()}


def _columns(some: Sequence[Appearance]) -> dict[str, Num[np.ndarray, " people"]]:
    """Lightness of skin and hair (mean of RGB), and whether hair is long."""
    return {"skin": np.array([one.skin.mean() for one in some]), "hair": np.array([one.hair.mean() for one in some]),
            "long": np.array([one.long_hair for one in some])}


def _hex(colour: UInt8[np.ndarray, " rgb"]) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in colour)
