"""Measure synthetic persons with judges that nobody here trained, block by block, kept beside the results until they change.

Faces: both of dlib's detectors, its landmarks and its embedding, and the judge of age and gender, on the canonical face
(scaled up to a face picture's side) and the first picture in the wild. Voices: two clean recordings of each person, as the
vocoder leaves them, by Praat, GE2E and DNSMOS, and what a recogniser of English makes of the words.
"""

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32
from PIL import Image

from s2f_core import artifacts, corpus, workers
from s2f_core.data.audio import fit_clip
from s2f_core.data.corpora import debian_speakers, synthetic
from s2f_core.data.faces import FACE_PX
from s2f_core.features import judges, landmarks, speaker
from s2f_core.features.measure import models as face_instruments
from s2f_core.synthesis import plan, studio
from s2f_core.synthesis.person import Person, sample_person, stream
from s2f_core.synthesis.voice import judge
from s2f_core.synthesis.voice.catalogue import load_catalogue
from s2f_core.synthesis.voice.speak import speak

MEASURES = 1  # raise it when the way of measuring changes: what was measured the old way is then measured again
SPLITS = ("test", "validation", "train")  # in which persons are taken
VIEWS = ("canonical", "wild")


@dataclass(frozen=True)
class Block:
    """Some persons, measured and saved together."""

    what: str
    shard: str
    ids: tuple[str, ...]
    root: Path
    profile: str
    key: str

    @property
    def path(self) -> Path:
        """Where the measures are kept."""
        return self.root / "results" / self.profile / "checks" / f"{self.what}-{self.shard}-{len(self)}-{self.key}.safetensors"

    def __len__(self) -> int:
        return len(self.ids)


def blocks(root: Path, profile: str, what: str, n_persons: int) -> list[Block]:
    """The first `n_persons` of test, validation and train as blocks; `what` is 'faces' or 'voices'."""
    block, _ = corpus.read_params(root, profile)
    home = synthetic.home(root, block.name)
    found, left = [], n_persons
    for split in SPLITS:
        for number, ids in corpus.chunks(split, block):
            if left > 0:
                shard = f"{split}-{number:04d}"
                found.append(Block(what, shard, ids[:left], root, profile, _key(home, shard)))
            left -= len(ids)
    return found


def _key(home: Path, shard: str) -> str:
    """Of what the measures are of: the shards of these persons, so that a corpus made anew is measured anew."""
    digest = hashlib.sha256(str(MEASURES).encode())
    for kind in (synthetic.FACES, synthetic.VOICES):
        path = home / f"{kind}-{shard}.tar.gz"
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()[:12]


def measure(chosen: list[Block], *, processes: int, on_progress: Callable[[int], None]) -> None:
    """Measure what is not measured yet; each block is saved when it is done."""
    todo = [block for block in chosen if not block.path.is_file()]
    for n_persons in workers.spread(_measure, todo, processes=processes):
        on_progress(n_persons)


def read(chosen: list[Block]) -> dict[str, np.ndarray]:
    """The measures of several blocks, one row per person, in order."""
    parts = [artifacts.read_tensors(block.path)[0] for block in chosen]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _measure(block: Block) -> int:
    torch.set_num_threads(1)  # one process per core: more threads would only wait for each other
    rows = {"faces": _faces, "voices": _voices, "words": _words}[block.what](block)
    artifacts.write_tensors(block.path, _stacked(rows), {"ids": block.ids})
    return len(block)


def _faces(block: Block) -> list[dict[str, Any]]:
    params, _ = corpus.read_params(block.root, block.profile)
    folder = synthetic.home(block.root, params.name)
    shard = folder / f"{synthetic.FACES}-{block.shard}.tar.gz"
    return [_face(person) for person in synthetic.speakers_in(shard) if person.id in block.ids]


def _face(person: synthetic.Speaker) -> dict[str, Any]:
    pictures = (np.array(Image.fromarray(person.canonical()).resize((FACE_PX, FACE_PX), Image.Resampling.BICUBIC)),
                person.views()[0])
    (models, all_judges), said = face_instruments(), {}
    for view, picture in zip(VIEWS, pictures, strict=True):
        face = landmarks.find_face(picture, models)
        judged = (judges.NO_JUDGEMENT if face.detector is landmarks.Detector.NONE
                  else judges.judge(picture, face.landmarks, all_judges))
        said |= {f"{view}/cnn": face.detector is landmarks.Detector.CNN, f"{view}/hog": bool(models.hog(picture)),
                 f"{view}/landmarks": face.landmarks, f"{view}/embedding": judged.embedding,
                 f"{view}/age": judged.age, f"{view}/p_female": judged.p_female}
    return said


def _voices(block: Block) -> list[dict[str, Any]]:
    params, world = corpus.read_params(block.root, block.profile)
    return [_voice(block.root, sample_person(params.seed, identity, world)) for identity in block.ids]


def _words(block: Block) -> list[dict[str, Any]]:
    """Errors of a recogniser of English on the first clip of those who speak it; NaN for the others."""
    params, world = corpus.read_params(block.root, block.profile)
    catalogue, rows = load_catalogue(), []
    for identity in block.ids:
        person = sample_person(params.seed, identity, world)
        clip = plan.clips_of(person)[0]
        if not clip.language.startswith("en-"):
            rows.append({"word_error_rate": float("nan")})
            continue
        text = " ".join(one.text for one in catalogue.sentences[clip.language] if one.id in clip.sentences)
        rows.append({"word_error_rate": judge.word_error_rate(_decoder(), _clean(block.root, person, clip), text)})
    return rows


def _clean(root: Path, person: Person, clip: plan.ClipPlan) -> Float32[np.ndarray, " samples"]:
    """The clip as the vocoder leaves it, before room and microphone."""
    rng = stream(person.seed, clip.id, "speech")
    return speak(studio.bank(root / "data"), person.voice, clip.language, clip.sentences, rng=rng)


def real_speakers(root: Path, shared: Path) -> dict[str, np.ndarray]:
    """The same measures of real speakers, a row each, where Debian's packages are installed; empty where they are not."""
    rows = [_stacked([_heard(root, clip) for clip in clips]) for clips in debian_speakers.speakers(shared).values()]
    return _stacked(rows) if rows else {}


def _voice(root: Path, person: Person) -> dict[str, Any]:
    return _stacked([_heard(root, _clean(root, person, clip)) for clip in plan.clips_of(person)[: plan.N_CLIPS]])


def _heard(root: Path, samples: Float32[np.ndarray, " samples"]) -> dict[str, Any]:
    embedding = _speaker(root).embed(torch.from_numpy(fit_clip(samples))[None])[0].numpy()
    heard = judge.praat_measure(samples)
    return {"f0_hz": heard["f0_hz"], "vtl_cm": heard["vtl_cm"], "p808": judge.dnsmos_p808(samples), "embedding": embedding}


def _stacked(rows: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@functools.cache
def _decoder() -> Any:
    return judge.english_decoder()


@functools.cache
def _speaker(root: Path) -> speaker.SpeakerEncoder:
    return speaker.load(root / "data" / "weights" / "ge2e.safetensors")
