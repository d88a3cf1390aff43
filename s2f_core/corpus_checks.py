"""Check what the corpus promises: faces by dlib and an attribute judge, voices by Praat, GE2E and DNSMOS, causes by counting.

The numbers land in results/<profile>/corpus_checks.json with the plan that they were measured on. The judges are extras
(`judges`, `corpus`, `dev`); nobody needs them to read the numbers.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from s2f_core import artifacts, config, corpus, corpus_measures, provenance
from s2f_core.data.corpora import synthetic
from s2f_core.data.faces import FACE_PX
from s2f_core.data.webp import CANONICAL_PX
from s2f_core.evaluate import corpus as promises
from s2f_core.evaluate import corpus_truth, corpus_voices
from s2f_core.evaluate.corpus import Check
from s2f_core.synthesis.causes import COUPLED
from s2f_core.synthesis.person import VOICED, Person, sample_person
from s2f_core.synthesis.voice.parameters import F0_SPREAD, FORMANT_SPREAD, VTL_SPREAD
from s2f_core.synthesis.world import World, Worlds

RESULT = "corpus_checks.json"
MOST = {"faces": 1000, "voices": 300, "words": 200}  # persons measured at most, for each kind of measure
RAW = Path("data") / "voicebank" / "raw.json"  # what judges hear in the synthesiser's own clips
SHARED = Path("/usr/share")  # where Debian's packages with real speakers put their sounds
N_DRAWN = 2000  # persons drawn in each world, on paper only
CHECKED_WORLDS = ("literature", "planted", "independent")
MAX_EYES = 0.04  # of the distance between the outer eye corners: how far dlib's landmarks may lie from the mesh's
PROBES = {"age": 0.90, "nose width": 0.85, "lip height": 0.85}  # r that a linear probe must reach


def n_steps(root: Path, profile: str, n_persons: int) -> int:
    """How many persons are still to be measured, faces and voices counted apart, and drawn for the worlds."""
    blocks = [block for what in MOST for block in _blocks(root, profile, what, n_persons)]
    return sum(len(block) for block in blocks if not block.path.is_file()) + len(CHECKED_WORLDS)


def run(root: Path, profile: str, *, n_persons: int, processes: int, on_progress: Callable[[int], None]) -> None:
    """Measure what is not measured yet, test every promise, and write the result."""
    faces, voices, words = (_blocks(root, profile, what, n_persons) for what in MOST)
    corpus_measures.measure(faces + voices + words, processes=processes, on_progress=on_progress)
    block, world = corpus.read_params(root, profile)
    facts = _facts(root, profile, n_persons)
    heard = corpus_measures.read(voices)
    found = [*_faces(facts, corpus_measures.read(faces), block.seed),
             *corpus_voices.checks(facts[: len(heard["p808"])], heard, seed=block.seed),
             corpus_voices.understood(corpus_measures.read(words)["word_error_rate"],
                                      artifacts.read_json(root / RAW)["word_error_rate"], seed=block.seed),
             corpus_voices.language_from_base(facts, _languages(block.seed, world)),
             *corpus_voices.real(corpus_measures.real_speakers(root, SHARED), seed=block.seed)]
    worlds = config.load(root, "worlds", Worlds, profile=profile)
    for name in CHECKED_WORLDS:
        found += _truth(name, worlds.named(name), block.seed)
        on_progress(1)
    document = {"plan": artifacts.read_json(synthetic.home(root, block.name) / corpus.PLAN),
                "checks": [check.to_dict() for check in found], "made_by": provenance.stamp(root)["packages"]}
    artifacts.write_json(root / "results" / profile / RESULT, document)


def _blocks(root: Path, profile: str, what: str, n_persons: int) -> list[corpus_measures.Block]:
    return corpus_measures.blocks(root, profile, what, min(n_persons, MOST[what]))


def _languages(seed: int, world: World) -> list[tuple[str, str]]:
    """Base voice and language of other persons of the same design."""
    people = (sample_person(seed, f"design-{number:05d}", world) for number in range(N_DRAWN))
    return [(person.voice.base[0], person.voice_body.speech.language) for person in people]


def lines(root: Path, profile: str) -> Iterator[str]:
    """The checks in words, one line each. Raises InputError where `run` has not run."""
    marks = {True: "kept", False: "NOT kept", None: "reported"}
    for row in artifacts.read_json(root / "results" / profile / RESULT)["checks"]:
        bound = "" if row["bound"] is None else f", {row['side']} {row['bound']:g}"
        found = f"{row['value']:g} [{row['low']:g}, {row['high']:g}], n = {row['n']}"
        yield f"{marks[row['met']]}: {row['statement']}: {found}{bound}"


def _facts(root: Path, profile: str, n_persons: int) -> list[dict[str, Any]]:
    """The truth about the persons measured, in the order of the measures."""
    block, _ = corpus.read_params(root, profile)
    home = synthetic.home(root, block.name)
    found: list[dict[str, Any]] = []
    for split in corpus_measures.SPLITS:
        if len(found) < n_persons and getattr(block, split):
            found += [dict(person.facts) for person in synthetic.speakers(home, split)]
    return found[:n_persons]


def _faces(facts: list[dict[str, Any]], measured: dict[str, np.ndarray], seed: int) -> Iterator[Check]:
    for view in corpus_measures.VIEWS:
        yield promises.detected(f"dlib HOG {view}", measured[f"{view}/hog"], 0.995)
        yield promises.detected(f"dlib CNN {view}", measured[f"{view}/cnn"], 0.995)
    seen = np.isfinite(measured["canonical/embedding"]).all(1) & np.isfinite(measured["wild/embedding"]).all(1)
    people = [fact for fact, has in zip(facts, seen, strict=True) if has]
    canonical, wild = measured["canonical/embedding"][seen], measured["wild/embedding"][seen]
    yield from promises.recognition(canonical, wild, seed=seed)
    sex = np.array([fact["attributes"]["sex"] for fact in people])
    yield promises.sex_readable(canonical, sex, seed=seed)
    targets = {"age": np.array([fact["attributes"]["age"] for fact in people]),
               "nose width": _mm(people, "nose_width"), "lip height": _mm(people, "lip_height")}
    for name, bound in PROBES.items():
        yield promises.readable(name, canonical, targets[name], bound, seed=seed)
    for one in ("female", "male"):
        right = (measured["canonical/p_female"][seen][sex == one] > 0.5) == (one == "female")
        yield promises.share(f"faces.judge.{one}", f"the judge of age and gender calls a {one} canonical face {one}", right,
                             0.90, baseline=0.5)
    yield promises.correlated("faces.judge.age", "the judge's age against the given one, r", targets["age"],
                              measured["canonical/age"][seen], None)
    yield promises.average("truth.landmarks", "dlib's landmarks from the mesh's, in distances of the outer eye corners",
                           _landmark_error(people, measured["canonical/landmarks"][seen]), MAX_EYES, side="at most", seed=seed)


def _truth(name: str, world: World, seed: int) -> list[Check]:
    """The causal graph of one world, counted on persons drawn for it."""
    people = [sample_person(seed, f"{name}-{number:05d}", world) for number in range(N_DRAWN)]
    asked = {(arrow.cause, arrow.effect): world.coupling * world.paired * arrow.strength for arrow in COUPLED}
    sex = np.array([person.body.sex for person in people])
    voice = {effect: np.array([person.voice_z[effect] for person in people]) for effect in VOICED}
    spread = {"F0": np.array([F0_SPREAD[person.voice_body.sex] for person in people]), "vocal-tract length": VTL_SPREAD,
              **{f"F{number}": one for number, one in enumerate(FORMANT_SPREAD, start=1)}}
    drawn = corpus_truth.Drawn(
        name, sex, {cause: np.array([person.body.latents[cause] for person in people]) for cause, _ in asked}, voice,
        {effect: np.array([_number(person, effect) for person in people]) for effect in VOICED},
        {effect: spread[effect] * voice[effect] for effect in VOICED})
    return corpus_truth.checks(drawn, asked)


def _number(person: Person, effect: str) -> float:
    """A vocal quantity as the vocoder gets it: ln Hz, ln cm, ln shift."""
    if effect.startswith("F") and effect != "F0":
        return person.voice.formant_shifts[int(effect[1]) - 1]
    return float(np.log(person.voice.f0_hz if effect == "F0" else person.voice.vtl_cm))


def _mm(people: list[dict[str, Any]], name: str) -> np.ndarray:
    return np.array([fact["measures_mm"][name] for fact in people])


def _landmark_error(people: list[dict[str, Any]], found: np.ndarray) -> np.ndarray:
    """Mean distance of the 68 landmarks per person, over the distance of the outer eye corners (numbers 36 and 45)."""
    scale = FACE_PX / CANONICAL_PX
    truth = (np.array([fact["landmarks_px"] for fact in people]) + 0.5) * scale - 0.5
    eyes = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=1)
    return np.linalg.norm(found - truth, axis=2).mean(1) / eyes
