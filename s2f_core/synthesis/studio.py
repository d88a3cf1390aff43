"""Where a planned person is made visible and audible: one sample per face set and one per recording, in memory."""

import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

from s2f_core.data import opus, webp
from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.data.faces import FACE_PX
from s2f_core.data.shards import Sample
from s2f_core.synthesis import plan
from s2f_core.synthesis.face import anthropometry
from s2f_core.synthesis.face.assets import HeadPack
from s2f_core.synthesis.face.identity import FaceIdentity
from s2f_core.synthesis.face.render import Renderer
from s2f_core.synthesis.face.view import CANONICAL, View, sample_view
from s2f_core.synthesis.person import Person, stream
from s2f_core.synthesis.voice.bank import VoiceBank
from s2f_core.synthesis.voice.room import record, sample_condition
from s2f_core.synthesis.voice.speak import speak

HEAD, BANK = "head", "voicebank"  # folders below data/


@functools.cache
def head(data: Path) -> HeadPack:
    """The head that lies in the data folder, loaded once per process."""
    return HeadPack.load(data / HEAD)


@functools.cache
def renderer(data: Path) -> Renderer:
    """The renderer with that head, made once per process."""
    return Renderer(head(data))


@functools.cache
def bank(data: Path) -> VoiceBank:
    """The voice bank that lies in the data folder, loaded once per process."""
    return VoiceBank.load(data / BANK)


def facts_of(person: Person, pack: HeadPack) -> dict[str, Any]:
    """The truth about a person as the shards hold it: what the sampler decided, and what the mesh measures.

    The face's own parameters are left out: `sample_person(seed, id, world)` gives them back exactly.
    """
    body, measures = person.body, anthropometry.measure(pack, person.face)
    return {
        "speaker_id": person.id, "split": plan.split_of(person.id), "seed": person.seed, "world": person.world.model_dump(),
        "attributes": {
            "source": "truth", "sex": body.sex, "age": round(body.age, 2), "height_cm": round(body.height_cm, 1),
            "morph": body.morph, "ancestry": body.ancestry, "language": person.voice_body.speech.language,
            "first_language": person.voice_body.speech.first_language, "accent": person.accent,
            "second_language": person.second_language},
        "latents": {name: round(value, 3) for name, value in body.latents.items()},
        "voice_latents": {name: round(value, 3) for name, value in person.voice_z.items()},
        "voice": dataclasses.asdict(person.voice),
        "voice_of_somebody_else": not person.world.paired,
        "measures_mm": {name: round(value, 2) for name, value in measures.items() if not name.endswith("_index")},
        "indices": {name: round(value, 4) for name, value in measures.items() if name.endswith("_index")},
        "landmarks_px": anthropometry.landmarks(pack, person.face, CANONICAL, webp.CANONICAL_PX).round(2).tolist(),
    }


def face_sample(person: Person, block: plan.CorpusBlock, data: Path) -> Sample:
    """Canonical face, pictures in the wild (none in the gallery) and the truth, under the person's id."""
    views = [sample_view(stream(person.seed, person.id, "view", str(number)))
             for number in range(block.views if plan.split_of(person.id) != "gallery" else 0)]
    facts = facts_of(person, head(data)) | {"views": [_compact(dataclasses.asdict(view)) for view in views]}
    return Sample(person.id, {**pictures(person.face, views, block, data), "json": _json(facts)})


def pictures(face: FaceIdentity, views: list[View], block: plan.CorpusBlock, data: Path) -> dict[str, bytes]:
    """The canonical face and each view as WebP, by ending."""
    artist = renderer(data)
    canonical = artist.render(face, CANONICAL, webp.CANONICAL_PX)
    return {"canonical.webp": webp.encode(canonical, quality=block.canonical_quality), **{
        f"face{number}.webp": webp.encode(artist.render(face, view, FACE_PX), quality=block.wild_quality)
        for number, view in enumerate(views)}}


def voice_sample(person: Person, clip: plan.ClipPlan, data: Path) -> Sample:
    """One recording, and what is true of it, under the clip's id."""
    sentences, rng = clip.sentences, stream(person.seed, clip.id, "speech")
    clean = speak(bank(data), person.voice, clip.language, sentences, rng=rng)
    if clip.kind == "long" and len(clean) < plan.LONG_SECONDS * SAMPLE_RATE_HZ:  # who speaks fast says the first one again
        sentences, rng = (*sentences, sentences[0]), stream(person.seed, clip.id, "speech")
        clean = speak(bank(data), person.voice, clip.language, sentences, rng=rng)
    condition = sample_condition(rng)
    heard = record(clean, condition, rng=rng)
    facts = {"speaker_id": person.id, "split": plan.split_of(person.id), "kind": clip.kind, "language": clip.language,
             "sentences": sentences, "seconds": round(len(heard) / SAMPLE_RATE_HZ, 3),
             "condition": _compact(dataclasses.asdict(condition))}
    return Sample(clip.id, {"ogg": opus.encode(heard), "json": _json(facts)})


def joined(face: Sample, voice: Sample) -> Sample:
    """A complete sample of a clip as the training reads it: sound, a picture in the wild, the canonical face, the truth.

    The person's pictures in the wild take turns over the clips.
    """
    pictures = sorted(ending for ending in face.members if ending.startswith("face"))
    picture = pictures[int(voice.key.rpartition("-")[2]) % len(pictures)]
    facts = json.loads(face.member("json")) | json.loads(voice.member("json"))
    return Sample(voice.key, {"ogg": voice.member("ogg"), "face.webp": face.member(picture),
                              "canonical.webp": face.member("canonical.webp"), "json": _json(facts)})


def _json(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _compact(facts: dict[str, Any]) -> dict[str, Any]:
    """Floats to four decimals, nothing else changed."""
    return json.loads(json.dumps(facts), parse_float=lambda text: round(float(text), 4))
