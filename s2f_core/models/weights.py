"""Trained weights on disk: one safetensors file that says what it is and rebuilds its model (for every network of Table 1).

The file holds the tensors, the model's config and the hash of its content, and nothing that could run. What training
needs besides (optimiser, step) lies in another file that no inference needs. The paper released no weights.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from s2f_core import artifacts
from s2f_core.config import AnyBlock
from s2f_core.errors import InputError

META_KEYS = {"kind", "config", "content_sha256", "notes"}


def write(
    path: Path,
    model: nn.Module,
    *,
    kind: str,
    config: Mapping[str, Any],
    notes: Mapping[str, Any] | None = None,
    half: bool = False,
) -> str:
    """Write the state of `model` atomically; the same weights give the same bytes.

    Args:
        kind: what `read` will ask for, such as "voice_encoder".
        config: what the builder needs to make the model again; anything JSON can hold, as are the notes.
        notes: where the weights come from (stage, data, seed, licence).
        half: store parameters as 16-bit floats, in half the space and with 11 bits of precision. Buffers stay as they
            are: a batch norm's running variance may be too large or too small for 16 bits.

    Returns: the SHA-256 of the content, which is also in the file.
    Raises: InputError naming the tensor where a value is not finite, or would not be in 16 bits.
    """
    parameters = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    tensors = {name: _stored(name, tensor, half=half and name in parameters)
               for name, tensor in model.state_dict().items()}
    digest = artifacts.content_hash(tensors)
    meta = {"kind": kind, "config": dict(config), "content_sha256": digest, "notes": dict(notes or {})}
    artifacts.write_tensors(path, tensors, meta)
    return digest


def read(path: Path, kind: str, build: Callable[[Mapping[str, Any]], nn.Module]) -> nn.Module:
    """Build the model that the file describes and give it the file's weights: float32, `eval`, without gradients.

    The global random numbers are left as they were, though the builder draws its initial weights from them.

    Args:
        build: config → model; it may refuse the config with an InputError, ValueError, TypeError or KeyError.

    Raises: InputError where the file is missing, damaged or of another kind, and where config or shapes do not fit.
    """
    tensors, meta = _read(path)
    if meta["kind"] != kind:
        raise InputError(f"{path} holds weights of kind {meta['kind']!r}, not {kind!r}; give the right file")
    try:
        with torch.random.fork_rng(devices=[]):
            model = build(meta["config"])
        model = model.float()
        model.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{path} does not fit the model {kind!r} ({_reason(error)}); make it again") from None
    return model.eval().requires_grad_(False)


def describe(path: Path) -> dict[str, Any]:
    """Read what the file says of itself: kind, config, content_sha256 (checked), notes. Raises InputError as `read`."""
    return _read(path)[1]


def config_of(model: type[AnyBlock], values: Mapping[str, Any]) -> AnyBlock:
    """Check a config as a file holds it, where lists stand for tuples. Raises InputError naming the key and the fault."""
    try:
        return model.model_validate_json(json.dumps(values))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the whole"
        raise InputError(f"{model.__name__}: {key}: {first['msg']}, got {first['input']!r:.80}") from None


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    tensors, meta = artifacts.read_tensors(path)
    if not isinstance(meta, dict) or META_KEYS - set(meta) or not isinstance(meta["config"], dict):
        raise InputError(f"{path} says nothing of its model; only files that this project wrote can be read")
    if meta["content_sha256"] != artifacts.content_hash(tensors):
        raise InputError(f"{path} does not match the hash of its content; run `dvc pull`, or make it again")
    return tensors, meta


def _stored(name: str, tensor: Tensor, *, half: bool) -> np.ndarray:
    if not tensor.is_floating_point():
        return tensor.detach().cpu().numpy()
    full = tensor.detach().cpu().float()
    stored = full.half() if half else full
    if not stored.isfinite().all():
        why = "too large for 16 bits; store it whole" if full.isfinite().all() else "not finite; train again"
        raise InputError(f"weights must be finite, but {name} holds values that are {why}")
    return stored.numpy()


def _reason(error: Exception) -> str:
    """One line; of the tensors that do not fit, the first that torch lists."""
    if isinstance(error, KeyError):
        return f"no key {error}"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[1].rstrip(". ") if len(lines) > 1 and lines[0].startswith("Error(s) in loading") else lines[0]
