"""What independent instruments hear in a voice: Praat's measures, DNSMOS P.808, and the words a recogniser makes out.

All of them stand in for a listener; nobody listened. They belong to the extras and are imported where they are needed.
"""

import functools
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from s2f_core.data.audio import SAMPLE_RATE_HZ
from s2f_core.errors import InputError
from s2f_core.synthesis.voice.formants import praat_formants, spacing_length_cm
from s2f_core.synthesis.voice.pitch import PitchTrack, praat_pitch

PERIOD_SECONDS, MOST_PERIOD_FACTOR, MOST_AMPLITUDE_FACTOR = (0.0001, 0.02), 1.3, 1.6  # Praat's own defaults
HNR_STEP_SECONDS = 0.01
DNSMOS_SAMPLES = round(9.01 * SAMPLE_RATE_HZ)  # what the model was trained on (Reddy et al. 2021); shorter clips are repeated
DNSMOS_FFT, DNSMOS_HOP, DNSMOS_MELS = 321, 160, 120  # of its mel spectrogram, in samples; as in the DNS challenge's script
PCM = 32_767  # full scale of 16-bit samples


def praat_measure(samples: Float32[np.ndarray, " samples"]) -> dict[str, float]:
    """F0 (median in Hz, sd in semitones), F1…F4 in Hz, tract length in cm, jitter and shimmer in %, harmonicity in dB.

    NaN where nothing is voiced. Needs praat-parselmouth.
    """
    track = praat_pitch(samples)
    if not len(track.voiced):
        names = ("f0_hz", "f0_sd_st", "F1", "F2", "F3", "F4", "vtl_cm", "jitter_pct", "shimmer_pct", "hnr_db")
        return dict.fromkeys(names, float("nan"))
    formants = praat_formants(samples, track)
    semitones = 12 * np.log2(track.voiced / np.median(track.voiced))
    return {
        "f0_hz": float(np.median(track.voiced)), "f0_sd_st": float(semitones.std()),
        **{f"F{k}": float(hz) for k, hz in enumerate(formants, start=1)}, "vtl_cm": spacing_length_cm(formants),
        **_quality(samples, track)}


def _quality(samples: Float32[np.ndarray, " samples"], track: PitchTrack) -> dict[str, float]:
    import parselmouth
    from parselmouth.praat import call

    sound = parselmouth.Sound(np.asarray(samples, np.float64), SAMPLE_RATE_HZ)
    points = call(sound, "To PointProcess (periodic, cc)", track.floor_hz, track.ceiling_hz)
    span = (0, 0, *PERIOD_SECONDS, MOST_PERIOD_FACTOR)
    harmonicity = sound.to_harmonicity_cc(HNR_STEP_SECONDS, track.floor_hz).values
    heard = harmonicity[harmonicity > -100]  # Praat says -200 dB for silence
    return {"jitter_pct": 100 * call(points, "Get jitter (local)", *span),
            "shimmer_pct": 100 * call([sound, points], "Get shimmer (local)", *span, MOST_AMPLITUDE_FACTOR),
            "hnr_db": float(heard.mean()) if len(heard) else float("nan")}


def dnsmos_p808(samples: Float32[np.ndarray, " samples"]) -> float:
    """The mean opinion score (1…5) that DNSMOS expects of listeners as in ITU-T P.808.

    Needs onnxruntime, librosa and the weights in speechmos.
    """
    import librosa

    clip = np.resize(samples, DNSMOS_SAMPLES)[:-DNSMOS_HOP]
    power = librosa.feature.melspectrogram(
        y=clip, sr=SAMPLE_RATE_HZ, n_fft=DNSMOS_FFT, hop_length=DNSMOS_HOP, n_mels=DNSMOS_MELS)
    levels = ((librosa.power_to_db(power, ref=np.max) + 40) / 40).T[None].astype(np.float32)
    session = _dnsmos()
    return float(session.run(None, {session.get_inputs()[0].name: levels})[0].ravel()[0])


@functools.cache
def _dnsmos() -> Any:
    import onnxruntime

    found = importlib.util.find_spec("speechmos")
    if found is None or not found.submodule_search_locations:
        raise InputError("DNSMOS needs the weights in speechmos; `pip install --no-deps speechmos` brings them")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = Path(found.submodule_search_locations[0]) / "dnsmos_models" / "model_v8.onnx"
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def english_decoder() -> Any:
    """PocketSphinx with the American English model that it brings."""
    import pocketsphinx

    return pocketsphinx.Decoder(samprate=SAMPLE_RATE_HZ, loglevel="FATAL")


def word_error_rate(decoder: Any, samples: Float32[np.ndarray, " samples"], text: str) -> float:
    """Words put in, left out or changed by the recogniser, over the words of `text`; case and punctuation do not count."""
    loud = samples / max(float(np.abs(samples).max()), 1e-9) * 0.7
    decoder.start_utt()
    decoder.process_raw((loud * PCM).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    heard = decoder.hyp().hypstr if decoder.hyp() else ""
    wanted = words(text)
    return word_distance(wanted, words(heard)) / len(wanted)


def words(text: str) -> list[str]:
    """Lower-case words; a hyphen parts them, an apostrophe does not."""
    kept = "".join(one if one.isalpha() or one == "'" else " " for one in text.lower())
    return kept.split()


def word_distance(wanted: list[str], heard: list[str]) -> int:
    """The fewest insertions, deletions and changes that make one list of words the other (Levenshtein 1966)."""
    row = list(range(len(heard) + 1))
    for number, want in enumerate(wanted, start=1):
        previous, row = row, [number]
        for place, hear in enumerate(heard):
            row.append(min(previous[place] + (want != hear), previous[place + 1] + 1, row[place] + 1))
    return row[-1]
