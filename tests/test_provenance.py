"""What made a file is said truthfully: versions, commit, and whether the checkout was changed."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from s2f_core import provenance
from s2f_core.errors import InputError


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "inside").mkdir(parents=True)
    (folder / "file").write_text("one\n")
    git(folder, "init", "-q")
    git(folder, "add", "file")
    git(folder, "commit", "-q", "-m", "one")
    return folder


def test_the_stamp_names_the_python_the_packages_and_their_versions(tmp_path: Path) -> None:
    stamp = provenance.stamp(tmp_path)
    assert stamp["python"] == platform.python_version()
    assert stamp["packages"]["numpy"] == metadata.version("numpy")
    assert list(stamp["packages"]) == list(provenance.PACKAGES)


def test_a_package_that_is_not_installed_has_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "PACKAGES", ("numpy", "surely-not-installed"))
    assert provenance.stamp(tmp_path)["packages"] == {"numpy": metadata.version("numpy"), "surely-not-installed": None}


def test_the_stamp_names_the_commit_and_whether_it_was_changed(repository: Path) -> None:
    clean = provenance.stamp(repository)
    (repository / "untracked").write_text("notes\n")
    assert (clean["commit"], clean["changed"]) == (git(repository, "rev-parse", "HEAD"), False)
    assert provenance.stamp(repository) == clean  # a file that git does not know changes no number
    (repository / "file").write_text("two\n")
    assert provenance.stamp(repository)["changed"] is True


@pytest.mark.parametrize("folder", [".", "repository/inside"])
def test_outside_its_own_repository_nothing_is_said_about_a_commit(repository: Path, folder: str) -> None:
    stamp = provenance.stamp(repository.parent / folder)
    assert (stamp["commit"], stamp["changed"]) == (None, None)


def test_without_git_the_stamp_still_comes(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    stamp = provenance.stamp(repository)
    assert (stamp["commit"], stamp["changed"]) == (None, None)


def test_a_run_record_comes_back_with_the_stamp_beside_it(tmp_path: Path) -> None:
    provenance.write(tmp_path / "page.run.json", {"seconds": 1.5}, root=tmp_path)
    assert provenance.read(tmp_path / "page.run.json") == {"seconds": 1.5, "made_by": provenance.stamp(tmp_path)}


def test_a_missing_run_record_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"page\.run\.json is missing"):
        provenance.read(tmp_path / "page.run.json")
