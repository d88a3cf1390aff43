"""The synthetic corpus as it lies on disk: people who do not exist, with faces, voices and the truth (in Sec. 4's place).

Shipped below data/corpus/<name>: `faces-<split>-NNNN.tar.gz`, a sample per person, and `voices-<split>-NNNN.tar.gz`, a sample
per recording, for the splits whose sound is shipped. Complete samples per clip, as training reads them, are put together
from these by the `corpus` stage: `<split>-NNNN.tar` below results/<profile>/corpus.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, UInt8

from s2f_core.data import opus, webp
from s2f_core.data.shards import Sample, read_shard, shard_paths
from s2f_core.errors import InputError

FACES, VOICES = "faces", "voices"
LOGARITHMS = ("f0_hz", "vtl_cm")  # of the numbers of a voice (`VoiceParams`)
PLAIN = ("f0_sd_st", "jitter_pct", "shimmer_pct", "breath", "tremor", "tilt_db_oct", "tempo", "blend")


@dataclass(frozen=True)
class Speaker:
    """A person: the truth and the pictures. `facts` is the JSON of the shard."""

    id: str
    facts: Mapping[str, Any]
    sample: Sample

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Sex, age, ancestry, language and the like, as given to the generator."""
        return self.facts["attributes"]

    def canonical(self) -> UInt8[np.ndarray, "128 128 3"]:
        """The canonical face: frontal, neutral, even light."""
        return webp.decode(self.sample.member("canonical.webp"))

    def views(self) -> list[UInt8[np.ndarray, "224 224 3"]]:
        """The pictures in the wild; none in the gallery."""
        endings = sorted(ending for ending in self.sample.members if ending.startswith("face"))
        return [webp.decode(self.sample.member(ending)) for ending in endings]

    def landmarks(self) -> Float64[np.ndarray, "68 2"]:
        """x, y in pixels of the canonical face, from the mesh."""
        return np.array(self.facts["landmarks_px"], np.float64)


@dataclass(frozen=True)
class Recording:
    """A clip of a speaker: `facts` says kind, language, sentences, seconds and the condition it was recorded in."""

    id: str
    facts: Mapping[str, Any]
    sample: Sample

    @property
    def speaker_id(self) -> str:
        """Whose voice it is."""
        return self.facts["speaker_id"]

    def samples(self) -> Float32[np.ndarray, " samples"]:
        """16 kHz mono, as long as it was recorded."""
        return opus.decode(self.sample.member("ogg"))


def home(root: Path, name: str) -> Path:
    """Where what is shipped of the corpus `name` lies."""
    return root / "data" / "corpus" / name


def complete(root: Path, profile: str) -> Path:
    """Where the `corpus` stage puts complete clips of a profile."""
    return root / "results" / profile / "corpus"


def speakers(folder: Path, split: str) -> Iterator[Speaker]:
    """The persons of a split, in order. Raises InputError where the folder has none of it."""
    for path in _shards(folder, f"{FACES}-{split}"):
        yield from speakers_in(path)


def speakers_in(path: Path) -> Iterator[Speaker]:
    """The persons of one shard of faces, in order."""
    for sample in read_shard(path):
        yield Speaker(sample.key, json.loads(sample.member("json")), sample)


def recordings(folder: Path, split: str) -> Iterator[Recording]:
    """The shipped clips of a split, in order. Raises InputError where the folder has none of it."""
    for path in _shards(folder, f"{VOICES}-{split}"):
        yield from recordings_in(path)


def recordings_in(path: Path) -> Iterator[Recording]:
    """The clips of one shard of voices, in order."""
    for sample in read_shard(path):
        yield Recording(sample.key, json.loads(sample.member("json")), sample)


def voice_numbers(facts: Sequence[Mapping[str, Any]]) -> dict[str, Float64[np.ndarray, " persons"]]:
    """What voices were made with, a column for each number: Hz and cm as logarithms, whose sums the table of causes adds up.

    Left out: whose recordings they were made from.
    """
    voices = [one["voice"] for one in facts]
    columns = {f"ln {name}": np.log([one[name] for one in voices]) for name in LOGARITHMS}
    columns |= {name: np.array([one[name] for one in voices], np.float64) for name in PLAIN}
    for number, shifts in enumerate(zip(*(one["formant_shifts"] for one in voices), strict=True), start=1):
        columns[f"F{number} shift"] = np.array(shifts, np.float64)
    return columns


def find_speaker(folder: Path, identity: str) -> Speaker:
    """One person by id. Raises InputError where nobody is called that."""
    split = identity.rpartition("-")[0]
    for path in shard_paths(folder, f"{FACES}-{split}"):
        for person in speakers_in(path):
            if person.id == identity:
                return person
    known = sorted(path.name.split(".")[0].removeprefix(f"{FACES}-").rpartition("-")[0]
                   for path in folder.glob(f"{FACES}-*-0000.tar*"))
    if not known:
        raise InputError(f"no corpus in {folder}; run `dvc pull`, or `make corpus` to make it")
    raise InputError(f"nobody is called {identity!r} in {folder}; ids begin with {', '.join(known)}, such as {known[0]}-00000")


def recordings_of(folder: Path, identity: str) -> list[Recording]:
    """The shipped clips of one person; none where the sound of the split is not shipped."""
    split = identity.rpartition("-")[0]
    if not shard_paths(folder, f"{VOICES}-{split}"):
        return []
    return [one for one in recordings(folder, split) if one.speaker_id == identity]


def _shards(folder: Path, kind: str) -> list[Path]:
    found = shard_paths(folder, kind)
    if not found:
        raise InputError(f"no shard {kind}-0000 in {folder}; run `dvc pull`, or `make corpus` to make it")
    return found
