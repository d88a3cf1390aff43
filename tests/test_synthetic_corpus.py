"""The corpus on disk: what is shipped, what is put together from it, and that no person stands on two sides."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from checkout import ROOT

from s2f_core import config, corpus, show
from s2f_core.data import opus
from s2f_core.data.corpora import synthetic, synthetic_compare
from s2f_core.data.shards import Sample, read_shard, write_shard
from s2f_core.errors import InputError
from s2f_core.synthesis import plan, studio
from s2f_core.synthesis.person import sample_person

PROFILES = ("smoke", "laptop")
BLUEPRINT = {"speaker_id", "split", "language", "seconds", "attributes", "measures_mm", "voice", "condition", "seed", "world"}


def block_of(profile: str) -> plan.CorpusBlock:
    return config.load(ROOT, "corpus", plan.CorpusBlock, profile=profile)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with parameters and data, whose results are nobody else's."""
    root = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / "params.yaml", root)
    (root / "data").symlink_to(ROOT / "data")
    return root


@pytest.fixture(scope="module")
def clips(checkout: Path) -> dict[str, list[Sample]]:
    """The complete clips of the smoke corpus, put together by the stage's own code."""
    corpus.make(corpus.assemble_jobs(checkout, "smoke"), processes=1, on_progress=lambda steps: None)
    folder = synthetic.complete(checkout, "smoke")
    return {split: [sample for path in sorted(folder.glob(f"{split}-*.tar")) for sample in read_shard(path)]
            for split in plan.SPLITS}


@pytest.mark.parametrize("profile", PROFILES)
def test_everybody_who_was_planned_is_there_once_and_with_what_the_split_needs(profile: str) -> None:
    block = block_of(profile)
    for split in plan.SPLITS:
        people = list(synthetic.speakers(synthetic.home(ROOT, profile), split))
        assert [person.id for person in people] == list(plan.person_ids(split, getattr(block, split)))
        pictures = {len([ending for ending in person.sample.members if ending.startswith("face")]) for person in people}
        assert pictures == {0 if split == "gallery" else block.views}
        assert all("canonical.webp" in person.sample.members for person in people)


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_shipped_is_what_the_sampler_says_today(profile: str) -> None:
    """So that nobody changes the population and forgets to render it again."""
    block, world = corpus.read_params(ROOT, profile)
    for split in plan.SPLITS:
        for person in list(synthetic.speakers(synthetic.home(ROOT, profile), split))[::97]:
            drawn = sample_person(block.seed, person.id, world)
            facts = json.loads(json.dumps(studio.facts_of(drawn, studio.head(ROOT / "data"))))
            assert {name: person.facts[name] for name in facts} == facts


@pytest.mark.parametrize("profile", PROFILES)
def test_the_plan_beside_the_shards_is_the_plan_of_the_parameters(profile: str) -> None:
    corpus.check_plan(synthetic.home(ROOT, profile), ROOT, profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_test_persons_also_speak_long_and_in_a_second_language(profile: str) -> None:
    found = list(synthetic.recordings(synthetic.home(ROOT, profile), "test"))
    assert Counter(one.facts["kind"] for one in found) == {"clip": 2 * block_of(profile).test, "long": block_of(profile).test,
                                                          "second": block_of(profile).test}
    assert min(one.facts["seconds"] for one in found if one.facts["kind"] == "long") >= 10
    for one in found[:8]:
        assert len(one.samples()) / 16_000 == pytest.approx(one.facts["seconds"], abs=0.001)


def test_sentences_of_test_persons_are_heard_nowhere_else(clips: dict[str, list[Sample]]) -> None:
    said = {split: {(facts["language"], sentence) for sample in clips[split] for facts in [json.loads(sample.member("json"))]
                    for sentence in facts["sentences"]} for split in ("train", "validation", "test")}
    assert said["train"] and said["test"]
    assert not said["test"] & (said["train"] | said["validation"])


def test_a_complete_clip_holds_what_training_reads(clips: dict[str, list[Sample]]) -> None:
    assert not clips["gallery"]
    for split in ("train", "validation", "test"):
        sample = clips[split][0]
        assert set(sample.members) == {"ogg", "face.webp", "canonical.webp", "json"}
        facts = json.loads(sample.member("json"))
        assert facts.keys() >= BLUEPRINT
        assert facts["attributes"]["source"] == "truth"
        assert facts["split"] == split
        assert len(clips[split]) == {"train": 40, "validation": 8, "test": 40}[split]


def test_no_person_is_in_two_splits(clips: dict[str, list[Sample]]) -> None:
    people = [{json.loads(sample.member("json"))["speaker_id"] for sample in clips[split]} for split in plan.SPLITS]
    assert len(set().union(*people)) == sum(map(len, people))


def test_shards_that_are_there_are_not_made_again_and_other_parameters_are_refused(
        checkout: Path, clips: dict[str, list[Sample]]) -> None:
    assert corpus.assemble_jobs(checkout, "smoke") == []
    folder = synthetic.complete(checkout, "smoke")
    (folder / "test-0000.tar").unlink()
    assert [job.path.name for job in corpus.assemble_jobs(checkout, "smoke")] == ["test-0000.tar"]
    text = (checkout / "params.yaml").read_text()
    try:
        (checkout / "params.yaml").write_text(text.replace("seed: 20190618", "seed: 20190619"))
        with pytest.raises(InputError, match="holds shards of another corpus"):
            corpus.assemble_jobs(checkout, "smoke")
    finally:
        (checkout / "params.yaml").write_text(text)


def test_a_voice_that_is_not_shipped_is_rendered_from_the_bank_as_it_would_be_again() -> None:
    block, world = corpus.read_params(ROOT, "laptop")
    person = sample_person(block.seed, "train-00003", world)
    first, again = (studio.voice_sample(person, plan.clips_of(person)[0], ROOT / "data") for _ in range(2))
    assert first == again
    samples = opus.decode(first.member("ogg"))
    assert 2 < len(samples) / 16_000 < 12
    assert 0.003 < np.sqrt(np.mean(samples**2)) < 0.5


def test_a_shipped_voice_is_what_the_bank_gives(tmp_path: Path) -> None:
    """Byte for byte on the machine that made it, within the stated tolerance on another."""
    block, world = corpus.read_params(ROOT, "smoke")
    shipped = synthetic.home(ROOT, "smoke") / "voices-test-0000.tar.gz"
    ids = [sample.key for sample in read_shard(shipped)]
    people = {identity.rpartition("-")[0] for identity in ids}
    samples = [studio.voice_sample(person, clip, ROOT / "data")
               for person in (sample_person(block.seed, identity, world) for identity in sorted(people))
               for clip in plan.clips_of(person)]
    write_shard(tmp_path / shipped.name, samples)
    found = synthetic_compare.compare(tmp_path, shipped.parent)
    assert found.within, list(synthetic_compare.report(found))


def test_another_clip_in_place_of_a_voice_is_said(tmp_path: Path) -> None:
    shipped = synthetic.home(ROOT, "smoke") / "voices-test-0000.tar.gz"
    samples = list(read_shard(shipped))
    swapped = [Sample(samples[0].key, {**samples[0].members, "ogg": samples[1].members["ogg"]}), *samples[1:]]
    write_shard(tmp_path / shipped.name, swapped)
    assert not synthetic_compare.compare(tmp_path, shipped.parent).within


def test_a_difference_beyond_the_tolerance_is_said(tmp_path: Path) -> None:
    shipped = synthetic.home(ROOT, "smoke") / "faces-test-0000.tar.gz"
    samples = list(read_shard(shipped))
    other = samples[1].members["canonical.webp"]
    swapped = [Sample(samples[0].key, {**samples[0].members, "canonical.webp": other}), *samples[1:]]
    write_shard(tmp_path / shipped.name, swapped)
    found = synthetic_compare.compare(tmp_path, shipped.parent)
    assert (found.n_same_bytes, found.n_samples) == (len(samples) - 1, len(samples))
    assert not found.within
    facts = json.loads(samples[0].member("json")) | {"seed": 1}
    write_shard(tmp_path / shipped.name, [Sample(samples[0].key, {**samples[0].members, "json": json.dumps(facts).encode()}),
                                          *samples[1:]])
    assert "the truth differs" in " ".join(synthetic_compare.report(synthetic_compare.compare(tmp_path, shipped.parent)))


def test_show_writes_a_picture_the_truth_and_the_sounds(checkout: Path, tmp_path: Path) -> None:
    lines = list(show.show(checkout, "smoke", "test-00001", output=tmp_path, play=False))
    assert {path.name for path in tmp_path.iterdir()} == {"test-00001.png", "test-00001.json",
                                                         *(f"test-00001-{number}.wav" for number in range(4))}
    assert "test-00001" in lines[0]
    with pytest.raises(InputError, match="nobody is called 'test-99999'.*ids begin with gallery, test, train, validation"):
        list(show.show(checkout, "smoke", "test-99999", output=tmp_path, play=False))


def test_reading_and_assembling_need_no_extra() -> None:
    code = ("import sys; sys.modules.update(dict.fromkeys(['numba', 'cv2', 'onnxruntime', 'parselmouth']));"
            "from pathlib import Path; from s2f_core import corpus; from s2f_core.synthesis import plan, studio;"
            "from s2f_core.synthesis.person import sample_person;"
            f"root = Path({str(ROOT)!r}); block, world = corpus.read_params(root, 'smoke');"
            "person = sample_person(block.seed, 'train-00000', world);"
            "studio.voice_sample(person, plan.clips_of(person)[0], root / 'data')")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
