"""Let people say what the corpus does not hold: clips rendered for an experiment, over processes, kept until it is done."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int16

from s2f_core import workers
from s2f_core.data import opus
from s2f_core.data.audio import CLIP_SECONDS
from s2f_core.data.corpora.examples import in_16_bits
from s2f_core.data.shards import Sample, read_shard, shard_name, shard_paths, write_shard
from s2f_core.synthesis import plan, studio
from s2f_core.synthesis.person import Person
from s2f_core.synthesis.plan import ClipPlan

PER_SHARD = 50  # clips rendered and saved together: an interruption loses at most one shard per process
Spoken = tuple[Person, ClipPlan]


@dataclass(frozen=True)
class Job:
    """One shard to make."""

    path: Path
    clips: tuple[Spoken, ...]
    data: Path

    def __len__(self) -> int:
        return len(self.clips)


def key(person: Person, clip: ClipPlan) -> str:
    """Name of a recording: the clip's id and what is said by which voice. The same name is the same sound."""
    said = json.dumps([asdict(person.voice), clip.language, clip.sentences], sort_keys=True)
    return f"{clip.id}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def first_clip(person: Person) -> ClipPlan:
    """The first clip that the corpus plans for a person."""
    return plan.clips_of(person)[0]


def jobs(folder: Path, clips: Iterable[Spoken], data: Path) -> list[Job]:
    """The shards that are not made yet; a recording that is asked for twice is made once.

    Shards are named after what they hold, so that those of other clips in the same folder are never taken for these.
    """
    wanted = {key(*spoken): spoken for spoken in clips}
    names = sorted(wanted)
    name = kind_of(names)
    return [Job(path, tuple(wanted[one] for one in names[start : start + PER_SHARD]), data)
            for number, start in enumerate(range(0, len(names), PER_SHARD))
            if not (path := folder / shard_name(name, number)).is_file()]


def kind_of(names: Iterable[str]) -> str:
    """The name of the shards that hold recordings of these names."""
    return f"speech-{hashlib.sha256(' '.join(sorted(set(names))).encode()).hexdigest()[:12]}"


def make(some: Sequence[Job], *, processes: int, on_progress: Callable[[int], None]) -> None:
    """Render the shards; each appears whole when it is done."""
    for n_clips in workers.spread(_make, some, processes=processes):
        on_progress(n_clips)


def read(folder: Path, names: Sequence[str]) -> Mapping[str, Int16[np.ndarray, " samples"]]:
    """The recordings of these names, each cut to six seconds or repeated to fill them."""
    found = [sample for path in shard_paths(folder, kind_of(names)) for sample in read_shard(path)]
    with ThreadPoolExecutor() as pool:  # the decoder leaves Python alone
        heard = pool.map(lambda sample: in_16_bits(opus.decode(sample.member("ogg")), CLIP_SECONDS), found)
        return dict(zip((sample.key for sample in found), heard, strict=True))


def _make(job: Job) -> int:
    write_shard(job.path, [Sample(key(person, clip), {"ogg": studio.voice_sample(person, clip, job.data).member("ogg")})
                           for person, clip in job.clips])
    return len(job)
