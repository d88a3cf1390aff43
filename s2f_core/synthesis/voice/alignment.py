"""Two voices saying the same sentence: which frame of one belongs to which frame of the other (dynamic time warping)."""

import numpy as np
from jaxtyping import Float, Float32, UInt16
from scipy.fft import dct

from s2f_core.synthesis.voice.frames import N_POINTS, NYQUIST_HZ, POINTS_HZ, Frames, interpolation
from s2f_core.synthesis.voice.warping import source_hz

STRIDE = 2  # frames compared at a time: 20 ms; phones are longer
N_FEATURES = 24  # cosine coefficients of the envelope: formants, not harmonics
LOUDNESS_WEIGHT = 0.3  # of the first coefficient: how loud a phone is differs more between voices than how it sounds
SMOOTH_FRAMES = 9  # of the map: speech does not jump in time
NEUTRAL = (0.0, 0.0, 0.0, 0.0)  # shifts of the formants
ALONG = np.array([[1, 1], [1, 0], [0, 1]])  # steps back: both, only the first, only the second


def warped(envelope: Float32[np.ndarray, "frames points"], scale: float) -> Float32[np.ndarray, "frames points"]:
    """The envelope of a tract whose formants lie `scale` times as high."""
    read = source_hz(POINTS_HZ, scale, NEUTRAL) / NYQUIST_HZ * (N_POINTS - 1)
    return envelope @ interpolation(read, N_POINTS)


def align(reference: Frames, other: Frames, scale: float) -> UInt16[np.ndarray, " frames"]:
    """For each frame of `reference`, the number of the frame of `other` that says the same.

    Args:
        scale: of the formants of `reference` to those of `other`: the ratio of their tracts' lengths, other to reference.
    """
    ours, theirs = _features(reference.envelope), _features(warped(other.envelope, scale))
    path = _cheapest_path(np.sqrt(np.maximum(_squared_distances(ours, theirs), 0.0)))
    firsts, places = np.unique(path[:, 0], return_index=True)
    ends = np.append(places[1:], len(path))
    middles = np.array([path[start:end, 1].mean() for start, end in zip(places, ends, strict=True)])
    found = np.interp(np.arange(len(reference)), firsts * STRIDE, middles * STRIDE)
    return np.clip(np.round(found), 0, len(other) - 1).astype(np.uint16)


def smooth_map(places: Float[np.ndarray, " frames"]) -> Float[np.ndarray, " frames"]:
    """The map without its steps; its ends stay."""
    half = SMOOTH_FRAMES // 2
    return np.convolve(np.pad(places, half, mode="edge"), np.full(SMOOTH_FRAMES, 1 / SMOOTH_FRAMES), mode="valid")


def _features(envelope: Float32[np.ndarray, "frames points"]) -> Float32[np.ndarray, "steps features"]:
    found = dct(envelope, norm="ortho", axis=1)[::STRIDE, :N_FEATURES]
    found[:, 0] *= LOUDNESS_WEIGHT
    return found - found.mean(axis=0)


def _squared_distances(
    ours: Float32[np.ndarray, "rows features"], theirs: Float32[np.ndarray, "columns features"]
) -> Float32[np.ndarray, "rows columns"]:
    return np.square(ours).sum(1)[:, None] + np.square(theirs).sum(1)[None] - 2 * ours @ theirs.T


def _cheapest_path(cost: Float32[np.ndarray, "rows columns"]) -> np.ndarray:
    """(steps, 2) pairs of row and column from both starts to both ends; a diagonal step counts twice.

    Filled along anti-diagonals, whose cells depend only on the two before.
    """
    rows, columns = cost.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    for diagonal in range(rows + columns - 1):
        row = np.arange(max(0, diagonal - columns + 1), min(rows, diagonal + 1))
        column = diagonal - row
        here = cost[row, column]
        steps = np.stack([total[row, column] + 2 * here, total[row, column + 1] + here, total[row + 1, column] + here])
        total[row + 1, column + 1] = steps.min(axis=0)
    path = [(rows - 1, columns - 1)]
    while path[-1] != (0, 0):
        row, column = path[-1]
        back = np.array([row, column]) - ALONG
        allowed = (back >= 0).all(axis=1)
        before = np.where(allowed, total[back[:, 0] + 1, back[:, 1] + 1], np.inf)
        before[0] += cost[row, column]
        path.append(tuple(back[int(before.argmin())].tolist()))
    return np.array(path[::-1])
