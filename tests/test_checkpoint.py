"""A training goes on bit for bit after kill -9 at any line, and after the loss of its newest checkpoint."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tiny_training import TinyTask, run, written
from torch import nn

from s2f_core import artifacts
from s2f_core.errors import InputError
from s2f_core.training.checkpoint import Checkpoints
from s2f_core.training.log import METRICS, Event, Progress

PROGRAM = Path(__file__).with_name("tiny_training.py")
N_KILLS = 10
LAST, BEFORE = "state-000000015.safetensors", "state-000000014.safetensors"  # of a whole tiny training
BEST = "best-000000015.safetensors"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    run(folder, TinyTask(plain=False))
    return written(folder)


@pytest.fixture
def finished(tmp_path: Path, whole: dict[str, bytes]) -> Path:
    for name, content in whole.items():
        artifacts.write_bytes(tmp_path / "run" / name, content)
    return tmp_path / "run"


def steps(folder: Path, kind: str) -> list[int]:
    return sorted(int(path.stem.split("-")[1]) for path in folder.glob(f"{kind}-*"))


def test_a_training_killed_at_any_line_of_its_code_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROGRAM.parents[1])}
    done = subprocess.run([sys.executable, str(PROGRAM), "kill", str(tmp_path), str(N_KILLS)], env=environment,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines, killed, resumed = zip(*(map(int, line.split()) for line in done.stdout.splitlines()), strict=True)
    assert len(set(lines)) == N_KILLS and set(killed) == {-9} and set(resumed) == {0}
    uninterrupted = written(tmp_path / "whole")
    assert METRICS in uninterrupted and len(steps(tmp_path / "whole", "state")) == 2
    for line in lines:
        assert written(tmp_path / str(line)) == uninterrupted, f"killed at line {line}"


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("name", [LAST, BEST])
@pytest.mark.parametrize("damage", [cut_short, flip_a_bit, empty, Path.unlink])
def test_a_damaged_checkpoint_costs_its_steps(
    finished: Path, whole: dict[str, bytes], name: str, damage: Callable[[Path], object]
) -> None:
    damage(finished / name)
    events: list[Event] = []
    run(finished, TinyTask(plain=False), report=events.append)
    assert events[0].step == 14 and written(finished) == whole
    told = [event.text for event in events if event.kind == "notice"]
    assert len(told) == (0 if (name, damage) == (LAST, Path.unlink) else 1)
    assert all(text.startswith(f"checkpoint of step 15 is damaged, going back to the one before: {finished}") for text in told)


def test_without_a_whole_checkpoint_nothing_is_guessed(finished: Path) -> None:
    for name in (LAST, BEFORE):
        cut_short(finished / name)
    with pytest.raises(InputError, match="no checkpoint in .* is whole .*; delete it to train from the start"):
        run(finished, TinyTask(plain=False))


def test_a_log_that_lost_rows_is_refused(finished: Path) -> None:
    cut_short(finished / METRICS)
    with pytest.raises(InputError, match=r"metrics.jsonl has \d+ bytes, the checkpoint beside it counts on \d+; delete"):
        run(finished, TinyTask(plain=False))


def test_leftovers_of_a_killed_process_are_swept(finished: Path, whole: dict[str, bytes]) -> None:
    """Half-written files, and weights that were the best after the last whole state."""
    for name in (".state-000000016.safetensors.x1", "best-000000016.safetensors", "curves/training/.total.tsv.x1"):
        artifacts.write_bytes(finished / name, b"half")
    run(finished, TinyTask(plain=False))
    assert written(finished) == whole


def test_another_config_data_or_model_is_refused(finished: Path, whole: dict[str, bytes]) -> None:
    with pytest.raises(InputError, match=r"another config \(beta1\): 0\.5 then, 0\.9 now; train in another folder"):
        run(finished, TinyTask(plain=False), beta1=0.9)
    other = TinyTask(plain=False)
    other.data_hash = "noise of seed 2"
    with pytest.raises(InputError, match="another data: 'noise of seed 1' then, 'noise of seed 2' now"):
        run(finished, other)
    with pytest.raises(InputError, match=r"state-000000015.safetensors holds another model \(.*size mismatch|Missing key"):
        run(finished, TinyTask())
    assert written(finished) == whole


def test_two_states_are_kept_each_with_its_best_weights(tmp_path: Path) -> None:
    model = nn.Linear(2, 1)
    optimiser, store = torch.optim.Adam(model.parameters()), Checkpoints(tmp_path, {}, {})
    kept = {}
    for step in range(1, 8):
        progress = Progress(step=step, best_step=step if step in (2, 3, 6) else 2)
        if step in (2, 3, 6):
            store.save_best(model, progress)
        store.save(model, optimiser, progress, log_bytes=0)
        kept[step] = (steps(tmp_path, "state"), steps(tmp_path, "best"))
    assert kept[2] == ([1, 2], [2]) and kept[3] == ([2, 3], [2, 3]) and kept[4] == ([3, 4], [3])
    assert kept[6] == ([5, 6], [3, 6]) and kept[7] == ([6, 7], [6])


def test_weights_for_use_stay_apart_from_the_state(finished: Path) -> None:
    best, meta = artifacts.read_tensors(finished / BEST)
    assert set(best) == set(TinyTask(plain=False).model.state_dict()) and set(meta["metrics"]) == {"error", "largest"}
    state, _ = artifacts.read_tensors(finished / LAST)
    assert {name.split(".")[0] for name in state} == {"model", "optimiser"}
    assert "optimiser.exp_avg.0.weight" in state and "optimiser.exp_avg.unused" not in state


def test_other_threads_are_told_and_not_refused(tmp_path: Path) -> None:
    model = nn.Linear(2, 1)
    optimiser = torch.optim.Adam(model.parameters())
    Checkpoints(tmp_path, {}, {"threads": 2, "processes": 1}).save(model, optimiser, Progress(step=1), log_bytes=0)
    loaded = Checkpoints(tmp_path, {}, {"threads": 1, "processes": 1}).load(model, optimiser)
    assert loaded is not None and loaded.notices == [
        "threads was 2 and is now 1: from here on the last digits may differ from an uninterrupted training"]


def test_moments_come_back_in_the_memory_order_of_their_weights(tmp_path: Path) -> None:
    def trained() -> tuple[nn.Module, torch.optim.Optimizer]:
        model = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
        model.scale = nn.Parameter(torch.tensor(2.0))  # without axes, as Adam's count of steps
        optimiser = torch.optim.Adam(model.parameters())
        (model.scale * model(torch.ones(1, 3, 5, 5)).sum()).backward()
        optimiser.step()
        return model, optimiser

    (model, optimiser), (other, others) = trained(), trained()
    Checkpoints(tmp_path, {}, {}).save(model, optimiser, Progress(step=1), log_bytes=0)
    Checkpoints(tmp_path, {}, {}).load(other, others)
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two) and one.stride() == two.stride()
        for name, moment in optimiser.state[one].items():
            again = others.state[two][name]
            assert torch.equal(moment, again) and moment.stride() == again.stride() and moment.dtype == again.dtype


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artifacts, "write_bytes", full)
    with pytest.raises(InputError, match=r"could not be written \(No space left on device\); the checkpoint before it "):
        run(tmp_path)
