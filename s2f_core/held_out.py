"""Draw the test people of a profile's corpus, from each recording of their voices and from their pictures (Sec. 4).

No model has seen them. What is left on disk, below results/<profile>/reconstructions: `data/reconstructions`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Int16, Int64, UInt8
from pydantic import Field
from torch import Tensor

from s2f_core import artifacts, config, memory
from s2f_core.blocks import in_blocks
from s2f_core.data import reconstructions, stretches
from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.data.corpora import examples, synthetic
from s2f_core.data.corpora.examples import FULL_SCALE, FaceSet, VoiceSet
from s2f_core.data.reconstructions import F2F, Faces, Voices
from s2f_core.data.stretches import Stretches
from s2f_core.features.spectrogram import HOP_SAMPLES, n_frames, spectrogram
from s2f_core.models import trained_set
from s2f_core.models.face_decoder import shown
from s2f_core.reconstruct import Reconstructor
from s2f_core.synthesis.plan import CorpusBlock
from s2f_core.training.log import METRICS

SEED = 20190616  # of `faint`
LEFT = (0.1, 0.6)  # ours: what is left of a faint face's difference from the mean; heard features lie a quarter as far from it
TOLD = ("kind", "language", "seconds")  # of a recording
LOGS = "logs"  # folder of a shipped set
LONG = "long"  # kind of the recordings that are heard in parts
LONGEST_S, SEGMENT_S = 10, 3  # s: parts from the beginning, ever longer (for Fig. 6), and one after the other (for Fig. 10)
Part = tuple[int, int]  # start, seconds
PARTS: tuple[Part, ...] = (*((0, seconds) for seconds in range(1, LONGEST_S + 1)),
                           *((start, SEGMENT_S) for start in range(SEGMENT_S, LONGEST_S - SEGMENT_S + 1, SEGMENT_S)))


class ReconstructBlock(config.Block):
    """The `reconstruct` block of params.yaml.

    Attributes:
        weights: folder of the trained set, from the project's root.
        variants: of the voice encoder.
        kinds: of recordings that are heard.
        parts: variants that hear parts of long recordings as well; one that hears embeddings does not.
    """

    weights: str
    variants: Annotated[list[str], Field(min_length=1)]
    kinds: Annotated[list[Literal["clip", "long", "second"]], Field(min_length=1)]
    parts: list[str]


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
    voices = examples.voices(corpus, "test", test.ids, block.kinds, seconds=float(LONGEST_S))
    heard = _hear(sets, voices.samples, [((0, one.networks.voice_encoder.config.seconds),) for one in sets], "hear voices")
    for networks, features in zip(sets, heard, strict=True):
        _voices(folder, networks, test, voices, features[0])
    listening = [one for one in sets if one.networks.variant in block.parts and one.networks.ears is None]
    long = np.flatnonzero([one["kind"] == LONG for one in voices.facts])
    if listening and len(long):
        parts = _hear(listening, voices.samples[long], [PARTS] * len(listening), "hear parts")
        for networks, features in zip(listening, parts, strict=True):
            stretches.write(folder, _stretches(networks, voices.person[long], features))
    for variant in block.variants:
        _log(folder, home, variant)
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


def _hear(sets: Sequence[Reconstructor], samples: Int16[np.ndarray, "recordings samples"], parts: Sequence[Sequence[Part]],
          title: str) -> list[Float32[np.ndarray, "parts recordings feature"]]:
    """Features of parts of recordings, each as it is, for every set those it is asked for.

    A spectrogram costs as much as a network: it is computed once, and the parts are cut from its frames.
    """
    def hear(block: Int16[np.ndarray, "block samples"]) -> list[Float32[np.ndarray, "parts block feature"]]:
        waveforms = torch.from_numpy(block.astype(np.float32) / FULL_SCALE)
        frames = spectrogram(waveforms)
        return [np.stack([_heard(networks, waveforms, frames, *part) for part in wanted])
                for networks, wanted in zip(sets, parts, strict=True)]

    whole_s = max(start + seconds for some in parts for start, seconds in some)
    found = in_blocks(hear, samples[:, : whole_s * SAMPLE_RATE_HZ], title)
    return [np.concatenate(told, axis=1) for told in zip(*found, strict=True)]


def _heard(networks: Reconstructor, waveforms: Float[Tensor, "recordings samples"],
           frames: Float[Tensor, "recordings frames freq ri"], start: int, seconds: int
           ) -> Float32[np.ndarray, "recordings feature"]:
    first, n_samples = start * SAMPLE_RATE_HZ, seconds * SAMPLE_RATE_HZ
    if networks.networks.ears is not None:
        return networks.hear(waveforms[:, first : first + n_samples]).numpy()
    first //= HOP_SAMPLES
    return networks.hear_in(frames[:, first : first + n_frames(n_samples)]).numpy()


def _voices(folder: Path, networks: Reconstructor, test: FaceSet, voices: VoiceSet,
            features: Float32[np.ndarray, "recordings feature"]) -> None:
    """Draw each person from what one variant heard in their first clip, and store both."""
    variant = networks.networks.variant
    first = np.array([np.flatnonzero(voices.person == person)[0] for person in range(len(test))])
    drawn = draw(networks, features[first], f"draw voices, {variant}")
    facts = [{"id": name, **{key: one[key] for key in TOLD}} for name, one in zip(voices.ids, voices.facts, strict=True)]
    reconstructions.write_drawings(folder, variant, test.ids, drawn.pictures)
    reconstructions.write_voices(folder, Voices(variant, voices.person, facts, features, first, drawn.features,
                                                drawn.landmarks_px, networks.networks.sha256))


def _log(folder: Path, home: Path, variant: str) -> None:
    """Keep the log of a variant's training beside what it heard, where there is one: shipped, or left by `make retrain`."""
    left = home.parent / "training" / f"{trained_set.VOICE_ENCODER}{variant}" / METRICS
    path = next(filter(Path.is_file, (home / LOGS / f"{variant}.jsonl", left)), None)
    if path is not None:
        artifacts.write_text(reconstructions.log_of(folder, variant), path.read_text(encoding="utf-8"))


def _stretches(networks: Reconstructor, person: Int64[np.ndarray, " recordings"],
               heard: Float32[np.ndarray, "parts recordings feature"]) -> Stretches:
    starts, lengths = np.array(PARTS).T
    return Stretches(networks.networks.variant, np.tile(person, len(PARTS)), np.repeat(starts, len(person)),
                     np.repeat(lengths, len(person)), np.concatenate(list(heard)), networks.networks.sha256)


def draw(networks: Reconstructor, features: Float[np.ndarray, "rows feature"], title: str) -> Drawn:
    """Draw faces from features, as 8-bit pictures, and see those again."""
    def one(block: Float[np.ndarray, "block feature"]) -> Drawn:
        decoded = networks.networks.decoder(torch.from_numpy(block).to(networks.device))
        pictures = shown(decoded.image).cpu()
        landmarks = decoded.landmarks.cpu().numpy() * pictures.shape[1] - 0.5  # fractions of the side → centres of pixels
        return Drawn(pictures.numpy(), networks.see(pictures).numpy(), landmarks)

    return Drawn(*map(np.concatenate, zip(*in_blocks(one, features, title), strict=True)))


def _seen(networks: Reconstructor, pictures: UInt8[np.ndarray, "rows side side 3"], title: str
          ) -> Float32[np.ndarray, "rows feature"]:
    return np.concatenate(in_blocks(lambda block: networks.see(torch.from_numpy(block)).numpy(), pictures, title))
