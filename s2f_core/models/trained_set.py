"""A trained set: the networks of the paper's Fig. 2 that belong together, as files in one folder.

face_encoder, face_decoder, mean_feature and one voice_encoder_<variant> for each variant, each a safetensors file. A
variant on speaker embeddings also needs the weights of features/speaker.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from s2f_core import artifacts
from s2f_core.config import nearest
from s2f_core.errors import InputError
from s2f_core.features import speaker
from s2f_core.models import mean_feature, weights
from s2f_core.models.face_decoder import FaceDecoder
from s2f_core.models.face_encoder import CompactFaceEncoder, FaceEncoder, VGGFace
from s2f_core.models.mean_feature import MeanFeature
from s2f_core.models.voice_encoder import VoiceEncoder

VARIANT = "6s"  # the paper's main model
SUFFIX = ".safetensors"
FACE_ENCODER, FACE_DECODER, MEAN_FEATURE = (f"{name}{SUFFIX}" for name in ("face_encoder", "face_decoder", "mean_feature"))
VOICE_ENCODER = "voice_encoder_"  # then the variant and SUFFIX
JUDGE = "face_encoder"  # in the notes of a mean feature: the judge, in words, that described the faces of the set
GE2E = f"ge2e{SUFFIX}"  # beside the set's folder
SHIPPED_GE2E = Path("data") / "weights" / GE2E  # from the project's root
FACE_ENCODERS: Mapping[str, type[FaceEncoder]] = {one.KIND: one for one in (CompactFaceEncoder, VGGFace)}


@dataclass(frozen=True)
class TrainedSet:
    """The networks, on one device, without gradients."""

    voice_encoder: VoiceEncoder
    face_encoder: FaceEncoder | None  # None where faces were described by a judge that is no network of ours
    decoder: FaceDecoder
    mean: MeanFeature  # of the training faces
    ears: speaker.SpeakerEncoder | None  # what a voice encoder on speaker embeddings hears through
    variant: str  # of the voice encoder
    sha256: str  # of the contents of all files above

    @classmethod
    def load(cls, folder: Path, variant: str = VARIANT, *, ge2e: Path | None = None, device: str = "cpu") -> "TrainedSet":
        """Read a set.

        Args:
            folder: of the set.
            variant: of the voice encoder, such as 6s or 3s.
            ge2e: weights of features/speaker, only read where the variant needs them; left out: beside `folder`.
            device: where the networks run.

        Raises: InputError where the folder holds no such variant, a file is missing or damaged, and where files do not
            belong together: other feature sizes, or notes that name another face encoder.
        """
        if variant not in (known := variants(folder)):
            raise InputError(f"no variant {variant!r} in {folder}; {nearest(variant, known)}; or name a trained set's folder")
        names = (voice_file(variant), FACE_DECODER, MEAN_FEATURE, FACE_ENCODER)
        paths = [folder / name for name in names]
        if JUDGE in weights.describe(paths[2])["notes"]:
            paths = paths[:3]
        about = [weights.describe(path) for path in paths]
        voice, decoder, mean = VoiceEncoder.load(paths[0]), FaceDecoder.load(paths[1]), MeanFeature.load(paths[2])
        face = _face_encoder(paths[3], about[3]["kind"]) if len(paths) > 3 else None
        sizes = (voice.feature_size, decoder.config.feature, mean.config.feature, *([face.feature_size] if face else []))
        _check_sizes(paths, sizes)
        if face:
            _check_notes(paths, about)
        hashes, ears = [one["content_sha256"] for one in about], None
        if voice.config.front == "speaker":
            path = ge2e or folder.absolute().parent / GE2E
            ears = speaker.load(path).to(device)
            hashes.append(artifacts.read_tensors(path)[1]["content_sha256"])
        networks = (voice.to(device), face and face.to(device), decoder.to(device), mean.to(device), ears)
        return cls(*networks, variant, hashlib.sha256(" ".join(hashes).encode()).hexdigest())


def variants(folder: Path) -> list[str]:
    """Name the voice encoders in the folder of a set. Raises InputError where there is none."""
    found = sorted(variant_of(path) for path in folder.glob(f"{VOICE_ENCODER}*{SUFFIX}"))
    if not found:
        raise InputError(f"{folder} holds no trained set ({VOICE_ENCODER}<variant>{SUFFIX}); run `dvc pull`, or train one")
    return found


def voice_file(variant: str) -> str:
    """Name the file of a variant's voice encoder."""
    return f"{VOICE_ENCODER}{variant}{SUFFIX}"


def variant_of(path: Path) -> str:
    """Name the variant of a voice encoder's file, such as 6s. Raises InputError for a file of another name."""
    if not (path.name.startswith(VOICE_ENCODER) and path.suffix == SUFFIX):
        raise InputError(f"a voice encoder is called {VOICE_ENCODER}<variant>{SUFFIX}, not {path.name}; name one")
    return path.stem.removeprefix(VOICE_ENCODER)


def _face_encoder(path: Path, kind: str) -> FaceEncoder:
    if kind not in FACE_ENCODERS:
        raise InputError(f"{path} holds weights of kind {kind!r}, not a face encoder; {nearest(kind, FACE_ENCODERS)}")
    return FACE_ENCODERS[kind].load(path)


def _check_sizes(paths: Sequence[Path], sizes: Sequence[int]) -> None:
    for path, size in zip(paths, sizes, strict=True):
        if size != sizes[0]:
            raise InputError(f"the files of a set have features of one size, but {paths[0]} has {sizes[0]} and {path} has "
                             f"{size}; take all from one training")


def _check_notes(paths: Sequence[Path], about: Sequence[Mapping[str, Any]]) -> None:
    """Refuse files whose notes name another face encoder than that of the set, the last; silent notes are trusted."""
    for path, one in zip(paths, about, strict=True):
        if one["notes"].get(mean_feature.MADE_WITH, about[-1]["content_sha256"]) != about[-1]["content_sha256"]:
            raise InputError(f"{path} was made with another face encoder than {paths[-1]}; take all from one training")
