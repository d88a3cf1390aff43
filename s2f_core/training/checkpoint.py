"""A training on disk (not from the paper, which only names its checkpoints): to go on after any interruption, bit for bit.

`state-<step>.safetensors` holds what going on needs: weights, the optimiser's moments, counters, and the config and data they
belong to. `best-<step>.safetensors` holds only the weights that validated best. The two newest states are kept, each with
the best weights of its time, so that a damaged one costs steps and not the training.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from s2f_core import artifacts
from s2f_core.errors import InputError
from s2f_core.training.log import Progress

N_KEPT = 2  # states
STEP_DIGITS = 9  # in file names, so that they sort by step


@dataclass(frozen=True)
class Loaded:
    """A checkpoint that was whole: where the training was, the length of its log then, and what the user should know."""

    progress: Progress
    log_bytes: int
    notices: list[str]


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one training in one folder.

    `origin` names what must be the same on resuming (config, data); `machine` what may move last digits (threads,
    processes): a change of it is told and not refused.
    """

    folder: Path
    origin: Mapping[str, Any]
    machine: Mapping[str, int]

    def save_best(self, model: nn.Module, progress: Progress) -> None:
        """Write the weights that have just become the best."""
        self._write(self._path("best", progress.best_step), _arrays(model.state_dict()), {"metrics": progress.best})

    def save(self, model: nn.Module, optimiser: Optimizer, progress: Progress, *, log_bytes: int) -> None:
        """Write the state after `progress.step` steps, then delete the states and weights that it makes needless."""
        tensors = {f"model.{name}": array for name, array in _arrays(model.state_dict()).items()}
        for name, parameter in model.named_parameters():
            moments = _arrays(optimiser.state.get(parameter, {}))
            tensors |= {f"optimiser.{moment}.{name}": array for moment, array in moments.items()}
        meta = {"progress": asdict(progress), "log_bytes": log_bytes, "origin": self.origin, "machine": self.machine}
        self._write(self._path("state", progress.step), tensors, meta)
        self._prune()

    def load(self, model: nn.Module, optimiser: Optimizer) -> Loaded | None:
        """Put the newest whole checkpoint into `model` and `optimiser`; None where there is none yet.

        Raises: InputError where the checkpoints belong to another config, data set or model, or none of them is whole.
        """
        notices: list[str] = []
        for step in reversed(self._steps("state")):
            path = self._path("state", step)
            try:
                tensors, meta = _read_whole(path)
                progress = Progress(**meta["progress"])
                if progress.best_step:
                    _read_whole(self._path("best", progress.best_step))
            except InputError as error:
                notices.append(f"checkpoint of step {step} is damaged, going back to the one before: {error}")
                continue
            self._require_origin(meta["origin"])
            _fill(model, optimiser, tensors, path)
            changed = {name for name, value in self.machine.items() if meta["machine"].get(name) != value}
            notices += [f"{name} was {meta['machine'].get(name)} and is now {self.machine[name]}: from here on the last digits "
                        "may differ from an uninterrupted training" for name in sorted(changed)]
            return Loaded(progress, meta["log_bytes"], notices)
        if notices:
            raise InputError(f"no checkpoint in {self.folder} is whole ({notices[0]}); delete it to train from the start")
        return None

    def load_best(self, model: nn.Module, step: int) -> None:
        """Put the weights that validated best, after `step` steps, into `model`. Raises InputError where they are not whole."""
        path = self._path("best", step)
        _fill_model(model, _read_whole(path)[0], path)

    def sweep(self, step: int) -> None:
        """Delete what lies in the folder from after `step`, and what a killed process left half-written."""
        for kind in ("state", "best"):
            for half in self.folder.glob(f".{kind}-*.safetensors.*"):
                half.unlink()
            for later in self._steps(kind):
                if later > step:
                    self._path(kind, later).unlink()
        self._prune()

    def _prune(self) -> None:
        states = self._steps("state")
        for step in states[:-N_KEPT]:
            self._path("state", step).unlink()
        # A state's best weights are the newest that are not newer than itself.
        oldest = states[-N_KEPT:][0] if states else 0
        for step in [step for step in self._steps("best") if step <= oldest][:-1]:
            self._path("best", step).unlink()

    def _path(self, kind: str, step: int) -> Path:
        return self.folder / f"{kind}-{step:0{STEP_DIGITS}d}.safetensors"

    def _steps(self, kind: str) -> list[int]:
        return sorted(int(path.stem.partition("-")[2]) for path in self.folder.glob(f"{kind}-*.safetensors"))

    def _write(self, path: Path, tensors: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
        try:
            artifacts.write_tensors(path, tensors, {**meta, "content_sha256": artifacts.content_hash(tensors)})
        except OSError as error:
            raise InputError(f"{path} could not be written ({error.strerror}); the checkpoint before it is whole: make room "
                             "and run the same command again") from None

    def _require_origin(self, then: Mapping[str, Any]) -> None:
        for part, now in self.origin.items():
            before = then.get(part)
            if now == before:
                continue
            if isinstance(now, Mapping) and isinstance(before, Mapping):
                key = next(key for key in (*now, *before) if now.get(key) != before.get(key))
                part, before, now = f"{part} ({key})", before.get(key), now.get(key)
            raise InputError(f"{self.folder} holds a training with another {part}: {before!r} then, {now!r} now; train in "
                             "another folder, or delete this one to train from the start")


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}


def _read_whole(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    tensors, meta = artifacts.read_tensors(path)
    if meta.get("content_sha256") != artifacts.content_hash(tensors):
        raise InputError(f"{path} does not match the hash of its content; delete it")
    return tensors, meta


def _fill(model: nn.Module, optimiser: Optimizer, tensors: Mapping[str, np.ndarray], path: Path) -> None:
    weights = {name.removeprefix("model."): array for name, array in tensors.items() if name.startswith("model.")}
    _fill_model(model, weights, path)
    parameters = dict(model.named_parameters())
    for name, array in tensors.items():
        if name.startswith("optimiser."):
            _, moment, owner = name.split(".", 2)
            stored = torch.from_numpy(array)
            # Moments lie in memory as their weights do (channels_last, GPU); Adam's count of steps stays on the processor.
            value = stored if moment == "step" else torch.empty_like(parameters[owner]).copy_(stored)
            optimiser.state[parameters[owner]][moment] = value.detach()


def _fill_model(model: nn.Module, weights: Mapping[str, np.ndarray], path: Path) -> None:
    try:
        model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} holds another model ({reason}); train in another folder, or delete this one to train from "
                         "the start") from None
