"""The audit of pitch and sex: what was planted in the table is what the rows say."""

import numpy as np
import pytest
from invented_evidence import PARAMS

from s2f_core.data.experiments import Crossed, Experiments, Sweep
from s2f_core.evaluate import pitch
from s2f_core.evaluate.claims import load_ledger
from s2f_core.evaluate.evidence import Evidence

F0, VTL = np.array([100.0, 150.0, 200.0]), np.array([14.0, 17.0])
N = 30
CHANGES = ("nothing", "pitch", "tract", "both")


def swept(by_pitch: bool) -> Sweep:
    """Each of 30 people at every place of the grid; the face is a woman's from 150 Hz on, or always by the person's sex."""
    f0, vtl, person = (axis.ravel() for axis in np.meshgrid(F0, VTL, np.arange(N), indexing="ij"))
    woman = f0 >= 150 if by_pitch else person % 2 == 0
    return Sweep("set", np.array([f"p{one:02d}" for one in person]), np.where(person % 2 == 0, "female", "male"),
                 f0.astype(np.float32), vtl.astype(np.float32), woman.astype(np.float32))


def crossed(by_pitch: bool) -> Crossed:
    person, changed = (axis.ravel() for axis in np.meshgrid(np.arange(N), np.arange(4), indexing="ij"))
    female = person % 2 == 0
    turned = by_pitch & np.isin(changed, [1, 3])
    return Crossed("set", np.array([f"p{one:02d}" for one in person]), np.where(female, "female", "male"),
                   np.array(CHANGES)[changed], (female != turned).astype(np.float32))


def rows(chapter, **tables) -> dict:
    return {row.id: row for row in chapter(Evidence(load_ledger(), PARAMS, experiments=Experiments(**tables)))}


def test_a_network_that_goes_by_pitch_alone_is_found_out() -> None:
    found = rows(pitch.swept, sweep=swept(by_pitch=True))
    assert found["audit.sweep.pitch/6s"].ours == 1 and found["audit.sweep.tract/6s"].ours == 0
    assert found["audit.sweep.pitch/6s"].n == N and found["audit.sweep.pitch/6s"].baseline == 0
    found = rows(pitch.crossed, crossed=crossed(by_pitch=True))
    assert [found[f"audit.crossed.error/{changed}"].ours for changed in CHANGES] == [0, 1, 0, 1]
    assert found["audit.crossed.more/pitch"].verdict == "contradicted" and "audit.crossed.more/nothing" not in found


def test_a_network_that_knows_the_person_is_not_blamed() -> None:
    found = rows(pitch.swept, sweep=swept(by_pitch=False))
    assert found["audit.sweep.pitch/6s"].ours == 0
    found = rows(pitch.crossed, crossed=crossed(by_pitch=False))
    assert found["audit.crossed.error/pitch"].ours == 0 and found["audit.crossed.more/pitch"].verdict == "reproduced"


def test_the_map_is_the_share_of_speakers_by_pitch_and_tract() -> None:
    tables = Experiments(sweep=swept(by_pitch=True), crossed=crossed(by_pitch=True))
    evidence = Evidence(load_ledger(), PARAMS, experiments=tables)
    charted = pitch.charted(evidence)
    assert charted["map"] == {"f0_hz": F0.tolist(), "vtl_cm": VTL.tolist(), "share": [[0, 1, 1], [0, 1, 1]], "n": N}
    assert charted["errors"]["male"]["pitch"]["value"] == 1 and charted["errors"]["male"]["pitch"]["n"] == N // 2


def test_calibration_is_the_gap_between_score_and_share() -> None:
    score = np.full(100, 0.7)
    assert pitch._miscalibrated(score, (np.arange(100) < 70).astype(float)) == pytest.approx(0)
    assert pitch._miscalibrated(score, (np.arange(100) < 40).astype(float)) == pytest.approx(0.3)
    halves = np.repeat([0.1, 0.9], 50)  # two bins, each off by .1, one up and one down: the errors do not cancel
    assert pitch._miscalibrated(halves, np.repeat([0.0, 1.0], 50)) == pytest.approx(0.1)


def test_without_an_experiment_there_are_no_rows() -> None:
    nothing = Evidence(load_ledger(), PARAMS)
    assert pitch.swept(nothing) == pitch.crossed(nothing) == pitch.observed(nothing) == pitch.calibration(nothing) == []
    assert pitch.charted(nothing) == {}
