"""Figs 6, 8 and 9 of invented people: the better network agrees more, and drawings that are more alike vary less."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from invented_evidence import PARAMS
from invented_people import N, own

from s2f_core.data.stretches import Stretches
from s2f_core.evaluate import ablations
from s2f_core.evaluate.claims import Row, load_ledger
from s2f_core.evaluate.evidence import Evidence
from s2f_core.evaluate.exaggeration import PixelMoments, person_blocks
from s2f_core.evaluate.held_out import HeldOut

VARIATION = {"6s": 20.0, "6s_no_bn": 5.0, "pixel_loss": 30.0}  # grey levels


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    rng, pixels = np.random.default_rng(0), {}
    blocks = person_blocks(np.arange(N["test"]), N["test"], seed=1)
    for name, sd in VARIATION.items():
        pixels[name] = PixelMoments(4, 4)
        pixels[name].add(np.clip(rng.normal(128, sd, (N["test"], 4, 4, 3)), 0, 255).astype(np.uint8), blocks)
    return Evidence(load_ledger(), PARAMS, held_out=replace(own(noise={"3s": 60.0, "6s": 3.0}), pixels=pixels))


def rows(evidence: Evidence) -> dict[str, Row]:
    chapters = (ablations.figure6, ablations.figure8, ablations.figure9)
    return {row.id: row for chapter in chapters for row in chapter(evidence)}


def test_the_network_that_hears_better_agrees_more(evidence: Evidence) -> None:
    found = rows(evidence)
    assert found["fig06.longer_is_better/laptop.age"].verdict == "reproduced"
    own_people = evidence.held_out
    age = np.floor(own_people.people["test"].age / 10)
    heard = [np.clip(np.floor(own_people.drawn[one].age / 10), age.min(), age.max()) for one in ("6s", "3s")]
    expected = float((heard[0] == age).mean() - (heard[1] == age).mean())
    assert found["fig06.longer_is_better/laptop.age"].ours == pytest.approx(expected, abs=1e-5)


def test_drawings_more_alike_vary_less(evidence: Evidence) -> None:
    found = rows(evidence)
    bn, pixel = found["fig09.no_bn_is_average/laptop"], found["fig08.pixel_loss_is_average/laptop"]
    assert bn.verdict == "reproduced" and bn.ours == pytest.approx(0.25, rel=0.1)
    assert pixel.verdict == "contradicted" and pixel.ours == pytest.approx(1.5, rel=0.1)
    assert (bn.tier, pixel.tier, bn.baseline) == ("C", "C", 1.0)
    assert ablations.spreads(evidence)["6s"]["value"] == pytest.approx(20, rel=0.1)


def parts(people: HeldOut, noise: Mapping[tuple[int, int], float]) -> Stretches:
    """What an encoder heard in parts (start, seconds) of one recording of everybody, each with so much noise."""
    heard, rng = people.voices["6s"].features[: N["test"]], np.random.default_rng(4)
    rows = np.tile(np.arange(N["test"]), len(noise))
    start, seconds = (np.repeat(one, N["test"]) for one in np.array(list(noise)).T)
    features = [heard + amount * rng.normal(size=heard.shape) for amount in noise.values()]
    return Stretches("6s", rows, start, seconds, np.concatenate(features).astype(np.float32), "m")


def test_more_seconds_find_more_faces_where_they_are_heard_better(evidence: Evidence) -> None:
    people = evidence.held_out
    heard = replace(people, stretches={"6s": parts(people, {(0, 3): 60.0, (0, 6): 1.0})})
    row = rows(replace(evidence, held_out=heard))["fig06.longer_is_better/6s.found"]
    curve = ablations.by_seconds(replace(evidence, held_out=heard))["6s"]
    assert row.verdict == "reproduced" and row.n == N["test"]
    assert row.ours == pytest.approx(curve["6"]["value"] - curve["3"]["value"], abs=1e-3)
    gallery = np.concatenate([people.faces.canonical["test"], people.faces.canonical["gallery"]])
    unit = [side / np.linalg.norm(side, axis=1, keepdims=True)
            for side in (heard.stretches["6s"].features[: N["test"]], gallery)]
    similar = unit[0] @ unit[1].T
    ranks = (similar > np.diag(similar)[:, None]).sum(1)
    assert curve["3"]["value"] == pytest.approx((ranks < len(gallery) // 10).mean(), abs=1e-3)


def test_losses_are_compared_at_the_end_of_training(evidence: Evidence) -> None:
    def log(last: float) -> list[dict]:
        falling = [{"kind": "training", "step": step, "epoch": step // 50, "face": last + max(0, 90 - step) / 10}
                   for step in range(10, 100, 10)]
        return [*falling, {"kind": "validation", "step": 90, "epoch": 1, "mean_percent": 20.0}]

    trained = replace(evidence.held_out, logs={"6s": log(2.0), "6s_no_bn": log(3.0), "3s": log(2.0)})
    found = rows(replace(evidence, held_out=trained))
    assert found["fig09.bn_lowers_loss/laptop"].ours == pytest.approx(-1) and found["fig09.bn_lowers_loss/laptop"].n == 5
    assert found["fig09.bn_lowers_loss/laptop"].verdict == "reproduced"
    assert found["fig09.duration_matters_little/laptop"].ours == pytest.approx(0)
    told = ablations.losses(replace(evidence, held_out=trained))["6s"]
    assert told["rank"] == [20.0] and told["loss"][0] == pytest.approx(10.0) and told["step"][-1] == 90


def test_what_was_not_trained_has_no_row(evidence: Evidence) -> None:
    people = evidence.held_out
    alone = replace(people, voices={"6s": people.voices["6s"]}, pixels={"6s": people.pixels["6s"]})
    assert not rows(replace(evidence, held_out=alone)) and not rows(replace(evidence, held_out=None))
