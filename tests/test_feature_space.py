"""Fig. 14 of invented people: a space that sex orders is told from one that age orders, or nothing."""

from dataclasses import replace

import numpy as np
import pytest
from invented_evidence import PARAMS
from invented_people import own
from sklearn.cluster import KMeans
from sklearn.metrics import cohen_kappa_score

from s2f_core.evaluate import feature_space
from s2f_core.evaluate.claims import load_ledger
from s2f_core.evaluate.evidence import Evidence
from s2f_core.figures import maps

N = 160
RNG = np.random.default_rng(1)
SEX, AGE = np.array(["female", "male"])[RNG.integers(2, size=N)], RNG.integers(2, 8, size=N)
LABELS = {"sex": SEX, "age": AGE, "ancestry": np.array(["asian", "african", "caucasian"])[RNG.integers(3, size=N)]}


def space(*columns: np.ndarray) -> np.ndarray:
    told = np.stack([*columns, np.full(N, 4.0)], axis=1)
    return np.concatenate([told, 0.3 * np.random.default_rng(2).normal(size=(N, 4))], axis=1).astype(np.float32)


def test_what_orders_the_space_is_found() -> None:
    by_sex = feature_space.sex_first(space(6.0 * (SEX == "male")), LABELS, seed=0)
    by_age = feature_space.sex_first(space(3.0 * AGE), LABELS, seed=0)
    nothing = feature_space.sex_first(space(np.zeros(N)), LABELS, seed=0)
    assert by_sex.low > 0 > by_age.high and nothing.low < 0 < nothing.high


def test_two_clusters_are_the_sexes_where_they_are_apart() -> None:
    apart = feature_space.two_clusters(space(9.0 * (SEX == "male")), SEX, seed=0)
    nothing = feature_space.two_clusters(space(np.zeros(N)), SEX, seed=0)
    assert apart.value == pytest.approx(1) and nothing.value < 0.3


def test_neighbours_are_those_of_brute_force() -> None:
    features = space(SEX == "male", AGE)
    hits, chance = feature_space.shared(feature_space.nearest_others(features), AGE)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    similar = unit @ unit.T - 9 * np.eye(N)
    assert np.array_equal(hits, (AGE[similar.argmax(1)] == AGE).astype(float))
    assert chance == pytest.approx([np.mean(np.delete(AGE, row) == AGE[row]) for row in range(N)])


def test_kappa_is_scikit_learns() -> None:
    noisy = space(2.0 * (SEX == "male") + np.random.default_rng(3).normal(size=N))
    found = feature_space.two_clusters(noisy, SEX, seed=0).value
    unit = noisy / np.linalg.norm(noisy, axis=1, keepdims=True)
    cluster = KMeans(2, n_init=10, random_state=0).fit_predict(unit)
    wanted = [cohen_kappa_score(SEX == "male", cluster == one) for one in (0, 1)]
    assert found == pytest.approx(max(wanted))


def test_a_map_keeps_sexes_apart_and_takes_new_recordings_as_they_are() -> None:
    made = own(noise={"6s": 1.0})
    voices = made.voices["6s"]
    told = [one | {"kind": "clip" if row < len(voices.first) else "second"} for row, one in enumerate(voices.facts)]
    evidence = Evidence(load_ledger(), PARAMS, held_out=replace(made, voices={"6s": replace(voices, facts=told)}))
    found, labels = feature_space.maps(evidence), feature_space.labels(evidence)
    assert found == feature_space.maps(evidence)
    first, again = (np.stack([found[name]["x"], found[name]["y"]], axis=1) for name in ("voices", "voices, second language"))
    sex = np.array(labels["sex"])
    apart = np.linalg.norm(first[:, None] - first, axis=2) + 1e6 * np.eye(len(first))
    assert (sex[apart.argmin(1)] == sex).mean() > 0.75  # a half by chance
    own_place = np.linalg.norm(again - first[found["voices, second language"]["who"]], axis=1)
    assert np.median(own_place) < 0.5 * np.median(apart)  # a recording of the same voice falls near it
    assert set(labels) == {"sex", "age", "ancestry", "language"} and all(" to " in one for one in labels["age"])
    figure = maps.coloured(found["voices"], labels, [f"test-{row}" for row in range(len(sex))])
    shown = [trace for trace in figure.data if trace.visible]
    assert sum(len(trace.x) for trace in shown) == len(sex) and {trace.name for trace in shown} == {"female", "male"}
    assert [button.label for button in figure.layout.updatemenus[0].buttons] == list(labels)


def test_rows_of_every_variant() -> None:
    evidence = Evidence(load_ledger(), PARAMS, held_out=own(noise={"3s": 9.0, "6s": 3.0}))
    rows = {row.id: row for row in feature_space.figure14(evidence)}
    assert set(rows) == {f"fig14.{claim}/{variant}" for claim in ("gender_first", "two_clusters") for variant in ("3s", "6s")}
    assert rows["fig14.two_clusters/6s"].baseline == 0 and rows["fig14.gender_first/6s"].tier == "C"
    assert feature_space.figure14(Evidence(load_ledger(), PARAMS)) == []
