"""Seconds from a sound file to a face, cold (a new process) and warm, and clips and faces per second in batches.

    python benchmarks/reconstructing.py [--json PATH]

Networks of the laptop's sizes, not trained: values do not change the time. Needs data/weights/ge2e.safetensors.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from s2f_core import artifacts
from s2f_core.data.audio import CLIP_SAMPLES
from s2f_core.data.webp import CANONICAL_PX
from s2f_core.models import mean_feature, voice_encoder
from s2f_core.models.face_decoder import RGB, FaceDecoder, laptop
from s2f_core.models.face_encoder import COMPACT_FEATURE, CompactFaceEncoder, compact
from s2f_core.models.voice_encoder import VoiceEncoder
from s2f_core.reconstruct import Reconstructor

DATA = Path(__file__).resolve().parents[1] / "data"
GE2E = DATA / "weights" / "ge2e.safetensors"
VOICES = {"6s": voice_encoder.laptop(), "3s": voice_encoder.laptop(3), "speaker": voice_encoder.speaker()}
CLASSES = 2000  # about as many people as the laptop trains on
ROUNDS, BATCH, COLD_ROUNDS = 9, 64, 3
TARGETS_S = {"cold": 6.0, "warm": 1.5}


def write_set(folder: Path) -> Path:
    """Write untrained networks, and the speaker encoder beside them."""
    face, decoder = CompactFaceEncoder(compact(CLASSES)), FaceDecoder(laptop())
    decoder.initialise(0)
    decoder.set_means(torch.rand(68, 2), torch.rand(RGB, CANONICAL_PX, CANONICAL_PX))
    face.save(folder / "face_encoder.safetensors")
    decoder.save(folder / "face_decoder.safetensors")
    for variant, config in VOICES.items():
        VoiceEncoder(config).save(folder / f"voice_encoder_{variant}.safetensors")
    features = torch.randn(100, COMPACT_FEATURE)
    mean_feature.write(folder / "mean_feature.safetensors", features, folder / "face_encoder.safetensors")
    shutil.copy(GE2E, folder.parent)
    return folder


def seconds(work: Callable[[], object], rounds: int) -> list[float]:
    """Wall-clock seconds of each round."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return taken


def row(what: str, variant: str, clip: str, taken: list[float]) -> dict[str, Any]:
    """Print one line and return it as numbers."""
    print(f"  {what:5} {variant:8} {clip:30} {statistics.median(taken):6.3f} s ({min(taken):.3f}-{max(taken):.3f}), "
          f"target < {TARGETS_S[what]:g} s")  # fmt: skip
    return {"what": what, "variant": variant, "clip": clip, "median_s": statistics.median(taken), "largest_s": max(taken)}


def files(folder: Path, variant: str) -> list[dict[str, Any]]:
    """Cold and warm times of every test clip."""
    clips, rows = sorted((DATA / "speech").glob("*_*.*")), []
    loaded = Reconstructor.load(folder, variant)
    for clip in clips:
        loaded.voice_to_face(clip)
        rows.append(row("warm", variant, clip.name, seconds(lambda clip=clip: loaded.voice_to_face(clip, 0.7).png(), ROUNDS)))
    encoder = folder / f"voice_encoder_{variant}.safetensors"
    command = [sys.executable, "-m", "s2f_core.cli", "reconstruct", str(clips[-1]), "-o", str(folder / "face.png"),
               "--model", str(encoder)]  # fmt: skip
    cold = seconds(lambda: subprocess.run(command, check=True, capture_output=True), COLD_ROUNDS)
    return [*rows, row("cold", variant, clips[-1].name, cold)]


def batches(folder: Path, variant: str) -> dict[str, float]:
    """Clips heard, faces seen and faces drawn per second."""
    loaded = Reconstructor.load(folder, variant)
    rng = np.random.default_rng(0)
    clips = torch.from_numpy(rng.normal(0, 0.1, (BATCH, CLIP_SAMPLES)).astype(np.float32))
    faces = torch.from_numpy(rng.integers(0, 256, (BATCH, CANONICAL_PX, CANONICAL_PX, RGB), dtype=np.uint8))
    features = loaded.see(faces)
    works = {"heard": lambda: loaded.hear(clips), "seen": lambda: loaded.see(faces), "drawn": lambda: loaded.draw(features)}
    speeds = {name: BATCH / statistics.median(seconds(work, ROUNDS)) for name, work in works.items()}
    print(f"  {variant:8} per second: " + ", ".join(f"{speed:.0f} {name}" for name, speed in speeds.items()))
    return speeds


def main() -> None:
    """Run, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    wanted = parser.parse_args()
    print(f"reconstruction, {torch.get_num_threads()} torch threads, median of {ROUNDS} rounds, cold of {COLD_ROUNDS}")
    with tempfile.TemporaryDirectory() as name:
        folder = write_set(Path(name) / "set")
        rows = [one for variant in VOICES for one in files(folder, variant)]
        speeds = {variant: batches(folder, variant) for variant in VOICES}
    if wanted.json:
        artifacts.write_json(wanted.json, {"targets_s": TARGETS_S, "files": rows, "per_second": speeds})


if __name__ == "__main__":
    main()
