"""Which files make up the authors' released examples, and how much of them a reader has (page at ceb7cfa)."""

import dataclasses
import hashlib
import lzma
import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from s2f_core.data.corpora.published import COMMIT, HALVES, complete_ids
from s2f_core.errors import InputError

_LINE = re.compile(r"([0-9a-f]{40})\t(\d+)\t((?:figures|supplemental)(?:/[\w.-]+)+)", re.ASCII)
_MAX_NAMED = 10  # refused files named one by one in a report
_PURPOSES = {  # group (two folders deep) → what it is for
    "figures/attr": "confusion matrices, Fig. 4",
    "figures/avspeech_res": "the AVSpeech half: voices and faces, Fig. 3",
    "figures/comp_loss": "pixel loss against full loss, Fig. 8",
    "figures/conv_graph": "training curves, Fig. 9",
    "figures/datastat": "class shares of the data, Fig. 4(b)",
    "figures/landmark": "craniofacial statistics, Fig. 5(c)",
    "figures/retrieval": "retrieval lists, Fig. 7",
    "figures/tsne": "t-SNE of VoxCeleb",
    "figures/voxceleb": "the VoxCeleb half: voices and faces, Fig. 1",
    "supplemental/FiginMain": "figures of the paper as shown on the page",
    "supplemental/additional_face2cartoon": "cartoons, Fig. 13",
    "supplemental/qualitative": "250 further AVSpeech results",
    "supplemental/retrieve": "the 100 ranked queries, Fig. 7",
}


@dataclass(frozen=True)
class ManifestEntry:
    """One file of the page: relative path with '/', size in bytes, git blob id (40 hexadecimal digits)."""

    path: str
    bytes: int
    blob: str


@dataclass(frozen=True)
class Count:
    """How many there are, and how many there would be in a complete copy."""

    present: int
    expected: int


@dataclass(frozen=True)
class Inventory:
    """What a reader has of the published examples.

    Attributes:
        folders: folder → files of it.
        clips: half → complete clips (six files each, placeholders not counted).
        refused: paths of files whose content is not the authors'.
        digest: SHA-256 over (path, blob id) of all files that are present, in sorted order.
    """

    commit: str
    folders: dict[str, Count]
    clips: dict[str, Count]
    refused: tuple[str, ...]
    digest: str

    def as_dict(self) -> dict[str, Any]:
        """The same as plain dicts, lists, strings and numbers, for JSON."""
        return {**dataclasses.asdict(self), "refused": list(self.refused)}


def manifest() -> tuple[ManifestEntry, ...]:
    """Every file of the page that this project uses, 10,058 in all, sorted by path.

    The packaged list is `git ls-tree` of the page at COMMIT as `blob, bytes, path`, compressed by
    `lzma.compress(text, preset=9 | lzma.PRESET_EXTREME)`.
    """
    packed = files("s2f_core.data.corpora").joinpath("published_manifest.tsv.xz").read_bytes()
    return parse_manifest(lzma.decompress(packed).decode("ascii"))


def parse_manifest(text: str) -> tuple[ManifestEntry, ...]:
    """Entries of a tab-separated manifest with one line of heading. No path can leave the folder it is joined to.

    Raises:
        InputError: a line is malformed, or its path is absolute, climbs with '..' or occurs twice; the line is named.
    """
    entries: dict[str, ManifestEntry] = {}
    for number, line in enumerate(text.splitlines()[1:], start=2):
        match = _LINE.fullmatch(line)
        if not match or {".", ".."} & set(match[3].split("/")) or match[3] in entries:
            raise InputError(
                "a manifest line is blob, bytes and a new path below figures/ or supplemental/; "
                f"line {number} is {line!r}; reinstall the package"
            )
        entries[match[3]] = ManifestEntry(match[3], int(match[2]), match[1])
    return tuple(entries[path] for path in sorted(entries))


def blob_id(content: bytes) -> str:
    """The name git gives to `content`: SHA-1 over 'blob', its size, a zero byte and the content."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def inventory(home: Path, entries: tuple[ManifestEntry, ...] | None = None) -> Inventory:
    """Count what lies in `home`, by name and size; content was hashed when it was fetched, and is again at every fetch.

    A file with another size than the manifest's is listed in `refused` and does not count as present.

    Args:
        entries: the files expected; None: `manifest()`.
    """
    entries = manifest() if entries is None else entries
    folders = {_folder(entry.path) for entry in entries}
    sizes = {f"{folder}/{name}": size for folder in folders for name, size in _sizes(home / folder).items()}
    present = [entry for entry in entries if sizes.get(entry.path) == entry.bytes]
    refused = (entry.path for entry in entries if sizes.get(entry.path, entry.bytes) != entry.bytes)
    expected_paths, present_paths = [entry.path for entry in entries], [entry.path for entry in present]
    return Inventory(
        commit=COMMIT,
        folders=_counts(map(_folder, present_paths), map(_folder, expected_paths)),
        clips={
            half: Count(len(complete_ids(present_paths, half)), len(complete_ids(expected_paths, half)))
            for half in HALVES
        },
        refused=tuple(refused),
        digest=hashlib.sha256("".join(f"{entry.path}\0{entry.blob}\n" for entry in present).encode()).hexdigest(),
    )


def missing_report(inventory: Inventory) -> list[str]:
    """What is missing or refused, in plain words, one line per group, and how to get it; empty for a complete copy."""
    groups: dict[str, Counter[str]] = {}
    for folder, count in inventory.folders.items():
        group = groups.setdefault("/".join(folder.split("/")[:2]), Counter())
        group.update(present=count.present, expected=count.expected)
    lines = [
        f"{name}: {group['present']:,} of {group['expected']:,} files{_purpose(name, inventory)}"
        for name, group in sorted(groups.items())
        if group["present"] < group["expected"]
    ]
    lines += [f"{path}: not the authors' file, left out" for path in inventory.refused[:_MAX_NAMED]]
    if len(inventory.refused) > _MAX_NAMED:
        lines.append(f"and {len(inventory.refused) - _MAX_NAMED:,} more files that are not the authors', left out")
    if lines:
        lines.append("`s2f fetch published` downloads the rest; with `--from DIR` it takes it from a local copy")
    return lines


def _purpose(group: str, inventory: Inventory) -> str:
    """' (what the group is for; complete clips)', or nothing for a group without a purpose of its own."""
    count = inventory.clips.get(group.removeprefix("figures/"))
    words = [_PURPOSES[group]] if group in _PURPOSES else []
    words += [f"{count.present:,} of {count.expected:,} clips complete"] if count else []
    return f" ({'; '.join(words)})" if words else ""


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _counts(present: Iterable[str], expected: Iterable[str]) -> dict[str, Count]:
    """Name → how often it is present and expected, names sorted."""
    n_present, n_expected = Counter(present), Counter(expected)
    return {name: Count(n_present[name], n_expected[name]) for name in sorted(n_expected)}


def _sizes(folder: Path) -> dict[str, int]:
    """Name → bytes of the plain files in `folder`; links and folders are none."""
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as items:
        return {item.name: item.stat().st_size for item in items if item.is_file(follow_symlinks=False)}
