"""Train one small voice encoder in one world, treated or not, and let it hear clips of people it has never met."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32, Int16, Int64, Shaped
from torch import Tensor

from s2f_core.blocks import in_blocks
from s2f_core.data.corpora import synthetic
from s2f_core.data.corpora.examples import FULL_SCALE
from s2f_core.features import speaker
from s2f_core.jury import Jury
from s2f_core.models import trained_set, voice_encoder
from s2f_core.models.voice_encoder import VoiceEncoder
from s2f_core.synthesis.person import Person
from s2f_core.train import VoiceEncoderBlock
from s2f_core.training import decorrelation, distributed, loop, voice_task
from s2f_core.training.log import Report
from s2f_core.training.losses import Layers
from s2f_core.training.voice_task import Frozen, Heard, VoiceTask

PLAIN, BALANCED, REWEIGHTED, REVERSED = "nothing", "balanced", "reweighted", "reversed"
EMBEDDED = "speaker"  # the net that hears embeddings
SECONDS = 6  # s; of the clips, as in the paper
Samples = Int16[np.ndarray, "clips samples"]


@dataclass(frozen=True, eq=False)
class Class:
    """People of one split who teach or test a network in a world: `clips` (samples or embeddings) by row, and whose each is."""

    split: str
    people: Sequence[Person]
    person: Int64[np.ndarray, " clips"]
    names: Sequence[str]
    clips: Samples | Float32[Tensor, "clips embedding"]

    @property
    def morphs(self) -> Shaped[np.ndarray, " clips"]:
        """Ancestry morph of each clip's speaker."""
        return np.array([one.body.morph for one in self.people])[self.person]

    @property
    def languages(self) -> Shaped[np.ndarray, " clips"]:
        """Language of each clip."""
        return np.array([one.voice_body.speech.language for one in self.people])[self.person]

    def heard(self, panel: Jury) -> Heard:
        """As the voice encoder's task takes it: with the features of the speakers' faces and the numbers of their voices."""
        row_of = {identity: row for row, identity in enumerate(panel.ids[self.split])}
        faces = torch.from_numpy(panel.faces[self.split][[row_of[one.id] for one in self.people]])
        numbers = synthetic.voice_numbers([{"voice": asdict(one.voice)} for one in self.people])
        content = hashlib.sha256("\n".join(self.names).encode()).hexdigest()
        return Heard(self.clips, self.person, faces, content, np.stack(list(numbers.values()), axis=1))


@dataclass(frozen=True)
class Lesson:
    """What is trained how: preset and epochs of the net, treatment, the critic's strength, and the seed."""

    net: str
    duration: int
    treated: str
    reversal: float
    seed: int


def train(lesson: Lesson, classes: tuple[Class, Class], panel: Jury, block: VoiceEncoderBlock, folder: Path,
          *, report: Report) -> VoiceEncoder:
    """Train on the first class, choose by the second; resumed in `folder`. Raises InputError as `loop.train`."""
    taught, asked = classes
    train, validation = taught.heard(panel), asked.heard(panel)
    places = np.arange(len(train.person))
    chances = {BALANCED: lambda: decorrelation.balanced(taught.morphs),
               REWEIGHTED: lambda: decorrelation.reweighted(taught.morphs, taught.languages)}
    if lesson.treated in chances:
        train, places = decorrelation.drawn(train, chances[lesson.treated](), lesson.seed)
    made = getattr(voice_encoder, lesson.net)(seconds=SECONDS, batch_norm=True, feature=train.faces.shape[1])
    with distributed.seeded(lesson.seed, device=torch.device("cpu")):
        model = VoiceEncoder(made)
    model.start_at(train.faces.mean(0))
    networks = panel.networks.networks
    frozen = Frozen(Layers(networks.decoder.first_layer, networks.face_encoder.logits), networks.decoder)
    task: loop.Task = VoiceTask(model, train, validation, frozen, block.task)
    if lesson.treated == REVERSED:
        _, languages = np.unique(taught.languages[places], return_inverse=True)
        with distributed.seeded(lesson.seed, device=torch.device("cpu")):
            task = decorrelation.BlindedTask(task, languages, lesson.reversal)
    training = block.training.model_copy(update={"duration": lesson.duration, "seed": lesson.seed})
    loop.train(task, training, folder, clock=time.monotonic, n_workers=1, report=report)
    return model


@torch.no_grad()
def hear(model: VoiceEncoder, clips: Samples | Float32[Tensor, "clips embedding"]) -> Float32[np.ndarray, "clips feature"]:
    """What a trained network hears in clips of its kind."""
    return voice_task.hear(model.eval(), clips).numpy()


def embeddings(samples: Samples, root: Path) -> Float32[Tensor, "clips embedding"]:
    """GE2E embeddings of clips."""
    judge = speaker.load(root / trained_set.SHIPPED_GE2E)
    return torch.cat(in_blocks(lambda some: judge.embed(torch.from_numpy(some.astype(np.float32) / FULL_SCALE)), samples,
                               "embed the clips"))


def class_of(split: str, people: Sequence[Person], keys: Sequence[Sequence[str]],
             clips: Mapping[str, Int16[np.ndarray, " samples"]] | Mapping[str, Float32[Tensor, " embedding"]]) -> Class:
    """People and the names of each one's clips → a class with those clips' samples or embeddings."""
    names = [name for some in keys for name in some]
    person = np.repeat(np.arange(len(people)), [len(some) for some in keys])
    found = [clips[name] for name in names]
    return Class(split, people, person, names, torch.stack(found) if isinstance(found[0], Tensor) else np.stack(found))
