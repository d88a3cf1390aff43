"""What the strict runner refuses before any kernel starts."""

import importlib.util
from pathlib import Path
from typing import Any

import nbformat
import pytest
from made_notebook import page
from nbformat.v4 import new_code_cell, new_notebook

from s2f_core import notebook
from s2f_core.errors import InputError


@pytest.mark.parametrize(("parameters", "cell", "given", "message"), [
    ("seed = 1\nrate = 2", "seed, rate", {"sede": 3}, r"no parameter 'sede'; did you mean 'seed'\? Known: seed, rate"),
    ("", "1", {"seed": 3}, r"has no parameter 'seed'; known: none"),
    ("seed = 1\nrate = 2", "print(seed)", {}, r"no later cell reads the parameter 'rate'; use it or delete it"),
    ("seed = 1", "seed = 2", {}, r"no later cell reads the parameter 'seed'"),
    ("seed = 1 + 2", "seed", {}, r"only `name = literal`; it holds `seed = 1 \+ 2`"),
    ("seed = int('1')", "seed", {}, r"it holds `seed = int\('1'\)`"),
    ("import os\nseed = 1", "seed", {}, r"it holds `import os`"),
    ("a = b = 1", "a, b", {}, r"it holds `a = b = 1`"),
    ("a, b = 1, 2", "a, b", {}, r"it holds `a, b = \(?1, 2\)?`"),
    ("a = {[]: 1}", "a", {}, r"it holds `a = \{\[\]: 1\}`"),
    ("seed = ", "seed", {}, r"`seed =` is not plain Python"),
    ("seed = 1", "%matplotlib inline\nseed", {}, r"`%matplotlib inline` is not plain Python .*put no % or ! lines"),
    (None, "1", {}, r"exactly one code cell must carry the tag 'parameters'; 0 do"),
])
def test_a_page_that_breaks_the_contract_is_refused(
    tmp_path: Path, parameters: str | None, cell: str, given: dict[str, Any], message: str
) -> None:
    source = page(tmp_path / "page.ipynb", cell, parameters=parameters)
    with pytest.raises(InputError, match=message) as raised:
        notebook.run(source, tmp_path / "out" / "page.ipynb", given, root=tmp_path)
    assert "page.ipynb" in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_two_parameters_cells_are_refused_but_a_tagged_text_cell_is_not_counted(tmp_path: Path) -> None:
    made = nbformat.read(page(tmp_path / "page.ipynb", "seed"), as_version=4)
    made.cells[0].metadata["tags"] = ["parameters"]
    notebook.check_parameters(made, {}, name="page")
    made.cells.append(new_code_cell("seed = 2", metadata={"tags": ["parameters"]}))
    with pytest.raises(InputError, match="exactly one code cell must carry the tag 'parameters'; 2 do"):
        notebook.check_parameters(made, {}, name="page")


def test_a_parameter_read_only_before_its_declaration_counts_as_unread() -> None:
    tagged = new_code_cell("seed = 1", metadata={"tags": ["parameters"]})
    with pytest.raises(InputError, match="no later cell reads the parameter 'seed'"):
        notebook.check_parameters(new_notebook(cells=[new_code_cell("print(seed)"), tagged]), {}, name="page")


@pytest.mark.parametrize("content", [
    b"no json", b"\xff\xfe", b'{"cells": 1, "nbformat": 4, "nbformat_minor": 5}',
    b'{"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": "without outputs"}], "metadata": {}, '
    b'"nbformat": 4, "nbformat_minor": 5}'])
def test_what_is_no_notebook_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "page.ipynb").write_bytes(content)
    with pytest.raises(InputError, match=r"page\.ipynb is not a notebook .*restore it from git"):
        notebook.read(tmp_path / "page.ipynb")


def test_a_missing_notebook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no notebook at .*absent\.ipynb; the pages lie in notebooks/"):
        notebook.run(tmp_path / "absent.ipynb", tmp_path / "out.ipynb", {}, root=tmp_path)


def test_an_environment_without_a_kernel_is_named_with_the_repair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ipykernel" else real(name))
    with pytest.raises(InputError, match=r"no Jupyter kernel: .* cannot import ipykernel; run `make setup`"):
        notebook.run(page(tmp_path / "page.ipynb", "seed"), tmp_path / "out.ipynb", {}, root=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.ipynb"]
