"""What a corpus plans to record: which persons, which sentences in which languages, before anything is rendered."""

from checkout import ROOT

from s2f_core import config
from s2f_core.synthesis import plan
from s2f_core.synthesis.person import Person, sample_person
from s2f_core.synthesis.voice.catalogue import load_catalogue
from s2f_core.synthesis.world import World, Worlds

WORLD = config.load(ROOT, "worlds", Worlds, profile="laptop").literature


def draw(world: World, n: int, split: str) -> list[Person]:
    return [sample_person(7, f"{split}-{number:05d}", world) for number in range(n)]


def test_both_base_voices_speak_both_languages_and_the_same_sentences() -> None:
    catalogue = load_catalogue()
    for person in draw(WORLD, 300, "train"):
        first, second = map(catalogue.voice, person.voice.base)
        assert first.languages == second.languages
        assert set(first.languages) == {person.voice_body.speech.language, person.second_language}
        assert first.sex == second.sex == person.voice_body.sex


def test_clips_have_different_sentences_and_test_clips_held_out_ones() -> None:
    catalogue = load_catalogue()
    groups = {(language, one.id): one.group for language, found in catalogue.sentences.items() for one in found}
    for split, kinds in (("train", ["clip"] * 2), ("validation", ["clip"] * 2), ("test", ["clip", "clip", "long", "second"])):
        for person in draw(WORLD, 60, split):
            clips = plan.clips_of(person)
            assert [clip.kind for clip in clips] == kinds
            assert clips[0].sentences != clips[1].sentences
            assert len({clip.id for clip in clips}) == len(clips)
            used = {groups[clip.language, one] for clip in clips for one in clip.sentences}
            assert (used == {"test"}) == (split == "test")
            if split == "test":
                assert set(clips[2].sentences) == {*clips[0].sentences, *clips[1].sentences}
                assert clips[3].language == person.second_language != clips[0].language
    assert plan.clips_of(sample_person(1, "gallery-00000", WORLD)) == ()


def test_ids_do_not_depend_on_how_many_there_are() -> None:
    assert plan.person_ids("train", 3) == plan.person_ids("train", 9)[:3]
    assert {plan.split_of(f"{split}-00001") for split in plan.SPLITS} == set(plan.SPLITS)


def test_the_laptop_corpus_is_as_large_as_the_retrieval_needs() -> None:
    block = config.load(ROOT, "corpus", plan.CorpusBlock, profile="laptop")
    assert block.train >= 3000
    assert (block.validation, block.test, block.test + block.gallery) == (300, 700, 5000)
