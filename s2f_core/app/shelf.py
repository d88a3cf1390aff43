"""What the app looks up, prepared once and kept: features of 5,000 faces, what was heard of the test people, some voices.

results/<profile>/app/shelf.safetensors; made anew when the weights or the corpus are others. Everybody in it is synthetic.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Float64

from s2f_core import artifacts, config, held_out, samples
from s2f_core.blocks import in_blocks
from s2f_core.data import opus
from s2f_core.data.audio import CLIP_SECONDS, fit_clip
from s2f_core.data.corpora import synthetic
from s2f_core.data.corpora.synthetic import Speaker
from s2f_core.evaluate import face_judge
from s2f_core.reconstruct import Reconstructor
from s2f_core.synthesis.plan import CorpusBlock

N_VOICES = 24  # test people by lot whose recordings can be chosen
SPLITS = ("test", "gallery")  # whose faces are the gallery, in this order
PLAN = "plan.json"  # of the corpus: what it was made of


@dataclass(frozen=True, eq=False)
class Shelf:
    """What is looked up.

    Attributes:
        ids: of the gallery's people; the test people come first.
        gallery: v_f of their canonical faces.
        faces: those pictures, as WebP.
        heard: v_s of each test person's first recording.
        truth: of the test people, 'sex' and 'age' as given to the generator, and what they speak.
        judge: two columns, score of 'female' and age in years; first what is read of 0, then what each feature adds.
        voices: Ogg of the first recordings of some test people, by id.
    """

    ids: Sequence[str]
    gallery: Float32[np.ndarray, "people feature"]
    faces: Sequence[bytes]
    heard: Float32[np.ndarray, "test feature"]
    truth: Sequence[Mapping[str, Any]]
    judge: Float64[np.ndarray, "rows 2"]
    voices: Mapping[str, bytes]


def open_shelf(root: Path, profile: str, networks: Reconstructor) -> Shelf:
    """Read the shelf, or make it first, which takes about a minute. Raises InputError where the corpus is missing."""
    block = config.load(root, "corpus", CorpusBlock, profile=profile)
    home, path = synthetic.home(root, block.name), root / "results" / profile / "app" / "shelf.safetensors"
    plan = home / PLAN
    made_of = [networks.networks.sha256, hashlib.sha256(plan.read_bytes() if plan.is_file() else b"").hexdigest()]
    if path.is_file():
        tensors, meta = artifacts.read_tensors(path)
        if meta["made_of"] == made_of:
            return _unpacked(tensors, meta)
    shelf = _make(home, block.seed, networks, partial(samples.clips, root, profile))
    tensors, meta = _packed(shelf)
    artifacts.write_tensors(path, tensors, {**meta, "made_of": made_of})
    return shelf


def _make(home: Path, seed: int, networks: Reconstructor, clips_of: Callable[[Sequence[str]], list[bytes]]) -> Shelf:
    people = {split: list(synthetic.speakers(home, split)) for split in ("train", *SPLITS)}
    seen = {split: _seen(networks, some, split) for split, some in people.items()}
    ids = [one.id for split in SPLITS for one in people[split]]
    faces = [one.sample.member("canonical.webp") for split in SPLITS for one in people[split]]
    clips = np.array(clips_of([one.id for one in people["test"]]), object)
    heard = in_blocks(lambda block: networks.hear(torch.from_numpy(np.stack(
        [fit_clip(opus.decode(clip), CLIP_SECONDS) for clip in block]))).numpy(), clips, "hear the test people")
    some = sorted(np.random.default_rng(seed).permutation(len(clips))[:N_VOICES].tolist())
    return Shelf(ids, np.concatenate([seen[split] for split in SPLITS]), faces, np.concatenate(heard),
                 [dict(one.attributes) for one in people["test"]], _judge(networks, people["train"], seen["train"]),
                 {people["test"][row].id: clips[row] for row in some})


def _seen(networks: Reconstructor, people: Sequence[Speaker], split: str) -> Float32[np.ndarray, "people feature"]:
    pictures = np.stack([one.canonical() for one in people])
    seen = in_blocks(lambda block: networks.see(torch.from_numpy(block)).numpy(), pictures, f"see {split} faces")
    return np.concatenate(seen)


def _judge(networks: Reconstructor, people: Sequence[Speaker], seen: Float32[np.ndarray, "people feature"]
           ) -> Float64[np.ndarray, "rows 2"]:
    """The audits' judge of sex and age, which is linear: what it reads of 0, and what one of each feature adds."""
    judge = face_judge.fit([one.facts for one in people], held_out.faint(networks, seen))
    judged = judge(np.vstack([np.zeros(seen.shape[1]), np.eye(seen.shape[1])]))
    told = np.stack([judged.woman, judged.age], axis=1)
    return np.vstack([told[:1], told[1:] - told[0]])


def _packed(shelf: Shelf) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """As tensors and JSON: all pictures and all recordings one after the other."""
    tensors = {"gallery": shelf.gallery, "heard": shelf.heard, "judge": shelf.judge}
    for name, parts in (("faces", shelf.faces), ("voices", list(shelf.voices.values()))):
        tensors[name] = np.frombuffer(b"".join(parts), np.uint8)
        tensors[f"{name}.end"] = np.cumsum([len(part) for part in parts])
    return tensors, {"ids": list(shelf.ids), "truth": list(shelf.truth), "voices": list(shelf.voices)}


def _unpacked(tensors: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> Shelf:
    faces, voices = ([part.tobytes() for part in np.split(tensors[name], tensors[f"{name}.end"][:-1])]
                     for name in ("faces", "voices"))
    return Shelf(meta["ids"], tensors["gallery"], faces, tensors["heard"], meta["truth"], tensors["judge"],
                 dict(zip(meta["voices"], voices, strict=True)))
