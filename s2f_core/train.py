"""Train the models of a profile on its corpus: read, train, write weights that say what made them; resumable at any moment.

Below results/<profile>/: `weights/<model>.safetensors`, and `training/<model>/` with checkpoints, metrics and curves.
"""

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from pydantic import NonNegativeInt, PositiveInt

from s2f_core import artifacts, config, memory
from s2f_core.config import nearest
from s2f_core.data.corpora import examples, synthetic
from s2f_core.data.corpora.examples import FaceSet
from s2f_core.errors import InputError
from s2f_core.features import speaker
from s2f_core.models import face_decoder, face_encoder, mean_feature, voice_encoder, weights
from s2f_core.models.face_decoder import FaceDecoder
from s2f_core.models.face_encoder import CompactFaceEncoder
from s2f_core.models.voice_encoder import VoiceEncoder
from s2f_core.synthesis.plan import CorpusBlock
from s2f_core.training import distributed, loop
from s2f_core.training.decoder_task import DecoderTask, DecoderTaskConfig
from s2f_core.training.face_task import FaceTask, FaceTaskConfig, encoded
from s2f_core.training.log import METRICS, Report, TrainingResult
from s2f_core.training.losses import Layers, balanced
from s2f_core.training.schedule import TrainingConfig
from s2f_core.training.voice_task import Frozen, Heard, VoiceTask, VoiceTaskConfig

GE2E = Path("data") / "weights" / "ge2e.safetensors"
BLOCK = 32  # clips embedded at once
N_WORKERS = 1  # threads that make batches ahead
FACE_ENCODER, FACE_DECODER, MEAN_FEATURE = "face_encoder", "face_decoder", "mean_feature"
VOICE_ENCODER = "voice_encoder"
AnyModel = TypeVar("AnyModel", CompactFaceEncoder, FaceDecoder, VoiceEncoder)


class FaceEncoderBlock(config.Block):
    """The `face_encoder` block of params.yaml."""

    task: FaceTaskConfig
    training: TrainingConfig


class FaceDecoderBlock(config.Block):
    """The `face_decoder` block of params.yaml."""

    task: DecoderTaskConfig
    training: TrainingConfig


class Variant(config.Block):
    """One voice encoder to train: what differs from the others."""

    preset: Literal["laptop", "paper", "speaker"]
    seconds: Literal[3, 6]
    batch_norm: bool
    loss: Literal["full", "pixel"]
    duration: PositiveInt


class VoiceEncoderBlock(config.Block):
    """The `voice_encoder` block of params.yaml. `balance_steps`: see `_balanced`; 0 keeps the λ's of `task`."""

    face: Literal["canonical", "wild"]
    balance_steps: NonNegativeInt
    task: VoiceTaskConfig
    training: TrainingConfig
    variants: dict[str, Variant]


def weights_of(root: Path, profile: str, name: str) -> Path:
    """Where the trained weights of a model are written."""
    return root / "results" / profile / "weights" / f"{name}.safetensors"


def logs(root: Path, profile: str) -> dict[str, Path]:
    """Metrics of the trainings of a profile, by model."""
    found = sorted((root / "results" / profile / "training").glob(f"*/{METRICS}"))
    return {path.parent.name: path for path in found}


def load_face_models(root: Path, profile: str) -> tuple[CompactFaceEncoder, FaceDecoder]:
    """The trained face encoder and decoder, frozen. Raises InputError where they are not trained yet."""
    return (CompactFaceEncoder.load(weights_of(root, profile, FACE_ENCODER)),
            FaceDecoder.load(weights_of(root, profile, FACE_DECODER)))


def train_face_encoder(root: Path, profile: str, *, report: Report) -> TrainingResult:
    """Train the compact face encoder to know the training persons apart. Raises InputError as `loop.train`."""
    block = config.load(root, "face_encoder", FaceEncoderBlock, profile=profile)
    train, validation = (faces(root, profile, split) for split in ("train", "validation"))
    model = _new(lambda: CompactFaceEncoder(face_encoder.compact(len(train))), block.training.seed)
    task = FaceTask(model, train, validation, block.task)
    return _trained(task, model, block.training, weights_of(root, profile, FACE_ENCODER), report)


def train_face_decoder(root: Path, profile: str, *, report: Report) -> TrainingResult:
    """Train the face decoder to draw what the face encoder's features say. Raises InputError as `loop.train`."""
    block = config.load(root, "face_decoder", FaceDecoderBlock, profile=profile)
    encoder = CompactFaceEncoder.load(weights_of(root, profile, FACE_ENCODER))
    both = faces(root, profile, "train"), faces(root, profile, "validation")
    model = FaceDecoder(face_decoder.laptop(encoder.feature_size))
    model.initialise(block.training.seed)
    task = DecoderTask(model, encoder.features, both, block.task)
    result = _trained(task, model, block.training, weights_of(root, profile, FACE_DECODER), report)
    mean_feature.write(weights_of(root, profile, MEAN_FEATURE), task.features, weights_of(root, profile, FACE_ENCODER))
    return result


def train_voice_encoder(root: Path, profile: str, variant: str, *, report: Report) -> TrainingResult:
    """Train one variant of the voice encoder against the frozen face models. Raises InputError as `loop.train`."""
    block = config.load(root, "voice_encoder", VoiceEncoderBlock, profile=profile)
    if variant not in block.variants:
        raise InputError(f"no variant {variant!r} of the voice encoder in params.yaml; {nearest(variant, block.variants)}")
    wanted = block.variants[variant]
    encoder, decoder = load_face_models(root, profile)
    preset: Callable[..., Any] = getattr(voice_encoder, wanted.preset)
    made = preset(seconds=wanted.seconds, batch_norm=wanted.batch_norm, feature=encoder.feature_size)
    heard = [_heard(root, profile, split, encoder, block.face, embed=wanted.preset == "speaker")
             for split in ("train", "validation")]
    model = _new(lambda: VoiceEncoder(made), block.training.seed)
    model.start_at(heard[0].faces.mean(0))
    frozen = Frozen(Layers(decoder.first_layer, encoder.logits), decoder)
    task = VoiceTask(model, heard[0], heard[1], frozen, block.task.model_copy(update={"loss": wanted.loss}))
    training = block.training.model_copy(update={"duration": wanted.duration})
    target = weights_of(root, profile, f"{VOICE_ENCODER}_{variant}")
    if block.balance_steps and wanted.loss == "full":
        start = copy.deepcopy(task.model.state_dict())
        _balance(task, training.model_copy(update={"unit": "steps", "duration": block.balance_steps}), target, report)
        task.model.load_state_dict(start)
    return _trained(task, model, training, target, report)


def _balance(task: VoiceTask, training: TrainingConfig, target: Path, report: Report) -> None:
    """Set the task's λ's by the paper's rule: train for some steps, see how hard each term pulls there, then start anew."""
    loop.train(task, training, _training_folder(target, "-balance"), clock=time.monotonic, n_workers=N_WORKERS, report=report)
    clips, faces, _ = task.batch(np.arange(min(training.batch_size, task.n_examples)), seed=training.seed, epoch=0, step=0)
    with torch.no_grad():
        v_s = task.hear(clips)
    task.config = task.config.model_copy(update={"terms": balanced(v_s, faces, task.frozen.layers, task.config.terms)})


def _trained(task: loop.Task, model: AnyModel, training: TrainingConfig, target: Path, report: Report) -> TrainingResult:
    memory.keep_freed()
    result = loop.train(task, training, _training_folder(target), clock=time.monotonic, n_workers=N_WORKERS, report=report)
    notes = {"step": result.best_step, "validation": result.best, "training": training.model_dump(),
             "task": task.config.model_dump(), "data": task.data_hash}
    if target.stem != FACE_ENCODER:
        notes[mean_feature.MADE_WITH] = weights.describe(target.with_stem(FACE_ENCODER))["content_sha256"]
    model.save(target, notes=notes, half=True)
    return result


def _training_folder(target: Path, ending: str = "") -> Path:
    return target.parents[1] / "training" / (target.stem + ending)


def _new(build: Callable[[], AnyModel], seed: int) -> AnyModel:
    """Build a model whose initial weights are a function of `seed`."""
    with distributed.seeded(seed, device=torch.device("cpu")):
        return build()


def faces(root: Path, profile: str, split: str) -> FaceSet:
    """The pictures of a split of a profile's corpus. Raises InputError as `examples.faces`."""
    block = config.load(root, "corpus", CorpusBlock, profile=profile)
    return examples.faces(synthetic.home(root, block.name), split)


def _heard(root: Path, profile: str, split: str, encoder: CompactFaceEncoder, face: str, *, embed: bool) -> Heard:
    """The clips of a split and the features of their speakers' faces; embeddings of the clips where asked."""
    people = faces(root, profile, split)
    clips = examples.voices(synthetic.complete(root, profile), split, people.ids)
    with torch.no_grad():
        features = encoded(encoder, people.canonical if face == "canonical" else people.wild[:, 0])
    inputs = _embedded(root, profile, split, clips) if embed else clips.samples
    numbers = np.stack(list(synthetic.voice_numbers(people.facts).values()), axis=1)
    return Heard(inputs, clips.person, features, clips.content_hash + people.content_hash, numbers)


def _embedded(root: Path, profile: str, split: str, clips: examples.VoiceSet) -> torch.Tensor:
    """GE2E embeddings of the clips, computed once."""
    path = root / "results" / profile / "training" / f"embeddings-{split}-{clips.content_hash[:12]}.safetensors"
    if not path.is_file():
        judge = speaker.load(root / GE2E)
        parts = [judge.embed(torch.from_numpy(block.astype(np.float32) / examples.FULL_SCALE))
                 for block in np.array_split(clips.samples, max(1, len(clips) // BLOCK))]
        artifacts.write_tensors(path, {"embeddings": torch.cat(parts).numpy()}, {"clips": clips.ids})
    return torch.from_numpy(artifacts.read_tensors(path)[0]["embeddings"])
