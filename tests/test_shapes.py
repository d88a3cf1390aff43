"""Figs 5 and 7 of invented people: drawings that share their shape correlate, and lists that are all alike are hubs."""

from dataclasses import replace

import numpy as np
import pytest
from invented_evidence import PARAMS
from invented_people import N, own

from s2f_core.evaluate import craniofacial, shapes
from s2f_core.evaluate.claims import Row, load_ledger
from s2f_core.evaluate.evidence import Evidence
from s2f_core.evaluate.held_out import HeldOut

EVIDENCE = Evidence(load_ledger(), PARAMS, held_out=own())


def drawn(people: HeldOut, noise: float) -> HeldOut:
    """Everybody drawn with a face of 68 points of their own, from the voice with some noise."""
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(np.arange(17) * 8.0, np.arange(4) * 32.0), axis=2).reshape(68, 2)
    seen = (grid + rng.normal(size=(N["test"], 68, 2))).astype(np.float32)
    heard = (seen + noise * rng.normal(size=seen.shape)).astype(np.float32)
    voices = replace(people.voices["6s"], landmarks_px=heard)
    return replace(people, faces=replace(people.faces, landmarks_px=seen), voices={"6s": voices})


def rows(chapter: object, people: HeldOut | None) -> dict[str, Row]:
    return {row.id: row for row in chapter(replace(EVIDENCE, held_out=people))}


def test_shapes_that_are_heard_correlate() -> None:
    people = drawn(own(), 0.1)
    found = rows(shapes.figure5, people)
    measured = [craniofacial.measures(one.landmarks_px)["jaw_width"] for one in (people.faces, people.voices["6s"])]
    row = found["fig05.published.jaw_width/synthetic.6s"]
    assert row.ours == pytest.approx(np.corrcoef(*measured)[0, 1], abs=1e-5) and row.ours > 0.9 and row.tier == "C"
    deaf = rows(shapes.figure5, drawn(own(), 100.0))["fig05.published.jaw_width/synthetic.6s"]
    assert abs(deaf.ours) < 0.35  # 3.8 standard errors
    readings = {f"synthetic.6s{of}" for of in ("", ".within_sex", ".female", ".male")}
    assert {name.rpartition("/")[2] for name in found} == readings


def test_faces_without_a_shape_have_no_row() -> None:
    assert rows(shapes.figure5, own()) == {} == rows(shapes.figure5, None)  # their landmarks are all at one point


def test_one_face_for_all_voices_is_a_hub() -> None:
    people = own(noise={"6s": 0.1})
    found = rows(shapes.figure7, people)
    voices = people.voices["6s"]
    same = replace(voices, features=np.tile(voices.features[:1], (len(voices.features), 1)))
    alike = rows(shapes.figure7, replace(people, voices={"6s": same}))
    name = "fig07.distinct_faces/synthetic.6s"
    assert alike[name].ours == shapes.N_LISTED < found[name].ours and found[name].n == shapes.N_QUERIES
    assert alike["fig07.most_frequent_face/synthetic.6s"].ours == shapes.N_QUERIES
    assert found["fig07.highlights/synthetic.6s"].ours > 0.5 > alike["fig07.highlights/synthetic.6s"].ours


def test_nobody_heard_gives_no_row() -> None:
    assert rows(shapes.figure7, None) == {} == rows(shapes.figure7, replace(own(), voices={}))
