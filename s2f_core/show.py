"""Show one synthetic person: faces, numbers, waveform and spectrogram on one picture, the clips as wav, the truth as JSON."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from jaxtyping import Float32, Float64

from s2f_core import artifacts, corpus
from s2f_core.data import opus
from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.data.corpora import synthetic
from s2f_core.data.faces import FACE_PX
from s2f_core.errors import InputError
from s2f_core.features.spectrogram import POWER, spectrogram
from s2f_core.figures import people
from s2f_core.synthesis import plan, studio
from s2f_core.synthesis.languages import MORPHS
from s2f_core.synthesis.person import sample_person

PLAYERS = (("ffplay", "-autoexit", "-nodisp", "-loglevel", "error"), ("afplay",), ("paplay",), ("aplay", "-q"))
NOT_A_PERSON = "Nobody looks or sounds like this on purpose: a generator drew both, and knows why."


def show(root: Path, profile: str, identity: str, *, output: Path | None, play: bool) -> Iterator[str]:
    """Write <output>/<id>.png, .json and one .wav per clip; yield what there is to say in the terminal.

    Raises InputError where nobody is called `identity`, or a player is asked for and none is installed.
    """
    block, world = corpus.read_params(root, profile)
    home = synthetic.home(root, block.name)
    person = synthetic.find_speaker(home, identity)
    folder = output or root / "results" / profile / "people"
    folder.mkdir(parents=True, exist_ok=True)
    clips = _clips(root, home, person, block.seed, world)
    for name, samples in clips.items():
        with artifacts.atomic_path(folder / f"{name}.wav") as temporary:
            soundfile.write(temporary, samples, SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
    artifacts.write_json(folder / f"{identity}.json", dict(person.facts))
    lines = list(_lines(person.facts))
    with artifacts.atomic_path(folder / f"{identity}.png") as temporary:
        _card(person, next(iter(clips.values()), None), lines).save(temporary, format="PNG")
    yield from lines
    yield f"Picture, truth and {len(clips)} clips: {folder / identity}.*"
    yield NOT_A_PERSON
    if play and clips:
        _play(folder / f"{next(iter(clips))}.wav")


def _clips(root: Path, home: Path, person: synthetic.Speaker, seed: int, world: Any) -> dict[str, np.ndarray]:
    """Clip id → samples: the shipped ones, or rendered now where the split's sound is not shipped."""
    shipped = synthetic.recordings_of(home, person.id)
    if shipped:
        return {one.id: one.samples() for one in shipped}
    planned = sample_person(seed, person.id, world)
    rendered = [studio.voice_sample(planned, clip, root / "data") for clip in plan.clips_of(planned)]
    return {sample.key: opus.decode(sample.member("ogg")) for sample in rendered}


def _lines(facts: Mapping[str, Any]) -> Iterator[str]:
    about, voice = facts["attributes"], facts["voice"]
    mix = ", ".join(f"{name} {share:.0%}" for name, share in zip(MORPHS, about["ancestry"], strict=True))
    yield f"{facts['speaker_id']}: {about['sex']}, {about['age']:.0f} years, {about['height_cm']:.0f} cm; morphs {mix}"
    yield (f"speaks {about['language']} with the accent of {about['accent']}, also {about['second_language']}; "
           f"grew up with {about['first_language']}")
    yield (f"F0 {voice['f0_hz']:.0f} Hz ± {voice['f0_sd_st']:.1f} semitones, tract {voice['vtl_cm']:.1f} cm, jitter "
           f"{voice['jitter_pct']:.1f} %, shimmer {voice['shimmer_pct']:.1f} %, breath {voice['breath']:.2f}, "
           f"tempo {voice['tempo']:.2f}")
    first, second = voice["base"]
    yield f"base voice {first} with {voice['blend']:.0%} of {second}"
    widths = [f"{name.replace('_', ' ')} {value:.0f}" for name, value in list(facts["measures_mm"].items())[:8]]
    yield "in mm: " + ", ".join(widths)


def _card(person: synthetic.Speaker, samples: np.ndarray | None, lines: list[str]) -> Any:
    faces = [person.canonical(), *person.views()]
    width = max(3, len(faces)) * FACE_PX
    sound = []
    if samples is not None:
        sound = [people.waveform(samples, width=width), people.spectrogram(power(samples), width=width, height=FACE_PX)]
    return people.card(faces, sound, lines)


def power(samples: Float32[np.ndarray, " samples"]) -> Float64[np.ndarray, "frames freq"]:
    """Power of 16 kHz samples in each cell of the spectrogram, the front end's power law undone."""
    return spectrogram(torch.from_numpy(samples)[None])[0].abs().pow(1 / POWER).square().sum(2).double().numpy()


def _play(path: Path) -> None:
    for command in PLAYERS:
        if shutil.which(command[0]):
            subprocess.run([*command, str(path)], check=False)
            return
    raise InputError(f"no player found ({', '.join(command[0] for command in PLAYERS)}); the clip lies at {path}")
