"""What is read from faces that were drawn from voices, of synthetic people whom no model has seen and whose truth is known.

The paper had no truth: it compares labels of a commercial service on two pictures (Fig. 4), and landmarks of two pictures
(Fig. 5). Here sex, age and millimetres are what the generator was given, and a linear probe, fitted on drawings of the
training people's own faces (F2F, made fainter), reads them from drawings of voices (S2F).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from s2f_core.data.corpora.synthetic import voice_numbers
from s2f_core.data.reconstructions import F2F, FAINT, Faces, Voices
from s2f_core.data.stretches import Stretches
from s2f_core.evaluate import oracle
from s2f_core.evaluate.exaggeration import PixelMoments
from s2f_core.evaluate.oracle import People, Reading
from s2f_core.features.appearance import Appearance

# The lengths in mm that are tied to the voice within sex (`synthesis/causes.COUPLED`), by the dimension that is.
LINKED = {"jaw width": "jaw_width", "face width": "face_width", "lower face": "lower_face_height", "mouth width": "mouth_width"}

SHOWN = "6s"  # the variant of the voice encoder that is looked at where one is

Facts = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The test people of a corpus, as the models saw and heard them.

    Attributes:
        facts: the truth about train and test people, by split.
        faces: features of their faces.
        voices: by variant of the voice encoder.
        seed: of the oracle's folds.
        pixels: source of drawings (F2F, a variant) → sums over the test people's, pixel by pixel.
        looks: source → what each of these drawings looks like.
        stretches: variant → what it heard in parts of long recordings.
        logs: variant → rows of its training's log, as far as they are here; `face` is what the paper's loss sums up.
    """

    facts: Mapping[str, Facts]
    faces: Faces
    voices: Mapping[str, Voices]
    seed: int
    pixels: Mapping[str, PixelMoments] = field(default_factory=dict)
    looks: Mapping[str, Sequence[Appearance]] = field(default_factory=dict)
    stretches: Mapping[str, Stretches] = field(default_factory=dict)
    logs: Mapping[str, Facts] = field(default_factory=dict)

    @cached_property
    def people(self) -> dict[str, People]:
        """Train and test people with the true numbers of their voices."""
        return population(self.facts)

    @cached_property
    def oracle(self) -> Reading:
        """What the true numbers of a voice tell of the test people."""
        return oracle.read(self.people["train"], self.people["test"], seed=self.seed)

    @cached_property
    def drawn(self) -> dict[str, Reading]:
        """What a probe reads of the test people in drawings, by source: F2F and each variant.

        What is heard is drawn fainter than a face: a probe fitted on whole faces would read near the mean, where it has seen
        none, with an error of its own. That for voices is fitted on faint faces.
        """
        drawn = {F2F: self.faces.drawn["test"], **{name: one.drawn for name, one in self.voices.items()}}
        return {source: oracle.read(_described(self.people["train"], self.faces.drawn["train" if source == F2F else FAINT]),
                                    _described(self.people["test"], features), linear=True, seed=self.seed)
                for source, features in drawn.items()}


def population(facts: Mapping[str, Facts]) -> dict[str, People]:
    """The truth as columns of numbers, the same ones in each split; the training people's languages are those there are.

    Left out: accent and base voice, over a hundred columns, which no voice is without and which an encoder might know.
    """
    languages = sorted({one["attributes"]["language"] for one in facts["train"]})
    return {split: _people(facts[split], languages) for split in ("train", "test")}


def _people(facts: Facts, languages: Sequence[str]) -> People:
    attributes, columns = [one["attributes"] for one in facts], voice_numbers(facts)
    for language in languages:
        columns[f"language {language}"] = np.array([float(one["language"] == language) for one in attributes])
    measures = {name: np.array([one["measures_mm"][name] for one in facts]) for name in LINKED.values()}
    return People(list(columns), np.stack(list(columns.values()), axis=1), np.array([one["sex"] for one in attributes]),
                  np.array([one["age"] for one in attributes]), measures)


def _described(people: People, features: Float[np.ndarray, "people features"]) -> People:
    """The people with the features of a face in place of the numbers of the voice."""
    return replace(people, names=[f"feature {number}" for number in range(features.shape[1])], voice=features)


def columns(reading: Reading | People, names: Sequence[str]) -> Float[np.ndarray, "people measures"]:
    """Some measures side by side."""
    return np.stack([reading.measures[name] for name in names], axis=1)


def gallery(faces: Faces) -> Float[np.ndarray, "faces feature"]:
    """The canonical faces that voices and drawings are to be found among: the test people's, then those of further people."""
    return np.concatenate([faces.canonical[split] for split in ("test", "gallery")])
