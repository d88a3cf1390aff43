"""The voice bank: coded frames of every base voice's sentences, read once, decoded when asked for, blended in pairs."""

import json
import lzma
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64, UInt16
from safetensors import SafetensorError
from safetensors.numpy import load as decode_tensors
from scipy.fft import idct

from s2f_core.errors import InputError
from s2f_core.synthesis.voice.alignment import smooth_map, warped
from s2f_core.synthesis.voice.catalogue import BaseVoice, Catalogue, load_catalogue
from s2f_core.synthesis.voice.coding import decode
from s2f_core.synthesis.voice.frames import N_POINTS, Frames, at_times

SUFFIX = ".safetensors.xz"  # of the bank's files, one per language
LIKENESS = 0.5  # correlation of the aligned envelopes of two voices beside their slopes; the mean of 30 pairs is 0.49
N_SLOPES = 4  # first cosine coefficients: loudness and slope, which a mean does not flatten
FORMAT = 1  # raised whenever older files would be misread


@dataclass(frozen=True)
class CodedClip:
    """One sentence of one voice, and where each frame of the sentence's reference clip lies in it."""

    arrays: Mapping[str, np.ndarray]
    places: UInt16[np.ndarray, " frames"]


@dataclass(frozen=True)
class VoiceBank:
    """Coded clips by (voice, language, sentence); about 35 MB in memory, all languages loaded."""

    catalogue: Catalogue
    clips: Mapping[tuple[str, str, str], CodedClip] = field(repr=False)

    @classmethod
    def load(cls, folder: Path) -> "VoiceBank":
        """Read every language that lies in `folder`.

        Raises:
            InputError: no bank there, a damaged file, or one of another format.
        """
        paths = sorted(folder.glob(f"*{SUFFIX}"))
        if not paths:
            raise InputError(f"no voice bank (*{SUFFIX}) in {folder}; run `dvc pull`, or `make voicebank` to build it")
        clips: dict[tuple[str, str, str], CodedClip] = {}
        for path in paths:
            clips |= _read(path)
        return cls(load_catalogue(), clips)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the bank speaks, sorted."""
        return tuple(sorted({language for _, language, _ in self.clips}))

    def frames(self, voice: str, language: str, sentence: str) -> Frames:
        """A sentence as the base voice says it. Raises InputError where the bank does not hold it."""
        return decode(self._clip(voice, language, sentence).arrays)

    def blend(self, voices: tuple[str, str], share: float, language: str, sentence: str) -> Frames:
        """A sentence said by a voice between two: the first one's timing, melody and size, the envelope of both.

        Args:
            share: of the second voice, 0…1. At 0 it is exactly the first.
        """
        first, second = (self.catalogue.voice(name) for name in voices)
        frames = self.frames(first.name, language, sentence)
        if share == 0 or first == second:
            return frames
        other = self.frames(second.name, language, sentence)
        places = self._places(first, second, (language, sentence), len(frames))
        share = np.float32(share)
        envelope = at_times(warped(other.envelope, second.vtl_cm / first.vtl_cm), places)
        between = (1 - share) * frames.envelope + share * envelope
        noise = (1 - share) * frames.noise + share * at_times(other.noise, places)
        gain = float(1 / np.sqrt(1 - 2 * share * (1 - share) * (1 - LIKENESS)))
        return Frames(frames.f0_hz, _sharpened(between, gain), noise)

    def _places(
        self, first: BaseVoice, second: BaseVoice, what: tuple[str, str], n_frames: int
    ) -> Float64[np.ndarray, " frames"]:
        """Frame numbers of the second voice's clip that belong to the frames of the first's, through the reference."""
        ours, theirs = (self._clip(voice.name, *what).places.astype(np.float64) for voice in (first, second))
        rising = ours + np.arange(len(ours)) * 1e-6  # np.interp needs it; equal places keep their order
        reference = np.interp(np.arange(n_frames), rising, np.arange(len(ours)))
        return smooth_map(np.interp(reference, np.arange(len(theirs)), theirs))

    def _clip(self, voice: str, language: str, sentence: str) -> CodedClip:
        found = self.clips.get((voice, language, sentence))
        if found is None:
            spoken = sorted(key[2] for key in self.clips if key[:2] == (voice, language))
            raise InputError(f"the bank has no clip of {voice} saying sentence {sentence!r} in {language!r}; "
                             + (f"it has {', '.join(spoken)}" if spoken else self._why_silent(voice, language)))
        return found

    def _why_silent(self, voice: str, language: str) -> str:
        languages = sorted({key[1] for key in self.clips if key[0] == voice})
        if languages:
            return f"the voice speaks {' and '.join(languages)}"
        return "no such voice; s2f_core/synthesis/voice/catalogue.json lists them"


def _sharpened(envelope: Float32[np.ndarray, "frames points"], gain: float) -> Float32[np.ndarray, "frames points"]:
    """Formants as high above their valleys as before: the mean of two envelopes is flatter than either."""
    slopes = idct(np.eye(N_POINTS)[:N_SLOPES], norm="ortho", axis=1).astype(np.float32)
    return envelope + np.float32(gain - 1) * (envelope - envelope @ slopes.T @ slopes)


def _read(path: Path) -> dict[tuple[str, str, str], CodedClip]:
    """The clips of one file: arrays over all of them, and in `index` what each is and how long."""
    try:
        arrays = decode_tensors(lzma.decompress(path.read_bytes()))
        index = json.loads(arrays.pop("index").tobytes())
    except (lzma.LZMAError, SafetensorError, KeyError, ValueError) as error:
        raise InputError(f"{path} is no readable part of a voice bank ({error}); run `dvc pull` to get it whole") from None
    if index["format"] != FORMAT:
        raise InputError(f"{path} has format {index['format']}, this code reads {FORMAT}; run `dvc pull`")
    clips, start, place = {}, 0, 0
    for voice, sentence, n_frames, n_places in index["clips"]:
        coded = {name: arrays[name][..., start : start + n_frames] for name in ("envelope", "f0", "noise")}
        places = np.cumsum(arrays["places"][place : place + n_places], dtype=np.uint16)
        clips[voice, index["language"], sentence] = CodedClip(coded, places)
        start, place = start + n_frames, place + n_places
    return clips
