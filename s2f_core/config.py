"""Turn a block of params.yaml, with a profile's differences laid over it, into the strict model of a room."""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from s2f_core.errors import InputError

PARAMS_FILE = "params.yaml"


class Block(BaseModel):
    """Base of every params block: unknown keys, loose types and later changes are refused; no field has a default."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


AnyBlock = TypeVar("AnyBlock", bound=Block)


class UniqueKeyLoader(yaml.SafeLoader):
    """YAML's safe loader, but a key written twice is an error instead of a silent overwrite."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                continue  # `<<` may repeat what it merges; a list as key is refused by the loader itself
            key = self.construct_object(key_node, deep=deep)
            if key in seen:
                fault = f"key {key!r} is written twice"
                raise yaml.constructor.ConstructorError(None, None, fault, key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def read_yaml(path: Path) -> Any:
    """Read YAML safely (no objects, no duplicate keys). Raises InputError with the place of the fault."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=UniqueKeyLoader)  # noqa: S506 (a SafeLoader)
    except FileNotFoundError:
        raise InputError(f"{path} is missing; run from a checkout of the project") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None


def project_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds params.yaml: pages run from any folder of a checkout."""
    for folder in (start, *start.parents):
        if (folder / PARAMS_FILE).is_file():
            return folder
    raise InputError(f"no {PARAMS_FILE} in {start} or above it; run from inside a checkout of the project")


def nearest(name: object, names: Iterable[object]) -> str:
    """Words for an error: the right names (in YAML also numbers), the most similar one first where there is one."""
    right = [str(one) for one in names]
    close = difflib.get_close_matches(str(name), right, n=1)
    known = ", ".join(right) or "none"
    return f"did you mean {close[0]!r}? Known: {known}" if close else f"known: {known}"


def load(root: Path, block: str, model: type[AnyBlock], *, profile: str) -> AnyBlock:
    """Read `block` for `profile` from the params.yaml of the checkout at `root`.

    A profile states only its differences: they are laid over the base block key by key, on every level, and may not
    introduce new keys.
    Raises InputError naming the key, what came and the nearest right name.
    """
    path = root / PARAMS_FILE
    document = read_yaml(path)
    _require_keys(document, ["base", "profiles"], where=str(path))
    for part in ("base", "profiles"):
        _require_mapping(document[part], where=f"{path}: {part}")
    if profile not in document["profiles"]:
        raise InputError(f"unknown profile {profile!r}; {nearest(profile, document['profiles'])}")
    if block not in document["base"]:
        raise InputError(f"{path}: no block {block!r} under base; {nearest(block, document['base'])}")
    changes = document["profiles"][profile] or {}
    _require_mapping(changes, where=f"{path}: profile {profile}")
    for name in changes:
        if name not in document["base"]:
            raise InputError(f"{path}: profile {profile!r} changes an unknown block {name!r}; "
                             f"{nearest(name, document['base'])}")
    merged = _overlay(document["base"][block], changes.get(block) or {}, where=f"{path}: profile {profile}.{block}")
    return _validate(merged, model, where=f"{path}: {block} (profile {profile})")


def _overlay(base: Any, changes: Any, *, where: str) -> dict[str, Any]:
    _require_mapping(base, where=f"{where} (base)")
    _require_mapping(changes, where=where)
    for name in changes:
        if name not in base:
            raise InputError(f"{where} has an unknown key {name!r}; {nearest(name, base)}")
    nested = {name: _overlay(base[name], value, where=f"{where}.{name}") for name, value in changes.items()
              if isinstance(base[name], dict)}
    return {**base, **changes, **nested}


def _require_keys(document: Any, names: list[str], *, where: str) -> None:
    if not isinstance(document, dict) or set(document) != set(names):
        came = list(document) if isinstance(document, dict) else type(document).__name__
        raise InputError(f"{where} must hold exactly the keys {names}; it holds {came}")


def _require_mapping(value: Any, *, where: str) -> None:
    if not isinstance(value, dict):
        raise InputError(f"{where} must be a mapping of keys to values; it is {value!r}")


def _validate(values: dict[str, Any], model: type[AnyBlock], *, where: str) -> AnyBlock:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        # A misspelt key is also a missing one: speak of the spelling, which is what has to be repaired.
        first = min(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise InputError(f"{where}: unknown key {key!r}; {nearest(key, model.model_fields)}") from None
        if first["type"] == "missing":
            raise InputError(f"{where}: the key {key!r} is missing; write it, the block holds only "
                             f"{', '.join(map(str, values)) or 'nothing'}") from None
        raise InputError(f"{where}: {key}: {first['msg']}, got {first['input']!r}") from None
