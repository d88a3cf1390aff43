"""Fill the exercises of a tutorial with their solutions, so that the whole page runs without a student.

An exercise is a code cell with the tag `exercise`; its solution is the Python block in the next markdown cell with the tag
`solution`, folded away by <details> wherever the page is read.
"""

import contextlib
import copy
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat

from s2f_core import notebook
from s2f_core.errors import InputError

EXERCISE, SOLUTION = "exercise", "solution"
BLOCK = re.compile(r"^```python\n(.*?)\n```$", re.S | re.M)


@contextlib.contextmanager
def solved_file(source: Path) -> Iterator[Path]:
    """A copy of the tutorial with its solutions, as a file for a while. Raises InputError as `solved` and `notebook.read`."""
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / source.name
        nbformat.write(solved(notebook.read(source), name=source.name), copied)
        yield copied


def solved(page: nbformat.NotebookNode, *, name: str) -> nbformat.NotebookNode:
    """A copy with each exercise's source in the words of its solution.

    Raises InputError where an exercise has no solution before the next one, and where a solution has no exercise or not one
    Python block.
    """
    filled = copy.deepcopy(page)
    waiting: nbformat.NotebookNode | None = None
    for cell in filled.cells:
        tags = cell.metadata.get("tags", [])
        if EXERCISE in tags:
            _nothing_waits(waiting, name)
            waiting = cell
        elif SOLUTION in tags:
            blocks = BLOCK.findall(cell.source)
            if waiting is None or len(blocks) != 1:
                raise InputError(f"{name}: a solution holds one ```python block and follows its exercise, but here stands "
                                 f"`{cell.source[:60]}…`; give it an exercise and one block")
            waiting.source, waiting = blocks[0], None
    _nothing_waits(waiting, name)
    return filled


def _nothing_waits(waiting: nbformat.NotebookNode | None, name: str) -> None:
    if waiting is not None:
        raise InputError(f"{name}: the exercise `{waiting.source[:60]}…` has no solution; write one into a markdown cell "
                         f"with the tag {SOLUTION!r}")
