"""What the reconstruct stage leaves on disk: features and drawn faces of people whom no model was trained on (Sec. 4).

Below results/<profile>/reconstructions: `people.json` (the truth), `faces.safetensors` (features of true faces and of what was
drawn from them), `voices_<variant>.safetensors` (of each recording), the drawings as shards, `drawn-<source>-0000.tar`, and how
each variant was trained, `log_<variant>.jsonl`. Beside them lies what `data/stretches` keeps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int64, Shaped, UInt8

from s2f_core import artifacts
from s2f_core.data import webp
from s2f_core.data.shards import Sample, read_shard, shard_name, write_shard

F2F = "f2f"  # source of a drawing: the features of the true face; else the name of a variant of the voice encoder
FAINT = "faint"  # training faces whose v_f was moved towards the mean feature: what faces drawn from voices are like
MEMBER = "canonical.webp"
QUALITY = 90  # of the drawings
PEOPLE, FACES, VOICES, LOG = "people.json", "faces.safetensors", "voices_", "log_"
SMALL = "small_models.json"  # in the published profile: what its small models' tests gave
SPLITS = ("train", "test", "gallery")

Features = Float32[np.ndarray, "_ feature"]  # of as many as there are
Points = Float32[np.ndarray, "persons 68 2"]


@dataclass(frozen=True, eq=False)
class Faces:
    """Features of faces, a row per person in the order of `ids`.

    Attributes:
        ids: by split: train, test, gallery.
        canonical: v_f of the canonical face, by split.
        wild: of the test persons' first picture in the wild.
        drawn: of the faces drawn from v_f (F2F), for train and test; `FAINT`: of those of train, drawn nearer to the mean.
        landmarks_px: x, y that the decoder gave the test persons' drawings, in pixels of the picture.
        model: hash of the set that they were seen and drawn with.
    """

    ids: Mapping[str, Sequence[str]]
    canonical: Mapping[str, Features]
    wild: Features
    drawn: Mapping[str, Features]
    landmarks_px: Points
    model: str


@dataclass(frozen=True, eq=False)
class Voices:
    """What one variant of the voice encoder made of the test persons' recordings, a row each.

    Attributes:
        person: row of the speaker among the test persons.
        facts: `id`, `kind` (clip, long, second), `language` and `seconds` of each recording.
        features: v_s.
        first: row of the recording that each test person was drawn from, their first clip.
        drawn, landmarks_px: of those drawings, as in `Faces`; a row per person.
        model: hash of the whole set.
    """

    variant: str
    person: Int64[np.ndarray, " rows"]
    facts: Sequence[Mapping[str, Any]]
    features: Float32[np.ndarray, "rows feature"]
    first: Int64[np.ndarray, " persons"]
    drawn: Float32[np.ndarray, "persons feature"]
    landmarks_px: Points
    model: str

    def column(self, name: str) -> Shaped[np.ndarray, " rows"]:
        """One fact of every recording."""
        return np.array([one[name] for one in self.facts])


def folder_of(root: Path, profile: str) -> Path:
    """Where a profile's reconstructions lie."""
    return root / "results" / profile / "reconstructions"


def variants(folder: Path) -> list[str]:
    """Name the variants of the voice encoder that were heard with."""
    return sorted(path.stem.removeprefix(VOICES) for path in folder.glob(f"{VOICES}*.safetensors"))


def write_people(folder: Path, people: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Store the truth about the persons of each split, landmarks and cameras left out."""
    kept = {split: [{key: fact for key, fact in one.items() if key not in ("landmarks_px", "views")} for one in some]
            for split, some in people.items()}
    artifacts.write_json(folder / PEOPLE, kept)


def read_people(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The truth by split. Raises InputError where the stage did not run."""
    return artifacts.read_json(folder / PEOPLE)


def write_faces(folder: Path, faces: Faces) -> None:
    """Store features of faces."""
    tensors = {f"canonical.{split}": rows for split, rows in faces.canonical.items()}
    tensors |= {f"drawn.{split}": rows for split, rows in faces.drawn.items()}
    tensors |= {"wild": faces.wild, "landmarks_px": faces.landmarks_px}
    artifacts.write_tensors(folder / FACES, tensors, {"ids": {k: list(v) for k, v in faces.ids.items()}, "model": faces.model})


def read_faces(folder: Path) -> Faces:
    """Read what `write_faces` wrote. Raises InputError where the stage did not run."""
    tensors, meta = artifacts.read_tensors(folder / FACES)
    canonical, drawn = ({name.partition(".")[2]: rows for name, rows in tensors.items() if name.startswith(f"{kind}.")}
                        for kind in ("canonical", "drawn"))
    return Faces(meta["ids"], canonical, tensors["wild"], drawn, tensors["landmarks_px"], meta["model"])


def write_voices(folder: Path, voices: Voices) -> None:
    """Store what one variant heard."""
    names = ("person", "features", "first", "drawn", "landmarks_px")
    artifacts.write_tensors(_voices(folder, voices.variant), {name: getattr(voices, name) for name in names},
                            {"facts": [dict(one) for one in voices.facts], "model": voices.model})


def read_voices(folder: Path, variant: str) -> Voices:
    """Read what `write_voices` wrote. Raises InputError where the stage did not run for this variant."""
    tensors, meta = artifacts.read_tensors(_voices(folder, variant))
    return Voices(variant=variant, facts=meta["facts"], model=meta["model"], **tensors)


def write_drawings(folder: Path, source: str, ids: Sequence[str], faces: UInt8[np.ndarray, "persons side side 3"]) -> None:
    """Store drawings from one source, `F2F` or a variant, by person."""
    samples = (Sample(one, {MEMBER: webp.encode(face, quality=QUALITY)}) for one, face in zip(ids, faces, strict=True))
    write_shard(_drawings(folder, source), samples)


def read_drawings(folder: Path, source: str) -> dict[str, UInt8[np.ndarray, "side side 3"]]:
    """Person → drawing. Raises InputError where the stage did not draw from this source."""
    return {sample.key: webp.decode(sample.member(MEMBER)) for sample in read_shard(_drawings(folder, source))}


def write_small(root: Path, trained_on: str | None, tests: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Store what the small models of the released examples were trained on, and test → reading → estimate; None and {}: not."""
    artifacts.write_json(folder_of(root, "published") / SMALL, {"set": trained_on, "tests": tests})


def read_small(root: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Test → reading → estimate; nothing where the stage did not run or had too few examples."""
    path = folder_of(root, "published") / SMALL
    return artifacts.read_json(path)["tests"] if path.exists() else {}


def log_of(folder: Path, variant: str) -> Path:
    """Where the log of a variant's training lies."""
    return folder / f"{LOG}{variant}.jsonl"


def logs(folder: Path) -> dict[str, Path]:
    """Variant → log of its training, of those that are here."""
    return {path.stem.removeprefix(LOG): path for path in sorted(folder.glob(f"{LOG}*.jsonl"))}


def _voices(folder: Path, variant: str) -> Path:
    return folder / f"{VOICES}{variant}.safetensors"


def _drawings(folder: Path, source: str) -> Path:
    return folder / shard_name(f"drawn-{source}", 0)
