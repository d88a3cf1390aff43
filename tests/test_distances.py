"""Tables 2 and 3 of invented people: the better ear is nearer and finds more, by every metric; chance is chance."""

import numpy as np
import pytest
from invented_evidence import PARAMS
from invented_people import N, own

from s2f_core import verify
from s2f_core.evaluate import distances
from s2f_core.evaluate.claims import Row, load_ledger
from s2f_core.evaluate.evidence import Evidence

CHAPTERS = (distances.table2, distances.table3)


def rows_of(**made: object) -> dict[str, Row]:
    return {row.id: row for row in verify.evaluate(Evidence(load_ledger(), PARAMS, held_out=own(**made)), CHAPTERS)}


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    return rows_of(noise={"3s": 25.0, "6s": 3.0})


def test_the_better_ear_is_nearer_and_finds_more(rows: dict[str, Row]) -> None:
    assert rows["tab02.cos.6s.mean/laptop"].ours < rows["tab02.cos.3s.mean/laptop"].ours < 60
    assert rows["tab02.cos.3s.mean/laptop"].baseline > rows["tab02.cos.3s.mean/laptop"].high
    assert rows["tab02.longer_is_closer/laptop"].verdict == "reproduced"
    assert rows["tab03.longer_is_better/laptop.r10"].verdict == "reproduced"
    same = rows_of(noise={"3s": 3.0, "6s": 3.0})
    assert same["tab02.longer_is_closer/laptop"].verdict == same["tab03.longer_is_better/laptop.r10"].verdict == "untestable"


def test_a_deaf_ear_is_no_nearer_than_a_stranger() -> None:
    deaf = rows_of(deaf=True, noise={"6s": 3.0})
    angle = deaf["tab02.cos.6s.mean/laptop"]
    assert angle.low < angle.baseline < angle.high
    assert deaf["tab03.6s.cos/laptop.percent.r10"].low < 10 < deaf["tab03.6s.cos/laptop.percent.r10"].high


def test_recall_is_what_sorting_the_gallery_gives(rows: dict[str, Row]) -> None:
    people = own(noise={"3s": 25.0, "6s": 3.0})
    heard = people.voices["6s"].features[: N["test"]].astype(float)
    gallery = np.concatenate([people.faces.canonical[split] for split in ("test", "gallery")]).astype(float)
    apart = np.linalg.norm(heard[:, None] - gallery, axis=2)
    rank = (apart.argsort(axis=1) == np.arange(len(heard))[:, None]).argmax(axis=1) + 1
    for k, label in ((5, "r5"), (10, "r10")):
        assert rows[f"tab03.6s.l2/laptop.rank.{label}"].ours == pytest.approx(100 * (rank <= k).mean(), abs=1e-3)
        assert rows[f"tab03.6s.l2/laptop.percent.{label}"].ours == pytest.approx(100 * (rank <= 3 * k).mean(), abs=1e-3)
        assert rows[f"tab03.6s.l2/laptop.rank.{label}"].baseline == pytest.approx(100 * k / 300, abs=1e-4)


def test_every_line_of_the_tables_is_there(rows: dict[str, Row]) -> None:
    assert len(rows) == 2 * 2 + 1 + 2 * 3 * 2 * 4 + 2 * 4
    assert all(row.n == N["test"] and row.low <= row.ours <= row.high and row.tier == "C" for row in rows.values())
    only = rows_of(noise={"6s": 3.0})
    assert not any("3s" in name or "longer" in name for name in only)


def test_curves_are_the_ranks_behind_the_table(rows: dict[str, Row]) -> None:
    found = distances.curves(Evidence(load_ledger(), PARAMS, held_out=own(noise={"3s": 25.0, "6s": 3.0})))
    reached = 100 * (np.array(found["6s, cos"]) <= 0.1).mean()
    assert reached == pytest.approx(rows["tab03.6s.cos/laptop.percent.r10"].ours, abs=1e-3)
    assert set(found) == {f"{seconds}, {metric}" for seconds in ("3s", "6s") for metric in ("l2", "l1", "cos")}
