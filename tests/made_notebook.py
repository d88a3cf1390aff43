"""Notebooks made for the tests of the runner."""

from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


def page(path: Path, *cells: str, parameters: str | None = "seed = 1", **metadata: Any) -> Path:
    """Write a notebook whose first code cell is the parameters cell (none where `parameters` is None)."""
    tagged = [] if parameters is None else [new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    made = new_notebook(cells=[new_markdown_cell("A page."), *tagged, *map(new_code_cell, cells)], metadata=metadata)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
    return path


def printed(path: Path) -> str:
    """Everything that the cells of an executed notebook wrote to standard output."""
    outputs = [shown for cell in nbformat.read(path, as_version=4).cells for shown in cell.get("outputs", [])]
    return "".join(shown.text for shown in outputs if shown.get("name") == "stdout")
