"""`s2f audit worlds`: train small voice encoders where languages and ancestry morphs go together by design; test people hear.

In every world the same people of the training split say other words: body, face and the numbers of the voice stay. What a world
changes is the language, and with it the accent, and which people are taken. The table: `data/experiments.Worlds`.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32

from s2f_core import artifacts, config, jury, memory, speaking, world_training
from s2f_core.data import experiments
from s2f_core.data.corpora import examples
from s2f_core.data.corpora.examples import VoiceSet
from s2f_core.evaluate.held_out import SHOWN
from s2f_core.jury import AuditsBlock, Jury
from s2f_core.synthesis import counterfactual, plan
from s2f_core.synthesis.languages import MORPHS
from s2f_core.synthesis.person import Person, stream
from s2f_core.synthesis.world import Worlds as WorldsBlock
from s2f_core.train import VoiceEncoderBlock
from s2f_core.training.log import ignore
from s2f_core.world_training import BALANCED, EMBEDDED, PLAIN, REVERSED, REWEIGHTED, Class, Lesson

KINDS = ("clip", "second")
SPEECH, RUNS, TRAINING = "world-speech", "runs", "world-training"  # folders to go on from, gone when all is done


@dataclass(frozen=True)
class Run:
    """One training: net, world, treatment, and which of the repeats."""

    net: str
    follows: float
    majority: float
    paired: bool
    treated: str
    repeat: int

    @property
    def name(self) -> str:
        """The run in words, as a folder's name."""
        return "-".join([self.net, f"{self.follows:g}", f"{self.majority:g}", "paired" if self.paired else "unpaired",
                         self.treated, str(self.repeat)])  # fmt: skip


def runs(block: AuditsBlock) -> list[Run]:
    """Every net in every world; in the strongest one with voices of somebody else; and the treatments."""
    found = []
    for net, one in block.worlds.nets.items():
        worlds = [(follows, majority, True) for follows in block.worlds.follows for majority in block.worlds.majority]
        worlds.append((max(block.worlds.follows), min(block.worlds.majority), False))
        treated = [PLAIN, *([BALANCED, REWEIGHTED, REVERSED] if net == block.worlds.treated_net else [])]
        found += [Run(net, *world, how, repeat) for world in worlds for how in treated for repeat in range(one.repeats)
                  if how == PLAIN or world == (*block.worlds.treated, True)]
    return found


class Stage:
    """All that the runs share: the jury, the people as each world has them, and the recordings."""

    def __init__(self, root: Path, profile: str) -> None:
        self.root, self.folder = root, jury.folder_of(root, profile)
        self.block = config.load(root, "audits", AuditsBlock, profile=profile)
        self.voice_encoder = config.load(root, "voice_encoder", VoiceEncoderBlock, profile=profile)
        self.panel = jury.convene(root, profile, SHOWN, self.folder)
        self.world = config.load(root, "worlds", WorldsBlock, profile=profile).named(self.panel.corpus.world)
        self.runs = runs(self.block)
        self._people: dict[tuple[float, float, bool], tuple[list[Person], list[Person]]] = {}

    def people(self, run: Run) -> tuple[list[Person], list[Person]]:
        """Training and validation people of the run's world."""
        key = (run.follows, run.majority, run.paired)
        if key not in self._people:
            world = counterfactual.world_of(self.world, run.follows, paired=run.paired)
            morphs = {identity: one["attributes"]["morph"]
                      for identity, one in zip(self.panel.ids["train"], self.panel.facts["train"], strict=True)}
            wanted = self.block.worlds
            ids = counterfactual.chosen(morphs, wanted.people, run.majority, seed=self.block.seed)
            others = sorted(self.panel.ids["validation"])[: wanted.validation]
            seed = self.panel.corpus.seed
            self._people[key] = tuple(list(counterfactual.people_in(world, some, seed)) for some in (ids, others))
        return self._people[key]

    def taught(self, run: Run) -> tuple[list[Person], list[Person]]:
        """The people of one training: where a net is trained several times, each time others, drawn with replacement.

        So that trainings differ as they would on other people of the same world (the bootstrap): a thousand people's languages
        and ancestries go together a little even where nothing ties them, and a repeat with the same people would hide it.
        """
        people, others = self.people(run)
        if self.block.worlds.nets[run.net].repeats == 1:
            return people, others
        places = stream(self.block.seed, "repeat", str(run.repeat)).integers(len(people), size=len(people))
        return [people[place] for place in sorted(places.tolist())], others

    def spoken(self) -> Iterator[speaking.Spoken]:
        """Every recording of every run; many are the same."""
        for run in self.runs:
            for some in self.people(run):
                for person in some:
                    for clip in plan.clips_of(person):
                        yield person, clip

    def jobs(self) -> list[speaking.Job]:
        """The recordings that are not rendered yet."""
        return speaking.jobs(self.folder / SPEECH, self.spoken(), self.root / "data")

    def left(self) -> list[Run]:
        """The runs that are not done yet."""
        return [run for run in self.runs if experiments.read(self.folder / RUNS / run.name, experiments.Worlds) is None]


def train(stage: Stage, *, on_progress: Callable[[int], None]) -> None:
    """Do the runs that are left, one after the other, and write the table. Raises InputError as `loop.train`."""
    memory.keep_freed()
    names = sorted({speaking.key(*spoken) for spoken in stage.spoken()})
    samples = speaking.read(stage.folder / SPEECH, names)
    test = _test(stage.panel)
    embedded = _embedded(stage, names, samples)
    told = world_training.embeddings(test.samples, stage.root)
    for run in stage.left():
        of_run, asked = (embedded, told) if run.net == EMBEDDED else (samples, test.samples)
        classes = tuple(world_training.class_of(split, some, [[speaking.key(person, clip) for clip in plan.clips_of(person)]
                                                              for person in some], of_run)
                        for split, some in zip(("train", "validation"), stage.taught(run), strict=True))
        lesson = Lesson(run.net, stage.block.worlds.nets[run.net].duration, run.treated, stage.block.worlds.reversal,
                        stage.voice_encoder.training.seed + run.repeat)
        folder = stage.folder / TRAINING / run.name
        model = world_training.train(lesson, classes, stage.panel, stage.voice_encoder, folder, report=ignore)
        table = _table(stage, run, classes[0], test, world_training.hear(model, asked))
        experiments.write(stage.folder / RUNS / run.name, table)
        shutil.rmtree(folder)
        on_progress(1)
    experiments.write(stage.folder, _joined(stage))
    for folder in (SPEECH, RUNS, TRAINING):
        shutil.rmtree(stage.folder / folder, ignore_errors=True)


def _embedded(stage: Stage, names: Sequence[str], samples: Mapping[str, Any]) -> dict[str, Any]:
    path = stage.folder / SPEECH / f"{speaking.kind_of(names)}.safetensors"
    if not path.is_file():
        found = world_training.embeddings(np.stack([samples[name] for name in names]), stage.root)
        artifacts.write_tensors(path, {"embeddings": found.numpy()}, {})
    return dict(zip(names, torch.from_numpy(artifacts.read_tensors(path)[0]["embeddings"]), strict=True))


def _test(panel: Jury) -> VoiceSet:
    """The first clip of each test person, and the one in their second language."""
    every = examples.voices(panel.home, "test", panel.ids["test"], KINDS)
    first = {(every.person[row], facts["kind"]): row for row, facts in reversed(list(enumerate(every.facts)))}
    rows = sorted(first.values())
    return VoiceSet(tuple(every.ids[row] for row in rows), every.person[rows], every.samples[rows],
                    tuple(every.facts[row] for row in rows))


def _table(stage: Stage, run: Run, taught: Class, test: VoiceSet, heard: Float32[np.ndarray, "clips feature"]
           ) -> experiments.Worlds:
    panel, n = stage.panel, len(test)
    judged = panel.judge(heard)
    ancestry = {morph: judged.ancestry[:, panel.judge.morphs.index(morph)].astype(np.float32) for morph in MORPHS}
    numbers = {"follows": run.follows, "majority": run.majority, "paired": float(run.paired),
               "associated": counterfactual.cramers_v(taught.languages, taught.morphs)}
    facts = {name: np.array([one[name] for one in test.facts]) for name in ("kind", "language")}
    usual = counterfactual.goes_with()
    facts["goes_with"] = np.array([usual.get(language, "") for language in facts["language"].tolist()])
    truth = {name: np.array([one["attributes"][name] for one in panel.facts["test"]])[test.person] for name in ("sex", "morph")}
    noise = np.array([one["condition"]["snr_db"] for one in test.facts], np.float32)
    return experiments.Worlds(
        panel.networks.networks.sha256, np.full(n, stage.runs.index(run)), np.repeat(run.net, n), np.repeat(run.treated, n),
        **{name: np.full(n, value, np.float32) for name, value in numbers.items()}, **facts, **truth, **ancestry,
        person=np.array(panel.ids["test"])[test.person], woman=judged.woman.astype(np.float32),
        age=judged.age.astype(np.float32), percent=panel.percent(heard, test.person), noise_db=noise)  # fmt: skip


def _joined(stage: Stage) -> experiments.Worlds:
    """All runs, numbered in their order: what each was numbered when it was made may be of another list of runs."""
    tables = [experiments.read(stage.folder / RUNS / run.name, experiments.Worlds) for run in stage.runs]
    columns = {one.name: np.concatenate([getattr(table, one.name) for table in tables])
               for one in fields(experiments.Worlds) if one.name != "model"}
    columns["run"] = np.repeat(np.arange(len(tables)), [len(table.run) for table in tables])
    return experiments.Worlds(tables[0].model, **columns)
