"""Faces per second of the whole face front end on one and on two processes, in turns in one run.

    python benchmarks/faces.py [--json PATH]

Every run loads its models, and two processes also start, as when a command is given: nothing is kept from the last.
"""

import argparse
import statistics
import time
from pathlib import Path

from s2f_core import artifacts
from s2f_core.features.measure import measure_faces, models

FACES = sorted((Path(__file__).resolve().parents[1] / "data" / "faces").glob("*.png"))
REPEATS = 6  # 48 pictures
ROUNDS = 3
TARGET = 1.7


def faces_per_second(paths: list[Path], processes: int) -> float:
    """Measure every face, loading included, and return how many per second of wall clock."""
    models.cache_clear()
    start = time.perf_counter()
    measure_faces(paths, processes=processes)
    return len(paths) / (time.perf_counter() - start)


def main() -> None:
    """Run, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    wanted = parser.parse_args()
    paths = FACES * REPEATS
    speeds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for processes, taken in speeds.items():
            taken.append(faces_per_second(paths, processes))
    one, two = (statistics.median(speeds[processes]) for processes in (1, 2))
    print(f"face front end, {len(paths)} faces, median of {ROUNDS} rounds")
    print(f"  1 process    {one:5.2f} faces/s")
    print(f"  2 processes  {two:5.2f} faces/s   {two / one:.2f}× (target ≥ {TARGET}×)")
    if wanted.json:
        numbers = {"faces": len(paths), "rounds": ROUNDS, "one": one, "two": two, "ratio": two / one, "target": TARGET}
        artifacts.write_json(wanted.json, numbers)


if __name__ == "__main__":
    main()
