"""The water runs as drawn: a stage depends on exactly its code, and each page stands in its four places."""

import re

import pytest
from checkout import ROOT

from s2f_core.stage_code import expanded, list_of, stages

STAGES = stages(ROOT)
PAGE_STAGES = {"page": "figures", "audit": "audits"}  # stage → folder of its notebooks
TRAININGS = {"face_models", "voice_encoder"}


def stems(stage: str) -> set[str]:
    return set(STAGES[stage]["matrix"]["stem"])


def paths(stage: str, what: str) -> set[str]:
    """The deps or outs of a stage, with each combination of its matrix filled in."""
    entries = [entry if isinstance(entry, str) else next(iter(entry)) for entry in STAGES[stage].get(what, [])]
    return set().union(*(expanded(STAGES[stage], entry) for entry in entries))


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_list_of_exactly_the_code_that_it_runs(stage: str) -> None:
    """So that a change in drawing never measures again, and a change in measuring always does."""
    deps = [entry for entry in STAGES[stage]["deps"] if entry.startswith(("results/code", "s2f_core"))]
    if stage == "code":
        assert deps == ["s2f_core"]
        return
    [entry] = deps
    commands, lists = expanded(STAGES[stage], STAGES[stage]["cmd"]), expanded(STAGES[stage], entry)
    assert {list_of(line).as_posix() for line in commands} == lists


@pytest.mark.parametrize("stage", STAGES)
def test_what_a_stage_depends_on_exists_or_is_made_by_another_stage(stage: str) -> None:
    made = set().union(*(paths(other, "outs") for other in STAGES if other != stage))
    missing = [path for path in sorted(paths(stage, "deps") - made) if not (ROOT / path).exists()
               and not path.startswith("results/code/")]
    assert not missing


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_runs_a_notebook_depends_on_it(stage: str) -> None:
    run = set().union(*(re.findall(r"\S+\.ipynb", line)[:1] for line in expanded(STAGES[stage], STAGES[stage]["cmd"])))
    assert run <= paths(stage, "deps")


@pytest.mark.parametrize(("stage", "folder"), PAGE_STAGES.items())
def test_every_page_has_a_stage_and_every_stage_a_page(stage: str, folder: str) -> None:
    assert {path.stem for path in (ROOT / "notebooks" / folder).glob("*.ipynb")} == stems(stage)


def test_every_page_left_its_results_and_nothing_else_did() -> None:
    left = {path.stem for path in (ROOT / "results/laptop/figures").glob("*.json")}
    assert left == set().union(*(stems(stage) for stage in PAGE_STAGES))


def test_every_page_has_one_row_in_the_readmes_index() -> None:
    """A row of the index is a row of a Markdown table with a link to the notebook."""
    rows = [line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    listed = re.findall(r"\]\((notebooks/(?:figures|audits)/\w+\.ipynb)\)", "\n".join(rows))
    pages = [f"notebooks/{folder}/{stem}.ipynb" for stage, folder in PAGE_STAGES.items() for stem in stems(stage)]
    assert sorted(listed) == sorted(pages)


def test_the_site_waits_for_every_page_that_a_notebook_made_but_for_trainings() -> None:
    """Trainings take an hour and are run by `make retrain`; the site shows their pages where they are."""
    pages = {path for stage in set(STAGES) - TRAININGS for path in paths(stage, "outs") if path.endswith(".ipynb")}
    assert {path for path in paths("site", "deps") if path.endswith(".ipynb")} == pages
