"""Two renderings of one corpus compared: the same bytes on one machine, within a tolerance on another (Sec. 4's place).

Floating point differs in its last bits between processors and libraries, so what is shipped is the reference.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from s2f_core.data import opus, webp
from s2f_core.data.shards import Sample, read_shard
from s2f_core.errors import InputError

# What another machine may change: all but a thousandth of a picture's values within 24 grey levels after the codec, a
# voice's spectrum within 6 dB on average, numbers of the truth within 1 % or .01. The 6 dB were 3 until another processor gave
# up to 4.5 (40 clips), 87 to 98 % of it in cells 40 dB and more below the loudest (5 clips); a wrong clip is off by 9.4 up.
PIXEL_LEVELS, PIXEL_SHARE, SPECTRUM_DB, NUMBER = 24, 0.001, 6.0, 0.01
FRAME = 512  # samples of the spectra compared


@dataclass
class Difference:
    """Counts of samples, and the largest differences found."""

    n_samples: int = 0
    n_same_bytes: int = 0
    far_pixels: float = 0.0  # largest share of one picture's values that differ by more than PIXEL_LEVELS
    spectrum_db: float = 0.0  # largest mean difference of one clip's spectrum
    other: list[str] = field(default_factory=list)  # what differs in kind

    @property
    def within(self) -> bool:
        """Whether everything is within the stated tolerance."""
        return not self.other and self.far_pixels <= PIXEL_SHARE and self.spectrum_db <= SPECTRUM_DB


def compare(ours: Path, reference: Path) -> Difference:
    """Compare every shard of `ours` with the one of the same name in `reference`. Raises InputError where one is missing."""
    found = Difference()
    paths = sorted(path for path in ours.glob("*.tar*"))
    if not paths:
        raise InputError(f"no shards in {ours}; make them with `make corpus`")
    for path in paths:
        other = reference / path.name
        for sample, twin in zip(read_shard(path), read_shard(other), strict=True):
            _compare_sample(found, sample, twin)
    return found


def report(found: Difference) -> Iterator[str]:
    """The difference in words."""
    yield f"{found.n_same_bytes} of {found.n_samples} samples have the same bytes."
    yield f"Largest share of a picture's values off by more than {PIXEL_LEVELS} levels: {found.far_pixels:.5f}."
    yield f"Largest mean difference of a clip's spectrum: {found.spectrum_db:.2f} dB."
    yield from found.other[:5]
    yield "Within the tolerance." if found.within else "NOT within the tolerance: another seed, other assets, or a fault."


def _compare_sample(found: Difference, ours: Sample, reference: Sample) -> None:
    found.n_samples += 1
    if (ours.key, ours.members) == (reference.key, reference.members):
        found.n_same_bytes += 1
        return
    if ours.key != reference.key or set(ours.members) != set(reference.members):
        found.other.append(f"{ours.key} {sorted(ours.members)} stands beside {reference.key} {sorted(reference.members)}")
        return
    for ending, content in ours.members.items():
        if ending.endswith("webp"):
            far = np.abs(webp.decode(content).astype(int) - webp.decode(reference.members[ending])) > PIXEL_LEVELS
            found.far_pixels = max(found.far_pixels, float(far.mean()))
        elif ending == "ogg":
            a, b = opus.decode(content), opus.decode(reference.members[ending])
            n = min(len(a), len(b))
            found.spectrum_db = max(found.spectrum_db, float(np.abs(_decibels(a[:n]) - _decibels(b[:n])).mean()))
        elif not _close(json.loads(content), json.loads(reference.members[ending])):
            found.other.append(f"{ours.key}: the truth differs")


def _decibels(samples: np.ndarray) -> np.ndarray:
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[:: FRAME // 2] * np.hanning(FRAME)
    return 20 * np.log10(np.abs(np.fft.rfft(frames, axis=1)) + 1e-3)


def _close(a: Any, b: Any) -> bool:
    """Whether two JSON values are alike, numbers within the tolerance."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_close(a[name], b[name]) for name in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_close, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= max(NUMBER, NUMBER * abs(b))
    return a == b
