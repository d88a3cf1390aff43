"""Shards: samples in WebDataset's tar layout, written byte-stable and read one at a time (the corpora of Sec. 4).

A sample is a key and members by ending: `p7-0.ogg`, `p7-0.face.webp`, `p7-0.json`. The same format holds 40 clips and
1.7 million. A name that ends in .gz is compressed as a whole: for shards full of small members.
"""

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from s2f_core.artifacts import write_bytes
from s2f_core.errors import InputError

KEY = re.compile(r"[A-Za-z0-9_-]+")  # no dot: the first one ends the key
ENDING = re.compile(r"[a-z0-9]+(\.[a-z0-9]+)*")
LARGEST_MEMBER = 64 * 2**20  # bytes; a clip, a face or a description is far smaller
GZIP_LEVEL = 9


@dataclass(frozen=True)
class Sample:
    """One sample: its key, and its members' bytes by ending ('ogg', 'face.webp', 'json')."""

    key: str
    members: Mapping[str, bytes]

    def member(self, ending: str) -> bytes:
        """One member. Raises InputError naming those that there are."""
        if ending not in self.members:
            raise InputError(f"sample {self.key} has no .{ending}; it has {', '.join(sorted(self.members)) or 'nothing'}")
        return self.members[ending]


def shard_name(kind: str, number: int, *, compressed: bool = False) -> str:
    """File name of a shard: kind and number, counted from 0."""
    return f"{kind}-{number:04d}.tar" + (".gz" if compressed else "")


def shard_paths(folder: Path, kind: str) -> list[Path]:
    """The shards of one kind in `folder`, in order."""
    named = re.compile(rf"{re.escape(kind)}-\d{{4,}}\.tar(\.gz)?")
    return sorted(path for path in folder.glob(f"{kind}-*") if named.fullmatch(path.name))


def write_shard(path: Path, samples: Iterable[Sample]) -> None:
    """Write samples in the order given, atomically; the same samples give the same bytes.

    Raises InputError on a key or ending that a reader would take apart differently, or a key that comes twice.
    """
    buffer, seen = io.BytesIO(), set()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for sample in samples:
            if sample.key in seen or not KEY.fullmatch(sample.key) or not all(map(ENDING.fullmatch, sample.members)):
                raise InputError(f"a shard takes each key once, of letters, digits, - and _, and endings like face.webp; got "
                                 f"{sample.key!r} with {sorted(sample.members)}")
            seen.add(sample.key)
            for ending in sorted(sample.members):
                entry = tarfile.TarInfo(f"{sample.key}.{ending}")
                entry.size = len(sample.members[ending])
                tar.addfile(entry, io.BytesIO(sample.members[ending]))
    content = buffer.getvalue()
    write_bytes(path, gzip.compress(content, GZIP_LEVEL, mtime=0) if path.suffix == ".gz" else content)


def read_shard(path: Path) -> Iterator[Sample]:
    """Yield the samples of one shard without unpacking it to disk.

    Raises InputError: missing, cut short or no tar, a member that is no plain file or whose name is a path, or too large.
    """
    key, members = "", {}
    try:
        with tarfile.open(path, mode="r|*") as tar:
            for entry in tar:
                name, _, ending = entry.name.partition(".")
                _check_member(path, entry, name, ending)
                if name != key and members:
                    yield Sample(key, members)
                    members = {}
                key = name
                members[ending] = tar.extractfile(entry).read()
    except FileNotFoundError:
        raise InputError(f"{path} is missing; run `dvc pull`, or make the corpus") from None
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise InputError(f"{path} is damaged or no shard ({error}); delete it and run `dvc pull`") from None
    if members:
        yield Sample(key, members)


def _check_member(path: Path, entry: tarfile.TarInfo, key: str, ending: str) -> None:
    if not (entry.isreg() and KEY.fullmatch(key) and ENDING.fullmatch(ending)):
        raise InputError(f"{path} holds {entry.name!r}, which is no plain member key.ending; it is not a shard of ours")
    if entry.size > LARGEST_MEMBER:
        raise InputError(f"{path}: {entry.name} claims {entry.size:,} bytes, at most {LARGEST_MEMBER:,} are read")
