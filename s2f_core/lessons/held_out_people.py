"""The test people of the synthetic corpus as the lessons use them: the truth, one clip and the canonical face of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Shaped, UInt8

from s2f_core.data.audio import fit_clip
from s2f_core.data.corpora import synthetic
from s2f_core.reconstruct import Reconstructor

CORPUS, WEIGHTS, VARIANT = "laptop", Path("data/weights/laptop"), "6s"
AT_ONCE = 32  # faces and clips that a network is given at once


@dataclass(frozen=True, eq=False)
class People:
    """Persons whom no shipped model was trained on, a row each; `clips`: the first six seconds of each, 16 kHz."""

    speakers: Sequence[synthetic.Speaker]
    clips: Float32[np.ndarray, "people samples"]

    @property
    def ids(self) -> list[str]:
        """What they are called."""
        return [one.id for one in self.speakers]

    @property
    def facts(self) -> list[Mapping[str, Any]]:
        """The truth about each."""
        return [one.facts for one in self.speakers]

    def attribute(self, name: str) -> Shaped[np.ndarray, "people ..."]:
        """What the generator was given of each: `sex`, `age` in years, `morph`, `language`, …"""
        return np.array([one.attributes[name] for one in self.speakers])

    def length_mm(self, name: str) -> Shaped[np.ndarray, " people"]:
        """One measure of each face's mesh, mm."""
        return np.array([one["measures_mm"][name] for one in self.facts])


def read(root: Path, n_people: int | None = None) -> People:
    """The first `n_people` test people, or all, each with the first clip. Raises InputError where the corpus is not there."""
    home = synthetic.home(root, CORPUS)
    speakers = list(islice(synthetic.speakers(home, "test"), n_people))
    first = {one.speaker_id: one for one in reversed(list(synthetic.recordings(home, "test"))) if one.facts["kind"] == "clip"}
    return People(speakers, np.stack([fit_clip(first[one.id].samples()) for one in speakers]))


def networks(root: Path) -> Reconstructor:
    """The shipped models, trained on other people. Raises InputError where they are not there."""
    return Reconstructor.load(root / WEIGHTS, VARIANT)


def others(root: Path, n: int) -> UInt8[np.ndarray, "n side side 3"]:
    """Canonical faces of `n` people of the gallery, of whom there is no voice."""
    gallery = synthetic.speakers(synthetic.home(root, CORPUS), "gallery")
    return np.stack([one.canonical() for _, one in zip(range(n), gallery, strict=False)])


def features(models: Reconstructor, pictures: UInt8[np.ndarray, "faces side side 3"]) -> Float32[np.ndarray, "faces feature"]:
    """Features v_f of canonical faces, by the face encoder."""
    return models.see(torch.from_numpy(pictures)).numpy()


def landmarks(models: Reconstructor, seen: Float32[np.ndarray, "faces feature"]) -> Float32[np.ndarray, "faces 68 2"]:
    """Where the face decoder puts the 68 landmarks of the faces that it draws from features, in shares of the picture."""
    decoder = models.networks.decoder
    with torch.inference_mode():
        return torch.cat([decoder(some).landmarks for some in torch.from_numpy(seen).split(AT_ONCE)]).numpy()
