"""What trained models are said to show, on invented people: a planted effect is found, an absent one is not."""

import dataclasses

import numpy as np
import pytest
from invented_evidence import PARAMS
from invented_people import N, facts, own

from s2f_core import verify
from s2f_core.evaluate import chapters, trained
from s2f_core.evaluate.claims import Row, load_ledger
from s2f_core.evaluate.evidence import Evidence
from s2f_core.evaluate.held_out import HeldOut, population
from s2f_core.evaluate.intervals import Estimate


def rows_of(held_out: HeldOut) -> dict[str, Row]:
    evidence = Evidence(load_ledger(), PARAMS, held_out=held_out)
    return {row.id: row for row in verify.evaluate(evidence, chapters.TRAINED)}


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    return rows_of(own())


@pytest.fixture(scope="module")
def deaf() -> dict[str, Row]:
    return rows_of(own(deaf=True))


def test_what_voices_tell_is_found_and_reaches_the_oracle(rows: dict[str, Row]) -> None:
    assert rows["trained.sex.accuracy/6s"].ours > 0.95 > 0.7 > rows["trained.sex.accuracy/6s"].baseline
    assert rows["trained.age.r/6s"].ours > 0.9 and rows["trained.face.r/6s.jaw_width"].ours > 0.8
    for name in ("sex", "age", "face"):
        row = rows[f"trained.{name}.share/6s"]
        assert row.verdict == "reproduced" and row.low > row.baseline > 0.7
    assert rows["trained.heard.found/6s.percent10"].verdict == rows["trained.drawn.found/f2f"].verdict == "reproduced"
    assert rows["trained.heard.one_speaker/6s"].verdict == "reproduced"


def test_a_deaf_encoder_is_found_out(deaf: dict[str, Row]) -> None:
    assert deaf["trained.sex.accuracy/6s"].verdict != "reproduced" and deaf["trained.age.r/6s"].verdict != "reproduced"
    assert all(deaf[f"trained.{name}.share/6s"].verdict == "contradicted" for name in ("sex", "age", "face"))
    assert deaf["trained.heard.found/6s.percent10"].verdict != "reproduced"
    assert deaf["trained.sex.accuracy/oracle"].ours > 0.95  # the truth is as it was


def test_shuffled_voices_are_at_chance_for_any_encoder(rows: dict[str, Row], deaf: dict[str, Row]) -> None:
    for some in (rows, deaf):
        shuffled = [row for name, row in some.items() if name.startswith("trained.shuffled")]
        assert len(shuffled) == 3 + len(PARAMS.top_percents)
        assert all(row.low < row.baseline < row.high and row.verdict == "reproduced" for row in shuffled)


def test_a_share_with_few_people_is_not_given() -> None:
    held_out = own()
    evidence = Evidence(load_ledger(), PARAMS.model_copy(update={"fewest": N["test"] + 1}), held_out=held_out)
    assert trained.shares(evidence) == []


def test_the_true_face_counts_ties_against_us() -> None:
    held_out = own()
    same = {split: np.ones_like(rows) for split, rows in held_out.faces.canonical.items()}
    flat = dataclasses.replace(held_out, faces=dataclasses.replace(held_out.faces, canonical=same))
    found = {row.id: row for row in trained.found(Evidence(load_ledger(), PARAMS, held_out=flat))}
    assert found["trained.heard.found/6s.percent10"].ours == 0
    dealt = [row for row in trained.shuffled(Evidence(load_ledger(), PARAMS, held_out=flat)) if "found" in row.id]
    assert all(row.ours == 0 for row in dealt)


def test_languages_are_those_of_the_training_people() -> None:
    train, test = (facts(np.random.default_rng(seed), n) for seed, n in ((1, 30), (2, 5)))
    people = population({"train": train, "test": test})
    assert people["train"].names == people["test"].names and "language fr" in people["train"].names
    row = people["test"].names.index("ln f0_hz")
    assert people["test"].voice[:, row] == pytest.approx(np.log([one["voice"]["f0_hz"] for one in test]))


def test_without_reconstructions_there_are_no_rows() -> None:
    assert verify.evaluate(Evidence(load_ledger(), PARAMS), chapters.TRAINED) == []


def test_small_models_are_held_against_the_bars_of_the_ledger() -> None:
    right, wrong = Estimate(0.5, 0.45, 0.55, 328, 0.1), Estimate(0.9, 0.87, 0.93, 328, 0.5)
    tests = {"voxceleb": {"learned.percent10": right, "gender": wrong}}
    found = {row.id: row for row in trained.small(Evidence(load_ledger(), PARAMS, small=tests))}
    assert found["small.voxceleb.top10/voxceleb"].verdict == "reproduced"
    assert found["small.voxceleb.gender/voxceleb"].verdict == "contradicted"
    assert len(found) == 2
