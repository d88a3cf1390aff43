"""A split of the synthetic corpus as arrays in memory: what models are trained on (in place of Sec. 4's 1.7 million pairs)."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int16, Int64, Shaped, UInt8
from PIL import Image

from s2f_core.data.audio import CLIP_SECONDS, SAMPLE_RATE_HZ, fit_clip
from s2f_core.data.corpora import synthetic
from s2f_core.data.shards import shard_paths
from s2f_core.data.webp import CANONICAL_PX
from s2f_core.errors import InputError

FULL_SCALE = 2**15  # of 16-bit samples


@dataclass(frozen=True, eq=False)
class FaceSet:
    """The persons of a split, a row each.

    Attributes:
        canonical: RGB, frontal, neutral, even light.
        wild: RGB, as filmed, reduced to the side of the canonical ones; none in the gallery.
        landmarks_px: x, y in the canonical picture.
        facts: the truth about each.
    """

    ids: tuple[str, ...]
    canonical: UInt8[np.ndarray, "persons side side 3"]
    wild: UInt8[np.ndarray, "persons views side side 3"]
    landmarks_px: Float64[np.ndarray, "persons 68 2"]
    facts: tuple[Mapping[str, Any], ...]

    def __len__(self) -> int:
        return len(self.ids)

    def attribute(self, name: str) -> Shaped[np.ndarray, " persons"]:
        """One attribute of every person: 'sex', 'age', …."""
        return np.array([facts["attributes"][name] for facts in self.facts])

    @property
    def content_hash(self) -> str:
        """SHA-256 over ids and pictures: what a training that is resumed must find again."""
        return _hash(self.ids, self.canonical, self.wild, self.landmarks_px)


@dataclass(frozen=True, eq=False)
class VoiceSet:
    """Recordings, a row each: 16 kHz, all of one length, short ones repeated; `person` is the speaker's row in a `FaceSet`."""

    ids: tuple[str, ...]
    person: Int64[np.ndarray, " clips"]
    samples: Int16[np.ndarray, "clips samples"]
    facts: tuple[Mapping[str, Any], ...]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def content_hash(self) -> str:
        """SHA-256 over ids, speakers and samples."""
        return _hash(self.ids, self.person, self.samples)


def faces(folder: Path, split: str) -> FaceSet:
    """Read all pictures of a split. Raises InputError where the folder has none of it."""
    people = list(synthetic.speakers(folder, split))
    views = [[_reduced(view) for view in person.views()] for person in people]
    if len({len(one) for one in views}) > 1:
        raise InputError(f"the persons of {split} in {folder} have unequally many pictures in the wild; run `dvc pull`")
    shape = (len(people), len(views[0]), CANONICAL_PX, CANONICAL_PX, 3)
    return FaceSet(
        tuple(person.id for person in people), np.stack([person.canonical() for person in people]),
        np.array(views, np.uint8).reshape(shape), np.stack([person.landmarks() for person in people]),
        tuple(person.facts for person in people))


def voices(folder: Path, split: str, speakers: Sequence[str], kinds: Sequence[str] = ("clip",), *,
           seconds: float = CLIP_SECONDS) -> VoiceSet:
    """Read the recordings of some kinds by some speakers, from complete clips or from shards of voices.

    Args:
        folder: where `<split>-NNNN.tar` (what the corpus stage puts together) or `voices-<split>-NNNN.tar.gz` lie.
        speakers: ids in the order of the rows that `person` names.
        kinds: 'clip', 'long', 'second'.
        seconds: that each is cut to, or repeated to fill.

    Raises: InputError where the folder has no recordings of the split, or none that is wanted.
    """
    row_of = {identity: row for row, identity in enumerate(speakers)}
    found = [one for one in _recordings(folder, split) if one.speaker_id in row_of and one.facts["kind"] in kinds]
    if not found:
        raise InputError(f"{folder} holds no {' or '.join(kinds)} of {split} by any of {len(row_of)} speakers; run the "
                         "corpus stage for this profile first")
    samples = np.empty((len(found), round(seconds * SAMPLE_RATE_HZ)), np.int16)

    def decode(row: int) -> None:
        samples[row] = in_16_bits(found[row].samples(), seconds)

    with ThreadPoolExecutor() as pool:  # the decoder leaves Python alone
        list(pool.map(decode, range(len(found))))
    person = np.array([row_of[one.speaker_id] for one in found])
    return VoiceSet(tuple(one.id for one in found), person, samples, tuple(one.facts for one in found))


def in_16_bits(samples: Float32[np.ndarray, " _"], seconds: float) -> Int16[np.ndarray, " samples"]:
    """A recording cut to `seconds`, or repeated to fill them, as networks are given it in training."""
    heard = np.rint(fit_clip(samples, seconds) * FULL_SCALE)
    return np.clip(heard, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def _recordings(folder: Path, split: str) -> Iterator[synthetic.Recording]:
    complete = shard_paths(folder, split)
    if not complete:
        yield from synthetic.recordings(folder, split)
    for path in complete:
        yield from synthetic.recordings_in(path)


def _reduced(picture: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "side side 3"]:
    return np.array(Image.fromarray(picture).resize((CANONICAL_PX, CANONICAL_PX), Image.Resampling.LANCZOS))


def _hash(ids: Sequence[str], *arrays: Shaped[np.ndarray, "rows ..."]) -> str:
    digest = hashlib.sha256("\n".join(ids).encode())
    for array in arrays:
        digest.update(str(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
