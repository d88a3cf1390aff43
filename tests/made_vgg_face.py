"""Small networks of VGG-Face's topology, random, in every file layout in which people have it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.io import savemat
from torch7_writer import module, t7

from s2f_core.models import vgg_face_files
from s2f_core.models.face_encoder import VGGFaceConfig

CONFIG = VGGFaceConfig(divisor=32, classes=11, relu=False)
GROUPS = ((2, 2), (4, 2), (8, 3), (16, 3), (16, 3))  # channels, convolutions at a 32nd of the width
N_FC, N_CLASSES = 128, 11
MEAN_RGB = np.array([129.1863, 104.7624, 93.5940])
NAMES = vgg_face_files.NAMES
Layers = dict[str, tuple[np.ndarray, np.ndarray]]


def sizes() -> list[tuple[int, int, int]]:
    """Inputs, outputs and kernel side of each layer as a convolution."""
    found, n_in = [], 3
    for n_out, n_convs in GROUPS:
        for _ in range(n_convs):
            found.append((n_in, n_out, 3))
            n_in = n_out
    return [*found, (n_in, N_FC, 7), (N_FC, N_FC, 1), (N_FC, N_CLASSES, 1)]


def layers(shape: Callable[[int, int, int], tuple[int, ...]], fc_shape: Callable[[int, int, int], tuple[int, ...]]) -> Layers:
    random = np.random.default_rng(3)
    made = {}
    for name, (n_in, n_out, side) in zip(NAMES, sizes(), strict=True):
        size = (fc_shape if name.startswith("fc") else shape)(n_in, n_out, side)
        scale = np.sqrt(2 / (n_in * side**2))
        made[name] = (random.normal(0, scale, size).astype("f4"), random.normal(0.2, 0.5, n_out).astype("f4"))
    return made


def hwio(n_in: int, n_out: int, side: int) -> tuple[int, ...]:
    return side, side, n_in, n_out


def oihw(n_in: int, n_out: int, side: int) -> tuple[int, ...]:
    return n_out, n_in, side, side


def dense(n_in: int, n_out: int, side: int) -> tuple[int, ...]:
    return side * side * n_in, n_out


def matrix(n_in: int, n_out: int, side: int) -> tuple[int, ...]:
    return n_out, n_in * side * side


def keras(path: Path, made: Layers, names: tuple[str, ...], weight: str = "kernel:0", top: str = "/") -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    with h5py.File(path, "w") as file:
        group = file.require_group(top)
        group.attrs["layer_names"] = np.array(["input_1", *names, "activation_1"], dtype="S40")
        for name in ("input_1", "activation_1"):
            group.create_group(name).attrs["weight_names"] = np.array([], dtype="S40")
        for name, (kernel, bias) in zip(names, made.values(), strict=True):
            one = group.create_group(name)
            listed = [f"{name}/{weight}", f"{name}/bias:0"]
            one.attrs["weight_names"] = np.array(listed, dtype="S40")
            one[listed[0]], one[listed[1]] = kernel, bias


def cell(*values: Any) -> np.ndarray:
    made = np.empty((1, len(values)), dtype=object)
    made[0, :] = [*values]
    return made


def matconvnet(path: Path, made: Layers, authors: bool, colour: np.ndarray) -> None:
    column = [{"type": "conv", "name": name, "weights": cell(kernel, bias[:, None]), "stride": 1.0}
              for name, (kernel, bias) in made.items()]  # fmt: skip
    rows = [one for conv in column for one in (conv, {"type": "relu", "name": f"relu_{conv['name']}"})]
    normalization = {"averageImage": colour.astype("f4").reshape(1, 1, 3), "imageSize": np.array([224.0, 224, 3])}
    if authors:
        savemat(path, {"net": {"normalization": normalization, "layers": cell(*rows), "classes": {"name": "a"}}})
    else:
        savemat(path, {"layers": cell(*rows), "meta": {"normalization": normalization}})


def torch7(path: Path, made: Layers) -> None:
    parts = []
    for name, (kernel, bias) in made.items():
        kind = "Linear" if name.startswith("fc") else "SpatialConvolutionMM"
        parts += [module(kind, weight=kernel, bias=bias, gradWeight=np.empty(0, "f4")), module("ReLU", inplace=True)]
    path.write_bytes(t7(module("Sequential", *parts[:8], module("Sequential", *parts[8:]), module("SoftMax"))))


AUTHORS, VLFEAT = "authors.mat", "vlfeat.mat"
FILES: dict[str, tuple[str, bool, Callable[[Path], Layers]]] = {}  # name → axes, BGR, how it is made


def register(name: str, axes: str, bgr: bool, made: Callable[[], Layers], write: Callable[[Path, Layers], None]) -> None:
    def make(path: Path) -> Layers:
        network = made()
        write(path, network)
        return network
    FILES[name] = (axes, bgr, make)  # fmt: skip


POSITIONS = tuple(f"conv2d_{number}" for number in range(1, 17))
OLD = tuple(f"convolution2d_{number}" for number in range(1, 17))
register("rcmalli.h5", "hwio", True, lambda: layers(hwio, dense), lambda path, made: keras(path, made, NAMES))
register("deepface.h5", "hwio", False, lambda: layers(hwio, hwio), lambda path, made: keras(path, made, POSITIONS))
register("old.h5", "hwio", False, lambda: layers(hwio, hwio), lambda path, made: keras(path, made, OLD, "W:0", "model_weights"))
register(AUTHORS, "hwio", False, lambda: layers(hwio, hwio), lambda path, made: matconvnet(path, made, True, MEAN_RGB))
register(VLFEAT, "hwio", False, lambda: layers(hwio, hwio), lambda path, made: matconvnet(path, made, False, MEAN_RGB))
register("turned.mat", "hwio", True, lambda: layers(hwio, hwio),
         lambda path, made: matconvnet(path, made, False, MEAN_RGB[::-1]))  # fmt: skip
register("reversed.mat", "hwio", False, lambda: layers(hwio, hwio),
         lambda path, made: matconvnet(path, dict(reversed(made.items())), True, MEAN_RGB))  # fmt: skip
register("VGG_FACE.t7", "oihw", True, lambda: layers(matrix, matrix), torch7)
register("kernels.t7", "oihw", True, lambda: layers(oihw, matrix), torch7)
register("deepface.pth", "oihw", False, lambda: layers(oihw, oihw), lambda path, made: torch.save(
    {f"{name}.{part}": torch.from_numpy(one) for name, pair in made.items()
     for part, one in zip(("weight", "bias"), pair, strict=True)}, path))  # fmt: skip
