"""Which language somebody grew up with and speaks: the only way from ancestry morphs to the voice, and a world turns it.

The tables are ours. They say nothing about people: three names of mesh morphs are tied to nine voices of a synthesiser,
so that the audits have a correlation whose size is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from s2f_core.synthesis.world import World

MORPHS = ("african", "asian", "caucasian")  # the names that the mesh's authors gave to three morph targets
MAJORITY = "caucasian"  # whose share a world's `majority_share` sets
OWN_TABLE: Mapping[str, Mapping[str, float]] = {
    "african": {"en-us": 0.35, "fr": 0.25, "pt-br": 0.25, "en-gb": 0.15},
    "asian": {"zh": 0.45, "ja": 0.35, "hi": 0.20},
    "caucasian": {"en-us": 0.20, "en-gb": 0.15, "es": 0.20, "it": 0.15, "fr": 0.10, "hi": 0.10, "pt-br": 0.10},
}
LANGUAGES = tuple(sorted({language for table in OWN_TABLE.values() for language in table}))
TABLE_OF_ALL = {language: sum(table.get(language, 0.0) for table in OWN_TABLE.values()) / len(OWN_TABLE)
                for language in LANGUAGES}
SPEAKS_FIRST = 0.8  # share that is recorded in its first language
NATIVE_ACCENT = 0.5  # share of them with a base voice of that language's origin; more would let the timbre tell the words
KEEPS_ACCENT = 0.5  # share that keeps the accent of the first language in another one


@dataclass(frozen=True)
class Speech:
    """What somebody speaks in the recordings, and with whose accent."""

    first_language: str
    language: str
    native_accent: bool


def sample_morph(rng: np.random.Generator, world: World) -> str:
    """The morph that most of somebody's ancestry mix will be."""
    others = (1 - world.majority_share) / (len(MORPHS) - 1)
    shares = [world.majority_share if morph == MAJORITY else others for morph in MORPHS]
    return MORPHS[rng.choice(len(MORPHS), p=shares)]


def sample_speech(rng: np.random.Generator, morph: str, world: World) -> Speech:
    """First language by the table of the morph or of all, then the language of the recordings and its accent."""
    own, speaks, accent = rng.random(3)
    table = OWN_TABLE[morph] if own < world.language_follows_ancestry else TABLE_OF_ALL
    first, other = _draw(rng, table), _draw(rng, TABLE_OF_ALL)
    language = first if speaks < SPEAKS_FIRST else other
    native = bool(accent < NATIVE_ACCENT if language == first else accent >= KEEPS_ACCENT)
    return Speech(first, language, native)


def _draw(rng: np.random.Generator, table: Mapping[str, float]) -> str:
    names = sorted(table)
    return names[rng.choice(len(names), p=[table[name] for name in names])]
