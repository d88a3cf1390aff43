"""An invented page in the layout of the authors' one, both halves, with awkward ids and no person in it."""

from pathlib import Path

from s2f_core.data.corpora.published_manifest import ManifestEntry, blob_id

AVSPEECH = (
    "-bcDEF_12-k_076.783711-079.783711",
    "_bcdefghij-_010.000000-022.500000",
    "-bcDEF_12-k_080.000000-084.000000",
)
VOXCELEB = (
    "0012Ann_Example_-_aB3-_xyz9_0000002",
    "0012Ann_Example_KLM--nopqrs_0000005",
    "1140Bo_O-Test_abcdefghijk_0000011",
)
PLACEHOLDERS = ("1145Zz_Siri_2_siri", "1145Zz_Google_abcdefghijk_384.000000-387.000000")
FACES = ("Face_ori", "Face_f2f", "Face_exg0", "Face_exg0.7", "Face_exg1.4")
FOLDERS = {**dict.fromkeys(FACES, "jpg"), "Wav": "wav"}  # folder → suffix of its files


def write(root: Path, tree: dict[str, bytes]) -> Path:
    for path, content in tree.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def page() -> dict[str, bytes]:
    """An invented page with both halves: path → content, each content different."""
    stems = {"avspeech_res": AVSPEECH, "voxceleb": (*VOXCELEB, *PLACEHOLDERS)}
    paths = [
        f"figures/{half}/{folder}/{stem}.{suffix}"
        for half, names in stems.items()
        for folder, suffix in FOLDERS.items()
        for stem in names
    ]
    tree = {path: f"{path}\r\nbody\n".encode() for path in [*paths, "supplemental/retrieve/index.html"]}
    return {**tree, "figures/voxceleb/empty.pkl": b"", "figures/avspeech_res/IDs.txt": "\n".join(AVSPEECH).encode()}


def entries_of(tree: dict[str, bytes]) -> tuple[ManifestEntry, ...]:
    return tuple(ManifestEntry(path, len(tree[path]), blob_id(tree[path])) for path in sorted(tree))


def on_disk(root: Path) -> dict[str, bytes]:
    return {file.relative_to(root).as_posix(): file.read_bytes() for file in root.rglob("*") if not file.is_dir()}
