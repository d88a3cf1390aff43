"""Torch7's binary `.t7` files (the authors of VGG-Face, Sec. 3, released one) read as plain tables: nothing is ever run.

The layout is that of torch7's File.lua on 64-bit little-endian machines. Numbers, strings, booleans and tables become
Python's, tensors become arrays, an object becomes the table of its fields with its class under TYPENAME, a function
becomes None. Every length is held against what is left of the file before anything is allocated for it.
"""

import math
import struct
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from jaxtyping import Shaped

from s2f_core.errors import InputError

NIL, NUMBER, STRING, TABLE, TORCH, BOOLEAN, OLD_FUNCTION = range(7)  # File.lua
FUNCTIONS = (7, 8)  # the two later generations, which are numbered as tables and objects are; File.lua
TYPENAME = "__typename"
DTYPES = {"Byte": "u1", "Char": "i1", "Short": "<i2", "Int": "<i4", "Long": "<i8", "Float": "<f4", "Double": "<f8",
          "Cuda": "<f4", "CudaDouble": "<f8"}  # fmt: skip
MAX_DEPTH = 64  # ours; a network of networks needs about ten
MAX_AXES = 8  # ours; a kernel has four


def read(path: Path) -> Any:
    """Read the one object of a binary `.t7` file.

    Raises: InputError where the file is missing, in Torch7's ASCII format, cut short, or damaged: an unknown type, a
    length beyond the file's end, a tensor beyond its storage, more than 64 levels, an object that needs itself.
    """
    try:
        with path.open("rb") as file:
            if file.read(2)[1:] in (b"\n", b"\r"):
                raise InputError(f"{path} is Torch7's ASCII format; save it again with torch.save(file, net, 'binary')")
            file.seek(0)
            return _Reader(file, path).value()
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"{path} is missing; give the .t7 file itself") from None


class _Reader:
    """Reads forward only; objects are numbered, and a number that was seen before is a reference."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.file, self.path, self.size = file, path, path.stat().st_size
        self.objects: dict[int, Any] = {}
        self.unfinished: set[int] = set()
        self.depth = 0

    def fault(self, what: str) -> InputError:
        return InputError(f"{self.path} is not a whole Torch7 file ({what} at byte {self.file.tell()}); download it again")

    def take(self, n_bytes: int) -> bytes:
        self.require(n_bytes)
        return self.file.read(n_bytes)

    def require(self, n_bytes: int) -> None:
        if not 0 <= n_bytes <= self.size - self.file.tell():
            raise self.fault(f"{n_bytes} bytes promised, {self.size - self.file.tell()} left")

    def integer(self) -> int:
        return struct.unpack("<i", self.take(4))[0]

    def long(self) -> int:
        return struct.unpack("<q", self.take(8))[0]

    def text(self) -> str:
        return self.take(self.integer()).decode("latin-1")  # Lua's strings are bytes

    def value(self) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fault(f"more than {MAX_DEPTH} levels")
        value = self.content(self.integer())
        self.depth -= 1
        return value

    def content(self, kind: int) -> Any:
        if kind == NIL:
            return None
        if kind == NUMBER:
            return struct.unpack("<d", self.take(8))[0]
        if kind == STRING:
            return self.text()
        if kind == BOOLEAN:
            return self.integer() == 1
        if kind == OLD_FUNCTION:
            return self.function()
        if kind not in (TABLE, TORCH, *FUNCTIONS):
            raise self.fault(f"unknown type {kind}")
        index = self.integer()
        if index in self.unfinished:
            raise self.fault(f"object {index} needs itself")
        if index not in self.objects:
            if index < 1:
                raise self.fault(f"object number {index}")
            self.define(index, kind)
        return self.objects[index]

    def define(self, index: int, kind: int) -> None:
        """Read the object, entered before its content where the content may name it."""
        if kind == TABLE:
            self.objects[index] = {}
            self.fill(self.objects[index])
        elif kind in FUNCTIONS:
            self.objects[index] = None
            self.function()
        else:
            version = self.text()
            name = self.text() if version.startswith("V ") else version
            module, _, of = name.partition(".")
            dtype = DTYPES.get(of.removesuffix("Tensor").removesuffix("Storage")) if module == "torch" else None
            if dtype is None:
                self.objects[index] = {TYPENAME: name}
                fields = self.value()
                self.objects[index] |= fields if isinstance(fields, dict) else {}
                return
            self.unfinished.add(index)
            self.objects[index] = self.storage(dtype) if of.endswith("Storage") else self.tensor(dtype)
            self.unfinished.discard(index)

    def function(self) -> None:
        """Pass over bytecode and the variables that it holds."""
        self.take(self.integer())
        self.value()

    def fill(self, table: dict[Any, Any]) -> None:
        n_entries = self.integer()
        self.require(8 * n_entries)  # no key and no value is shorter than four bytes
        for _ in range(n_entries):
            key = self.value()
            if not isinstance(key, str | float | bool):
                raise self.fault(f"a key of type {type(key).__name__}")
            table[key] = self.value()

    def storage(self, dtype: str) -> Shaped[np.ndarray, "..."]:
        n_elements = self.long()
        self.require(n_elements * np.dtype(dtype).itemsize)
        return np.fromfile(self.file, dtype, n_elements)

    def tensor(self, dtype: str) -> Shaped[np.ndarray, "..."]:
        n_axes = self.integer()
        if not 0 <= n_axes <= MAX_AXES:
            raise self.fault(f"a tensor of {n_axes} axes")
        shape = [self.long() for _ in range(n_axes)]
        strides = [self.long() for _ in range(n_axes)]
        start = self.long() - 1
        storage = self.value()
        if storage is None or n_axes == 0 or 0 in shape:
            return np.empty(0, dtype)
        if not isinstance(storage, np.ndarray) or storage.dtype != dtype or storage.ndim != 1:
            raise self.fault("a tensor without its storage")
        last = start + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
        if min(*shape, *strides, start) < 0 or last >= len(storage) or math.prod(shape) > len(storage):
            raise self.fault("a tensor beyond its storage")
        steps = [stride * storage.itemsize if size > 1 else 0 for size, stride in zip(shape, strides, strict=True)]
        return np.lib.stride_tricks.as_strided(storage[start:], shape, steps)
