"""Benchmarks that need much data or a GPU run at tiny size, and give numbers; how large those are is no matter here."""

import importlib.util
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from checkout import ROOT

BENCHMARKS = ROOT / "benchmarks"
FLAGS = {"gpu.py": ("--tiny", "--batches", "2"), "training.py": ("--smoke",)}


@pytest.fixture(scope="module", autouse=True)
def running(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[subprocess.Popen[str], Path]]:
    """Both at once, each on a core, from before the first test."""
    folder, started = tmp_path_factory.mktemp("benchmarks"), {}
    for name, flags in FLAGS.items():
        command = [sys.executable, "-W", "error", str(BENCHMARKS / name), *flags, "--json", str(folder / f"{name}.json")]
        started[name] = (subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True),
                         folder / f"{name}.json")  # fmt: skip
    return started


def ended(run: tuple[subprocess.Popen[str], Path]) -> tuple[str, Any]:
    """What a benchmark says, and what it writes."""
    process, target = run
    said, complaints = process.communicate()
    assert process.returncode == 0, complaints
    return said, json.loads(target.read_text(encoding="utf-8"))


def numbers(value: Any) -> Iterator[float]:
    """Every number in a JSON document."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from numbers(one)
    elif isinstance(value, int | float):
        yield value


@pytest.fixture
def gpu() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gpu", BENCHMARKS / "gpu.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("fits", "taken"), [(8, [1, 1]), (2, [1, 2, 4, 4]), (1, [1, 2, 4])])
def test_a_batch_is_cut_until_it_fits_into_memory(
    gpu: ModuleType, monkeypatch: pytest.MonkeyPatch, fits: int, taken: list[int]
) -> None:
    """Into a memory that takes so many clips at once; batch norm needs two."""
    training, seen, forgotten = gpu.Training.__new__(gpu.Training), [], []
    training.accumulation, training.optimiser = 1, SimpleNamespace(zero_grad=lambda: None)

    def step(batch: tuple[torch.Tensor, torch.Tensor]) -> float:
        seen.append(training.accumulation)
        if len(batch[0]) > fits * training.accumulation:
            raise torch.OutOfMemoryError("out of memory")
        return float(len(seen))

    monkeypatch.setattr(training, "step", step)
    monkeypatch.setattr(torch.compiler, "reset", lambda: forgotten.append(training.accumulation))
    batch = torch.zeros(8, 1), torch.zeros(8, 1)
    if fits > 1:
        assert training.warm(batch) == len(taken) - 1, "the loss of the first step that fits"
    else:
        with pytest.raises(torch.OutOfMemoryError):
            training.warm(batch)
    assert seen == taken
    assert forgotten == sorted(set(taken) - {1}), "compiled anew for each size"


def test_the_benchmark_for_a_gpu_runs_on_a_processor(running: dict[str, Any]) -> None:
    """Both ways to train start from the same weights and clips, so that their first losses differ by rounding alone."""
    said, written = ended(running["gpu.py"])
    fast, plain = written["rows"]
    assert (fast["method"], plain["method"]) == ("bfloat16, channels last", "float32")
    assert all(f"{row['clips_per_s']:.1f} clips/s" in said for row in (fast, plain))
    assert all(math.isfinite(number) for number in numbers(written))
    assert min(min(row["clips_per_s"], row["of_product"], row["times_baseline"]) for row in (fast, plain)) > 0
    assert fast["first_loss"] == pytest.approx(plain["first_loss"], rel=0.02)
    assert fast["first_loss"] != plain["first_loss"], "bfloat16 that rounds as float32 does is float32"


def test_the_benchmark_of_training_runs(running: dict[str, Any]) -> None:
    said, written = ended(running["training.py"])
    rows = [*written["steps"]["speeds"], *written["convolutions"], *written["loading"]]
    assert [(row["what"], row["against"]) for row in rows] == [
        ("ours", "plain, in memory"), ("ours", "plain, from Opus"), ("convolutions", "matrix product"),
        ("whole network", "matrix product"), ("two workers", "one worker"), ("decoding alone", "one worker")]  # fmt: skip
    assert all(math.isfinite(number) for number in numbers(written))
    assert all(row["ratio"] > 0 and f"{row['speeds'][0]:.1f}" in said for row in rows)
    assert all(sum(shares.values()) == pytest.approx(1) for shares in written["steps"]["shares"].values())
