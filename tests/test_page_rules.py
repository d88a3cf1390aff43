"""A notebook is a page, not a program: short, clean, and with no number typed where it could be computed."""

import ast
import copy
import re
from pathlib import Path

import nbformat
import pytest
from checkout import ROOT
from nbformat import NotebookNode
from nbstripout import strip_output

from s2f_core.imports import closure, imports, notebook_tree
from s2f_core.notebook import check_parameters

NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
every_page = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
LESSONS = [path for path in NOTEBOOKS if path.parent.name == "tutorials"]
DRAWINGS = [path for path in NOTEBOOKS if path.parent.name in ("figures", "audits")]


def read(path: Path) -> NotebookNode:
    return nbformat.read(path, as_version=4)


def cells(path: Path, kind: str) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == kind]


def numbers_in_prose(text: str) -> list[str]:
    """Numbers with a decimal point that a page should have formatted from the data.

    Free are those in quotation marks “…”, in code and link targets, those after the word 'paper' up to the end of the
    clause (; : | or a stop), and places in the paper (Sec. 3.2).
    """
    text = re.sub(r"“[^”]*”|`[^`]*`|\]\([^)]*\)|<[^>]*>|arXiv:\S+", "", text)
    text = re.sub(r"\bpaper\b.*?(?=[;:|!?]|\.(?:\s|$)|$)", "", text, flags=re.I | re.M)
    text = re.sub(r"(?:§|\b(?:Sec|Section|Table|Fig|Figure|Eq|CC BY)\b\.?)\s*\d+\.\d+", "", text)
    return re.findall(r"(?<![\w.])(?<![A-Za-z]-)\d+\.\d+", text)


def test_there_are_pages() -> None:
    assert NOTEBOOKS


@every_page
def test_a_page_declares_its_parameters_once_and_reads_each(path: Path) -> None:
    check_parameters(read(path), {}, name=path.name)


@every_page
def test_a_page_is_committed_without_outputs(path: Path) -> None:
    page = read(path)
    assert page == strip_output(copy.deepcopy(page), keep_output=False, keep_count=False, keep_id=True)


@every_page
def test_a_page_is_short(path: Path) -> None:
    code = cells(path, "code")
    assert len(code) <= (24 if path in LESSONS else 12)
    assert max(len(cell.splitlines()) for cell in code) <= 15


@every_page
def test_a_page_defines_nothing_and_installs_nothing(path: Path) -> None:
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    for cell in cells(path, "code"):
        assert not re.search(r"^\s*[%!]", cell, flags=re.M)
        defined = [ast.unparse(node) for node in ast.walk(ast.parse(cell)) if isinstance(node, definitions)]
        assert path in LESSONS or not defined  # students write functions; pages call them


@every_page
def test_a_page_says_as_much_as_it_does(path: Path) -> None:
    assert len(cells(path, "markdown")) >= len(cells(path, "code"))
    assert all(text.strip() for text in cells(path, "markdown"))


@every_page
def test_numbers_in_prose_are_computed_or_quoted(path: Path) -> None:
    assert not [number for text in cells(path, "markdown") for number in numbers_in_prose(text)]


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_figures_and_audits_measure_nothing(path: Path) -> None:
    reached = closure(imports(notebook_tree(path)))
    assert not [name for name in reached if name.split(".")[1] in ("features", "models", "training", "reconstruct")]


@pytest.mark.parametrize(("text", "found"), [
    ("Accuracy is 0.94.", ["0.94"]),
    ("r = -0.35 here", ["0.35"]),
    ("It went from 0.5 to 0.7", ["0.5", "0.7"]),
    ("The paper prints 0.94 and 0.95; we find 0.93.", ["0.93"]),
    ("In the paper 0.94. Here 0.93.", ["0.93"]),
    ("| paper 0.94 | 0.93 |", ["0.93"]),
    ("“r = 0.35” (Sec. 3.2), [Table 3](page.html#v1.5), Apache-2.0, `0.025`, arXiv:1905.09773, 95 %, v2.1", []),
])
def test_the_search_for_typed_numbers_finds_them(text: str, found: list[str]) -> None:
    assert numbers_in_prose(text) == found
