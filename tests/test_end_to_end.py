"""A fresh clone without a network: data from the remote inside the repository, and the whole pipeline of the smoke profile."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CLOSED = "http://127.0.0.1:9"  # the discard port: whoever asks for a network here is refused at once


def run(clone: Path, *command: str, **variables: str) -> str:
    proxies = {name: CLOSED for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "DVC_"))}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment |= {**proxies, "PYTHONPATH": str(clone), "PATH": path, "DVC_NO_ANALYTICS": "1", **variables}
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed state, cloned; a checkout without git history (an archive) cannot be cloned and is skipped."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing to clone")
    folder = tmp_path_factory.mktemp("fresh") / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)
    run(folder, "dvc", "pull", "-q")
    run(folder, "dvc", "repro", "-q", "site@smoke")
    return folder


def test_the_embedded_remote_holds_all_data(clone: Path) -> None:
    assert "up to date" in run(clone, "dvc", "status", "data.dvc")
    for folder in ("weights", "speech", "faces", "head", "voicebank", "corpus"):
        assert (clone / "data" / folder / "README.md").is_file()
    assert sum(path.stat().st_size for path in (clone / "dvc-remote").rglob("*")) < 120e6


def test_the_smoke_profile_ends_in_a_scorecard_and_a_site(clone: Path) -> None:
    rows = json.loads((clone / "results/smoke/scorecard.json").read_text())
    assert len(rows) >= 120
    assert (clone / "results/smoke/site/index.html").is_file()


def test_a_second_run_makes_nothing_again(clone: Path) -> None:
    before = (clone / "results/smoke/pages/evaluate.run.json").read_bytes()
    run(clone, "dvc", "repro", "-q", "site@smoke")
    assert (clone / "results/smoke/pages/evaluate.run.json").read_bytes() == before


def test_the_run_leaves_no_trace_that_git_would_commit(clone: Path) -> None:
    changed = [line for line in run(clone, "git", "status", "--porcelain").splitlines() if "dvc.lock" not in line]
    assert changed == []


def test_numbers_and_drawings_hang_on_neither_hashes_nor_threads(clone: Path) -> None:
    """People heard, seen and drawn anew, and every number from them, with another seed of Python's hashes and other threads."""
    made: list[dict[str, bytes]] = []
    results = clone / "results" / "smoke"
    for hashes, threads in (("1", "1"), ("2", "2")):
        page = str(clone / "elsewhere.ipynb")
        run(clone, "s2f", "notebook", "run", "notebooks/pipeline/reconstruct.ipynb", "-o", page, "-p", "profile=smoke",
            PYTHONHASHSEED=hashes, OMP_NUM_THREADS=threads)
        run(clone, "s2f", "verify", "--profile", "smoke", PYTHONHASHSEED=hashes, OMP_NUM_THREADS=threads)
        drawings = sorted((results / "reconstructions").glob("drawn-*.tar"))
        made.append({path.name: path.read_bytes() for path in (results / "scorecard.json", results / "detail.json", *drawings)})
    assert len(made[0]) > 5
    assert [name for name in made[0] if made[0][name] != made[1][name]] == []


def test_touching_one_page_runs_that_page_and_the_site_only(clone: Path) -> None:
    page = clone / "notebooks/figures/tab03_retrieval.ipynb"
    text = page.read_text()
    page.write_text(text.replace("what does R@K mean?", "what, then, does R@K mean?"))
    assert page.read_text() != text
    said = run(clone, "dvc", "repro", "site@smoke")
    ran = re.findall(r"Running (?:callback )?stage '([^']+)'", said)
    assert set(ran) - {"inventory@smoke"} == {"page@smoke-tab03_retrieval", "site@smoke"}
