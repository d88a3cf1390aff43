"""Looping of short clips (Sec. 3.1: audio shorter than 6 s is repeated): is a released clip an exact repetition?"""

import numpy as np
from jaxtyping import Int16

SHORTEST_PERIOD = 8_000  # samples: 0.5 s at 16 kHz
SHORTEST_REPEAT = 1_600  # samples of the second round that must be there: 0.1 s
FEWEST_CHANGES = 100  # of value within them: silence or a held value is no evidence
TOLERANCE = 1_600  # samples by which a segment's stated length and its audio may differ: 0.1 s


def loop_period(samples: Int16[np.ndarray, " samples"], *, expected_samples: int | None = None) -> int | None:
    """The smallest P with samples[P:] equal to samples[:-P], sample for sample, or None.

    P lies within TOLERANCE of `expected_samples` if given (a segment's seconds × rate), else anywhere from
    SHORTEST_PERIOD on. The repeated part must be SHORTEST_REPEAT long and change value FEWEST_CHANGES times, so that
    silence has no period; a steady synthetic tone may have one by nature.
    """
    changes = np.flatnonzero(samples[1:] != samples[:-1])[:FEWEST_CHANGES] + 1
    if len(changes) < FEWEST_CHANGES:
        return None
    smallest, largest = SHORTEST_PERIOD, len(samples) - max(SHORTEST_REPEAT, int(changes[-1]) + 1)
    if expected_samples is not None:
        smallest = max(smallest, expected_samples - TOLERANCE)
        largest = min(largest, expected_samples + TOLERANCE)
    periods = np.arange(smallest, largest + 1)
    for place in changes:  # every possible repeat holds these places, and few wrong periods survive them
        periods = periods[samples[periods + place] == samples[place]]
    return next((int(p) for p in periods if np.array_equal(samples[p:], samples[:-p])), None)
