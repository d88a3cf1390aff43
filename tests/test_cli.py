"""The command line: help, one-line errors, exit codes, progress that suits a log."""

import subprocess
import sys
from pathlib import Path

import pytest

from s2f_core import cli
from s2f_core.progress import progress

ROOT = Path(__file__).resolve().parents[1]


def s2f(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "s2f_core.cli", *arguments], cwd=cwd, capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": "/nonexistent", "COLUMNS": "120"})


def test_help_names_every_command() -> None:
    said = s2f("--help").stdout
    for command in ("notebook", "fetch", "inventory", "measure", "verify", "scorecard", "site", "print", "readme",
                    "corpus", "show", "train", "reconstruct", "import-weights"):
        assert command in said


def test_a_users_error_is_one_line_with_the_next_step_and_exit_code_2() -> None:
    done = s2f("notebook", "run", "notebooks/figures/tab03_retrieval.ipynb", "-o", "out.ipynb", "-p", "profil=laptop")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines() == [
        "s2f: tab03_retrieval.ipynb has no parameter 'profil'; did you mean 'profile'? Known: profile"
    ]


def test_an_unknown_profile_names_the_known_ones() -> None:
    done = s2f("verify", "--profile", "lap")
    assert done.returncode == 2
    assert "did you mean 'laptop'" in done.stderr and "Traceback" not in done.stderr


def test_weights_of_unknown_kind_are_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "vgg.h6").write_bytes(b"?")
    done = s2f("import-weights", "vgg-face", "vgg.h6", cwd=tmp_path)
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1 and "vgg.h6" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["vgg.h6"]


def test_outside_a_checkout_the_error_says_so(tmp_path: Path) -> None:
    done = s2f("scorecard", cwd=tmp_path)
    assert done.returncode == 2
    assert "run from inside a checkout" in done.stderr


def test_a_parameter_without_a_value_is_refused() -> None:
    with pytest.raises(cli.InputError, match="NAME=VALUE"):
        cli._parameter("profile")
    assert cli._parameter("k=[1, 2]") == ("k", [1, 2])


def test_progress_in_a_log_is_a_line_every_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("count", 40) as advance:
        for _ in range(40):
            advance(1)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "count: 4/40" and lines[-1] == "count: 40/40" and len(lines) == 10
