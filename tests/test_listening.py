"""The audits' experiments end to end on the smoke corpus: rendered, heard, trained, judged, resumed."""

from pathlib import Path

import numpy as np
import pytest
from checkout import ROOT

from s2f_core import jury, listening, speaking, worlds
from s2f_core.data import experiments
from s2f_core.data.corpora import examples
from s2f_core.data.experiments import Crossed, Worlds

PROFILE = "smoke"


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    (folder / "data").symlink_to(ROOT / "data")
    return folder


@pytest.fixture(scope="module")
def heard(root: Path) -> experiments.Experiments:
    told: list[int] = []
    listening.listen(root, PROFILE, processes=1, on_progress=told.append)
    assert sum(told) <= listening.n_jobs(root, PROFILE)
    return experiments.read_all(jury.folder_of(root, PROFILE))


def test_every_table_is_there_and_says_which_weights_listened(heard) -> None:
    assert len({table.model for table in heard.tables()}) == 1 and len(heard.tables()) == 4
    assert len(heard.sweep.woman) == 2 * 2 * 2 and len(np.unique(heard.sweep.person)) == 2
    assert sorted(set(heard.members.group)) == ["new clip", "others", "trained clip"]
    assert ((heard.members.percent > 0) & (heard.members.percent <= 100)).all() and (abs(heard.members.cosine) <= 1).all()
    assert set(heard.sounds.kind) == set(listening.KINDS) and np.isfinite(heard.sounds.apart).all()


def test_nothing_changed_is_the_corpus_own_recording(heard, root) -> None:
    """So that whatever the other rows show comes from the change alone."""
    panel = jury.convene(root, PROFILE, "6s", jury.folder_of(root, PROFILE))
    table = heard.crossed
    rows = np.flatnonzero(table.changed == "nothing")
    people = [panel.ids["test"].index(one) for one in table.person[rows]]
    voices = examples.voices(panel.home, "test", panel.ids["test"])
    first = [np.flatnonzero(voices.person == one)[0] for one in people]
    expected = panel.judge(listening.hear(panel, voices.samples[first])).woman
    np.testing.assert_allclose(table.woman[rows], expected, atol=1e-4)


def test_worlds_are_trained_one_by_one_and_gone_on_with(root) -> None:
    stage = worlds.Stage(root, PROFILE)
    speaking.make(stage.jobs(), processes=1, on_progress=lambda _: None)
    assert not worlds.Stage(root, PROFILE).jobs()

    def stop(_: int) -> None:
        if len(stage.left()) == len(stage.runs) - 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        worlds.train(stage, on_progress=stop)
    assert len(stage.left()) == len(stage.runs) - 2 and experiments.read(stage.folder, Worlds) is None
    worlds.train(stage, on_progress=lambda _: None)
    table = experiments.read(stage.folder, Worlds)
    assert sorted(set(table.run)) == list(range(len(stage.runs)))
    assert set(table.treated) == {"nothing", "balanced", "reweighted", "reversed"} and set(table.paired) == {0.0, 1.0}
    assert not {one.split("-")[0] for one in table.person} - {"test"}  # nobody of the training is judged
    assert not (stage.folder / worlds.SPEECH).exists() and experiments.path_of(stage.folder, Crossed).is_file()
