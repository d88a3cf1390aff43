"""Fetching the authors' published examples, from an invented copy and an invented repository, and what can go wrong."""

import json
import subprocess
from pathlib import Path

import pytest
from invented_page import AVSPEECH, FACES, VOXCELEB, entries_of, on_disk, page, write

from s2f_core.data.corpora import published, published_fetch
from s2f_core.data.corpora.published_fetch import fetch
from s2f_core.data.corpora.published_manifest import Count, inventory, missing_report
from s2f_core.errors import InputError


def test_a_complete_copy_of_both_halves_gives_complete_clips_and_an_empty_report(tmp_path: Path) -> None:
    tree = page()
    done: list[int] = []
    source, home = write(tmp_path / "source", tree), published.home(tmp_path / "cache")
    found = fetch(home, source=source, entries=entries_of(tree), on_progress=done.append)
    assert on_disk(home) == tree
    assert missing_report(found) == [] and found.refused == ()
    assert found.clips == {"avspeech_res": Count(3, 3), "voxceleb": Count(3, 3)}
    assert found.folders["figures/voxceleb/Wav"] == Count(5, 5)
    assert sum(done) == len(tree)
    assert json.loads(json.dumps(found.as_dict())) == found.as_dict()
    assert inventory(home, entries_of(tree)) == found
    assert home.name == "published-ceb7cfa"


def test_what_is_not_the_authors_is_left_out_and_named_while_the_rest_is_kept(tmp_path: Path) -> None:
    tree = page()
    source = write(tmp_path / "source", {**tree, "figures/voxceleb/extra.txt": b"unknown", "README.md": b"unknown"})
    corrupt, longer, linked, absent, folder = (f"figures/voxceleb/{name}/{VOXCELEB[0]}.jpg" for name in FACES)
    (source / corrupt).write_bytes(bytes(len(tree[corrupt])))
    (source / longer).write_bytes(tree[longer] + b"!")
    (source / linked).unlink()
    (source / linked).symlink_to(write(tmp_path / "elsewhere", {"same.jpg": tree[linked]}) / "same.jpg")
    (source / absent).unlink()
    (source / folder).unlink()
    (source / folder).mkdir()
    found = fetch(tmp_path / "home", source=source, entries=entries_of(tree))
    refused = {corrupt, longer, linked, folder}
    assert set(found.refused) == refused
    assert on_disk(tmp_path / "home") == {path: tree[path] for path in tree.keys() - refused - {absent}}
    report = "\n".join(missing_report(found))
    assert f"{corrupt}: not the authors' file" in report and "2 of 3 clips complete" in report
    assert "--from DIR" in report
    better = fetch(tmp_path / "home", source=write(source, {absent: tree[absent]}), entries=entries_of(tree))
    assert better.digest != found.digest and set(better.refused) == refused


def test_a_link_as_long_as_the_file_should_be_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.jpg"
    target.write_bytes(bytes(len(str(target))))  # so that size and content behind the link are the expected ones
    source = write(tmp_path / "source", {"figures/b.jpg": b"b"})
    (source / "figures" / "a.jpg").symlink_to(target)
    wanted = entries_of({"figures/a.jpg": target.read_bytes(), "figures/b.jpg": b"b"})
    assert fetch(tmp_path / "home", source=source, entries=wanted).refused == ("figures/a.jpg",)
    assert on_disk(tmp_path / "home") == {"figures/b.jpg": b"b"}


def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    tree = page()
    source = write(tmp_path / "source", tree)
    (source / "figures" / "voxceleb").rename(tmp_path / "elsewhere")
    (source / "figures" / "voxceleb").symlink_to(tmp_path / "elsewhere")
    found = fetch(tmp_path / "home", source=source, entries=entries_of(tree))
    assert set(found.refused) == {path for path in tree if path.startswith("figures/voxceleb/")}
    assert len(missing_report(found)) == 1 + 10 + 1 + 1  # the group, ten names, how many more, the next step
    assert found.clips == {"avspeech_res": Count(3, 3), "voxceleb": Count(0, 3)}


def test_a_second_fetch_writes_nothing_and_repairs_what_was_damaged(tmp_path: Path) -> None:
    tree = page()
    source, home, entries = write(tmp_path / "source", tree), tmp_path / "home", entries_of(tree)
    first = fetch(home, source=source, entries=entries)
    before = {file: file.stat().st_mtime_ns for file in home.rglob("*") if file.is_file()}
    hurt, lost = sorted(before)[:2]
    hurt.write_bytes(bytes(hurt.stat().st_size))
    lost.write_bytes(b"short")
    assert inventory(home, entries).refused == (lost.relative_to(home).as_posix(),)
    (source / lost.relative_to(home)).unlink()
    second = fetch(home, source=source, entries=entries)
    assert hurt.read_bytes() == tree[hurt.relative_to(home).as_posix()] and not lost.exists()
    assert all(file.stat().st_mtime_ns == time for file, time in before.items() if file not in (hurt, lost))
    assert second.digest != first.digest and second.refused == ()


def test_an_interrupted_fetch_leaves_only_whole_files_and_is_taken_up_again(tmp_path: Path) -> None:
    tree = page()
    source, home, entries = write(tmp_path / "source", tree), tmp_path / "home", entries_of(tree)
    done: list[int] = []

    def interrupt(n_done: int) -> None:
        done.append(n_done)
        if len(done) == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(home, source=source, entries=entries, on_progress=interrupt)
    assert on_disk(home).items() <= tree.items() and len(on_disk(home)) == 7
    assert missing_report(fetch(home, source=source, entries=entries)) == []


def test_a_source_that_is_no_copy_of_the_page_is_refused_with_the_folder_to_give(tmp_path: Path) -> None:
    tree = page()
    source = write(tmp_path / "source", tree)
    with pytest.raises(InputError, match="none of its .* files; give the folder that holds figures/"):
        fetch(tmp_path / "home", source=source / "figures", entries=entries_of(tree))
    with pytest.raises(InputError, match="--from takes a folder; .*index.html is none"):
        fetch(tmp_path / "home", source=source / "supplemental/retrieve/index.html", entries=entries_of(tree))
    with pytest.raises(InputError, match="is the cache itself"):
        fetch(source, source=source, entries=entries_of(tree))
    assert not (tmp_path / "home").exists() and on_disk(source) == tree


@pytest.mark.parametrize("where", [".", "cache", "results/published"])
def test_real_people_are_never_fetched_into_a_checkout_of_this_project(tmp_path: Path, where: str) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "s2f_core").mkdir(parents=True)
    (checkout / ".git").write_text("gitdir: elsewhere\n")  # a linked work tree has a file here
    (tmp_path / "link").symlink_to(checkout)
    for folder in (checkout / where, tmp_path / "link" / where):
        with pytest.raises(InputError, match="stay outside the repository; .*choose a cache folder elsewhere"):
            fetch(folder, source=write(tmp_path / "source", page()))
    assert on_disk(checkout) == {".git": b"gitdir: elsewhere\n"}


# --- over git


def git(folder: Path, *arguments: str, stdin: bytes | None = None) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    command = ("git", "-C", str(folder), *identity, *arguments)
    return subprocess.run(command, check=True, capture_output=True, input=stdin).stdout.decode().strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository with the invented page and files besides, its commit reachable under the name we ask for."""
    origin = write(tmp_path / "origin", {**page(), "index.html": b"not ours", "figures/huge/other.bin": b"not ours"})
    git(origin, "init", "--quiet", ".")
    git(origin, "config", "core.autocrlf", "false")
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "-m", "page")
    git(origin, "tag", published.COMMIT)
    return origin


def test_without_a_source_only_the_wanted_files_are_downloaded_and_nothing_else_is_left(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published_fetch, "_FILES_PER_DOWNLOAD", 20)
    tree = page()
    done: list[int] = []
    home = published.home(tmp_path / "cache")
    found = fetch(home, url=repository.as_uri(), entries=entries_of(tree), on_progress=done.append)
    assert on_disk(tmp_path / "cache") == {f"{home.name}/{path}": content for path, content in tree.items()}
    assert missing_report(found) == [] and sum(done) == len(tree)
    again = fetch(home, url="file:///nowhere", entries=entries_of(tree))  # complete: no network needed
    assert again == found


def test_a_download_completes_a_partial_copy_and_refuses_a_changed_file(tmp_path: Path, repository: Path) -> None:
    tree = page()
    changed = f"figures/avspeech_res/Wav/{AVSPEECH[0]}.wav"
    wanted = entries_of({**tree, changed: b"as the manifest has it"})
    half = {path: content for path, content in tree.items() if "voxceleb" in path}
    fetch(tmp_path / "home", source=write(tmp_path / "source", half), entries=wanted)
    found = fetch(tmp_path / "home", url=repository.as_uri(), entries=wanted)
    assert found.refused == (changed,)
    assert on_disk(tmp_path / "home") == {path: content for path, content in tree.items() if path != changed}


def test_a_failing_download_says_what_git_said_and_what_to_do(tmp_path: Path, repository: Path) -> None:
    with pytest.raises(InputError, match="git said: fatal: .*(nowhere|not exist).*--from DIR"):
        fetch(tmp_path / "home", url=(tmp_path / "nowhere").as_uri(), entries=entries_of(page()))
    git(repository, "tag", "--delete", published.COMMIT)
    with pytest.raises(InputError, match=f"git said: .*{published.COMMIT}.*run it again"):
        fetch(tmp_path / "home", url=repository.as_uri(), entries=entries_of(page()))
    assert {folder.name for folder in tmp_path.iterdir()} == {"origin"}
