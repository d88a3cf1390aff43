"""The ledger says what the paper and the authors' page say: digits against digits, and against the page where it is."""

import re
from collections import Counter

import numpy as np
import pypdf
import pytest
from scipy import stats

from s2f_core.evaluate.claims import Claim, cell, load_ledger

NUMBERS = {  # how many published numbers each file holds
    "tab01": 65, "tab02": 13, "tab03": 36, "fig04": 232, "fig05": 147, "fig07": 110, "fig08": 2, "fig09": 17,
    "data": 31, "text": 24, "fig01": 1, "fig02": 1, "fig03": 2, "fig06": 1, "fig10": 2, "fig11": 1, "fig12": 1,
    "fig13": 1, "fig14": 0,
}  # fmt: skip
STATISTICS = {
    "770k_dest_exg07": "stat_0770001_f2f_DEST_0770001_Face_exg0.7DEST",
    "770k_exg07": "stat_0300001_Face_f2f_0770001_Face_exg0.7",
    "770k_exg0": "stat_0300001_Face_f2f_0770001_Face_exg0",
    "300k_exg07": "stat_0300001_Face_f2f_0300001_Face_exg0.7",
    "300k_exg0": "stat_0300001_Face_f2f_0300001_Face_exg0",
}
ATTRIBUTES = {"gender": "Gender", "ethnicity": "Ethnicity", "age": "Age"}

@pytest.fixture(scope="module")
def ledger() -> dict[str, Claim]:
    return load_ledger()


def matrices(ledger: dict[str, Claim]) -> dict[str, np.ndarray]:
    return {name: np.array(claim.value) for name, claim in ledger.items() if re.match(r"fig04\.\w+\.\w+_\w2f$", name)}


def r_p(claim: Claim) -> np.ndarray:
    return np.array(claim.value)


def test_each_file_holds_all_its_published_numbers(ledger):
    found = Counter()
    for name, claim in ledger.items():
        found[name.split(".")[0]] += 0 if claim.value is None else np.array(claim.value).size
    assert {name: found[name] for name in NUMBERS} == NUMBERS  # other files hold what we ask beyond the paper


def test_tables_two_and_three_hold_the_printed_rows(ledger):
    assert len([name for name in ledger if re.match(r"tab02\.(cos|l1|l2)\.[36]s\.(mean|sd)$", name)]) == 12
    recalls = [claim for name, claim in ledger.items() if re.match(r"tab03\.([36]s\.(l1|l2|cos)|random)$", name)]
    assert len(recalls) == 7 and all(len(claim.value) == 4 for claim in recalls)


def test_the_nine_matrices_are_labelled_alike_and_their_rows_sum_to_one(ledger):
    nine = matrices(ledger)
    assert Counter(name.split(".")[1] for name in nine) == dict.fromkeys(ATTRIBUTES, 3)
    for name, matrix in nine.items():
        assert ledger[name].rows == ledger[name].cols
        assert ledger[name].baseline == pytest.approx(1 / len(matrix), abs=1e-5)
        assert np.abs(matrix.sum(axis=1) - 1).max() <= 0.02 + 1e-9, name


def test_class_shares_sum_to_their_faces_and_give_the_printed_percentages(ledger):
    for attribute in ATTRIBUTES:
        shares = ledger[f"fig04.shares.{attribute}"]
        assert sum(shares.value) == shares.n == ledger["data.attribute_faces"].value
        majority = ledger[f"fig04.{attribute}.above_majority"].baseline
        assert majority == pytest.approx(max(shares.value) / shares.n, abs=5e-5)
    percent = 100 * np.array(ledger["fig04.shares.age"].value) / 4986
    np.testing.assert_allclose(percent, ledger["fig04.shares.age_percent"].value, atol=0.005)


def test_every_recall_of_table_three_is_a_whole_number_of_5000_queries(ledger):
    for name in ("3s.l2", "3s.l1", "3s.cos", "6s.l2", "6s.l1", "6s.cos"):
        queries = np.array(ledger[f"tab03.{name}"].value) / 100 * 5000
        np.testing.assert_allclose(queries, np.round(queries), atol=1e-6)


def test_differences_are_those_of_the_printed_numbers(ledger):
    value = {name: np.array(claim.value) for name, claim in ledger.items() if claim.value is not None}
    best = np.maximum(value["tab03.6s.l2"], value["tab03.6s.l1"])
    np.testing.assert_allclose(value["tab03.longer_is_better"], value["tab03.6s.cos"] - value["tab03.3s.cos"])
    np.testing.assert_allclose(value["tab03.cosine_is_best"], value["tab03.6s.cos"] - best)
    assert value["tab02.longer_is_closer"] == pytest.approx(value["tab02.cos.6s.mean"] - value["tab02.cos.3s.mean"])
    last = {name: cell(ledger[f"fig09.{name}.solid"], "last") for name in ("no_bn_3s", "bn_3s")}
    assert value["fig09.bn_lowers_loss"] == pytest.approx(last["bn_3s"] - last["no_bn_3s"])
    recall = np.diag(value["fig04.ethnicity.ori_s2f"])  # asian, black, india, white
    assert value["fig04.ethnicity.well_represented"] == pytest.approx(recall[[0, 3]].min() - recall[[1, 2]].max())


def test_printed_r_and_p_agree_for_962_to_970_faces_and_for_no_other_number(ledger):
    pairs = np.concatenate([r_p(ledger[f"fig05.stats.{stem}"]) for stem in STATISTICS])

    def fits(n: int) -> bool:
        r = pairs[:, :1] + np.array([5e-4, -5e-4])  # three decimals leave r, and with it p, between two edges
        p = 2 * stats.t.sf(r * np.sqrt((n - 2) / (1 - r * r)), n - 2)
        return bool(np.all((p[:, 0] <= pairs[:, 1] + 5e-4) & (pairs[:, 1] - 5e-4 <= p[:, 1])))

    assert [n for n in range(900, 1100) if fits(n)] == list(range(962, 971))


def test_the_published_correlations_are_the_rounded_file_without_philtrum_width(ledger):
    source = ledger["fig05.stats.770k_dest_exg07"]
    published = {name.split(".")[2]: claim for name, claim in ledger.items() if name.startswith("fig05.published.")}
    assert set(source.rows) - set(published) == {"philtrum_width"} and len(published) == 12
    for measure, claim in published.items():
        assert abs(claim.value - cell(source, measure, "r")) <= 0.005 + 1e-9
        assert claim.tolerance.value <= min(0.10, claim.value / 2) + 1e-9  # so that r = 0 can never pass
    assert ledger["fig05.omitted.philtrum_width"].value == cell(source, "philtrum_width", "r")


def test_the_hundred_ranks_give_table_three_as_per_cent_of_the_gallery(ledger):
    ranks = np.array(ledger["fig07.ranks"].value)
    assert (len(ranks), ranks.min(), ranks.max(), np.median(ranks)) == (100, 2, 4849, 550)
    assert [(ranks <= k).sum() for k in (1, 2, 5, 10)] == [0, 1, 1, 2]
    assert [(ranks <= k).sum() for k in (50, 100, 250, 500)] == [10, 13, 31, 46]


def test_statements_are_short_and_quote_at_most_fifteen_words(ledger):
    for claim in ledger.values():
        assert len(claim.statement.split()) <= 25, claim.id
        for text in (claim.statement, claim.protocol, claim.source, claim.reason or ""):
            assert all(len(quote.split()) <= 15 for quote in re.findall("“(.*?)”", text)), claim.id


def test_the_ledger_names_no_clip_of_a_person(ledger):
    clip = re.compile(r"[\w-]{11}_\d|\.(jpg|wav)\b|/watch")  # a video's id with a time or number, a file, a link
    texts = {name: re.sub(r"stat_\S+\.txt", "", claim.model_dump_json()) for name, claim in ledger.items()}
    assert clip.search("A_1bC-2dE_3_078.912422") and not [name for name, text in texts.items() if clip.search(text)]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
@pytest.mark.parametrize("pair", ["ori_s2f", "ori_f2f", "f2f_s2f"])
def test_a_matrix_is_the_one_in_the_authors_file(ledger, published_source, attribute, pair):
    path = published_source / "figures" / "attr" / f"{ATTRIBUTES[attribute]}_{pair.replace('s2f', 'v2f')}.pdf"
    text = pypdf.PdfReader(path).pages[0].extract_text()
    lines = re.findall(r"^(?:\d\.\d\d ?)+$", text, re.MULTILINE)
    printed = np.array([line.split() for line in lines[::-1]], dtype=float)  # the file draws the last class on top
    if attribute == "gender":  # and its columns begin with female
        printed = printed[::-1, ::-1]
    np.testing.assert_array_equal(printed, ledger[f"fig04.{attribute}.{pair}"].value)


def test_class_shares_are_those_in_the_authors_file(ledger, published_source):
    text = pypdf.PdfReader(published_source / "figures" / "datastat" / "original.pdf").pages[0].extract_text()
    for attribute in ATTRIBUTES:
        shares = ledger[f"fig04.shares.{attribute}"]
        for label, count in zip(shares.rows, shares.value, strict=True):
            assert re.search(rf"^{label} (\d+\.\d+% )?{count:.0f}\b", text, re.MULTILINE | re.IGNORECASE), label


def test_statistics_ranks_and_losses_are_those_on_the_page(ledger, published_source):
    for stem, file in STATISTICS.items():
        text = (published_source / "figures" / "landmark" / f"{file}.txt").read_text(encoding="utf-8")
        printed = [[float(r), float(p)] for r, p in re.findall(r"Corr: (\S+), p-val: (\S+),", text)]
        np.testing.assert_array_equal(printed, ledger[f"fig05.stats.{stem}"].value)
    page = (published_source / "supplemental" / "retrieve" / "index.html").read_text(encoding="utf-8")
    assert tuple(map(float, re.findall(r"Actual rank: (\d+)/5000", page))) == ledger["fig07.ranks"].value
    lists = (published_source / "figures" / "retrieval" / "data.txt").read_text(encoding="utf-8")
    found = re.findall(r"^(\d+)\s*\n\[([\s\d]+)\]", lists, re.MULTILINE)
    assert tuple(1.0 + row.split().index(true) for true, row in found) == ledger["fig07.candidates"].value
    for half in ("avspeech", "voxceleb"):
        loss = next((published_source / "figures").glob(f"{half}*/loss.txt")).read_text(encoding="utf-8")
        assert float(loss) == ledger[f"data.loss.{half}"].value
