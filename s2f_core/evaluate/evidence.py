"""What the claims of the paper are tested against: the ledger, and what a reader fetched of the released examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from pydantic import Field

from s2f_core.config import Block
from s2f_core.data.corpora.published import Clip
from s2f_core.data.corpora.published_pages import Correlation, Query, RankedList
from s2f_core.data.experiments import Experiments
from s2f_core.evaluate.claims import Claim, Row, compare
from s2f_core.evaluate.exaggeration import PixelMoments
from s2f_core.evaluate.held_out import HeldOut
from s2f_core.evaluate.intervals import Estimate
from s2f_core.evaluate.verdicts import Number

EXACT = "an exact count, nothing is sampled"


class EvaluateBlock(Block):
    """The `evaluate` block of params.yaml."""

    seed: int
    n_resamples: int = Field(ge=100)
    n_permutations: int = Field(ge=100)
    fewest: int = Field(ge=10)
    experiments: str  # folder of the audits' tables, from the project's root
    top_ranks: list[int]
    top_percents: list[float]


@dataclass(frozen=True, eq=False)
class Half:
    """One half of the released examples (`avspeech_res`, `voxceleb`): clips and their measures, row by row.

    Attributes:
        measures: `<view>/<array>` as in `features.measure.FaceMeasures`, and `audio/period` (samples, 0: no loop).
        pixels: view → sums over all its faces, pixel by pixel.
    """

    name: str
    clips: Sequence[Clip]
    measures: Mapping[str, np.ndarray]
    pixels: Mapping[str, PixelMoments]

    @property
    def persons(self) -> Shaped[np.ndarray, " clips"]:
        """Who speaks: the name, or the video where there is none."""
        return np.array([clip.person for clip in self.clips])

    def labels(self, attribute: str) -> Shaped[np.ndarray, " clips"] | None:
        """The annotators' words for one attribute of `Labels`; None for a half whose labels were not released."""
        found = [getattr(clip.labels, attribute) for clip in self.clips if clip.labels is not None]
        return np.array(found) if found and len(found) == len(self.clips) else None

    def of(self, view: str, array: str) -> Shaped[np.ndarray, "clips ..."]:
        """One measure of one view."""
        return self.measures[f"{view}/{array}"]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What there is to test claims against. What was not fetched is None or empty, never invented.

    Attributes:
        queries: the 100 ranked queries on the authors' page.
        statistics: file → measure → printed correlation.
        lists: the authors' ranked lists behind Fig. 7.
        halves: the halves that are here, by name.
        fig08: folder of Fig. 8 → sums over its faces.
        fig08_changes: per face of Fig. 8, full loss: mean |difference| in grey levels from 200k to 300k iterations, and from
            there to 500k.
        held_out: the synthetic test people as the trained models saw and heard them.
        small: test → reading → estimate, of small models of the released examples.
        experiments: what the audits' experiments judged.
        missing: in words for a row that cannot be tested: what to fetch.
    """

    ledger: Mapping[str, Claim]
    params: EvaluateBlock
    queries: Sequence[Query] | None = None
    statistics: Mapping[str, Mapping[str, Correlation]] | None = None
    lists: Sequence[RankedList] | None = None
    halves: Mapping[str, Half] = field(default_factory=dict)
    fig08: Mapping[str, PixelMoments] = field(default_factory=dict)
    fig08_changes: Float[np.ndarray, "faces 2"] | None = None
    held_out: HeldOut | None = None
    small: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    experiments: Experiments = field(default_factory=Experiments)
    missing: str = "needs the authors' released examples: make paper PROFILE=published"


def measured(claim: Claim, reading: str, found: Estimate, *, scale: float = 1.0, **said: Any) -> Row:
    """The scorecard's row for an estimate: its value, interval, n and baseline, in the claim's unit (`scale` times ours)."""
    numbers = {"ours": found.value, "low": found.low, "high": found.high, "baseline": found.baseline}
    scaled = {name: None if number is None else scale * number for name, number in numbers.items()}
    return compare(claim, reading=reading, n=found.n, **{**scaled, **said})


def counted(
    claim: Claim, reading: str, ours: Number, *, paper: Number | None = None, n: int | None = None, said: str = ""
) -> Row:
    """The scorecard's row for a number that is exact: nothing is sampled, so it has no interval. `said` ends the statement."""
    return compare(claim, reading=reading, paper=paper, ours=ours, n=n, low=None, high=None, reason=EXACT,
                   statement=f"{claim.statement.rstrip('.')}{said}.")


def slug(label: str) -> str:
    """A printed label as part of a row's id."""
    for sign, word in (("<", "below_"), (">=", "from_"), (">", "above_"), ("-", "_to_")):
        label = label.replace(sign, word)
    return label
