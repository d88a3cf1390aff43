"""One synthetic person: causes drawn first, then the face and the voice that follow from them (the graph: `causes`).

Everything is a function of (seed, id, world). Each part draws from a stream of its own, so that somebody has the same body
in every world and only the arrows differ. Adults of 18-85 years only: faces and voices of children are nobody's to make up.
"""

import dataclasses
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from s2f_core.errors import InputError
from s2f_core.synthesis.causes import CRANIOFACIAL, coupled
from s2f_core.synthesis.face.identity import FaceIdentity, FaceTraits, sample_face
from s2f_core.synthesis.languages import MORPHS, Speech, sample_morph, sample_speech
from s2f_core.synthesis.voice.catalogue import load_catalogue
from s2f_core.synthesis.voice.parameters import VoiceParams, VoiceTraits, voice_of
from s2f_core.synthesis.world import World

YOUNGEST, OLDEST = 18.0, 85.0  # years
HEIGHT_CM = {"male": (176.0, 7.0), "female": (163.0, 6.5)}  # mean and sd; ours
MIX = 0.35, 4.15  # Dirichlet: every morph, and what its own adds; ours: mostly one morph, seldom only one
DECIMALS = 6  # of every number: the last digits of exp and log differ between machines, a person does not
VOICED = ("F0", "vocal-tract length", "F1", "F2", "F3", "F4")


@dataclass(frozen=True)
class Body:
    """What face and voice have in common.

    Attributes:
        latents: height, build and the craniofacial dimensions as standard normals within sex, independent of each other.
        ancestry: shares of the morphs african, asian, caucasian (names of mesh targets, not of peoples).
    """

    sex: str
    age: float
    height_cm: float
    latents: Mapping[str, float]
    morph: str
    ancestry: tuple[float, float, float]
    speech: Speech


@dataclass(frozen=True)
class Person:
    """A person who does not exist; `second_language` is the other one that the base voices speak."""

    id: str
    seed: int
    world: World
    body: Body
    voice_z: Mapping[str, float]
    accent: str
    second_language: str
    face: FaceIdentity
    voice: VoiceParams
    voice_body: Body  # whose voice it is: `body`, or in an unpaired world somebody else's

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can hold it."""
        return dataclasses.asdict(self) | {"world": self.world.model_dump()}


def stream(seed: int, *names: str) -> np.random.Generator:
    """The random numbers of one part of one person: a function of the seed and the names, on every machine."""
    digest = hashlib.sha256("/".join(names).encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(digest[:16], "<u4").tolist()])


def sample_person(seed: int, identity: str, world: World) -> Person:
    """Draw the person called `identity`.

    Raises:
        InputError: a coupling so strong that the correlations of one effect would explain more than all of it.
    """
    body = _sample_body(stream(seed, identity, "body"), world)
    voice_body = body if world.paired else _sample_body(stream(seed, identity, "somebody else"), world)
    latents = {f"{name.replace(' ', '_')}_z": body.latents[name] for name in CRANIOFACIAL}
    traits = FaceTraits(sex=body.sex, age=body.age, ancestry=body.ancestry, build_z=body.latents["build"], **latents)
    face = _rounded(sample_face(stream(seed, identity, "face"), traits))
    noise = dict(zip(VOICED, stream(seed, identity, "tract").standard_normal(len(VOICED)).tolist(), strict=True))
    z = {effect: round(_mixed(effect, voice_body.latents, noise[effect], world.coupling), DECIMALS) for effect in VOICED}
    speech = voice_body.speech
    catalogue = load_catalogue()
    voice = _rounded(voice_of(stream(seed, identity, "voice"), VoiceTraits(
        sex=voice_body.sex, age=voice_body.age, language=speech.language, native_accent=speech.native_accent,
        first_language=speech.first_language, z=z), catalogue))
    base = catalogue.voice(voice.base[0])
    [second] = [language for language in base.languages if language != speech.language]
    return Person(id=identity, seed=seed, world=world, body=body, voice_z=z, accent=base.origin, second_language=second,
                  face=face, voice=voice, voice_body=voice_body)


def _sample_body(rng: np.random.Generator, world: World) -> Body:
    sex = ("female", "male")[int(rng.random() < 0.5)]
    age = rng.uniform(YOUNGEST, OLDEST)
    drawn = rng.standard_normal(2 + len(CRANIOFACIAL)).clip(-3, 3).round(DECIMALS).tolist()
    latents = dict(zip(("height", "build", *CRANIOFACIAL), drawn, strict=True))
    mean, spread = HEIGHT_CM[sex]
    morph = sample_morph(rng, world)
    mix = rng.dirichlet([MIX[0] + MIX[1] * (name == morph) for name in MORPHS]).round(DECIMALS)
    mix[-1] = round(1 - mix[0] - mix[1], DECIMALS)
    return Body(sex=sex, age=round(age, DECIMALS), height_cm=round(mean + spread * latents["height"], DECIMALS),
                latents=latents, morph=morph, ancestry=tuple(mix.tolist()), speech=sample_speech(rng, morph, world))


def _mixed(effect: str, latents: Mapping[str, float], noise: float, coupling: float) -> float:
    """A standard normal that correlates with each of its causes as the table says, times the coupling."""
    r = {cause: coupling * strength for cause, strength in coupled(effect).items()}
    explained = sum(value**2 for value in r.values())
    if explained > 1:
        raise InputError(f"coupling {coupling} would explain {explained:.2f} of the variance of {effect}, more than all; "
                         "lower it in the world's block of params.yaml")
    return sum(value * latents[cause] for cause, value in r.items()) + math.sqrt(1 - explained) * noise


def _rounded(made: Any) -> Any:
    """The dataclass with each float rounded to DECIMALS, in tuples and mappings too."""
    return dataclasses.replace(made, **{field.name: _round(getattr(made, field.name)) for field in dataclasses.fields(made)})


def _round(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _round(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_round, value))
    return round(float(value), DECIMALS) if isinstance(value, float) else value  # NumPy's floats are floats too
