"""Write values in Torch7's binary format as its File.lua does, for tests of the reader."""

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

TENSORS = {"f4": "Float", "f8": "Double", "i8": "Long", "u1": "Byte"}


@dataclass(eq=False)
class Object:
    """A Torch object: the name of its class and its fields."""

    name: str
    fields: dict[Any, Any]


@dataclass(eq=False)
class Function:
    """A Lua function of generation 6, 7 or 8: bytecode and the variables that it holds."""

    bytecode: bytes
    kind: int = 8


@dataclass(eq=False)
class Raw:
    """Bytes that stand where a value should."""

    content: bytes


@dataclass
class Writer:
    content: bytearray = field(default_factory=bytearray)
    numbers: dict[int, int] = field(default_factory=dict)
    alive: list[Any] = field(default_factory=list)

    def pack(self, layout: str, *values: Any) -> None:
        self.content += struct.pack(f"<{layout}", *values)

    def text(self, value: bytes) -> None:
        self.pack("i", len(value))
        self.content += value

    def numbered(self, kind: int, value: Any) -> bool:
        """Write type and number; False where the number says all, for the object was written before."""
        new = id(value) not in self.numbers
        number = self.numbers.setdefault(id(value), len(self.numbers) + 1)
        self.alive.append(value)
        self.pack("ii", kind, number)
        return new

    def value(self, value: Any) -> None:
        match value:
            case Raw():
                self.content += value.content
            case None:
                self.pack("i", 0)
            case bool():
                self.pack("ii", 5, value)
            case int() | float():
                self.pack("id", 1, value)
            case str():
                self.pack("i", 2)
                self.text(value.encode("latin-1"))
            case dict():
                if self.numbered(3, value):
                    self.table(value)
            case np.ndarray():
                if self.numbered(4, value):
                    self.tensor(value)
            case Function():
                if value.kind == 6:  # the first generation has no number
                    self.pack("i", 6)
                if value.kind == 6 or self.numbered(value.kind, value):
                    self.text(value.bytecode)
                    self.value({})
            case Object():
                if self.numbered(4, value):
                    self.text(b"V 1")
                    self.text(value.name.encode())
                    self.value(value.fields)

    def table(self, table: dict[Any, Any]) -> None:
        self.pack("i", len(table))
        for key, one in table.items():
            self.value(key)
            self.value(one)

    def tensor(self, array: np.ndarray) -> None:
        """Size, stride in elements, offset from 1, and the storage: the array's base, where it is a view of one."""
        kind = TENSORS[array.dtype.str[1:]]
        base = array if array.base is None else array.base
        start = (array.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // array.itemsize
        self.text(b"V 1")
        self.text(f"torch.{kind}Tensor".encode())
        self.pack(f"i{array.ndim}q", array.ndim, *array.shape)
        self.pack(f"{array.ndim}qq", *(stride // array.itemsize for stride in array.strides), start + 1)
        storage = base.reshape(-1)
        self.alive.append(storage)
        if base is not array and id(base) in self.numbers:
            self.pack("ii", 4, self.numbers[id(base)])
            return
        self.numbered(4, base if base is not array else storage)
        self.text(b"V 1")
        self.text(f"torch.{kind}Storage".encode())
        self.pack("q", storage.size)
        self.content += storage.tobytes()


def t7(value: Any) -> bytes:
    writer = Writer()
    writer.value(value)
    return bytes(writer.content)


def module(name: str, *modules: Any, **fields: Any) -> Object:
    """An nn module; `modules` are its children, counted from 1."""
    children = {"modules": dict(enumerate(modules, start=1))} if modules else {}
    return Object(f"nn.{name}", {"train": False, **fields, **children})
