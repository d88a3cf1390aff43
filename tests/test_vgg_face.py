"""Each public file of VGG-Face converts to a network that computes what its own ecosystem computes from it.

The referee follows each layout's own definition in NumPy: kernels where they lie, fc6 over its own order, the mean
colour in its own order.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from made_vgg_face import AUTHORS, CONFIG, FILES, GROUPS, MEAN_RGB, NAMES, Layers, hwio, keras, layers, matconvnet, sizes
from numpy.lib.stride_tricks import sliding_window_view
from torch7_writer import module, t7

from s2f_core.errors import InputError
from s2f_core.models import face_encoder, vgg_face, weights
from s2f_core.models.face_encoder import VGGFace


def pictures() -> np.ndarray:
    """Two RGB pictures in 0..1 whose corners and channels differ: (2, 224, 224, 3)."""
    across = np.linspace(0, 1, 224)
    down = across[:, None]
    one = np.stack([down * across, 1 - down + 0 * across, np.cos(9 * across) ** 2 + 0 * down], axis=2)
    return np.stack([one, one[::-1] ** 2]).astype("f4")


def referee(made: Layers, axes: str, bgr: bool) -> tuple[np.ndarray, np.ndarray]:
    """fc7 before its ReLU, and fc8, of `pictures`."""
    hidden = 255 * pictures()[..., ::-1] - MEAN_RGB[::-1] if bgr else 255 * pictures() - MEAN_RGB
    numbers = iter(zip(made.items(), sizes(), strict=True))
    for _, n_convs in GROUPS:
        for _ in range(n_convs):
            (_, (kernel, bias)), (n_in, n_out, _) = next(numbers)
            windows = sliding_window_view(np.pad(hidden, ((0, 0), (1, 1), (1, 1), (0, 0))), (3, 3), axis=(1, 2))
            if axes == "hwio":
                product = np.einsum("nyxihw,hwio->nyxo", windows, kernel, optimize=True)
            else:
                product = np.einsum("nyxihw,oihw->nyxo", windows, kernel.reshape(n_out, n_in, 3, 3), optimize=True)
            hidden = np.maximum(product + bias, 0)
        n, side, _, channels = hidden.shape
        hidden = hidden.reshape(n, side // 2, 2, side // 2, 2, channels).max(axis=(2, 4))
    hidden = hidden.reshape(2, -1) if axes == "hwio" else hidden.transpose(0, 3, 1, 2).reshape(2, -1)
    found = []
    for (_, (kernel, bias)), _ in numbers:
        flat = kernel.reshape(-1, len(bias)) if axes == "hwio" else kernel.reshape(len(bias), -1).T
        found.append(hidden @ flat + bias)
        hidden = np.maximum(found[-1], 0)
    return found[1], found[2]


@pytest.mark.parametrize("name", FILES)
def test_the_converted_network_computes_what_its_file_says(tmp_path: Path, name: str) -> None:
    axes, bgr, make = FILES[name]
    made = make(tmp_path / name)
    before = torch.get_rng_state()
    notes = vgg_face.convert(tmp_path / name, tmp_path / "vgg", config=CONFIG)
    assert torch.equal(before, torch.get_rng_state())
    features, logits = VGGFace.load(tmp_path / "vgg")(torch.from_numpy(pictures()).permute(0, 3, 1, 2))
    for ours, theirs in zip((features, logits), referee(made, axes, bgr), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3 * np.abs(theirs).max())
    assert weights.describe(tmp_path / "vgg")["notes"] == notes
    assert notes["source"] == name and notes["channel_order_of_source"] == ("bgr" if bgr else "rgb")
    assert (notes["channel_order_known_from"] == "the mean colour that the file states") == name.endswith(".mat")
    assert len(notes["checked"]) == 2 and "its hash is in no table" in notes["not_checked"][0]


def test_fc7_may_be_taken_behind_its_relu(tmp_path: Path) -> None:
    FILES[AUTHORS][2](tmp_path / AUTHORS)
    vgg_face.convert(tmp_path / AUTHORS, tmp_path / "a", config=CONFIG.model_copy(update={"relu": True}))
    vgg_face.convert(tmp_path / AUTHORS, tmp_path / "b", config=CONFIG)
    images = torch.from_numpy(pictures()).permute(0, 3, 1, 2)
    behind, before = (VGGFace.load(tmp_path / name).features(images) for name in "ab")
    torch.testing.assert_close(behind, before.relu())


def test_the_channel_order_can_be_given(tmp_path: Path) -> None:
    FILES["VGG_FACE.t7"][2](tmp_path / "a.t7")
    usual = vgg_face.convert(tmp_path / "a.t7", tmp_path / "usual", config=CONFIG)
    given = vgg_face.convert(tmp_path / "a.t7", tmp_path / "given", config=CONFIG, order="rgb")
    assert usual["channel_order_known_from"] == "the convention of the layout"
    assert (given["channel_order_of_source"], given["channel_order_known_from"]) == ("rgb", "the caller")
    first = [VGGFace.load(tmp_path / name).stack.conv1_1.weight for name in ("usual", "given")]
    torch.testing.assert_close(first[0], first[1][:, [2, 1, 0]], rtol=0, atol=0)
    with pytest.raises(InputError, match="the channel order is 'rgb' or 'bgr', not 'RGB'"):
        vgg_face.convert(tmp_path / "a.t7", tmp_path / "c", config=CONFIG, order="RGB")


def test_another_mean_colour_is_told(tmp_path: Path) -> None:
    matconvnet(tmp_path / "a.mat", layers(hwio, hwio), True, np.array([120.0, 110, 100]))
    notes = vgg_face.convert(tmp_path / "a.mat", tmp_path / "a", config=CONFIG)
    assert notes["channel_order_of_source"] == "rgb"
    assert notes["channel_order_known_from"].endswith("the mean colour in the file is 120.00, 110.00, 100.00")


def test_a_published_file_is_known_by_its_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FILES["VGG_FACE.t7"][2](tmp_path / "a.t7")
    content = (tmp_path / "a.t7").read_bytes()
    monkeypatch.setitem(vgg_face.KNOWN_MD5, hashlib.md5(content).hexdigest(), "made for this test")
    notes = vgg_face.convert(tmp_path / "a.t7", tmp_path / "a", config=CONFIG)
    assert notes["checked"][2] == "the file is the published one (made for this test)"
    assert notes["source_sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("name", FILES)
def test_a_network_of_another_width_is_refused_by_layer(tmp_path: Path, name: str) -> None:
    FILES[name][2](tmp_path / name)
    with pytest.raises(InputError, match=r"the kernel of conv1_1 must have the shape \(.*64.*\) or .*; got \(.*2.*\); give"):
        vgg_face.convert(tmp_path / name, tmp_path / "vgg")
    config = CONFIG.model_copy(update={"classes": 12})
    with pytest.raises(InputError, match="the kernel of fc8 must have the shape .*12.*; got .*11"):
        vgg_face.convert(tmp_path / name, tmp_path / "vgg", config=config)
    assert not (tmp_path / "vgg").exists()


def spoilt(name: str, kernel: np.ndarray | None = None, bias: np.ndarray | None = None) -> Layers:
    made = layers(hwio, hwio)
    old = made[name]
    return made | {name: (old[0] if kernel is None else kernel, old[1] if bias is None else bias)}


@pytest.mark.parametrize(("made", "reason"), [
    (spoilt("conv3_2", bias=np.zeros(9, "f4")), r"the bias of conv3_2 must have the shape \(8,\) or .*; got \(9, 1\)"),
    (spoilt("fc7", kernel=np.zeros((1, 1, 128, 128), "i4")), "the kernel of fc7 must be floating-point numbers; got int32"),
    (spoilt("fc7", kernel=np.full((1, 1, 128, 128), np.nan, "f4")), "cannot give features that are not finite"),
    (spoilt("fc7", kernel=np.zeros((1, 1, 128, 128), "f4")), "cannot give the same features for every unit or every picture"),
    (spoilt("conv4_1", kernel=np.zeros((3, 3, 8, 16), "f4")), "cannot give the same features"),
    (spoilt("fc7", bias=np.full(128, -1e5, "f4")), "cannot give no feature above zero"),
    (spoilt("fc7", bias=np.full(128, 1e5, "f4")), "cannot give all features above zero"),
    ({name: pair for name, pair in layers(hwio, hwio).items() if name != "fc8"}, "VGG-Face has 16 layers .* has 15 .*conv1_1"),
])  # fmt: skip
def test_faulty_networks_are_refused(tmp_path: Path, made: Layers, reason: str) -> None:
    matconvnet(tmp_path / "a.mat", made, True, MEAN_RGB)
    with pytest.raises(InputError, match=reason):
        vgg_face.convert(tmp_path / "a.mat", tmp_path / "vgg", config=CONFIG)
    assert not (tmp_path / "vgg").exists()


@pytest.mark.parametrize("ending", [".h5", ".mat", ".t7", ".pth", ".hdf5"])
@pytest.mark.parametrize("content", [b"", b"anything at all", bytes(range(256)) * 8])
def test_files_of_another_content_are_refused(tmp_path: Path, ending: str, content: bytes) -> None:
    if ending in (".h5", ".hdf5"):
        pytest.importorskip("h5py", reason="h5py is not installed")
    (tmp_path / f"a{ending}").write_bytes(content)
    with pytest.raises(InputError, match=r"is no readable|holds no|is not a whole"):
        vgg_face.convert(tmp_path / f"a{ending}", tmp_path / "vgg", config=CONFIG)


def test_files_that_cannot_be_read_say_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"is read from \.h5, .*; got vgg_face\.tar\.gz; unpack archives first"):
        vgg_face.convert(tmp_path / "vgg_face.tar.gz", tmp_path / "a")
    with pytest.raises(InputError, match=r"a\.mat is missing"):
        vgg_face.convert(tmp_path / "a.mat", tmp_path / "a")
    (tmp_path / "a.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(512))
    with pytest.raises(InputError, match="is a MATLAB 7.3 file; save it again in MATLAB with the option -v7"):
        vgg_face.convert(tmp_path / "a.mat", tmp_path / "a")
    (tmp_path / "a.t7").write_bytes(t7(module("Sequential", module("Linear"))))
    with pytest.raises(InputError, match=r"VGG-Face has 16 layers with weights, but .* has 0 \(none\)"):
        vgg_face.convert(tmp_path / "a.t7", tmp_path / "a")
    (tmp_path / "a.h5").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError, match=r"reading \.h5 files needs h5py; run `pip install -e .\[import\]`"):
        vgg_face.convert(tmp_path / "a.h5", tmp_path / "a")


def test_weights_in_other_files_are_not_followed(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py is not installed")
    keras(tmp_path / "secret.h5", layers(hwio, hwio), NAMES)
    keras(tmp_path / "a.h5", layers(hwio, hwio), NAMES)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        del file["fc8/fc8/bias:0"]
        file["fc8/fc8/bias:0"] = h5py.ExternalLink("secret.h5", "/fc8/fc8/bias:0")
    with pytest.raises(InputError, match="the layer fc8 lies in another file"):
        vgg_face.convert(tmp_path / "a.h5", tmp_path / "vgg", config=CONFIG)


def test_the_published_architecture_is_the_default() -> None:
    config = face_encoder.vgg_face()
    assert (config.divisor, config.classes, config.relu) == (1, 2622, False)
