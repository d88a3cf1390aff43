"""params.yaml: every block fits its model in every profile, and each mistake is named with its repair."""

import ast
import functools
import importlib
from pathlib import Path

import pytest
import yaml

from s2f_core import config
from s2f_core.errors import InputError

ROOT = Path(__file__).resolve().parents[1]

GOOD = """
base:
  train:
    steps: 100
    rate: 0.001
    sizes: [1, 2]
  draw:
    width: 3
profiles:
  small:
    train:
      steps: 2
  plain: {}
  bare:
"""


class Train(config.Block):
    steps: int
    rate: float
    sizes: list[int]


def checkout(tmp_path: Path, text: str = GOOD) -> Path:
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def edited(before: str, after: str) -> str:
    assert GOOD.count(before) == 1
    return GOOD.replace(before, after)


def blocks_read_by_the_package() -> dict[str, type[config.Block]]:
    """Block → model for every call `load(root, "block", Model, profile=...)` in the package."""
    found: dict[str, type[config.Block]] = {}
    for path in sorted((ROOT / "s2f_core").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(args=[_, ast.Constant(value=str(block)), model], keywords=[ast.keyword(arg="profile")]):
                    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
                    found[block] = functools.reduce(getattr, ast.unparse(model).split("."), module)
    return found


def overlaid(base: dict, changes: dict) -> dict:
    return base | {key: overlaid(base[key], new) if isinstance(new, dict) else new for key, new in changes.items()}


def test_every_block_of_the_project_is_read_and_fits_its_model_in_every_profile() -> None:
    document = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    models = blocks_read_by_the_package()
    assert sorted(models) == sorted(document["base"]), "a block that nothing reads, or a reader without a block"
    assert sorted(document["profiles"]) == ["laptop", "published", "smoke"]
    for profile, changes in document["profiles"].items():
        for block, model in models.items():
            values = config.load(ROOT, block, model, profile=profile).model_dump()
            assert values == overlaid(document["base"][block], (changes or {}).get(block) or {})


def test_the_models_of_the_project_have_no_second_defaults() -> None:
    models = blocks_read_by_the_package()
    assert models, "nothing in the package reads params.yaml"
    for model in models.values():
        assert all(field.is_required() for field in model.model_fields.values()), model


def test_a_profile_lays_its_differences_over_the_base(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    assert config.load(root, "train", Train, profile="small") == Train(steps=2, rate=0.001, sizes=[1, 2])
    for same in ("plain", "bare"):
        assert config.load(root, "train", Train, profile=same) == Train(steps=100, rate=0.001, sizes=[1, 2])


def test_a_loaded_block_cannot_be_changed(tmp_path: Path) -> None:
    block = config.load(checkout(tmp_path), "train", Train, profile="plain")
    with pytest.raises(ValueError, match="frozen"):
        block.steps = 3  # type: ignore[misc]


@pytest.mark.parametrize(("before", "after", "message"), [
    ("    rate: 0.001\n", "", r"train \(profile small\): the key 'rate' is missing; .*holds only steps, sizes"),
    ("    rate: 0.001\n", "    rate: 0.001\n    zeal: 1\n", r"unknown key 'zeal'; known: steps, rate, sizes"),
    ("    sizes: [1", "    size: [1", r"unknown key 'size'; did you mean 'sizes'\? Known: steps, rate, sizes"),
    ("rate: 0.001", "rate: fast", r"train \(profile small\): rate: .*valid number, got 'fast'"),
    ("rate: 0.001", "rate: '0.001'", r"rate: .*valid number, got '0\.001'"),
    ("sizes: [1, 2]", "sizes: [1, 2.5]", r"sizes\.1: .*valid integer, got 2\.5"),
    ("sizes: [1, 2]", "sizes: 1", r"sizes: .*valid list, got 1"),
    ("      steps: 2", "      steps: true", r"steps: .*valid integer, got True"),
    ("      steps: 2", "      step: 2", r"profile small\.train has an unknown key 'step'; did you mean 'steps'"),
    ("      steps: 2", "      2: 2", r"has an unknown key 2; known: steps"),
    ("  small:\n    train", "  small:\n    tain", r"'small' changes an unknown block 'tain'; did you mean 'train'"),
    ("    train:\n      steps: 2", "    train: 2", r"profile small\.train must be a mapping .*it is 2"),
    ("    train:\n      steps: 2", "    - train", r"profile small must be a mapping .*it is \['train'\]"),
    ("    width: 3", "    width: 3\n  train:\n    steps: 1", r"key 'train' is written twice .*line 9"),
    ("    steps: 100", "    steps: 100\n    steps: 100", r"key 'steps' is written twice .*line 5"),
    ("profiles:", "profile:", r"must hold exactly the keys \['base', 'profiles'\]; it holds \['base', 'profile'\]"),
    ("sizes: [1, 2]", "sizes: [1, 2", r"params\.yaml is not valid YAML: .*line \d+"),
    ("steps: 100", "steps: !!python/name:os.system", r"not valid YAML: .*python/name"),
    ("steps: 100", "? [1]\n    : 2", r"not valid YAML: .*unhashable key"),
])
def test_a_mistake_is_named_with_its_repair(tmp_path: Path, before: str, after: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        config.load(checkout(tmp_path, edited(before, after)), "train", Train, profile="small")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("text", "message"), [
    ("", "it holds NoneType"),
    ("- base\n", "it holds list"),
    ("base: {}\nprofiles:\n", "profiles must be a mapping of keys to values; it is None"),
    ("base:\n  train:\nprofiles: {small: {}}\n", "train .* must be a mapping of keys to values; it is None"),
])
def test_a_file_without_its_two_parts_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        config.load(checkout(tmp_path, text), "train", Train, profile="small")


class Nested(config.Block):
    name: str
    train: Train


NESTED = """
base:
  run:
    name: long
    train: {steps: 100, rate: 0.001, sizes: [1, 2]}
profiles:
  small: {run: {train: {steps: 2}}}
  wrong: {run: {train: {step: 2}}}
  flat: {run: {train: 2}}
"""


def test_differences_reach_into_nested_mappings(tmp_path: Path) -> None:
    root = checkout(tmp_path, NESTED)
    wanted = Nested(name="long", train=Train(steps=2, rate=0.001, sizes=[1, 2]))
    assert config.load(root, "run", Nested, profile="small") == wanted
    with pytest.raises(InputError, match=r"profile wrong\.run\.train has an unknown key 'step'; did you mean 'steps'"):
        config.load(root, "run", Nested, profile="wrong")
    with pytest.raises(InputError, match=r"profile flat\.run\.train must be a mapping .*it is 2"):
        config.load(root, "run", Nested, profile="flat")


def test_an_unknown_profile_or_block_names_the_nearest(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    with pytest.raises(InputError, match=r"unknown profile 'smal'; did you mean 'small'\? Known: small, plain, bare"):
        config.load(root, "train", Train, profile="smal")
    with pytest.raises(InputError, match=r"no block 'trian' under base; did you mean 'train'\? Known: train, draw"):
        config.load(root, "trian", Train, profile="small")


def test_a_missing_or_binary_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.yaml is missing; run from a checkout"):
        config.read_yaml(tmp_path / "absent.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"binary\.yaml is not valid YAML"):
        config.read_yaml(tmp_path / "binary.yaml")


def test_a_merge_may_repeat_the_keys_that_it_brings(tmp_path: Path) -> None:
    (tmp_path / "ledger.yaml").write_text("one: &one {n: 1, tier: A}\ntwo: {<<: *one, n: 2}\n")
    assert config.read_yaml(tmp_path / "ledger.yaml")["two"] == {"n": 2, "tier": "A"}


def test_the_project_root_is_found_from_any_folder_below_it(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    below = root / "notebooks" / "figures"
    below.mkdir(parents=True)
    assert config.project_root(root) == config.project_root(below) == root


def test_outside_a_checkout_the_project_root_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no params\.yaml in .* or above it; run from inside a checkout"):
        config.project_root(tmp_path)


def test_nearest_puts_the_most_similar_name_first() -> None:
    assert config.nearest("sede", ["n", "seed"]) == "did you mean 'seed'? Known: n, seed"
    assert config.nearest("xyz", ["n", "seed"]) == "known: n, seed"
    assert config.nearest("xyz", []) == "known: none"
    assert config.nearest(2, [1, 20, "n"]) == "did you mean '20'? Known: 1, 20, n"
