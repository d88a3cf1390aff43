"""The identifiability audit on invented people: planted identity is found, shuffled pairs are at chance."""

import dataclasses
import json
from collections.abc import Callable

import numpy as np
import pytest
from invented_evidence import PARAMS
from invented_evidence import evidence as published
from invented_people import N, own

from s2f_core.data.experiments import Experiments, Members
from s2f_core.errors import InputError
from s2f_core.evaluate import identification, intervals, membership, strangers, verification
from s2f_core.evaluate.claims import Row, load_ledger
from s2f_core.evaluate.evidence import Evidence
from s2f_core.evaluate.held_out import HeldOut
from s2f_core.evaluate.retrieval import Ranking
from s2f_core.figures import identity

WORDS = {False: "reproduced", True: "contradicted"}


def given(held_out: HeldOut, **more: object) -> Evidence:
    return Evidence(load_ledger(), PARAMS, held_out=held_out, **more)


def by_id(rows: list[Row]) -> dict[str, Row]:
    return {row.id.removeprefix("audit.identity."): row for row in rows}


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    return by_id(identification.heard(given(own())))


@pytest.fixture(scope="module")
def similarity() -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.round(rng.normal(size=(60, 60)) + 1.2 * np.eye(60), 1)  # rounded: ties occur


@pytest.mark.parametrize("limited", [False, True])
def test_error_rate_and_separation_are_those_of_all_pairs_listed_one_by_one(similarity: np.ndarray, limited: bool) -> None:
    person = np.arange(60) // 2  # two clips each, so that a person's other clip is no stranger
    among = np.arange(60)[:, None] % 4 == np.arange(60) % 4 if limited else None
    found = strangers.told_apart(similarity, person, among=among, seed=1, n_resamples=300)
    pairs = [(i, j) for i in range(60) for j in range(60) if person[i] != person[j] and (not limited or i % 4 == j % 4)]
    others, mine = np.array([similarity[pair] for pair in pairs]), np.diag(similarity)
    assert found.eer.value == pytest.approx(verification.equal_error_rate(mine, others))
    d_prime = (mine.mean() - others.mean()) / np.sqrt((mine.var() + others.var()) / 2)
    assert found.d_prime.value == pytest.approx(d_prime)
    assert found.eer.low < found.eer.value < found.eer.high < 0.5 and found.d_prime.low > 0 and found.eer.n == 60


def test_the_interval_is_that_of_persons_resampled_as_speakers_and_as_faces(similarity: np.ndarray) -> None:
    found = strangers.told_apart(similarity, np.arange(60), seed=1, n_resamples=2000)
    rng, draws = np.random.default_rng(8), []
    first, second = np.nonzero(~np.eye(60, dtype=bool))
    for _ in range(400):
        times = np.bincount(rng.integers(60, size=60), minlength=60)
        others = np.repeat(similarity[first, second], times[first] * times[second])
        draws.append(verification.equal_error_rate(np.repeat(np.diag(similarity), times), others))
    low, high = np.quantile(draws, [0.025, 0.975])
    assert found.eer.high - found.eer.low == pytest.approx(high - low, rel=0.25)


def test_places_in_small_galleries_are_what_drawing_them_gives() -> None:
    ranking = Ranking(np.array([1, 7, 40]), np.array([50, 50, 50]), np.ones(3, int))
    rng = np.random.default_rng(4)
    for size, places in ((10, 1), (10, 3), (50, 7)):
        ahead = [[(rng.permutation(49)[: size - 1] < rank - 1).sum() for _ in range(3000)] for rank in ranking.ranks]
        drawn = (np.array(ahead) < places).mean(1)
        assert strangers.in_part(ranking, size, places) == pytest.approx(drawn, abs=0.035)
    assert strangers.in_part(ranking, 50, 7).tolist() == [1, 1, 0]
    with pytest.raises(InputError, match="must not fall"):
        strangers.in_part(ranking, 51, 1)


def test_a_share_of_certainties_has_the_interval_of_a_share_of_hits() -> None:
    hits, groups = np.arange(40) // 2 % 3 == 0, np.arange(40) // 2
    ours = strangers.share_found(hits.astype(float), groups, baseline=0.1)
    theirs = intervals.proportion_clustered(hits, groups)
    assert (ours.value, ours.low, ours.high) == pytest.approx((theirs.value, theirs.low, theirs.high), abs=0.01)
    nothing = strangers.share_found(np.zeros(40), None, baseline=0.1)
    assert nothing.low == 0 < nothing.high < 0.1


def test_ties_count_half_in_the_percentile_and_against_us_in_the_rank() -> None:
    similar = np.array([[0.5, 0.5, 0.1, 0.9], [0.2, 0.2, 0.2, 0.2]])
    ranking, nearer = strangers.nearer_than(similar, np.ones((2, 4), bool), np.array([0, 1]))
    assert ranking.ranks.tolist() == [3, 4] and ranking.gallery.tolist() == [4, 4]
    assert nearer == pytest.approx([0.5, 0.5])
    with pytest.raises(InputError, match="no other face"):
        strangers.nearer_than(similar, np.eye(2, 4, dtype=bool), np.array([0, 1]))


def test_who_knows_the_kind_alone_finds_what_drawing_lots_within_it_gives() -> None:
    kinds, rng = np.repeat([0, 1], [12, 48])[np.random.default_rng(1).permutation(60)], np.random.default_rng(2)
    found = []
    for _ in range(4000):
        speaker = rng.integers(20)
        others = rng.permutation(np.delete(kinds, speaker))[:9] == kinds[speaker]
        found.append(rng.random() < 3 / (1 + others.sum()))
    assert strangers.kind_alone(kinds, 20, 10, 3) == pytest.approx(np.mean(found), abs=0.03)


def test_planted_identity_is_found(rows: dict[str, Row]) -> None:
    assert rows["eer/6s.all"].high < 0.3 and rows["alike_percentile/6s.alike"].low > 0.6
    assert rows["found_tenth/6s.among100"].low > 0.5 > rows["found_tenth/6s.among100"].baseline == 0.1
    assert rows["alike_eer/6s.alike"].verdict == rows["d_prime/6s.all"].verdict == "contradicted"
    assert rows["bound_eer/f2f.all"].verdict == rows["bound_first/f2f.among100"].verdict == "reproduced"
    assert not any("among1000" in name for name in rows)  # three hundred faces are no gallery of a thousand


def test_shuffled_voices_are_at_chance() -> None:
    deaf = by_id(identification.heard(given(own(deaf=True))))
    for name in ("eer/6s.all", "d_prime/6s.all", "alike_eer/6s.alike", "alike_percentile/6s.alike", "found_tenth/6s.among100"):
        assert deaf[name].low < deaf[name].baseline < deaf[name].high and deaf[name].verdict == "reproduced", name


def test_nothing_of_the_training_people_counts(rows: dict[str, Row]) -> None:
    held_out = own()
    faces = held_out.faces
    lost = dataclasses.replace(faces, canonical={**faces.canonical, "train": np.full((N["train"], 12), np.nan, np.float32)},
                               drawn={"test": faces.drawn["test"]})
    without = dataclasses.replace(held_out, faces=lost, facts={**held_out.facts, "train": []})
    assert by_id(identification.heard(given(without))) == rows
    dealt = dataclasses.replace(faces, canonical={**faces.canonical, "test": np.roll(faces.canonical["test"], 60, axis=0)})
    assert by_id(identification.heard(given(dataclasses.replace(held_out, faces=dealt)))) != rows


def test_few_people_and_no_people_give_no_rows() -> None:
    few = dataclasses.replace(given(own()), params=PARAMS.model_copy(update={"fewest": N["test"] + 1}))
    for evidence in (few, Evidence(load_ledger(), PARAMS)):
        assert identification.heard(evidence) == membership.members(evidence) == [] == identification.shown(evidence)
        assert identification.charts(evidence) == {}


@pytest.mark.parametrize("kept", [0.0, 1.0])
def test_published_faces_tell_what_they_keep_of_a_person(kept: float) -> None:
    found = by_id(identification.shown(published(identity=kept)))
    for view in ("exg0", "exg0.7", "exg1.4"):
        within = found[f"same_gender_eer/voxceleb.{view}.same_gender"]
        assert within.verdict == WORDS[kept > 0] and within.tier == "B" and within.n == 160
        assert found[f"found_first/voxceleb.{view}.among100"].baseline == 0.01
    assert found["bound_first/voxceleb.f2f.among100"].ours > 0.99 and found["bound_eer/voxceleb.f2f.same_gender"].ours < 0.01


@pytest.fixture(scope="module")
def known() -> Members:
    """Clips of the training fit better; new clips of the same people fit as those of others."""
    rng = np.random.default_rng(6)
    group = np.repeat(["trained clip", "new clip", "others"], 80)
    person = np.array([f"{'train' if k < 160 else 'test'}-{k % 40}" for k in range(240)])
    cosine = rng.normal(0.3 + 0.2 * (group == "trained clip"), 0.1)
    return Members("m", group, person, cosine.astype(np.float32), (100 * (0.6 - cosine)).clip(0.1, 100).astype(np.float32))


def test_members_are_told_by_what_was_trained_on(known: Members) -> None:
    found = by_id(membership.members(given(own(), experiments=Experiments(members=known))))
    mine, others = (known.cosine[known.group == name] for name in ("trained clip", "others"))
    wins = [(a > b) + (a == b) / 2 for a in mine for b in others]
    assert found["member_auc/6s.trained_clip"].ours == pytest.approx(np.mean(wins), abs=1e-5)
    assert found["member_auc/6s.trained_clip"].verdict == found["member_gain/6s.trained_clip"].verdict == "contradicted"
    assert found["member_auc/6s.new_clip"].verdict == found["member_gain/6s.new_clip"].verdict == "reproduced"
    shares = [(known.percent[known.group == name] <= 10).mean() for name in ("trained clip", "others")]
    assert found["member_gain/6s.trained_clip"].ours == pytest.approx(shares[0] - shares[1], abs=1e-5)
    few = dataclasses.replace(known, person=np.where(known.group == "new clip", "one", known.person))
    assert len(membership.members(given(own(), experiments=Experiments(members=few)))) == 2


@pytest.mark.parametrize("make", [lambda known: given(own(), experiments=Experiments(members=known)),
                                  lambda known: published(identity=0.5), lambda known: Evidence(load_ledger(), PARAMS)])
def test_page_draws_what_there_is(known: Members, make: Callable[[Members], Evidence]) -> None:
    evidence = make(known)
    found = [*identification.heard(evidence), *membership.members(evidence), *identification.shown(evidence)]
    seen = json.loads(json.dumps(identification.charts(evidence)))
    assert all(sum(shares) == pytest.approx(1, abs=1e-4) for name in ("distances", "members")
               for shares in seen.get(name, {}).values())
    figure = identity.by_gallery([row for row in found if "voxceleb" not in row.id], seen.get("known", {}))
    assert len(figure.data) == 4 + 2 * (evidence.held_out is not None)
    said = identity.findings(found, seen.get("known", {}), source="6s")
    assert said.count("\n- ") + 1 == {True: 7, False: 3 if evidence.halves else 1}[evidence.held_out is not None]
