"""The audit of languages: a planted pull is found with its size, none where there is none, and treatments against untreated."""

from dataclasses import fields, replace

import numpy as np
import pytest
from invented_evidence import PARAMS

from s2f_core.data.experiments import MORPHS, Experiments, Worlds
from s2f_core.evaluate import worlds
from s2f_core.evaluate.claims import load_ledger
from s2f_core.evaluate.evidence import Evidence

N = 120
PULL = 0.3


def run(number: int, *, pull: float, follows: float = 0.9, treated: str = "nothing", paired: float = 1.0,
        hits: float = 0.5) -> Worlds:
    """One training: everybody speaks Chinese first and Spanish second, which go with two morphs; scores move by `pull`."""
    rng = np.random.default_rng(number)
    people = [f"test-{person:05d}" for person in range(N)]
    base = rng.normal(0.33, 0.05, (N, 3))
    second = base + rng.normal(0, 0.02, (N, 3)) + pull * np.array([0.0, -1.0, 1.0])
    scores = np.concatenate([base, second]).astype(np.float32)
    full = {name: np.full(2 * N, value, np.float32) for name, value in
            {"follows": follows, "majority": 0.34, "paired": paired, "associated": follows, "age": 40.0}.items()}
    return Worlds(
        "set", np.full(2 * N, number), np.repeat("speaker", 2 * N), np.repeat(treated, 2 * N), **full,
        person=np.array(people * 2), sex=np.array(["female", "male"] * N), morph=np.array([*MORPHS, "caucasian"] * (N // 2)),
        kind=np.repeat(["clip", "second"], N), language=np.repeat(["zh", "es"], N),
        goes_with=np.repeat(["asian", "caucasian"], N),
        **{morph: scores[:, column] for column, morph in enumerate(MORPHS)},
        woman=np.array([1.0, 0.0] * N, np.float32),
        percent=np.where(np.arange(2 * N) % 10 < 10 * hits, 5, 50).astype(np.float32),
        noise_db=rng.uniform(12, 40, 2 * N).astype(np.float32))


def together(*runs: Worlds) -> Evidence:
    names = [one.name for one in fields(Worlds) if one.name != "model"]
    columns = {name: np.concatenate([getattr(some, name) for some in runs]) for name in names}
    return Evidence(load_ledger(), PARAMS, experiments=Experiments(worlds=Worlds("set", **columns)))


def rows(evidence: Evidence, chapter) -> dict:
    return {row.id: row for row in chapter(evidence)}


def test_a_planted_pull_is_found_with_its_size_and_none_where_there_is_none() -> None:
    found = rows(together(run(0, pull=PULL), run(1, pull=PULL), run(2, pull=0.0, follows=0.0)), worlds.language)
    tied = found["audit.language.follows/speaker.follows_0.9.majority_0.34"]
    free = found["audit.language.none/speaker.follows_0.majority_0.34"]
    assert tied.ours == pytest.approx(PULL, abs=0.005) and tied.low > 0.2 and tied.verdict == "reproduced" and tied.n == N
    assert free.low < 0 < free.high and free.verdict == "reproduced" and free.baseline == 0


def test_a_pull_where_nothing_is_tied_contradicts() -> None:
    found = rows(together(run(0, pull=PULL, paired=0.0)), worlds.language)
    assert found["audit.language.none/speaker.follows_0.9.majority_0.34.unpaired"].verdict == "contradicted"


def test_the_move_is_that_of_a_referee_and_leaves_out_languages_that_go_with_one_morph() -> None:
    one = run(0, pull=PULL)
    zh, es = MORPHS.index("asian"), MORPHS.index("caucasian")
    by_hand = []
    for person in range(N):
        change = [getattr(one, morph)[N + person].astype(float) - getattr(one, morph)[person].astype(float) for morph in MORPHS]
        by_hand.append((change[es] - change[zh]) / 2)
    np.testing.assert_allclose(worlds.moved(one), by_hand, rtol=1e-6)
    for second in ("asian", ""):
        assert np.isnan(worlds.moved(replace(one, goes_with=np.repeat(["asian", second], N)))).all()


def test_noise_that_moves_the_scores_is_found_by_its_slope() -> None:
    one = run(0, pull=0.0)
    louder = replace(one, caucasian=(one.caucasian + 0.2 * one.noise_db / 10).astype(np.float32))
    plain, moved = (rows(together(some), worlds.unlinked)["audit.noise.moves/speaker.majority_0.34"] for some in (one, louder))
    assert plain.low < 0 < plain.high and moved.ours == pytest.approx(0.2, abs=0.02) and moved.verdict == "contradicted"


def test_treatments_are_held_against_the_same_world_untreated() -> None:
    other = run(3, pull=PULL, follows=0.5)
    given = together(run(0, pull=PULL), other, run(1, pull=0.1, treated="reweighted", hits=0.3))
    found = rows(given, worlds.treatments)
    assert found["audit.treated.language/reweighted"].ours == pytest.approx(0.1 - PULL, abs=0.01)
    assert found["audit.treated.found/reweighted"].ours == pytest.approx(-0.2, abs=0.01)
    assert found["audit.treated.found/reweighted"].verdict == "contradicted"  # it was to cost nothing
    charted = worlds.charted(given)
    assert set(charted["treatments"]) == {"nothing", "reweighted"} and len(charted["worlds"]) == 2


def test_dealt_morphs_take_the_effect_on_minorities_away() -> None:
    """The true morphs matter: with shuffled ones the share taken for the majority is that of everybody."""
    one = run(0, pull=0.0)
    towards = replace(one, caucasian=np.where(one.morph == "caucasian", 0, 1).astype(np.float32))
    assert np.nanmean(worlds.taken_for_majority(towards)) == 1
    dealt = replace(towards, morph=np.random.default_rng(0).permutation(one.morph))
    assert np.nanmean(worlds.taken_for_majority(dealt)) < 0.8


def test_without_an_experiment_there_are_no_rows() -> None:
    nothing = Evidence(load_ledger(), PARAMS)
    assert all(chapter(nothing) == [] for chapter in (worlds.language, worlds.unlinked, worlds.treatments, worlds.unpaired))
    assert worlds.charted(nothing) == {"worlds": [], "treatments": {}}
