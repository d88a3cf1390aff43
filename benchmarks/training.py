"""Clips per second of training the laptop's voice encoder, ours and a plain one in turns; its convolutions; its loader.

    python benchmarks/training.py [--json PATH] [--smoke]

(a) a step: batch, spectrogram, network, three losses, backwards, optimiser. The plain one makes spectrograms clip by clip
    with torch.stft and `pow`, channels first; its clips lie in memory, as ours, or come from Opus. Only ours augments.
(b) GFLOP/s of forwards and backwards, beside those of a product of large matrices.
(c) compressed spectrograms per second from the bytes in the smoke corpus's shards, by one and two threads of the loader.
Networks are not trained and v_f is noise: values do not change the time. --smoke: sizes that only show that all runs.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from s2f_core import artifacts, config
from s2f_core.data.audio import fit_clip
from s2f_core.data.corpora import examples, synthetic
from s2f_core.features.spectrogram import CLIP_FRAMES, FFT_SAMPLES, FREQ_BINS, HOP_SAMPLES, POWER, WINDOW_SAMPLES, spectrogram
from s2f_core.models import face_decoder, face_encoder, voice_encoder
from s2f_core.models.voice_encoder import RE_IM, VoiceEncoder
from s2f_core.train import VoiceEncoderBlock
from s2f_core.training import distributed, loader, schedule
from s2f_core.training.losses import Layers, voice_loss
from s2f_core.training.schedule import TrainingConfig
from s2f_core.training.voice_task import Frozen, Heard, VoiceTask

ROOT = Path(__file__).resolve().parents[1]
CORPUS = synthetic.home(ROOT, "smoke")
CLASSES, LOADED = 3000, 8  # as many people as the laptop trains on; clips that a thread makes at once in (c)
STEP_TARGET, CONVOLUTIONS_TARGET = 2.0, 0.5
SIZES = {"rounds": 7, "steps": 3, "matrix": 2048}
SMOKE = {"rounds": 1, "steps": 1, "matrix": 64, "batch": 2, "clips": 8}  # otherwise the batch of params.yaml, all clips
Step = Callable[[int], Iterator[str]]  # given its number, names each phase when it is over
Phases = Generator[str, None, tuple[torch.Tensor, torch.Tensor]]  # the first ones; returns inputs and faces


def our_batch(task: VoiceTask, training: TrainingConfig, number: int) -> Phases:
    """What the loop takes for a step, and the batched spectrogram of `VoiceTask.loss`."""
    at = {"seed": training.seed, "batch_size": training.batch_size, "accumulation": 1}
    [piece] = loader.pieces(task.n_examples, range(number, number + 1), **at)
    waveforms, faces, _ = task.batch(piece.indices, seed=training.seed, epoch=piece.epoch, step=piece.step)
    yield "loader"
    inputs = spectrogram(waveforms)
    yield "spectrogram"
    return inputs, faces


def plain_batch(heard: Heard, samples: Callable[[int], np.ndarray], size: int, number: int) -> Phases:
    """The same by a plain loader; `samples` gives those of one clip, within ±1."""
    stft = partial(torch.stft, n_fft=FFT_SAMPLES, hop_length=HOP_SAMPLES, win_length=WINDOW_SAMPLES,
                   window=torch.hann_window(WINDOW_SAMPLES), center=False, return_complex=True)  # fmt: skip
    rows = np.random.default_rng(number).permutation(len(heard.person))[:size]
    spectra = (torch.view_as_real(stft(torch.from_numpy(samples(row)))) for row in rows)
    inputs = torch.stack([(one.sign() * one.abs().pow(POWER)).permute(2, 1, 0) for one in spectra]).contiguous()
    yield "loader"
    return inputs, heard.faces[heard.person[rows]]


def learning(task: VoiceTask, batch: Callable[[int], Phases], network: nn.Module, optimiser: Any, clip: float = 0.0) -> Step:
    """Return a step of the training."""
    def step(number: int) -> Iterator[str]:
        inputs, faces = yield from batch(number)
        total = voice_loss(network(inputs), faces, task.frozen.layers, task.config.terms).total
        yield "forward"
        optimiser.zero_grad()
        total.backward()
        yield "backward"
        if clip:
            nn.utils.clip_grad_norm_(network.parameters(), clip)
        optimiser.step()
        yield "optimiser"

    return step


def phases(step: Step, n_steps: int) -> dict[str, float]:
    """Wall-clock seconds of each phase, summed over steps."""
    taken: dict[str, float] = {}
    last = time.perf_counter()
    for phase in (one for number in range(n_steps) for one in step(number)):
        now = time.perf_counter()
        taken[phase], last = taken.get(phase, 0.0) + now - last, now
    return taken


def rate(work: Callable[[], object], amount: float) -> float:
    """How much of `amount`, which `work` does, is done per second of wall clock."""
    start = time.perf_counter()
    work()
    return amount / (time.perf_counter() - start)


def in_turns(works: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[Any]]:
    """Each work's answers, one for each round, after one that is thrown away."""
    answers = [{name: work() for name, work in works.items()} for _ in range(rounds + 1)]
    return {name: [one[name] for one in answers[1:]] for name in works}


def row(name: str, against: str, speeds: dict[str, list[float]], unit: str, target: float = 0.0) -> dict[str, Any]:
    """Print a speed and its ratio to another, and return both as numbers."""
    ratios = [one / other for one, other in zip(speeds[name], speeds[against], strict=True)]
    speed, other, ratio = (statistics.median(taken) for taken in (speeds[name], speeds[against], ratios))
    wanted = f"   (target ≥ {target:g}×)" if target else ""
    print(f"  {name} {speed:.1f} {unit}, {against} {other:.1f}: {ratio:.2f}× ({min(ratios):.2f}-{max(ratios):.2f}){wanted}")
    return {"what": name, "against": against, "speeds": [speed, other], "ratio": ratio, "target": target}


def steps(sizes: dict[str, int], training: TrainingConfig, block: VoiceEncoderBlock) -> dict[str, Any]:
    """(a): clips per second, in turns, and each phase's share of the time."""
    sound, people = list(synthetic.recordings(CORPUS, "train")), [one.id for one in synthetic.speakers(CORPUS, "train")]
    voices, size = examples.voices(CORPUS, "train", people), training.batch_size
    decoder = face_decoder.FaceDecoder(face_decoder.laptop()).requires_grad_(False)
    encoder = face_encoder.CompactFaceEncoder(face_encoder.compact(CLASSES)).requires_grad_(False)
    model, other = (VoiceEncoder(voice_encoder.laptop()) for _ in range(2))
    distributed.prepare(model, torch.device("cpu"), channels_last=training.channels_last, compiled=False)
    heard = Heard(voices.samples, voices.person, torch.randn(len(people), model.feature_size), "")
    faces_only = block.task.model_copy(update={"numbers": 0.0})
    task = VoiceTask(model, heard, heard, Frozen(Layers(decoder.first_layer, encoder.logits), decoder), faces_only)
    optimiser = schedule.optimiser(model.parameters(), training)
    methods = {"ours": learning(task, partial(our_batch, task, training), model, optimiser, training.clip_norm)}
    plain = {"plain, in memory": lambda row: voices.samples[row] / np.float32(examples.FULL_SCALE),
             "plain, from Opus": lambda row: fit_clip(sound[row].samples())}  # fmt: skip
    adam = torch.optim.Adam(other.parameters())
    methods |= {name: learning(task, partial(plain_batch, heard, get, size), other.stages, adam) for name, get in plain.items()}
    taken = in_turns({name: partial(phases, step, sizes["steps"]) for name, step in methods.items()}, sizes["rounds"])
    speeds = {name: [size * sizes["steps"] / sum(one.values()) for one in rounds] for name, rounds in taken.items()}
    print(f"(a) a step of {size} clips of 6 s, {len(voices)} clips in all")
    table = [row("ours", name, speeds, "clips/s", STEP_TARGET) for name in plain]
    shares = {}
    for name, rounds in taken.items():
        shares[name] = {phase: statistics.median(one[phase] / sum(one.values()) for one in rounds) for phase in rounds[0]}
        print(f"    time of {name}: " + ", ".join(f"{phase} {share:.1%}" for phase, share in shares[name].items()))
    return {"speeds": table, "shares": shares}


def convolutions(sizes: dict[str, int], batch_size: int) -> list[dict[str, Any]]:
    """(b): GFLOP/s of the network's convolutions by themselves, of the whole network, and of a product of matrices."""
    model = VoiceEncoder(voice_encoder.laptop()).to(memory_format=torch.channels_last)
    alone = nn.Sequential(*(module for module in model.modules() if isinstance(module, nn.Conv2d)))
    clips, matrix = torch.randn(batch_size, CLIP_FRAMES, FREQ_BINS, RE_IM), torch.randn(sizes["matrix"], sizes["matrix"])
    seen = model.stages.magnitude(clips.permute(0, 3, 1, 2))
    works = {"matrix product": lambda: matrix @ matrix,
             "convolutions": lambda: alone(seen).sum().backward(),
             "whole network": lambda: model(clips).sum().backward()}  # fmt: skip
    gflop: dict[str, float] = {}
    for name, work in works.items():
        with FlopCounterMode(display=False) as counter:
            work()
        gflop[name] = counter.get_total_flops() / 1e9
    speeds = in_turns({name: partial(rate, work, gflop[name]) for name, work in works.items()}, sizes["rounds"])
    print("(b) forwards and backwards, float32, channels last, beside a product of matrices")
    return [row("convolutions", "matrix product", speeds, "GFLOP/s", CONVOLUTIONS_TARGET),
            row("whole network", "matrix product", speeds, "GFLOP/s")]  # fmt: skip


def loading(sizes: dict[str, int]) -> list[dict[str, Any]]:
    """(c): clips per second through `loader.prefetched`, by one and two threads, each with one of torch's."""
    sound = list(synthetic.recordings(CORPUS, "train"))[: sizes.get("clips")]
    pieces = list(loader.pieces(len(sound), range(len(sound) // LOADED), seed=0, batch_size=LOADED, accumulation=1))

    def make(piece: loader.Piece) -> torch.Tensor:
        return spectrogram(torch.from_numpy(np.stack([fit_clip(sound[index].samples()) for index in piece.indices])))

    torch.set_num_threads(1)
    works = {"two workers": lambda: list(loader.prefetched(make, iter(pieces), n_workers=2)),
             "one worker": lambda: list(loader.prefetched(make, iter(pieces), n_workers=1)),
             "decoding alone": lambda: [fit_clip(one.samples()) for one in sound[: len(pieces) * LOADED]]}  # fmt: skip
    speeds = in_turns({name: partial(rate, work, len(pieces) * LOADED) for name, work in works.items()}, sizes["rounds"])
    print(f"(c) compressed spectrograms, {LOADED} clips at once")
    return [row(name, "one worker", speeds, "clips/s") for name in ("two workers", "decoding alone")]


def main() -> None:
    """Run, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, numbers without meaning")
    wanted = parser.parse_args()
    sizes, block = SMOKE if wanted.smoke else SIZES, config.load(ROOT, "voice_encoder", VoiceEncoderBlock, profile="laptop")
    training = block.training.model_copy(update={"batch_size": sizes.get("batch", block.training.batch_size)})
    print(f"training, {torch.get_num_threads()} torch threads, median of {sizes['rounds']} rounds (smallest-largest ratio)")
    numbers: dict[str, Any] = {"threads": torch.get_num_threads(), "rounds": sizes["rounds"]}
    numbers |= {"steps": steps(sizes, training, block), "convolutions": convolutions(sizes, training.batch_size)}
    numbers["loading"] = loading(sizes)
    if wanted.json:
        artifacts.write_json(wanted.json, numbers)


if __name__ == "__main__":
    main()
