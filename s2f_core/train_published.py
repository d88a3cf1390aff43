"""Train small models on the authors' released examples, on the reader's machine; how well do they find true faces (Table 3)?

Real people: their faces, voices and whatever was made of them, weights included, stay in the cache folder beside the
examples; below results/ go numbers.
Differs: v_f is dlib's face embedding, not VGG-Face's fc7, for which a reader may have no weights; the voice is GE2E's frozen
embedding; training pairs are counted in hundreds. See `training/linear_voice` and `training/paired_decoder_task`.
"""

import hashlib
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from PIL import Image
from pydantic import Field

from s2f_core import artifacts, config, measure
from s2f_core.data import reconstructions
from s2f_core.data.audio import read_clip
from s2f_core.data.corpora import published
from s2f_core.data.corpora.examples import FaceSet
from s2f_core.data.faces import FACE_PX, read_face
from s2f_core.data.webp import CANONICAL_PX
from s2f_core.errors import InputError
from s2f_core.evaluate import crossval
from s2f_core.evaluate.crossval import GENDERS, Grid, Pairs
from s2f_core.evaluate.intervals import Estimate
from s2f_core.features import speaker
from s2f_core.features.judges import EMBEDDING_DIM
from s2f_core.models import face_decoder, mean_feature, trained_set, weights
from s2f_core.training import loop
from s2f_core.training.decoder_losses import DecoderLossConfig
from s2f_core.training.log import Report
from s2f_core.training.morphs import MorphConfig
from s2f_core.training.paired_decoder_task import PairedDecoderTask
from s2f_core.training.schedule import TrainingConfig

AVSPEECH, VOXCELEB = published.HALVES
FACE_JUDGE = "face-recognition-models"  # the package that brings dlib's embedding
DIRECTIONS = "directions.safetensors"  # beside the networks: what compares v_s with v_f best
VALIDATION_FOLDS = 10  # one of them stops the decoder's training


class DecoderBlock(config.Block):
    """How the face decoder is trained."""

    weights: DecoderLossConfig
    morph: MorphConfig
    training: TrainingConfig


class PublishedModelsBlock(config.Block):
    """The `published_models` block of params.yaml."""

    seed: int
    folds: int = Field(ge=2)
    fewest: int
    percents: list[float]
    grid: Grid
    decoder: DecoderBlock


@dataclass(frozen=True, eq=False)
class Half:
    """Clips of one half whose true face was found, with what was measured of them, a row each."""

    pairs: Pairs
    measures: Mapping[str, np.ndarray]


def home() -> Path:
    """Where the models lie, a folder for each half that they were trained on: beside the examples, in the cache."""
    return measure.published_home().parent / f"{measure.published_home().name}-models"


def enough(root: Path) -> bool:
    """Whether the half that the models are tested on is here. Raises InputError as `measure.read`."""
    block = config.load(root, "published_models", PublishedModelsBlock, profile=measure.PROFILE)
    return len(measure.read(root, measure.PROFILE, VOXCELEB)[0]) >= block.fewest


def halves(root: Path, fewest: int) -> dict[str, Half]:
    """The halves of which `fewest` clips or more were measured, voices embedded. Raises InputError as `measure.read`."""
    found = {}
    for name in published.HALVES:
        clips, measures = measure.read(root, measure.PROFILE, name)
        if len(clips) >= fewest:
            found[name] = _half(root, clips, measures)
    return found


def evaluate(found: Mapping[str, Half], block: PublishedModelsBlock) -> dict[str, dict[str, Estimate]]:
    """Test → reading → estimate: `voxceleb`, by folds of people; `avspeech_to_voxceleb`, all people of one half unseen.

    Raises InputError without the VoxCeleb half: nobody else's names and gender are known.
    """
    if VOXCELEB not in found:
        raise InputError("the models are tested on the VoxCeleb half, which is not here; run `s2f fetch published`")
    test = found[VOXCELEB].pairs
    tests = {VOXCELEB: crossval.cross_validated(test, block.grid, n_folds=block.folds, seed=block.seed)}
    if AVSPEECH in found:
        train = found[AVSPEECH].pairs
        model = crossval.fit(train, block.grid, n_folds=block.folds, seed=block.seed)
        tests["avspeech_to_voxceleb"] = crossval.read(model, train, test, test)
    return {name: crossval.estimates(one, block.percents) for name, one in tests.items()}


def train(root: Path, *, report: Report) -> tuple[Path, dict[str, dict[str, Estimate]]]:
    """Test, train and write: numbers to results/published/reconstructions/small_models.json, the set of models to the cache.

    The set is trained on the AVSpeech half where that is here, as the paper's network was, else on the VoxCeleb half.
    Returns: the set's folder, and the numbers as `evaluate`.
    Raises: InputError as `evaluate` and `loop.train`, and where the cache lies in the repository.
    """
    if home().resolve().is_relative_to(root.resolve()):
        raise InputError(f"what is made of real people stays outside the repository; {home()} lies in it; set "
                         f"{measure.CACHE_VARIABLE} to a folder elsewhere")
    block = config.load(root, "published_models", PublishedModelsBlock, profile=measure.PROFILE)
    found = halves(root, block.fewest)
    tests = evaluate(found, block)
    chosen = AVSPEECH if AVSPEECH in found else VOXCELEB
    folder = home() / chosen
    _write_voice(folder, found[chosen].pairs, block)
    _train_decoder(folder, found[chosen], block, report)
    shutil.copyfile(root / trained_set.SHIPPED_GE2E, home() / trained_set.GE2E)  # where a set looks for its ears
    reconstructions.write_small(root, chosen, {test: {k: asdict(v) for k, v in some.items()} for test, some in tests.items()})
    return folder, tests


def _half(root: Path, clips: Sequence[published.Clip], measures: Mapping[str, np.ndarray]) -> Half:
    known = ~np.isnan(measures["ori/embedding"]).any(1)
    judged = np.where(measures["ori/p_female"] > 0.5, GENDERS[1], GENDERS[0])  # AVSpeech's labels were not released
    gender = np.array([said if clip.labels is None else clip.labels.gender for clip, said in zip(clips, judged, strict=True)])
    words = np.stack([measures["ori/p_female"], measures["ori/age"]], axis=1)
    pairs = Pairs(clips, _voices(root, clips), measures["ori/embedding"], words, gender).where(known)
    return Half(pairs, {name: array[known] for name, array in measures.items()})


def _voices(root: Path, clips: Sequence[published.Clip]) -> Float32[np.ndarray, "clips 256"]:
    """GE2E embeddings, made once and kept in the cache."""
    digest = hashlib.sha256((root / trained_set.SHIPPED_GE2E).read_bytes())
    for clip in clips:
        digest.update(clip.id.encode() + clip.audio.read_bytes())
    path = home() / f"voices-{digest.hexdigest()[:32]}.safetensors"
    if not path.is_file():
        ears = speaker.load(root / trained_set.SHIPPED_GE2E)
        embedded = [ears.embed(torch.from_numpy(read_clip(clip.audio))[None]).numpy() for clip in clips]
        artifacts.write_tensors(path, {"embeddings": np.concatenate(embedded)}, {})
    return artifacts.read_tensors(path)[0]["embeddings"]


def _write_voice(folder: Path, pairs: Pairs, block: PublishedModelsBlock) -> None:
    model = crossval.fit(pairs, block.grid, n_folds=block.folds, seed=block.seed)
    notes = {**_notes(pairs), "judged": model.judged}
    model.linear.encoder(EMBEDDING_DIM).save(folder / trained_set.voice_file(trained_set.VARIANT), notes=notes)
    mean = mean_feature.MeanFeature(mean_feature.MeanFeatureConfig(feature=EMBEDDING_DIM))
    mean.mean.copy_(torch.from_numpy(model.linear.face_mean[:EMBEDDING_DIM]))
    weights.write(folder / trained_set.MEAN_FEATURE, mean, kind=mean_feature.KIND, config=mean.config.model_dump(), notes=notes)
    artifacts.write_tensors(folder / DIRECTIONS, vars(model.linear), notes)


def _train_decoder(folder: Path, half: Half, block: PublishedModelsBlock, report: Report) -> None:
    """The decoder sees v_f in standard units while it is trained; its first layer is then rescaled to v_f itself."""
    known = ~np.isnan(half.measures["f2f/landmarks"]).any((1, 2))
    pairs, landmarks = half.pairs.where(known), half.measures["f2f/landmarks"][known]
    held_out = published.folds(pairs.clips, VALIDATION_FOLDS, block.seed) == 0
    drawn = tuple(_drawn(pairs.where(rows), landmarks[rows]) for rows in (~held_out, held_out))
    faces = [torch.from_numpy(pairs.faces[rows]) for rows in (~held_out, held_out)]
    mean, scale = faces[0].mean(0), faces[0].std(0).mean()
    model = face_decoder.FaceDecoder(face_decoder.laptop(EMBEDDING_DIM))
    model.initialise(block.decoder.training.seed)
    task = PairedDecoderTask(model, drawn, ((faces[0] - mean) / scale, (faces[1] - mean) / scale), block.decoder.morph,
                             block.decoder.weights)
    result = loop.train(task, block.decoder.training, folder / "training", clock=time.monotonic, n_workers=1, report=report)
    with torch.no_grad():
        model.first[0].weight.div_(scale)
        model.first[0].bias.sub_(model.first[0].weight @ mean)
    notes = {**_notes(pairs), "step": result.best_step, "validation": result.best, "data": task.data_hash}
    model.save(folder / trained_set.FACE_DECODER, notes=notes, half=True)


def _drawn(pairs: Pairs, landmarks: np.ndarray) -> FaceSet:
    """The authors' normalised faces, decoder(v_f), at the compact decoder's size."""
    side = (CANONICAL_PX, CANONICAL_PX)
    pictures = [Image.fromarray(read_face(clip.views["f2f"])).resize(side, Image.Resampling.LANCZOS) for clip in pairs.clips]
    points = (landmarks.astype(np.float64) + 0.5) * CANONICAL_PX / FACE_PX - 0.5  # pixel centres, dlib's way of counting
    none = np.empty((len(pictures), 0, *side, 3), np.uint8)
    return FaceSet(tuple(clip.id for clip in pairs.clips), np.stack([np.array(one) for one in pictures]), none, points, ())


def _notes(pairs: Pairs) -> dict[str, Any]:
    return {trained_set.JUDGE: f"dlib, {FACE_JUDGE} {metadata.version(FACE_JUDGE)}", "half": pairs.clips[0].half,
            "pairs": len(pairs.clips)}
