"""VGG-Face (Sec. 3: v_f is its fc7) from the file that a reader has, as safetensors for `face_encoder.VGGFace`.

The weights are not ours to give. Each public port lays them out in its own way; `vgg_face_files` knows how, here they
are brought into one: kernels (out, in, height, width), fc6 over channels × height × width, conv1_1 for RGB.
"""

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from s2f_core.data.faces import FACE_PX
from s2f_core.errors import InputError
from s2f_core.models import vgg_face_files
from s2f_core.models.face_encoder import VGG_FACE_MEAN_RGB, VGGFace, VGGFaceConfig, vgg_face
from s2f_core.models.vgg_face_files import BGR, HWIO, RGB, Found

# MD5 of a source file → where that is stated. No SHA-256 of any of these files was found stated by its publisher, and
# none is made up here: to add one, name who states it.
KNOWN_MD5 = {
    "3d6cd504bf9c98af4a561aad059565d1": "vgg-face.mat of MatConvNet's models, stated in ZZUTK/Tensorflow-VGG-face",
}
CHUNK_BYTES = 1 << 20
MEAN_TOLERANCE = 0.5  # grey levels of 255, ours: the files that state a mean colour agree within 0.001
LEAST_SPREAD = 1e-6  # of the features' size, ours: below it all units, or all pictures, say the same


def convert(
    source: Path, target: Path, *, config: VGGFaceConfig | None = None, order: str | None = None
) -> dict[str, Any]:
    """Write the VGG-Face in `source` (.h5, .mat, .t7, .pth) as `target`, once it passes `check`.

    Args:
        config: the published architecture unless given; `face_encoder.vgg_face(relu=True)` for v_f behind the ReLU.
        order: "rgb" or "bgr", what conv1_1 of the file expects; for a port whose convention is not the usual one.

    Returns: the notes in the file: source and its hash, layout, channel order and how it is known, what was checked
        and what could not be.
    Raises: InputError where the file is missing, damaged, of unknown layout, lacks a layer or has another shape of it,
        or gives degenerate features.
    """
    if order not in (None, RGB, BGR):
        raise InputError(f"the channel order is {RGB!r} or {BGR!r}, not {order!r}; choose one")
    config = config or vgg_face()
    found = vgg_face_files.read(source)
    channels, known_from = _order(found, order)
    state = _state(found, config)
    if channels == BGR:
        state["stack.conv1_1.weight"] = state["stack.conv1_1.weight"].flip(1)
    with torch.random.fork_rng(devices=[]):
        model = VGGFace(config)
    model.load_state_dict(state)
    model.eval().requires_grad_(False)
    measured = check(model)
    digests = _digests(source)
    notes = {"source": source.name, "source_sha256": digests["sha256"], "layout": found.layout, "activations": measured,
             "channel_order_of_source": channels, "channel_order_known_from": known_from,
             **_checked(KNOWN_MD5.get(digests["md5"]))}  # fmt: skip
    model.save(target, notes=notes)
    return notes


def check(model: VGGFace) -> dict[str, float]:
    """Run two pictures made by a formula, and refuse a network whose features could not be a trained one's.

    It finds missing, empty and overflowing layers, not permuted ones: what real faces would give is known to nobody
    who has only the file.

    Returns: mean, standard deviation and share above zero of fc7, and the distance between the two pictures' features
        relative to their length.
    Raises: InputError where fc7 or fc8 is not finite or constant, all or no units are above zero, or the two
        pictures cannot be told apart.
    """
    with torch.no_grad():
        features, logits = model(_pictures())
    active = float((features > 0).float().mean())
    spread = float(features.std() / features.norm(dim=1).mean().clamp(min=1e-30))
    distance = float((features[0] - features[1]).norm() / features.norm(dim=1).mean().clamp(min=1e-30))
    if not (features.isfinite().all() and logits.isfinite().all()):
        fault = "features that are not finite"
    elif min(spread, distance, float(logits.std(dim=1).min())) < LEAST_SPREAD:
        fault = "the same features for every unit or every picture"
    elif active in (0, 1):
        fault = f"{'no feature' if active == 0 else 'all features'} above zero"
    else:
        values = {"mean": float(features.mean()), "std": float(features.std()), "active": active, "distance": distance}
        return {name: float(f"{value:.5g}") for name, value in values.items()}
    raise InputError(f"a trained VGG-Face cannot give {fault}; the file is damaged or in an unknown layout")


def _pictures() -> Float[Tensor, "2 3 height width"]:
    """Waves across and down the picture, other ones in each channel, and their negative; 0..1."""
    steps = 2 * math.pi * torch.arange(FACE_PX) / FACE_PX
    waves = [torch.sin((channel + 1) * steps)[:, None] * torch.cos((3 - channel) * steps) for channel in range(3)]
    picture = 0.5 + 0.5 * torch.stack(waves)
    return torch.stack([picture, 1 - picture])


def _order(found: Found, given: str | None) -> tuple[str, str]:
    """Channel order and how it is known: given, stated by the mean colour in the file, or the layout's convention."""
    if given is not None:
        return given, "the caller"
    for order, colour in ((RGB, VGG_FACE_MEAN_RGB), (BGR, VGG_FACE_MEAN_RGB[::-1])):
        if found.mean and np.allclose(found.mean, colour, rtol=0, atol=MEAN_TOLERANCE):
            return order, "the mean colour that the file states"
    stated = ", ".join(f"{level:.2f}" for level in found.mean)
    return found.order, "the convention of the layout" + (f"; the mean colour in the file is {stated}" if stated else "")


def _state(found: Found, config: VGGFaceConfig) -> dict[str, Tensor]:
    """Bring every layer into the shape that a network of this config, built without memory, has."""
    with torch.device("meta"):
        wanted = VGGFace(config).state_dict()
    state = {}
    for name, (kernel, bias) in found.layers.items():
        prefix = name if name.startswith("fc") else f"stack.{name}"
        state[f"{prefix}.weight"] = torch.from_numpy(_kernel(name, kernel, found.axes, wanted[f"{prefix}.weight"]))
        state[f"{prefix}.bias"] = torch.from_numpy(_bias(name, bias, wanted[f"{prefix}.bias"]))
    return state


def _kernel(name: str, kernel: Any, axes: str, wanted: Float[Tensor, "out ..."]) -> Float32[np.ndarray, "out ..."]:
    """Bring a kernel as stored to the shape and order that the model has; matrices stand for kernels, row by row."""
    n_out, n_in, *size = wanted.shape
    if name == "fc6":  # the one whose inputs have a place: 7×7 of the last convolution's channels
        side = FACE_PX >> len(vgg_face_files.N_GROUP_CONVS)
        n_in, size = n_in // side**2, [side, side]
    height, width = size or (1, 1)
    n_flat = n_in * height * width
    if axes == HWIO:
        whole, flat = (height, width, n_in, n_out), (n_flat, n_out)
    else:
        whole, flat = (n_out, n_in, height, width), (n_out, n_flat)
    array = _numbers(f"the kernel of {name}", kernel, (whole, flat)).reshape(whole)
    if axes == HWIO:
        array = array.transpose(3, 2, 0, 1)
    return np.ascontiguousarray(array).reshape(wanted.shape)


def _bias(name: str, bias: Any, wanted: Float[Tensor, " out"]) -> Float32[np.ndarray, " out"]:
    n_out = len(wanted)
    return _numbers(f"the bias of {name}", bias, ((n_out,), (n_out, 1), (1, n_out))).reshape(n_out)


def _numbers(what: str, stored: Any, shapes: tuple[tuple[int, ...], ...]) -> Float32[np.ndarray, "..."]:
    """Check shape and type before anything is read, for an array may still lie on disk."""
    if tuple(stored.shape) not in shapes:
        raise InputError(f"{what} must have the shape {' or '.join(map(str, shapes))}; got {tuple(stored.shape)}; "
                         "give the weights of VGG-Face (VGG-16, 2622 classes)")
    if np.dtype(stored.dtype).kind != "f":
        raise InputError(f"{what} must be floating-point numbers; got {stored.dtype}; give the weights of VGG-Face")
    return np.asarray(stored, dtype=np.float32)


def _digests(path: Path) -> dict[str, str]:
    digests = {"sha256": hashlib.sha256(), "md5": hashlib.md5(usedforsecurity=False)}
    with path.open("rb") as file:
        while block := file.read(CHUNK_BYTES):
            for digest in digests.values():
                digest.update(block)
    return {name: digest.hexdigest() for name, digest in digests.items()}


def _checked(known: str | None) -> dict[str, list[str]]:
    checked = ["every layer is there and has its shape", "features of two made-up pictures are finite and differ"]
    unchecked = ["features of a real face against the authors' own"]
    if known:
        return {"checked": [*checked, f"the file is the published one ({known})"], "not_checked": unchecked}
    return {"checked": checked, "not_checked": ["the file is a published one: its hash is in no table", *unchecked]}
