"""Clips per second of training the paper's voice encoder on one GPU, ours and eager float32 in turns in one run.

    python benchmarks/gpu.py [--compile] [--search] [--json PATH] [--batches N ...] [--tiny]

A step is that of the training loop: 16-bit waveforms and v_f from pinned memory, spectrogram, Table 1, the three losses,
backwards, Adam. Ours: bfloat16 autocast, channels last, and with --compile torch.compile. Baseline: the same step in float32
without TF32, channels first. Networks are not trained, and v_f and the frozen layers are noise: values do not change the time.
Where memory runs out a batch is cut into micro-batches, as `accumulation` cuts it; the number is printed. Batch norm then sees
micro-batches. --search lets cuDNN try its algorithms, for minutes; the loop leaves that off. On a CPU only --tiny (narrow,
3 s) ends in reasonable time; its numbers mean nothing.

Seen on an H100 (PyTorch 2.11, --compile): 600 clips/s at 256, 575 at 64, 396 at 8; without compiling 365, 397 and 297; float32
55 to 57. The best is 41 % of the bfloat16 product beside it; the paper's 5.1 million clips would take 2.4 hours.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.functional import relu
from torch.utils.flop_counter import FlopCounterMode

from s2f_core import artifacts
from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.features.spectrogram import FREQ_BINS, n_frames, spectrogram
from s2f_core.models import voice_encoder
from s2f_core.models.voice_encoder import RE_IM, VoiceEncoder, VoiceEncoderConfig
from s2f_core.training import distributed, loader
from s2f_core.training.losses import PUBLISHED, Layers, voice_loss

TRUNK, CLASSES = 1000, 2622  # of the decoder's first layer (Sec. 3) and of VGG-Face
ADAM = {"lr": 1e-3, "betas": (0.5, 0.999), "eps": 1e-4}  # as published; schedule.py
FULL_SCALE = 2**15  # of 16-bit samples
BATCHES, TINY_BATCHES = (8, 64, 256), (2, 4)
TARGET = 900.0  # clips per second on one H200
ROUNDS, TINY_ROUNDS, SECONDS = 5, 1, 2.0  # a measurement takes about so many seconds
MATRIX, TINY_MATRIX, PRODUCTS = 8192, 128, 20  # side, and products of one measurement
NARROW, TINY_FEATURE = 16, 64  # --tiny: Table 1's channels divided by so much
OURS, COMPILED, BASELINE = "bfloat16, channels last", "bfloat16, channels last, compiled", "float32"


def network(tiny: bool) -> VoiceEncoderConfig:
    """Table 1, or something of its shape."""
    config = voice_encoder.paper(3 if tiny else 6)
    if not tiny:
        return config
    convs = tuple(conv.model_copy(update={"channels": conv.channels // NARROW}) for conv in config.convs)
    return config.model_copy(update={"convs": convs, "hidden": TINY_FEATURE, "feature": TINY_FEATURE})


def gflop_per_clip(config: VoiceEncoderConfig) -> float:
    """Operations of the network's products and convolutions, forwards and backwards, in 10⁹; nothing is computed."""
    with torch.device("meta"):
        model, clips = VoiceEncoder(config), torch.empty(2, n_frames(config.seconds * SAMPLE_RATE_HZ), FREQ_BINS, RE_IM)
        with FlopCounterMode(display=False) as counter:
            model(clips).sum().backward()
    return counter.get_total_flops() / len(clips) / 1e9


class Training:
    """One way to train: a model, its optimiser, and in how many pieces it takes a batch."""

    def __init__(self, name: str, config: VoiceEncoderConfig, device: torch.device) -> None:
        self.device, self.quick, self.accumulation, self.step_number = device, name != BASELINE, 1, 0
        with distributed.seeded(0, device=device), device:
            self.model = VoiceEncoder(config)
            f_dec, f_vgg = (nn.Linear(config.feature, size).requires_grad_(False) for size in (TRUNK, CLASSES))
        distributed.prepare(self.model, device, channels_last=self.quick, compiled=name == COMPILED)
        self.layers = Layers(lambda v: relu(f_dec(v)), lambda v: f_vgg(relu(v)))
        self.weights = list(self.model.parameters())
        self.optimiser = torch.optim.Adam(self.weights, **ADAM)

    def loss(self, batch: tuple[torch.Tensor, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The three terms of one micro-batch of 16-bit waveforms."""
        samples, faces = batch
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.quick):
            v_s = self.model(spectrogram(samples.float() / FULL_SCALE))
            return voice_loss(v_s, faces, self.layers, PUBLISHED)._asdict()

    def step(self, batch: tuple[torch.Tensor, torch.Tensor]) -> float:
        """What the loop does for one step, without its log; returns the loss."""
        parts = zip(*(tensor.chunk(self.accumulation) for tensor in batch), strict=True)
        moved = (loader.to_device(part, self.device) for part in parts)
        self.step_number += 1
        terms = distributed.gradient(self.loss, moved, self.weights, n_batches=self.accumulation, seed=(0, self.step_number),
                                     device=self.device)  # fmt: skip
        nn.utils.get_total_norm([one.grad for one in self.weights]).item()
        self.optimiser.step()
        return terms["total"]

    def warm(self, batch: tuple[torch.Tensor, torch.Tensor]) -> float:
        """Cut the batch until a step fits into memory; take two steps; return the first one's loss."""
        while True:
            try:
                first = self.step(batch)
                self.step(batch)
                return first
            except torch.OutOfMemoryError:
                if self.accumulation >= len(batch[0]) // 2:  # batch norm needs two clips
                    raise
            self.optimiser.zero_grad()
            self.accumulation *= 2
            torch.cuda.empty_cache()
            torch.compiler.reset()  # or it would compile for sizes that change


def seconds(work: Callable[[], object], repeats: int, device: torch.device) -> float:
    """Wall-clock seconds of one call, the GPU's work included."""
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    wait()
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    wait()
    return (time.perf_counter() - start) / repeats


def noise(config: VoiceEncoderConfig, size: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """16-bit waveforms and v_f, in the processor's memory."""
    draw = torch.Generator().manual_seed(size)
    samples = torch.randn(size, config.seconds * SAMPLE_RATE_HZ, generator=draw).mul_(0.1 * FULL_SCALE).to(torch.int16)
    batch = samples, torch.randn(size, config.feature, generator=draw)
    return loader.pinned(batch) if device.type == "cuda" else batch


def measure(size: int, names: list[str], config: VoiceEncoderConfig, matrix: torch.Tensor, rounds: int) -> list[dict[str, Any]]:
    """Train with batches of one size, in turns with products of matrices; return a row for each way."""
    device, on_gpu, trainings, rows = matrix.device, matrix.is_cuda, {}, {}
    batch = noise(config, size, device)
    torch.compiler.reset()  # see `warm`
    gc.collect()  # the networks of the last size
    for name in names:
        before = torch.cuda.memory_allocated() if on_gpu else 0
        trainings[name] = Training(name, config, device)
        rows[name] = {"batch": size, "method": name, "first_loss": trainings[name].warm(batch), "peak_gb": None}
        if on_gpu:
            torch.cuda.reset_peak_memory_stats()  # steps that did not fit are forgotten
            trainings[name].step(batch)
            rows[name]["peak_gb"] = (torch.cuda.max_memory_allocated() - before) / 1e9
    speeds: dict[str, list[float]] = {name: [] for name in (*names, "product")}
    for _ in range(rounds):
        for name, training in trainings.items():
            torch.cuda.empty_cache()  # what the last one left lies in pieces of other sizes
            training.warm(batch)
            step = partial(training.step, batch)
            repeats = max(1, round(SECONDS / seconds(step, 1, device))) if on_gpu else 1
            speeds[name].append(size / seconds(step, repeats, device))
        product = seconds(lambda: matrix @ matrix, PRODUCTS, device)
        speeds["product"].append(2 * len(matrix) ** 3 / product / 1e9)
    work = gflop_per_clip(config)
    for name, row in rows.items():
        shares = [work * one / best for one, best in zip(speeds[name], speeds["product"], strict=True)]
        ratios = [one / other for one, other in zip(speeds[name], speeds[BASELINE], strict=True)]
        row |= {"micro_batches": trainings[name].accumulation, "clips_per_s": statistics.median(speeds[name]),
                "of_product": statistics.median(shares), "times_baseline": statistics.median(ratios),
                "product_gflops": statistics.median(speeds["product"])}  # fmt: skip
    return list(rows.values())


def main() -> None:
    """Run, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for flag in ("compile", "search", "tiny"):
        parser.add_argument(f"--{flag}", action="store_true")
    parser.add_argument("--batches", type=int, nargs="+", choices=[2**power for power in range(1, 11)], metavar="N",
                        help="clips; powers of two, which can be cut")  # fmt: skip
    parser.add_argument("--json", type=Path, help="write the numbers here as well")
    wanted = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() and not wanted.tiny else "cpu")
    if device.type == "cpu" and not wanted.tiny:
        parser.error("no GPU is found, and a CPU takes minutes for one step of this network; give --tiny to see that all runs")
    torch.backends.cuda.matmul.fp32_precision = torch.backends.cudnn.conv.fp32_precision = "ieee"  # no TF32
    torch.backends.cudnn.benchmark = wanted.search
    config, side, rounds = network(wanted.tiny), TINY_MATRIX if wanted.tiny else MATRIX, TINY_ROUNDS if wanted.tiny else ROUNDS
    matrix = torch.randn(side, side, device=device).to(torch.bfloat16)
    names = [OURS, *([COMPILED] if wanted.compile else []), BASELINE]
    where = torch.cuda.get_device_name() if device.type == "cuda" else "a CPU, tiny: numbers without meaning"
    print(f"training of Table 1's network on {where}: {gflop_per_clip(config):.1f} GFLOP a clip, median of {rounds} rounds")
    table = []
    for size in wanted.batches or (TINY_BATCHES if wanted.tiny else BATCHES):
        for row in measure(size, names, config, matrix, rounds):
            memory = f", at most {row['peak_gb']:.1f} GB" if row["peak_gb"] is not None else ""
            print(f"  batch {size} in {row['micro_batches']}, {row['method']}: {row['clips_per_s']:.1f} clips/s, "
                  f"{row['times_baseline']:.2f}× the baseline, {row['of_product']:.1%} of the bfloat16 product's "
                  f"{row['product_gflops']:.0f} GFLOP/s{memory}, first loss {row['first_loss']:.4f}")
            table.append(row)
    print(f"  target: ≥ {TARGET:g} clips/s on one H200")
    if wanted.json:
        artifacts.write_json(wanted.json, {"device": where, "rounds": rounds, "target": TARGET, "rows": table})


if __name__ == "__main__":
    main()
