"""The files in which people have VGG-Face (Sec. 3), each read as its layers in order: raw kernels, biases, conventions.

Known layouts: MatConvNet's `.mat` (RGB); Torch7's `.t7` (BGR); Keras' `.h5`, where fc6 tells the port: convolutions come
from the `.mat` (serengil/deepface, RGB, though that package feeds it BGR), dense layers from Caffe
(rcmalli/keras-vggface, BGR); and deepface's `.pth`. Written from what those projects publish, not from the files.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from s2f_core.errors import InputError
from s2f_core.models import torch7

RGB, BGR = "rgb", "bgr"
HWIO, OIHW = "height, width, in, out", "out, in, height, width"  # axes of a kernel
N_GROUP_CONVS = (2, 2, 3, 3, 3)  # VGG-16
NAMES = (*(f"conv{group}_{number}" for group, n in enumerate(N_GROUP_CONVS, start=1) for number in range(1, n + 1)),
         "fc6", "fc7", "fc8")  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What a file holds: name → (kernel, bias) as stored, the axes of its kernels, the channels its conv1_1 expects.

    `mean` is the mean colour that the file itself states, in its own order, or empty.
    """

    layout: str
    axes: str
    order: str
    layers: Mapping[str, tuple[Any, Any]]
    mean: tuple[float, ...] = ()


def read(path: Path) -> Found:
    """Read by the ending of the name. Raises InputError for another ending, and for content that is no VGG-Face."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"VGG-Face is read from {', '.join(READERS)}; got {path.name}; unpack archives first")
    if not path.is_file():
        raise InputError(f"{path} is missing; give the file itself")
    return reader(path)


def _named(path: Path, layers: Iterable[tuple[str, tuple[Any, Any]]]) -> dict[str, tuple[Any, Any]]:
    """Order the layers by VGG-16's names where the file uses them; else the file's own order has to do."""
    listed = list(layers)
    by_name = dict(listed)
    if set(NAMES) <= set(by_name):
        return {name: by_name[name] for name in NAMES}
    if len(listed) != len(NAMES):
        names = ", ".join(name for name, _ in listed[:20]) or "none"
        raise InputError(f"VGG-Face has {len(NAMES)} layers with weights, but {path} has {len(listed)} ({names}); "
                         "give the whole network, with its top")
    return {name: layer for name, (_, layer) in zip(NAMES, listed, strict=True)}


def _matconvnet(path: Path) -> Found:
    """`vgg_face.mat` (authors: `net.layers`, `net.normalization`) or `vgg-face.mat` (vlfeat: `layers`, `meta`)."""
    from scipy.io import loadmat  # here, for scipy.io imports threadpoolctl, which sets an environment variable

    try:
        content = loadmat(path, variable_names=["net", "layers", "meta"], struct_as_record=False)
    except NotImplementedError:
        raise InputError(f"{path} is a MATLAB 7.3 file; save it again in MATLAB with the option -v7") from None
    except Exception as error:  # SciPy raises whatever comes on damaged bytes: from zlib, struct, NumPy, its own
        raise InputError(f"{path} is no readable .mat file ({_line(error)}); download it again") from None
    try:
        net = content["net"][0, 0] if "net" in content else None
        structs = [cell[0, 0] for cell in (content["layers"] if net is None else net.layers).ravel()]
        layers = [(str(one.name[0]), (one.weights[0, 0], one.weights[0, 1])) for one in structs
                  if "weights" in one._fieldnames and one.weights.size == 2]
        mean = _mean_colour(content["meta"][0, 0] if "meta" in content else net)
    except (KeyError, IndexError, AttributeError, TypeError, ValueError) as error:
        raise InputError(f"{path} holds no MatConvNet network ({_line(error)}); download it again") from None
    return Found("MatConvNet", HWIO, RGB, _named(path, layers), mean)


def _mean_colour(holder: Any) -> tuple[float, ...]:
    """averageImage of `normalization`, or of `meta.normalization`, which newer networks have: a colour or a picture."""
    for name in ("meta", "normalization", "averageImage"):
        if name in getattr(holder, "_fieldnames", ()):
            found = getattr(holder, name)
            holder = found if name == "averageImage" else found[0, 0]
    if not isinstance(holder, np.ndarray) or holder.size % 3 or not holder.size:
        return ()
    return tuple(holder.reshape(-1, 3, order="C").mean(axis=0, dtype=float).tolist())


def _torch7(path: Path) -> Found:
    """`VGG_FACE.t7`: an nn.Sequential; its convolutions may be stored as matrices (out, in·height·width)."""
    layers: list[tuple[str, tuple[Any, Any]]] = []
    _collect(torch7.read(path), layers, set())
    return Found("Torch7", OIHW, BGR, _named(path, layers))


def _collect(module: Any, layers: list[tuple[str, tuple[Any, Any]]], seen: set[int]) -> None:
    if not isinstance(module, dict) or id(module) in seen:
        return
    seen.add(id(module))
    kernel, bias = module.get("weight"), module.get("bias")
    if isinstance(kernel, np.ndarray) and isinstance(bias, np.ndarray):
        layers.append((str(module.get(torch7.TYPENAME)), (kernel, bias)))
    children = module.get("modules")
    if isinstance(children, dict):
        for key in sorted(key for key in children if isinstance(key, float)):
            _collect(children[key], layers, seen)


def _keras(path: Path) -> Found:
    """Keras' weights (or whole model) in HDF5; the arrays are left on disk until somebody asks for their numbers."""
    try:
        import h5py  # an extra: only who brings such a file needs it
    except ImportError:
        raise InputError("reading .h5 files needs h5py; run `pip install -e .[import]`") from None
    try:
        file = h5py.File(path, "r")
        group = file.get("model_weights", file)
        pairs = [(name, _datasets(group, name)) for name in _texts(group.attrs["layer_names"])]
    except (OSError, KeyError, ValueError, AttributeError, RuntimeError, TypeError) as error:
        raise InputError(f"{path} holds no Keras weights in HDF5 ({_line(error)}); download it again") from None
    layers = _named(path, [(name, pair) for name, pair in pairs if len(pair) == 2])
    dense = len(layers["fc6"][0].shape) == 2
    return Found("Keras, from Caffe" if dense else "Keras, from MatConvNet", HWIO, BGR if dense else RGB, layers)


def _datasets(group: Any, layer: str) -> tuple[Any, ...]:
    """Kernel and bias, in the order in which Keras lists them; data that lie in other files are not followed."""
    found = tuple(group[layer][name] for name in _texts(group[layer].attrs["weight_names"]))
    if any(one.file.filename != group.file.filename or one.external or one.is_virtual for one in found):
        raise ValueError(f"the layer {layer} lies in another file")
    return found


def _texts(names: Iterable[Any]) -> list[str]:
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split()):.120}"


def _pytorch(path: Path) -> Found:
    """deepface's `vgg_face_weights.pth`: a state dict, converted from the `.h5` that came from MatConvNet."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever comes on damaged bytes, and on anything that is not plain data
        raise InputError(f"{path} is no readable state dict ({_line(error)}); download it again") from None
    try:
        pairs = [(name, (state[f"{name}.weight"].numpy(), state[f"{name}.bias"].numpy())) for name in NAMES]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} holds no VGG-Face ({_line(error)}); download it again") from None
    return Found("PyTorch, from MatConvNet", OIHW, RGB, dict(pairs))


READERS: dict[str, Callable[[Path], Found]] = {
    ".h5": _keras, ".hdf5": _keras, ".mat": _matconvnet, ".t7": _torch7, ".pth": _pytorch}  # fmt: skip
