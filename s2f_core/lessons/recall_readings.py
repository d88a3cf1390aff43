"""Tutorial 6, reading R@K: the checks about Table 3 and about who is told a kind, what such a guesser finds, and the charts."""

from collections.abc import Callable, Mapping, Sequence
from math import comb
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Int

from s2f_core.evaluate import retrieval, strangers
from s2f_core.figures import style
from s2f_core.lessons.feedback import hint_unless, number, numbers, well_done

GALLERY = 5_000  # faces behind the printed ranks
Bounds = tuple[float, float, float]  # share, lower and upper bound


def check_reading(by_rank: Any, by_percent: Any, reading: Any, ranks: Sequence[float], printed: Mapping[int, float]) -> None:
    """Does each printed recall lie in the interval of the printed ranks, K being a rank or per cent? Raises NotYet.

    Args:
        ranks: of the true face among 5,000, as the authors' page prints them.
        printed: K → per cent found, as the paper's Table 3 prints it.
    """
    right = fits(ranks, printed)
    said = {name: numbers(some) for name, some in (("rank", by_rank), ("percent", by_percent))}
    for name, some in said.items():
        hint_unless(some.shape == (len(printed),),
                    f"one True or False for each K is asked for, {len(printed)} in all; by {name} the shape is {some.shape}")
    hint_unless(bool(said["percent"].any()), "by per cent none fits, you say: is one side in per cent and the other a share? "
                                             f"And the first K % of {GALLERY:,} faces, how many are they?")
    exchanged = all((said[name] == right[other]).all() for name, other in (("rank", "percent"), ("percent", "rank")))
    hint_unless(not exchanged, "the two readings are exchanged")
    for name, unit in (("rank", "faces"), ("percent", "%")):
        hint_unless(bool((said[name] == right[name]).all()),
                    f"by {name} it is otherwise: lay the paper's number beside the interval of the hundred ranks, K by K, and "
                    f"mind that the first K {unit} hold the K-th as well")
    asked = str(reading).strip().lower()
    hint_unless(not asked.startswith(("100", "gallery")),
                f"a gallery of a hundred faces would give these numbers too; but the page prints ranks up to {max(ranks):,.0f}")
    hint_unless(asked in ("rank", "percent"), 'write reading = "rank" or reading = "percent"')
    hint_unless(asked == "percent", "by rank hardly a printed number lies in its interval, and the printed line of guessing is "
                                    "fifty times too high")
    well_done(f"by rank {sum(right['rank'])} of {len(printed)} fit, by per cent {sum(right['percent'])}: Table 3 shows the "
              "first K per cent")


def fits(ranks: Sequence[float], printed: Mapping[int, float]) -> dict[str, list[bool]]:
    """Reading → whether the printed recall of each K lies in the interval of the printed ranks."""
    found = retrieval.printed_ranks(np.array(ranks, dtype=np.int64), GALLERY)
    recalls = {"rank": retrieval.recall_at_rank, "percent": retrieval.recall_at_percent}
    return {name: [one.low <= printed[k] / 100 <= one.high for k in printed for one in [recall(found, k)]]
            for name, recall in recalls.items()}


MISTOLD = (
    (0.1, "that is guessing among all; but half of the faces are ruled out beforehand"),
    (0.5, "that is how often a coin names the sex; here it is known, and a face is to be found"),
    (0.05, "half of a tenth? As many faces are shown as before, and they are drawn from half as many"),
    (1.0, "the right half is known, not the right face"),
)


def check_told_sex(answer: Any) -> None:
    """What is found among the first tenth by who is told the sex alone. Raises NotYet with what a wrong share would be."""
    found = number(answer)
    hint_unless(not 1 < found <= 100, f"{found:g}: as a share, please, between 0 and 1")
    for wrong, hint in MISTOLD:
        hint_unless(abs(found - wrong) > 1e-6, f"{found:g}: {hint}")
    hint_unless(abs(found - 0.2) < 1e-3, f"{found:g} is not it: {GALLERY // 10} faces are shown, all of the speaker's sex, of "
                                         f"which there are {GALLERY // 2:,}")
    well_done("twice as many as by guessing, without one feature of a face")


def kinds_of(*facts: Sequence[Any]) -> Int[np.ndarray, " faces"]:
    """A number for each combination of facts; each argument holds one fact of all faces."""
    return np.unique(["|".join(map(str, row)) for row in zip(*facts, strict=True)], return_inverse=True)[1]


def told_here(kinds: Int[np.ndarray, " faces"], n_speakers: int, percent: int | float) -> float:
    """Share found in the first `percent` % by who is told the speaker's kind and draws lots among the faces of that kind.

    Exactly, for a gallery whose first faces are the speakers'.
    """
    return strangers.kind_alone(kinds, n_speakers, len(kinds), int(len(kinds) * percent / 100))


def told(shares: Sequence[float], percent: int | float) -> float:
    """The same for a large gallery, from the shares of the kinds: each is met with the chance percent / share, or surely."""
    return float(sum(min(share, percent / 100) for share in shares))


def left_out(interval: Callable[[int, int], Any], share: float, n: int) -> float:
    """How often the interval of a count of `n` by lot leaves out the true share: exactly, over all counts."""
    missed = 0.0
    for hits in range(n + 1):
        low, high = interval(hits, n)
        missed += (not low <= share <= high) * comb(n, hits) * share**hits * (1 - share) ** (n - hits)
    return missed


def readings(printed: Mapping[int, float], found: Mapping[str, Sequence[Bounds]]) -> go.Figure:
    """Printed recalls (per cent) beside bars with intervals (shares), one group for each K, one colour for each reading."""
    names = [f"K = {k}" for k in printed]
    figure = go.Figure(go.Bar(x=names, y=list(printed.values()), name="the paper's Table 3", marker_color=style.PAPER))
    for (name, some), colour in zip(found.items(), (style.VERMILLION, style.GREEN), strict=True):
        share, low, high = (100 * np.array(some)).T
        figure.add_bar(x=names, y=share, name=name, marker_color=colour,
                       error_y={"array": high - share, "arrayminus": share - low, "color": style.INK})
    return figure.update_layout(barmode="group", yaxis={"title": "% of queries found", "rangemode": "nonnegative"}, height=360)


def by_size(sizes: Sequence[int], lines: Mapping[str, Sequence[float]], guessing: Mapping[str, Sequence[float]]) -> go.Figure:
    """Recall (share) against the size of the gallery, both axes logarithmic; guessing dotted, in the colour of its line."""
    figure = go.Figure()
    for name, colour in zip(lines, style.PALETTE, strict=False):
        found, guessed = ([100 * one for one in some[name]] for some in (lines, guessing))
        figure.add_scatter(x=list(sizes), y=found, name=name, mode="lines+markers", line_color=colour)
        figure.add_scatter(x=list(sizes), y=guessed, name=f"{name}, by guessing", mode="lines",
                           line={"color": colour, "dash": "dot"})
    figure.update_xaxes(type="log", title="faces in the gallery", tickvals=list(sizes), ticktext=[f"{one:,}" for one in sizes])
    figure.update_yaxes(type="log", title="% of queries found", tickvals=(0.02, 0.1, 0.2, 1, 2, 10, 30, 100))
    return figure.update_layout(height=420)
