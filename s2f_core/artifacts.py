"""Formats on disk (JSON, text, tensors) and nothing else: every write is whole or absent, every byte is repeatable."""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as encode_tensors

from s2f_core.errors import InputError


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path` to write; it takes the name `path` only if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)  # mkstemp makes private files; results are for every reader of the folder
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically, with a newline at its end."""
    write_bytes(path, (text.rstrip("\n") + "\n").encode())


def dumps(value: Any) -> str:
    """Canonical JSON (keys in the order given, two-space indent, no NaN): the same value gives the same text."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)


def write_json(path: Path, value: Any) -> None:
    """Write canonical JSON atomically: the same value gives the same bytes."""
    write_text(path, dumps(value))


def read_json(path: Path) -> Any:
    """Read JSON. Raises InputError where the file is missing or is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} is missing; run `make paper` (or the stage that writes it) first") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid JSON ({error}); delete it and run its stage again") from None


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> None:
    """Write arrays as safetensors with `meta` as one JSON metadata key, so that the header's bytes are stable.

    Args:
        tensors: name → array; C-contiguous, little-endian copies are made where needed.
        meta: anything JSON can hold (ids, config, where the numbers came from).
    """
    arrays = {name: _as_stored(tensors[name]) for name in sorted(tensors)}
    write_bytes(path, encode_tensors(arrays, metadata={"s2f": json.dumps(meta, sort_keys=True)}))


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read what `write_tensors` wrote. Raises InputError where the file is missing, cut short or not ours."""
    try:
        with safe_open(str(path), framework="numpy") as file:
            meta = json.loads((file.metadata() or {}).get("s2f", "{}"))
            return {name: file.get_tensor(name) for name in file.keys()}, meta  # noqa: SIM118 (no dict)
    except FileNotFoundError:
        raise InputError(f"{path} is missing; run `dvc pull`, or the stage that writes it") from None
    except (SafetensorError, json.JSONDecodeError) as error:
        raise InputError(f"{path} is not a readable safetensors file ({error}); delete it and make it again") from None


def content_hash(tensors: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over (name, dtype, shape, bytes) of the tensors in sorted order: independent of the file's header."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = _as_stored(tensors[name])
        digest.update(f"{name}|{array.dtype.str}|{array.shape}|".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _as_stored(array: np.ndarray) -> np.ndarray:
    """C-contiguous and little-endian; unlike `np.ascontiguousarray`, a scalar keeps its empty shape."""
    ordered = np.asarray(array, order="C")
    return ordered.astype(ordered.dtype.newbyteorder("<"), copy=False)
