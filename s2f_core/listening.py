"""`s2f audit listen`: the shown voice encoder hears pitches and tracts set by hand, people of its training, and noise.

Tables below results/<profile>/audits, see `data/experiments`. Every person is synthetic.
"""

import dataclasses
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Int16

from s2f_core import config, jury, speaking
from s2f_core.blocks import in_blocks
from s2f_core.data import experiments
from s2f_core.data.audio import CLIP_SAMPLES, SAMPLE_RATE_HZ
from s2f_core.data.corpora.examples import FULL_SCALE
from s2f_core.data.experiments import Crossed, Members, Sounds, Sweep
from s2f_core.evaluate import similarity
from s2f_core.evaluate.held_out import SHOWN
from s2f_core.jury import AuditsBlock, Jury
from s2f_core.synthesis import counterfactual
from s2f_core.synthesis.person import Person, sample_person, stream
from s2f_core.synthesis.plan import ClipPlan, split_of
from s2f_core.synthesis.voice.catalogue import load_catalogue
from s2f_core.synthesis.world import Worlds

SPEECH = "speech"  # folder of what was rendered
PEAK = 0.1  # RMS of the sounds, of full scale: as loud as the corpus' loudest clips
KINDS = ("white noise", "pink noise", "tones")
TONES_HZ = (80.0, 400.0)  # Hz; where voices have their pitch


class Asked(NamedTuple):
    """A recording that an experiment needs, and the table's words about it."""

    person: Person
    clip: ClipPlan
    words: tuple[str, ...] = ()


def listen(root: Path, profile: str, *, processes: int, on_progress: Callable[[int], None]) -> None:
    """Render what is needed, hear it and write the four tables. Raises InputError as `jury.convene`."""
    folder = jury.folder_of(root, profile)
    block = config.load(root, "audits", AuditsBlock, profile=profile)
    panel = jury.convene(root, profile, SHOWN, folder)
    people = _People(panel, root, profile)
    asked = {Sweep: list(_sweep(people, block)), Crossed: list(_crossed(people, block)), Members: list(_members(people, block))}
    some = speaking.jobs(folder / SPEECH, [(one.person, one.clip) for every in asked.values() for one in every], root / "data")
    speaking.make(some, processes=processes, on_progress=on_progress)
    names = [speaking.key(one.person, one.clip) for every in asked.values() for one in every]
    samples = speaking.read(folder / SPEECH, names)
    model = panel.networks.networks.sha256
    heard = {kind: hear(panel, np.stack([samples[speaking.key(one.person, one.clip)] for one in every]))
             for kind, every in asked.items()}
    experiments.write(folder, _swept(model, asked[Sweep], panel.judge(heard[Sweep]).woman))
    experiments.write(folder, _as_crossed(model, asked[Crossed], panel.judge(heard[Crossed]).woman))
    experiments.write(folder, _known(panel, asked[Members], heard[Members], block.listening.gallery))
    experiments.write(folder, _sounds(panel, block, heard[Members]))
    shutil.rmtree(folder / SPEECH)


def n_jobs(root: Path, profile: str) -> int:
    """How many recordings the experiments ask for, each counted as often as it is asked for."""
    one = config.load(root, "audits", AuditsBlock, profile=profile).listening
    grid = 2 * one.speakers * len(one.f0_hz) * len(one.vtl_cm)
    return grid + 2 * one.crossed * len(counterfactual.CHANGES) + 3 * one.members


def hear(panel: Jury, samples: Int16[np.ndarray, "clips samples"]) -> Float32[np.ndarray, "clips feature"]:
    """Features of clips, some at a time."""
    def heard(some: Int16[np.ndarray, "clips samples"]) -> Float[torch.Tensor, "clips feature"]:
        return panel.networks.hear(torch.from_numpy(some.astype(np.float32) / FULL_SCALE))

    return torch.cat(in_blocks(heard, samples, "hear the clips")).numpy()


class _People:
    """The corpus's people by lot, drawn again from their ids."""

    def __init__(self, panel: Jury, root: Path, profile: str) -> None:
        self.panel, self.seed = panel, panel.corpus.seed
        self.world = config.load(root, "worlds", Worlds, profile=profile).named(panel.corpus.world)

    def by_lot(self, split: str, n: int, seed: int, *, sex: str | None = None) -> Iterator[Person]:
        """Up to `n` people of a split, of one sex where it is given."""
        ids = sorted(identity for identity, facts in zip(self.panel.ids[split], self.panel.facts[split], strict=True)
                     if sex in (None, facts["attributes"]["sex"]))
        for place in stream(seed, split, sex or "all").permutation(len(ids))[:n]:
            yield sample_person(self.seed, ids[place], self.world)


def _sweep(people: _People, block: AuditsBlock) -> Iterator[Asked]:
    wanted = block.listening
    for sex in counterfactual.OTHER:
        for person in people.by_lot("test", wanted.speakers, block.seed, sex=sex):
            for f0_hz in wanted.f0_hz:
                for vtl_cm in wanted.vtl_cm:
                    someone = counterfactual.speaking_with(person, f0_hz=f0_hz, vtl_cm=vtl_cm)
                    yield Asked(someone, speaking.first_clip(person))


def _crossed(people: _People, block: AuditsBlock) -> Iterator[Asked]:
    for sex in counterfactual.OTHER:
        for person in people.by_lot("test", block.listening.crossed, block.seed, sex=sex):
            for changed in counterfactual.CHANGES:
                yield Asked(counterfactual.crossed(person, changed), speaking.first_clip(person), (changed,))


def _members(people: _People, block: AuditsBlock) -> Iterator[Asked]:
    for split in ("train", "test"):
        for person in people.by_lot(split, block.listening.members, block.seed):
            if split == "train":
                yield Asked(person, speaking.first_clip(person), ("trained clip",))
            yield Asked(person, _new_clip(person), ("new clip" if split == "train" else "others",))


def _new_clip(person: Person) -> ClipPlan:
    """A held-out sentence, which nobody says in training; the recording has a condition of its own."""
    language = person.voice_body.speech.language
    first, *_ = load_catalogue().sentences_of(person.voice.base[0], language, held_out=True)
    return ClipPlan(f"{person.id}-new", "clip", language, (first,))


def _swept(model: str, asked: Sequence[Asked], woman: Float[np.ndarray, " rows"]) -> Sweep:
    f0_hz, vtl_cm = (np.array([getattr(one.person.voice, name) for one in asked], np.float32) for name in ("f0_hz", "vtl_cm"))
    return Sweep(model, _ids(asked), _sexes(asked), f0_hz, vtl_cm, woman.astype(np.float32))


def _as_crossed(model: str, asked: Sequence[Asked], woman: Float[np.ndarray, " rows"]) -> Crossed:
    return Crossed(model, _ids(asked), _sexes(asked), _words(asked), woman.astype(np.float32))


def _ids(asked: Sequence[Asked]) -> np.ndarray:
    return np.array([one.person.id for one in asked])


def _sexes(asked: Sequence[Asked]) -> np.ndarray:
    return np.array([one.person.body.sex for one in asked])


def _words(asked: Sequence[Asked]) -> np.ndarray:
    return np.array([one.words[0] for one in asked])


def _known(panel: Jury, asked: Sequence[Asked], heard: Float32[np.ndarray, "rows feature"], n_gallery: int) -> Members:
    """Each row's own face among `n_gallery` faces of its split: those asked for, and others in the order of their ids."""
    ids, groups = _ids(asked), _words(asked)
    cosine, percent = np.empty((2, len(asked)), np.float32)
    for split in ("train", "test"):
        rows = np.flatnonzero([split_of(one.person.id) == split for one in asked])
        place = {identity: row for row, identity in enumerate(panel.ids[split])}
        own = list(dict.fromkeys(ids[rows].tolist()))
        others = [identity for identity in panel.ids[split] if identity not in set(own)]
        gallery = [*own, *others][:n_gallery]
        faces = panel.faces[split][[place[identity] for identity in gallery]]
        person = np.array([gallery.index(identity) for identity in ids[rows].tolist()])
        percent[rows] = dataclasses.replace(panel, faces={split: faces}).percent(heard[rows], person, (split,))
        cosine[rows] = similarity.cosines(heard[rows], faces[person])
    return Members(panel.networks.networks.sha256, groups, ids, cosine, percent)


def _sounds(panel: Jury, block: AuditsBlock, voices: Float32[np.ndarray, "rows feature"]) -> Sounds:
    n, mean = block.listening.sounds, panel.networks.networks.mean.mean.cpu().numpy()
    kinds = np.repeat(KINDS, n)
    heard = hear(panel, np.stack([_sound(kind, number, block.seed) for kind in KINDS for number in range(n)]))
    judged = panel.judge(heard)
    lot = np.concatenate([stream(block.seed, kind, "lot").permutation(len(panel.ids["test"]))[:n] for kind in KINDS])
    usual = np.linalg.norm(voices - mean, axis=1).mean()
    return Sounds(panel.networks.networks.sha256, kinds, judged.woman.astype(np.float32), judged.age.astype(np.float32),
                  panel.percent(heard, lot), (np.linalg.norm(heard - mean, axis=1) / usual).astype(np.float32))


def _sound(kind: str, number: int, seed: int) -> Int16[np.ndarray, " samples"]:
    rng = stream(seed, kind, str(number))
    if kind == "tones":
        pitch = np.exp(rng.uniform(*np.log(TONES_HZ)))
        wave = np.sin(2 * np.pi * pitch * np.arange(CLIP_SAMPLES) / SAMPLE_RATE_HZ)
    else:
        spectrum = np.fft.rfft(rng.standard_normal(CLIP_SAMPLES))
        if kind == "pink noise":
            spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
        wave = np.fft.irfft(spectrum, CLIP_SAMPLES)
    return np.rint(wave * PEAK * FULL_SCALE / np.sqrt((wave**2).mean())).clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


