"""Make the synthetic corpus: render faces and test voices from the assets, then put complete clips together for training.

Two steps, each spread over processes and resumable shard by shard: `render` needs the extra `corpus` and is what a
maintainer ships below data/; `assemble` is the `corpus` stage, needs no extra, and renders the training voices.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from s2f_core import artifacts, config, workers
from s2f_core.data.corpora import synthetic
from s2f_core.data.shards import Sample, read_shard, shard_name, write_shard
from s2f_core.errors import InputError
from s2f_core.synthesis import plan, studio
from s2f_core.synthesis.person import sample_person
from s2f_core.synthesis.world import World, Worlds

WORDS = (".md", ".txt", ".json", "")  # endings of READMEs, licences and judgements
PLAN = "plan.json"  # beside the shards: what they were made of


@dataclass(frozen=True)
class Job:
    """One shard to make: all that a worker process needs to know."""

    what: Literal["faces", "voices", "clips"]
    path: Path
    ids: tuple[str, ...]
    block: plan.CorpusBlock
    world: World
    data: Path
    parts: Path

    def __len__(self) -> int:
        return len(self.ids)


def read_params(root: Path, profile: str) -> tuple[plan.CorpusBlock, World]:
    """The `corpus` block of a profile and the world that it names."""
    block = config.load(root, "corpus", plan.CorpusBlock, profile=profile)
    return block, config.load(root, "worlds", Worlds, profile=profile).named(block.world)


def rendered(root: Path, profile: str) -> Path:
    """Where `render` puts the shards."""
    return root / "results" / profile / "rendered"


def render_jobs(root: Path, profile: str) -> list[Job]:
    """The shards of faces and of the voices that are shipped (test; in the smoke profile all) that are not made yet."""
    block, world = read_params(root, profile)
    folder = rendered(root, profile)
    _same_plan(folder, root, profile)
    return [Job(what, folder / shard_name(f"{what}-{split}", number, compressed=True), ids, block, world, root / "data", folder)
            for what in ("faces", "voices") for split in plan.SPLITS if what == "faces" or _is_shipped(split, block)
            for number, ids in chunks(split, block)
            if not (folder / shard_name(f"{what}-{split}", number, compressed=True)).is_file()]


def assemble_jobs(root: Path, profile: str, parts: Path | None = None) -> list[Job]:
    """The shards of complete clips that are not made yet, from the shipped faces and voices, or from those in `parts`."""
    block, world = read_params(root, profile)
    folder = synthetic.complete(root, profile)
    parts = parts or synthetic.home(root, block.name)
    if not parts.is_dir():
        raise InputError(f"{parts} is missing; run `dvc pull`, or `make corpus` to render it from the assets")
    _same_plan(folder, root, profile)
    return [Job("clips", folder / shard_name(split, number), ids, block, world, root / "data", parts)
            for split in plan.SPLITS if split != "gallery" for number, ids in chunks(split, block)
            if not (folder / shard_name(split, number)).is_file()]


def make(jobs: list[Job], *, processes: int, on_progress: Callable[[int], None]) -> None:
    """Make the shards; each appears whole when it is done, so an interruption loses at most one per process."""
    for n_persons in workers.spread(_make, jobs, processes=processes):
        on_progress(n_persons)


def _make(job: Job) -> int:
    write_shard(job.path, list({"faces": _faces, "voices": _voices, "clips": _clips}[job.what](job)))
    return len(job)


def _faces(job: Job) -> Iterator[Sample]:
    for identity in job.ids:
        yield studio.face_sample(sample_person(job.block.seed, identity, job.world), job.block, job.data)


def _voices(job: Job) -> Iterator[Sample]:
    for identity in job.ids:
        person = sample_person(job.block.seed, identity, job.world)
        for clip in plan.clips_of(person):
            yield studio.voice_sample(person, clip, job.data)


def _clips(job: Job) -> Iterator[Sample]:
    """Complete samples: faces from their shard; voices from theirs where it is shipped, else rendered now."""
    split, number = plan.split_of(job.ids[0]), int(job.path.stem.rpartition("-")[2])
    faces = {sample.key: sample
             for sample in read_shard(job.parts / shard_name(f"{synthetic.FACES}-{split}", number, compressed=True))}
    shipped = job.parts / shard_name(f"{synthetic.VOICES}-{split}", number, compressed=True)
    for voice in read_shard(shipped) if shipped.is_file() else _voices(job):
        yield studio.joined(faces[voice.key.rpartition("-")[0]], voice)


def chunks(split: plan.Split, block: plan.CorpusBlock) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The persons of a split, shard by shard: number and ids."""
    ids = plan.person_ids(split, getattr(block, split))
    for number, start in enumerate(range(0, len(ids), block.persons_per_shard)):
        yield number, ids[start : start + block.persons_per_shard]


def _is_shipped(split: plan.Split, block: plan.CorpusBlock) -> bool:
    return split != "gallery" and (split == "test" or block.ship_all_voices)


def check_plan(folder: Path, root: Path, profile: str) -> None:
    """Raise InputError where the shards in `folder` are of another corpus than the parameters and assets would make now."""
    path, wanted = folder / PLAN, _plan(root, profile)
    if path.is_file() and artifacts.read_json(path) != wanted:
        raise InputError(f"{folder} holds shards of another corpus (see {PLAN}); delete the folder to make them anew")


def _same_plan(folder: Path, root: Path, profile: str) -> None:
    """Write what the shards are made of beside them, unless those that lie there are of something else."""
    check_plan(folder, root, profile)
    artifacts.write_json(folder / PLAN, _plan(root, profile))


def _plan(root: Path, profile: str) -> dict[str, Any]:
    block, world = read_params(root, profile)
    return {"corpus": block.model_dump(), "world": world.model_dump(), "assets": _assets(root / "data")}


def _assets(data: Path) -> dict[str, Any]:
    """Hash of what the head and the voice bank are made of, words about it left out: other assets make other people."""
    files = [path for name in (studio.HEAD, studio.BANK) for path in sorted((data / name).rglob("*"))
             if path.is_file() and path.suffix not in WORDS]
    return {path.relative_to(data).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in files}
