"""Who judges in the audits' experiments: a trained set's face models, the faces that they saw, and a judge of features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from pydantic import Field, PositiveInt

from s2f_core import artifacts, config, held_out
from s2f_core.blocks import in_blocks
from s2f_core.data.corpora import examples, synthetic
from s2f_core.data.corpora.examples import FaceSet
from s2f_core.evaluate import face_judge, retrieval
from s2f_core.evaluate.face_judge import FaceJudge
from s2f_core.held_out import ReconstructBlock
from s2f_core.models import trained_set
from s2f_core.reconstruct import Reconstructor
from s2f_core.synthesis.plan import SPLITS, CorpusBlock

PERCENT = 100.0
TABLES = "audits"  # folder below results/<profile>
Features = Float32[np.ndarray, "people feature"]


class Net(config.Block):
    """A voice encoder that is trained in every world: epochs, and how often, each time on people drawn anew."""

    duration: PositiveInt
    repeats: PositiveInt


class Worlds(config.Block):
    """The worlds: their people, the strengths of the tie from ancestry morph to language, the shares of the majority.

    `treated` names the tie and share of the world in which the treatments are tried, by the net `treated_net`; `reversal`:
    how strongly the critic's gradient is turned round.
    """

    people: PositiveInt
    validation: PositiveInt
    follows: Annotated[list[float], Field(min_length=1)]
    majority: Annotated[list[float], Field(min_length=1)]
    nets: dict[Literal["laptop", "speaker"], Net]
    treated: Annotated[list[float], Field(min_length=2, max_length=2)]
    treated_net: Literal["laptop", "speaker"]
    reversal: Annotated[float, Field(ge=0)]


class Listening(config.Block):
    """What the shown variant is given to hear: a grid of pitches and tracts for `speakers` of each sex, clips of `crossed` of
    each sex, of `members` training and as many test people, each in a gallery of `gallery` faces, and `sounds` of a kind."""

    speakers: PositiveInt
    f0_hz: Annotated[list[float], Field(min_length=2)]
    vtl_cm: Annotated[list[float], Field(min_length=2)]
    crossed: PositiveInt
    members: PositiveInt
    gallery: PositiveInt
    sounds: PositiveInt


class AuditsBlock(config.Block):
    """The `audits` block of params.yaml."""

    seed: int
    listening: Listening
    worlds: Worlds


def folder_of(root: Path, profile: str) -> Path:
    """Where an experiment leaves its table, and what it needs to go on."""
    return root / "results" / profile / TABLES


@dataclass(frozen=True, eq=False)
class Jury:
    """By split (train, validation, test, gallery): `ids`, `facts` and `faces`, the features of canonical faces.

    `judge` was fitted on the training people's features, moved towards the mean until they are as faint as heard ones.
    """

    corpus: CorpusBlock
    home: Path  # of the corpus' shards
    networks: Reconstructor
    ids: Mapping[str, Sequence[str]]
    facts: Mapping[str, Sequence[Mapping[str, Any]]]
    faces: Mapping[str, Features]
    judge: FaceJudge

    def percent(self, heard: Float[np.ndarray, "rows feature"], person: Int64[np.ndarray, " rows"],
                splits: Sequence[str] = ("test", "gallery")) -> Float32[np.ndarray, " rows"]:
        """Rank of each row's own face among the faces of `splits`, in per cent; `person`: row in the first of them."""
        faces = np.concatenate([self.faces[split] for split in splits])
        return (PERCENT * retrieval.ranks(heard, faces, person, "cosine").ranks / len(faces)).astype(np.float32)


def convene(root: Path, profile: str, variant: str, folder: Path) -> Jury:
    """Load the trained set that the profile reconstructs with, and let it see all faces, once: `folder` keeps what it saw.

    Raises InputError where corpus or weights are missing, and as `TrainedSet.load`.
    """
    block = config.load(root, "corpus", CorpusBlock, profile=profile)
    weights = root / config.load(root, "reconstruct", ReconstructBlock, profile=profile).weights
    home = synthetic.home(root, block.name)
    networks = Reconstructor.load(weights, variant, ge2e=root / trained_set.SHIPPED_GE2E)
    people = {split: examples.faces(home, split) for split in SPLITS}
    faces = _seen(networks, people, folder / "faces.safetensors")
    facts = {split: some.facts for split, some in people.items()}
    judge = face_judge.fit(facts["train"], held_out.faint(networks, faces["train"]))
    return Jury(block, home, networks, {split: some.ids for split, some in people.items()}, facts, faces, judge)


def _seen(networks: Reconstructor, people: Mapping[str, FaceSet], path: Path) -> dict[str, Features]:
    made_of = [networks.networks.sha256, *(some.content_hash for some in people.values())]
    if path.is_file():
        faces, meta = artifacts.read_tensors(path)
        if meta["made_of"] == made_of:
            return faces
    faces = {split: torch.cat(in_blocks(lambda part: networks.see(torch.from_numpy(part)), some.canonical, f"see {split}"))
             .numpy() for split, some in people.items()}
    artifacts.write_tensors(path, faces, {"made_of": made_of})
    return faces
