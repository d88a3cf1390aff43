"""Cross-validation by people on invented pairs: what can be found is, what only a known person would give away is not."""

from pathlib import Path

import numpy as np
import pytest

from s2f_core.data.corpora.published import Clip
from s2f_core.errors import InputError
from s2f_core.evaluate import crossval
from s2f_core.evaluate.crossval import Grid, Model, Pairs
from s2f_core.training import linear_voice
from s2f_core.training.linear_voice import Shrinkage

GRID = Grid(judged=[0.0], voice=[0.3, 0.9], face=[0.5, 0.9], rank=[2, 5])
CLIPS = 2  # of each person


def invented(n_persons: int, *, shared: float, own: float = 0.0, seed: int = 0) -> Pairs:
    """Two clips a person. `shared`: what both sides have from the same causes; `own`: a mark of the person's on each side."""
    rng = np.random.default_rng([seed, n_persons])
    female = np.repeat(rng.random(n_persons) < 0.4, CLIPS)
    causes = np.repeat(rng.normal(size=(n_persons, 4)), CLIPS, axis=0)
    sides = [shared * causes @ np.random.default_rng(size).normal(size=(4, size)) + np.outer(female, np.full(size, 2.0))
             + own * np.repeat(rng.normal(size=(n_persons, size)), CLIPS, axis=0) + rng.normal(size=(len(female), size))
             for size in (30, 20)]  # fmt: skip
    clips = [Clip(f"clip{k:03d}", "voxceleb", f"person{k // CLIPS}", "", {}, Path(), None, None) for k in range(len(female))]
    words = np.stack([np.where(female, 0.9, 0.1), 40 + 15 * causes[:, 0]], axis=1)
    return Pairs(clips, *sides, words, np.where(female, "female", "male"))


def test_faces_of_new_people_are_found_where_voices_tell_of_them() -> None:
    found = crossval.estimates(crossval.cross_validated(invented(60, shared=1.0), GRID, n_folds=3, seed=0), [10.0])
    for reading in ("learned", "unseen", "within_gender", "plain"):
        assert found[f"{reading}.percent10"].low > 2 * found[f"{reading}.percent10"].baseline, reading
    assert found["gender"].value > 0.9 and 0.5 <= found["gender"].baseline < 0.8


def test_knowing_a_person_is_of_no_use_because_no_person_is_on_both_sides() -> None:
    pairs = invented(60, shared=0.0, own=5.0)
    found = crossval.estimates(crossval.cross_validated(pairs, GRID, n_folds=3, seed=0), [10.0])["within_gender.percent10"]
    assert found.low <= found.baseline <= found.high
    known = Model(linear_voice.fit(pairs.voices[::2], pairs.described(0.0)[::2], Shrinkage(0.01, 0.01, 20)), 0.0)
    other_clips = pairs.where(np.arange(len(pairs.clips)) % 2 == 1)
    leaked = crossval.estimates(crossval.read(known, pairs, other_clips, other_clips), [10.0])["within_gender.percent10"]
    assert leaked.low > found.high  # the other clips of the people trained on would have been found


def test_numbers_are_a_function_of_the_seed_and_not_of_the_order_of_clips() -> None:
    pairs = invented(30, shared=0.5)
    turned = Pairs(*(rows[::-1] for rows in (pairs.clips, pairs.voices, pairs.faces, pairs.judged, pairs.gender)))
    first, again, other = (
        crossval.estimates(crossval.cross_validated(one, GRID, n_folds=3, seed=seed), [5.0, 10.0])
        for one, seed in ((pairs, 0), (turned, 0), (pairs, 1)))  # fmt: skip
    for name, one in first.items():
        assert (again[name].value, again[name].baseline) == pytest.approx((one.value, one.baseline)), name
    assert other != first


def test_the_readings_are_the_plain_formulas() -> None:
    train, test = invented(40, shared=0.5), invented(25, shared=0.5, seed=1)
    linear = linear_voice.fit(train.voices, train.described(3.0), Shrinkage(0.5, 0.5, 4))
    model = Model(linear, 3.0)
    found = crossval.read(model, train, test, test)
    spaces = {"learned": (linear.heard(test.voices), linear.seen(np.hstack([test.faces, 3 * test.judged * (0.35, 1 / 70)]))),
              "plain": (linear.estimate(test.voices)[:, :20] - train.faces.mean(0), test.faces - train.faces.mean(0))}
    other = test.persons[:, None] != test.persons
    for reading, (voices, faces) in {**spaces, "within_gender": spaces["learned"]}.items():
        cosine = (voices @ faces.T) / np.outer(np.linalg.norm(voices, axis=1), np.linalg.norm(faces, axis=1))
        rivals = other & ((test.gender[:, None] == test.gender) | (reading != "within_gender"))
        assert found.rankings[reading].ranks.tolist() == (1 + (rivals & (cosine >= np.diag(cosine)[:, None])).sum(1)).tolist()
        assert found.rankings[reading].gallery.tolist() == (1 + rivals.sum(1)).tolist()
    assert (found.said == test.gender).mean() > 0.8


def test_the_choice_is_the_best_point_of_the_grid() -> None:
    pairs = invented(60, shared=1.0)
    assert crossval.choose(pairs, GRID, n_folds=3, seed=0)[1].rank == 5  # four causes and the gender
    nothing = crossval.choose(pairs, Grid(judged=[1.0], voice=[0.3], face=[0.5], rank=[2]), n_folds=3, seed=0)
    assert nothing == (1.0, Shrinkage(0.3, 0.5, 2))


def test_a_gallery_without_the_true_face_is_an_error() -> None:
    pairs = invented(30, shared=0.5)
    model = Model(linear_voice.fit(pairs.voices, pairs.described(0.0), Shrinkage(0.5, 0.5, 4)), 0.0)
    with pytest.raises(InputError, match="2 are not in it"):
        crossval.read(model, pairs, pairs, pairs.where(np.arange(60) > 1))
