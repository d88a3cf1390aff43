"""Real speakers for comparison: letters and words that Debian's packages klettres-data and ktuberling-data bring (cf. Sec. 4).

Read where they are installed, measured, never copied: what is kept are numbers over all of them. A folder of one language
is taken for one speaker; who speaks is not said, nor their sex.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from jaxtyping import Float32

from s2f_core.data.audio import SAMPLE_RATE_HZ, resample

# Folder of a package below the system's shared data → where a language's words lie in its folder.
PACKAGES = {"klettres": ("alpha", "syllab"), "ktuberling/sounds": (".",)}
CLIP_SECONDS, GAP_SECONDS, N_CLIPS = 5.0, 0.1, 2  # a clip is words in a row, until it is long enough
LEVEL = 0.05  # RMS of full scale that every word is brought to
QUIET = 0.02  # of a word's peak: what is softer before and after is cut off
SHORTEST_SECONDS = 0.2


def speakers(shared: Path) -> dict[str, list[Float32[np.ndarray, " samples"]]]:
    """Speaker → clips of 16 kHz, for those with enough words; empty where the packages are not installed."""
    found = {}
    for package, below in PACKAGES.items():
        for folder in sorted(path for path in (shared / package).glob("*") if path.is_dir()):
            clips = list(_clips(sorted(file for one in below for file in (folder / one).glob("*.ogg"))))
            if len(clips) == N_CLIPS:
                found[f"{package} {folder.name}"] = clips
    return found


def _clips(files: list[Path]) -> Iterator[Float32[np.ndarray, " samples"]]:
    """Words in a row, with gaps, the first N_CLIPS that become long enough."""
    gap, words, made = np.zeros(round(GAP_SECONDS * SAMPLE_RATE_HZ), np.float32), [], 0
    for path in files:
        word = _word(path)
        words += [] if word is None else [word, gap]
        if sum(map(len, words)) >= CLIP_SECONDS * SAMPLE_RATE_HZ:
            yield np.concatenate(words)
            words, made = [], made + 1
            if made == N_CLIPS:
                return


def _word(path: Path) -> Float32[np.ndarray, " samples"] | None:
    """One recording at 16 kHz, mono, cut to what is heard; None where it is too short, silent or unreadable."""
    try:
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        return None
    word = resample(samples.mean(1), rate_hz)
    loud = np.flatnonzero(np.abs(word) > QUIET * np.abs(word).max(initial=0))
    if len(loud) < SHORTEST_SECONDS * SAMPLE_RATE_HZ / 4 or loud[-1] - loud[0] < SHORTEST_SECONDS * SAMPLE_RATE_HZ:
        return None
    word = word[loud[0] : loud[-1] + 1]
    return (word * (LEVEL / np.sqrt(np.square(word).mean()))).astype(np.float32)
