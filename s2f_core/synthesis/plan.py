"""What a corpus holds: how many persons in which split, and which clips each of them records; nothing is rendered here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from s2f_core import config
from s2f_core.synthesis.person import Person, stream
from s2f_core.synthesis.voice.catalogue import load_catalogue
from s2f_core.synthesis.world import WorldName

Split = Literal["train", "validation", "test", "gallery"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test", "gallery")
LONG_SECONDS = 10.0  # s; at least, of a long clip
N_CLIPS = 2  # of one or two sentences each, in every split with voices


class CorpusBlock(config.Block):
    """The `corpus` block of params.yaml.

    Attributes:
        name: folder below data/corpus with what is shipped of it.
        seed: of the whole population.
        world: name of a world in the block `worlds`.
        train, validation, test: persons with voices; their ids differ, so no person is in two splits.
        gallery: further persons of whom only a canonical face is made, to fill the gallery of the retrieval.
        ship_all_voices: whether the voices of all splits are shipped, or those of the test split only.
        views: pictures in the wild per person with a voice.
        persons_per_shard: rendered and saved together: an interruption loses at most one shard per process.
        canonical_quality, wild_quality: of the WebP encoder, 0…100.
    """

    name: str
    seed: int
    world: WorldName
    train: int
    validation: int
    test: int
    gallery: int
    ship_all_voices: bool
    views: int
    persons_per_shard: int
    canonical_quality: int
    wild_quality: int


@dataclass(frozen=True)
class ClipPlan:
    """One recording to make.

    Attributes:
        kind: 'clip', 'long' (all held-out sentences of the voice, at least LONG_SECONDS) or 'second' (in the second language).
        sentences: ids in the catalogue, spoken one after the other.
    """

    id: str
    kind: Literal["clip", "long", "second"]
    language: str
    sentences: tuple[str, ...]


def person_ids(split: Split, n: int) -> tuple[str, ...]:
    """The ids of a split's persons. An id never depends on how many others there are."""
    return tuple(f"{split}-{number:05d}" for number in range(n))


def split_of(identity: str) -> Split:
    """The split that an id belongs to."""
    return next(split for split in SPLITS if identity.startswith(f"{split}-"))


def clips_of(person: Person) -> tuple[ClipPlan, ...]:
    """The recordings of a person: two of different sentences; in the test split also a long one and a second language.

    Test persons speak sentences that nobody of the other splits speaks.
    """
    split = split_of(person.id)
    return tuple(_plans(person, held_out=split == "test")) if split != "gallery" else ()


def _plans(person: Person, *, held_out: bool) -> Iterator[ClipPlan]:
    catalogue, base = load_catalogue(), person.voice.base[0]
    language = person.voice_body.speech.language
    sentences = catalogue.sentences_of(base, language, held_out=held_out)
    order = [sentences[place] for place in stream(person.seed, person.id, "sentences").permutation(len(sentences))]
    for number in range(N_CLIPS):
        yield ClipPlan(f"{person.id}-{number}", "clip", language, (order[number],))
    if held_out:
        yield ClipPlan(f"{person.id}-{N_CLIPS}", "long", language, tuple(order))
        other = catalogue.sentences_of(base, person.second_language, held_out=True)
        yield ClipPlan(f"{person.id}-{N_CLIPS + 1}", "second", person.second_language, other[:1])
