"""Fig. 13 of invented people: looks that follow the face are noticed, and looks that are all alike are not taken for it."""

from dataclasses import replace

import numpy as np
from invented_evidence import PARAMS
from invented_people import N, own

from s2f_core.evaluate import cartoons
from s2f_core.evaluate.claims import Row, load_ledger
from s2f_core.evaluate.evidence import Evidence
from s2f_core.features.appearance import Appearance


def rows(kept: float) -> dict[str, Row]:
    rng = np.random.default_rng(0)
    true, other = ([Appearance(*rng.integers(20, 200, (2, 3)).astype(np.uint8), bool(rng.random() < 0.5))
                    for _ in range(N["test"])] for _ in range(2))
    heard = [Appearance(*((kept * a + (1 - kept) * b).astype(np.uint8) for a, b in zip(one[:2], two[:2], strict=True)),
                        (one if rng.random() < kept else two).long_hair) for one, two in zip(true, other, strict=True)]
    evidence = Evidence(load_ledger(), PARAMS, held_out=replace(own(), looks={"f2f": true, "6s": heard}))
    told = cartoons.looks(evidence)["f2f"]
    assert len(told) == N["test"] and told["test-0"]["long"] == true[0].long_hair
    assert tuple(bytes.fromhex(told["test-0"]["skin"][1:])) == tuple(true[0].skin)
    return {row.id: row for row in cartoons.figure13(evidence)}


def test_looks_that_follow_the_face_are_noticed() -> None:
    found = rows(kept=0.9)
    assert {row.verdict for row in found.values()} == {"reproduced"} and len(found) == 3
    assert found["fig13.skin/6s"].ours > 0.9 and found["fig13.hair_length/6s"].ours > 0.85


def test_looks_of_somebody_else_are_not() -> None:
    found = rows(kept=0.0)
    assert all(row.verdict != "reproduced" for row in found.values())
    assert abs(found["fig13.skin/6s"].ours) < 0.25 and 0.5 <= found["fig13.hair_length/6s"].baseline < 0.65


def test_without_drawings_there_is_nothing_to_say() -> None:
    assert not cartoons.figure13(Evidence(load_ledger(), PARAMS, held_out=own()))
