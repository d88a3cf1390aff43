"""What the ledger says the authors published against their own files, number by number, where a local copy is there."""

import re
from pathlib import Path

import numpy as np
import pypdf
import pytest
import yaml

from s2f_core.data.corpora import published_pages

LEDGER = Path(__file__).resolve().parents[1] / "s2f_core" / "ledger"
PAIRS = ("ori_v2f", "ori_f2f", "f2f_v2f")
MATRICES = [f"{attribute}_{pair}" for attribute in ("Gender", "Ethnicity", "Age") for pair in PAIRS]
STATISTICS = {  # the ledger's name → the authors' file
    "770k_dest_exg07": "stat_0770001_f2f_DEST_0770001_Face_exg0.7DEST",
    "770k_exg07": "stat_0300001_Face_f2f_0770001_Face_exg0.7",
    "770k_exg0": "stat_0300001_Face_f2f_0770001_Face_exg0",
    "300k_exg07": "stat_0300001_Face_f2f_0300001_Face_exg0.7",
    "300k_exg0": "stat_0300001_Face_f2f_0300001_Face_exg0",
}


def claims(figure: str) -> dict[str, dict]:
    text = (LEDGER / f"{figure}.yaml").read_text(encoding="utf-8")
    return {claim["id"]: claim for claim in yaml.safe_load(text)["claims"]}


def text_of(path: Path) -> str:
    return pypdf.PdfReader(path).pages[0].extract_text()


def confusion_matrix(path: Path) -> tuple[list[str], np.ndarray]:
    """Classes, and the matrix (rows = original, both axes in this order). The chart draws rows from bottom to top."""
    lines = text_of(path).splitlines()
    classes = lines[0].split()
    rows = [[float(number) for number in line.split()] for line in lines if re.fullmatch(r"(?:\d\.\d\d ?)+", line)]
    beside = re.sub(r"\s*(?:Original|F2F)$", "", "\n".join(lines[2 : 2 + len(classes)])).split("\n")
    assert beside == classes[::-1] and len(rows) == len(classes), f"{path.name} is drawn in another way"
    return classes, np.array(rows[::-1])


def place(label: object, classes: list[str]) -> int:
    """Which class a label of the ledger means: the longest that it contains, for 'female' contains 'male'."""
    return classes.index(max((name for name in classes if name.lower() in str(label).lower()), key=len))


@pytest.mark.parametrize("stem", MATRICES)
def test_each_confusion_matrix_is_the_one_in_the_authors_chart(published_source: Path, stem: str) -> None:
    classes, matrix = confusion_matrix(published_source / "figures" / "attr" / f"{stem}.pdf")
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=0.005 * len(classes) + 1e-9)
    claim = claims("fig04")[f"fig04.{stem.lower().replace('_', '.', 1).replace('v2f', 's2f')}"]
    rows, columns = ([place(label, classes) for label in claim[axis]] for axis in ("rows", "cols"))
    assert sorted(rows) == sorted(columns) == list(range(len(classes)))
    np.testing.assert_allclose(np.array(claim["value"]), matrix[np.ix_(rows, columns)], atol=0.005)


def test_the_class_shares_are_the_counts_in_the_authors_chart(published_source: Path) -> None:
    text = text_of(published_source / "figures" / "datastat" / "original.pdf")
    counts = {name.lower(): int(count) for name, count in re.findall(r"^([A-Z]\w+) (\d+)", text, re.MULTILINE)}
    ages = {name: (int(n), float(share)) for name, share, n in re.findall(r"^([<>]?\d\d) ([\d.]+)% (\d+)", text, re.M)}
    typed = claims("fig04")
    assert counts["male"] + counts["female"] == sum(n for n, _ in ages.values()) == 4986
    for attribute in ("gender", "ethnicity"):
        shares = typed[f"fig04.shares.{attribute}"]
        assert shares["value"] == [counts[str(label).lower()] for label in shares["rows"]]
    for column, name in enumerate(("fig04.shares.age", "fig04.shares.age_percent")):
        assert typed[name]["value"] == [ages[label][column] for label in typed[name]["rows"]]


@pytest.mark.parametrize(("name", "stem"), STATISTICS.items())
def test_the_craniofacial_statistics_are_those_of_the_authors_files(
    published_source: Path, name: str, stem: str
) -> None:
    printed = published_pages.craniofacial_statistics(published_source)[stem]
    printed = {measure.lower().replace("face_with_idx", "face_width_idx"): found for measure, found in printed.items()}
    claim = claims("fig05")[f"fig05.stats.{name}"]
    assert sorted(claim["rows"]) == sorted(printed)
    assert claim["value"] == [[printed[measure].r, printed[measure].p] for measure in claim["rows"]]


def test_the_100_ranks_and_the_candidates_are_those_of_the_page(published_source: Path) -> None:
    typed = claims("fig07")
    queries = published_pages.retrieval_queries(published_source)
    lists = published_pages.retrieval_lists(published_source)
    assert typed["fig07.ranks"]["value"] == [query.rank for query in queries]
    assert typed["fig07.marked_in_red"]["value"] == sum(len(query.marked) for query in queries)
    assert typed["fig07.candidates"]["value"] == [ranked.top.index(ranked.query) + 1 for ranked in lists]
