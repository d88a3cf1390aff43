"""What lies on disk: whole or absent, the same bytes for the same value, and a clear word where it is broken."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from s2f_core import artifacts
from s2f_core.errors import InputError

TENSORS = {
    "scalar": np.array(3.5, dtype=np.float32),
    "codes": np.arange(6, dtype=np.uint8).reshape(2, 3),
    "empty": np.zeros((0, 4), dtype=np.float64),
    "flags": np.array([True, False]),
}
META = {"ids": ["clip-2", "clip-1"], "config": {"rate": 16_000, "loop": True}, "note": "ünïcode"}


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_written_file_is_whole_readable_by_all_and_alone_in_its_folder(tmp_path: Path) -> None:
    artifacts.write_bytes(tmp_path / "new" / "file.bin", b"\x00whole")
    assert (tmp_path / "new" / "file.bin").read_bytes() == b"\x00whole"
    assert (tmp_path / "new" / "file.bin").stat().st_mode & 0o777 == 0o644
    assert files_in(tmp_path / "new") == ["file.bin"]


@pytest.mark.parametrize("interruption", [RuntimeError, KeyboardInterrupt])
def test_a_failing_block_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    path = tmp_path / "file.txt"
    artifacts.write_text(path, "old")
    with pytest.raises(interruption), artifacts.atomic_path(path) as temporary:
        temporary.write_text("half of the n")
        assert path.read_text() == "old\n"
        raise interruption
    assert path.read_text() == "old\n"
    assert files_in(tmp_path) == ["file.txt"]


def test_a_failing_first_write_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), artifacts.atomic_path(tmp_path / "file.txt") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert files_in(tmp_path) == []


def test_who_reads_while_another_writes_sees_the_whole_old_file(tmp_path: Path) -> None:
    artifacts.write_text(tmp_path / "file.txt", "old")
    with (tmp_path / "file.txt").open() as reader:
        artifacts.write_text(tmp_path / "file.txt", "new and longer")
        assert reader.read() == "old\n"
    assert (tmp_path / "file.txt").read_text() == "new and longer\n"


@pytest.mark.parametrize("unwritable", [{"r": float("nan")}, {"r": float("inf")}, {"path": Path("x")}])
def test_a_value_that_json_cannot_hold_leaves_the_old_file(tmp_path: Path, unwritable: Any) -> None:
    artifacts.write_json(tmp_path / "numbers.json", {"r": 0.5})
    with pytest.raises((ValueError, TypeError), match="JSON"):
        artifacts.write_json(tmp_path / "numbers.json", unwritable)
    assert artifacts.read_json(tmp_path / "numbers.json") == {"r": 0.5}
    assert files_in(tmp_path) == ["numbers.json"]


def test_text_ends_with_exactly_one_newline(tmp_path: Path) -> None:
    for text in ("ä b", "ä b\n", "ä b\n\n\n"):
        artifacts.write_text(tmp_path / "text.md", text)
        assert (tmp_path / "text.md").read_bytes() == "ä b\n".encode()


def test_json_keeps_the_order_of_keys_and_writes_the_same_bytes_each_time(tmp_path: Path) -> None:
    value = {"z": 1, "a": [0.1, None, True], "text": "κ ≥ 0"}
    artifacts.write_json(tmp_path / "one.json", value)
    artifacts.write_json(tmp_path / "two.json", json.loads(json.dumps(value)))
    expected = '{\n  "z": 1,\n  "a": [\n    0.1,\n    null,\n    true\n  ],\n  "text": "κ ≥ 0"\n}\n'
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes() == expected.encode()
    assert artifacts.read_json(tmp_path / "one.json") == value


def test_missing_json_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.json is missing; run `make paper`"):
        artifacts.read_json(tmp_path / "absent.json")


@pytest.mark.parametrize("content", [b'{"cut": [1, 2', b"", b"\xff\xfe\x00"])
def test_json_that_is_cut_or_no_text_is_named_with_the_next_step(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cut.json").write_bytes(content)
    with pytest.raises(InputError, match=r"cut\.json is not valid JSON .*; delete it and run its stage again"):
        artifacts.read_json(tmp_path / "cut.json")


def test_tensors_and_their_meta_come_back_as_they_went(tmp_path: Path) -> None:
    artifacts.write_tensors(tmp_path / "rows.safetensors", TENSORS, META)
    tensors, meta = artifacts.read_tensors(tmp_path / "rows.safetensors")
    assert meta == META
    assert sorted(tensors) == sorted(TENSORS)
    for name, array in TENSORS.items():
        assert (tensors[name].dtype, tensors[name].shape) == (array.dtype, array.shape), name
        assert np.array_equal(tensors[name], array), name


def test_views_and_foreign_byte_orders_are_stored_by_value(tmp_path: Path) -> None:
    transposed, big_endian = np.arange(6.0).reshape(2, 3).T, np.arange(3, dtype=">f4")
    given = {"transposed": transposed, "big_endian": big_endian}
    artifacts.write_tensors(tmp_path / "t.safetensors", given, {})
    tensors, _ = artifacts.read_tensors(tmp_path / "t.safetensors")
    assert np.array_equal(tensors["transposed"], transposed)
    assert np.array_equal(tensors["big_endian"], big_endian)
    assert artifacts.content_hash(tensors) == artifacts.content_hash(given)


def test_the_same_tensors_and_meta_in_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    artifacts.write_tensors(tmp_path / "one", TENSORS, META)
    artifacts.write_tensors(tmp_path / "two", dict(reversed(TENSORS.items())), dict(reversed(META.items())))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with safe_open(str(tmp_path / "one"), framework="numpy") as file:
        assert list(file.metadata()) == ["s2f"]  # with a second key, the order in the header would be left to chance


def test_missing_tensors_are_named_with_the_command_that_brings_them(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.safetensors is missing; run `dvc pull`"):
        artifacts.read_tensors(tmp_path / "absent.safetensors")


@pytest.mark.parametrize("kept", [0, 7, 60, -1])
def test_tensors_cut_short_anywhere_are_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "cut.safetensors"
    artifacts.write_tensors(path, TENSORS, META)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"cut\.safetensors is not a readable safetensors file .*delete it and make"):
        artifacts.read_tensors(path)


def test_tensors_whose_meta_is_no_json_are_refused(tmp_path: Path) -> None:
    save_file({"a": np.zeros(1)}, tmp_path / "odd.safetensors", metadata={"s2f": "{not json"})
    with pytest.raises(InputError, match="not a readable safetensors file"):
        artifacts.read_tensors(tmp_path / "odd.safetensors")


def test_the_content_hash_does_not_depend_on_order_or_memory_layout() -> None:
    array = np.arange(12.0).reshape(3, 4)
    one = artifacts.content_hash({"a": array, "b": array.T})
    two = artifacts.content_hash({"b": np.ascontiguousarray(array.T), "a": np.asfortranarray(array)})
    assert one == two
    assert len(one) == 64


@pytest.mark.parametrize("other", [
    {"b": np.zeros(4, np.float32)},
    {"a": np.zeros(4, np.int32)},
    {"a": np.zeros((2, 2), np.float32)},
    {"a": np.array([0, 0, 0, 1e-30], np.float32)},
    {"a": np.zeros(4, np.float32), "b": np.zeros(0, np.float32)},
    {},
], ids=["name", "dtype", "shape", "value", "one more", "none"])
def test_the_content_hash_changes_with(other: dict[str, np.ndarray]) -> None:
    assert artifacts.content_hash(other) != artifacts.content_hash({"a": np.zeros(4, np.float32)})


def test_a_scalar_and_a_vector_of_one_differ_in_hash() -> None:
    assert artifacts.content_hash({"a": np.array(1.0)}) != artifacts.content_hash({"a": np.array([1.0])})
