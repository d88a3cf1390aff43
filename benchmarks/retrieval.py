"""Seconds of exact retrieval, ours and the flat index of faiss in turns in one run, and the memory that ours takes.

    python benchmarks/retrieval.py [--json PATH] [--faces N ...]

From features to the answer, so that scaling, centring and building the index count. Lists: the 10 nearest faces. Ranks: how
many faces are nearer than the true one, which faiss does not count; its lists of 10 stand beside them. Plain: ranks by one
product in double precision, block by block. faiss is no dependency: `pip install faiss-cpu` adds it.
"""

import argparse
import importlib
import importlib.util
import statistics
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from s2f_core import artifacts
from s2f_core.evaluate.retrieval import ranks, top

N_QUERIES, N_FEATURES, LISTED = 5000, 512, 10
GALLERIES = (5000, 100_000)
ROUNDS = 5
TARGET = 1.0  # ours at least as fast as faiss's flat index
PLAIN_ROWS = 64  # queries at once
ABSENT = "faiss is not installed, so ours runs alone; `pip install faiss-cpu` adds it to this benchmark"


def features(n_faces: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Noisy voices of some of the faces, the faces, and which face is whose."""
    rng = np.random.default_rng(n_faces)
    gallery = rng.standard_normal((n_faces, N_FEATURES), dtype=np.float32)
    truth = rng.permutation(n_faces)[:N_QUERIES]
    queries = 4 * rng.standard_normal((N_QUERIES, N_FEATURES), dtype=np.float32)
    queries += gallery[truth]
    return queries, gallery, truth


def faiss_lists(queries: np.ndarray, gallery: np.ndarray, metric: str) -> np.ndarray:
    """Lists by IndexFlatIP of unit vectors or IndexFlatL2."""
    faiss = importlib.import_module("faiss")
    if metric == "cosine":
        queries, gallery = queries.copy(), gallery.copy()
        faiss.normalize_L2(queries)
        faiss.normalize_L2(gallery)
    index = (faiss.IndexFlatIP if metric == "cosine" else faiss.IndexFlatL2)(N_FEATURES)
    index.add(gallery)
    return index.search(queries, LISTED)[1]


def plain_ranks(queries: np.ndarray, gallery: np.ndarray, truth: np.ndarray, metric: str) -> np.ndarray:
    """Ranks by distances in double precision."""
    queries, gallery = queries.astype(np.float64), gallery.astype(np.float64)
    if metric == "cosine":
        queries, gallery = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (queries, gallery))
    squares, found = (gallery**2).sum(1), []
    for start in range(0, len(queries), PLAIN_ROWS):
        distances = squares - 2 * queries[start : start + PLAIN_ROWS] @ gallery.T
        own = distances[np.arange(len(distances)), truth[start : start + PLAIN_ROWS]]
        found.append((distances <= own[:, None]).sum(1))
    return np.concatenate(found)


def megabytes(method: Callable[[], np.ndarray]) -> tuple[np.ndarray, float]:
    """A method's answer, and the most memory its arrays took at once."""
    tracemalloc.start()
    answer = method()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return answer, peak


def measure(n_faces: int, metric: str) -> tuple[dict[str, list[float]], float, float | None]:
    """Return each method's seconds, one for each round, in turns; the memory of ours; and how far the lists agree."""
    queries, gallery, truth = features(n_faces)
    methods: dict[str, Callable[[], np.ndarray]] = {
        "ours, lists": lambda: top(queries, gallery, LISTED, metric),
        "ours, ranks": lambda: ranks(queries, gallery, truth, metric).ranks,
    }
    (lists, for_lists), (counted, for_ranks) = (megabytes(method) for method in methods.values())
    taken, agree = max(for_lists, for_ranks), None
    if importlib.util.find_spec("faiss"):
        methods["faiss, lists"] = lambda: faiss_lists(queries, gallery, metric)
        agree = float((lists == methods["faiss, lists"]()).mean())
    methods["plain, ranks"] = lambda: plain_ranks(queries, gallery, truth, metric)
    if (methods["plain, ranks"]() != counted).any():
        raise SystemExit("the fast ranks differ from the plain ones")
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(ROUNDS):
        for name, method in methods.items():
            start = time.perf_counter()
            method()
            seconds[name].append(time.perf_counter() - start)
    return seconds, taken, agree


def main() -> None:
    """Run, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    parser.add_argument("--faces", type=int, nargs="+", default=GALLERIES, help="sizes of the gallery, at least 5000")
    wanted = parser.parse_args()
    threads = max(pool["num_threads"] for pool in threadpool_info())
    print(f"retrieval, {N_QUERIES} queries of {N_FEATURES} features, {threads} threads, "
          f"median of {ROUNDS} rounds (smallest-largest ratio)")  # fmt: skip
    if not importlib.util.find_spec("faiss"):
        print(ABSENT)
    table = []
    for n_faces in wanted.faces:
        for metric in ("cosine", "l2"):
            seconds, taken, agree = measure(n_faces, metric)
            said = "" if agree is None else f", {agree:.4%} of the listed faces are faiss's"
            print(f"  {n_faces} faces, {metric}: ours took at most {taken:.0f} MB beside the features{said}")
            for name, times in seconds.items():
                row = {"faces": n_faces, "metric": metric, "method": name, "seconds": statistics.median(times),
                       "megabytes": taken}  # fmt: skip
                said = ""
                for kind in ("lists", "ranks"):
                    ratios = [other / mine for mine, other in zip(seconds[f"ours, {kind}"], times, strict=True)]
                    row[f"our_{kind}_are_times"] = statistics.median(ratios)
                    said += f"  our {kind} are {statistics.median(ratios):5.2f}× ({min(ratios):.2f}-{max(ratios):.2f})"
                target = f"   (target ≥ {TARGET:g}×)" if name.startswith("faiss") else ""
                print(f"    {name:14} {row['seconds']:7.2f} s{said}{target}")
                table.append(row)
    if wanted.json:
        artifacts.write_json(wanted.json, {"queries": N_QUERIES, "features": N_FEATURES, "threads": threads, "rounds": ROUNDS,
                                           "target": TARGET, "methods": table})  # fmt: skip


if __name__ == "__main__":
    main()
