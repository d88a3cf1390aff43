"""What the audits' experiments leave on disk: tables of what was judged, a row per recording, without sound or face.

Below data/audits/<corpus> as shipped, below results/<profile>/audits as made anew: `<table>.safetensors`, numbers as arrays,
words as codes and a list. `model`: hash of the trained set that was listened to; of worlds, of the face models alone.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Float32, Int64, Shaped

from s2f_core import artifacts
from s2f_core.errors import InputError

MORPHS, MAJORITY = ("african", "asian", "caucasian"), "caucasian"  # ancestry morphs as `synthesis/languages` names them
Words = Shaped[np.ndarray, " rows"]
Numbers = Float32[np.ndarray, " rows"]


@dataclass(frozen=True, eq=False)
class Members:
    """Is a training speaker known better? `percent`: rank of the own face in equally large galleries of the same split.

    `group`: 'trained clip' (a clip of the training), 'new clip' (of a held-out sentence, by the same person), 'others' (of a
    held-out sentence, by a test person). `cosine`: of heard feature and own face's.
    """

    model: str
    group: Words
    person: Words
    cosine: Numbers
    percent: Numbers


@dataclass(frozen=True, eq=False)
class Sweep:
    """One speaker's sentence with pitch and vocal tract set one by one; `woman`: score of 'female' of the face heard in it."""

    model: str
    person: Words
    sex: Words
    f0_hz: Numbers
    vtl_cm: Numbers
    woman: Numbers


@dataclass(frozen=True, eq=False)
class Crossed:
    """Clips of test people; `changed`: 'nothing', or 'pitch', 'tract', 'both' as their like of the other sex have them."""

    model: str
    person: Words
    sex: Words
    changed: Words
    woman: Numbers


@dataclass(frozen=True, eq=False)
class Sounds:
    """What no voice is: `kind` of sound, the face heard in it, and the rank of a test person's face by lot in per cent.

    `apart`: the heard feature's distance from the mean face's, in mean distances of voices.
    """

    model: str
    kind: Words
    woman: Numbers
    age: Numbers
    percent: Numbers
    apart: Numbers


@dataclass(frozen=True, eq=False)
class Worlds:
    """Voice encoders trained in worlds whose languages and ancestry morphs go together by design, heard by all test people.

    A run is one training; its columns repeat over its rows. `follows`: share of first languages that come from the table of
    the ancestry morph; `majority`: share of the training people with the majority's morph; `paired` 0: the voice is somebody
    else's; `treated`: 'nothing', 'balanced', 'reweighted' or 'reversed'; `net`: the encoder's preset. `associated`: Cramér's V
    of language and morph in the training clips. `goes_with`: morph whose people speak the recording's language most often by
    the generator's tables, '' where two are alike. `african`, `asian`, `caucasian`: scores of the morphs in the face heard.
    `kind`: 'clip' or 'second', the same person in their second language; `percent`: rank of the own face in per cent of the
    gallery; `noise_db`: signal to noise of the recording.
    """

    model: str
    run: Int64[np.ndarray, " rows"]
    net: Words
    treated: Words
    follows: Numbers
    majority: Numbers
    paired: Numbers
    associated: Numbers
    person: Words
    sex: Words
    morph: Words
    kind: Words
    language: Words
    goes_with: Words
    african: Numbers
    asian: Numbers
    caucasian: Numbers
    woman: Numbers
    age: Numbers
    percent: Numbers
    noise_db: Numbers


Experiment = Members | Sweep | Crossed | Sounds | Worlds
Kind = TypeVar("Kind", Members, Sweep, Crossed, Sounds, Worlds)


@dataclass(frozen=True, eq=False)
class Experiments:
    """All tables that are there."""

    members: Members | None = None
    sweep: Sweep | None = None
    crossed: Crossed | None = None
    sounds: Sounds | None = None
    worlds: Worlds | None = None

    def tables(self) -> list[Experiment]:
        """Those that there are."""
        return [table for one in fields(self) if (table := getattr(self, one.name)) is not None]


def path_of(folder: Path, kind: type[Experiment]) -> Path:
    """Where a table lies."""
    return folder / f"{kind.__name__.lower()}.safetensors"


def write(folder: Path, table: Experiment) -> None:
    """Write a table, atomically; the same table gives the same bytes.

    Small: words as the shortest codes, and of the many rows of worlds three digits of a number, which is more than they tell.
    """
    columns = {one.name: getattr(table, one.name) for one in fields(table) if one.name != "model"}
    words, tensors = {}, {}
    for name, column in columns.items():
        if column.dtype.kind == "U":
            labels, codes = np.unique(column, return_inverse=True)
            words[name], tensors[name] = labels.tolist(), codes.astype(np.min_scalar_type(len(labels)))
        elif column.dtype.kind == "f":
            tensors[name] = column.astype(np.float16 if isinstance(table, Worlds) else np.float32)
        else:
            tensors[name] = column.astype(np.int16)
    artifacts.write_tensors(path_of(folder, type(table)), tensors, {"model": table.model, "words": words})


def read(folder: Path, kind: type[Kind]) -> Kind | None:
    """Read a table; None where it was not made. Raises InputError where it is damaged or of another version."""
    path = path_of(folder, kind)
    if not path.is_file():
        return None
    tensors, meta = artifacts.read_tensors(path)
    wanted = {one.name for one in fields(kind)} - {"model"}
    if set(tensors) != wanted or not {"model", "words"} <= set(meta):
        differ = sorted(set(tensors) ^ wanted)
        raise InputError(f"{path} holds other columns than this version reads ({differ}); run `dvc pull`")
    columns = {name: np.array(meta["words"][name])[column] if name in meta["words"]
               else column.astype(np.float32 if column.dtype.kind == "f" else np.int64) for name, column in tensors.items()}
    return kind(model=meta["model"], **columns)


def read_all(folder: Path) -> Experiments:
    """Read all tables of a folder. Raises InputError as `read`."""
    return Experiments(read(folder, Members), read(folder, Sweep), read(folder, Crossed), read(folder, Sounds),
                       read(folder, Worlds))
