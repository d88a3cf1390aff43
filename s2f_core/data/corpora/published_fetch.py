"""Bring the authors' released examples into a cache folder, from their repository or a local copy; check each file.

Nothing is taken on trust: a file enters the cache only if its size and git blob id are those of the packaged manifest.
"""

import dataclasses
import stat
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from s2f_core import artifacts
from s2f_core.data.corpora.published import COMMIT
from s2f_core.data.corpora.published_manifest import Inventory, ManifestEntry, blob_id, inventory, manifest
from s2f_core.errors import InputError

REPOSITORY = "speech2face/speech2face.github.io"
URL = f"https://github.com/{REPOSITORY}"
_FILES_PER_DOWNLOAD = 256  # one request each: what arrived survives an interruption, and the bar moves

# Of the user's git settings nothing may change the bytes on disk, run a hook, ask a question or wait for ever.
_GIT = (
    *("env", "-u", "GIT_DIR", "-u", "GIT_WORK_TREE", "-u", "GIT_INDEX_FILE"),
    *("GIT_TERMINAL_PROMPT=0", "LC_ALL=C", "git"),
    *("-c", "core.autocrlf=false", "-c", "core.eol=lf", "-c", "core.hooksPath=/dev/null"),
    *("-c", "core.sparseCheckout=true", "-c", "core.sparseCheckoutCone=false"),
    *("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"),
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false"),  # no housekeeping in a folder about to be removed
)


def fetch(
    home: Path,
    *,
    source: Path | None = None,
    url: str = URL,
    entries: tuple[ManifestEntry, ...] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Inventory:
    """Fill `home` with the published examples and say what is there.

    Files already in `home` are hashed again and kept; one that fails is removed and fetched anew. So a second call, or
    one after an interruption, fetches only what is missing, and nothing at all (no network) where nothing is.

    Args:
        home: a folder outside this repository (`published.home(cache)`).
        source: a local copy in the page's layout, whole or partial; None: a clone of `url` limited to what is missing.
        entries: the files wanted; None: `manifest()`. Others in `source` are ignored.
        on_progress: called with the number of entries dealt with since the last call; their sum is `len(entries)`.

    Returns:
        The inventory of `home`; its `refused` also names the files of the source that are not the authors' (other
        content, a symbolic link, unreadable). They are left out, the good ones stay.

    Raises:
        InputError: `home` lies in this repository, `source` is no such copy, or git fails (its own words are given).
    """
    _refuse_repository(home)
    entries = manifest() if entries is None else entries
    report = on_progress or (lambda n_done: None)
    if source is not None:
        _refuse_other_folders(source, home, entries)
    kept = {entry.path for entry in entries if _keep(home, entry, report)}
    wanted = [entry for entry in entries if entry.path not in kept]
    refused = _copy(source.resolve(), home, wanted, report) if source else _download(url, home, wanted, report)
    found = inventory(home, entries)
    return dataclasses.replace(found, refused=tuple(sorted({*found.refused, *refused})))


def _refuse_repository(home: Path) -> None:
    """These are real people: no file of theirs may come to lie where `git add` would find it."""
    for folder in (home.resolve(), *home.resolve().parents):
        if (folder / ".git").exists() and (folder / "s2f_core").is_dir():
            raise InputError(
                f"the published examples show real people and stay outside the repository; {home} lies inside "
                f"{folder}; choose a cache folder elsewhere"
            )


def _refuse_other_folders(source: Path, home: Path, entries: Sequence[ManifestEntry]) -> None:
    """Stop at a source that is no copy of the page before touching anything."""
    if not source.is_dir():
        raise InputError(f"--from takes a folder; {source} is none; give the one that holds figures/ and supplemental/")
    if source.resolve() == home.resolve():
        raise InputError(f"--from takes a copy to read; {source} is the cache itself; give another or leave --from out")
    if not any((source / entry.path).exists() for entry in entries):
        raise InputError(
            f"--from takes a copy of the authors' page; {source} holds none of its {len(entries):,} files; "
            "give the folder that holds figures/ and supplemental/"
        )


def _keep(home: Path, entry: ManifestEntry, report: Callable[[int], None]) -> bool:
    """True where `home` has the file as it should be; a damaged one is removed, so that nothing wrong can be read."""
    path = home / entry.path
    if _content(path, entry) is None:
        path.unlink(missing_ok=True)
        return False
    report(1)
    return True


def _copy(source: Path, home: Path, entries: Sequence[ManifestEntry], report: Callable[[int], None]) -> list[str]:
    """Copy what `source` has of `entries`, each file whole or not at all; return the paths that were refused."""
    folders = {Path(entry.path).parent for entry in entries}
    linked = {folder for folder in folders if any((source / part).is_symlink() for part in (folder, *folder.parents))}
    refused = []
    for entry in entries:
        path = source / entry.path
        if path.is_symlink() or path.exists():
            content = None if Path(entry.path).parent in linked else _content(path, entry)
            if content is None:
                refused.append(entry.path)
            else:
                artifacts.write_bytes(home / entry.path, content)
        report(1)
    return refused


def _content(path: Path, entry: ManifestEntry) -> bytes | None:
    """The bytes of a plain file that are those of `entry`; None where they are not, or cannot be read."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != entry.bytes:  # never open a link, a pipe or a giant
            return None
        content = path.read_bytes()
    except OSError:  # gone or unreadable: the caller names it among the refused
        return None
    return content if blob_id(content) == entry.blob else None


def _download(url: str, home: Path, entries: Sequence[ManifestEntry], report: Callable[[int], None]) -> list[str]:
    """Clone `url` without file contents, then download and take over the wanted files, some at a time.

    A server hands out commits by full id only and ours is abbreviated, so the clone cannot be shallow: it brings all
    commits and folders (small) and no contents (`blob:none`), the id is resolved here, and each sparse checkout then
    asks for its contents in one request.
    """
    refused: list[str] = []
    if not entries:
        return refused
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=f".{home.name}.") as temporary:
        clone = Path(temporary) / "page"
        _git("clone", "--quiet", "--no-checkout", "--filter=blob:none", "--template=", "--", url, str(clone))
        for start in range(0, len(entries), _FILES_PER_DOWNLOAD):
            batch = entries[start : start + _FILES_PER_DOWNLOAD]
            patterns = "".join(f"/{entry.path}\n" for entry in batch)  # manifest paths hold no pattern characters
            artifacts.write_text(clone / ".git" / "info" / "sparse-checkout", patterns)
            _git("-C", str(clone), "read-tree", "-m", "-u", f"{COMMIT}^{{commit}}")
            refused += _copy(clone, home, batch, report)
    return refused


def _git(*arguments: str) -> None:
    """Run git; its own last words become the error."""
    command = (*_GIT, *arguments)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith(("fatal: ", "error: ", "env: "))]
        words = "; ".join(said) or done.stderr.strip() or f"exit status {done.returncode}"
        raise InputError(
            f"fetching the published examples needs git and a network; git said: {words}; run it again to go on where "
            "it stopped, or give a local copy with --from DIR"
        )
