"""Draw the test people of a profile's corpus, from each recording of their voices and from their pictures (Sec. 4).

No model has seen them. What is left on disk, below results/<profile>/reconstructions: `data/reconstructions`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Shaped, UInt8
from pydantic import Field

from s2f_core import artifacts, config, memory
from s2f_core.data import reconstructions, stretches
from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.data.corpora import examples, synthetic
from s2f_core.data.corpora.examples import FULL_SCALE, FaceSet, VoiceSet
from s2f_core.data.reconstructions import F2F, Faces, Voices
from s2f_core.data.stretches import Stretches
from s2f_core.features.spectrogram import spectrogram
from s2f_core.models import trained_set, weights
from s2f_core.models.face_decoder import shown
from s2f_core.progress import progress
from s2f_core.reconstruct import Reconstructor
from s2f_core.synthesis.plan import CorpusBlock
from s2f_core.training.log import METRICS, read_rows

BLOCK = 32  # clips or faces at once
SEED = 20190616  # of `faint`
LEFT = (0.1, 0.6)  # ours: what is left of a faint face's difference from the mean; heard features lie a quarter as far from it
TOLD = ("kind", "language", "seconds")  # of a recording
LOGS = "logs"  # folder of a shipped set
LONG = "long"  # kind of the recordings that are heard in parts
LONGEST_S, SEGMENT_S = 10, 3  # s: parts from the beginning, ever longer (for Fig. 6), and one after the other (for Fig. 10)
PARTS = (*((0, seconds) for seconds in range(1, LONGEST_S + 1)),
         *((start, SEGMENT_S) for start in range(SEGMENT_S, LONGEST_S - SEGMENT_S + 1, SEGMENT_S)))  # start, seconds


class ReconstructBlock(config.Block):
    """The `reconstruct` block of params.yaml.

    Attributes:
        weights: folder of the trained set, from the project's root.
        variants: of the voice encoder.
        kinds: of recordings that are heard.
    """

    weights: str
    variants: Annotated[list[str], Field(min_length=1)]
    kinds: Annotated[list[Literal["clip", "long", "second"]], Field(min_length=1)]


class Drawn(NamedTuple):
    """Faces drawn from features: pictures, what the face encoder sees in them, and the landmarks they were drawn with."""

    pictures: UInt8[np.ndarray, "rows side side 3"]
    features: Float32[np.ndarray, "rows feature"]
    landmarks_px: Float32[np.ndarray, "rows 68 2"]


def reconstruct(root: Path, profile: str) -> Path:
    """See, hear and draw the test people with every variant; returns the folder.

    Raises: InputError where corpus or weights are missing, and as `TrainedSet.load`.
    """
    block = config.load(root, "reconstruct", ReconstructBlock, profile=profile)
    corpus = synthetic.home(root, config.load(root, "corpus", CorpusBlock, profile=profile).name)
    folder, home = reconstructions.folder_of(root, profile), root / block.weights
    memory.keep_freed()
    sets = [Reconstructor.load(home, variant, ge2e=root / trained_set.SHIPPED_GE2E) for variant in block.variants]
    test = _faces(folder, corpus, sets[0])
    voices = examples.voices(corpus, "test", test.ids, block.kinds)
    long = examples.voices(corpus, "test", test.ids, (LONG,), seconds=float(LONGEST_S)) if LONG in block.kinds else None
    for networks in sets:
        _voices(folder, networks, test, voices)
        if long is not None and networks.networks.ears is None:
            stretches.write(folder, _stretches(networks, long))
        _log(folder, home, networks.networks.variant)
    return folder


def _faces(folder: Path, corpus: Path, networks: Reconstructor) -> FaceSet:
    """See the faces of all splits, draw those of train and test, and store all; returns the test people."""
    people = {split: examples.faces(corpus, split) for split in reconstructions.SPLITS}
    seen = {split: _seen(networks, some.canonical, f"see {split} faces") for split, some in people.items()}
    drawn = {split: draw(networks, seen[split], f"draw {split} faces") for split in ("train", "test")}
    drawn[reconstructions.FAINT] = draw(networks, faint(networks, seen["train"]), "draw faint train faces")
    test = people["test"]
    reconstructions.write_people(folder, {split: some.facts for split, some in people.items()})
    reconstructions.write_drawings(folder, F2F, test.ids, drawn["test"].pictures)
    reconstructions.write_faces(folder, Faces(
        {split: some.ids for split, some in people.items()}, seen, _seen(networks, test.wild[:, 0], "see test people, filmed"),
        {split: one.features for split, one in drawn.items()}, drawn["test"].landmarks_px, networks.networks.sha256))
    return test


def faint(networks: Reconstructor, features: Float32[np.ndarray, "rows feature"]) -> Float32[np.ndarray, "rows feature"]:
    """Move features towards the mean feature, each by another part, until they lie as near to it as heard ones do."""
    left = np.array([np.random.default_rng((SEED, row)).uniform(*LEFT) for row in range(len(features))], np.float32)
    mean = networks.networks.mean.mean.cpu().numpy()
    return mean + left[:, None] * (features - mean)


def _voices(folder: Path, networks: Reconstructor, test: FaceSet, voices: VoiceSet) -> None:
    """Hear all recordings with one variant, draw each person from the first clip, and store all."""
    variant = networks.networks.variant
    features = np.concatenate([
        networks.hear(torch.from_numpy(block.astype(np.float32) / FULL_SCALE)).numpy()
        for block in _blocks(voices.samples, f"hear voices, {variant}")])
    first = np.array([np.flatnonzero(voices.person == person)[0] for person in range(len(test))])
    drawn = draw(networks, features[first], f"draw voices, {variant}")
    facts = [{"id": name, **{key: one[key] for key in TOLD}} for name, one in zip(voices.ids, voices.facts, strict=True)]
    reconstructions.write_drawings(folder, variant, test.ids, drawn.pictures)
    reconstructions.write_voices(folder, Voices(variant, voices.person, facts, features, first, drawn.features,
                                                drawn.landmarks_px, networks.networks.sha256))


def _log(folder: Path, home: Path, variant: str) -> None:
    """Keep the log of a variant's training beside what it heard, where there is one: shipped, or left by `make retrain`.

    To its rows comes `face`: the total without what was taught of the voice's numbers, which the paper's loss has not.
    """
    left = home.parent / "training" / f"{trained_set.VOICE_ENCODER}{variant}" / METRICS
    path = next(filter(Path.is_file, (home / LOGS / f"{variant}.jsonl", left)), None)
    if path is None:
        return
    notes = weights.describe(home / trained_set.voice_file(variant))["notes"] or {}
    taught = notes.get("task", {}).get("numbers", 0.0)
    rows = [row | {"face": row["total"] - taught * row.get("numbers", 0.0)} if "total" in row else row
            for row in read_rows(path)]
    artifacts.write_text(reconstructions.log_of(folder, variant), "".join(f"{json.dumps(row)}\n" for row in rows))


def _stretches(networks: Reconstructor, long: VoiceSet) -> Stretches:
    """Hear parts of recordings, each as it is: neither cut nor repeated to the seconds that the encoder was trained for."""
    encoder, heard = networks.networks.voice_encoder, []
    with progress(f"hear parts, {networks.networks.variant}", len(PARTS)) as advance:
        for start, seconds in PARTS:
            part = long.samples[:, start * SAMPLE_RATE_HZ : (start + seconds) * SAMPLE_RATE_HZ].astype(np.float32) / FULL_SCALE
            with torch.inference_mode():
                heard += [encoder(spectrogram(some.to(networks.device))).cpu().numpy()
                          for some in torch.from_numpy(part).split(BLOCK)]
            advance(1)
    starts, lengths = np.array(PARTS).T
    rows = len(long.person)
    return Stretches(networks.networks.variant, np.tile(long.person, len(PARTS)), np.repeat(starts, rows),
                     np.repeat(lengths, rows), np.concatenate(heard), networks.networks.sha256)


def draw(networks: Reconstructor, features: Float[np.ndarray, "rows feature"], title: str) -> Drawn:
    """Draw faces from features, as 8-bit pictures, and see those again."""
    parts = []
    for block in _blocks(features, title):
        with torch.inference_mode():
            decoded = networks.networks.decoder(torch.from_numpy(block).to(networks.device))
        pictures = shown(decoded.image).cpu()
        landmarks = decoded.landmarks.cpu().numpy() * pictures.shape[1] - 0.5  # fractions of the side → centres of pixels
        parts.append((pictures.numpy(), networks.see(pictures).numpy(), landmarks))
    return Drawn(*map(np.concatenate, zip(*parts, strict=True)))


def _seen(networks: Reconstructor, pictures: UInt8[np.ndarray, "rows side side 3"], title: str
          ) -> Float32[np.ndarray, "rows feature"]:
    return np.concatenate([networks.see(torch.from_numpy(block)).numpy() for block in _blocks(pictures, title)])


def _blocks(rows: Shaped[np.ndarray, "rows ..."], title: str) -> Iterator[Shaped[np.ndarray, "block ..."]]:
    """Some rows at a time, with progress."""
    with progress(title, len(rows)) as advance:
        for first in range(0, len(rows), BLOCK):
            yield rows[first : first + BLOCK]
            advance(min(BLOCK, len(rows) - first))
