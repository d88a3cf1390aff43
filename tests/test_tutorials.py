"""Every tutorial runs from top to bottom with its solutions, and without them stops at the first exercise with a hint."""

from pathlib import Path

import nbformat
import pytest
from checkout import ROOT

from s2f_core.errors import InputError
from s2f_core.lessons.solutions import EXERCISE, SOLUTION, solved, solved_file
from s2f_core.notebook import CellError, read, run

TUTORIALS = sorted((ROOT / "notebooks" / "tutorials").glob("*.ipynb"))
every_tutorial = pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)


def tagged(notebook: nbformat.NotebookNode, tag: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


def lesson(*cells: tuple[str, str, str]) -> nbformat.NotebookNode:
    made = nbformat.v4.new_notebook()
    for kind, tag, source in cells:
        new = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
        made.cells.append(new(source, metadata={"tags": [tag]} if tag else {}))
    return made


def test_there_are_eight_tutorials_in_order() -> None:
    assert [path.stem[:2] for path in TUTORIALS] == [f"{number:02}" for number in range(1, 9)]


@every_tutorial
def test_a_tutorial_has_exercises_each_with_a_hidden_check(path: Path) -> None:
    cells = read(path).cells
    kinds = [tag for cell in cells for tag in cell.metadata.get("tags", []) if tag in (EXERCISE, "check", SOLUTION)]
    n_exercises = kinds.count(EXERCISE)
    assert n_exercises >= 3
    assert kinds == [EXERCISE, "check", SOLUTION] * n_exercises
    for cell in cells:
        if "check" in cell.metadata.get("tags", []):
            assert cell.metadata.jupyter.source_hidden
        if SOLUTION in cell.metadata.get("tags", []):
            assert cell.source.startswith("<details>") and cell.source.endswith("</details>")
    assert all("..." in cell.source for cell in tagged(read(path), EXERCISE))


@every_tutorial
def test_a_tutorial_runs_with_its_solutions(path: Path, tmp_path: Path) -> None:
    with solved_file(path) as filled:
        run(filled, tmp_path / "done" / path.name, {}, root=ROOT)
    done = read(tmp_path / "done" / path.name)
    for cell in tagged(done, "check"):
        assert any("✓" in shown.get("text", "") for shown in cell.outputs), cell.source


@every_tutorial
def test_a_tutorial_stops_at_the_first_open_exercise_and_says_so(path: Path, tmp_path: Path) -> None:
    page = read(path)
    kinds = [cell.metadata.get("tags", []) for cell in page.cells]
    page.cells = page.cells[: 1 + next(place for place, tags in enumerate(kinds) if "check" in tags)]
    asked = tmp_path / path.name
    parameters = next(cell for cell in page.cells if "parameters" in cell.metadata.get("tags", []))
    page.cells.append(nbformat.v4.new_code_cell("\n".join(  # the strict runner wants every parameter read
        line.partition("=")[0] for line in parameters.source.splitlines())))
    nbformat.write(page, asked)
    with pytest.raises(CellError, match="NotYet: this exercise is still open"):
        run(asked, tmp_path / "done.ipynb", {}, root=ROOT)


def test_solutions_go_to_their_own_exercises() -> None:
    one, two = ("<details>\n\n```python\na = 1\n```\n\n</details>", "<details>\n\n```python\nb = 2\n```\n\n</details>")
    page = lesson(("code", EXERCISE, "a = ..."), ("markdown", SOLUTION, one), ("code", "", "a"), ("code", EXERCISE, "b = ..."),
                  ("markdown", SOLUTION, two))
    assert [cell.source for cell in solved(page, name="x").cells if cell.cell_type == "code"] == ["a = 1", "a", "b = 2"]
    assert page.cells[0].source == "a = ..."


@pytest.mark.parametrize("cells", [
    [("code", EXERCISE, "a = ...")],
    [("code", EXERCISE, "a = ..."), ("code", EXERCISE, "b = ..."), ("markdown", SOLUTION, "```python\nb = 2\n```")],
    [("markdown", SOLUTION, "```python\na = 1\n```")],
    [("code", EXERCISE, "a = ..."), ("markdown", SOLUTION, "no code")],
])
def test_an_exercise_without_its_solution_is_refused(cells: list[tuple[str, str, str]]) -> None:
    with pytest.raises(InputError, match="solution"):
        solved(lesson(*cells), name="x")
