"""Somebody who differs from a person in one thing only: the voice's pitch, its tract, or the language that they grew up with.

Whatever then changes in the face that a network draws is the network's doing: the body, the face, the words and the recording
are the same.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Shaped

from s2f_core.errors import InputError
from s2f_core.synthesis.languages import LANGUAGES, MAJORITY, MORPHS, OWN_TABLE
from s2f_core.synthesis.person import Person, sample_person, stream
from s2f_core.synthesis.voice.parameters import f0_of, vtl_of
from s2f_core.synthesis.world import World

Labels = Sequence[str] | Shaped[np.ndarray, " rows"]
OTHER = {"female": "male", "male": "female"}  # the generator's two values of sex
CHANGES: Mapping[str, tuple[str, ...]] = {"nothing": (), "pitch": ("f0_hz",), "tract": ("vtl_cm",), "both": ("f0_hz", "vtl_cm")}


def speaking_with(person: Person, **numbers: float) -> Person:
    """The person with some numbers of the voice set, such as `f0_hz=120.0`."""
    return dataclasses.replace(person, voice=dataclasses.replace(person.voice, **numbers))


def crossed(person: Person, changed: str) -> Person:
    """The person with the pitch, the tract or both that they would have as one of the other sex: as far from its mean."""
    other, z = OTHER[person.voice_body.sex], person.voice_z
    theirs = {"f0_hz": f0_of(other, person.voice_body.age, z["F0"]), "vtl_cm": vtl_of(other, z["vocal-tract length"])}
    return speaking_with(person, **{name: theirs[name] for name in CHANGES[changed]})


def world_of(base: World, follows: float, *, paired: bool = True) -> World:
    """`base` with another strength of the tie from ancestry morph to language: body and face of everybody stay the same."""
    return base.model_copy(update={"language_follows_ancestry": follows, "paired": paired})


def chosen(morphs: Mapping[str, str], n: int, majority_share: float, *, seed: int) -> list[str]:
    """Ids of `n` people of whom a share has the majority's ancestry morph and the others equally many each.

    Equal in law to the generator's own `majority_share`, since nothing else hangs on the morph; people of a world with less of
    it are in those with more, as far as they go.

    Raises InputError where a morph has too few people.
    """
    order = stream(seed, "people").permutation(len(morphs)).tolist()
    ids = [sorted(morphs)[place] for place in order]
    picked: list[str] = []
    for morph, wanted in _counts(n, majority_share).items():
        some = [identity for identity in ids if morphs[identity] == morph][:wanted]
        if len(some) < wanted:
            raise InputError(f"{n} people with {majority_share:.0%} {MAJORITY} need {wanted} of the morph {morph}; there are "
                             f"{len(some)}; ask for fewer people in the block `audits` of params.yaml")
        picked += some
    return sorted(picked)


def _counts(n: int, majority_share: float) -> dict[str, int]:
    others = [morph for morph in MORPHS if morph != MAJORITY]
    each = round(n * (1 - majority_share) / len(others))
    return {**dict.fromkeys(others, each), MAJORITY: n - each * len(others)}


def people_in(world: World, ids: Sequence[str], seed: int) -> Iterator[Person]:
    """The people as they are in a world."""
    for identity in ids:
        yield sample_person(seed, identity, world)


def cramers_v(languages: Labels, morphs: Labels) -> float:
    """How closely language and ancestry morph go together: Cramér's V, 0 … 1 (Cramér 1946)."""
    rows, columns = np.unique(languages, return_inverse=True), np.unique(morphs, return_inverse=True)
    table = np.zeros((len(rows[0]), len(columns[0])))
    np.add.at(table, (rows[1], columns[1]), 1)
    expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    smaller = min(table.shape) - 1
    return float(np.sqrt(((table - expected) ** 2 / expected).sum() / table.sum() / smaller)) if smaller else 0.0


def goes_with() -> dict[str, str]:
    """Language → the morph whose people speak it most often by the generator's tables; none where two are alike."""
    found = {}
    for language in LANGUAGES:
        shares = [OWN_TABLE[morph].get(language, 0.0) for morph in MORPHS]
        if shares.count(max(shares)) == 1:
            found[language] = MORPHS[shares.index(max(shares))]
    return found
