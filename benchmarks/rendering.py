"""Seconds of one core per synthetic face, and the memory it takes.

    python benchmarks/rendering.py [--json PATH]

The first call on a machine compiles the inner loops (about 20 s, kept on disk); it is not counted.
"""

import argparse
import resource
import statistics
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from s2f_core import artifacts
from s2f_core.synthesis.face.assets import HeadPack
from s2f_core.synthesis.face.identity import FaceTraits, sample_face
from s2f_core.synthesis.face.render import Renderer
from s2f_core.synthesis.face.view import CANONICAL, sample_view

HEAD = Path(__file__).resolve().parents[1] / "data" / "head"
N_FACES = 40
TARGETS = {"canonical": 0.20, "wild": 0.30, "second view": 0.30}  # s; the last: in the wild, of a face drawn just before
MOST_MB = 600


def main() -> None:
    """Run, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    wanted = parser.parse_args()
    with threadpool_limits(1):  # as a worker process does: processor seconds of waiting threads are no work
        _run(wanted.json)


def _run(target: Path | None) -> None:
    rng = np.random.default_rng(0)
    renderer = Renderer(HeadPack.load(HEAD))
    people = [sample_face(rng, FaceTraits(("female", "male")[number % 2], float(rng.uniform(18, 80)), (0.3, 0.3, 0.4)))
              for number in range(N_FACES)]
    renderer.render(people[0], CANONICAL, 64)
    taken: dict[str, list[float]] = {name: [] for name in TARGETS}

    def clocked(name: str, number: int, size: int) -> None:
        view = CANONICAL if name == "canonical" else sample_view(rng)
        start = time.process_time()
        renderer.render(people[number], view, size)
        taken[name].append(time.process_time() - start)

    for number in range(N_FACES):
        clocked("canonical", number, 128)
        clocked("second view", number, 224)
    for number in range(N_FACES):
        clocked("wild", number, 224)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    medians = {name: statistics.median(times) for name, times in taken.items()}
    print(f"synthetic faces, median CPU seconds of {N_FACES}")
    for name, seconds in medians.items():
        print(f"  {name:12} {seconds:.3f} s (target ≤ {TARGETS[name]:.2f})")
    print(f"  peak memory  {megabytes:.0f} MB (target ≤ {MOST_MB})")
    if target:
        artifacts.write_json(target, {"faces": N_FACES, "seconds": medians, "megabytes": megabytes, "targets": TARGETS})


if __name__ == "__main__":
    main()
