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


def test_numbers_hang_on_neither_hashes_nor_threads(clone: Path) -> None:
    made = []
    for hashes, threads in (("1", "1"), ("2", "2")):
        run(clone, "s2f", "verify", "--profile", "smoke", PYTHONHASHSEED=hashes, OMP_NUM_THREADS=threads)
        made.append([(clone / "results/smoke" / name).read_bytes() for name in ("scorecard.json", "detail.json")])
    assert made[0] == made[1]


def test_drawings_hang_on_no_threads_and_numbers_from_them_on_their_last_digits_only(clone: Path) -> None:
    """A network's sums are added up in another order by two threads than by one: features differ in their last bits."""
    made, numbers = [], []
    for threads in ("1", "2"):
        run(clone, "s2f", "notebook", "run", "notebooks/pipeline/reconstruct.ipynb", "-o", str(clone / "elsewhere.ipynb"),
            "-p", "profile=smoke", OMP_NUM_THREADS=threads)
        run(clone, "s2f", "verify", "--profile", "smoke")
        drawings = sorted((clone / "results/smoke/reconstructions").glob("drawn-*.tar"))
        made.append([path.read_bytes() for path in drawings])
        rows = json.loads((clone / "results/smoke/scorecard.json").read_text())
        numbers.append({row["id"]: row["ours"] for row in rows if row["ours"] is not None})
    assert len(made[0]) == 6 and made[0] == made[1]
    assert numbers[0] == pytest.approx(numbers[1], abs=1e-3)


def test_touching_one_page_runs_that_page_and_the_site_only(clone: Path) -> None:
    page = clone / "notebooks/figures/tab03_retrieval.ipynb"
    text = page.read_text()
    page.write_text(text.replace("what does R@K mean?", "what, then, does R@K mean?"))
    assert page.read_text() != text
    said = run(clone, "dvc", "repro", "site@smoke")
    ran = re.findall(r"Running (?:callback )?stage '([^']+)'", said)
    assert set(ran) == {"page@smoke-tab03_retrieval", "site@smoke"}
