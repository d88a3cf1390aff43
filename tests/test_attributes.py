"""Fig. 4 of invented people: what agrees is what brute force counts, and a deaf encoder's labels are no better than chance."""

from dataclasses import replace

import numpy as np
import pytest
from invented_evidence import PARAMS
from invented_people import N, own
from sklearn.metrics import cohen_kappa_score

from s2f_core.evaluate import attributes
from s2f_core.evaluate.claims import Row, load_ledger
from s2f_core.evaluate.evidence import Evidence

HEARD = own()
EVIDENCE = Evidence(load_ledger(), PARAMS, held_out=HEARD)


def rows(evidence: Evidence) -> dict[str, Row]:
    return {row.id: row for row in attributes.figure4(evidence)}


def test_each_attribute_is_held_against_truth_face_and_voice() -> None:
    found = rows(EVIDENCE)
    assert {row.tier for row in found.values()} == {"C"} and len(found) % 3 == 0
    truth, read, row = HEARD.people["test"], HEARD.drawn["6s"], found["fig04.gender.above_majority/true_6s"]
    assert row.ours == pytest.approx((truth.sex == read.sex).mean(), abs=1e-5) and row.verdict == "reproduced"
    assert row.baseline == pytest.approx(max(np.unique(truth.sex, return_counts=True)[1]) / N["test"], abs=1e-5)
    decades = [np.clip(side.age // 10, 1, truth.age.max() // 10) for side in (truth, read)]
    assert found["fig04.age.kappa/true_6s"].ours == pytest.approx(cohen_kappa_score(*decades), abs=1e-5)


def test_a_deaf_encoder_knows_nobody() -> None:
    found = rows(replace(EVIDENCE, held_out=own(deaf=True)))
    assert found["fig04.gender.kappa/true_6s"].verdict != "reproduced"
    assert found["fig04.gender.kappa/true_f2f"].verdict == "reproduced"


def test_tables_count_everybody_once() -> None:
    for attribute in attributes.confusions(EVIDENCE).values():
        for table in attribute["tables"].values():
            assert np.sum(table) == N["test"] and len(table) == len(attribute["classes"])
    age = attributes.confusions(EVIDENCE)["age"]
    assert age["classes"] == sorted(age["classes"]) and set(age["classes"]) <= {f"{decade}s" for decade in range(10, 90, 10)}


def test_nobody_heard_gives_no_row() -> None:
    assert rows(replace(EVIDENCE, held_out=None)) == {} and attributes.confusions(replace(EVIDENCE, held_out=None)) == {}
    assert rows(replace(EVIDENCE, held_out=replace(HEARD, voices={}))) == {}
