"""Torch7 files are read as plain data, nothing runs, and damage of any kind is an error of one line."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch7_writer import Function, Object, Raw, module, t7

from s2f_core.errors import InputError
from s2f_core.models import torch7


def read(tmp_path: Path, content: bytes) -> Any:
    (tmp_path / "a.t7").write_bytes(content)
    return torch7.read(tmp_path / "a.t7")


def test_plain_values_by_their_bytes(tmp_path: Path) -> None:
    """The layout spelt out, so that writer and reader of the tests cannot be wrong together."""
    hello = (b"\x03\0\0\0" b"\x01\0\0\0" b"\x01\0\0\0"  # a table, the first object, one entry
             b"\x02\0\0\0" b"\x05\0\0\0" b"hello"  # a string of five bytes
             b"\x01\0\0\0" + struct.pack("<d", 123))  # fmt: skip
    assert read(tmp_path, hello) == {"hello": 123.0}
    two = (b"\x04\0\0\0" b"\x01\0\0\0" b"\x03\0\0\0V 1" b"\x11\0\0\0torch.FloatTensor"
           b"\x01\0\0\0" + struct.pack("<qqq", 2, 1, 1)  # one axis, of two elements, stride 1, from the first
           + b"\x04\0\0\0" b"\x02\0\0\0" b"\x03\0\0\0V 1" b"\x12\0\0\0torch.FloatStorage"
           + struct.pack("<qff", 2, 0.5, -1))  # fmt: skip
    np.testing.assert_array_equal(read(tmp_path, two), np.float32([0.5, -1]))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    whole = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    shared = {"a": 1}
    value = {"n": None, "yes": True, "no": False, "half": 0.5, "text": "caf\xe9", 1: shared, 2: shared,
             "whole": whole, "turned": whole.T, "part": whole[1, :, 2:], "none": np.empty(0),
             "long": np.arange(3), "module": module("Linear", weight=np.eye(2))}  # fmt: skip
    found = read(tmp_path, t7(value))
    for name in ("whole", "turned", "part", "long"):
        np.testing.assert_array_equal(found.pop(name), value[name])
    np.testing.assert_array_equal(found["module"].pop("weight"), np.eye(2))
    assert found.pop("none").size == 0
    assert found[1] is found[2]
    assert found == {"n": None, "yes": True, "no": False, "half": 0.5, "text": "caf\xe9", 1: {"a": 1}, 2: {"a": 1},
                     "module": {"__typename": "nn.Linear", "train": False}}  # fmt: skip


def test_a_table_may_hold_itself_and_functions_are_left_alone(tmp_path: Path) -> None:
    loop: dict[str, Any] = {f"run{kind}": Function(b"\x1bLJ never run", kind) for kind in (6, 7, 8)}
    loop["me"] = loop
    found = read(tmp_path, t7(loop))
    assert found.pop("me") is found
    assert found == {"run6": None, "run7": None, "run8": None}
    assert read(tmp_path, t7(Object("tds.Odd", {"a": 1}))) == {"__typename": "tds.Odd", "a": 1}


def tensor(*sizes: int, strides: tuple[int, ...] = (1,), start: int = 1, n_axes: int | None = None,
           storage: bytes | None = None) -> bytes:
    """A float tensor of any stated extent on a storage of four numbers."""
    if storage is None:
        storage = struct.pack("<ii", 4, 2) + b"\3\0\0\0V 1\x12\0\0\0torch.FloatStorage" + struct.pack("<q4f", 4, *range(4))
    head = struct.pack("<ii", 4, 1) + b"\3\0\0\0V 1\x11\0\0\0torch.FloatTensor"
    axes = struct.pack(f"<i{len(sizes)}q{len(strides)}qq", len(sizes) if n_axes is None else n_axes, *sizes, *strides, start)
    return head + axes + storage


def test_the_tensor_of_the_next_test_is_sound(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read(tmp_path, tensor(2, start=3)), [2, 3])
    np.testing.assert_array_equal(read(tmp_path, tensor(1, strides=(2**62,))), [0])


def nested(levels: int) -> bytes:
    value: Any = 1.0
    for _ in range(levels):
        value = {"in": value}
    return t7(value)


@pytest.mark.parametrize(("content", "reason"), [
    (b"", "4 bytes promised, 0 left"),
    (struct.pack("<i", 9), "unknown type 9"),
    (struct.pack("<ii", 2, -1), "-1 bytes promised"),
    (struct.pack("<ii", 2, 2**31 - 1), "2147483647 bytes promised, 0 left"),
    (struct.pack("<iii", 3, 1, 2**31 - 1), "bytes promised, 0 left"),
    (struct.pack("<iii", 3, 1, -5), "-40 bytes promised"),
    (struct.pack("<iii", 3, 0, 0), "object number 0"),
    (t7({Raw(t7(None)): 1}), "a key of type NoneType"),
    (t7({Raw(struct.pack("<iii", 3, 2, 0)): 1}), "a key of type dict"),
    (nested(64), "more than 64 levels"),
    (tensor(5), "a tensor beyond its storage"), (tensor(2, start=4), "a tensor beyond its storage"),
    (tensor(2, start=0), "a tensor beyond its storage"), (tensor(-1), "a tensor beyond its storage"),
    (tensor(2, strides=(-1,), start=2), "a tensor beyond its storage"),
    (tensor(2**40, strides=(0,)), "a tensor beyond its storage"),
    (tensor(2**62, 2**62, strides=(0, 0)), "a tensor beyond its storage"),
    (tensor(1, n_axes=-1), "a tensor of -1 axes"), (tensor(1, n_axes=2**31 - 1), "a tensor of 2147483647 axes"),
    (tensor(1, storage=struct.pack("<ii", 4, 1)), "object 1 needs itself"),
    (tensor(1, storage=t7("text")), "a tensor without its storage"),
    (tensor(1, storage=struct.pack("<iii", 3, 2, 0)), "a tensor without its storage"),
    (tensor(1, storage=struct.pack("<ii", 4, 2) + b"\3\0\0\0V 1\x12\0\0\0torch.FloatStorage" + struct.pack("<q", 2**60)),
     "bytes promised, 0 left"),
])  # fmt: skip
def test_damage_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=rf"is not a whole Torch7 file \(.*{reason}.*\); download it again"):
        read(tmp_path, content)


def test_sixty_three_levels_are_read(tmp_path: Path) -> None:
    assert str(read(tmp_path, nested(63))).count("in") == 63


def test_ascii_and_missing_files_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is Torch7's ASCII format; save it again with torch\.save\(file, net, 'binary'\)"):
        read(tmp_path, b"4\n1\n3\nV 1\n13\nnn.Sequential\n")
    with pytest.raises(InputError, match="is missing"):
        torch7.read(tmp_path / "none.t7")


def test_any_cut_and_any_flipped_byte_is_an_error_or_a_value(tmp_path: Path) -> None:
    content = t7(module("Sequential", module("Linear", weight=np.eye(3, dtype=np.float32), bias=np.zeros(3)), title="x"))
    for length in range(0, len(content), 5):
        with pytest.raises(InputError):
            read(tmp_path, content[:length])
    random = np.random.default_rng(0)
    n_refused = 0
    for _ in range(150):
        damaged = bytearray(content)
        damaged[random.integers(len(content))] = random.integers(256)
        try:
            read(tmp_path, bytes(damaged))
        except InputError:
            n_refused += 1
    assert n_refused > 30
