"""Build data/voicebank: every sentence of the catalogue said by its base voices, taken apart, aligned and packed.

Rendering takes an hour on two cores; each clip is kept in a working folder, and an interrupted run goes on from there.
"""

import json
import lzma
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from safetensors.numpy import save as encode_tensors

from s2f_core import artifacts
from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.synthesis.voice import judge
from s2f_core.synthesis.voice.alignment import align
from s2f_core.synthesis.voice.analysis import analyse, trim
from s2f_core.synthesis.voice.bank import FORMAT, SUFFIX
from s2f_core.synthesis.voice.bank_page import page
from s2f_core.synthesis.voice.catalogue import Catalogue, load_catalogue
from s2f_core.synthesis.voice.coding import decode, encode
from s2f_core.synthesis.voice.frames import Frames
from s2f_core.synthesis.voice.kokoro import Kokoro

Clip = tuple[str, str, str]  # voice, language, sentence
XZ = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 0, "lp": 0, "pb": 0}]  # 8-bit numbers, no text
RAW, RAW_SENTENCE = "raw.json", "t2"  # what is said of the synthesiser's own clips, and the sentence that all groups speak
FULL_SCALE = 0.99  # of a kept clip: louder ones are turned down


def clips_of(catalogue: Catalogue) -> Iterator[Clip]:
    """Everything that the bank holds: per voice and language the sentences of its group, and two held-out ones."""
    for voice in catalogue.voices.values():
        for language in voice.languages:
            for held_out in (False, True):
                for sentence in catalogue.sentences_of(voice.name, language, held_out=held_out):
                    yield voice.name, language, sentence


def kept(working: Path, clip: Clip) -> Path:
    """Where the rendered clip lies."""
    return working / f"{'__'.join(clip)}.wav"


def render(downloads: Path, working: Path, *, share: tuple[int, int] = (0, 1), done: Callable[[Clip], None]) -> None:
    """Render the clips that `working` lacks.

    Args:
        downloads: folder with the wheels and the npm package that `kokoro` names.
        share: number of this process and how many there are; each renders every so-many-th clip.
        done: called after each clip.

    Raises:
        InputError: a package is missing or is another one.
    """
    catalogue, kokoro = load_catalogue(), Kokoro.load(downloads)
    phonemes = catalogue_phonemes()
    for number, clip in enumerate(clips_of(catalogue)):
        if number % share[1] != share[0] or kept(working, clip).exists():
            continue
        voice, language, sentence = clip
        samples = kokoro.say(phonemes[language][sentence], catalogue.voice(voice).styles)
        samples = samples * min(1.0, FULL_SCALE / max(np.abs(samples).max(), 1e-9))
        with artifacts.atomic_path(kept(working, clip)) as path:
            soundfile.write(path, samples, SAMPLE_RATE_HZ, subtype="PCM_16", format="WAV")
        done(clip)


def catalogue_phonemes() -> dict[str, dict[str, str]]:
    """Language → sentence → phonemes as Kokoro spells them (see the bank's README for what wrote them)."""
    return artifacts.read_json(Path(__file__).with_name("phonemes.json"))


def pack(working: Path, folder: Path) -> None:
    """Take the rendered clips apart and write the bank: one file per language, and a page on where it comes from.

    Raises:
        InputError: a clip is missing or silent.
    """
    catalogue = load_catalogue()
    by_sentence: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for voice, language, sentence in clips_of(catalogue):
        by_sentence[language][sentence].append(voice)
    for language, sentences in sorted(by_sentence.items()):
        tensors = coded_language(catalogue, working, language, sentences)
        artifacts.write_bytes(folder / f"{language}{SUFFIX}", packed(tensors))
    artifacts.write_json(folder / RAW, _raw_quality(catalogue, working))
    artifacts.write_text(folder / "README.md", page(catalogue))


def _raw_quality(catalogue: Catalogue, working: Path) -> dict[str, float]:
    """What judges hear in the synthesiser's own clips of one held-out English sentence: no voice made of them is clearer."""
    decoder, rates, scores = judge.english_decoder(), [], []
    for voice in catalogue.voices.values():
        for language in sorted({"en-us", "en-gb"} & set(voice.languages)):
            samples, _ = soundfile.read(kept(working, (voice.name, language, RAW_SENTENCE)), dtype="float32")
            [text] = (one.text for one in catalogue.sentences[language] if one.id == RAW_SENTENCE)
            rates.append(judge.word_error_rate(decoder, samples, text))
            scores.append(judge.dnsmos_p808(samples))
    return {"clips": len(rates), "word_error_rate": round(float(np.mean(rates)), 4), "p808": round(float(np.mean(scores)), 3)}


def packed(tensors: dict[str, np.ndarray]) -> bytes:
    """One file of the bank."""
    return lzma.compress(encode_tensors(tensors), format=lzma.FORMAT_XZ, filters=XZ)


def coded_language(
    catalogue: Catalogue, working: Path, language: str, sentences: dict[str, list[str]]
) -> dict[str, np.ndarray]:
    """All clips of a language, coded and aligned, one after the other in time; `sentences`: id → who says it."""
    coded, places, index = [], [], []
    for sentence, voices in sorted(sentences.items()):
        arrays = {voice: encode(_taken_apart(kept(working, (voice, language, sentence)))) for voice in voices}
        frames = {voice: decode(one) for voice, one in arrays.items()}
        reference = _reference(frames)
        for voice in voices:
            scale = catalogue.voice(voice).vtl_cm / catalogue.voice(reference).vtl_cm
            found = align(frames[reference], frames[voice], scale)
            coded.append(arrays[voice])
            places.append(np.diff(found, prepend=np.zeros(1, np.uint16)))
            index.append((voice, sentence, len(frames[voice]), len(found)))
    document = json.dumps({"format": FORMAT, "language": language, "clips": index}).encode()
    joined = {name: np.concatenate([one[name] for one in coded], axis=-1) for name in ("envelope", "f0", "noise")}
    return {name: np.ascontiguousarray(array) for name, array in joined.items()} | {
        "places": np.concatenate(places), "index": np.frombuffer(document, np.uint8)}


def _taken_apart(path: Path) -> Frames:
    samples, _ = soundfile.read(path, dtype="float32")
    return analyse(trim(samples))


def _reference(frames: dict[str, Frames]) -> str:
    """The voice whose clip is the middle one in length."""
    return sorted(frames, key=lambda voice: (len(frames[voice]), voice))[len(frames) // 2]
