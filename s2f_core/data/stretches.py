"""What was heard in parts of long recordings of the test people, as the reconstruct stage leaves it (for Figs 6 and 10)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int64

from s2f_core import artifacts

STRETCHES = "stretches_"  # in the folder of `data/reconstructions`, then the variant: a safetensors file


@dataclass(frozen=True, eq=False)
class Stretches:
    """What one variant heard in parts of the test people's long recordings, a row each; it was trained for other lengths.

    Attributes:
        person: row of the speaker among the test persons.
        start_s, seconds: where a part begins, and how long it is.
        features: v_s.
        model: hash of the whole set.
    """

    variant: str
    person: Int64[np.ndarray, " rows"]
    start_s: Int64[np.ndarray, " rows"]
    seconds: Int64[np.ndarray, " rows"]
    features: Float32[np.ndarray, "rows feature"]
    model: str


def write(folder: Path, stretches: Stretches) -> None:
    """Store what one variant heard in parts of recordings."""
    tensors = {name: getattr(stretches, name) for name in ("person", "start_s", "seconds", "features")}
    artifacts.write_tensors(folder / f"{STRETCHES}{stretches.variant}.safetensors", tensors, {"model": stretches.model})


def read(folder: Path) -> dict[str, Stretches]:
    """Variant → what it heard in parts; of those that heard any."""
    found = {}
    for path in sorted(folder.glob(f"{STRETCHES}*.safetensors")):
        tensors, meta = artifacts.read_tensors(path)
        variant = path.stem.removeprefix(STRETCHES)
        found[variant] = Stretches(variant=variant, model=meta["model"], **tensors)
    return found
