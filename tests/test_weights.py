"""A weights file explains itself, gives back what was put in, and is refused where anything does not fit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from s2f_core import artifacts
from s2f_core.config import Block
from s2f_core.errors import InputError
from s2f_core.models import weights

CONFIG = {"width": 5}


class SmallConfig(Block):
    width: int
    kernel: tuple[int, int] = (3, 3)


class Small(nn.Module):
    """A convolution and a batch norm: parameters, float buffers and an integer one."""

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, config["width"], 3)
        self.norm = nn.BatchNorm2d(config["width"])


@pytest.fixture
def model() -> Small:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        small = Small(CONFIG)
        small.norm(torch.randn(4, 5, 3, 3))  # moves the running statistics
    return small


def test_what_is_written_comes_back(tmp_path: Path, model: Small) -> None:
    path = tmp_path / "small.safetensors"
    digest = weights.write(path, model, kind="small", config=CONFIG, notes={"seed": 0})
    loaded = weights.read(path, "small", Small)
    assert not loaded.training and not any(parameter.requires_grad for parameter in loaded.parameters())
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor, rtol=0, atol=0)
    assert weights.describe(path) == {"kind": "small", "config": CONFIG, "content_sha256": digest, "notes": {"seed": 0}}
    assert digest == artifacts.content_hash(artifacts.read_tensors(path)[0])


def test_the_same_weights_give_the_same_bytes_in_whatever_memory_format(tmp_path: Path, model: Small) -> None:
    weights.write(tmp_path / "a", model, kind="small", config=CONFIG)
    model.conv.weight.data = model.conv.weight.data.contiguous(memory_format=torch.channels_last)
    weights.write(tmp_path / "b", model, kind="small", config=CONFIG)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_reading_leaves_the_global_random_numbers_alone(tmp_path: Path, model: Small) -> None:
    weights.write(tmp_path / "a", model, kind="small", config=CONFIG)
    before = torch.get_rng_state()
    weights.read(tmp_path / "a", "small", Small)
    assert torch.equal(before, torch.get_rng_state())


def test_half_rounds_parameters_and_leaves_running_statistics(tmp_path: Path, model: Small) -> None:
    model.norm.running_var.fill_(1e9)  # beyond 16 bits
    model.norm.running_mean.fill_(1e-9)
    path = tmp_path / "half"
    weights.write(path, model, kind="small", config=CONFIG, half=True)
    kinds = {name: array.dtype for name, array in artifacts.read_tensors(path)[0].items()}
    assert {name for name, dtype in kinds.items() if dtype == np.float16} == {
        "conv.weight", "conv.bias", "norm.weight", "norm.bias"}  # fmt: skip
    loaded = weights.read(path, "small", Small)
    assert all(tensor.dtype == torch.float32 for tensor in loaded.parameters())
    torch.testing.assert_close(loaded.conv.weight, model.conv.weight.half().float(), rtol=0, atol=0)
    torch.testing.assert_close(loaded.norm.running_var, model.norm.running_var, rtol=0, atol=0)
    torch.testing.assert_close(loaded.norm.running_mean, model.norm.running_mean, rtol=0, atol=0)


@pytest.mark.parametrize(("value", "half", "reason"), [
    (7e4, True, "conv.bias holds values that are too large for 16 bits"),
    (float("nan"), False, "conv.bias holds values that are not finite"),
    (float("inf"), True, "conv.bias holds values that are not finite"),
])  # fmt: skip
def test_values_that_cannot_be_kept_are_refused(
    tmp_path: Path, model: Small, value: float, half: bool, reason: str
) -> None:
    with torch.no_grad():
        model.conv.bias[1] = value
    with pytest.raises(InputError, match=reason):
        weights.write(tmp_path / "a", model, kind="small", config=CONFIG, half=half)
    assert not list(tmp_path.iterdir())


def test_other_precisions_are_stored_as_32_bits(tmp_path: Path, model: Small) -> None:
    for number, dtype in enumerate((torch.bfloat16, torch.float64)):
        weights.write(tmp_path / str(number), model.to(dtype), kind="small", config=CONFIG)
        assert weights.read(tmp_path / str(number), "small", Small).conv.weight.dtype == torch.float32


def refuse(config: Any) -> nn.Module:
    raise ValueError("too odd")


def test_a_file_that_does_not_fit_says_why(tmp_path: Path, model: Small) -> None:
    path = tmp_path / "small.safetensors"
    with pytest.raises(InputError, match="is missing"):
        weights.read(path, "small", Small)
    weights.write(path, model, kind="small", config=CONFIG)
    for kind, build, reason in (
        ("large", Small, "holds weights of kind 'small', not 'large'"),
        ("small", refuse, r"does not fit the model 'small' \(too odd\)"),
        ("small", lambda config: Small({}), r"does not fit the model 'small' \(no key 'width'\)"),
        ("small", lambda config: Small({"width": 6}), r"size mismatch for conv\.weight: copying a param .*\[5, 2, 3, 3\]"),
        ("small", lambda config: nn.Linear(2, 3), r"Missing key\(s\) in state_dict: \"weight\", \"bias\""),
    ):
        with pytest.raises(InputError, match=reason):
            weights.read(path, kind, build)


def test_a_damaged_file_says_so(tmp_path: Path, model: Small) -> None:
    path = tmp_path / "small.safetensors"
    weights.write(path, model, kind="small", config=CONFIG)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    for reader in (weights.describe, lambda path: weights.read(path, "small", Small)):
        with pytest.raises(InputError, match="does not match the hash of its content"):
            reader(path)
    path.write_bytes(content[:-1])
    with pytest.raises(InputError, match="is not a readable safetensors file"):
        weights.describe(path)
    for meta in ({}, {"kind": "small"}, {"kind": "small", "config": None, "content_sha256": "", "notes": {}}):
        artifacts.write_tensors(path, {"a": np.zeros(1)}, meta)
        with pytest.raises(InputError, match="says nothing of its model"):
            weights.describe(path)


def test_a_config_is_strict_and_lists_stand_for_tuples() -> None:
    assert weights.config_of(SmallConfig, {"width": 2, "kernel": [1, 2]}).kernel == (1, 2)
    for values, reason in (({"width": "2"}, "SmallConfig: width: .*got '2'"), ({}, "SmallConfig: width: Field required"),
                           ({"width": 2, "wide": 1}, "SmallConfig: wide: Extra inputs")):  # fmt: skip
        with pytest.raises(InputError, match=reason):
            weights.config_of(SmallConfig, values)
